//! BERT's WordPiece over one `vocab.txt`.

use super::Specials;
use super::bert_text::{BertText, Words};
use super::pieces::Pieces;
use super::vocabulary::{Tokens, at_line, read};
use super::words::PADDING;
use crate::{Error, Result};

/// Begins a piece that does not begin a word.
pub(super) const CONTINUED: &str = "##";

/// A word of more characters is unknown.
const MAX_CHARACTERS: usize = 100;

const REMEDY: &str = "use the vocab.txt of a BERT such as bert-base-uncased, one token a line";

/// BERT's basic tokenizer and WordPiece over one vocabulary.
#[derive(Debug)]
pub struct WordPieceTokenizer {
    pieces: Pieces,
    normal: BertText,
    tokens: Tokens,
    /// The ids of [`SPECIALS`].
    named: [Option<u32>; 5],
    /// What opens and closes a row.
    ends: [u32; 2],
}

impl WordPieceTokenizer {
    /// Reads a `vocab.txt`, plain or gzip; `lowercase` also drops accents, as "uncased" models want.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] when the bytes are no such file: empty, not UTF-8, an empty or repeated line, or one of
    /// `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` missing.
    pub fn from_vocabulary(bytes: &[u8], lowercase: bool) -> Result<Self> {
        let text = read(bytes, REMEDY)?;
        let mut pieces = Pieces::new(MAX_CHARACTERS, 0);
        let mut tokens = Tokens::default();
        let mut named = [None; 5];
        for (id, line) in text.lines().enumerate() {
            let token = line.trim_end();
            if token.is_empty() {
                return Err(at_line(id + 1, "is empty", REMEDY));
            }
            let new = match token.strip_prefix(CONTINUED) {
                Some(piece) if !piece.is_empty() => pieces.go_on(piece, id as u32),
                _ => pieces.begin(token, id as u32),
            };
            if !new {
                let found = format!("repeats the token {token:?}");
                return Err(at_line(id + 1, &found, REMEDY));
            }
            if let Some(index) = SPECIALS.iter().position(|special| *special == token) {
                named[index] = Some(id as u32);
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
        let [pad, unknown, begin, end, _] = named;
        pad.ok_or_else(|| missing(0))?;
        pieces.set_unknown(unknown.ok_or_else(|| missing(1))?);
        let ends = [
            begin.ok_or_else(|| missing(2))?,
            end.ok_or_else(|| missing(3))?,
        ];
        Ok(Self {
            pieces,
            normal: BertText::of(lowercase),
            tokens,
            named,
            ends,
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
            let id = self.named[index]?;
            Some((start, start + SPECIALS[index].len(), id))
        })
    }

    fn encode_plain(&self, text: &str, buffer: &mut String, ids: &mut Vec<u32>) {
        self.normal.apply(text, buffer);
        let length = buffer.len();
        buffer.push_str(PADDING);
        for (start, end) in Words::new(&buffer[..length]) {
            self.pieces.push_word(buffer, start, end, ids);
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// What opens and closes a row.
    pub(super) fn ends(&self) -> (&[u32], &[u32]) {
        self.ends.split_at(1)
    }
}

const SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
