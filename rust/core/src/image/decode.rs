//! Headers, limits and full decoding of every format.

use super::format::Format;
use super::jpeg::Jpeg;
use super::scratch::{Patch, Scratch};
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

/// What an image may ask for. Checked on the header, before anything that depends on its size is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height, in pixels.
    pub max_pixels: u64,
    /// Length of the encoded file.
    pub max_bytes: usize,
    /// Scans of a progressive JPEG; thousands of them are a decompression bomb.
    pub max_scans: u32,
}

impl Default for Limits {
    fn default() -> Self {
        // Pillow's error threshold, 2 * (1 GiB // 4 // 3), for max_pixels.
        Self {
            max_pixels: 178_956_970,
            max_bytes: 1 << 30,
            max_scans: 500,
        }
    }
}

impl Limits {
    pub(crate) fn check_length(&self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.max_bytes {
            return Err(Error::TooLarge(format!(
                "the file has {} bytes, more than max_bytes={} allows",
                bytes.len(),
                self.max_bytes
            )));
        }
        Ok(())
    }

    pub(crate) fn check(&self, header: &Header) -> Result<()> {
        let (width, height) = (header.width, header.height);
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(Error::Decode(format!(
                "an image without pixels ({width}x{height})"
            )));
        }
        if pixels > self.max_pixels {
            return Err(Error::TooLarge(format!(
                "the header says {width}x{height}: {pixels} pixels, more than max_pixels={} allows; \
                 raise max_pixels if the file is meant to be that large",
                self.max_pixels
            )));
        }
        Ok(())
    }
}

/// What a file's header says, as stored: before EXIF orientation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The file's format.
    pub format: Format,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// EXIF orientation, 1 to 8; 1 when there is none.
    pub orientation: u8,
    /// Samples a pixel: 1 (gray or palette) to 4.
    pub channels: u8,
    /// Bits a sample.
    pub bits: u8,
    /// Whether a JPEG is progressive or a PNG interlaced.
    pub progressive: bool,
}

/// How to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decode {
    /// Orientation.
    pub exif: Exif,
    /// Limits on the header.
    pub limits: Limits,
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
        Format::Jpeg => {
            let mut scratch = Scratch::default();
            Ok(Jpeg::open(scratch.jpeg()?.0, bytes)?.header)
        }
        Format::Png => png::probe(bytes),
        Format::WebP => webp::probe(bytes),
    }
}

/// Decodes a whole image, as stored, into `scratch.pixels`.
pub(crate) fn decode_stored(
    bytes: &[u8],
    limits: &Limits,
    scratch: &mut Scratch,
) -> Result<Header> {
    limits.check_length(bytes)?;
    match Format::of(bytes)? {
        Format::Jpeg => {
            let (decompressor, pixels) = scratch.jpeg()?;
            let jpeg = Jpeg::open(decompressor, bytes)?;
            let header = jpeg.header;
            let patch = jpeg.decode(limits, pixels)?;
            debug_assert_eq!(
                patch,
                Patch {
                    left: 0,
                    top: 0,
                    width: header.width,
                    height: header.height
                }
            );
            Ok(header)
        }
        Format::Png => png::decode(bytes, limits, &mut scratch.pixels),
        Format::WebP => webp::decode(bytes, limits, &mut scratch.pixels),
    }
}

/// Decodes a whole image; equal to Pillow's `convert("RGB")`.
///
/// # Errors
/// `Decode`, `Truncated`, `Unsupported` or `TooLarge`.
pub fn decode(bytes: &[u8], options: &Decode) -> Result<Rgb> {
    let mut scratch = Scratch::default();
    let header = decode_stored(bytes, &options.limits, &mut scratch)?;
    let turn = options.turn(&header);
    let mut data = std::mem::take(&mut scratch.pixels);
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

/// Runs a decoder that may panic on malicious bytes; a panic becomes an error.
pub(crate) fn guarded<T>(format: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::Decode(format!(
            "broken {format}: the decoder gave up on it"
        )))
    })
}
