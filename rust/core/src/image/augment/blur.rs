//! Gaussian blur as torchvision's: a kernel of a given size, mirrored edges, single precision, rounded.

use super::simd::{for_avx2, to_byte};

/// Blurs with a kernel of `size` (odd) values; an image that has fewer pixels than it reaches mirrors again.
pub(super) fn blur(image: &mut [u8], width: usize, size: usize, sigma: f64) {
    let stride = width * 3;
    let height = image.len().checked_div(stride).unwrap_or_default();
    if height == 0 {
        return;
    }
    let kernel = kernel(size, sigma);
    let reach = kernel.len() / 2;
    let mut rows = vec![0f32; image.len()];
    let mut padded = vec![0f32; stride + 6 * reach];
    for (row, out) in image
        .chunks_exact(stride)
        .zip(rows.chunks_exact_mut(stride))
    {
        for (x, pixel) in padded.chunks_exact_mut(3).enumerate() {
            let from = mirror(x as isize - reach as isize, width) * 3;
            for (value, &byte) in pixel.iter_mut().zip(&row[from..from + 3]) {
                *value = f32::from(byte);
            }
        }
        for (tap, &weight) in kernel.iter().enumerate() {
            add(out, &padded[3 * tap..3 * tap + stride], weight);
        }
    }
    let mut sum = vec![0f32; stride];
    for (y, out) in image.chunks_exact_mut(stride).enumerate() {
        sum.fill(0.0);
        for (tap, &weight) in kernel.iter().enumerate() {
            let from = mirror(y as isize + tap as isize - reach as isize, height) * stride;
            add(&mut sum, &rows[from..from + stride], weight);
        }
        round(&sum, out);
    }
}

fn kernel(size: usize, sigma: f64) -> Vec<f32> {
    let middle = (size / 2) as f64;
    let bell = |x: usize| (-0.5 * ((x as f64 - middle) / sigma).powi(2)).exp();
    let total: f64 = (0..size).map(bell).sum();
    (0..size).map(|x| (bell(x) / total) as f32).collect()
}

/// The place that a place beyond an edge mirrors, the edge itself not repeated.
fn mirror(at: isize, length: usize) -> usize {
    let period = 2 * (length as isize - 1).max(1);
    let at = at.rem_euclid(period);
    at.min(period - at).min(length as isize - 1) as usize
}

for_avx2! {
    fn add(sum: &mut [f32], values: &[f32], weight: f32) {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += weight * value;
        }
    }
}

for_avx2! {
    fn round(values: &[f32], out: &mut [u8]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = to_byte(value + 0.5);
        }
    }
}
