//! ImageEnhance.Sharpness: blended with the image smoothed by [1 1 1; 1 5 1; 1 1 1] / 13.

use super::simd::{blend, for_avx2};

/// 0 smooths, 1 leaves the image, more sharpens. The outermost pixels stay, as Pillow's do.
pub(super) fn sharpen(image: &mut [u8], width: usize, share: f32, copy: &mut Vec<u8>) {
    let stride = width * 3;
    if width < 3 || image.len() < 3 * stride {
        return;
    }
    copy.clear();
    copy.extend_from_slice(image);
    let rows = image.len() / stride;
    for row in 1..rows - 1 {
        let source = |row: usize| &copy[row * stride..(row + 1) * stride];
        let out = &mut image[row * stride + 3..(row + 1) * stride - 3];
        sharpen_row(source(row - 1), source(row), source(row + 1), out, share);
    }
}

for_avx2! {
    fn sharpen_row(above: &[u8], here: &[u8], below: &[u8], out: &mut [u8], share: f32) {
        let length = out.len();
        let (above, here, below) = (&above[..length + 6], &here[..length + 6], &below[..length + 6]);
        for at in 0..length {
            let three = |row: &[u8]| u16::from(row[at]) + u16::from(row[at + 3]) + u16::from(row[at + 6]);
            let sum = three(above) + three(here) + three(below) + 4 * u16::from(here[at + 3]);
            // (sum + 6) / 13, which is sum / 13 rounded: 5042 / 65536 is near enough to 1/13 for 13 * 255.
            let smooth = ((u32::from(sum + 6) * 5042) >> 16) as u8;
            out[at] = blend(smooth, here[at + 3], share);
        }
    }
}
