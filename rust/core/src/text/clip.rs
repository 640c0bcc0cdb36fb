//! CLIP's tokenizer: lower case, split by a pattern, bytes merged by rank.

use rustc_hash::FxHashMap;

use super::Specials;
use super::bpe::Merges;
use super::byte_bpe::{ByteBpe, Unknown, byte_symbols};
use super::classes::Engine;
use super::clip_text::Pieces;
use super::vocabulary::{Tokens, at_line, read};
use super::words::PADDING;
use crate::{Error, Result};

/// The merges CLIP's models were trained with: 49,152 less 256 bytes, each inside and at the end of a word, less two specials.
const MERGES: usize = 49_152 - 2 * 256 - 2 + 256;

const SPECIALS: [&str; 2] = ["<start_of_text>", "<end_of_text>"];

/// Marks the last symbol of a word.
pub(super) const END: &str = "</w>";

const REMEDY: &str =
    "use bpe_simple_vocab_16e6.txt.gz as open_clip_torch and OpenAI's CLIP carry it";

/// CLIP's byte-level BPE over one vocabulary.
#[derive(Debug)]
pub struct ClipTokenizer {
    bpe: ByteBpe,
    tokens: Tokens,
    /// The ids of [`SPECIALS`].
    specials: [u32; 2],
}

impl ClipTokenizer {
    /// Reads `bpe_simple_vocab_16e6.txt.gz`, or the same unpacked.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] when the bytes are not such a file: broken gzip, no text, no header, fewer than 48,894
    /// merges, or a merge that is misspelled, repeated or made of tokens that do not exist yet.
    pub fn from_vocabulary(bytes: &[u8]) -> Result<Self> {
        Self::from_merges(&read(bytes, REMEDY)?, MERGES)
    }

    /// Takes the first `count` merges of a vocabulary's text, whose first line is a header.
    fn from_merges(text: &str, count: usize) -> Result<Self> {
        let mut lines = text.lines().enumerate();
        match lines.next() {
            Some((_, header)) if header.contains("#version") => {}
            _ => return Err(at_line(1, "is not a header with \"#version\"", REMEDY)),
        }
        let symbols = byte_symbols();
        let mut loading = Loading::new(&symbols);
        for (index, line) in lines.take_while(|(_, line)| !line.is_empty()).take(count) {
            loading
                .merge(line)
                .map_err(|found| at_line(index + 1, &found, REMEDY))?;
        }
        let found = loading.tokens.len() - 512;
        if found < count {
            return Err(Error::Vocabulary(format!(
                "the vocabulary ends after {found} merges, expected {count}; {REMEDY}"
            )));
        }
        Ok(loading.finish(&symbols))
    }

    /// Appends the ids of `text`, which is lower case but for ASCII, by way of `buffer`.
    pub(super) fn encode(
        &self,
        text: &str,
        specials: Specials,
        buffer: &mut String,
        ids: &mut Vec<u32>,
    ) {
        // Beyond ASCII, lower case depends on a version of Unicode: that of whoever cleaned the caption decides.
        buffer.clear();
        buffer.push_str(text);
        buffer.make_ascii_lowercase();
        let length = buffer.len();
        buffer.push_str(PADDING);
        let names: &[&str] = match specials {
            Specials::Text => &[],
            Specials::Parse => &SPECIALS,
        };
        for piece in Pieces::new(&buffer[..length], names, Engine::Regex) {
            if let Some(special) = piece.special {
                ids.push(self.specials[special]);
            } else {
                self.bpe
                    .push_word(buffer.as_bytes(), piece.start, piece.end, ids);
            }
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// What opens and closes a row.
    pub(super) fn ends(&self) -> (&[u32], &[u32]) {
        self.specials.split_at(1)
    }
}

/// What is known while merges are read.
struct Loading {
    /// Ids by spelling.
    ids: FxHashMap<String, u32>,
    merges: Merges,
    tokens: Tokens,
    /// The bytes of each token.
    bytes: Vec<Vec<u8>>,
}

impl Loading {
    fn new(symbols: &[(u8, char); 256]) -> Self {
        let mut loading = Self {
            ids: FxHashMap::default(),
            merges: Merges::default(),
            tokens: Tokens::default(),
            bytes: Vec::new(),
        };
        for suffix in ["", END] {
            for (byte, symbol) in symbols {
                loading.add(format!("{symbol}{suffix}"), vec![*byte]);
            }
        }
        loading
    }

    fn add(&mut self, spelling: String, bytes: Vec<u8>) -> bool {
        self.tokens.push(&[&spelling]);
        self.bytes.push(bytes);
        self.ids
            .insert(spelling, self.bytes.len() as u32 - 1)
            .is_none()
    }

    /// Reads one merge; an error says what its line is or has.
    fn merge(&mut self, line: &str) -> Result<(), String> {
        let mut parts = line.split_whitespace();
        let (Some(left), Some(right), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("is not two tokens: {:?}", excerpt(line)));
        };
        let id = |part: &str| {
            let unmade = || format!("merges {:?}, which no line before it makes", excerpt(part));
            self.ids.get(part).copied().ok_or_else(unmade)
        };
        let (first, second) = (id(left)?, id(right)?);
        if left.ends_with(END) {
            return Err(format!(
                "merges past the end of a word: {:?}",
                excerpt(line)
            ));
        }
        let bytes = [
            &self.bytes[first as usize][..],
            &self.bytes[second as usize][..],
        ]
        .concat();
        let made = self.bytes.len() as u32;
        if !self.merges.push(first, second, made) || !self.add(format!("{left}{right}"), bytes) {
            return Err(format!("makes a token again: {:?}", excerpt(line)));
        }
        Ok(())
    }

    fn finish(mut self, symbols: &[(u8, char); 256]) -> ClipTokenizer {
        let begin = self.bytes.len() as u32;
        for special in SPECIALS {
            self.tokens.push(&[special]);
        }
        let (mut inside, mut last) = ([None; 256], [None; 256]);
        for (id, (byte, _)) in (0..).zip(symbols) {
            inside[*byte as usize] = Some(id);
            last[*byte as usize] = Some(id + 256);
        }
        let mut bpe = ByteBpe::new(self.merges, inside, last, Unknown::default());
        for (id, bytes) in (0..).zip(&self.bytes) {
            if self
                .tokens
                .get(id)
                .is_some_and(|token| token.ends_with(END))
            {
                bpe.learn(bytes);
            }
        }
        ClipTokenizer {
            bpe,
            tokens: self.tokens,
            specials: [begin, begin + 1],
        }
    }
}

/// Enough of a line to recognise it by.
fn excerpt(line: &str) -> String {
    line.chars().take(60).collect()
}
