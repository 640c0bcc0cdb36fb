//! `AugmentSpec`: what is drawn for an image, and its operations one by one.

use impasto_core::image::{Op, Ops, Policy, Style};
use impasto_core::rng::{Purpose, Stream};
use impasto_core::{Error, Result};
use numpy::{PyReadwriteArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::errors::{detached, plain, unknown};

/// Names and numbers of the operations of one image.
pub type Operations = Vec<(&'static str, Vec<f64>)>;

pub fn named(ops: &[Op]) -> Operations {
    ops.iter().map(|op| (op.name(), op.values())).collect()
}

/// A policy.
#[pyclass(frozen, module = "impasto._core", from_py_object)]
#[derive(Clone)]
pub struct AugmentSpec(pub Policy);

#[pymethods]
impl AugmentSpec {
    /// RandAugment with a list of operations by name.
    #[staticmethod]
    fn rand_augment(py: Python<'_>, n: u32, m: f64, ops: &str, p: f64) -> PyResult<Self> {
        let ops = match ops {
            "albef" => Ops::Albef,
            "torchvision" => Ops::Torchvision,
            _ => return Err(plain(py, &unknown("ops", ops))),
        };
        Ok(Self(Policy::RandAugment { n, m, ops, p }))
    }

    /// torchvision's TrivialAugmentWide.
    #[staticmethod]
    fn trivial_augment() -> Self {
        Self(Policy::TrivialAugment)
    }

    /// Ranges of factors and of the hue's turn.
    #[staticmethod]
    fn color_jitter(
        p: f64,
        brightness: (f64, f64),
        contrast: (f64, f64),
        saturation: (f64, f64),
        hue: (f64, f64),
    ) -> Self {
        Self(Policy::ColorJitter {
            p,
            brightness,
            contrast,
            saturation,
            hue,
        })
    }

    #[staticmethod]
    fn grayscale(p: f64) -> Self {
        Self(Policy::Grayscale { p })
    }

    #[staticmethod]
    fn gaussian_blur(p: f64, kernel: u32, sigma: (f64, f64)) -> Self {
        Self(Policy::GaussianBlur { p, kernel, sigma })
    }

    #[staticmethod]
    fn random_erasing(p: f64, scale: (f64, f64), ratio: (f64, f64), fill: [u8; 3]) -> Self {
        Self(Policy::RandomErasing {
            p,
            scale,
            ratio,
            color: fill,
        })
    }
}

/// The bytes of an image [H, W, 3], its width and its height.
fn bytes<'a>(image: &'a mut PyReadwriteArray3<'_, u8>) -> Result<(&'a mut [u8], usize, usize)> {
    let &[height, width, channels] = image.shape() else {
        return Err(Error::Recipe("image must be [H, W, 3]".into()));
    };
    if channels != 3 || height == 0 || width == 0 {
        return Err(Error::Recipe("image must be [H, W, 3]".into()));
    }
    let slice = image.as_slice_mut();
    let slice = slice.map_err(|_| Error::Recipe("image must be C-contiguous".into()))?;
    Ok((slice, width, height))
}

/// Draws for an image [H, W, 3] what the policies draw for a sample, and does it in place.
#[pyfunction]
#[pyo3(signature = (image, policies, *, seed, epoch, sample))]
pub fn augment(
    py: Python<'_>,
    mut image: PyReadwriteArray3<'_, u8>,
    policies: Vec<AugmentSpec>,
    seed: u64,
    epoch: u64,
    sample: u64,
) -> PyResult<Operations> {
    let (image, width, height) = bytes(&mut image).map_err(|error| plain(py, &error))?;
    detached(py, || {
        let mut stream = Stream::new(seed, epoch, sample, Purpose::Augment);
        let mut ops = Vec::new();
        for policy in &policies {
            policy
                .0
                .draw(width as u32, height as u32, &mut stream, &mut ops);
        }
        let mut copy = Vec::new();
        ops.iter().for_each(|op| op.apply(image, width, &mut copy));
        Ok(named(&ops))
    })
}

/// Does named operations to an image [H, W, 3], in place.
#[pyfunction]
pub fn apply_ops(
    py: Python<'_>,
    mut image: PyReadwriteArray3<'_, u8>,
    ops: Vec<(String, Vec<f64>)>,
    style: &str,
) -> PyResult<()> {
    let parse = || -> Result<Vec<Op>> {
        let style = match style {
            "albef" => Style::Albef,
            "torchvision" => Style::Torchvision,
            _ => return Err(unknown("style", style)),
        };
        ops.iter()
            .map(|(name, values)| Op::parse(name, values, style))
            .collect()
    };
    let ops = parse().map_err(|error| plain(py, &error))?;
    let (image, width, _) = bytes(&mut image).map_err(|error| plain(py, &error))?;
    detached(py, || {
        let mut copy = Vec::new();
        ops.iter().for_each(|op| op.apply(image, width, &mut copy));
        Ok(())
    })
}
