//! The kernels that every CPU has, and the definition of the others.

use super::{HALF, Taps, level};

/// Resizes every row of `src` into the rows of `out`.
pub(super) fn along_rows(src: &[u8], stride: usize, taps: &Taps, out: &mut [u8]) {
    let width = 3 * taps.first.len();
    for (row, out) in src.chunks(stride).zip(out.chunks_exact_mut(width)) {
        let row = &row[..3 * taps.pixels];
        for (at, out) in out.chunks_exact_mut(3).enumerate() {
            let mut sums = [HALF; 3];
            let pixels = row[3 * taps.first[at]..].chunks_exact(3);
            for (rgb, &weight) in pixels.zip(taps.of(at)) {
                for (sum, &value) in sums.iter_mut().zip(rgb) {
                    *sum += i32::from(value) * i32::from(weight);
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = level(sum);
            }
        }
    }
}

/// Resizes the columns of `src`, whose rows have `width` bytes, from byte `from` of each row on.
pub(super) fn along_columns(src: &[u8], width: usize, taps: &Taps, from: usize, out: &mut [u8]) {
    let mut sums = vec![0; width - from];
    for (at, out) in out.chunks_exact_mut(width).enumerate() {
        sums.fill(HALF);
        let rows = src.chunks_exact(width).skip(taps.first[at]);
        for (row, &weight) in rows.zip(taps.of(at)) {
            for (sum, &value) in sums.iter_mut().zip(&row[from..]) {
                *sum += i32::from(value) * i32::from(weight);
            }
        }
        for (out, &sum) in out[from..].iter_mut().zip(&sums) {
            *out = level(sum);
        }
    }
}
