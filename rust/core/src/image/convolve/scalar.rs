//! The kernels that every CPU has, and the definition of the others.

use super::color::{level, product, rgb};
use super::taps::Taps;
use super::{ACROSS, ACROSS_HALF, Kind, Plane, WHITE};

/// Resizes every row of `plane` into the rows of `out`, which are `stride` words apart.
#[inline(always)]
pub(super) fn along_rows(plane: &Plane<'_>, taps: &Taps, stride: usize, out: &mut [i16]) {
    let rows = plane.samples.chunks(plane.stride);
    for (row, out) in rows.zip(out.chunks_exact_mut(stride)) {
        for (at, out) in out[..taps.first.len()].iter_mut().enumerate() {
            let products = row[taps.first[at]..taps.pixels].iter().zip(taps.of(at));
            let sum: i32 = products
                .map(|(&value, &weight)| i32::from(value) * i32::from(weight))
                .sum();
            *out = ((sum + ACROSS_HALF) >> ACROSS).clamp(0, WHITE) as i16;
        }
    }
}

/// Resizes the columns of planes, whose rows are `stride` words apart, and makes the colors of `width` pixels a row.
pub(super) fn along_columns(
    kind: Kind,
    planes: [&[i16]; 3],
    stride: usize,
    taps: [&Taps; 3],
    width: usize,
    out: &mut [u8],
) {
    let mut words = [0, 1, 2].map(|_| vec![0_i16; width]);
    for (at, out) in out.chunks_exact_mut(3 * width).enumerate() {
        for (number, words) in words.iter_mut().enumerate() {
            if number > 0 && kind == Kind::Gray {
                break;
            }
            words.fill(0);
            let (plane, taps) = (planes[number], taps[number]);
            let rows = plane.chunks_exact(stride).take(taps.pixels);
            for (row, &weight) in rows.skip(taps.first[at]).zip(taps.of(at)) {
                for (word, &value) in words.iter_mut().zip(row) {
                    *word = word.saturating_add(product(value, weight));
                }
            }
        }
        for (x, out) in out.chunks_exact_mut(3).enumerate() {
            let [a, b, c] = words.each_ref().map(|words| words[x]);
            out.copy_from_slice(&match kind {
                Kind::Gray => [level(a); 3],
                Kind::Rgb => [a, b, c].map(level),
                Kind::YCbCr => rgb(a, b, c),
            });
        }
    }
}
