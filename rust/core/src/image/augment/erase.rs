//! Random erasing (Zhong et al. 2017), with torchvision's way to draw the box.

use crate::rng::Stream;

/// Draws left, top, width and height of a box; `None` when ten attempts leave the image.
pub(super) fn draw(
    width: u32,
    height: u32,
    scale: (f64, f64),
    ratio: (f64, f64),
    stream: &mut Stream,
) -> Option<[u32; 4]> {
    let area = f64::from(width) * f64::from(height);
    for _ in 0..10 {
        let wanted = area * stream.uniform(scale.0, scale.1);
        let aspect = stream.uniform(ratio.0.ln(), ratio.1.ln()).exp();
        let rows = (wanted * aspect).sqrt().round_ties_even() as u32;
        let columns = (wanted / aspect).sqrt().round_ties_even() as u32;
        if rows < height && columns < width {
            let top = stream.below(u64::from(height - rows) + 1) as u32;
            let left = stream.below(u64::from(width - columns) + 1) as u32;
            return Some([left, top, columns, rows]);
        }
    }
    None
}

/// Fills the part of a box that lies in the image.
pub(super) fn fill(image: &mut [u8], width: usize, area: [u32; 4], color: [u8; 3]) {
    let [left, top, columns, rows] = area.map(|side| side as usize);
    let (left, right) = (left.min(width), left.saturating_add(columns).min(width));
    let rows = image
        .chunks_exact_mut(width.max(1) * 3)
        .skip(top)
        .take(rows);
    for row in rows {
        for pixel in row[left * 3..right * 3].chunks_exact_mut(3) {
            pixel.copy_from_slice(&color);
        }
    }
}
