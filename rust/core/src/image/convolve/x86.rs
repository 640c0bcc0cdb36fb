//! The kernels for AVX2.

use std::arch::x86_64::*;

use super::{GROUP, HALF, PRECISION, TWO, Taps, scalar};

/// In place of a number of taps: as many as there are.
const ANY: usize = 0;

/// The weights of a pixel, `MOST` of them.
#[inline]
fn of<const MOST: usize>(taps: &Taps, at: usize) -> &[i16] {
    let most = if MOST == ANY { taps.most } else { MOST };
    &taps.weights[at * most..][..most]
}

/// Rows that are resized together: they share their weights.
const ROWS: usize = 4;

/// Resizes every row of `src` into the rows of `out`.
#[target_feature(enable = "avx2")]
pub(super) fn along_rows(src: &[u8], stride: usize, taps: &Taps, out: &mut [u8]) {
    let width = 3 * taps.first.len();
    let rows = out.len() / width;
    // Sixteen bytes are read at each group of taps, past a row's last pixel too, where weights are zero.
    let reach = 3 * (taps.pixels + taps.most) + 16;
    let safe = src
        .len()
        .checked_sub(reach)
        .map_or(0, |room| room / stride + 1);
    let safe = safe.min(rows);
    // Knowing how many taps there are unrolls their loop; four are what the fast path's scales leave most often.
    let lots = match taps.most {
        TWO => lots::<TWO>,
        4 => lots::<4>,
        8 => lots::<8>,
        _ => lots::<ANY>,
    };
    lots(src, stride, taps, &mut out[..safe * width]);
    if safe < rows {
        // The last rows again, with room behind them.
        let mut padded = src[safe * stride..].to_vec();
        padded.resize((rows - 1 - safe) * stride + reach, 0);
        lots(&padded, stride, taps, &mut out[safe * width..]);
    }
}

/// The same for rows that all have room behind them.
#[target_feature(enable = "avx2")]
fn lots<const MOST: usize>(src: &[u8], stride: usize, taps: &Taps, out: &mut [u8]) {
    let width = 3 * taps.first.len();
    let rows = out.len() / width;
    let reach = 3 * (taps.pixels + taps.most) + 16;
    for top in (0..rows).step_by(ROWS) {
        // In the last lot a row may come twice; it is written alike.
        let row = [0, 1, 2, 3].map(|i| (top + i).min(rows - 1));
        let from = row.map(|row| &src[row * stride..][..reach]);
        lot::<MOST>(from, taps, out, row.map(|row| row * width));
    }
}

/// Resizes four rows, each with sixteen bytes of room, to where `to` says in `out`.
#[target_feature(enable = "avx2")]
fn lot<const MOST: usize>(from: [&[u8]; ROWS], taps: &Taps, out: &mut [u8], to: [usize; ROWS]) {
    let pixels = taps.first.len();
    assert!(to.iter().all(|to| to + 3 * pixels <= out.len()));
    let reach = 3 * (taps.pixels + taps.most) + 16;
    assert!(from.iter().all(|row| row.len() >= reach));
    let from = from.map(<[u8]>::as_ptr);
    let to = to.map(|to| out[to..].as_mut_ptr());
    let mut at = 0;
    while at < pixels {
        let four = [0, 1, 2, 3].map(|i| (at + i).min(pixels - 1));
        // SAFETY: a pixel's first source pixel is one of `taps.pixels` and its groups lie in `taps.most`, so all reads
        // lie within `reach`.
        let bytes = unsafe { pixels_of::<MOST>(from, taps, four) };
        let room = 3 * (pixels - at);
        for (bytes, to) in bytes.into_iter().zip(to) {
            let to = to.wrapping_add(3 * at);
            // SAFETY: a row has room for all that it has yet to get, and twelve bytes are stored as eight and four.
            unsafe {
                if room >= 12 {
                    _mm_storel_epi64(to.cast(), bytes);
                    let last = _mm_extract_epi32::<2>(bytes);
                    to.add(8).cast::<i32>().write_unaligned(last);
                } else {
                    let mut rest = [0_u8; 16];
                    _mm_storeu_si128(rest.as_mut_ptr().cast(), bytes);
                    to.copy_from_nonoverlapping(rest.as_ptr(), room);
                }
            }
        }
        at += 4;
    }
}

