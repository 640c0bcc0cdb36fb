//! Pillow's resize, bit for bit: two passes, 22 bits of weight, 8 bits in between (Pillow's Resample.c).
//!
//! For the exact path, and where decoded pixels are to be resized quickly, with the 16 bits of weight that others have: half
//! the products, and a level off here and there. The fast path's resizer ([`super::convolve`]) keeps 14 bits and always
//! takes the rows first, which makes it several times faster and off by a level or two here and there.

#[cfg(target_arch = "x86_64")]
mod enlarge;
#[cfg(target_arch = "x86_64")]
mod vnni;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::geometry::Filter;
use super::simd::Simd;

/// Taps whose weights are computed at once, and their numbers.
const TOGETHER: usize = 4;
const NUMBERS: [f64; TOGETHER] = [0.0, 1.0, 2.0, 3.0];

/// Fractional bits of a weight: what 8 bits of value and 2 for overshoot leave.
const PRECISION: u32 = 32 - 8 - 2;

const HALF: i32 = 1 << (PRECISION - 1);

/// One side of an RGB8 image: its pixels, the part of them that is resized, and how many it becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub pixels: u32,
    pub start: f64,
    pub length: f64,
    pub out: u32,
}

/// Resizes an image whose rows are `stride` bytes apart into `out`, along the rows first or along the columns; `exact` says
/// with how many bits of weight.
#[allow(clippy::too_many_arguments)] // an image, where it lies, and what becomes of it
pub(crate) fn resample(
    src: &[u8],
    stride: usize,
    (horizontal, vertical): (&Side, &Side),
    rows_first: bool,
    filter: Filter,
    exact: bool,
    out: &mut [u8],
) {
    let simd = Simd::best();
    let horizontal = &Weights::new(horizontal, filter, exact);
    let vertical = &Weights::new(vertical, filter, exact);
    if rows_first {
        let width = horizontal.first.len() * 3;
        let mut narrow = vec![0; width * vertical.pixels];
        along_rows(src, stride, horizontal, simd, &mut narrow);
        along_columns(&narrow, width, width, vertical, simd, out);
    } else {
        let width = horizontal.pixels * 3;
        let mut low = vec![0; width * vertical.first.len()];
        along_columns(src, stride, width, vertical, simd, &mut low);
        along_rows(&low, width, horizontal, simd, out);
    }
}

/// Whether Pillow resizes along the rows first. Since version 13 it starts with the columns where an image loses over
/// twice as many rows as columns; before, never.
pub(crate) fn rows_first(from: (u32, u32), to: (u32, u32)) -> bool {
    let lost = |from: u32, to: u32| i64::from(from) - i64::from(to);
    let (columns, rows) = (lost(from.0, to.0), lost(from.1, to.1));
    !(rows > 0 && rows > 2 * columns)
}

