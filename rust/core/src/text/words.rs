//! A hash table from whole words to ids, looked up without allocating.

use rustc_hash::FxHashMap;

/// What must follow a text whose words are looked up, so that 16 bytes can be read from any word's start.
pub(super) const PADDING: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The longest word whose bytes and length fit one key.
const SHORT: usize = 15;

/// Words and their ids.
///
/// A word of up to 15 bytes is its own key, so that a lookup hashes and compares two registers instead of following a
/// pointer; nearly every word of a caption is that short.
#[derive(Debug, Default)]
pub(super) struct WordTable {
    short: FxHashMap<u128, u32>,
    long: FxHashMap<Box<[u8]>, u32>,
    longest: usize,
}

impl WordTable {
    /// Adds a word; says whether it is new.
    pub fn insert(&mut self, word: &[u8], id: u32) -> bool {
        self.longest = self.longest.max(word.len());
        if word.len() <= SHORT {
            let mut bytes = [0; 16];
            bytes[..word.len()].copy_from_slice(word);
            self.short.insert(key(&bytes, word.len()), id).is_none()
        } else {
            self.long.insert(word.into(), id).is_none()
        }
    }

    /// The id of `padded[start..end]`, where `padded` ends in [`PADDING`].
    pub fn get(&self, padded: &[u8], start: usize, end: usize) -> Option<u32> {
        let length = end - start;
        if length <= SHORT {
            let bytes = padded.get(start..)?.first_chunk()?;
            self.short.get(&key(bytes, length)).copied()
        } else if length <= self.longest {
            self.long.get(&padded[start..end]).copied()
        } else {
            None
        }
    }

    /// The bytes of the longest word.
    pub fn longest(&self) -> usize {
        self.longest
    }
}

/// The first `length` bytes, and the length in the last byte so that trailing NULs count.
fn key(bytes: &[u8; 16], length: usize) -> u128 {
    let kept = u128::from_le_bytes(*bytes) & !(u128::MAX << (8 * length as u32));
    kept | ((length as u128) << 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_bytes_and_length() {
        let mut table = WordTable::default();
        let words: Vec<&[u8]> = vec![
            b"a",
            b"a\0",
            b"ab",
            b"exactly15bytes!",
            b"sixteen bytes!!!",
            b"sixteen bytes!!!!",
        ];
        for (id, word) in words.iter().enumerate() {
            assert!(table.insert(word, id as u32));
        }
        for (id, word) in words.iter().enumerate() {
            let padded = [b"x", *word, PADDING.as_bytes()].concat();
            assert_eq!(
                table.get(&padded, 1, 1 + word.len()),
                Some(id as u32),
                "{word:?}"
            );
        }
        assert_eq!(table.get(b"b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 1), None);
        assert!(!table.insert(b"ab", 9));
    }
}
