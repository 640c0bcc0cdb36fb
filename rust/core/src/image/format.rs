//! Which format some bytes are in, by their first bytes.

use crate::{Error, Result};

/// An image format we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline, extended and progressive; Huffman and arithmetic; 8 bits.
    Jpeg,
    /// PNG: every color type and bit depth, interlaced too.
    Png,
    /// WebP: lossy and lossless; the first frame of an animation.
    WebP,
}

/// Formats that turn up in image folders and that we do not read, to name them in the error.
const OTHERS: [(&[u8], usize, &str); 30] = [
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"ftypavif", 4, "AVIF"),
    (b"ftypavis", 4, "AVIF"),
    (b"ftyphei", 4, "HEIC"),
    (b"ftyphev", 4, "HEIC"),
    (b"ftypmif1", 4, "HEIF"),
    (b"ftypmsf1", 4, "HEIF"),
    (b"\0\0\0\x0cjP  ", 0, "JPEG 2000"),
    (b"\xff\x4f\xff\x51", 0, "JPEG 2000"),
    (b"\xff\x0a", 0, "JPEG XL"),
    (b"\0\0\0\x0cJXL ", 0, "JPEG XL"),
    (b"II\xbc", 0, "JPEG XR"),
    (b"II+\0", 0, "BigTIFF"),
    (b"MM\0+", 0, "BigTIFF"),
    (b"8BPS", 0, "Photoshop"),
    (b"\0\0\x01\0", 0, "an icon (ICO)"),
    (b"icns", 0, "an icon (ICNS)"),
    (b"qoif", 0, "QOI"),
    (b"DDS ", 0, "DDS"),
    (b"\x76\x2f\x31\x01", 0, "OpenEXR"),
    (b"#?RADIANCE", 0, "Radiance HDR"),
    (
        b"version https://git-lfs",
        0,
        "a Git LFS pointer (git lfs pull brings the file)",
    ),
    (b"\x1f\x8b", 0, "gzip"),
    (b"\x0a\x05\x01", 0, "PCX"),
    (b"%PDF", 0, "PDF"),
    (b"%!PS", 0, "PostScript"),
    (b"ftyp", 4, "a video (MP4 or its like)"),
];

impl Format {
    /// The format of `bytes`, by their beginning.
    ///
    /// # Errors
    /// `Unsupported`, naming a format that we don't read, or `Decode`, saying what the bytes are instead.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Ok(Self::Jpeg);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Self::WebP);
        }
        Err(refusal(bytes))
    }
}

fn refusal(bytes: &[u8]) -> Error {
    if bytes.is_empty() {
        return Error::Decode("empty file (0 bytes): download or copy it again".into());
    }
    if let Some(name) = other(bytes) {
        return Error::Unsupported(format!(
            "this is {name}; we read JPEG, PNG and WebP: convert it"
        ));
    }
    let start = beginning(bytes);
    if looks_like_html(bytes) {
        return Error::Decode(format!(
            "this is HTML, not an image (starts with {start:?}): the download got an error page"
        ));
    }
    if let [0x80, 2..=5, ..] = bytes {
        return Error::Decode(
            "this is a Python pickle, which is never unpickled: store the image's encoded bytes"
                .into(),
        );
    }
    Error::Decode(format!(
        "not an image of a format we read (JPEG, PNG, WebP); starts with {start:?}"
    ))
}

/// The name of a format that we don't read.
fn other(bytes: &[u8]) -> Option<&'static str> {
    let known = OTHERS.iter().find(|(magic, offset, _)| {
        bytes
            .get(*offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    });
    if let Some((_, _, name)) = known {
        return Some(name);
    }
    match bytes {
        [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', ..] => Some("PNM (PBM, PGM, PPM or PAM)"),
        _ if memchr::memmem::find(&bytes[..bytes.len().min(1024)], b"<svg").is_some() => {
            Some("SVG")
        }
        _ => None,
    }
}

/// The first characters, printable, for a message.
fn beginning(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(24)];
    head.escape_ascii().to_string()
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    ["<!doctype", "<html", "<head", "<?xml", "<!--", "<body"]
        .iter()
        .any(|tag| {
            text.len() >= tag.len() && text[..tag.len()].eq_ignore_ascii_case(tag.as_bytes())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_bytes_are_instead() {
        let message = |bytes: &[u8]| Format::of(bytes).unwrap_err();
        assert!(matches!(message(b""), Error::Decode(m) if m.contains("empty file")));
        assert!(matches!(message(b"\n <!DOCTYPE html>"), Error::Decode(m) if m.contains("HTML")));
        assert!(matches!(message(b"\x80\x04\x95"), Error::Decode(m) if m.contains("pickle")));
        assert!(matches!(message(b"GIF89a"), Error::Unsupported(m) if m.contains("GIF")));
        assert!(
            matches!(message(b"\0\0\0\x1cftypavif"), Error::Unsupported(m) if m.contains("AVIF"))
        );
        for (bytes, name) in [
            (&b"P6\n2 2\n255\n"[..], "PPM"),
            (b"<?xml version='1.0'?><svg/>", "SVG"),
            (b"\0\0\0\x18ftypheic", "HEIC"),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "git lfs pull",
            ),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x0a\x05\x01\x08", "PCX"),
        ] {
            assert!(matches!(message(bytes), Error::Unsupported(m) if m.contains(name)));
        }
        assert!(matches!(message(b"\xff\xd8"), Error::Decode(_)));
        assert!(matches!(message(b"plain"), Error::Decode(m) if m.contains("plain")));
    }
}
