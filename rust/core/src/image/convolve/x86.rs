//! The kernels for AVX2.

use std::arch::x86_64::*;

use super::{GROUP, HALF, PRECISION, Taps, scalar};

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
    let width = 3 * taps.first.len();
    assert!(to.iter().all(|to| to + width <= out.len()));
    let reach = 3 * (taps.pixels + taps.most) + 16;
    assert!(from.iter().all(|row| row.len() >= reach));
    let (from, to) = (
        from.map(<[u8]>::as_ptr),
        to.map(|to| out[to..].as_mut_ptr()),
    );
    let last = taps.first.len() - 1;
    for (at, &first) in taps.first.iter().enumerate() {
        let from = from.map(|row| row.wrapping_add(3 * first));
        // SAFETY: `first < taps.pixels` and groups lie in `taps.most`, so all reads lie within `reach`.
        let rgb = unsafe { pixel(from, of::<MOST>(taps, at)) };
        for (rgb, to) in rgb.into_iter().zip(to) {
            // SAFETY: the row has three bytes from here on, and all pixels but the last another one, which the next
            // pixel overwrites.
            unsafe {
                let to = to.add(3 * at);
                if at < last {
                    to.cast::<i32>().write_unaligned(rgb);
                } else {
                    let [red, green, blue, _] = rgb.to_ne_bytes();
                    to.cast::<[u8; 3]>().write([red, green, blue]);
                }
            }
        }
    }
}

/// One pixel of each of four rows: red, green and blue in its low bytes.
///
/// # Safety
/// Behind each pointer 16 bytes must be readable, and 12 more for each group of weights past the first.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn pixel(from: [*const u8; ROWS], weights: &[i16]) -> [i32; ROWS] {
    let mask = |[a, b, c, d, e, f]: [i8; 6]| {
        let lane = _mm_setr_epi8(a, -1, b, -1, c, -1, d, -1, e, -1, f, -1, -1, -1, -1, -1);
        _mm256_broadcastsi128_si256(lane)
    };
    // Words of pixels 0 and 1, and of 2 and 3, side by side by channel.
    let (first_two, last_two) = (mask([0, 3, 1, 4, 2, 5]), mask([6, 9, 7, 10, 8, 11]));
    let (mut even, mut odd) = (_mm256_set1_epi32(HALF), _mm256_set1_epi32(HALF));
    for (group, weights) in weights.chunks_exact(GROUP).enumerate() {
        let offset = 3 * GROUP * group;
        // SAFETY: the caller's promise.
        let load = |a: *const u8, b: *const u8| unsafe {
            let a = _mm_loadu_si128(a.add(offset).cast());
            let b = _mm_loadu_si128(b.add(offset).cast());
            _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a), b)
        };
        let (first_weights, last_weights) = (broadcast(&weights[..2]), broadcast(&weights[2..]));
        let [a, b, c, d] = from;
        for (sums, pixels) in [(&mut even, load(a, b)), (&mut odd, load(c, d))] {
            let a = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, first_two), first_weights);
            let b = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, last_two), last_weights);
            *sums = _mm256_add_epi32(*sums, _mm256_add_epi32(a, b));
        }
    }
    let even = _mm256_srai_epi32::<{ PRECISION as i32 }>(even);
    let odd = _mm256_srai_epi32::<{ PRECISION as i32 }>(odd);
    let words = _mm256_packs_epi32(even, odd);
    let bytes = _mm256_packus_epi16(words, words);
    // A lane holds rows 0 and 2, or 1 and 3, four bytes each.
    [
        _mm256_extract_epi32::<0>(bytes),
        _mm256_extract_epi32::<4>(bytes),
        _mm256_extract_epi32::<1>(bytes),
        _mm256_extract_epi32::<5>(bytes),
    ]
}

/// Two weights in every 32 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn broadcast(weights: &[i16]) -> __m256i {
    let two: &[i16; 2] = weights.first_chunk().expect("a pair");
    // SAFETY: four bytes of an array.
    _mm256_set1_epi32(unsafe { two.as_ptr().cast::<i32>().read_unaligned() })
}

/// Resizes the columns of `src`, whose rows have `width` bytes.
#[target_feature(enable = "avx2")]
pub(super) fn along_columns(src: &[u8], width: usize, taps: &Taps, out: &mut [u8]) {
    if width < 16 {
        return scalar::along_columns(src, width, taps, 0, out);
    }
    match taps.most {
        4 => columns::<4>(src, width, taps, out),
        8 => columns::<8>(src, width, taps, out),
        _ => columns::<ANY>(src, width, taps, out),
    }
}

/// The same for rows of sixteen bytes at least.
#[target_feature(enable = "avx2")]
fn columns<const MOST: usize>(src: &[u8], width: usize, taps: &Taps, out: &mut [u8]) {
    for (at, out) in out.chunks_exact_mut(width).enumerate() {
        let first = taps.first[at];
        let weights = of::<MOST>(taps, at);
        // Past the last row weights are zero, whatever row is read.
        let last = taps.pixels - 1 - first;
        let rows = &src[width * first..][..width * (last + 1)];
        let blocks = (0..width - 15).step_by(16);
        // The last block begins where sixteen bytes are left; some are written twice.
        for x in blocks.chain([width - 16]) {
            let (mut low, mut high) = (_mm256_set1_epi32(HALF), _mm256_set1_epi32(HALF));
            for (pair, weights) in weights.chunks_exact(2).enumerate() {
                // SAFETY: sixteen bytes from `x` on lie in each of the `last + 1` rows.
                let load = |tap: usize| unsafe {
                    _mm_loadu_si128(rows.as_ptr().add(width * tap.min(last) + x).cast())
                };
                let (a, b) = (load(2 * pair), load(2 * pair + 1));
                let two = broadcast(weights);
                let words = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(words, two));
                let words = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(words, two));
            }
            let low = _mm256_srai_epi32::<{ PRECISION as i32 }>(low);
            let high = _mm256_srai_epi32::<{ PRECISION as i32 }>(high);
            let words = _mm256_packs_epi32(low, high);
            let bytes = _mm256_packus_epi16(words, words);
            // Fours of bytes: 0 and 2 in the first lane, 1 and 3 in the second.
            let bytes = _mm_unpacklo_epi32(
                _mm256_castsi256_si128(bytes),
                _mm256_extracti128_si256::<1>(bytes),
            );
            // SAFETY: sixteen bytes from `x` on lie in `out`.
            unsafe { _mm_storeu_si128(out.as_mut_ptr().add(x).cast(), bytes) };
        }
    }
}
