//! The kernels for AVX-512 with VNNI: as those for AVX2, with four rows, or twice as many bytes of a row, in a register,
//! and products summed by one instruction.

use std::arch::x86_64::*;
use std::arch::x86_64::{
    _mm512_dpwssd_epi32 as dot, _mm512_loadu_si512 as loadu, _mm512_packs_epi32 as packs,
    _mm512_packus_epi16 as packus, _mm512_set1_epi32 as set1, _mm512_setzero_si512 as setzero,
    _mm512_storeu_si512 as storeu, _mm512_unpackhi_epi8 as unpackhi,
    _mm512_unpacklo_epi8 as unpacklo,
};

use super::x86::{GROUP, LOW, Parts, loops};
use super::{HALF, PRECISION, Weights};

/// Rows that are resized together, four in a register: they share their weights, each of which is a load.
const ROWS: usize = 8;

/// Bytes of a row that are resized at once.
pub(super) const BLOCK: usize = 64;

loops!("avx512f,avx512bw,avx512vnni", __m512i);

/// A pixel of each row: red, green, blue and a byte.
///
/// # Safety
/// Behind each pointer 12 bytes for each group of weights and 4 more must be readable.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[inline]
unsafe fn one_of_each<const PARTS: usize>(
    from: [*const u8; ROWS],
    taps: [&[i16]; PARTS],
    cut: u32,
) -> [i32; ROWS] {
    let mask = |[a, b, c, d, e, f]: [i8; 6]| {
        let lane = _mm_setr_epi8(a, -1, b, -1, c, -1, d, -1, e, -1, f, -1, -1, -1, -1, -1);
        _mm512_broadcast_i32x4(lane)
    };
    // Words of source pixels 0 and 1, and of 2 and 3, side by side by channel.
    let masks = [mask([0, 3, 1, 4, 2, 5]), mask([6, 9, 7, 10, 8, 11])];
    let mut sums = [start::<PARTS>(cut); ROWS / 4];
    for group in 0..taps[0].len() / GROUP {
        let weights = [0, 2].map(|at| taps.map(|weights| two(&weights[GROUP * group + at..])));
        for (sums, from) in sums.iter_mut().zip(from.as_chunks::<4>().0) {
            // SAFETY: the caller's promise.
            let [a, b, c, d] =
                from.map(|row| unsafe { _mm_loadu_si128(row.add(3 * GROUP * group).cast()) });
            let near = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a), b);
            let far = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(c), d);
            let pixels = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(near), far);
            for (mask, weights) in masks.into_iter().zip(weights) {
                let words = _mm512_shuffle_epi8(pixels, mask);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = dot(*sum, words, weights);
                }
            }
        }
    }
    let mut pixels = [0; ROWS];
    for (pixels, sums) in pixels.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
        // Below black is cut off first: what is narrowed has no sign.
        let whole = _mm512_max_epi32(whole(sums, cut), setzero());
        // SAFETY: sixteen bytes of an array.
        unsafe { _mm_storeu_si128(pixels.as_mut_ptr().cast(), _mm512_cvtusepi32_epi8(whole)) };
    }
    pixels
}

/// What the sums of all parts come to, without the fraction.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[inline]
fn whole<const PARTS: usize>(sums: [__m512i; PARTS], cut: u32) -> __m512i {
    match sums[..] {
        [high, low] => {
            let sum = _mm512_add_epi32(_mm512_slli_epi32::<{ LOW as u32 }>(high), low);
            _mm512_srai_epi32::<PRECISION>(sum)
        }
        _ => _mm512_sra_epi32(sums[0], _mm_cvtsi32_si128((PRECISION - cut) as i32)),
    }
}

/// The first two weights in every 32 bits.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[inline]
fn two(weights: &[i16]) -> __m512i {
    let two: &[i16; 2] = weights.first_chunk().expect("a pair");
    // SAFETY: four bytes of an array.
    _mm512_set1_epi32(unsafe { two.as_ptr().cast::<i32>().read_unaligned() })
}
