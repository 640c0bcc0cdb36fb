//! Vocabulary files as text, and the token spellings they list.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

/// No vocabulary is this big; a gzip bomb is.
const MAX_BYTES: u64 = 64 << 20;

/// The file's text, gunzipped where it is gzip; `remedy` says where a good file comes from.
pub(super) fn read(bytes: &[u8], remedy: &str) -> Result<String> {
    if bytes.is_empty() {
        return Err(Error::Vocabulary(format!(
            "the vocabulary is empty; {remedy}"
        )));
    }
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1F, 0x8B]) {
        MultiGzDecoder::new(bytes)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut plain)
            .map_err(|error| {
                Error::Vocabulary(format!("the vocabulary is broken gzip ({error}); {remedy}"))
            })?;
    } else {
        plain.extend_from_slice(bytes);
    }
    if plain.len() as u64 > MAX_BYTES {
        let limit = MAX_BYTES >> 20;
        return Err(Error::Vocabulary(format!(
            "the vocabulary has over {limit} MiB; {remedy}"
        )));
    }
    String::from_utf8(plain).map_err(|error| {
        let bytes = error.as_bytes();
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
        Error::Vocabulary(format!(
            "line {line} of the vocabulary is not UTF-8 (byte 0x{:02X}); {remedy}",
            bytes[valid]
        ))
    })
}

/// An error at a line of a vocabulary, counted from 1.
pub(super) fn at_line(line: usize, found: &str, remedy: &str) -> Error {
    Error::Vocabulary(format!("line {line} of the vocabulary {found}; {remedy}"))
}

/// Token spellings by id, in one buffer.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    text: String,
    ends: Vec<usize>,
}

impl Tokens {
    /// Adds the spelling of the next id.
    pub fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
        self.ends.push(self.text.len());
    }

    /// The spelling of `id`.
    pub fn get(&self, id: u32) -> Option<&str> {
        let index = id as usize;
        let end = *self.ends.get(index)?;
        let start = index
            .checked_sub(1)
            .map_or(0, |previous| self.ends[previous]);
        Some(&self.text[start..end])
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn message(bytes: &[u8]) -> String {
        read(bytes, "get another")
            .expect_err("accepted")
            .to_string()
    }

    #[test]
    fn gzip_and_plain_read_the_same() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"a b\n").expect("in memory");
        let packed = gzip.finish().expect("in memory");
        assert_eq!(read(&packed, ""), read(b"a b\n", ""));
        assert!(message(&packed[..packed.len() / 2]).contains("broken gzip"));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        assert!(message(b"").contains("is empty; get another"));
        assert!(message(b"a\nb\n\xFFc").contains("line 3"));
    }
}
