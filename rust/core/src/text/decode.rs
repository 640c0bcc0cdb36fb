//! Ids back to text.

use super::Tokenizer;
use super::byte_bpe::symbol_byte;
use super::clip::END;
use super::wordpiece::CONTINUED;

/// How a token is spelled, and what marks where a word ends or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling<'a> {
    /// A symbol a byte; the mark ends a word, and may be empty.
    Bytes(&'a str),
    /// As it is; the mark begins what goes on with a word.
    Pieces(&'a str),
    /// As it is, in between.
    Plain,
}

impl Tokenizer {
    fn spelling(&self, id: u32) -> Spelling<'_> {
        match self {
            Self::Clip(_) => Spelling::Bytes(END),
            Self::WordPiece(_) => Spelling::Pieces(CONTINUED),
            Self::File(file) => file.spelling(id),
        }
    }

    /// The text that ids spell: words apart by one space; what tokenising lost stays lost. Unknown ids spell nothing.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut text = Vec::new();
        for (id, token) in ids.iter().filter_map(|&id| Some((id, self.token(id)?))) {
            match self.spelling(id) {
                Spelling::Bytes(mark) => {
                    let word = token.strip_suffix(mark).filter(|_| !mark.is_empty());
                    text.extend(word.unwrap_or(token).chars().filter_map(symbol_byte));
                    text.extend(word.map(|_| b' '));
                }
                Spelling::Pieces(mark) => match token.strip_prefix(mark) {
                    Some(piece) if !piece.is_empty() && !mark.is_empty() => {
                        text.extend_from_slice(piece.as_bytes());
                    }
                    _ => {
                        text.extend((!text.is_empty()).then_some(b' '));
                        text.extend_from_slice(token.as_bytes());
                    }
                },
                Spelling::Plain => text.extend_from_slice(token.as_bytes()),
            }
        }
        String::from_utf8_lossy(&text).trim().to_string()
    }
}
