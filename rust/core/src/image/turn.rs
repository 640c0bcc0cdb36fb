//! The eight ways an image can be turned and mirrored.

use super::geometry::View;

/// A symmetry of the rectangle: swap the axes, then mirror the stored columns and rows.
///
/// With `(p, q) = (y, x)` if `transpose` else `(x, y)`, pixel `(x, y)` of the result is stored pixel
/// `(mirror_x ? width - 1 - p : p, mirror_y ? height - 1 - q : q)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub transpose: bool,
    pub mirror_x: bool,
    pub mirror_y: bool,
}

impl Turn {
    pub(crate) const NONE: Self = Self {
        transpose: false,
        mirror_x: false,
        mirror_y: false,
    };

    /// The turn that sets an image with this EXIF orientation upright.
    pub(crate) fn from_exif(orientation: u8) -> Self {
        let (transpose, mirror_x, mirror_y) = match orientation {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (true, true, false),
            _ => (false, false, false),
        };
        Self {
            transpose,
            mirror_x,
            mirror_y,
        }
    }

    /// This turn followed by a horizontal mirror of the result.
    pub(crate) fn then_flip(self, flip: bool) -> Self {
        if self.transpose {
            Self {
                mirror_y: self.mirror_y ^ flip,
                ..self
            }
        } else {
            Self {
                mirror_x: self.mirror_x ^ flip,
                ..self
            }
        }
    }

    /// The size of the turned image (or, equally, of the stored one).
    pub(crate) fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.transpose {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where a box of the turned image lies in the stored image of `width` x `height`.
    pub(crate) fn stored_box(self, view: &View, width: u32, height: u32) -> View {
        let mut stored = *view;
        if self.transpose {
            (stored.left, stored.top) = (view.top, view.left);
            (stored.width, stored.height) = (view.height, view.width);
        }
        if self.mirror_x {
            stored.left = f64::from(width) - stored.left - stored.width;
        }
        if self.mirror_y {
            stored.top = f64::from(height) - stored.top - stored.height;
        }
        stored
    }

    /// Turns an RGB8 image of `width` x `height`; both slices hold exactly its bytes.
    pub(crate) fn apply(self, src: &[u8], width: u32, height: u32, out: &mut [u8]) {
        let (width, height) = (width as usize, height as usize);
        if width == 0 || height == 0 {
            return;
        }
        let rows = || src.chunks_exact(3 * width);
        if !self.transpose {
            for (y, to) in out.chunks_exact_mut(3 * width).enumerate() {
                let y = if self.mirror_y { height - 1 - y } else { y };
                let from = &src[3 * width * y..][..3 * width];
                if self.mirror_x {
                    mirror_row(from, to)
                } else {
                    to.copy_from_slice(from)
                }
            }
            return;
        }
        for (q, from) in rows().enumerate() {
            let x = if self.mirror_y { height - 1 - q } else { q };
            for (p, pixel) in from.chunks_exact(3).enumerate() {
                let y = if self.mirror_x { width - 1 - p } else { p };
                out[3 * (y * height + x)..][..3].copy_from_slice(pixel);
            }
        }
    }
}

/// Copies a row of RGB8 pixels in reverse order.
fn mirror_row(from: &[u8], to: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let done = if is_x86_feature_detected!("ssse3") {
        // SAFETY: the CPU has the instructions.
        unsafe { mirror_fives(from, to) }
    } else {
        0
    };
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    let rest = to.len() - done;
    let pixels = from[done..].chunks_exact(3);
    for (pixel, mirrored) in pixels.zip(to[..rest].chunks_exact_mut(3).rev()) {
        mirrored.copy_from_slice(pixel);
    }
}

/// Mirrors as many lots of five pixels as there are room for whole registers; returns how many bytes it read.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3")]
fn mirror_fives(from: &[u8], to: &mut [u8]) -> usize {
    use std::arch::x86_64::{_mm_loadu_si128, _mm_setr_epi8, _mm_shuffle_epi8, _mm_storeu_si128};
    let order = _mm_setr_epi8(-1, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2);
    let length = from.len().min(to.len());
    let mut done = 0;
    // The sixteenth byte read belongs to the next pixel, and the first one written is overwritten by the next lot.
    while done + 16 <= length {
        // SAFETY: 16 bytes from `done` on lie inside `from`, and 16 bytes up to `length - done` inside `to`.
        unsafe {
            let pixels = _mm_loadu_si128(from.as_ptr().add(done).cast());
            let mirrored = _mm_shuffle_epi8(pixels, order);
            _mm_storeu_si128(to.as_mut_ptr().add(length - done - 16).cast(), mirrored);
        }
        done += 15;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Corner names, as a photograph held upright would show them: EXIF 2.32, figure "Orientation".
    #[test]
    fn sets_every_orientation_upright() {
        // Stored images of the letter grid a b c / d e f whose orientation tag is the index.
        let upright = b"abcdef";
        let stored: [(&[u8], u32, u32); 8] = [
            (b"abcdef", 3, 2),
            (b"cbafed", 3, 2),
            (b"fedcba", 3, 2),
            (b"defabc", 3, 2),
            (b"adbecf", 2, 3),
            (b"cfbead", 2, 3),
            (b"fcebda", 2, 3),
            (b"daebfc", 2, 3),
        ];
        for (index, (grid, width, height)) in stored.into_iter().enumerate() {
            let turn = Turn::from_exif(index as u8 + 1);
            let pixels: Vec<u8> = grid.iter().flat_map(|&letter| [letter; 3]).collect();
            let mut out = vec![0; pixels.len()];
            turn.apply(&pixels, width, height, &mut out);
            let letters: Vec<u8> = out.chunks(3).map(|pixel| pixel[0]).collect();
            assert_eq!(letters, upright, "orientation {}", index + 1);
            assert_eq!(turn.size(width, height), (3, 2));
        }
    }

    #[test]
    fn rows_of_any_length_are_mirrored() {
        for pixels in 0..40usize {
            let row: Vec<u8> = (0..3 * pixels as u8).collect();
            let mut mirrored = vec![255; row.len()];
            mirror_row(&row, &mut mirrored);
            let expected: Vec<u8> = row.chunks(3).rev().flatten().copied().collect();
            assert_eq!(mirrored, expected);
        }
    }

    #[test]
    fn boxes_follow_their_pixels() {
        for orientation in 1..=8 {
            for flip in [false, true] {
                let turn = Turn::from_exif(orientation).then_flip(flip);
                let (width, height) = (5, 4);
                let pixels: Vec<u8> = (0..width * height).flat_map(|i| [i as u8; 3]).collect();
                let mut out = vec![0; pixels.len()];
                turn.apply(&pixels, width, height, &mut out);
                let (turned, _) = turn.size(width, height);
                for (x, y) in [(0, 0), (1, 0), (2, 3), (3, 2)] {
                    let view = View {
                        left: x as f64,
                        top: y as f64,
                        width: 1.0,
                        height: 1.0,
                        flip: false,
                        inside: true,
                    };
                    let stored = turn.stored_box(&view, width, height);
                    let at = stored.top as usize * width as usize + stored.left as usize;
                    assert_eq!(
                        out[3 * (y * turned as usize + x)],
                        pixels[3 * at],
                        "{orientation} {flip} {x} {y}"
                    );
                }
            }
        }
    }
}
