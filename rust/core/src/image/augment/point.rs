//! Operations on each value by itself: Pillow's ImageOps, and ImageEnhance's brightness and contrast.

use super::simd::{blend, for_avx2};

for_avx2! {
    /// Values blended with a constant: brightness (0) and contrast (the mean).
    pub(super) fn towards(image: &mut [u8], constant: u8, share: f32) {
        for value in image {
            *value = blend(constant, *value, share);
        }
    }
}

for_avx2! {
    /// Keeps the high `bits` of each value.
    pub(super) fn posterize(image: &mut [u8], bits: u32) {
        let mask = (0xff00u32 >> bits.min(8)) as u8;
        for value in image {
            *value &= mask;
        }
    }
}

for_avx2! {
    /// Inverts the values from `threshold` on.
    pub(super) fn solarize(image: &mut [u8], threshold: u16) {
        for value in image {
            *value = if u16::from(*value) < threshold { *value } else { 255 - *value };
        }
    }
}

type Tables = [[u8; 256]; 3];

fn look_up(image: &mut [u8], tables: &Tables) {
    let (pixels, _) = image.as_chunks_mut::<3>();
    for pixel in pixels {
        *pixel = [
            tables[0][usize::from(pixel[0])],
            tables[1][usize::from(pixel[1])],
            tables[2][usize::from(pixel[2])],
        ];
    }
}

/// Stretches each channel to 0..255.
pub(super) fn autocontrast(image: &mut [u8]) {
    let (low, high) = extremes(image);
    let channels = || low.into_iter().zip(high);
    if channels().all(|(low, high)| high <= low || (low == 0 && high == 255)) {
        return;
    }
    let mut tables = [[0; 256]; 3];
    for (table, (low, high)) in tables.iter_mut().zip(channels()) {
        let scale = 255.0 / (f64::from(high) - f64::from(low));
        let offset = -f64::from(low) * scale;
        for (value, entry) in (0u8..=255).zip(table) {
            *entry = match high <= low {
                true => value,
                false => (f64::from(value) * scale + offset) as u8,
            };
        }
    }
    look_up(image, &tables);
}

/// Bytes of a whole number of pixels and of SIMD registers.
const PERIOD: usize = 96;

for_avx2! {
    /// Smallest and largest value of each channel.
    fn extremes(image: &[u8]) -> ([u8; 3], [u8; 3]) {
        let (mut low, mut high) = ([255; PERIOD], [0; PERIOD]);
        let (chunks, rest) = image.as_chunks::<PERIOD>();
        for chunk in chunks {
            for at in 0..PERIOD {
                low[at] = low[at].min(chunk[at]);
                high[at] = high[at].max(chunk[at]);
            }
        }
        for (at, &value) in rest.iter().enumerate() {
            low[at] = low[at].min(value);
            high[at] = high[at].max(value);
        }
        let (mut lows, mut highs) = ([255; 3], [0; 3]);
        for at in 0..PERIOD {
            lows[at % 3] = low[at].min(lows[at % 3]);
            highs[at % 3] = high[at].max(highs[at % 3]);
        }
        (lows, highs)
    }
}

/// Makes the values of each channel equally frequent.
pub(super) fn equalize(image: &mut [u8]) {
    let histograms = histograms(image);
    let mut tables = [[0; 256]; 3];
    for (table, histogram) in tables.iter_mut().zip(&histograms) {
        let total: u64 = histogram.iter().map(|&count| u64::from(count)).sum();
        let last = histogram.iter().rfind(|&&count| count > 0);
        let step = (total - last.map_or(0, |&count| u64::from(count))) / 255;
        let mut sum = step / 2;
        for (value, entry) in (0u8..=255).zip(table) {
            *entry = match step {
                0 => value,
                _ => (sum / step).min(255) as u8,
            };
            sum += u64::from(histogram[usize::from(value)]);
        }
    }
    look_up(image, &tables);
}

/// Counts of each channel's values; neighbours count apart, for equal ones would wait for each other.
fn histograms(image: &[u8]) -> [[u32; 256]; 3] {
    let mut counts = [[0u32; 256]; 6];
    let (pairs, rest) = image.as_chunks::<6>();
    for pair in pairs {
        for (at, &value) in pair.iter().enumerate() {
            counts[at][usize::from(value)] += 1;
        }
    }
    for (at, &value) in rest.iter().enumerate() {
        counts[at][usize::from(value)] += 1;
    }
    std::array::from_fn(|channel| {
        std::array::from_fn(|value| counts[channel][value] + counts[channel + 3][value])
    })
}
