//! The kernels one by one.

use impasto_core::image::{self, Decode, Format, Limits, Restarts, Scratch, View};
use impasto_core::rng::{Purpose, Stream};
use impasto_core::{Error, text};
use numpy::{
    PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray3, PyReadonlyArray4,
    PyReadwriteArray1,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{detached, plain};
use crate::recipe::{self, ImageSpec};

/// What an encoded image says of itself.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct Header {
    format: &'static str,
    width: u32,
    height: u32,
    orientation: u8,
    channels: u8,
    bits: u8,
    progressive: bool,
}

/// A crop box, in pixels of the decoded image, and whether it is flipped.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct CropBox {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    flip: bool,
}

/// Format, width, height, orientation, channels, bits and progressiveness of an encoded image, from its header.
#[pyfunction]
pub fn probe(py: Python<'_>, data: &[u8]) -> PyResult<Header> {
    let header = detached(py, || image::probe(data))?;
    let format = match header.format {
        Format::Jpeg => "jpeg",
        Format::Png => "png",
        Format::WebP => "webp",
    };
    Ok(Header {
        format,
        width: header.width,
        height: header.height,
        orientation: header.orientation,
        channels: header.channels,
        bits: header.bits,
        progressive: header.progressive,
    })
}

fn pixels<'py>(
    py: Python<'py>,
    data: Vec<u8>,
    height: usize,
    width: usize,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    PyArray1::from_vec(py, data).reshape([height, width, 3])
}

/// Decodes a whole image to [H,W,3].
#[pyfunction]
#[pyo3(signature = (data, *, exif, max_pixels, max_bytes, max_scans, truncated))]
pub fn decode<'py>(
    py: Python<'py>,
    data: &[u8],
    exif: &str,
    max_pixels: u64,
    max_bytes: usize,
    max_scans: u32,
    truncated: &str,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let rgb = detached(py, || {
        let limits = Limits {
            max_pixels,
            max_bytes,
            max_scans,
        };
        image::decode(
            data,
            &Decode {
                exif: recipe::exif_of(exif)?,
                limits,
                truncated: recipe::truncated(truncated)?,
            },
        )
    })?;
    pixels(py, rgb.data, rgb.height as usize, rgb.width as usize)
}

fn restarts(rows: u32, mcus: u32) -> Restarts {
    match (rows, mcus) {
        (0, 0) => Restarts::None,
        (0, mcus) => Restarts::Mcus(mcus),
        (rows, _) => Restarts::Rows(rows),
    }
}

/// A JPEG file of an image [H,W,3].
#[pyfunction]
#[pyo3(signature = (image, *, quality, rows, mcus, orientation))]
pub fn encode_jpeg<'py>(
    py: Python<'py>,
    image: PyReadonlyArray3<'py, u8>,
    quality: u32,
    rows: u32,
    mcus: u32,
    orientation: u8,
) -> PyResult<Bound<'py, PyBytes>> {
    let (height, width, _) = image.as_array().dim();
    let source = image
        .as_slice()
        .map_err(|_| plain(py, &Error::Recipe("image must be C-contiguous".into())))?;
    let written = detached(py, || {
        let size = (width as u32, height as u32);
        image::encode_jpeg(source, size, quality, restarts(rows, mcus), orientation)
    })?;
    Ok(PyBytes::new(py, &written))
}

/// The same JPEG with restart markers; None where its data is irregular.
#[pyfunction]
#[pyo3(signature = (data, *, rows, mcus, max_pixels, max_bytes, max_scans))]
pub fn with_restarts<'py>(
    py: Python<'py>,
    data: &[u8],
    rows: u32,
    mcus: u32,
    max_pixels: u64,
    max_bytes: usize,
    max_scans: u32,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let limits = Limits {
        max_pixels,
        max_bytes,
        max_scans,
    };
    let written = detached(py, || {
        image::with_restarts(data, restarts(rows, mcus), &limits)
    })?;
    Ok(written.map(|bytes| PyBytes::new(py, &bytes)))
}

/// The crop box and flip that a sample's stream draws for an image of the given size.
#[pyfunction]
#[pyo3(signature = (spec, *, width, height, seed, epoch, sample, view))]
pub fn draw(
    spec: &ImageSpec,
    width: u32,
    height: u32,
    seed: u64,
    epoch: u64,
    sample: u64,
    view: u32,
) -> CropBox {
    let mut stream = Stream::of_view(seed, epoch, sample, Purpose::Geometry, view);
    let view = spec.0.load.geometry.draw(width, height, &mut stream);
    CropBox {
        left: view.left,
        top: view.top,
        width: view.width,
        height: view.height,
        flip: view.flip,
    }
}

