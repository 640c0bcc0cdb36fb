//! The kernels for AVX2: products of 16 bits, two a time, where the plain loops have one of 32.
//!
//! A weight is split into `256 * high + low`, which both fit 16 bits. A sum of products with `high` and one with `low`
//! then give the sum of products with the weight, to the bit. Of weights that were rounded to 16 bits there is one part.

use std::arch::x86_64::*;
use std::arch::x86_64::{
    _mm256_loadu_si256 as loadu, _mm256_packs_epi32 as packs, _mm256_packus_epi16 as packus,
    _mm256_set1_epi32 as set1, _mm256_setzero_si256 as setzero, _mm256_storeu_si256 as storeu,
    _mm256_unpackhi_epi8 as unpackhi, _mm256_unpacklo_epi8 as unpacklo,
};

use super::{HALF, PRECISION, Weights, vnni};

/// Bits of a weight's lower part.
pub(super) const LOW: i32 = 8;

/// Weights come in groups of four.
pub(super) const GROUP: usize = 4;

/// The parts of weights, high and low, each pixel's filled up with zeros to groups.
pub(super) struct Parts {
    pub most: usize,
    /// Bits that the upper parts lack.
    pub cut: u32,
    /// Whether there are upper parts alone.
    alone: bool,
    parts: [Vec<i16>; 2],
}

impl Parts {
    /// None where a pixel has no weights, or one whose upper part has more than 16 bits.
    pub fn of(weights: &Weights) -> Option<Self> {
        if weights.count.contains(&0) {
            return None;
        }
        let most = weights.most.next_multiple_of(GROUP);
        let cut = weights.cut.unwrap_or(LOW as u32);
        let alone = weights.cut.is_some();
        let mut high = vec![0; most * weights.first.len()];
        let mut low = vec![0; if alone { 0 } else { high.len() }];
        let mut fits = true;
        let pixels = weights.values.chunks_exact(weights.most);
        for (high, weights) in high.chunks_exact_mut(most).zip(pixels.clone()) {
            for (high, &weight) in high.iter_mut().zip(weights) {
                *high = (weight >> cut) as i16;
                fits &= i32::from(*high) == weight >> cut;
            }
        }
        for (low, weights) in low.chunks_exact_mut(most).zip(pixels) {
            for (low, &weight) in low.iter_mut().zip(weights) {
                *low = (weight & ((1 << LOW) - 1)) as i16;
            }
        }
        fits.then_some(Self {
            most,
            cut,
            alone,
            parts: [high, low],
        })
    }

    /// The first `count` parts of a pixel's weights.
    pub fn of_pixel<const PARTS: usize>(&self, pixel: usize, count: usize) -> [&[i16]; PARTS] {
        let from = self.most * pixel;
        std::array::from_fn(|part| &self.parts[part][from..from + count])
    }
}

/// Rows that are resized together: they share their weights.
const ROWS: usize = 8;

/// Resizes every row of `src` into the rows of `out`; `wide` is whether the CPU has what [`vnni`] asks for.
#[target_feature(enable = "avx2")]
pub(super) fn rows(
    src: &[u8],
    stride: usize,
    weights: &Weights,
    parts: &Parts,
    wide: bool,
    out: &mut [u8],
) {
    let width = 3 * weights.first.len();
    let rows = out.len() / width;
    // Sixteen bytes are read at each group, past a row's last pixel too, where weights are zero.
    let reach = 3 * (weights.pixels + parts.most) + 16;
    let safe = src
        .len()
        .checked_sub(reach)
        .map_or(0, |room| room / stride + 1);
    let safe = safe.min(rows) / ROWS * ROWS;
    let some = |src: &[u8], out: &mut [u8]| match (wide, parts.alone) {
        // SAFETY: the CPU has the instructions.
        (true, true) => unsafe { vnni::lots::<1>(src, stride, weights, parts, out) },
        // SAFETY: the same.
        (true, false) => unsafe { vnni::lots::<2>(src, stride, weights, parts, out) },
        (false, true) => lots::<1>(src, stride, weights, parts, out),
        (false, false) => lots::<2>(src, stride, weights, parts, out),
    };
    some(src, &mut out[..safe * width]);
    if safe < rows {
        // The last rows again, with room behind them.
        let mut padded = src[safe * stride..].to_vec();
        padded.resize((rows - 1 - safe) * stride + reach, 0);
        some(&padded, &mut out[safe * width..]);
    }
}

