//! What a file's header says, and what it may say.

use super::format::Format;
use crate::panic::caught;
use crate::{Error, Result};

/// What an image may ask for. Checked on the header, before anything that depends on its size is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height, in pixels.
    pub max_pixels: u64,
    /// Length of the encoded file.
    pub max_bytes: usize,
    /// Scans of a JPEG; thousands of them are a decompression bomb. Each goes over all pixels, so that an image of
    /// `max_pixels` may have 32, and a smaller one as many more as it is smaller.
    pub max_scans: u32,
}

/// A cautious encoder writes a dozen; this many that say nothing take about two seconds for the default `max_pixels`.
const SCANS_OF_THE_LARGEST: u64 = 32;

/// What is done with a JPEG that ends before its last pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Truncated {
    /// It is an error.
    #[default]
    Raise,
    /// What there is of it is kept, and the rest is gray, as Pillow's `LOAD_TRUNCATED_IMAGES` has it.
    Keep,
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

    /// How many scans an image of this size may have.
    pub(crate) fn scans(&self, header: &Header) -> u32 {
        let pixels = u64::from(header.width) * u64::from(header.height);
        let scans = self.max_pixels.saturating_mul(SCANS_OF_THE_LARGEST) / pixels.max(1);
        u32::try_from(scans).unwrap_or(u32::MAX).min(self.max_scans)
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

/// Runs a decoder that may panic on malicious bytes; a panic becomes an error.
pub(crate) fn guarded<T>(format: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|_| {
        Err(Error::Decode(format!(
            "broken {format}: the decoder gave up on it"
        )))
    })
}
