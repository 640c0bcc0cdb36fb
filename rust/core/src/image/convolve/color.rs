//! From luma and chroma to red, green and blue (JFIF), in 16-bit words.

use super::{BETWEEN, PRECISION};

/// Fractional bits of a word: what [`product`] leaves of those between the passes.
pub(super) const FRACTION: u32 = BETWEEN + PRECISION - 15;

/// Half of a level.
pub(super) const HALF: i16 = 1 << (FRACTION - 1);

/// Chroma of gray.
pub(super) const GRAY: i16 = 128 << FRACTION;

/// JFIF's factors, without their integers, in 15 bits: `R = Y + 1.402 Cr`, `G = Y - 0.344136 Cb - 0.714136 Cr`,
/// `B = Y + 1.772 Cb`.
pub(super) const RED_CR: i16 = 13173;
pub(super) const GREEN_CB: i16 = -11277;
pub(super) const GREEN_CR: i16 = -23401;
pub(super) const BLUE_CB: i16 = 25297;

/// The upper half of a product, rounded: what one instruction gives for each word of a register.
pub(super) fn product(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + (1 << 14)) >> 15) as i16
}

/// The level that a word is nearest to.
pub(super) fn level(word: i16) -> u8 {
    (word.saturating_add(HALF) >> FRACTION).clamp(0, 255) as u8
}

/// RGB8 of luma and chroma.
pub(super) fn rgb(y: i16, cb: i16, cr: i16) -> [u8; 3] {
    let (cb, cr) = (cb.saturating_sub(GRAY), cr.saturating_sub(GRAY));
    let red = y.saturating_add(cr).saturating_add(product(cr, RED_CR));
    let green = y
        .saturating_add(product(cb, GREEN_CB))
        .saturating_add(product(cr, GREEN_CR));
    let blue = y.saturating_add(cb).saturating_add(product(cb, BLUE_CB));
    [red, green, blue].map(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle is JFIF's formula in double precision.
    #[test]
    fn colors_are_jfif_s() {
        for at in 0..1_u32 << 15 {
            let largest = 255_u32 << FRACTION;
            let [y, cb, cr] = [0, 5, 10].map(|shift| ((at >> shift & 31) * largest / 31) as i16);
            let [luma, blue, red] =
                [y, cb, cr].map(|word| f64::from(word) / f64::from(1 << FRACTION));
            let (blue, red) = (blue - 128.0, red - 128.0);
            let exact = [
                luma + 1.402 * red,
                luma - 0.344_136 * blue - 0.714_136 * red,
                luma + 1.772 * blue,
            ];
            for (level, exact) in rgb(y, cb, cr).into_iter().zip(exact) {
                let off = f64::from(level) - exact.clamp(0.0, 255.0);
                assert!(off.abs() < 0.55, "{level} for {exact}");
            }
        }
    }
}
