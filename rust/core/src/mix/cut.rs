//! CutMix (Yun et al. 2019): the rectangle of a row that its partner fills, or where both are blended otherwise than
//! around it.

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
    /// The weight of the row's own pixels around it.
    pub outside: f32,
    /// Their weight within it.
    pub inside: f32,
}

/// How large rectangles are that are not drawn by their area, and where they may lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    /// The shortest and the longest side, as shares of the image's; any between is as likely.
    pub sides: (f64, f64),
    /// Cells of a grid across the image, which the rectangle is made of.
    pub grid: Option<u32>,
}

/// More than the rounding of a product, less than any pixel: what lies on a line of the grid is not moved below it.
const HAIR: f64 = 1e-9;

impl Squares {
    /// A rectangle that lies whole within the image.
    pub(super) fn draw(&self, stream: &mut Stream) -> Cut {
        let (least, most) = self.sides;
        let (x, y, side) = match self.grid {
            None => {
                let side = least + (most - least) * stream.unit();
                let mut middle = || side / 2.0 + (1.0 - side) * stream.unit();
                (middle(), middle(), side)
            }
            Some(grid) => {
                let cells = |share: f64| (share * f64::from(grid) + HAIR) as u64;
                let (least, most) = (cells(least).max(1), cells(most).max(1));
                let side = least + stream.below(most - least + 1);
                let mut middle = || {
                    let first = stream.below(u64::from(grid) - side + 1);
                    (first as f64 + side as f64 / 2.0) / f64::from(grid) + HAIR
                };
                (middle(), middle(), side as f64 / f64::from(grid) + HAIR)
            }
        };
        Cut {
            x,
            y,
            side,
            outside: 1.0,
            inside: 0.0,
        }
    }
}

impl Cut {
    /// A rectangle of area `1 - lam` somewhere; what leaves the image is cut off.
    pub(super) fn draw(lam: f32, stream: &mut Stream) -> Self {
        Self {
            x: stream.unit(),
            y: stream.unit(),
            side: (1.0 - f64::from(lam)).max(0.0).sqrt(),
            outside: 1.0,
            inside: 0.0,
        }
    }

    /// Whether it's all the partner's within, and all the row's own around.
    pub fn is_sharp(&self) -> bool {
        self.outside >= 1.0 && self.inside <= 0.0
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

    /// The weight of the row's own pixels, over the whole image.
    pub fn lam(&self, width: usize, height: usize) -> f32 {
        let (columns, rows) = self.area(width, height);
        let around = 1.0 - (columns.len() * rows.len()) as f64 / (width * height).max(1) as f64;
        let (outside, inside) = (f64::from(self.outside), f64::from(self.inside));
        (outside * around + inside * (1.0 - around)) as f32
    }

    /// Copies the rectangle from a plane to another of the same size, `bytes` a pixel.
    pub fn paste(&self, from: &[u8], to: &mut [u8], (width, height): (usize, usize), bytes: usize) {
        let (columns, rows) = self.area(width, height);
        for row in rows {
            let span = (row * width + columns.start) * bytes..(row * width + columns.end) * bytes;
            to[span.clone()].copy_from_slice(&from[span]);
        }
    }
}
