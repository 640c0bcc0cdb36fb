//! The fast path's resize: along the rows, then along the columns, in 14 bits of weight and 8 bits in between.
//!
//! Made for a batch's work, many sources of a few hundred pixels to one small size: for four taps a pixel it takes half of
//! fast_image_resize's time. It mirrors on the way, at no cost. Kernels with and without SIMD give the same bits.

mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::geometry::Filter;
use super::resample::{Side, kernel};

/// Fractional bits of a weight: a sum of products with bytes then fits 32 bits, a weight 16.
const PRECISION: u32 = 14;

/// Half of the last bit: sums are cut off after it is added.
const HALF: i32 = 1 << (PRECISION - 1);

/// Weights come in groups of four, so that kernels take them without a rest, or they are two.
const GROUP: usize = 4;

/// Weights a pixel where a bilinear resize makes no side smaller.
const TWO: usize = 2;

/// More than any sum of weights falls below zero.
const SHIFT: i32 = 1 << (PRECISION + 2);

/// A resize's buffers.
#[derive(Debug, Default)]
pub(crate) struct Convolver {
    horizontal: Taps,
    vertical: Taps,
    narrow: Vec<u8>,
}

impl Convolver {
    /// Resizes an RGB8 image whose rows are `stride` bytes apart into `out`, mirrored left to right, top to bottom.
    pub(crate) fn run(
        &mut self,
        src: &[u8],
        stride: usize,
        (horizontal, vertical): (&Side, &Side),
        (mirror_x, mirror_y): (bool, bool),
        filter: Filter,
        out: &mut [u8],
    ) {
        self.horizontal.set(horizontal, filter, mirror_x);
        self.vertical.set(vertical, filter, mirror_y);
        let width = horizontal.out as usize * 3;
        let rows = vertical.pixels as usize;
        if self.narrow.len() < width * rows {
            self.narrow = vec![0; width * rows];
        }
        let narrow = &mut self.narrow[..width * rows];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has the instructions.
            unsafe {
                x86::along_rows(src, stride, &self.horizontal, narrow);
                x86::along_columns(narrow, width, &self.vertical, out);
            }
            return;
        }
        scalar::along_rows(src, stride, &self.horizontal, narrow);
        scalar::along_columns(narrow, width, &self.vertical, 0, out);
    }

    /// Bytes that it keeps.
    pub(crate) fn memory(&self) -> usize {
        self.narrow.capacity()
    }
}

/// For each pixel of the result, the first source pixel that it takes, and the weights from there on.
#[derive(Debug, Default)]
struct Taps {
    first: Vec<usize>,
    /// `most` a pixel; those past the last source pixel are zero.
    weights: Vec<i16>,
    /// A multiple of `GROUP`, or `TWO`.
    most: usize,
    /// How many pixels the source has.
    pixels: usize,
}

impl Taps {
    /// Pillow's weights, in fewer bits, which add up to exactly one.
    fn set(&mut self, side: &Side, filter: Filter, mirror: bool) {
        let out = side.out as usize;
        let pixels = side.pixels as usize;
        let scale = side.length / f64::from(side.out);
        let stretch = scale.max(1.0);
        let support = filter.support() * stretch;
        self.pixels = pixels;
        self.most = match filter {
            // A third source pixel lies a whole pixel away or more: its weight is zero.
            Filter::Bilinear if scale <= 1.0 => TWO,
            _ => ((2.0 * support) as usize + 1).next_multiple_of(GROUP),
        };
        self.first.clear();
        self.first.resize(out, 0);
        self.weights.clear();
        self.weights.resize(out * self.most, 0);
        let mut exact = vec![0.0; self.most];
        for at in 0..out {
            let pixel = if mirror { out - 1 - at } else { at };
            let center = side.start + (pixel as f64 + 0.5) * scale;
            let first = ((center - support + 0.5).max(0.0) as usize).min(pixels - 1);
            let end = ((center + support + 0.5) as usize).clamp(first + 1, pixels);
            let count = (end - first).min(self.most);
            let mut sum = 0.0;
            for (tap, weight) in exact[..count].iter_mut().enumerate() {
                *weight = kernel(filter, ((tap + first) as f64 - center + 0.5) / stretch);
                sum += *weight;
            }
            self.first[at] = first;
            let weights = &mut self.weights[at * self.most..][..self.most];
            if sum.abs() < 1e-9 {
                weights[0] = 1 << PRECISION;
                continue;
            }
            // Rounding the running total leaves no rest in the end.
            let unit = f64::from(1 << PRECISION) / sum;
            let (mut total, mut given) = (0.0, 0);
            for (weight, exact) in weights.iter_mut().zip(&exact[..count]) {
                total += exact * unit;
                // To the nearest, by cutting off what is positive: `round` is a call where SSE4.1 may be missing.
                let rounded = (total + (f64::from(SHIFT) + 0.5)) as i32 - SHIFT;
                *weight = (rounded - given) as i16;
                given = rounded;
            }
        }
    }

