//! PNGs that Pillow reads and the `png` crate refuses, written anew as it takes them.
//!
//! As in Pillow the pixels are the first IDAT chunk and those that follow it at once, wherever the file then ends; a
//! palette may be empty or cut, or stand where none is wanted; chunks that nobody knows are passed over.

use flate2::Crc;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The largest palette: 256 colors.
const MOST_COLOURS: usize = 3 * 256;
/// Where IHDR has the color type, and the type whose pixels are indices.
const COLOUR_TYPE: usize = 9;
const INDEXED: u8 = 3;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// None where the file ends before it.
    crc: Option<u32>,
}

impl Chunk<'_> {
    fn is_whole(&self) -> bool {
        self.crc == Some(crc(self.kind, self.data))
    }
}

/// A file with what is needed for its pixels and nothing else.
pub(super) struct Repaired {
    pub bytes: Vec<u8>,
    /// Whether the checksum of each chunk of pixels is right, or cut off.
    pub is_sound: bool,
}

/// Writes a file anew; None where Pillow refuses it too.
pub(super) fn repaired(bytes: &[u8]) -> Option<Repaired> {
    let mut chunks = chunks(bytes.strip_prefix(SIGNATURE)?).peekable();
    let header = chunks.next().filter(Chunk::is_whole)?;
    let indexed = *header.data.get(COLOUR_TYPE)? == INDEXED;
    if header.kind != *b"IHDR" {
        return None;
    }
    let mut palette = None;
    while let Some(before) = chunks.next_if(|chunk| chunk.kind != *b"IDAT") {
        let is_palette = before.kind == *b"PLTE";
        if !before.is_whole() || (is_palette && before.data.len() > MOST_COLOURS) {
            return None;
        }
        if is_palette && indexed {
            palette = Some(before.data);
        }
    }
    let mut is_sound = true;
    let mut pixels = Vec::with_capacity(bytes.len());
    while let Some(chunk) = chunks.next_if(|chunk| chunk.kind == *b"IDAT") {
        is_sound &= chunk.crc.is_none() || chunk.is_whole();
        pixels.extend_from_slice(chunk.data);
    }

    let mut out = SIGNATURE.to_vec();
    append(&mut out, *b"IHDR", header.data);
    if let Some(palette) = palette {
        let whole = &palette[..palette.len() / 3 * 3];
        append(
            &mut out,
            *b"PLTE",
            if whole.is_empty() { &[0; 3] } else { whole },
        );
    }
    append(&mut out, *b"IDAT", &pixels);
    append(&mut out, *b"IEND", &[]);
    Some(Repaired {
        bytes: out,
        is_sound,
    })
}

/// The chunks; the last may be cut.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (&kind, after) = after.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        let (data, after) = after.split_at(length.min(after.len()));
        let crc = after.first_chunk().copied().map(u32::from_be_bytes);
        rest = after.get(4..).unwrap_or_default();
        Some(Chunk { kind, data, crc })
    })
}

fn crc(kind: [u8; 4], data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    crc.sum()
}

fn append(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    out.extend(crc(kind, data).to_be_bytes());
}
