//! WebP through the `image-webp` crate.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::color::append_rgb;
use super::exif;
use super::format::Format;
use super::header::{Header, Limits, guarded};
use crate::{Error, Result};

pub(crate) fn probe(bytes: &[u8]) -> Result<Header> {
    guarded("WebP", || open(bytes).map(|(_, header)| header))
}

/// Decodes a whole WebP into `out`; of an animation, the first frame. Alpha is dropped.
pub(crate) fn decode(bytes: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<Header> {
    guarded("WebP", || {
        let (mut decoder, header) = open(bytes)?;
        limits.check(&header)?;
        let channels = usize::from(header.channels);
        let size = header.width as usize * header.height as usize * channels;
        decoder.set_memory_limit(size.saturating_mul(2).saturating_add(1 << 20));
        let refuse = |error| refusal(error, bytes.len());
        out.clear();
        if channels == 3 {
            out.resize(size, 0);
            decoder.read_image(out).map_err(refuse)?;
        } else {
            let mut samples = vec![0; size];
            decoder.read_image(&mut samples).map_err(refuse)?;
            out.reserve(3 * (size / 4));
            append_rgb(&samples, channels, out);
        }
        Ok(header)
    })
}

fn open(bytes: &[u8]) -> Result<(WebPDecoder<Cursor<&[u8]>>, Header)> {
    let refuse = |error| refusal(error, bytes.len());
    // The decoder would be content with an animation's first frame; libwebp is not.
    if let Some(&size) = bytes.get(4..).and_then(<[u8]>::first_chunk)
        && u32::from_le_bytes(size) as usize > bytes.len() - 8
    {
        return Err(truncated(bytes.len()));
    }
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    // A chunk may claim four gigabytes; none is longer than the file.
    decoder.set_memory_limit(bytes.len());
    // A broken metadata chunk is no reason to refuse the pixels.
    let block = decoder.exif_metadata().ok().flatten();
    let packet = decoder.xmp_metadata().ok().flatten();
    let orientation = exif::orientation(block.as_deref(), packet.as_deref());
    let header = Header {
        format: Format::WebP,
        width,
        height,
        orientation,
        channels: if decoder.has_alpha() { 4 } else { 3 },
        bits: 8,
        progressive: false,
    };
    Ok((decoder, header))
}

fn refusal(error: DecodingError, length: usize) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            truncated(length)
        }
        DecodingError::UnsupportedFeature(what) => {
            Error::Unsupported(format!("a kind of WebP we do not read: {what}"))
        }
        error => Error::Decode(format!("broken WebP: {error}")),
    }
}

fn truncated(length: usize) -> Error {
    Error::Truncated(format!(
        "the WebP ends before its last pixel ({length} bytes): download or copy it again"
    ))
}
