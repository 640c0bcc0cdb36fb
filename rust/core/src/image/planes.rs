//! An image as the fast path's decoder leaves it: plane after plane, chroma as coarse as the file has it.

use super::patch::Patch;

/// Bytes that follow the last sample, so that kernels may read on.
pub(crate) const ROOM: usize = 64;

/// How a buffer holds an image's planes: one after the other, rows without space between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planes {
    /// Which pixels there are.
    pub patch: Patch,
    /// What they are made of.
    pub color: Color,
}

/// The planes that pixels are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// One.
    Gray,
    /// Red, green and blue.
    Rgb,
    /// Luma, then blue's and red's chroma.
    YCbCr(Chroma),
}

/// Planes that have a sample for some pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chroma {
    /// Which samples there are.
    pub patch: Patch,
    /// Pixels a sample, across and down.
    pub pixels: [u32; 2],
    /// Width and height of the scaled image, in pixels.
    pub full: (u32, u32),
}

impl Planes {
    /// Which samples the second and the third plane hold.
    pub(crate) fn others(&self) -> Patch {
        match self.color {
            Color::Gray => Patch::default(),
            Color::Rgb => self.patch,
            Color::YCbCr(chroma) => chroma.patch,
        }
    }

    /// Bytes of all planes, and of the room behind them.
    pub(crate) fn bytes(&self) -> usize {
        self.patch.bytes() + 2 * self.others().bytes() + ROOM
    }

    /// The planes' bytes, and which samples they hold; those that are not there are empty.
    pub(crate) fn split<'a>(&self, buffer: &'a mut [u8]) -> [(Patch, &'a mut [u8]); 3] {
        let others = self.others();
        let (first, rest) = buffer.split_at_mut(self.patch.bytes());
        let (second, rest) = rest.split_at_mut(others.bytes());
        let third = &mut rest[..others.bytes()];
        [(self.patch, first), (others, second), (others, third)]
    }
}

/// Takes the planes of `wanted` out of rows of pixels of `channels` bytes, which are those of `patch`.
pub(crate) fn split(
    rows: &[u8],
    patch: &Patch,
    wanted: &Patch,
    channels: usize,
    color: impl Fn(&[u8]) -> [u8; 3],
    planes: [(Patch, &mut [u8]); 3],
) {
    let (x, y) = (wanted.left - patch.left, wanted.top - patch.top);
    let width = (wanted.width as usize).max(1);
    let rows = rows.chunks_exact(channels * patch.width as usize);
    let [red, green, blue] = planes.map(|(_, plane)| plane.chunks_exact_mut(width));
    for (row, ((red, green), blue)) in rows.skip(y as usize).zip(red.zip(green).zip(blue)) {
        let pixels = row[channels * x as usize..].chunks_exact(channels);
        for (pixel, ((red, green), blue)) in pixels.zip(red.iter_mut().zip(green).zip(blue)) {
            [*red, *green, *blue] = color(pixel);
        }
    }
}

impl Chroma {
    /// Which samples of an image of `full` pixels the pixels of `patch` are made of.
    pub(crate) fn under(pixels: [u32; 2], patch: &Patch, full: (u32, u32)) -> Patch {
        let (left, width) = samples(patch.left, patch.width, pixels[0], full.0);
        let (top, height) = samples(patch.top, patch.height, pixels[1], full.1);
        Patch {
            left,
            top,
            width,
            height,
        }
    }
}

/// The first sample that some of a side's `full` pixels are made of, and how many; see [`super::convolve`].
fn samples(first: u32, count: u32, pixels: u32, full: u32) -> (u32, u32) {
    let end = first + count;
    let (low, high) = match pixels {
        2 => (first.saturating_sub(1) / 2, end / 2 + 1),
        _ => (first / pixels, end.div_ceil(pixels)),
    };
    (low, high.min(full.div_ceil(pixels)) - low)
}
