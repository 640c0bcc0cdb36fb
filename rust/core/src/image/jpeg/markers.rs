//! What libjpeg's header does not tell: the frame's kind, the metadata, and where the first scan's data begins.

use std::borrow::Cow;
use std::ops::Range;

use crate::image::exif;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The segments before the first scan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Markers {
    /// The low byte of the frame's SOFn marker; 0 when there is none.
    pub frame: u8,
    /// Payloads of the APP1 segments that hold EXIF; a long block is cut into several.
    pub exif: Vec<Range<usize>>,
    /// Payload of the last APP1 segment that holds XMP, without its name.
    pub xmp: Option<Range<usize>>,
    /// Offset of the first scan's entropy-coded data; the end of the bytes when there is none.
    pub scan: usize,
}

impl Markers {
    /// Walks the segments as libjpeg does: bytes that belong to no marker are skipped.
    pub(crate) fn walk(bytes: &[u8]) -> Self {
        let mut found = Self {
            scan: bytes.len(),
            ..Self::default()
        };
        let mut at = 2;
        while let Some((marker, start)) = next_marker(bytes, at) {
            if marker == 0xD9 {
                break;
            }
            if matches!(marker, 0x01 | 0xD0..=0xD8) {
                at = start;
                continue;
            }
            let Some(length) = bytes.get(start..start + 2) else {
                break;
            };
            let end = start + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            match marker {
                0xDA => {
                    found.scan = end.min(bytes.len());
                    break;
                }
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => found.frame = marker,
                0xE1 => {
                    let payload = start + 2..end.min(bytes.len());
                    let held = bytes.get(payload.clone()).unwrap_or_default();
                    if held.starts_with(EXIF) {
                        found.exif.push(payload);
                    } else if held.starts_with(XMP) {
                        found.xmp = Some(payload.start + XMP.len()..payload.end);
                    }
                }
                _ => {}
            }
            at = end;
        }
        found
    }

    /// The orientation that the metadata tell, 1 to 8.
    pub(crate) fn orientation(&self, bytes: &[u8]) -> u8 {
        let whole = match self.exif.as_slice() {
            [] => None,
            [one] => Some(Cow::from(&bytes[one.clone()])),
            [first, rest @ ..] => {
                let mut whole = bytes[first.clone()].to_vec();
                for range in rest {
                    whole.extend_from_slice(&bytes[range.clone()][EXIF.len()..]);
                }
                Some(Cow::from(whole))
            }
        };
        let xmp = self.xmp.clone().map(|range| &bytes[range]);
        exif::orientation(whole.as_deref(), xmp)
    }

    /// Whether an end-of-image marker follows the first scan's start. It cannot occur inside entropy-coded data.
    pub(crate) fn ends(&self, bytes: &[u8]) -> bool {
        memchr::memmem::rfind(&bytes[self.scan..], b"\xff\xd9").is_some()
    }
}

/// The next marker's code from `at` on, and the offset behind it.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let mut at = at + memchr::memchr(0xff, bytes.get(at..)?)?;
    loop {
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0x00 => at += 2 + memchr::memchr(0xff, bytes.get(at + 2..)?)?,
            code => return Some((code, at + 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_walked(bytes in prop::collection::vec(
            prop_oneof![3 => Just(0xffu8), 2 => 0xc0u8..=0xff, 1 => Just(0u8), 2 => any::<u8>()], 0..200)) {
            let markers = Markers::walk(&bytes);
            prop_assert!(markers.scan <= bytes.len());
            markers.ends(&bytes);
            markers.orientation(&bytes);
        }
    }
}
