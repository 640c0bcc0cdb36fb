//! What libjpeg's header does not tell: the frame's kind, the EXIF block, and where the first scan's data begins.

use std::ops::Range;

/// The segments before the first scan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Markers {
    /// The low byte of the frame's SOFn marker; 0 when there is none.
    pub frame: u8,
    /// Payload of the first APP1 segment that holds EXIF.
    pub exif: Option<Range<usize>>,
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
                0xE1 if found.exif.is_none() => {
                    let payload = start + 2..end.min(bytes.len());
                    if bytes
                        .get(payload.clone())
                        .is_some_and(|p| p.starts_with(b"Exif\0\0"))
                    {
                        found.exif = Some(payload);
                    }
                }
                _ => {}
            }
            at = end;
        }
        found
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
        }
    }
}
