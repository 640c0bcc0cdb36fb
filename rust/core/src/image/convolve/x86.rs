//! The kernels for AVX2.

use std::arch::x86_64::*;

use super::color::{BLUE_CB, FRACTION, GRAY, GREEN_CB, GREEN_CR, HALF, RED_CR};
use super::lanes::{EIGHT, Lanes};
use super::taps::Taps;
use super::{ACROSS, ACROSS_HALF, BLOCK, Kind, Plane, WHITE, scalar};

/// In place of a number of taps: as many as there are.
const ANY: usize = 0;

/// Rows that are resized together: they share their weights.
const ROWS: usize = 4;

/// Resizes every row of `plane` into the rows of `out`, which are `stride` words apart.
#[target_feature(enable = "avx2")]
pub(super) fn along_rows(plane: &Plane<'_>, lanes: &Lanes, stride: usize, out: &mut [i16]) {
    // Knowing how many taps there are unrolls their loop.
    let lots = match lanes.pairs {
        1 => lots::<1>,
        2 => lots::<2>,
        4 => lots::<4>,
        _ => lots::<ANY>,
    };
    lots(plane, lanes, stride, out);
}

/// The same by taps of any number, as the compiler makes it.
#[target_feature(enable = "avx2")]
pub(super) fn along_rows_of_many(plane: &Plane<'_>, taps: &Taps, stride: usize, out: &mut [i16]) {
    scalar::along_rows(plane, taps, stride, out);
}

#[target_feature(enable = "avx2")]
fn lots<const PAIRS: usize>(plane: &Plane<'_>, lanes: &Lanes, stride: usize, out: &mut [i16]) {
    let rows = out.len() / stride;
    for top in (0..rows).step_by(ROWS) {
        // In the last lot a row may come twice; it is written alike.
        let row = [0, 1, 2, 3].map(|i| (top + i).min(rows - 1));
        let from = row.map(|row| &plane.samples[row * plane.stride..][..lanes.reach]);
        lot::<PAIRS>(from, lanes, out, row.map(|row| row * stride));
    }
}

/// Resizes four rows, each as far as is read, to where `to` says in `out`.
#[target_feature(enable = "avx2")]
fn lot<const PAIRS: usize>(from: [&[u8]; ROWS], lanes: &Lanes, out: &mut [i16], to: [usize; ROWS]) {
    let count = lanes.starts.len();
    let pairs = if PAIRS == ANY { lanes.pairs } else { PAIRS };
    assert!(from.iter().all(|row| row.len() >= lanes.reach));
    assert!(to.iter().all(|to| to + EIGHT * count <= out.len()));
    assert!(lanes.masks.len() == count && lanes.weights.len() == pairs * count);
    let from = from.map(<[u8]>::as_ptr);
    let to = to.map(|to| out[to..].as_mut_ptr());
    let white = _mm256_set1_epi16(WHITE as i16);
    for (eight, starts) in lanes.starts.iter().enumerate() {
        // SAFETY: there are as many masks as starts.
        let mask = unsafe { _mm256_loadu_si256(lanes.masks.as_ptr().add(eight).cast()) };
        let mut sums = [_mm256_set1_epi32(ACROSS_HALF); ROWS];
        for pair in 0..pairs {
            // SAFETY: there are `pairs` for each of the starts.
            let weights = unsafe {
                let weights = lanes.weights.as_ptr().add(eight * pairs + pair);
                _mm256_loadu_si256(weights.cast())
            };
            for (sum, row) in sums.iter_mut().zip(from) {
                // SAFETY: a lane begins at one of the row's samples, so that all pairs' reads lie within `reach`.
                let samples = unsafe {
                    let row = row.add(2 * pair);
                    let near = _mm_loadu_si128(row.add(starts[0]).cast());
                    let far = _mm_loadu_si128(row.add(starts[1]).cast());
                    _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(near), far)
                };
                let products = _mm256_madd_epi16(_mm256_shuffle_epi8(samples, mask), weights);
                *sum = _mm256_add_epi32(*sum, products);
            }
        }
        let [a, b, c, d] = sums.map(|sum| _mm256_srai_epi32::<{ ACROSS as i32 }>(sum));
        for (half, (a, b)) in [(a, b), (c, d)].into_iter().enumerate() {
            // Below black is cut off by packing.
            let words = _mm256_min_epu16(_mm256_packus_epi32(a, b), white);
            let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
            let (even, odd) = (to[2 * half], to[2 * half + 1]);
            // SAFETY: a row has room for all eights.
            unsafe {
                let low = _mm256_castsi256_si128(words);
                _mm_storeu_si128(even.add(EIGHT * eight).cast(), low);
                let high = _mm256_extracti128_si256::<1>(words);
                _mm_storeu_si128(odd.add(EIGHT * eight).cast(), high);
            }
        }
    }
}

