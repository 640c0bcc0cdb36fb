//! Operations on a pixel's three values together: grayscale, saturation, and the mean that contrast turns about.

use super::simd::{blend, for_avx2};

/// Pillow's luma of a pixel (ITU-R 601-2, 16 bits).
#[inline(always)]
fn luma(pixel: &[u8; 3]) -> u8 {
    let [red, green, blue] = pixel.map(u32::from);
    ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16) as u8
}

/// Pixels worked on at a time: each step of the work is a loop of its own, which is what vectorises.
const BLOCK: usize = 512;

for_avx2! {
    /// Pixels blended with their luma: 0 is gray, 1 the image.
    pub(super) fn saturate(image: &mut [u8], share: f32) {
        let mut gray = [0; 3 * BLOCK];
        for block in image.chunks_mut(3 * BLOCK) {
            let gray = &mut gray[..block.len()];
            spread(block, gray);
            for (value, &gray) in block.iter_mut().zip(gray.iter()) {
                *value = blend(gray, *value, share);
            }
        }
    }
}

for_avx2! {
    /// Every pixel's luma in its three channels.
    pub(super) fn grayscale(image: &mut [u8]) {
        let mut gray = [0; 3 * BLOCK];
        for block in image.chunks_mut(3 * BLOCK) {
            let gray = &mut gray[..block.len()];
            spread(block, gray);
            block.copy_from_slice(gray);
        }
    }
}

/// Every pixel's luma in the three channels of another image.
#[inline(always)]
fn spread(image: &[u8], gray: &mut [u8]) {
    let mut lumas = [0; BLOCK];
    let (pixels, _) = image.as_chunks::<3>();
    for (gray, pixel) in lumas.iter_mut().zip(pixels) {
        *gray = luma(pixel);
    }
    let (pixels, _) = gray.as_chunks_mut::<3>();
    for (pixel, gray) in pixels.iter_mut().zip(lumas) {
        *pixel = [gray; 3];
    }
}

for_avx2! {
    /// The mean luma, rounded half up, as ImageEnhance.Contrast takes it.
    pub(super) fn mean(image: &[u8]) -> u8 {
        let (pixels, _) = image.as_chunks::<3>();
        let rows = pixels.chunks(1 << 16);
        let sum: u64 = rows.map(|row| u64::from(row.iter().map(|pixel| u32::from(luma(pixel))).sum::<u32>())).sum();
        (sum as f64 / pixels.len().max(1) as f64 + 0.5) as u8
    }
}
