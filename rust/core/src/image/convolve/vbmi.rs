//! The kernels for AVX-512 with VBMI and VNNI: samples of sixteen pixels are one load and a permutation, four products of
//! each one instruction.

use std::arch::x86_64::*;
use std::arch::x86_64::{
    __m512i as Register, _mm512_adds_epi16 as adds, _mm512_loadu_si512 as loadu,
    _mm512_mulhrs_epi16 as mulhrs, _mm512_set1_epi16 as set1, _mm512_setzero_si512 as setzero,
    _mm512_storeu_si512 as storeu, _mm512_subs_epi16 as subs,
};

use super::color::{BLUE_CB, FRACTION, GRAY, GREEN_CB, GREEN_CR, HALF, RED_CR};
use super::columns::{ANY, SPREAD, columns};
use super::spans::{Fours, READ, SIXTEEN, Spans};
use super::taps::Taps;
use super::{ACROSS, ACROSS_HALF, BLOCK, Kind, Plane, WHITE};

/// Registers that a block's words are in.
const PARTS: usize = 1;

/// Rows that are resized together: they share their weights.
const ROWS: usize = 4;

/// Resizes every row of `plane` into the rows of `out`, which are `stride` words apart.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
pub(super) fn along_rows(plane: &Plane<'_>, spans: &Spans, stride: usize, out: &mut [i16]) {
    // Knowing how many groups there are unrolls their loop.
    let lots = match spans.groups {
        1 => lots::<1>,
        2 => lots::<2>,
        _ => lots::<ANY>,
    };
    lots(plane, spans, stride, out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn lots<const GROUPS: usize>(plane: &Plane<'_>, spans: &Spans, stride: usize, out: &mut [i16]) {
    let rows = out.len() / stride;
    for top in (0..rows).step_by(ROWS) {
        // In the last lot a row may come twice; it is written alike.
        let row = [0, 1, 2, 3].map(|i| (top + i).min(rows - 1));
        let from = row.map(|row| &plane.samples[row * plane.stride..][..spans.reach]);
        lot::<GROUPS>(from, spans, out, row.map(|row| row * stride));
    }
}

/// Resizes four rows, each as far as is read, to where `to` says in `out`.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn lot<const GROUPS: usize>(
    from: [&[u8]; ROWS],
    spans: &Spans,
    out: &mut [i16],
    to: [usize; ROWS],
) {
    let groups = if GROUPS == ANY { spans.groups } else { GROUPS };
    assert!(
        to.iter()
            .all(|to| to + SIXTEEN * spans.starts.len() <= out.len())
    );
    assert!(spans.weights.len() == groups * spans.starts.len());
    let to = to.map(|to| out[to..].as_mut_ptr());
    let white = set1(WHITE as i16);
    let apart = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    for (number, &start) in spans.starts.iter().enumerate() {
        assert!(from.iter().all(|row| start + READ <= row.len()));
        let weights = &spans.weights[groups * number..][..groups];
        let mut high = [setzero(); ROWS];
        let mut low = [_mm512_set1_epi32(ACROSS_HALF); ROWS];
        for weights in weights {
            let [places, upper, lower] = registers(weights);
            for ((high, low), row) in high.iter_mut().zip(&mut low).zip(from) {
                // SAFETY: as many bytes of the row follow.
                let bytes = unsafe { loadu(row.as_ptr().add(start).cast()) };
                let samples = _mm512_permutexvar_epi8(places, bytes);
                *high = _mm512_dpbusd_epi32(*high, samples, upper);
                *low = _mm512_dpbusd_epi32(*low, samples, lower);
            }
        }
        // Of the lower parts is lost what of the sum would be: nothing is below the upper ones.
        let [a, b, c, d] = [0, 1, 2, 3]
            .map(|row| _mm512_add_epi32(high[row], _mm512_srai_epi32::<ACROSS>(low[row])));
        for (half, (a, b)) in [(a, b), (c, d)].into_iter().enumerate() {
            // Below black is cut off by packing.
            let words = _mm512_min_epu16(_mm512_packus_epi32(a, b), white);
            let words = _mm512_permutexvar_epi64(apart, words);
            let (even, odd) = (to[2 * half], to[2 * half + 1]);
            // SAFETY: a row has room for all sixteens.
            unsafe {
                let low = _mm512_castsi512_si256(words);
                _mm256_storeu_si256(even.add(SIXTEEN * number).cast(), low);
                let high = _mm512_extracti64x4_epi64::<1>(words);
                _mm256_storeu_si256(odd.add(SIXTEEN * number).cast(), high);
            }
        }
    }
}

/// Places, and the upper and the lower parts of weights.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
#[inline]
fn registers(weights: &Fours) -> [Register; 3] {
    const { assert!(size_of::<Fours>() == 3 * READ) };
    // SAFETY: each has as many bytes as a register.
    unsafe {
        [
            loadu(weights.places.as_ptr().cast()),
            loadu(weights.high.as_ptr().cast()),
            loadu(weights.low.as_ptr().cast()),
        ]
    }
}

columns!("avx512f,avx512bw,avx512vbmi,avx512vnni");

/// Without the fraction.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
#[inline]
fn level(words: Register) -> Register {
    _mm512_srai_epi16::<FRACTION>(words)
}

/// Writes a block's channels side by side.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
#[inline]
fn spread([[red], [green], [blue]]: [Words; 3], out: &mut [u8; 3 * BLOCK]) {
    let pairs = _mm512_packus_epi16(red, green);
    let blue = _mm512_packus_epi16(blue, blue);
    // SAFETY: a register has 64 bytes, as have both places and the first of what is written; the rest has 32.
    unsafe {
        let places = PLACES
            .each_ref()
            .map(|places| loadu(places.as_ptr().cast()));
        let [first, rest] = places.map(|places| _mm512_permutex2var_epi8(pairs, places, blue));
        storeu(out.as_mut_ptr().cast(), first);
        let rest = _mm512_castsi512_si256(rest);
        _mm256_storeu_si256(out.as_mut_ptr().add(READ).cast(), rest);
    }
}

/// For each byte that is written, which it is of red and green, packed in turns of eight, and of blue likewise.
const PLACES: [[u8; READ]; 2] = {
    let mut places = [[0; READ]; 2];
    let mut at = 0;
    while at < SPREAD.len() {
        let (pixel, channel) = SPREAD[at];
        let packed = 16 * (pixel / 8) + pixel % 8;
        places[at / READ][at % READ] = (packed + [0, 8, READ][channel]) as u8;
        at += 1;
    }
    places
};
