//! The orientation that a camera or an editor wrote, where Pillow's `ImageOps.exif_transpose` looks for it: in the first
//! directory of an EXIF block (TIFF 6.0 layout; EXIF 2.32, tag 0x0112), then in XMP.

use memchr::memmem;

const ORIENTATION: u16 = 0x0112;
const PREFIX: &[u8] = b"Exif\0\0";

/// The orientation, 1 to 8, by an EXIF block and an XMP packet; 1 when neither has one that makes sense.
///
/// Both may be any bytes. As in Pillow, XMP is asked only where EXIF does not know the tag, whatever it says of it. Where
/// broken metadata make Pillow raise, there is none: it is no reason to refuse pixels.
pub(crate) fn orientation(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> u8 {
    let value = exif
        .and_then(in_exif)
        .or_else(|| xmp.and_then(in_xmp))
        .unwrap_or(1);
    if (2..=8).contains(&value) { value } else { 1 }
}

/// Bytes of a file or block, by its byte order.
#[derive(Clone, Copy)]
struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl<'a> Tiff<'a> {
    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn u16(self, at: usize) -> Option<u16> {
        let pair = self.array(at)?;
        Some(match self.little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        })
    }

    fn u32(self, at: usize) -> Option<u32> {
        let quad = self.array(at)?;
        Some(match self.little {
            true => u32::from_le_bytes(quad),
            false => u32::from_be_bytes(quad),
        })
    }

    fn u64(self, at: usize) -> Option<u64> {
        let eight = self.array(at)?;
        Some(match self.little {
            true => u64::from_le_bytes(eight),
            false => u64::from_be_bytes(eight),
        })
    }

    /// The number that lies at `at`, of a TIFF type; 0 where it is none that an orientation could be.
    fn number(self, kind: u16, at: usize) -> Option<u8> {
        let whole = |value: f64| {
            if (1.0..=8.0).contains(&value) && value.fract() == 0.0 {
                value as u8
            } else {
                0
            }
        };
        Some(match kind {
            3 | 8 => whole(f64::from(self.u16(at)?)),
            4 | 9 | 13 => whole(f64::from(self.u32(at)?)),
            5 | 10 => whole(f64::from(self.u32(at)?) / f64::from(self.u32(at + 4)?)),
            6 => whole(f64::from(*self.bytes.get(at)?)),
            11 => whole(f64::from(f32::from_bits(self.u32(at)?))),
            12 => whole(f64::from_bits(self.u64(at)?)),
            16 => whole(self.u64(at)? as f64),
            _ => 0,
        })
    }
}

/// Bytes of one value of a TIFF type; `None` for types that are none.
fn size_of(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 => 8,
        _ => return None,
    })
}

/// What an EXIF block says of the orientation; `None` where it does not know it.
fn in_exif(block: &[u8]) -> Option<u8> {
    let once = block.strip_prefix(PREFIX).unwrap_or(block);
    let bytes = once.strip_prefix(PREFIX).unwrap_or(once);
    let little = match bytes.get(..4)? {
        b"II*\0" | b"II\0*" => true,
        b"MM\0*" | b"MM*\0" => false,
        _ => return None,
    };
    let tiff = Tiff { bytes, little };
    let directory = tiff.u32(4)? as usize;
    let mut passed = 0;
    for entry in 0..usize::from(tiff.u16(directory)?) {
        let at = directory + 2 + 12 * entry;
        let count = tiff.u32(at + 4)?;
        let value = tiff.u32(at + 8)? as usize;
        let kind = tiff.u16(at + 2)?;
        let Some(size) = size_of(kind) else { continue };
        let size = size * u64::from(count);
        let place = if size > 4 {
            passed += size;
            if passed > bytes.len() as u64 {
                continue;
            }
            // A value that lies outside ends the directory.
            bytes.get(value..)?.get(..size as usize)?;
            value
        } else {
            at + 8
        };
        if size > 0 && tiff.u16(at)? == ORIENTATION {
            return tiff.number(kind, place);
        }
    }
    None
}

/// The digit of the first `tiff:Orientation="6"` or `<tiff:Orientation>6`.
fn in_xmp(packet: &[u8]) -> Option<u8> {
    let name = b"tiff:Orientation";
    memmem::find_iter(packet, name).find_map(|at| {
        let rest = &packet[at + name.len()..];
        let rest = rest
            .strip_prefix(b"=\"")
            .or_else(|| rest.strip_prefix(b">"))?;
        rest.first()
            .filter(|digit| digit.is_ascii_digit())
            .map(|digit| digit - b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_both_byte_orders_and_xmp() {
        let little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0";
        let xmp = b"<x tiff:Orientation='5' tiff:Orientation=\"3\">";
        assert_eq!(orientation(Some(little), None), 6);
        assert_eq!(orientation(Some(big), Some(xmp)), 8);
        assert_eq!(orientation(Some(b"none"), Some(xmp)), 3);
        assert_eq!(orientation(None, Some(b"tiff:Orientation>9")), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_orientation(mut bytes: Vec<u8>, header: bool) {
            if header {
                bytes.splice(..0, *b"II*\0\x08\0\0\0");
            }
            prop_assert!((1..=8).contains(&orientation(Some(&bytes), Some(&bytes))));
        }
    }
}