/// Resizes the columns of planes, whose rows are `stride` words apart, and makes the colors of `width` pixels a row.
#[target_feature(enable = "avx2")]
pub(super) fn along_columns(
    kind: Kind,
    planes: [&[i16]; 3],
    stride: usize,
    taps: [&Taps; 3],
    width: usize,
    out: &mut [u8],
) {
    // Knowing how many taps there are, or a few more, unrolls their loop: these are what the fast path's scales leave.
    let columns = match (taps[0].used, taps[1].used) {
        (2, 2) => columns::<2, 2>,
        (2, 3) => columns::<2, 3>,
        (3, 3) => columns::<3, 3>,
        (4, 4) => columns::<4, 4>,
        (5, 4) => columns::<6, 4>,
        (5 | 6, 5 | 6) => columns::<6, 6>,
        (7 | 8, 5 | 6) => columns::<8, 6>,
        (7 | 8, 7 | 8) => columns::<8, 8>,
        _ => columns::<ANY, ANY>,
    };
    columns(kind, planes, stride, taps, width, out);
}

#[target_feature(enable = "avx2")]
fn columns<const FIRST: usize, const OTHERS: usize>(
    kind: Kind,
    planes: [&[i16]; 3],
    stride: usize,
    taps: [&Taps; 3],
    width: usize,
    out: &mut [u8],
) {
    for (at, out) in out.chunks_exact_mut(3 * width).enumerate() {
        let first = Rows::new(planes[0], stride, taps[0], at);
        let others = match kind {
            Kind::Gray => None,
            Kind::Rgb | Kind::YCbCr => Some((
                Rows::new(planes[1], stride, taps[1], at),
                Rows::new(planes[2], stride, taps[2], at),
            )),
        };
        for x in (0..width).step_by(BLOCK) {
            let a = first.block::<FIRST>(x);
            let channels = match &others {
                None => [levels(a); 3],
                Some((second, third)) => {
                    let (b, c) = (second.block::<OTHERS>(x), third.block::<OTHERS>(x));
                    match kind {
                        Kind::YCbCr => {
                            let [low, high] = [0, 1].map(|half| rgb(a[half], b[half], c[half]));
                            [0, 1, 2].map(|channel| levels([low[channel], high[channel]]))
                        }
                        Kind::Gray | Kind::Rgb => [a, b, c].map(|words| levels(words)),
                    }
                }
            };
            put(channels, &mut out[3 * x..]);
        }
    }
}

/// The rows that a row of the result is made of.
struct Rows<'a> {
    rows: &'a [i16],
    stride: usize,
    /// The last of them: past it weights are zero, whatever row is read.
    last: usize,
    weights: &'a [i16],
    used: usize,
}

impl<'a> Rows<'a> {
    fn new(plane: &'a [i16], stride: usize, taps: &'a Taps, at: usize) -> Self {
        let first = taps.first[at];
        let last = taps.pixels - 1 - first;
        Self {
            rows: &plane[stride * first..][..stride * (last + 1)],
            stride,
            last,
            weights: taps.of(at),
            used: taps.used,
        }
    }

