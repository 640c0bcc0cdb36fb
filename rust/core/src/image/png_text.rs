//! The metadata of a PNG, wherever they stand in it: EXIF in an eXIf chunk or, as ImageMagick writes it, as text; XMP.

use std::borrow::Cow;
use std::io::Read;

use super::exif;

/// As Pillow limits a text.
const MAX_TEXT: u64 = 1 << 20;

/// The orientation that a PNG's metadata tell, 1 to 8.
pub(crate) fn orientation(bytes: &[u8]) -> u8 {
    let (mut block, mut profile, mut xmp) = (None, None, None);
    for (kind, data) in chunks(bytes) {
        match kind {
            b"eXIf" => block = Some(Cow::from(data)),
            b"tEXt" | b"zTXt" | b"iTXt" => match text(kind, data) {
                Some((b"exif", words)) if kind == b"tEXt" => block = Some(words),
                Some((b"Raw profile type exif", words)) => profile = from_hex(&words),
                Some((b"XML:com.adobe.xmp", words)) => xmp = Some(words),
                _ => {}
            },
            _ => {}
        }
    }
    let block = block.as_deref().or(profile.as_deref());
    exif::orientation(block, xmp.as_deref())
}

/// The chunks, with their names.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (kind, after) = after.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        let data = after.get(..length)?;
        rest = after.get(length + 4..).unwrap_or_default();
        Some((kind, data))
    })
}

/// Keyword and text of a chunk whose keyword we ask for.
fn text<'a>(kind: &[u8; 4], data: &'a [u8]) -> Option<(&'a [u8], Cow<'a, [u8]>)> {
    let (keyword, rest) = split(data)?;
    if !matches!(
        keyword,
        b"exif" | b"Raw profile type exif" | b"XML:com.adobe.xmp"
    ) {
        return None;
    }
    let words = match kind {
        b"zTXt" => inflated(rest.strip_prefix(&[0])?)?.into(),
        b"iTXt" => {
            let ([packed, method], rest) = rest.split_first_chunk()?;
            let (_language, rest) = split(rest)?;
            let (_translated, words) = split(rest)?;
            match (packed, method) {
                (0, _) => words.into(),
                (_, 0) => inflated(words)?.into(),
                _ => return None,
            }
        }
        _ => rest.into(),
    };
    Some((keyword, words))
}

/// What comes before and after the first zero.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = memchr::memchr(0, data)?;
    Some((&data[..zero], &data[zero + 1..]))
}

fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let inflater = flate2::read::ZlibDecoder::new(data);
    inflater.take(MAX_TEXT + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= MAX_TEXT).then_some(out)
}

/// The bytes of ImageMagick's raw profile: an empty line, its name, its length, then hexadecimal digits.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.split(|&byte| byte == b'\n').skip(3).flatten();
    let digits: Vec<u8> = digits
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|&byte| (byte as char).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| Some(pair[0] << 4 | pair.get(1)?))
        .collect()
}
