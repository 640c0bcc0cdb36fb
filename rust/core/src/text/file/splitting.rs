//! Where a file's pre-tokenizer splits a text.

use serde_json::{Value, json};

use super::fields::{Fields, Unknown, told};
use super::gpt2::Gpt2Pieces;
use crate::text::bert_text::Words;
use crate::text::classes::Engine;
use crate::text::clip_text::Pieces;

/// The pre-tokenizers that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Splitting {
    /// BERT's words, each punctuation character alone.
    Bert,
    /// GPT-2's pattern over bytes.
    Gpt2 {
        /// Whether a text that begins without a space is given one.
        prefix_space: bool,
    },
    /// CLIP's pattern over bytes.
    Clip {
        /// The names that it keeps together.
        names: &'static [&'static str],
        /// Whether GPT-2's pattern splits those again.
        again: bool,
    },
}

const CLIP: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// How some files begin CLIP's pattern.
const NAMED: &str = r"<\|startoftext\|>|<\|endoftext\|>|";

const NAMES: &[&str] = &["<|startoftext|>", "<|endoftext|>"];

impl Splitting {
    pub fn read(value: &Value, place: &str) -> Result<Self, Unknown> {
        let mut parts = Vec::new();
        flatten(value, place, &mut parts)?;
        match parts[..] {
            [(ref place, one)] => match Fields::of(one, place)?.text("type")? {
                "BertPreTokenizer" => {
                    let mut fields = Fields::of(one, place)?;
                    fields.pass("type");
                    fields.end().map(|()| Self::Bert)
                }
                _ => match byte_level(one, place)? {
                    (prefix_space, true) => Ok(Self::Gpt2 { prefix_space }),
                    _ => Err(format!("{place}.use_regex is false")),
                },
            },
            [(ref at, split), (ref then, bytes)] => {
                let names = clip(split, at)?;
                match byte_level(bytes, then)? {
                    (false, again) => Ok(Self::Clip { names, again }),
                    _ => Err(format!("{then}.add_prefix_space is true after a Split")),
                }
            }
            _ => Err(told(place, value)),
        }
    }

    /// Whether words are bytes to the model.
    pub fn is_of_bytes(self) -> bool {
        self != Self::Bert
    }

    /// Gives the words of `text`, as byte ranges.
    pub fn each(self, text: &str, mut word: impl FnMut(usize, usize)) {
        match self {
            Self::Bert => Words::new(text).for_each(|(start, end)| word(start, end)),
            Self::Gpt2 { .. } => Gpt2Pieces::new(text).for_each(|(start, end)| word(start, end)),
            Self::Clip { names, again } => {
                for piece in Pieces::new(text, names, Engine::Oniguruma) {
                    if again && piece.special.is_some() {
                        for (start, end) in Gpt2Pieces::new(&text[piece.start..piece.end]) {
                            word(piece.start + start, piece.start + end);
                        }
                    } else {
                        word(piece.start, piece.end);
                    }
                }
            }
        }
    }
}

/// What a sequence of pre-tokenizers holds, one after another, and where each stands.
fn flatten<'a>(
    value: &'a Value,
    place: &str,
    parts: &mut Vec<(String, &'a Value)>,
) -> Result<(), Unknown> {
    let mut fields = Fields::of(value, place)?;
    if fields.text("type")? != "Sequence" {
        parts.push((place.to_string(), value));
        return Ok(());
    }
    for (index, one) in fields.list("pretokenizers")?.iter().enumerate() {
        flatten(one, &format!("{place}.pretokenizers[{index}]"), parts)?;
    }
    fields.end()
}

/// Whether a space is put before a text, and whether the pattern is used.
fn byte_level(value: &Value, place: &str) -> Result<(bool, bool), Unknown> {
    let mut fields = Fields::of(value, place)?;
    if fields.text("type")? != "ByteLevel" {
        return Err(told(place, value));
    }
    let prefix_space = fields.flag("add_prefix_space", None)?;
    // Offsets are of no use here.
    fields.pass("trim_offsets");
    let pattern = fields.flag("use_regex", Some(true))?;
    fields.end()?;
    Ok((prefix_space, pattern))
}

/// The names that a split by CLIP's pattern keeps together.
fn clip(value: &Value, place: &str) -> Result<&'static [&'static str], Unknown> {
    let mut fields = Fields::of(value, place)?;
    if fields.text("type")? != "Split" {
        return Err(told(place, value));
    }
    let pattern = fields.value("pattern");
    let names = match pattern["Regex"].as_str() {
        Some(CLIP) => &[][..],
        Some(regex) if regex.strip_prefix(NAMED) == Some(CLIP) => NAMES,
        _ => return Err(format!("{place}.pattern is {pattern:.200}")),
    };
    fields.take("behavior", |value| (value == "Removed").then_some(()))?;
    fields.take("invert", |value| (value == &json!(true)).then_some(()))?;
    fields.end()?;
    Ok(names)
}
