//! The fast path's resize: planes along the rows, then along the columns, and only then their colors, in 14 bits of weight
//! and 6 bits of fraction in between.
//!
//! Made for a batch's work, many sources of a few hundred pixels to one small size. Colors are made of the result's
//! pixels instead of the source's, and chroma is resized from as few samples as the file has. What libjpeg's upsampling
//! would have made of them is in the weights. It mirrors on the way, at no cost. Kernels with and without SIMD give the
//! same bits.

mod color;
#[cfg(target_arch = "x86_64")]
mod columns;
mod lanes;
mod scalar;
mod spans;
mod taps;
#[cfg(target_arch = "x86_64")]
mod vbmi;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::geometry::Filter;
use super::resample::Side;
use super::simd::Simd;
use lanes::Lanes;
use spans::Spans;
pub(crate) use taps::Coarse;
use taps::Taps;

/// Fractional bits of a weight: a sum of products with bytes then fits 32 bits, a weight 16.
const PRECISION: u32 = 14;

/// Fractional bits of a sample between the passes.
const BETWEEN: u32 = 6;

/// What a sum along a row loses, and half of the last bit that is left.
const ACROSS: u32 = PRECISION - BETWEEN;
const ACROSS_HALF: i32 = 1 << (ACROSS - 1);

/// A white sample between the passes: as in Pillow, nothing is whiter there.
const WHITE: i32 = 255 << BETWEEN;

/// Pixels of a row that are finished together; rows between the passes have a multiple of them.
const BLOCK: usize = 32;

/// What the planes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first is all three channels.
    Gray,
    /// A plane a channel.
    Rgb,
    /// Luma, and chroma of blue and of red.
    YCbCr,
}

/// Samples, row by row, with [`super::planes::ROOM`] behind the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    /// From the first that is seen.
    pub samples: &'a [u8],
    /// From a row to the next.
    pub stride: usize,
}

/// A resize's buffers.
#[derive(Debug, Default)]
pub(crate) struct Convolver {
    /// Of the first plane, and of the others where they are coarser.
    across: [Taps; 2],
    down: [Taps; 2],
    lanes: [Lanes; 2],
    spans: [Spans; 2],
    narrow: [Vec<i16>; 3],
}

