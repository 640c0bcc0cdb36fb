//! WebP through libwebp, as Pillow decodes it.

mod demuxer;

use libwebp_sys as sys;

use self::demuxer::{Demuxer, Frame};
use super::exif;
use super::format::Format;
use super::header::{Header, Limits};
use crate::{Error, Result};

pub(crate) fn probe(bytes: &[u8]) -> Result<Header> {
    open(bytes).map(|(_, header)| header)
}

/// Decodes a whole WebP into `out`; of an animation, the first frame. Alpha is dropped.
pub(crate) fn decode(bytes: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<Header> {
    let (demuxer, header) = open(bytes)?;
    limits.check(&header)?;
    let frame = demuxer
        .first_frame()
        .ok_or_else(|| broken("it has no frame"))?;
    let (width, height) = (header.width as usize, header.height as usize);
    if frame.left + frame.width > width || frame.top + frame.height > height {
        return Err(broken("its first frame leaves the canvas"));
    }
    let stride = 3 * width;
    out.resize(stride * height, 0);
    if (frame.width, frame.height) != (width, height) {
        // What an animation's first frame leaves open is transparent black.
        out.fill(0);
    }
    let place = &mut out[stride * frame.top + 3 * frame.left..];
    paint(&frame, stride, place, bytes.len())?;
    Ok(header)
}

fn open(bytes: &[u8]) -> Result<(Demuxer<'_>, Header)> {
    if let Some(&size) = bytes.get(4..).and_then(<[u8]>::first_chunk)
        && u32::from_le_bytes(size) as usize > bytes.len() - 8
    {
        return Err(truncated(bytes.len()));
    }
    let demuxer = Demuxer::new(bytes).ok_or_else(|| broken("its chunks don't fit together"))?;
    let orientation = exif::orientation(demuxer.chunk(c"EXIF"), demuxer.chunk(c"XMP "));
    let header = Header {
        format: Format::WebP,
        width: demuxer.number(sys::WebPFormatFeature::WEBP_FF_CANVAS_WIDTH),
        height: demuxer.number(sys::WebPFormatFeature::WEBP_FF_CANVAS_HEIGHT),
        orientation,
        channels: if demuxer.has_alpha() { 4 } else { 3 },
        bits: 8,
        progressive: false,
    };
    Ok((demuxer, header))
}

/// Decodes a frame to where its first pixel lies in an RGB image whose rows are `stride` bytes apart; the file has
/// `length` bytes.
fn paint(frame: &Frame<'_>, stride: usize, out: &mut [u8], length: usize) -> Result<()> {
    use sys::VP8StatusCode as Status;
    let refused =
        || Error::Unsupported("a kind of WebP that this libwebp does not read".to_owned());
    let mut config = sys::WebPDecoderConfig::new().map_err(|()| refused())?;
    let (width, height) = (frame.width, frame.height);
    // SAFETY: `data` is readable for its length, and the structure writable.
    let seen = unsafe {
        sys::WebPGetFeatures(frame.data.as_ptr(), frame.data.len(), &raw mut config.input)
    };
    let same = (config.input.width, config.input.height) == (width as i32, height as i32);
    if seen == Status::VP8_STATUS_OK && !same {
        return Err(broken("its first frame is of another size than it says"));
    }
    config.output.colorspace = sys::WEBP_CSP_MODE::MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = sys::WebPRGBABuffer {
        rgba: out.as_mut_ptr(),
        stride: stride as i32,
        size: out.len(),
    };
    // SAFETY: `data` is readable for its length; `out` is writable for the size that is told, which libwebp asks for.
    let status = unsafe { sys::WebPDecode(frame.data.as_ptr(), frame.data.len(), &raw mut config) };
    match status {
        Status::VP8_STATUS_OK => Ok(()),
        Status::VP8_STATUS_SUSPENDED | Status::VP8_STATUS_NOT_ENOUGH_DATA => Err(truncated(length)),
        Status::VP8_STATUS_UNSUPPORTED_FEATURE => Err(refused()),
        // Which it says of some broken files, too.
        Status::VP8_STATUS_OUT_OF_MEMORY => Err(broken(&format!(
            "its pixels can't be decoded, or there is no memory for {width}x{height} of them"
        ))),
        _ => Err(broken("its pixels can't be decoded")),
    }
}

fn broken(reason: &str) -> Error {
    Error::Decode(format!("broken WebP: {reason}"))
}

fn truncated(length: usize) -> Error {
    Error::Truncated(format!(
        "the WebP ends before its last pixel ({length} bytes): download or copy it again"
    ))
}
