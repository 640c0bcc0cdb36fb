//! Full decoding of every format.

use super::format::Format;
use super::header::{Header, Limits, Truncated};
use super::jpeg::Jpeg;
use super::scratch::Scratch;
use super::turn::Turn;
use super::{png, webp};
use crate::{Error, Result};

/// What to do with the orientation that a camera wrote into EXIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exif {
    /// Pixels as stored, like Pillow and the papers' pipelines.
    #[default]
    Ignore,
    /// Upright, like `ImageOps.exif_transpose`.
    Apply,
}

/// How to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decode {
    /// Orientation.
    pub exif: Exif,
    /// Limits on the header.
    pub limits: Limits,
    /// JPEGs that end early.
    pub truncated: Truncated,
}

impl Decode {
    /// The turn that `header`'s orientation asks for.
    pub(crate) fn turn(&self, header: &Header) -> Turn {
        match self.exif {
            Exif::Ignore => Turn::NONE,
            Exif::Apply => Turn::from_exif(header.orientation),
        }
    }
}

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// RGB8, row by row: `height * width * 3` bytes.
    pub data: Vec<u8>,
}

/// Reads a file's header and checks that it is an image we read. No pixels are decoded.
///
/// # Errors
/// `Decode`, `Truncated` or `Unsupported`, saying what the bytes are instead.
pub fn probe(bytes: &[u8]) -> Result<Header> {
    match Format::of(bytes)? {
        Format::Jpeg => jpeg_header(bytes, Truncated::Raise),
        Format::Png => png::probe(bytes),
        Format::WebP => webp::probe(bytes),
    }
}

fn jpeg_header(bytes: &[u8], truncated: Truncated) -> Result<Header> {
    Scratch::kept(|scratch| Ok(Jpeg::open(scratch.jpeg()?.0, bytes, truncated)?.header))
}

/// Width and height of an image as it is decoded, of its first bytes, if they hold its header.
pub(crate) fn oriented_size(head: &[u8], options: &Decode) -> Result<(u32, u32)> {
    let header = match Format::of(head)? {
        Format::Jpeg => jpeg_header(head, Truncated::Keep)?,
        _ => probe(head)?,
    };
    let turned = options.turn(&header).transpose;
    Ok(match turned {
        true => (header.height, header.width),
        false => (header.width, header.height),
    })
}

/// Decodes a whole image, as stored, into `scratch.pixels`; says whether it ends early.
pub(crate) fn decode_stored(
    bytes: &[u8],
    options: &Decode,
    scratch: &mut Scratch,
) -> Result<(Header, bool)> {
    let limits = &options.limits;
    limits.check_length(bytes)?;
    match Format::of(bytes)? {
        Format::Jpeg => {
            let (decompressor, [pixels, _]) = scratch.jpeg()?;
            let jpeg = Jpeg::open(decompressor, bytes, options.truncated)?;
            let header = jpeg.header;
            let part = jpeg.decode(limits, pixels)?;
            debug_assert_eq!(
                (part.of.width, part.of.height),
                (header.width, header.height)
            );
            Ok((header, part.truncated))
        }
        Format::Png => Ok((png::decode(bytes, limits, &mut scratch.pixels)?, false)),
        Format::WebP => Ok((webp::decode(bytes, limits, &mut scratch.pixels)?, false)),
    }
}

/// Decodes a whole image; equal to Pillow's `convert("RGB")`.
///
/// # Errors
/// `Decode`, `Truncated`, `Unsupported` or `TooLarge`.
pub fn decode(bytes: &[u8], options: &Decode) -> Result<Rgb> {
    let (header, mut data) = Scratch::kept(|scratch| {
        let (header, _) = decode_stored(bytes, options, scratch)?;
        Ok::<_, Error>((header, std::mem::take(&mut scratch.pixels)))
    })?;
    let turn = options.turn(&header);
    data.truncate(header.width as usize * header.height as usize * 3);
    let (width, height) = turn.size(header.width, header.height);
    if turn != Turn::NONE {
        let mut turned = vec![0; data.len()];
        turn.apply(&data, header.width, header.height, &mut turned);
        data = turned;
    }
    Ok(Rgb {
        width,
        height,
        data,
    })
}
