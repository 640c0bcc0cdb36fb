//! Tokens that are found in a text before it is split: special ones, and whatever else was added to a vocabulary.

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashSet;
use serde_json::Value;

use super::fields::{Fields, Unknown};
use super::normalizer::Normalizer;
use super::vocabulary::Vocabulary;
use crate::text::Specials;

/// A part of a text.
pub(super) enum Part<'a> {
    Text(&'a str),
    Token(u32),
}

/// Tokens that are looked for together.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// Nothing, where there are none.
    finder: Option<AhoCorasick>,
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    id: u32,
    special: bool,
    /// Whether it takes the white space beside it along.
    left: bool,
    right: bool,
}

/// What is looked for in a text as it is, and in the normalised one.
#[derive(Debug, Default)]
pub(super) struct AddedTokens {
    pub raw: Added,
    pub normalized: Added,
}

impl AddedTokens {
    /// Reads the tokens, and adds to the vocabulary those that it doesn't have.
    pub fn read(
        list: &[Value],
        normalizer: &Normalizer,
        vocabulary: &mut Vocabulary,
    ) -> Result<Self, Unknown> {
        let mut seen = FxHashSet::default();
        let (mut raw, mut normalized) = (Found::default(), Found::default());
        for (index, value) in list.iter().enumerate() {
            let place = format!("added_tokens[{index}]");
            let mut fields = Fields::of(value, &place)?;
            let content = fields.text("content")?;
            if content.is_empty() || !seen.insert(content) {
                return Err(format!("{place}.content is empty or repeated: {content:?}"));
            }
            let id = fields.take("id", super::fields::id)?;
            let expected = vocabulary.id_or_next(content);
            if id != expected {
                return Err(format!("{place}.id is {id} where {expected} is next"));
            }
            let token = Token {
                id,
                special: fields.flag("special", None)?,
                left: fields.flag("lstrip", None)?,
                right: fields.flag("rstrip", None)?,
            };
            // Which characters are of a word is a regular expression's to say.
            fields.only("single_word", &Value::Bool(false))?;
            if fields.flag("normalized", None)? {
                let mut out = String::new();
                let normal = normalizer.apply(content, &mut out).to_string();
                normalized.add(normal, token, &place)?;
            } else {
                raw.add(content.to_string(), token, &place)?;
            }
            fields.end()?;
        }
        Ok(Self {
            raw: raw.finish()?,
            normalized: normalized.finish()?,
        })
    }
}

/// What is known while tokens are read.
#[derive(Default)]
struct Found {
    spellings: Vec<String>,
    tokens: Vec<Token>,
}

impl Found {
    fn add(&mut self, spelling: String, token: Token, place: &str) -> Result<(), Unknown> {
        if spelling.is_empty() || self.spellings.contains(&spelling) {
            return Err(format!("{place} is normalised to nothing, or to another"));
        }
        self.spellings.push(spelling);
        self.tokens.push(token);
        Ok(())
    }

    fn finish(self) -> Result<Added, Unknown> {
        if self.tokens.is_empty() {
            return Ok(Added::default());
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&self.spellings)
            .map_err(|error| format!("added_tokens are too many: {error}"))?;
        Ok(Added {
            finder: Some(finder),
            tokens: self.tokens,
        })
    }
}

impl Added {
    /// Gives the parts of `text` in turn: tokens, the longest that begin where one does, and what is between.
    ///
    /// A special token that counts as text is still found first, and hides others that overlap it.
    pub fn split<'a>(&self, text: &'a str, specials: Specials, mut each: impl FnMut(Part<'a>)) {
        let mut from = 0;
        if let Some(finder) = &self.finder {
            for found in finder.find_iter(text) {
                let token = &self.tokens[found.pattern().as_usize()];
                if token.special && specials == Specials::Text {
                    continue;
                }
                let (mut start, mut end) = (found.start(), found.end());
                if token.left {
                    start = text[..start].trim_end().len().max(from);
                }
                if token.right {
                    end = text.len() - text[end..].trim_start().len();
                }
                if from < start {
                    each(Part::Text(&text[from..start]));
                }
                each(Part::Token(token.id));
                from = end;
            }
        }
        if from < text.len() {
            each(Part::Text(&text[from..]));
        }
    }
}
