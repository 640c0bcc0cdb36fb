//! Operations on a pixel's three values together: grayscale, saturation, and the mean that contrast turns about.

use super::simd::{blend, for_avx2};

/// Pillow's luma of a pixel (ITU-R 601-2, 16 bits).
#[inline(always)]
fn luma(pixel: &[u8; 3]) -> u8 {
    let [red, green, blue] = pixel.map(u32::from);
    ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16) as u8
}

for_avx2! {
    /// Pixels blended with their luma: 0 is gray, 1 the image.
    pub(super) fn saturate(image: &mut [u8], share: f32) {
        let (pixels, _) = image.as_chunks_mut::<3>();
        for pixel in pixels {
            let gray = luma(pixel);
            *pixel = pixel.map(|value| blend(gray, value, share));
        }
    }
}

for_avx2! {
    /// Every pixel's luma in its three channels.
    pub(super) fn grayscale(image: &mut [u8]) {
        let (pixels, _) = image.as_chunks_mut::<3>();
        for pixel in pixels {
            *pixel = [luma(pixel); 3];
        }
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
