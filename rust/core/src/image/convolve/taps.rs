//! The weights of a side.

use super::PRECISION;
use crate::image::geometry::Filter;
use crate::image::resample::{Side, kernel};
use crate::image::simd::Simd;

/// Weights come in groups of four, so that kernels take them without a rest, or they are two.
pub(super) const GROUP: usize = 4;

/// Weights a pixel where a bilinear resize makes no side smaller.
pub(super) const TWO: usize = 2;

/// Pixels whose weights are made together.
const LOT: usize = 8;

/// More than any sum of weights falls below zero.
const SHIFT: i32 = 1 << (PRECISION + 2);

/// For each pixel of the result, the first source sample that it takes, and the weights from there on.
#[derive(Debug, Default)]
pub(super) struct Taps {
    pub first: Vec<usize>,
    /// `most` a pixel, of which `used` may be other than zero; those past the last source sample are zero.
    pub weights: Vec<i16>,
    pub used: usize,
    /// A multiple of `GROUP`, or `TWO`.
    pub most: usize,
    /// How many samples the source has.
    pub pixels: usize,
}

/// How the samples of a side lie under its pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coarse {
    /// Pixels a sample.
    pub pixels: u32,
    /// The first pixel that is seen, of all the image's.
    pub pixel: u32,
    /// The first sample that is seen, likewise.
    pub sample: u32,
    /// How many samples are seen.
    pub samples: u32,
}

