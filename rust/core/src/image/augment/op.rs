//! One operation with its numbers, drawn or given.

use super::warp::{Matrix, bilinear, nearest};
use super::{blur, color, erase, hue, point, sharpen};
use crate::{Error, Result};

/// How warps sample, and what is outside of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Nearest pixel, black, about torchvision's centres.
    #[default]
    Torchvision,
    /// Bilinear, grey of 128, about `cv2.warpAffine`'s centres.
    Albef,
}

/// What is done to an image, with numbers as they are applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// Nothing.
    Identity,
    /// Each channel stretched to 0..255.
    AutoContrast,
    /// Each channel's histogram flattened.
    Equalize,
    /// Complements.
    Invert,
    /// Luma in all channels.
    Grayscale,
    /// Blended with black; 1 is the image.
    Brightness(f64),
    /// Blended with its mean luma.
    Contrast(f64),
    /// Blended with its luma (saturation).
    Color(f64),
    /// Blended with itself smoothed.
    Sharpness(f64),
    /// Bits kept.
    Posterize(f64),
    /// Complements from a value on.
    Solarize(f64),
    /// Hue turned by a share of the circle.
    Hue(f64),
    /// Columns a row is shifted by, per row.
    ShearX(f64, Style),
    /// Rows a column is shifted by, per column.
    ShearY(f64, Style),
    /// Columns.
    TranslateX(f64, Style),
    /// Rows.
    TranslateY(f64, Style),
    /// Degrees counter-clockwise.
    Rotate(f64, Style),
    /// Kernel size and sigma, in pixels.
    GaussianBlur(u32, f64),
    /// Left, top, width, height; and the color that it is filled with.
    Erase([u32; 4], [u8; 3]),
}