impl Convolver {
    /// Resizes planes into `out`, RGB8, mirrored left to right, top to bottom. `coarse` says, of rows and of columns, how
    /// the samples of the second and third plane lie under the pixels of the first.
    #[allow(clippy::too_many_arguments)] // planes, where they lie, and what becomes of them
    pub(crate) fn run(
        &mut self,
        kind: Kind,
        planes: &[Plane<'_>; 3],
        (horizontal, vertical): (&Side, &Side),
        coarse: Option<[Coarse; 2]>,
        (mirror_x, mirror_y): (bool, bool),
        filter: Filter,
        out: &mut [u8],
    ) {
        let simd = Simd::best();
        let [across, others_across] = &mut self.across;
        across.set(horizontal, filter, mirror_x, simd);
        let [down, others_down] = &mut self.down;
        down.set(vertical, filter, mirror_y, simd);
        if let Some(coarse) = &coarse {
            others_across.under(across, &coarse[0]);
            others_down.under(down, &coarse[1]);
        }
        let others = usize::from(coarse.is_some());
        self.convolve(kind, planes, [0, others, others], simd, out);
    }

    /// Does it by weights that are set, those of `taps` for each plane.
    fn convolve(
        &mut self,
        kind: Kind,
        planes: &[Plane<'_>; 3],
        taps: [usize; 3],
        simd: Simd,
        out: &mut [u8],
    ) {
        let width = self.across[0].first.len();
        let stride = width.next_multiple_of(BLOCK);
        for number in taps[0]..=taps[1] {
            let (spans, lanes) = (&mut self.spans[number], &mut self.lanes[number]);
            spans.fit = simd >= Simd::Vbmi && spans.set(&self.across[number]);
            lanes.fit = simd >= Simd::Avx2 && !spans.fit && lanes.set(&self.across[number]);
        }
        let count = if kind == Kind::Gray { 1 } else { planes.len() };
        for ((plane, taps), narrow) in planes.iter().zip(taps).zip(&mut self.narrow).take(count) {
            let size = stride * self.down[taps].pixels;
            if narrow.len() < size {
                *narrow = vec![0; size];
            }
            let narrow = &mut narrow[..size];
            let along = &self.across[taps];
            match simd {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the CPU has the instructions, which those that fit are set for.
                Simd::Avx2 | Simd::Vnni | Simd::Vbmi => unsafe {
                    let (spans, lanes) = (&self.spans[taps], &self.lanes[taps]);
                    match (spans.fit, lanes.fit) {
                        (true, _) => vbmi::along_rows(plane, spans, stride, narrow),
                        (false, true) => x86::along_rows(plane, lanes, stride, narrow),
                        (false, false) => x86::along_rows_of_many(plane, along, stride, narrow),
                    }
                },
                _ => scalar::along_rows(plane, along, stride, narrow),
            }
        }
        let narrow = self.narrow.each_ref().map(Vec::as_slice);
        let down = taps.map(|taps| &self.down[taps]);
        match simd {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the CPU has the instructions.
            Simd::Vbmi => unsafe { vbmi::along_columns(kind, narrow, stride, down, width, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the same.
            Simd::Avx2 | Simd::Vnni => unsafe {
                x86::along_columns(kind, narrow, stride, down, width, out)
            },
            _ => scalar::along_columns(kind, narrow, stride, down, width, out),
        }
    }

    /// Bytes that it keeps.
    pub(crate) fn memory(&self) -> usize {
        2 * self.narrow.iter().map(Vec::capacity).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::patch::Patch;
    use crate::image::planes::{Chroma, ROOM};
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

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Gray), Just(Kind::Rgb), Just(Kind::YCbCr)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// The oracle is the exact resize, whose own is Pillow; noise is the worst that can be asked. Colors and what lies
        /// coarser have oracles of their own ([`color`], [`taps`]); here they are the same with and without SIMD.
        #[test]
        fn resizes_as_pillow_to_within_two_levels(
            kind in kinds(),
            size in (1u32..90, 1u32..90),
            target in (1u32..80, 1u32..40),
            x in (0.0f64..=1.0, 0.0f64..=1.0),
            y in (0.0f64..=1.0, 0.0f64..=1.0),
            pixels in prop::array::uniform2(prop_oneof![Just(1u32), Just(2), Just(4)]),
            corner in (0u32..9, 0u32..9),
            bicubic: bool,
            mirror: (bool, bool),
            seed: u64,
        ) {
            let filter = if bicubic { Filter::Bicubic } else { Filter::Bilinear };
            let (horizontal, vertical) = (side(size.0, x, target.0), side(size.1, y, target.1));
            let seen = Patch { left: corner.0, top: corner.1, width: size.0, height: size.1 };
            let full = (corner.0 + size.0 + 3, corner.1 + size.1 + 2);
            let (others, coarse) = match kind {
                Kind::Gray | Kind::Rgb => (seen, None),
                Kind::YCbCr => {
                    let others = Chroma::under(pixels, &seen, full);
                    let coarse = |pixels, pixel, sample, samples| Coarse { pixels, pixel, sample, samples };
                    let across = coarse(pixels[0], seen.left, others.left, others.width);
                    (others, Some([across, coarse(pixels[1], seen.top, others.top, others.height)]))
                }
            };
            let bytes = [(&seen, 0), (&others, 1), (&others, 2)];
            let bytes = bytes.map(|(patch, plane)| noise(patch.bytes() + ROOM, seed ^ plane));
            let planes = [(&seen, &bytes[0]), (&others, &bytes[1]), (&others, &bytes[2])];
            let planes = planes.map(|(patch, samples)| Plane { samples, stride: patch.width as usize });

            let pixels = (target.0 * target.1) as usize;
            let (mut out, mut twin) = (vec![0; 3 * pixels], vec![0; 3 * pixels]);
            let mut convolver = Convolver::default();
            let sides = (&horizontal, &vertical);
            convolver.run(kind, &planes, sides, coarse, mirror, filter, &mut out);
            let others = usize::from(coarse.is_some());
            for simd in Simd::all() {
                convolver.convolve(kind, &planes, [0, others, others], simd, &mut twin);
                prop_assert_eq!(&out, &twin, "{:?}", simd);
            }

            if kind == Kind::YCbCr {
                return Ok(());
            }
            let last = if kind == Kind::Gray { 0 } else { 2 };
            let count = seen.bytes();
            let rgb: Vec<u8> = (0..3 * count).map(|at| bytes[(at % 3).min(last)][at / 3]).collect();
            let mut exact = vec![0; 3 * pixels];
            resample(&rgb, 3 * size.0 as usize, sides, true, filter, true, &mut exact);
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
