//! Ids back to text.

use super::Tokenizer;
use super::clip::{END, symbol_byte};
use super::wordpiece::CONTINUED;

impl Tokenizer {
    /// The text that ids spell: words apart by one space; what tokenising lost stays lost. Unknown ids spell nothing.
    pub fn decode(&self, ids: &[u32]) -> String {
        let spelled = ids.iter().filter_map(|&id| self.token(id));
        match self {
            Self::Clip(_) => {
                let mut bytes = Vec::new();
                for token in spelled {
                    let word = token.strip_suffix(END);
                    bytes.extend(word.unwrap_or(token).chars().filter_map(symbol_byte));
                    bytes.extend(word.map(|_| b' '));
                }
                String::from_utf8_lossy(&bytes).trim_end().to_string()
            }
            Self::WordPiece(_) => {
                let mut text = String::new();
                for token in spelled {
                    match token.strip_prefix(CONTINUED) {
                        Some(piece) if !piece.is_empty() => text.push_str(piece),
                        _ => {
                            let apart = if text.is_empty() { "" } else { " " };
                            text.push_str(apart);
                            text.push_str(token);
                        }
                    }
                }
                text
            }
        }
    }
}
