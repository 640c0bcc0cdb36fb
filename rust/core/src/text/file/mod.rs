//! Tokenizers as Hugging Face's `tokenizers` writes them, `tokenizer.json`: those that are byte-level BPE or WordPiece, id
//! for id; what is not known in a file is said, and never done approximately.

mod added;
mod ends;
mod fields;
mod gpt2;
mod models;
mod normalizer;
mod splitting;
mod vocabulary;

use serde_json::{Value, json};

use self::added::{AddedTokens, Part};
use self::fields::{Fields, Unknown, told};
use self::models::Model;
use self::normalizer::Normalizer;
use self::splitting::Splitting;
use super::decode::Spelling;
use super::vocabulary::Tokens;
use super::words::PADDING;
use super::{Specials, TextScratch};
use crate::{Error, Result};

/// A tokenizer that a file describes.
#[derive(Debug)]
pub struct FileTokenizer {
    added: AddedTokens,
    /// Ids from here on are tokens of no model.
    first_added: u32,
    normalizer: Normalizer,
    splitting: Splitting,
    model: Model,
    tokens: Tokens,
    ends: ends::Ends,
}

/// What was read of a file.
#[derive(Debug)]
pub struct TokenizerFile {
    /// The tokenizer, or what in the file is not known.
    pub tokenizer: Result<FileTokenizer, String>,
    /// The id of its padding: what it pads with, or its token `[PAD]` or `<pad>`.
    pub pad_id: Option<u32>,
}

impl TokenizerFile {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] when the bytes are no JSON object with a model.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        const REMEDY: &str = "use a tokenizer.json as Hugging Face's tokenizers write it";
        let file: Value = serde_json::from_slice(bytes)
            .map_err(|error| Error::Vocabulary(format!("not valid JSON ({error}); {REMEDY}")))?;
        if !file.is_object() {
            let found = told("", &file);
            return Err(Error::Vocabulary(format!("{found}; {REMEDY}")));
        }
        if !file["model"].is_object() {
            let found = told("model", &file["model"]);
            return Err(Error::Vocabulary(format!("{found}; {REMEDY}")));
        }
        Ok(Self {
            tokenizer: FileTokenizer::read(&file),
            pad_id: pad_id(&file),
        })
    }
}

fn pad_id(file: &Value) -> Option<u32> {
    fields::id(&file["padding"]["pad_id"]).or_else(|| {
        let mut tokens = file["added_tokens"].as_array()?.iter();
        let pad = tokens.find(|token| {
            ["[PAD]", "<pad>"]
                .iter()
                .any(|pad| token["content"] == *pad)
        });
        fields::id(&pad?["id"])
    })
}

impl FileTokenizer {
    fn read(file: &Value) -> Result<Self, Unknown> {
        let mut fields = Fields::of(file, "")?;
        fields.take("version", |version| (version == "1.0").then_some(()))?;
        for name in ["truncation", "padding"] {
            let value = fields.value(name);
            // Lengths are the recipe's to say; a side is not.
            if !value.is_null() {
                Fields::of(value, name)?.only("direction", &json!("Right"))?;
            }
        }
        fields.pass("decoder");
        let normalizer = Normalizer::read(fields.value("normalizer"), "normalizer")?;
        let splitting = Splitting::read(fields.value("pre_tokenizer"), "pre_tokenizer")?;
        let (model, mut vocabulary) =
            Model::read(fields.value("model"), "model", splitting.is_of_bytes())?;
        let first_added = vocabulary.spellings().count() as u32;
        let added = AddedTokens::read(fields.list("added_tokens")?, &normalizer, &mut vocabulary)?;
        let ends = ends::read(fields.value("post_processor"), "post_processor")?;
        fields.end()?;
        let tokens = vocabulary.tokens();
        if let Some(id) = ends
            .0
            .iter()
            .chain(&ends.1)
            .find(|id| **id as usize >= tokens.len())
        {
            return Err(format!(
                "post_processor has the id {id} of {}",
                tokens.len()
            ));
        }
        Ok(Self {
            added,
            first_added,
            normalizer,
            splitting,
            model,
            tokens,
            ends,
        })
    }

    /// Appends the ids of `text`.
    pub(super) fn encode(
        &self,
        text: &str,
        specials: Specials,
        scratch: &mut TextScratch,
        ids: &mut Vec<u32>,
    ) {
        let TextScratch {
            text: padded,
            normal,
            ..
        } = scratch;
        self.added.raw.split(text, specials, |part| match part {
            Part::Token(id) => ids.push(id),
            Part::Text(text) => {
                let text = self.normalizer.apply(text, normal);
                self.added
                    .normalized
                    .split(text, specials, |part| match part {
                        Part::Token(id) => ids.push(id),
                        Part::Text(text) => self.encode_plain(text, padded, ids),
                    });
            }
        });
    }

    /// The same for a part without added tokens.
    fn encode_plain(&self, text: &str, padded: &mut String, ids: &mut Vec<u32>) {
        padded.clear();
        let spaced = Splitting::Gpt2 { prefix_space: true };
        if self.splitting == spaced && !text.starts_with(' ') {
            padded.push(' ');
        }
        padded.push_str(text);
        let length = padded.len();
        padded.push_str(PADDING);
        let words = &padded[..length];
        match &self.model {
            Model::Bytes { bpe, .. } => {
                let push = |start, end| bpe.push_word(padded.as_bytes(), start, end, ids);
                self.splitting.each(words, push);
            }
            Model::Pieces { pieces, .. } => {
                let push = |start, end| pieces.push_word(padded, start, end, ids);
                self.splitting.each(words, push);
            }
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// What opens and closes a row.
    pub(super) fn ends(&self) -> (&[u32], &[u32]) {
        (&self.ends.0, &self.ends.1)
    }

    pub(super) fn spelling(&self, id: u32) -> Spelling<'_> {
        match &self.model {
            _ if id >= self.first_added => Spelling::Plain,
            Model::Bytes { mark, .. } => Spelling::Bytes(mark),
            Model::Pieces { mark, .. } => Spelling::Pieces(mark),
        }
    }
}
