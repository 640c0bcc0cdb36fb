//! BERT's WordPiece: words cut greedily into the longest pieces the vocabulary has.

use super::Specials;
use super::bert_text::{Words, normalize};
use super::vocabulary::{Tokens, at_line, read};
use super::words::{PADDING, WordTable};
use crate::{Error, Result};

/// Begins a piece that does not begin a word.
pub(super) const CONTINUED: &str = "##";

/// A word of more characters is unknown.
const MAX_CHARACTERS: usize = 100;

const REMEDY: &str = "use the vocab.txt of a BERT such as bert-base-uncased, one token a line";

/// BERT's basic tokenizer and WordPiece over one vocabulary.
#[derive(Debug)]
pub struct WordPieceTokenizer {
    begins: WordTable,
    /// Pieces with [`CONTINUED`], stored without it.
    continues: WordTable,
    lowercase: bool,
    tokens: Tokens,
    named: Named,
}

/// The ids of BERT's special tokens.
#[derive(Debug)]
struct Named {
    pad: u32,
    unknown: u32,
    begin: u32,
    end: u32,
    mask: Option<u32>,
}

impl WordPieceTokenizer {
    /// Reads a `vocab.txt`, plain or gzip; `lowercase` also drops accents, as "uncased" models want.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] when the bytes are no such file: empty, not UTF-8, an empty or repeated line, or one of
    /// `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` missing.
    pub fn from_vocabulary(bytes: &[u8], lowercase: bool) -> Result<Self> {
        let text = read(bytes, REMEDY)?;
        let (mut begins, mut continues) = (WordTable::default(), WordTable::default());
        let mut tokens = Tokens::default();
        let mut find = [None; 5];
        for (id, line) in text.lines().enumerate() {
            let token = line.trim_end();
            if token.is_empty() {
                return Err(at_line(id + 1, "is empty", REMEDY));
            }
            let new = match token.strip_prefix(CONTINUED) {
                Some(piece) if !piece.is_empty() => continues.insert(piece.as_bytes(), id as u32),
                _ => begins.insert(token.as_bytes(), id as u32),
            };
            if !new {
                let found = format!("repeats the token {token:?}");
                return Err(at_line(id + 1, &found, REMEDY));
            }
            if let Some(index) = SPECIALS.iter().position(|special| *special == token) {
                find[index] = Some(id as u32);
            }
            tokens.push(&[token]);
        }
        let missing = |index: usize| {
            let name = SPECIALS[index];
            Error::Vocabulary(format!(
                "the vocabulary has no {name} among its {} lines; {REMEDY}",
                tokens.len()
            ))
        };
        let named = Named {
            pad: find[0].ok_or_else(|| missing(0))?,
            unknown: find[1].ok_or_else(|| missing(1))?,
            begin: find[2].ok_or_else(|| missing(2))?,
            end: find[3].ok_or_else(|| missing(3))?,
            mask: find[4],
        };
        Ok(Self {
            begins,
            continues,
            lowercase,
            tokens,
            named,
        })
    }

    /// Appends the ids of `text`, normalised through `buffer`.
    pub(super) fn encode(
        &self,
        text: &str,
        specials: Specials,
        buffer: &mut String,
        ids: &mut Vec<u32>,
    ) {
        let mut rest = text;
        if specials == Specials::Parse {
            while let Some((start, end, id)) = self.next_special(rest) {
                self.encode_plain(&rest[..start], buffer, ids);
                ids.push(id);
                rest = &rest[end..];
            }
        }
        self.encode_plain(rest, buffer, ids);
    }

    /// The first special token in the raw text: its range and id.
    fn next_special(&self, text: &str) -> Option<(usize, usize, u32)> {
        memchr::memchr_iter(b'[', text.as_bytes()).find_map(|start| {
            let rest = &text[start..];
            let index = SPECIALS
                .iter()
                .position(|special| rest.starts_with(special))?;
            let id = self.special_id(index)?;
            Some((start, start + SPECIALS[index].len(), id))
        })
    }

    fn special_id(&self, index: usize) -> Option<u32> {
        let named = &self.named;
        [
            Some(named.pad),
            Some(named.unknown),
            Some(named.begin),
            Some(named.end),
            named.mask,
        ][index]
    }

    fn encode_plain(&self, text: &str, buffer: &mut String, ids: &mut Vec<u32>) {
        normalize(text, self.lowercase, buffer);
        let length = buffer.len();
        buffer.push_str(PADDING);
        for (start, end) in Words::new(&buffer[..length]) {
            if let Some(id) = self.begins.get(buffer.as_bytes(), start, end) {
                ids.push(id);
            } else {
                self.cut(buffer, start, end, ids);
            }
        }
    }

    /// Appends the pieces of a word that is not in the vocabulary as a whole.
    fn cut(&self, padded: &str, start: usize, end: usize, ids: &mut Vec<u32>) {
        let word = &padded[start..end];
        let known = ids.len();
        let mut at = start;
        // A character has at most four bytes: longer words need no count, and the loop below stays short.
        let too_long = word.len() > MAX_CHARACTERS
            && (word.len() > 4 * MAX_CHARACTERS || word.chars().count() > MAX_CHARACTERS);
        while at < end && !too_long {
            let table = if at == start {
                &self.begins
            } else {
                &self.continues
            };
            let mut stop = end.min(at + table.longest());
            let piece = loop {
                if stop <= at {
                    break None;
                }
                if padded.is_char_boundary(stop)
                    && let Some(id) = table.get(padded.as_bytes(), at, stop)
                {
                    break Some(id);
                }
                stop -= 1;
            };
            match piece {
                Some(id) => ids.push(id),
                None => break,
            }
            at = stop;
        }
        if at < end {
            ids.truncate(known);
            ids.push(self.named.unknown);
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn begin_id(&self) -> u32 {
        self.named.begin
    }

    pub(super) fn end_id(&self) -> u32 {
        self.named.end
    }
}

/// In the order of [`Named`]'s fields.
const SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
