//! PNG through the `png` crate.

use std::io::Cursor;

use ::png::{ColorType, Decoder, DecodingError, Reader, Transformations};

use super::color::append_rgb;
use super::format::Format;
use super::header::{Header, Limits, guarded};
use super::png_repair::repaired;
use super::png_text;
use crate::{Error, Result};

/// What is said of pixels that are not what was packed.
const CHECKSUM: &str = "broken PNG: the checksum of its pixels is wrong; download or copy it again";

pub(crate) fn probe(bytes: &[u8]) -> Result<Header> {
    guarded("PNG", || {
        lenient(bytes, |bytes, strict| {
            open(bytes, None, strict).map(|(_, header)| header)
        })
    })
}

/// Decodes a whole PNG into `out`: palette and low depths expanded, 16 bits cut to the high byte, alpha dropped.
pub(crate) fn decode(bytes: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<Header> {
    guarded("PNG", || {
        lenient(bytes, |bytes, strict| {
            decode_pixels(bytes, limits, strict, out)
        })
    })
}

/// Reads a file, and where that fails once more as it is repaired. Pixels whose own checksum is missing are believed
/// where no chunk's speaks against them.
fn lenient(bytes: &[u8], mut read: impl FnMut(&[u8], bool) -> Result<Header>) -> Result<Header> {
    let refused = match read(bytes, true) {
        Err(error @ (Error::Decode(_) | Error::Truncated(_))) => error,
        other => return other,
    };
    let Some(repaired) = repaired(bytes) else {
        return Err(refused);
    };
    let header = match read(&repaired.bytes, true) {
        Err(Error::Decode(reason)) if reason == CHECKSUM => return Err(Error::Decode(reason)),
        Err(_) if repaired.is_sound => read(&repaired.bytes, false),
        other => other,
    };
    Ok(Header {
        orientation: png_text::orientation(bytes),
        ..header.map_err(|_| refused)?
    })
}

fn decode_pixels(bytes: &[u8], limits: &Limits, strict: bool, out: &mut Vec<u8>) -> Result<Header> {
    let (mut reader, header) = open(bytes, Some(limits), strict)?;
    let (color, depth) = reader.output_color_type();
    let indexed = color == ColorType::Indexed;
    let bits = if indexed { depth as usize } else { 8 };
    let channels = color.samples();
    let row = (header.width as usize * channels * bits).div_ceil(8);
    let size = header.height as usize * row;
    if reader.output_buffer_size() != Some(size) {
        return Err(Error::Internal("unexpected PNG row layout".into()));
    }
    let refuse = |error| refusal(error, bytes.len());
    out.clear();
    if channels == 3 {
        out.resize(size, 0);
        reader.next_frame(out).map_err(refuse)?;
        return Ok(header);
    }
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(refuse)?;
    out.reserve(3 * header.width as usize * header.height as usize);
    if indexed {
        let colors = colors(reader.info().palette.as_deref().unwrap_or_default());
        for row in samples.chunks_exact(row) {
            append_indexed(row, bits, header.width as usize, &colors, out);
        }
    } else {
        append_rgb(&samples, channels, out);
    }
    Ok(header)
}

/// A palette's colors; as in Pillow, an entry that is cut is none, and those that there are not are black.
fn colors(palette: &[u8]) -> [[u8; 3]; 256] {
    let mut colors = [[0; 3]; 256];
    for (color, entry) in colors.iter_mut().zip(palette.chunks_exact(3)) {
        color.copy_from_slice(entry);
    }
    colors
}

/// Looks up a row's indices, of `bits` each from the top of its bytes.
fn append_indexed(
    row: &[u8],
    bits: usize,
    width: usize,
    colors: &[[u8; 3]; 256],
    out: &mut Vec<u8>,
) {
    let mask = ((1u16 << bits) - 1) as u8;
    for column in 0..width {
        let at = column * bits;
        let index = row[at / 8] >> (8 - bits - at % 8) & mask;
        out.extend_from_slice(&colors[usize::from(index)]);
    }
}

/// Reads everything before the pixels.
fn open<'a>(
    bytes: &'a [u8],
    limits: Option<&Limits>,
    strict: bool,
) -> Result<(Reader<Cursor<&'a [u8]>>, Header)> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.ignore_checksums(!strict);
    let refuse = |error| refusal(error, bytes.len());
    let info = decoder.read_header_info().map_err(refuse)?;
    let header = Header {
        format: Format::Png,
        width: info.width,
        height: info.height,
        orientation: png_text::orientation(bytes),
        channels: match info.color_type {
            ColorType::Grayscale | ColorType::Indexed => 1,
            ColorType::GrayscaleAlpha => 2,
            ColorType::Rgb => 3,
            ColorType::Rgba => 4,
        },
        bits: info.bit_depth as u8,
        progressive: info.interlaced,
    };
    // Indices stay indices: the crate's expansion of palettes does not survive every palette that Pillow reads.
    let color = info.color_type;
    decoder.set_transformations(match color {
        ColorType::Indexed => Transformations::IDENTITY,
        _ => Transformations::normalize_to_color8(),
    });
    if let Some(limits) = limits {
        limits.check(&header)?;
    }
    let reader = decoder.read_info().map_err(refuse)?;
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
        error => in_words(&error.to_string()),
    }
}

/// The crate's words without its Rust.
fn in_words(said: &str) -> Error {
    if said.ends_with("WrongChecksum") {
        return Error::Decode(CHECKSUM.into());
    }
    if said.contains("enough data for image") {
        return Error::Truncated(
            "the PNG has fewer rows than its header says: download or copy it again".into(),
        );
    }
    if said.starts_with("Corrupt deflate stream") {
        return Error::Decode(
            "broken PNG: its pixels can't be unpacked; download or copy it again".into(),
        );
    }
    // "ChunkType { type: PLTE, critical: true, ... }"
    let plain = said
        .split_once("ChunkType { type: ")
        .and_then(|(before, rest)| {
            let (kind, rest) = rest.split_once(',')?;
            let (_, after) = rest.split_once('}')?;
            Some(format!("{before}{kind}{after}"))
        });
    Error::Decode(format!("broken PNG: {}", plain.as_deref().unwrap_or(said)))
}