impl Op {
    /// Its name, as torchvision has it where it does.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::AutoContrast => "AutoContrast",
            Self::Equalize => "Equalize",
            Self::Invert => "Invert",
            Self::Grayscale => "Grayscale",
            Self::Brightness(_) => "Brightness",
            Self::Contrast(_) => "Contrast",
            Self::Color(_) => "Color",
            Self::Sharpness(_) => "Sharpness",
            Self::Posterize(_) => "Posterize",
            Self::Solarize(_) => "Solarize",
            Self::Hue(_) => "Hue",
            Self::ShearX(..) => "ShearX",
            Self::ShearY(..) => "ShearY",
            Self::TranslateX(..) => "TranslateX",
            Self::TranslateY(..) => "TranslateY",
            Self::Rotate(..) => "Rotate",
            Self::GaussianBlur(..) => "GaussianBlur",
            Self::Erase(..) => "Erase",
        }
    }

    /// Its numbers.
    pub fn values(&self) -> Vec<f64> {
        match *self {
            Self::Identity
            | Self::AutoContrast
            | Self::Equalize
            | Self::Invert
            | Self::Grayscale => vec![],
            Self::Brightness(value)
            | Self::Contrast(value)
            | Self::Color(value)
            | Self::Sharpness(value)
            | Self::Posterize(value)
            | Self::Solarize(value)
            | Self::Hue(value)
            | Self::ShearX(value, _)
            | Self::ShearY(value, _)
            | Self::TranslateX(value, _)
            | Self::TranslateY(value, _)
            | Self::Rotate(value, _) => vec![value],
            Self::GaussianBlur(size, sigma) => vec![f64::from(size), sigma],
            Self::Erase(area, color) => {
                let color = color.map(f64::from);
                area.map(f64::from).into_iter().chain(color).collect()
            }
        }
    }

    /// The operation of a name and numbers.
    ///
    /// # Errors
    /// [`Error::Recipe`] when there is none of that name, or the numbers are not its.
    pub fn parse(name: &str, values: &[f64], style: Style) -> Result<Self> {
        if !values.iter().all(|value| value.is_finite()) {
            return Err(Error::Recipe(format!(
                "{name}{values:?}: numbers must be finite"
            )));
        }
        let op = match (name, values) {
            ("Identity", []) => Self::Identity,
            ("AutoContrast", []) => Self::AutoContrast,
            ("Equalize", []) => Self::Equalize,
            ("Invert", []) => Self::Invert,
            ("Grayscale", []) => Self::Grayscale,
            ("Brightness", &[factor]) => Self::Brightness(factor),
            ("Contrast", &[factor]) => Self::Contrast(factor),
            ("Color", &[factor]) => Self::Color(factor),
            ("Sharpness", &[factor]) => Self::Sharpness(factor),
            ("Posterize", &[bits]) => Self::Posterize(bits),
            ("Solarize", &[threshold]) => Self::Solarize(threshold),
            ("Hue", &[shift]) if shift.abs() <= 0.5 => Self::Hue(shift),
            ("ShearX", &[shear]) => Self::ShearX(shear, style),
            ("ShearY", &[shear]) => Self::ShearY(shear, style),
            ("TranslateX", &[columns]) => Self::TranslateX(columns, style),
            ("TranslateY", &[rows]) => Self::TranslateY(rows, style),
            ("Rotate", &[degrees]) => Self::Rotate(degrees, style),
            ("GaussianBlur", &[size, sigma]) if size >= 1.0 && size % 2.0 == 1.0 && sigma > 0.0 => {
                Self::GaussianBlur(size as u32, sigma)
            }
            ("Erase", &[left, top, width, height, red, green, blue]) => Self::Erase(
                [left, top, width, height].map(|side| side as u32),
                [red, green, blue].map(|value| value as u8),
            ),
            _ => {
                return Err(Error::Recipe(format!(
                    "there is no operation {name:?} with the numbers {values:?}"
                )));
            }
        };
        Ok(op)
    }

    /// Does it to an image of rows of `width` pixels; `copy` is scratch.
    pub fn apply(&self, image: &mut [u8], width: usize, copy: &mut Vec<u8>) {
        match *self {
            Self::Identity => {}
            Self::AutoContrast => point::autocontrast(image),
            Self::Equalize => point::equalize(image),
            Self::Invert => point::solarize(image, 0),
            Self::Grayscale => color::grayscale(image),
            Self::Brightness(factor) => point::towards(image, 0, factor as f32),
            Self::Contrast(factor) => point::towards(image, color::mean(image), factor as f32),
            Self::Color(factor) => color::saturate(image, factor as f32),
            Self::Sharpness(factor) => sharpen::sharpen(image, width, factor as f32, copy),
            Self::Posterize(bits) => point::posterize(image, bits as u32),
            Self::Solarize(threshold) => point::solarize(image, threshold.ceil() as u16),
            // Cut off towards zero and wrapped, as torchvision's cast is.
            Self::Hue(shift) => hue::turn(image, (shift * 255.0) as i32 as u8),
            Self::ShearX(_, style)
            | Self::ShearY(_, style)
            | Self::TranslateX(_, style)
            | Self::TranslateY(_, style)
            | Self::Rotate(_, style) => {
                let height = image.len() / (width.max(1) * 3);
                let matrix = self.matrix(width as f64, height as f64);
                match style {
                    Style::Torchvision => nearest(image, width, &matrix, [0; 3], copy),
                    Style::Albef => bilinear(image, width, &matrix, [128; 3], copy),
                }
            }
            Self::GaussianBlur(size, sigma) => blur::blur(image, width, size as usize, sigma),
            Self::Erase(area, color) => erase::fill(image, width, area, color),
        }
    }

    /// From the result to the source.
    fn matrix(&self, width: f64, height: f64) -> Matrix {
        // The angle whose tangent the shear is, there and back, as torchvision computes it.
        let tangent = |shear: f64| shear.atan().to_degrees().to_radians().tan();
        match *self {
            Self::ShearX(shear, Style::Torchvision) => [1.0, tangent(shear), 0.0, 0.0, 1.0, 0.0],
            Self::ShearX(shear, Style::Albef) => [1.0, -shear, 0.0, 0.0, 1.0, 0.0],
            Self::ShearY(shear, Style::Torchvision) => [1.0, 0.0, 0.0, tangent(shear), 1.0, 0.0],
            Self::ShearY(shear, Style::Albef) => [1.0, 0.0, 0.0, -shear, 1.0, 0.0],
            Self::TranslateX(columns, Style::Torchvision) => {
                [1.0, 0.0, -columns.trunc(), 0.0, 1.0, 0.0]
            }
            Self::TranslateX(columns, Style::Albef) => [1.0, 0.0, columns, 0.0, 1.0, 0.0],
            Self::TranslateY(rows, Style::Torchvision) => [1.0, 0.0, 0.0, 0.0, 1.0, -rows.trunc()],
            Self::TranslateY(rows, Style::Albef) => [1.0, 0.0, 0.0, 0.0, 1.0, rows],
            Self::Rotate(degrees, _) => {
                let (sine, cosine) = (-degrees.rem_euclid(360.0).to_radians()).sin_cos();
                let round = |x: f64| (x * 1e15).round_ties_even() / 1e15;
                let (sine, cosine) = (round(sine), round(cosine));
                let (x, y) = (width / 2.0, height / 2.0);
                [
                    cosine,
                    sine,
                    cosine * -x + sine * -y + x,
                    -sine,
                    cosine,
                    -sine * -x + cosine * -y + y,
                ]
            }
            _ => [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        }
    }
}