/// Resizes the columns of `src`, whose rows have `width` bytes, at least a block, and are `stride` bytes apart; `wide` is
/// whether the CPU has what [`vnni`] asks for, and a row one of its blocks.
#[target_feature(enable = "avx2")]
pub(super) fn all_columns(
    src: &[u8],
    stride: usize,
    width: usize,
    weights: &Weights,
    parts: &Parts,
    wide: bool,
    out: &mut [u8],
) {
    match (wide, parts.alone) {
        // SAFETY: the CPU has the instructions.
        (true, true) => unsafe { vnni::columns::<1>(src, stride, width, weights, parts, out) },
        // SAFETY: the same.
        (true, false) => unsafe { vnni::columns::<2>(src, stride, width, weights, parts, out) },
        (false, true) => columns::<1>(src, stride, width, weights, parts, out),
        (false, false) => columns::<2>(src, stride, width, weights, parts, out),
    }
}

/// The loops over pixels, for a set of instructions. Each has its own `one_of_each`, a part of them then, and its own
/// names of what they are made of.
macro_rules! loops {
    ($features:literal, $register:ty) => {
        /// What sums begin with: half a level, in as many bits as the last part has.
        #[target_feature(enable = $features)]
        #[inline]
        fn start<const PARTS: usize>(cut: u32) -> [$register; PARTS] {
            let half = if PARTS == 1 { HALF >> cut } else { HALF };
            std::array::from_fn(|part| set1(if part + 1 == PARTS { half } else { 0 }))
        }

        /// Resizes rows that all have room behind them.
        #[target_feature(enable = $features)]
        pub(super) fn lots<const PARTS: usize>(
            src: &[u8],
            stride: usize,
            weights: &Weights,
            parts: &Parts,
            out: &mut [u8],
        ) {
            let width = 3 * weights.first.len();
            let rows = out.len() / width;
            let reach = 3 * (weights.pixels + parts.most) + 16;
            let last = weights.first.len() - 1;
            for top in (0..rows).step_by(ROWS) {
                // In the last lot a row may come twice; it is written alike.
                let row: [usize; ROWS] = std::array::from_fn(|i| (top + i).min(rows - 1));
                let from = row.map(|row| src[row * stride..][..reach].as_ptr());
                let to = row.map(|row| out[row * width..][..width].as_mut_ptr());
                for pixel in 0..=last {
                    let first = weights.first[pixel];
                    let count = weights.count[pixel].next_multiple_of(GROUP);
                    assert!(first < weights.pixels && count <= parts.most);
                    let taps = parts.of_pixel::<PARTS>(pixel, count);
                    let from = from.map(|row| row.wrapping_add(3 * first));
                    // SAFETY: behind each pointer there are `reach` bytes, and what is read ends within them.
                    let pixels = unsafe { one_of_each(from, taps, parts.cut) };
                    for (rgb, to) in pixels.into_iter().zip(to) {
                        // SAFETY: a row has room for its pixels, and but behind the last one for a byte more, which the next
                        // one is written over.
                        unsafe {
                            let to = to.add(3 * pixel);
                            if pixel < last {
                                to.cast::<i32>().write_unaligned(rgb);
                            } else {
                                to.copy_from_nonoverlapping(rgb.to_le_bytes().as_ptr(), 3);
                            }
                        }
                    }
                }
            }
        }

        /// Resizes the columns of `src`, whose rows have `width` bytes, at least a block, and are `stride` bytes apart.
        #[target_feature(enable = $features)]
        pub(super) fn columns<const PARTS: usize>(
            src: &[u8],
            stride: usize,
            width: usize,
            weights: &Weights,
            parts: &Parts,
            out: &mut [u8],
        ) {
            let zero = setzero();
            for (at, out) in out.chunks_exact_mut(width).enumerate() {
                let count = weights.count[at];
                let taps = parts.of_pixel::<PARTS>(at, count.next_multiple_of(2));
                let rows = &src[stride * weights.first[at]..][..stride * (count - 1) + width];
                let blocks = (0..=width - BLOCK).step_by(BLOCK);
                // The last block begins where a block is left; some bytes are written twice.
                for x in blocks.chain([width - BLOCK]) {
                    // SAFETY: a block of bytes from `x` on lies in each of the `count` rows.
                    let load = |tap: usize| unsafe {
                        // Past the last row its weight is zero, whatever is read.
                        let row = stride * tap.min(count - 1);
                        loadu(rows.as_ptr().add(row + x).cast())
                    };
                    let mut pairs = (0..count.div_ceil(2)).map(|pair| {
                        let (a, b) = (load(2 * pair), load(2 * pair + 1));
                        let (near, far) = (unpacklo(a, b), unpackhi(a, b));
                        let words = [
                            unpacklo(near, zero),
                            unpackhi(near, zero),
                            unpacklo(far, zero),
                            unpackhi(far, zero),
                        ];
                        (words, taps.map(|weights| two(&weights[2 * pair..])))
                    });
                    let add = |sums: [[_; PARTS]; 4], (words, weights): ([_; 4], [_; PARTS])| {
                        let mut sums = sums;
                        for (sums, words) in sums.iter_mut().zip(words) {
                            for (sum, weights) in sums.iter_mut().zip(weights) {
                                *sum = dot(*sum, words, weights);
                            }
                        }
                        sums
                    };
                    // Sums of the first four bytes of either half, of the second ... Of two rows, which is how images
                    // are made larger, there is one product and no loop.
                    let first = pairs.next().expect("a pixel has weights");
                    let sums = add([start(parts.cut); 4], first);
                    let sums = pairs.fold(sums, add);
                    let [a, b, c, d] = sums.map(|sums| whole(sums, parts.cut));
                    let bytes = packus(packs(a, b), packs(c, d));
                    // SAFETY: a block of bytes from `x` on lies in `out`.
                    unsafe { storeu(out.as_mut_ptr().add(x).cast(), bytes) };
                }
            }
        }
    };
}
pub(super) use loops;

