//! `ImageSpec`, `TextSpec` and `Recipe`: the core's recipe, from checked Python values.

use std::sync::Arc;

use impasto_core::batch;
use impasto_core::image::{
    Crop, Decode, Dtype, Exif, Filter, Geometry, Layout, Limits, Load, Target, Truncated,
};
use impasto_core::text::{Framing, Prepare, TextMask};
use impasto_core::{Error, Result};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::augment::AugmentSpec;
use crate::errors::{detached, plain, unknown};
use crate::index::Index;
use crate::mix::MixSpec;
use crate::request::{Rewritten, of_rewritten, requests};
use crate::tokenizer::{Tokenizer, specials};
use crate::words::WordSpec;

pub fn filter(name: &str) -> Result<Filter> {
    match name {
        "bilinear" => Ok(Filter::Bilinear),
        "bicubic" => Ok(Filter::Bicubic),
        _ => Err(unknown("interpolation", name)),
    }
}

pub fn exif_of(name: &str) -> Result<Exif> {
    match name {
        "ignore" => Ok(Exif::Ignore),
        "apply" => Ok(Exif::Apply),
        _ => Err(unknown("exif", name)),
    }
}

pub fn truncated(name: &str) -> Result<Truncated> {
    match name {
        "raise" => Ok(Truncated::Raise),
        "keep" => Ok(Truncated::Keep),
        _ => Err(unknown("truncated", name)),
    }
}

pub fn prepare(name: &str) -> Result<Prepare> {
    match name {
        "caption" => Ok(Prepare::Caption),
        "question" => Ok(Prepare::Question),
        _ => Err(unknown("prepare", name)),
    }
}

fn text_mask(name: &str) -> Result<TextMask> {
    match name {
        "truncate" => Ok(TextMask::Truncate),
        "random" => Ok(TextMask::Random),
        "block" => Ok(TextMask::Block),
        _ => Err(unknown("mask", name)),
    }
}

pub fn target(dtype: &str, layout: &str, mean_std: Option<([f32; 3], [f32; 3])>) -> Result<Target> {
    let dtype = match dtype {
        "float32" => Dtype::F32,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "uint8" => Dtype::U8,
        _ => return Err(unknown("dtype", dtype)),
    };
    let layout = match layout {
        "chw" => Layout::Chw,
        "hwc" => Layout::Hwc,
        _ => return Err(unknown("layout", layout)),
    };
    Ok(Target::new(dtype, layout, mean_std))
}

/// How encoded bytes become an image of the batch.
#[pyclass(frozen, module = "impasto._core")]
#[derive(Clone)]
pub struct ImageSpec(pub batch::Image);

#[pymethods]
impl ImageSpec {
    #[new]
    #[pyo3(signature = (*, height, width, crop, scale, ratio, resize, hflip, interpolation, exact, exif,
                        max_pixels, max_bytes, max_scans, truncated, dtype, layout, mean_std, augment, fill, patches))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn new(
        py: Python<'_>,
        height: u32,
        width: u32,
        crop: &str,
        scale: (f64, f64),
        ratio: (f64, f64),
        resize: u32,
        hflip: f64,
        interpolation: &str,
        exact: bool,
        exif: &str,
        max_pixels: u64,
        max_bytes: usize,
        max_scans: u32,
        truncated: &str,
        dtype: &str,
        layout: &str,
        mean_std: Option<([f32; 3], [f32; 3])>,
        augment: Vec<AugmentSpec>,
        fill: [u8; 3],
        patches: Option<(u32, u32)>,
    ) -> PyResult<Self> {
        let build = || {
            let crop = match crop {
                "random" => Crop::Random { scale, ratio },
                "center" => Crop::Center { resize },
                "none" => Crop::None,
                "pad" => Crop::Pad { fill },
                _ => return Err(unknown("crop", crop)),
            };
            let geometry = Geometry {
                crop,
                height,
                width,
                hflip,
                filter: filter(interpolation)?,
            };
            let limits = Limits {
                max_pixels,
                max_bytes,
                max_scans,
            };
            let decode = Decode {
                exif: exif_of(exif)?,
                limits,
                truncated: self::truncated(truncated)?,
            };
            let target = target(dtype, layout, mean_std)?;
            Ok(Self(batch::Image {
                load: Load {
                    geometry,
                    decode,
                    exact,
                },
                target,
                augment: augment.iter().map(|policy| policy.0).collect(),
                view: 0,
                patches: patches.map(|(count, kept)| batch::PatchDrop { count, kept }),
            }))
        };
        build().map_err(|error| plain(py, &error))
    }
}

/// How captions become ids.
#[pyclass(frozen, module = "impasto._core")]
#[derive(Clone)]
pub struct TextSpec(batch::Text);