    fn of(&self, pixel: usize) -> &[i16] {
        &self.weights[pixel * self.most..][..self.most]
    }
}

fn level(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::resample::resample;

    fn noise(bytes: usize, seed: u64) -> Vec<u8> {
        let mut stream = crate::rng::Stream::new(seed, 0, 0, crate::rng::Purpose::Order);
        (0..bytes).map(|_| stream.next_u64() as u8).collect()
    }

    /// A box of a side: two fractions decide where it begins and ends.
    fn side(pixels: u32, (a, b): (f64, f64), out: u32) -> Side {
        let start = a.min(b) * f64::from(pixels) * 0.9;
        let length = (a.max(b) * f64::from(pixels) - start).max(0.05 * f64::from(pixels));
        Side {
            pixels,
            start,
            length,
            out,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// The oracle is the exact resize, whose own is Pillow; noise is the worst that can be asked.
        #[test]
        fn resizes_as_pillow_to_within_two_levels(
            size in (1u32..90, 1u32..90),
            target in (1u32..40, 1u32..40),
            x in (0.0f64..=1.0, 0.0f64..=1.0),
            y in (0.0f64..=1.0, 0.0f64..=1.0),
            margin in 0usize..9,
            bicubic: bool,
            mirror: (bool, bool),
            seed: u64,
        ) {
            let filter = if bicubic { Filter::Bicubic } else { Filter::Bilinear };
            let (horizontal, vertical) = (side(size.0, x, target.0), side(size.1, y, target.1));
            let stride = 3 * size.0 as usize + margin;
            let src = noise(stride * size.1 as usize - margin, seed);
            let bytes = 3 * (target.0 * target.1) as usize;
            let (mut out, mut twin, mut exact) = (vec![0; bytes], vec![0; bytes], vec![0; bytes]);
            Convolver::default().run(&src, stride, (&horizontal, &vertical), mirror, filter, &mut out);

            // The same bits without SIMD.
            let (mut rows, mut columns) = (Taps::default(), Taps::default());
            rows.set(&horizontal, filter, mirror.0);
            columns.set(&vertical, filter, mirror.1);
            let mut narrow = vec![0; 3 * (target.0 * size.1) as usize];
            scalar::along_rows(&src, stride, &rows, &mut narrow);
            scalar::along_columns(&narrow, 3 * target.0 as usize, &columns, 0, &mut twin);
            prop_assert_eq!(&out, &twin);

            resample(&src, stride, (&horizontal, &vertical), true, filter, &mut exact);
            for (at, value) in out.iter().enumerate() {
                let (pixel, c) = (at / 3, at % 3);
                let (x, y) = (pixel % target.0 as usize, pixel / target.0 as usize);
                let x = if mirror.0 { target.0 as usize - 1 - x } else { x };
                let y = if mirror.1 { target.1 as usize - 1 - y } else { y };
                let expected = exact[3 * (y * target.0 as usize + x) + c];
                prop_assert!(value.abs_diff(expected) <= 2, "{value} for {expected}");
            }
        }
    }
}