/// Four pixels of each of four rows: red, green and blue, one after the other in the first twelve bytes.
///
/// # Safety
/// Behind each pointer, 3 bytes further for each source pixel that a pixel begins at, 16 bytes must be readable, and 12
/// more for each group of weights past the first.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn pixels_of<const MOST: usize>(
    from: [*const u8; ROWS],
    taps: &Taps,
    four: [usize; 4],
) -> [__m128i; ROWS] {
    let mask = |[a, b, c, d, e, f]: [i8; 6]| {
        let lane = _mm_setr_epi8(a, -1, b, -1, c, -1, d, -1, e, -1, f, -1, -1, -1, -1, -1);
        _mm256_broadcastsi128_si256(lane)
    };
    // Words of source pixels 0 and 1, and of 2 and 3, side by side by channel.
    let (first_two, last_two) = (mask([0, 3, 1, 4, 2, 5]), mask([6, 9, 7, 10, 8, 11]));
    let start = four.map(|pixel| 3 * taps.first[pixel]);
    let weights = four.map(|pixel| of::<MOST>(taps, pixel));
    // Pixels 0 and 2 share a register, and 1 and 3: packing then leaves them in order.
    let mut sums = [[_mm256_set1_epi32(HALF); 2]; ROWS];
    for group in (0..weights[0].len()).step_by(GROUP) {
        for half in 0..2 {
            let (near, far) = (half, half + 2);
            let pair = |at: usize| {
                let [near, far] = [near, far].map(|pixel| broadcast(&weights[pixel][group + at..]));
                _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(near), far)
            };
            let first_weights = pair(0);
            for (sums, row) in sums.iter_mut().zip(from) {
                // SAFETY: the caller's promise.
                let pixels = unsafe {
                    let row = row.add(3 * group);
                    let near = _mm_loadu_si128(row.add(start[near]).cast());
                    let far = _mm_loadu_si128(row.add(start[far]).cast());
                    _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(near), far)
                };
                let words = _mm256_shuffle_epi8(pixels, first_two);
                let products = _mm256_madd_epi16(words, first_weights);
                sums[half] = _mm256_add_epi32(sums[half], products);
                if MOST != TWO {
                    let words = _mm256_shuffle_epi8(pixels, last_two);
                    let products = _mm256_madd_epi16(words, pair(TWO));
                    sums[half] = _mm256_add_epi32(sums[half], products);
                }
            }
        }
    }
    let words = sums.map(|[even, odd]| {
        let even = _mm256_srai_epi32::<{ PRECISION as i32 }>(even);
        let odd = _mm256_srai_epi32::<{ PRECISION as i32 }>(odd);
        _mm256_packs_epi32(even, odd)
    });
    let together = |a: __m256i, b: __m256i| {
        // Eights of bytes: pixels 0 and 1 of both rows, then 2 and 3; the fourth byte of each pixel is nothing.
        let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(a, b));
        let dense = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
        let bytes = _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(dense));
        (
            _mm256_castsi256_si128(bytes),
            _mm256_extracti128_si256::<1>(bytes),
        )
    };
    let [a, b, c, d] = words;
    let ((a, b), (c, d)) = (together(a, b), together(c, d));
    [a, b, c, d]
}

/// Two weights in every 32 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn broadcast(weights: &[i16]) -> __m128i {
    let two: &[i16; 2] = weights.first_chunk().expect("a pair");
    // SAFETY: four bytes of an array.
    _mm_set1_epi32(unsafe { two.as_ptr().cast::<i32>().read_unaligned() })
}

/// Bytes of a row that are resized at once.
const BLOCK: usize = 32;

/// Resizes the columns of `src`, whose rows have `width` bytes.
#[target_feature(enable = "avx2")]
pub(super) fn along_columns(src: &[u8], width: usize, taps: &Taps, out: &mut [u8]) {
    if width < BLOCK {
        return scalar::along_columns(src, width, taps, 0, out);
    }
    match taps.most {
        TWO => columns::<TWO>(src, width, taps, out),
        4 => columns::<4>(src, width, taps, out),
        8 => columns::<8>(src, width, taps, out),
        _ => columns::<ANY>(src, width, taps, out),
    }
}

/// The same for rows of a block at least.
#[target_feature(enable = "avx2")]
fn columns<const MOST: usize>(src: &[u8], width: usize, taps: &Taps, out: &mut [u8]) {
    for (at, out) in out.chunks_exact_mut(width).enumerate() {
        let first = taps.first[at];
        let weights = of::<MOST>(taps, at);
        // Past the last row weights are zero, whatever row is read.
        let last = taps.pixels - 1 - first;
        let rows = &src[width * first..][..width * (last + 1)];
        let blocks = (0..=width - BLOCK).step_by(BLOCK);
        // The last block begins where a block is left; some bytes are written twice.
        for x in blocks.chain([width - BLOCK]) {
            // Sums of the first four bytes of either half, of the second ...
            let mut sums = [_mm256_set1_epi32(HALF); 4];
            for (pair, weights) in weights.chunks_exact(2).enumerate() {
                // SAFETY: a block of bytes from `x` on lies in each of the `last + 1` rows.
                let load = |tap: usize| unsafe {
                    _mm256_loadu_si256(rows.as_ptr().add(width * tap.min(last) + x).cast())
                };
                let (a, b) = (load(2 * pair), load(2 * pair + 1));
                let two = _mm256_broadcastsi128_si256(broadcast(weights));
                let zero = _mm256_setzero_si256();
                let (low, high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
                let words = [
                    _mm256_unpacklo_epi8(low, zero),
                    _mm256_unpackhi_epi8(low, zero),
                    _mm256_unpacklo_epi8(high, zero),
                    _mm256_unpackhi_epi8(high, zero),
                ];
                for (sum, words) in sums.iter_mut().zip(words) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(words, two));
                }
            }
            let [a, b, c, d] = sums.map(|sum| _mm256_srai_epi32::<{ PRECISION as i32 }>(sum));
            let bytes = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
            // SAFETY: a block of bytes from `x` on lies in `out`.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(x).cast(), bytes) };
        }
    }
}