#[pymethods]
impl TextSpec {
    #[new]
    #[pyo3(signature = (*, tokenizer, length, pad_id, parse_specials, end, clean, max_bytes, prepare, max_words, augment,
                        weights, mask))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn new(
        py: Python<'_>,
        tokenizer: Option<&Tokenizer>,
        length: usize,
        pad_id: i64,
        parse_specials: bool,
        end: bool,
        clean: bool,
        max_bytes: usize,
        prepare: Option<&str>,
        max_words: usize,
        augment: Vec<WordSpec>,
        weights: Vec<f64>,
        mask: &str,
    ) -> PyResult<Self> {
        let framing = Framing {
            length,
            pad_id,
            specials: specials(parse_specials),
            end,
        };
        let prepare = prepare.map(|name| Ok((self::prepare(name)?, max_words)));
        Ok(Self(batch::Text {
            tokenizer: tokenizer.map(|t| Arc::clone(&t.0)),
            framing,
            clean,
            max_bytes,
            prepare: prepare.transpose().map_err(|error| plain(py, &error))?,
            augment: augment.into_iter().map(|spec| spec.0).collect(),
            weights,
            mask: text_mask(mask).map_err(|error| plain(py, &error))?,
        }))
    }
}

/// A whole recipe.
#[pyclass(frozen, module = "impasto._core")]
pub struct Recipe(pub Arc<batch::Recipe>);

#[pymethods]
impl Recipe {
    #[new]
    #[pyo3(signature = (views, text = None, mix = None, *, first_view = 0))]
    fn new(
        views: Vec<PyRef<'_, ImageSpec>>,
        text: Option<&TextSpec>,
        mix: Option<&MixSpec>,
        first_view: u32,
    ) -> Self {
        let numbered = views.iter().zip(first_view..);
        Self(Arc::new(batch::Recipe {
            views: numbered
                .map(|(spec, view)| batch::Image {
                    view,
                    ..spec.0.clone()
                })
                .collect(),
            text: text.map(|text| text.0.clone()),
            mix: mix.map(|mix| mix.0.clone()),
            memory: batch::Memory::default(),
        }))
    }

    /// Tokens (bytes without a tokenizer) of the captions of `rows` of an index that are drawn for samples by (seed,
    /// epoch), or of the first ones.
    #[pyo3(signature = (index, rows, samples, draw, threads, rewrites = None))]
    #[expect(clippy::too_many_arguments, reason = "parallel arrays of one call")]
    fn caption_lengths<'py>(
        &self,
        py: Python<'py>,
        index: &Index,
        rows: PyReadonlyArray1<'py, i64>,
        samples: PyReadonlyArray1<'py, i64>,
        draw: Option<(u64, u64)>,
        threads: usize,
        rewrites: Option<Rewritten<'py>>,
    ) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let requests = requests(py, None, &rows, &samples, rewrites.as_ref())?;
        let rewrites = rewrites.as_ref().map(of_rewritten);
        let lengths = detached(py, || {
            let none = || Error::Recipe("the recipe reads no captions".into());
            let text = self.0.text.as_ref().ok_or_else(none)?;
            let keys = draw.map(|(seed, epoch)| batch::Keys { seed, epoch });
            let rewrites = rewrites.as_ref();
            Ok(batch::caption_lengths(
                text, &index.0, rewrites, &requests, keys, threads,
            ))
        })?;
        Ok(PyArray1::from_vec(py, lengths))
    }

    /// Width and height [N, 2] of the images of `rows` of an index, as the first view decodes them; zeros where a header
    /// says none.
    fn image_sizes<'py>(
        &self,
        py: Python<'py>,
        index: &Index,
        rows: PyReadonlyArray1<'py, i64>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let rows: std::result::Result<Vec<usize>, _> = rows
            .as_array()
            .iter()
            .map(|&row| usize::try_from(row))
            .collect();
        let sizes = detached(py, || {
            let rows = rows.map_err(|_| Error::Recipe("rows are counted from 0".into()))?;
            let view = self.0.views.first();
            let decode = view.map(|view| view.load.decode).unwrap_or_default();
            batch::image_sizes(&index.0, &rows, &decode, threads)
        })?;
        let sides: Vec<i64> = sizes
            .iter()
            .flat_map(|&(width, height)| [width.into(), height.into()])
            .collect();
        PyArray1::from_vec(py, sides).reshape([sizes.len(), 2])
    }

    /// Bytes of one finished image of each view.
    #[getter]
    fn image_bytes(&self) -> Vec<usize> {
        self.0.views.iter().map(batch::Image::bytes).collect()
    }
}