impl Taps {
    /// Pillow's weights, in fewer bits, which add up to exactly one.
    pub(super) fn set(&mut self, side: &Side, filter: Filter, mirror: bool, simd: Simd) {
        let scale = side.length / f64::from(side.out);
        self.pixels = side.pixels as usize;
        // One more than the width reaches into has a weight of zero.
        self.used = (2.0 * filter.support() * scale.max(1.0)).ceil() as usize;
        self.most = match self.used {
            TWO => TWO,
            used => used.next_multiple_of(GROUP),
        };
        self.first.clear();
        self.first.resize(side.out as usize, 0);
        self.weights.clear();
        self.weights.resize(side.out as usize * self.most, 0);
        match simd {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the CPU has the instructions.
            Simd::Vnni | Simd::Vbmi => unsafe { self.fill_by_avx512(side, filter, mirror) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the same.
            Simd::Avx2 => unsafe { self.fill_by_avx2(side, filter, mirror) },
            _ => self.fill(side, filter, mirror),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    fn fill_by_avx512(&mut self, side: &Side, filter: Filter, mirror: bool) {
        self.fill(side, filter, mirror);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn fill_by_avx2(&mut self, side: &Side, filter: Filter, mirror: bool) {
        self.fill(side, filter, mirror);
    }

    #[inline(always)]
    fn fill(&mut self, side: &Side, filter: Filter, mirror: bool) {
        match filter {
            Filter::Bilinear => self.fill_with(side, Filter::Bilinear, mirror),
            Filter::Bicubic => self.fill_with(side, Filter::Bicubic, mirror),
        }
    }

    /// Eight pixels at a time, each of which has its own place in registers.
    #[inline(always)]
    fn fill_with(&mut self, side: &Side, filter: Filter, mirror: bool) {
        let (out, pixels, used, most) = (side.out as usize, side.pixels, self.used, self.most);
        let scale = side.length / f64::from(side.out);
        let support = filter.support() * scale.max(1.0);
        let shrink = 1.0 / scale.max(1.0);
        let mut exact = vec![[0.0; LOT]; used];
        let lots = self
            .weights
            .chunks_mut(LOT * most)
            .zip(self.first.chunks_mut(LOT));
        for (lot, (weights, to)) in lots.enumerate() {
            let center: [f64; LOT] = each(|i| {
                let at = LOT * lot + i;
                // What is past the last pixel isn't looked at.
                let pixel = if mirror {
                    (out - 1).saturating_sub(at)
                } else {
                    at
                };
                side.start + (pixel as f64 + 0.5) * scale
            });
            let first: [i32; LOT] = each(|i| cut(center[i] - support + 0.5).min(pixels as i32 - 1));
            let count: [i32; LOT] = each(|i| {
                let end = cut(center[i] + support + 0.5).clamp(first[i] + 1, pixels as i32);
                end - first[i]
            });
            let mut sum = [0.0; LOT];
            for (tap, exact) in (0..).zip(&mut exact) {
                let x = each(|i| (f64::from(first[i] + tap) - center[i] + 0.5) * shrink);
                let weight = kernel(filter, x);
                *exact = each(|i| if tap < count[i] { weight[i] } else { 0.0 });
                sum = each(|i| sum[i] + exact[i]);
            }
            // Rounding the running total leaves no rest in the end.
            let unit: [f64; LOT] = each(|i| f64::from(1 << PRECISION) / sum[i]);
            let (mut total, mut given) = ([f64::from(SHIFT) + 0.5; LOT], [0; LOT]);
            for (tap, exact) in exact.iter().enumerate() {
                total = each(|i| total[i] + exact[i] * unit[i]);
                // To the nearest, by cutting off what is positive: `round` is a call where SSE4.1 may be missing.
                let rounded: [i32; LOT] = each(|i| cut(total[i]) - SHIFT);
                for (i, weights) in weights.chunks_exact_mut(most).enumerate() {
                    weights[tap] = (rounded[i] - given[i]) as i16;
                }
                given = rounded;
            }
            for (i, (weights, to)) in weights.chunks_exact_mut(most).zip(to).enumerate() {
                *to = first[i] as usize;
                if sum[i].abs() < 1e-9 {
                    weights.fill(0);
                    weights[0] = 1 << PRECISION;
                }
            }
        }
    }

    /// The weights that coarse samples have in what `fine` makes of the pixels above them. Of two pixels a sample, each is
    /// 3/4 of its own sample and 1/4 of the other that is near, as libjpeg's "fancy" upsampling has it, and at the image's
    /// edge all of its own; of more, each is its own.
    pub(super) fn under(&mut self, fine: &Self, coarse: &Coarse) {
        self.first.clone_from(&fine.first);
        self.pixels = coarse.samples as usize;
        if coarse.pixels == 1 {
            self.weights.clone_from(&fine.weights);
            (self.used, self.most) = (fine.used, fine.most);
            return;
        }
        // Pixels reach into half as many samples, one more where they begin at an odd one, and the near ones.
        self.used = fine.used / 2 + 2;
        self.most = self.used.next_multiple_of(GROUP);
        self.weights.clear();
        self.weights.resize(fine.first.len() * self.most, 0);
        let mut quarters = vec![0_i32; self.most];
        let mut between = vec![0_i32; 2 * self.most + 2 * AROUND];
        let last = i64::from(coarse.samples) - 1;
        let rows = self.weights.chunks_exact_mut(self.most);
        for ((weights, first), at) in rows.zip(&mut self.first).zip(0..) {
            let pixel = coarse.pixel as usize + *first;
            quarters.fill(0);
            let begin = match coarse.pixels {
                2 => halved(
                    pixel,
                    &fine.of(at)[..fine.used],
                    &mut between,
                    &mut quarters,
                ),
                pixels => grouped(
                    pixel,
                    pixels as usize,
                    &fine.of(at)[..fine.used],
                    &mut quarters,
                ),
            };
            // Seen from the first sample that there is; what lies outside falls on the samples at the edges.
            let begin = begin - i64::from(coarse.sample);
            let low = begin.clamp(0, last);
            if begin < 0 || begin + self.most as i64 > last {
                for tap in 0..self.most {
                    let to = (begin + tap as i64).clamp(0, last) - low;
                    let quarter = std::mem::take(&mut quarters[tap]);
                    quarters[to as usize] += quarter;
                }
            }
            *first = low as usize;
            let (mut total, mut given) = (0, 0);
            for (weight, quarter) in weights.iter_mut().zip(&quarters) {
                total += quarter;
                let rounded = (total + 2) >> 2;
                *weight = (rounded - given) as i16;
                given = rounded;
            }
        }
    }

    pub(super) fn of(&self, pixel: usize) -> &[i16] {
        &self.weights[pixel * self.most..][..self.most]
    }
}

/// What is whole of a value, if that is no number less than zero or more than `MOST`: `as` keeps pixels from being made
/// side by side.
#[inline(always)]
#[allow(clippy::manual_clamp)] // which leaves what is no number
fn cut(value: f64) -> i32 {
    const MOST: f64 = (1 << 30) as f64;
    // SAFETY: it fits, and where it is no number, zero is taken.
    unsafe { value.max(0.0).min(MOST).to_int_unchecked() }
}

/// A value for each pixel of a lot.
#[inline(always)]
fn each<T>(value: impl FnMut(usize) -> T) -> [T; LOT] {
    std::array::from_fn(value)
}

/// Zeros around pixels' weights: as far as a sample reaches beyond its own.
const AROUND: usize = 3;

/// Gives pixels' weights, four times, to samples of two pixels; gives the first sample's place, which may be before all.
/// `between` has room for the pixels of all samples, and is zero but for the weights of another call.
#[inline(always)]
fn halved(pixel: usize, weights: &[i16], between: &mut [i32], samples: &mut [i32]) -> i64 {
    let odd = pixel & 1;
    for (to, &weight) in between[AROUND..].iter_mut().zip(weights) {
        *to = i32::from(weight);
    }
    // Of each sample the pixel before its own two, these, and the one behind.
    let four = between[odd..].windows(4).step_by(2);
    for (sample, four) in samples.iter_mut().zip(four) {
        *sample = four[0] + 3 * (four[1] + four[2]) + four[3];
    }
    (pixel / 2) as i64 - 1 + odd as i64
}

/// Gives pixels' weights, four times, to samples of `pixels` pixels; gives the first sample's place.
fn grouped(pixel: usize, pixels: usize, weights: &[i16], samples: &mut [i32]) -> i64 {
    let first = pixel / pixels;
    for (place, &weight) in (pixel..).zip(weights) {
        samples[place / pixels - first] += 4 * i32::from(weight);
    }
    first as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::patch::Patch;
    use crate::image::planes::Chroma;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// The oracle upsamples a whole side as libjpeg does, and then takes what is seen of it.
        #[test]
        fn coarse_weights_are_those_of_upsampled_samples(
            full in 1u32..70,
            pixels in prop_oneof![Just(1u32), Just(2), Just(4)],
            seen in (0.0f64..1.0, 0.0f64..=1.0),
            out in 1u32..30,
            bicubic: bool,
            mirror: bool,
            values in prop::collection::vec(any::<u8>(), 70),
        ) {
            let filter = if bicubic { Filter::Bicubic } else { Filter::Bilinear };
            let pixel = (seen.0 * f64::from(full)) as u32;
            let count = ((seen.1 * f64::from(full - pixel)) as u32).max(1);
            let side = Side { pixels: count, start: 0.0, length: f64::from(count), out };
            let patch = |left, width| Patch { left, width, top: 0, height: 1 };
            let under = Chroma::under([pixels, 1], &patch(pixel, count), (full, 1));
            let coarse = Coarse { pixels, pixel, sample: under.left, samples: under.width };

            let samples = &values[..full.div_ceil(pixels) as usize];
            let value = |at: i64| f64::from(samples[at.clamp(0, samples.len() as i64 - 1) as usize]);
            let upsampled = |at: u32| {
                let own = i64::from(at / pixels);
                let near = if at % 2 == 1 { own + 1 } else { own - 1 };
                match pixels {
                    2 => 0.75 * value(own) + 0.25 * value(near),
                    _ => value(own),
                }
            };
            let (mut fine, mut taps) = (Taps::default(), Taps::default());
            fine.set(&side, filter, mirror, Simd::None);
            for simd in Simd::all() {
                taps.set(&side, filter, mirror, simd);
                prop_assert_eq!((&taps.first, &taps.weights), (&fine.first, &fine.weights), "{:?}", simd);
            }
            taps.under(&fine, &coarse);
            let seen = &samples[under.left as usize..][..under.width as usize];
            for at in 0..out as usize {
                let sum = |weights: &[i16], value: &dyn Fn(usize) -> f64| {
                    let products = weights.iter().enumerate().filter(|(_, weight)| **weight != 0);
                    products.map(|(tap, &weight)| f64::from(weight) * value(tap)).sum::<f64>()
                };
                let expected = sum(fine.of(at), &|tap| upsampled(pixel + (fine.first[at] + tap) as u32));
                let given = sum(taps.of(at), &|tap| f64::from(seen[taps.first[at] + tap]));
                // Each weight is rounded.
                let off = (given - expected).abs() / f64::from(1 << PRECISION);
                prop_assert!(off < 0.1, "{} for {}", given, expected);
            }
        }
    }
}