loops!("avx2", __m256i);

/// A pixel of each of four rows: red, green, blue and a byte.
///
/// # Safety
/// Behind each pointer 12 bytes for each group of weights and 4 more must be readable.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn one_of_each<const PARTS: usize>(
    from: [*const u8; ROWS],
    taps: [&[i16]; PARTS],
    cut: u32,
) -> [i32; ROWS] {
    let mask = |[a, b, c, d, e, f]: [i8; 6]| {
        let lane = _mm_setr_epi8(a, -1, b, -1, c, -1, d, -1, e, -1, f, -1, -1, -1, -1, -1);
        _mm256_broadcastsi128_si256(lane)
    };
    // Words of source pixels 0 and 1, and of 2 and 3, side by side by channel.
    let (first_two, last_two) = (mask([0, 3, 1, 4, 2, 5]), mask([6, 9, 7, 10, 8, 11]));
    // Two rows share a register.
    let mut sums = [start::<PARTS>(cut); ROWS / 2];
    for group in 0..taps[0].len() / GROUP {
        let weights = [0, 2].map(|at| taps.map(|weights| two(&weights[GROUP * group + at..])));
        for (sums, from) in sums.iter_mut().zip(from.as_chunks::<2>().0) {
            // SAFETY: the caller's promise.
            let [near, far] =
                from.map(|row| unsafe { _mm_loadu_si128(row.add(3 * GROUP * group).cast()) });
            let pixels = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(near), far);
            for (mask, weights) in [first_two, last_two].into_iter().zip(weights) {
                let words = _mm256_shuffle_epi8(pixels, mask);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = dot(*sum, words, weights);
                }
            }
        }
    }
    let mut pixels = [0; ROWS];
    for (pixels, sums) in pixels
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(sums.as_chunks::<2>().0)
    {
        let [near, far] = sums.map(|sums| whole(sums, cut));
        let words = _mm256_packs_epi32(near, far);
        let bytes = _mm256_packus_epi16(words, words);
        let even = _mm256_castsi256_si128(bytes);
        let odd = _mm256_extracti128_si256::<1>(bytes);
        *pixels = [
            _mm_cvtsi128_si32(even),
            _mm_cvtsi128_si32(odd),
            _mm_extract_epi32::<1>(even),
            _mm_extract_epi32::<1>(odd),
        ];
    }
    pixels
}

/// A sum and products of words, two in every 32 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn dot(sum: __m256i, words: __m256i, weights: __m256i) -> __m256i {
    _mm256_add_epi32(sum, _mm256_madd_epi16(words, weights))
}

/// What the sums of all parts come to, without the fraction.
#[target_feature(enable = "avx2")]
#[inline]
fn whole<const PARTS: usize>(sums: [__m256i; PARTS], cut: u32) -> __m256i {
    match sums[..] {
        [high, low] => {
            let sum = _mm256_add_epi32(_mm256_slli_epi32::<LOW>(high), low);
            _mm256_srai_epi32::<{ PRECISION as i32 }>(sum)
        }
        _ => _mm256_sra_epi32(sums[0], _mm_cvtsi32_si128((PRECISION - cut) as i32)),
    }
}

/// The first two weights in every 32 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn two(weights: &[i16]) -> __m256i {
    let two: &[i16; 2] = weights.first_chunk().expect("a pair");
    // SAFETY: four bytes of an array.
    _mm256_set1_epi32(unsafe { two.as_ptr().cast::<i32>().read_unaligned() })
}

/// Bytes of a row that are resized at once.
pub(super) const BLOCK: usize = 32;
