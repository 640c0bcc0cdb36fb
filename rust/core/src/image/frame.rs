//! Where an image comes to lie in the target when all of it is shown, whatever its shape: Pillow's `ImageOps.pad`.

use super::geometry::View;

/// The part of a target that an image's pixels fill; the rest is filled with one color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Width and height of the part.
    pub size: (u32, u32),
    /// Its left and upper edge.
    pub at: (u32, u32),
}

impl Frame {
    /// All of a target.
    pub(crate) fn whole(target: (u32, u32)) -> Self {
        Self {
            size: target,
            at: (0, 0),
        }
    }

    /// The largest part in the middle of a target that has the shape of an image of `width` x `height`.
    pub(crate) fn contain(target: (u32, u32), width: u32, height: u32) -> Self {
        let (w, h) = (f64::from(width), f64::from(height));
        let (across, down) = (f64::from(target.0), f64::from(target.1));
        // Pillow: round(height / width * target width), halves to even; a side of no pixels it refuses.
        let side = |side: f64, limit: u32| (side.round_ties_even() as u32).clamp(1, limit);
        let size = if w / h > across / down {
            (target.0, side(h / w * across, target.1))
        } else if w / h < across / down {
            (side(w / h * down, target.0), target.1)
        } else {
            target
        };
        let middle = |free: u32| (f64::from(free) * 0.5).round_ties_even() as u32;
        Self {
            size,
            at: (middle(target.0 - size.0), middle(target.1 - size.1)),
        }
    }

    /// The whole target, seen from the image of `width` x `height`: a box that goes beyond it where it is padded.
    pub(crate) fn seen(self, target: (u32, u32), width: u32, height: u32) -> View {
        let step = |side: u32, filled: u32| f64::from(side) / f64::from(filled);
        let (across, down) = (step(width, self.size.0), step(height, self.size.1));
        View {
            left: 0.0 - f64::from(self.at.0) * across,
            top: 0.0 - f64::from(self.at.1) * down,
            width: f64::from(target.0) * across,
            height: f64::from(target.1) * down,
            flip: false,
            inside: false,
        }
    }

    /// Writes the image into a target of one color, at its place from the other side when mirrored.
    pub(crate) fn paste(
        self,
        image: &[u8],
        target: (u32, u32),
        mirrored: bool,
        fill: [u8; 3],
        out: &mut [u8],
    ) {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (left, top) = match mirrored {
            true => (target.0 - self.size.0 - self.at.0, self.at.1),
            false => self.at,
        };
        for pixel in out.chunks_exact_mut(3) {
            pixel.copy_from_slice(&fill);
        }
        let rows = out.chunks_exact_mut(target.0 as usize * 3);
        let filled = rows.skip(top as usize).take(height);
        for (row, pixels) in filled.zip(image.chunks_exact(width * 3)) {
            row[left as usize * 3..][..width * 3].copy_from_slice(pixels);
        }
    }
}