#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))] // there is one kernel then
fn along_rows(src: &[u8], stride: usize, weights: &Weights, simd: Simd, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if simd >= Simd::Avx2
        && let Some(blocks) = enlarge::Blocks::of(weights)
    {
        // SAFETY: the CPU has the instructions.
        return unsafe { blocks.rows(src, stride, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if simd >= Simd::Avx2
        && let Some(parts) = x86::Parts::of(weights)
    {
        let wide = simd >= Simd::Vnni;
        // SAFETY: the CPU has the instructions.
        return unsafe { x86::rows(src, stride, weights, &parts, wide, out) };
    }
    rows(src, stride, weights, out);
}

#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))] // there is one kernel then
fn along_columns(
    src: &[u8],
    stride: usize,
    width: usize,
    weights: &Weights,
    simd: Simd,
    out: &mut [u8],
) {
    #[cfg(target_arch = "x86_64")]
    if simd >= Simd::Avx2
        && width >= x86::BLOCK
        && let Some(parts) = x86::Parts::of(weights)
    {
        let wide = simd >= Simd::Vnni && width >= vnni::BLOCK;
        // SAFETY: the CPU has the instructions.
        return unsafe { x86::all_columns(src, stride, width, weights, &parts, wide, out) };
    }
    columns(src, stride, width, weights, out);
}

fn rows(src: &[u8], stride: usize, weights: &Weights, out: &mut [u8]) {
    let rows = src.chunks(stride);
    for (row, out) in rows.zip(out.chunks_exact_mut(3 * weights.first.len())) {
        for (pixel, out) in out.chunks_exact_mut(3).enumerate() {
            let mut sums = [HALF; 3];
            let pixels = row[weights.first[pixel] * 3..].chunks_exact(3);
            for (rgb, &weight) in pixels.zip(weights.of(pixel)) {
                for (sum, &value) in sums.iter_mut().zip(rgb) {
                    *sum += i32::from(value) * weight;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = level(sum);
            }
        }
    }
}

fn columns(src: &[u8], stride: usize, width: usize, weights: &Weights, out: &mut [u8]) {
    let mut sums = vec![0; width];
    for (pixel, out) in out.chunks_exact_mut(width).enumerate() {
        sums.fill(HALF);
        let rows = src.chunks(stride).skip(weights.first[pixel]);
        for (row, &weight) in rows.zip(weights.of(pixel)) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            *out = level(sum);
        }
    }
}

/// For each pixel of the result, the first source pixel that it takes and the weights from there on.
struct Weights {
    first: Vec<usize>,
    count: Vec<usize>,
    /// `most` a pixel, of which it uses `count`.
    values: Vec<i32>,
    most: usize,
    /// How many pixels the source has.
    pixels: usize,
    /// Bits at the end of every weight that are zero, if the others were to fit 16.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    cut: Option<u32>,
}

impl Weights {
    fn new(side: &Side, filter: Filter, exact: bool) -> Self {
        let scale = side.length / f64::from(side.out);
        let stretch = scale.max(1.0);
        let support = filter.support() * stretch;
        let most = support.ceil() as usize * 2 + 1;
        let mut weights = Self {
            first: Vec::with_capacity(side.out as usize),
            count: Vec::with_capacity(side.out as usize),
            values: vec![0; most * side.out as usize],
            most,
            pixels: side.pixels as usize,
            cut: None,
        };
        let mut reals = vec![0.0; most.next_multiple_of(TOGETHER)];
        for (pixel, values) in weights.values.chunks_exact_mut(most).enumerate() {
            let center = side.start + (pixel as f64 + 0.5) * scale;
            let first = (center - support + 0.5).max(0.0) as usize;
            let end = ((center + support + 0.5) as usize).min(side.pixels as usize);
            let count = end.saturating_sub(first).min(most);
            let seen = count.next_multiple_of(TOGETHER);
            for (at, reals) in reals[..seen].chunks_exact_mut(TOGETHER).enumerate() {
                let at = (TOGETHER * at + first) as f64;
                let offsets = NUMBERS.map(|tap| (at + tap - center + 0.5) * (1.0 / stretch));
                reals.copy_from_slice(&kernel(filter, offsets));
            }
            let reals = &reals[..count];
            let sum: f64 = reals.iter().sum();
            for (value, weight) in values.iter_mut().zip(reals) {
                let scaled = weight / sum * f64::from(1 << PRECISION);
                *value = (scaled + 0.5f64.copysign(scaled)) as i32;
            }
            weights.first.push(first);
            weights.count.push(count);
        }
        if !exact {
            weights.round();
        }
        weights
    }

    /// Rounds all weights to as many bits as let the largest fit 16.
    fn round(&mut self) {
        let magnitudes = self.values.iter().map(|weight| weight.unsigned_abs());
        let largest = magnitudes.max().unwrap_or(0);
        // The one below is what rounding up may add.
        let fits = |cut: &u32| largest >> cut < i16::MAX as u32;
        let cut = (0..u32::BITS).find(fits).unwrap_or_default();
        let half = (1 << cut) >> 1;
        for weight in &mut self.values {
            *weight = (*weight + half) >> cut << cut;
        }
        self.cut = Some(cut);
    }

    fn of(&self, pixel: usize) -> &[i32] {
        &self.values[pixel * self.most..][..self.count[pixel]]
    }
}

/// Of several values side by side: steps of their own, and no branches, keep them in one register.
#[inline(always)]
pub(crate) fn kernel<const N: usize>(filter: Filter, x: [f64; N]) -> [f64; N] {
    let x = x.map(f64::abs);
    match filter {
        Filter::Bilinear => x.map(|x| (1.0 - x).max(0.0)),
        Filter::Bicubic => {
            let near = x.map(|x| (1.5 * x - 2.5) * x * x + 1.0);
            let far = x.map(|x| (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5);
            let far: [f64; N] = std::array::from_fn(|i| if x[i] < 2.0 { far[i] } else { 0.0 });
            std::array::from_fn(|i| if x[i] < 1.0 { near[i] } else { far[i] })
        }
    }
}

fn level(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Whatever kernel the CPU gets, the bits are those of the plain loops (which are Pillow's: tests/ops).
        #[test]
        fn kernels_agree(
            size in (1u32..60, 1u32..40),
            target in (1u32..50, 1u32..30),
            margin in 0usize..9,
            bicubic: bool,
            exact: bool,
            seed: u64,
        ) {
            let filter = if bicubic { Filter::Bicubic } else { Filter::Bilinear };
            let weights = |pixels, out| {
                let side = Side { pixels, start: 0.0, length: f64::from(pixels), out };
                Weights::new(&side, filter, exact)
            };
            let (horizontal, vertical) = (weights(size.0, target.0), weights(size.1, target.1));
            let width = 3 * size.0 as usize;
            let stride = width + margin;
            let mut stream = crate::rng::Stream::new(seed, 0, 0, crate::rng::Purpose::Order);
            let src: Vec<u8> = (0..stride * size.1 as usize - margin).map(|_| stream.next_u64() as u8).collect();

            let mut twin = vec![0; (3 * target.0 * size.1) as usize];
            rows(&src, stride, &horizontal, &mut twin);
            for simd in Simd::all() {
                let mut out = vec![0; twin.len()];
                along_rows(&src, stride, &horizontal, simd, &mut out);
                prop_assert_eq!(&out, &twin, "{:?}", simd);
            }

            let mut twin = vec![0; width * target.1 as usize];
            columns(&src, stride, width, &vertical, &mut twin);
            for simd in Simd::all() {
                let mut out = vec![0; twin.len()];
                along_columns(&src, stride, width, &vertical, simd, &mut out);
                prop_assert_eq!(&out, &twin, "{:?}", simd);
            }
        }
    }
}