/// Resizes a box (left, top, width, height, flip) of an image [H,W,3] to [height,width,3].
#[pyfunction]
#[pyo3(signature = (image, *, view, height, width, interpolation, exact))]
pub fn resize<'py>(
    py: Python<'py>,
    image: PyReadonlyArray3<'py, u8>,
    view: (f64, f64, f64, f64, bool),
    height: u32,
    width: u32,
    interpolation: &str,
    exact: bool,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let (rows, columns, channels) = image.as_array().dim();
    let refused = |reason: &str| plain(py, &Error::Recipe(reason.into()));
    if channels != 3 {
        return Err(refused("image must be [H, W, 3]"));
    }
    let source = image
        .as_slice()
        .map_err(|_| refused("image must be C-contiguous"))?;
    let (left, top, box_width, box_height, flip) = view;
    let view = View {
        left,
        top,
        width: box_width,
        height: box_height,
        flip,
        inside: true,
    };
    let out = detached(py, || {
        let filter = recipe::filter(interpolation)?;
        let mut out = vec![0; height as usize * width as usize * 3];
        let (columns, rows) = (columns as u32, rows as u32);
        Scratch::kept(|scratch| {
            image::resize(
                source, columns, rows, &view, width, height, filter, exact, scratch, &mut out,
            )
        })?;
        Ok(out)
    })?;
    pixels(py, out, height as usize, width as usize)
}

/// Blends, normalises and lays out images [B,H,W,3] into `out`, the bytes of a batch.
#[pyfunction]
#[pyo3(signature = (images, partners, lams, out, *, dtype, layout, mean_std))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn blend<'py>(
    py: Python<'py>,
    images: PyReadonlyArray4<'py, u8>,
    partners: PyReadonlyArray1<'py, i64>,
    lams: PyReadonlyArray1<'py, f32>,
    mut out: PyReadwriteArray1<'py, u8>,
    dtype: &str,
    layout: &str,
    mean_std: Option<([f32; 3], [f32; 3])>,
) -> PyResult<()> {
    let (count, height, width, channels) = images.as_array().dim();
    let (partners, lams): (Vec<i64>, Vec<f32>) =
        (partners.as_array().to_vec(), lams.as_array().to_vec());
    let refused = |reason: &str| plain(py, &Error::Recipe(reason.into()));
    let inside = |&partner: &i64| usize::try_from(partner).is_ok_and(|partner| partner < count);
    if channels != 3
        || partners.len() != count
        || lams.len() != count
        || !partners.iter().all(inside)
    {
        return Err(refused(
            "images must be [B, H, W, 3] with one partner in 0..B and one lam for each row",
        ));
    }
    let source = images
        .as_slice()
        .map_err(|_| refused("images must be C-contiguous"))?;
    let out = out.as_slice_mut()?;
    let target = recipe::target(dtype, layout, mean_std).map_err(|error| plain(py, &error))?;
    let (size, written) = (height * width * 3, target.row_bytes(height * width));
    if out.len() != count * written {
        return Err(refused("out has another size than the images ask for"));
    }
    detached(py, || {
        for (row, out) in out.chunks_exact_mut(written.max(1)).enumerate() {
            let image = |row: usize| &source[row * size..(row + 1) * size];
            let partner = partners[row] as usize;
            target.write(
                image(row),
                (partner != row).then(|| (image(partner), lams[row])),
                out,
            )?;
        }
        Ok(())
    })
}

/// Two captions as MixGen joins them.
#[pyfunction]
pub fn join(first: &str, second: &str, by: &str) -> String {
    text::join(first, second, by)
}

/// ALBEF's cleaning of captions and questions.
#[pyfunction]
pub fn prepare(py: Python<'_>, text: &str, kind: &str, max_words: usize) -> PyResult<String> {
    let kind = recipe::prepare(kind).map_err(|error| plain(py, &error))?;
    Ok(kind.apply(text, max_words))
}

/// Whether open_clip's cleaning could change a caption in a way only Python's ftfy and html know.
#[pyfunction]
pub fn needs_cleaning(caption: &str) -> bool {
    text::needs_cleaning(caption)
}
