//! The kernels for AVX2.

use std::arch::x86_64::*;
use std::arch::x86_64::{
    __m256i as Register, _mm256_adds_epi16 as adds, _mm256_loadu_si256 as loadu,
    _mm256_mulhrs_epi16 as mulhrs, _mm256_set1_epi16 as set1, _mm256_setzero_si256 as setzero,
    _mm256_subs_epi16 as subs,
};

use super::color::{BLUE_CB, FRACTION, GRAY, GREEN_CB, GREEN_CR, HALF, RED_CR};
use super::columns::{ANY, SPREAD, columns};
use super::lanes::{EIGHT, Lanes};
use super::taps::Taps;
use super::{ACROSS, ACROSS_HALF, BLOCK, Kind, Plane, WHITE, scalar};

/// Registers that a block's words are in.
const PARTS: usize = 2;

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
    let white = set1(WHITE as i16);
    for (eight, starts) in lanes.starts.iter().enumerate() {
        // SAFETY: there are as many masks as starts.
        let mask = unsafe { loadu(lanes.masks.as_ptr().add(eight).cast()) };
        let mut sums = [_mm256_set1_epi32(ACROSS_HALF); ROWS];
        for pair in 0..pairs {
            // SAFETY: there are `pairs` for each of the starts.
            let weights = unsafe {
                let weights = lanes.weights.as_ptr().add(eight * pairs + pair);
                loadu(weights.cast())
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

columns!("avx2");

/// Without the fraction.
#[target_feature(enable = "avx2")]
#[inline]
fn level(words: Register) -> Register {
    _mm256_srai_epi16::<{ FRACTION as i32 }>(words)
}

/// Writes a block's channels side by side.
#[target_feature(enable = "avx2")]
#[inline]
fn spread(channels: [Words; 3], out: &mut [u8; 3 * BLOCK]) {
    let channels = channels.map(|[low, high]| {
        _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(low, high))
    });
    let (out, _) = out.as_chunks_mut::<16>();
    for (half, out) in out.chunks_exact_mut(3).enumerate() {
        let channels = channels.map(|channel| match half {
            0 => _mm256_castsi256_si128(channel),
            _ => _mm256_extracti128_si256::<1>(channel),
        });
        for (out, masks) in out.iter_mut().zip(&MASKS) {
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
const MASKS: [[[u8; 16]; 3]; 3] = {
    let mut masks = [[[0x80; 16]; 3]; 3];
    let mut at = 0;
    while at < 48 {
        let (pixel, channel) = SPREAD[at];
        masks[at / 16][channel][at % 16] = pixel as u8;
        at += 1;
    }
    masks
};
