//! PNG through the `png` crate.

use std::io::Cursor;

use ::png::{ColorType, Decoder, DecodingError, Reader, Transformations};

use super::colour::append_rgb;
use super::exif;
use super::format::Format;
use super::header::{Header, Limits, guarded};
use crate::{Error, Result};

pub(crate) fn probe(bytes: &[u8]) -> Result<Header> {
    guarded("PNG", || open(bytes, None).map(|(_, header)| header))
}

/// Decodes a whole PNG into `out`: palette and low depths expanded, 16 bits cut to the high byte, alpha dropped.
pub(crate) fn decode(bytes: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<Header> {
    guarded("PNG", || {
        let (mut reader, header) = open(bytes, Some(limits))?;
        let channels = reader.output_color_type().0.samples();
        let size = header.width as usize * header.height as usize * channels;
        if reader.output_buffer_size() != Some(size) {
            return Err(Error::Internal("unexpected PNG row layout".into()));
        }
        out.clear();
        if channels == 3 {
            out.resize(size, 0);
            reader
                .next_frame(out)
                .map_err(|error| refusal(error, bytes.len()))?;
        } else {
            let mut samples = vec![0; size];
            reader
                .next_frame(&mut samples)
                .map_err(|error| refusal(error, bytes.len()))?;
            out.reserve(3 * (size / channels));
            append_rgb(&samples, channels, out);
        }
        Ok(header)
    })
}

/// Reads everything before the pixels.
fn open<'a>(
    bytes: &'a [u8],
    limits: Option<&Limits>,
) -> Result<(Reader<Cursor<&'a [u8]>>, Header)> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let refuse = |error| refusal(error, bytes.len());
    let info = decoder.read_header_info().map_err(refuse)?;
    let mut header = Header {
        format: Format::Png,
        width: info.width,
        height: info.height,
        orientation: 1,
        channels: match info.color_type {
            ColorType::Grayscale | ColorType::Indexed => 1,
            ColorType::GrayscaleAlpha => 2,
            ColorType::Rgb => 3,
            ColorType::Rgba => 4,
        },
        bits: info.bit_depth as u8,
        progressive: info.interlaced,
    };
    if let Some(limits) = limits {
        limits.check(&header)?;
    }
    let reader = decoder.read_info().map_err(refuse)?;
    header.orientation = reader
        .info()
        .exif_metadata
        .as_deref()
        .map_or(1, exif::orientation);
    Ok((reader, header))
}

fn refusal(error: DecodingError, length: usize) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated(format!(
                "the PNG ends before its last pixel ({length} bytes): download or copy it again"
            ))
        }
        DecodingError::LimitsExceeded => {
            Error::TooLarge("a PNG whose chunks ask for more memory than its size needs".into())
        }
        error => Error::Decode(format!("broken PNG: {error}")),
    }
}
