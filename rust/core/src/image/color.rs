//! Samples of other color types, as RGB8. The arithmetic is Pillow's, so that the results are equal.

/// Adobe's inverted CMYK to RGB, written over the start of the same buffer; returns the RGB length.
pub(crate) fn inverted_cmyk_to_rgb(buffer: &mut [u8]) -> usize {
    let pixels = buffer.len() / 4;
    for pixel in 0..pixels {
        let inks = [0, 1, 2, 3].map(|channel| buffer[4 * pixel + channel]);
        buffer[3 * pixel..][..3].copy_from_slice(&inverted_inks(inks));
    }
    3 * pixels
}

/// The color of inverted inks.
///
/// Pillow reads every four-component JPEG as inverted ("CMYK;I") and converts without a profile:
/// `R = 255 - K - C * (255 - K) / 255`, rounded as `MULDIV255` does.
pub(crate) fn inverted_inks([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    let k = u32::from(k);
    [c, m, y].map(|ink| {
        let product = (255 - u32::from(ink)) * k + 128;
        let covered = ((product >> 8) + product) >> 8;
        k.saturating_sub(covered) as u8
    })
}

/// Appends `samples` with `channels` (1 gray, 2 gray + alpha, 3 RGB, 4 RGBA) to `out` as RGB; alpha is dropped.
pub(crate) fn append_rgb(samples: &[u8], channels: usize, out: &mut Vec<u8>) {
    match channels {
        1 => out.extend(samples.iter().flat_map(|&gray| [gray; 3])),
        2 => out.extend(samples.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3])),
        4 => out.extend(
            samples
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]),
        ),
        _ => out.extend_from_slice(samples),
    }
}
