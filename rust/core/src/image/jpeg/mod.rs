//! JPEG through libjpeg-turbo's libjpeg interface.
//!
//! Not TurboJPEG's: libjpeg decodes sampling factors that TurboJPEG refuses, crops at any column, and says which error
//! it met. Where both can do the work they take the same time.

mod markers;
mod shim;

use crate::image::colour::inverted_cmyk_to_rgb;
use crate::image::decode::{Header, Limits};
use crate::image::exif;
use crate::image::format::Format;
use crate::image::scratch::Patch;
use crate::{Error, Result};

pub(crate) use shim::Decompressor;

/// Chroma upsampling looks this far beyond a column; the decoder replicates what it has not decoded.
const UPSAMPLING_REACH: u32 = 2;

/// An opened JPEG whose header is known to be readable and within limits.
pub(crate) struct Jpeg<'a> {
    image: shim::Image<'a>,
    length: usize,
    pub header: Header,
}

impl<'a> Jpeg<'a> {
    /// Reads and judges the header. Nothing that depends on the image's size is allocated.
    pub(crate) fn open(decompressor: &'a mut Decompressor, bytes: &'a [u8]) -> Result<Self> {
        let image = decompressor.open(bytes)?;
        let raw = image.header;
        let markers = markers::Markers::walk(bytes);
        if markers.frame == 0xC3 {
            return Err(Error::Unsupported(
                "a lossless JPEG (SOF3): convert it to PNG".into(),
            ));
        }
        if raw.bits != 8 {
            return Err(Error::Unsupported(format!(
                "a JPEG with {} bits a sample: convert it to 8 bits",
                raw.bits
            )));
        }
        if !matches!(raw.components, 1 | 3 | 4) {
            return Err(Error::Unsupported(format!(
                "a JPEG with {} components: we read gray, YCbCr or RGB, and CMYK or YCCK",
                raw.components
            )));
        }
        if !markers.ends(bytes) {
            return Err(shim::truncated(bytes.len()));
        }
        let orientation = markers
            .exif
            .map_or(1, |range| exif::orientation(&bytes[range]));
        let header = Header {
            format: Format::Jpeg,
            width: raw.width,
            height: raw.height,
            orientation,
            channels: raw.components as u8,
            bits: raw.bits as u8,
            progressive: raw.progressive != 0,
        };
        Ok(Self {
            image,
            length: bytes.len(),
            header,
        })
    }

    /// Decodes the whole image into `out`.
    pub(crate) fn decode(self, limits: &Limits, out: &mut Vec<u8>) -> Result<Patch> {
        let whole = Patch {
            left: 0,
            top: 0,
            width: self.header.width,
            height: self.header.height,
        };
        self.decode_part(limits, 8, &whole, out)
    }

    /// Decodes, at `scale`/8, a part that holds at least `wanted` (in pixels of the scaled image).
    pub(crate) fn decode_part(
        mut self,
        limits: &Limits,
        scale: u32,
        wanted: &Patch,
        out: &mut Vec<u8>,
    ) -> Result<Patch> {
        limits.check(&self.header)?;
        let left = wanted.left.saturating_sub(UPSAMPLING_REACH);
        let right = wanted
            .left
            .saturating_add(wanted.width)
            .saturating_add(UPSAMPLING_REACH);
        let scaled = (u64::from(self.header.width) * u64::from(scale)).div_ceil(8) as u32;
        let width = right.min(scaled) - left;
        let columns = self
            .image
            .start(scale, limits.max_scans, left, width, self.length)?;
        let size = columns.width as usize * wanted.height as usize * columns.channels as usize;
        // A buffer that is large enough costs nothing; a new one comes zeroed from the system, where growing would
        // copy and fill.
        if out.len() < size {
            *out = vec![0; size];
        }
        self.image.rows(
            &columns,
            wanted.top,
            wanted.height,
            &mut out[..size],
            self.length,
        )?;
        if columns.channels == 4 {
            inverted_cmyk_to_rgb(&mut out[..size]);
        }
        Ok(Patch {
            left: columns.left,
            top: wanted.top,
            width: columns.width,
            height: wanted.height,
        })
    }
}
