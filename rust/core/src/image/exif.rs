//! The orientation tag of an EXIF block (TIFF 6.0 layout; EXIF 2.32, tag 0x0112).

/// Reads the orientation, 1 to 8, of a TIFF-structured EXIF block; 1 when it is missing or makes no sense.
///
/// The block may be any bytes: every read is checked, and only the first directory is looked at.
pub(crate) fn orientation(block: &[u8]) -> u8 {
    find(block)
        .filter(|value| (1..=8).contains(value))
        .map_or(1, |value| value as u8)
}

fn find(block: &[u8]) -> Option<u16> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let little = match block.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let pair = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let quad = block.get(4..8)?.try_into().ok()?;
    let directory = if little {
        u32::from_le_bytes(quad)
    } else {
        u32::from_be_bytes(quad)
    } as usize;
    let entries = usize::from(u16_at(directory)?);
    (0..entries)
        .map(|entry| directory + 2 + 12 * entry)
        .take_while(|at| at + 12 <= block.len())
        .find(|&at| u16_at(at) == Some(0x0112))
        .and_then(|at| match u16_at(at + 2)? {
            3 => u16_at(at + 8),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_both_byte_orders() {
        let little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0";
        assert_eq!(orientation(little), 6);
        assert_eq!(orientation(big), 8);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_orientation(mut bytes: Vec<u8>, header: bool) {
            if header {
                bytes.splice(..0, *b"II*\0");
            }
            prop_assert!((1..=8).contains(&orientation(&bytes)));
        }
    }
}
