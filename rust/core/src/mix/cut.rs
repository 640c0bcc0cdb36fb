//! CutMix (Yun et al. 2019): the rectangle of a row that its partner fills.

use std::ops::Range;

use crate::rng::Stream;

/// A rectangle of any image, in shares of its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Where its middle is, from the left.
    pub x: f64,
    /// Where its middle is, from the top.
    pub y: f64,
    /// Its sides.
    pub side: f64,
}

impl Cut {
    /// A rectangle of area `1 - lam` somewhere; what leaves the image is cut off.
    pub(super) fn draw(lam: f32, stream: &mut Stream) -> Self {
        Self {
            x: stream.unit(),
            y: stream.unit(),
            side: (1.0 - f64::from(lam)).max(0.0).sqrt(),
        }
    }

    /// Its columns and rows in an image of a size, as torchvision's CutMix rounds them.
    pub fn area(&self, width: usize, height: usize) -> (Range<usize>, Range<usize>) {
        let range = |middle: f64, length: usize| {
            let middle = (middle * length as f64) as usize;
            let half = (0.5 * self.side * length as f64) as usize;
            middle.saturating_sub(half)..(middle + half).min(length)
        };
        (range(self.x, width), range(self.y, height))
    }

    /// The share of the pixels outside of it.
    pub fn lam(&self, width: usize, height: usize) -> f32 {
        let (columns, rows) = self.area(width, height);
        (1.0 - (columns.len() * rows.len()) as f64 / (width * height).max(1) as f64) as f32
    }

    /// Copies the rectangle from an RGB8 image to another of the same size.
    pub fn paste(&self, from: &[u8], to: &mut [u8], width: usize, height: usize) {
        let (columns, rows) = self.area(width, height);
        for row in rows {
            let span = (row * width + columns.start) * 3..(row * width + columns.end) * 3;
            to[span.clone()].copy_from_slice(&from[span]);
        }
    }
}
