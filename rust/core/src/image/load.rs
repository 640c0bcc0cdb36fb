//! The hot path: from a file's bytes to one cropped, resized, flipped image.

use super::decode::{Decode, decode_stored};
use super::format::Format;
use super::geometry::{Geometry, View};
use super::jpeg::Jpeg;
use super::patch::Patch;
use super::resize::{Rounding, Source, need, sample};
use super::scratch::Scratch;
use super::turn::Turn;
use crate::Result;
use crate::rng::Stream;

/// How every image of a data set is loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Crop, size and flip.
    pub geometry: Geometry,
    /// Orientation and limits.
    pub decode: Decode,
    /// Decode and resize in full, bit for bit as Pillow does, instead of only what the crop
    /// needs at the smallest sufficient scale.
    pub exact: bool,
}

/// What [`Load::run`] tells of an image beside its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Loaded {
    /// What was drawn for it.
    pub view: View,
    /// Whether its file ends early, so that gray may stand for pixels: see [`Truncated::Keep`](super::Truncated).
    pub truncated: bool,
}

impl Load {
    /// Loads one image into `out` (`height * width * 3` bytes, RGB8) and tells what was drawn.
    ///
    /// # Errors
    /// What [`super::decode()`] gives, or `Recipe` when the geometry does not fit the image.
    pub fn run(
        &self,
        bytes: &[u8],
        stream: &mut Stream,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<Loaded> {
        let result = self.load(bytes, stream, scratch, out);
        scratch.settle();
        result
    }

    /// Draws for a stored image of `width` x `height`; gives the view, and its box in stored pixels.
    fn draw(
        &self,
        width: u32,
        height: u32,
        turn: Turn,
        stream: &mut Stream,
    ) -> Result<(View, View)> {
        let (turned_width, turned_height) = turn.size(width, height);
        let view = self.geometry.draw(turned_width, turned_height, stream);
        let view = self.geometry.fit(&view, turned_width, turned_height)?;
        Ok((view, turn.stored_box(&view, width, height)))
    }

    fn size(&self) -> (u32, u32) {
        (self.geometry.width, self.geometry.height)
    }

    fn rounding(&self) -> Rounding {
        match self.exact {
            true => Rounding::Pillow,
            false => Rounding::Fast,
        }
    }

    fn load(
        &self,
        bytes: &[u8],
        stream: &mut Stream,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<Loaded> {
        let decoded = if !self.exact && Format::of(bytes)? == Format::Jpeg {
            self.decode_jpeg(bytes, stream, scratch)?
        } else {
            self.decode_whole(bytes, stream, scratch)?
        };
        let Scratch {
            convolver,
            small,
            pixels,
            ..
        } = scratch;
        let source = Source {
            pixels,
            patch: decoded.patch,
            scale: decoded.scale,
        };
        sample(
            &source,
            &decoded.stored,
            &decoded.wanted,
            decoded.turn.then_flip(decoded.view.flip),
            self.size(),
            (self.geometry.filter, self.rounding()),
            convolver,
            small,
            out,
        )?;
        Ok(Loaded {
            view: decoded.view,
            truncated: decoded.truncated,
        })
    }

    /// Decodes what the drawn view needs, at the smallest scale that covers the target.
    fn decode_jpeg(
        &self,
        bytes: &[u8],
        stream: &mut Stream,
        scratch: &mut Scratch,
    ) -> Result<Decoded> {
        let limits = &self.decode.limits;
        limits.check_length(bytes)?;
        let (decompressor, pixels) = scratch.jpeg()?;
        let jpeg = Jpeg::open(decompressor, bytes, self.decode.truncated)?;
        let header = jpeg.header;
        limits.check(&header)?;
        let turn = self.decode.turn(&header);
        let (view, stored) = self.draw(header.width, header.height, turn, stream)?;
        let (width, height) = turn.size(self.geometry.width, self.geometry.height);
        let eighths = smallest_scale(&stored, width, height);
        let scale = f64::from(eighths) / 8.0;
        let scaled = |side: u32| (u64::from(side) * u64::from(eighths)).div_ceil(8) as u32;
        let wanted = need(
            &stored,
            scale,
            scaled(header.width),
            scaled(header.height),
            width,
            height,
            self.geometry.filter,
        )?;
        let part = jpeg.decode_part(limits, eighths, &wanted, pixels)?;
        Ok(Decoded {
            patch: part.patch,
            truncated: part.truncated,
            scale,
            wanted,
            view,
            stored,
            turn,
        })
    }

    /// Decodes everything, then draws.
    fn decode_whole(
        &self,
        bytes: &[u8],
        stream: &mut Stream,
        scratch: &mut Scratch,
    ) -> Result<Decoded> {
        let (header, truncated) = decode_stored(bytes, &self.decode, scratch)?;
        let mut turn = self.decode.turn(&header);
        let (mut width, mut height) = (header.width, header.height);
        if turn.transpose {
            // The two passes of a resize round; only on upright pixels do they round as Pillow's.
            let pixels = &scratch.pixels[..width as usize * height as usize * 3];
            let mut turned = vec![0; pixels.len()];
            turn.apply(pixels, width, height, &mut turned);
            scratch.pixels = turned;
            (width, height) = turn.size(width, height);
            turn = Turn::NONE;
        }
        let (view, stored) = self.draw(width, height, turn, stream)?;
        let (out_w, out_h) = self.size();
        let wanted = need(
            &stored,
            1.0,
            width,
            height,
            out_w,
            out_h,
            self.geometry.filter,
        )?;
        let patch = Patch {
            left: 0,
            top: 0,
            width,
            height,
        };
        Ok(Decoded {
            patch,
            truncated,
            scale: 1.0,
            wanted,
            view,
            stored,
            turn,
        })
    }
}

/// What lies in the scratch's pixels, and what is to be made of it.
struct Decoded {
    /// The part of the scaled image that they are.
    patch: Patch,
    /// Whether the file ends early.
    truncated: bool,
    /// Scaled size over stored size.
    scale: f64,
    /// The part of the scaled image that the resize may look at.
    wanted: Patch,
    /// What was drawn, and its box in stored pixels.
    view: View,
    stored: View,
    /// From stored to upright.
    turn: Turn,
}

/// The smallest of 1/8, 2/8, 4/8, 8/8 at which the box still covers the target in both directions.
///
/// The other eighths exist, but have no SIMD transform and cost more than the full size.
fn smallest_scale(stored: &View, width: u32, height: u32) -> u32 {
    [1, 2, 4]
        .into_iter()
        .find(|&eighths| {
            let scale = f64::from(eighths) / 8.0;
            stored.width * scale >= f64::from(width) && stored.height * scale >= f64::from(height)
        })
        .unwrap_or(8)
}