    /// The words of a block, in order.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn block<const MOST: usize>(&self, x: usize) -> [__m256i; 2] {
        assert!(x + BLOCK <= self.stride);
        let weights = match MOST {
            ANY => &self.weights[..self.used],
            _ => &self.weights[..MOST],
        };
        let mut sums = [_mm256_setzero_si256(); 2];
        for (tap, &weight) in weights.iter().enumerate() {
            let weight = _mm256_set1_epi16(weight);
            for (half, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a block of words from `x` on lies in each of the `last + 1` rows.
                let words = unsafe {
                    let row = self.rows.as_ptr().add(self.stride * tap.min(self.last) + x);
                    _mm256_loadu_si256(row.add(16 * half).cast())
                };
                *sum = _mm256_adds_epi16(*sum, _mm256_mulhrs_epi16(words, weight));
            }
        }
        sums
    }
}

/// Words of red, green and blue of luma and chroma.
#[target_feature(enable = "avx2")]
#[inline]
fn rgb(y: __m256i, cb: __m256i, cr: __m256i) -> [__m256i; 3] {
    let gray = _mm256_set1_epi16(GRAY);
    let (cb, cr) = (_mm256_subs_epi16(cb, gray), _mm256_subs_epi16(cr, gray));
    let part = |chroma, factor| _mm256_mulhrs_epi16(chroma, _mm256_set1_epi16(factor));
    [
        _mm256_adds_epi16(_mm256_adds_epi16(y, cr), part(cr, RED_CR)),
        _mm256_adds_epi16(_mm256_adds_epi16(y, part(cb, GREEN_CB)), part(cr, GREEN_CR)),
        _mm256_adds_epi16(_mm256_adds_epi16(y, cb), part(cb, BLUE_CB)),
    ]
}

/// The levels of a block's words, in order.
#[target_feature(enable = "avx2")]
#[inline]
fn levels(words: [__m256i; 2]) -> __m256i {
    let [low, high] = words.map(|words| {
        let words = _mm256_adds_epi16(words, _mm256_set1_epi16(HALF));
        _mm256_srai_epi16::<{ FRACTION as i32 }>(words)
    });
    _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(low, high))
}

/// Writes a block's channels side by side, as far as there is room.
#[target_feature(enable = "avx2")]
#[inline]
fn put(channels: [__m256i; 3], out: &mut [u8]) {
    if let Some(out) = out.first_chunk_mut() {
        return spread(channels, out);
    }
    let mut bytes = [0; 3 * BLOCK];
    spread(channels, &mut bytes);
    out.copy_from_slice(&bytes[..out.len()]);
}

/// Writes a block's channels side by side.
#[target_feature(enable = "avx2")]
#[inline]
fn spread(channels: [__m256i; 3], out: &mut [u8; 3 * BLOCK]) {
    let (out, _) = out.as_chunks_mut::<16>();
    for (half, out) in out.chunks_exact_mut(3).enumerate() {
        let channels = channels.map(|channel| match half {
            0 => _mm256_castsi256_si128(channel),
            _ => _mm256_extracti128_si256::<1>(channel),
        });
        for (out, masks) in out.iter_mut().zip(&SPREAD) {
            let mut all = _mm_setzero_si128();
            for (channel, mask) in channels.into_iter().zip(masks) {
                // SAFETY: a mask has sixteen bytes.
                let mask = unsafe { _mm_loadu_si128(mask.as_ptr().cast()) };
                all = _mm_or_si128(all, _mm_shuffle_epi8(channel, mask));
            }
            // SAFETY: so has what is written.
            unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), all) };
        }
    }
}

/// For each 16 of 48 bytes, and each channel, which of its 16 pixels they are, and 0x80 where they are another's.
const SPREAD: [[[u8; 16]; 3]; 3] = {
    let mut spread = [[[0x80; 16]; 3]; 3];
    let mut at = 0;
    while at < 48 {
        spread[at / 16][at % 3][at % 16] = (at / 3) as u8;
        at += 1;
    }
    spread
};
