//! What a file does to texts before they are split.

use serde_json::{Value, json};
use unicode_normalization_alignments::UnicodeNormalization;

use super::fields::{Fields, Unknown, told};
use crate::text::bert_text::BertText;

#[derive(Debug, Clone, Copy)]
enum Step {
    Bert(BertText),
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    /// Runs of white space become one space.
    Spaces,
}

/// Steps, one after another.
#[derive(Debug, Default)]
pub(super) struct Normalizer(Vec<Step>);

impl Normalizer {
    pub fn read(value: &Value, place: &str) -> Result<Self, Unknown> {
        let mut steps = Vec::new();
        add(value, place, &mut steps)?;
        Ok(Self(steps))
    }

    /// The normalised text, in `out` where it's not the text itself.
    pub fn apply<'a>(&self, text: &'a str, out: &'a mut String) -> &'a str {
        if self.0.is_empty() {
            return text;
        }
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.apply_to_ascii(text, out);
            return out;
        }
        let mut spare = String::new();
        out.clear();
        out.push_str(text);
        for step in &self.0 {
            std::mem::swap(out, &mut spare);
            step.apply(&spare, out);
        }
        out
    }

    /// Printable ASCII: only capitals and runs of spaces can change, in any order.
    fn apply_to_ascii(&self, text: &str, out: &mut String) {
        let lowers = |step: &Step| match step {
            Step::Lowercase => true,
            Step::Bert(bert) => bert.lowercase,
            _ => false,
        };
        if self.0.iter().any(|step| matches!(step, Step::Spaces)) && text.contains("  ") {
            Step::Spaces.apply(text, out);
        } else {
            out.clear();
            out.push_str(text);
        }
        if self.0.iter().any(lowers) {
            out.make_ascii_lowercase();
        }
    }
}

impl Step {
    /// Replaces `out` by what becomes of `text`.
    fn apply(self, text: &str, out: &mut String) {
        out.clear();
        match self {
            Self::Bert(bert) => bert.apply(text, out),
            Self::Nfc => out.extend(text.nfc().map(|(character, _)| character)),
            Self::Nfd => out.extend(text.nfd().map(|(character, _)| character)),
            Self::Nfkc => out.extend(text.nfkc().map(|(character, _)| character)),
            Self::Nfkd => out.extend(text.nfkd().map(|(character, _)| character)),
            Self::Lowercase => out.extend(text.chars().flat_map(char::to_lowercase)),
            Self::Spaces => {
                let mut after_space = false;
                for character in text.chars() {
                    let space = character.is_whitespace();
                    if !space {
                        out.push(character);
                    } else if !after_space {
                        out.push(' ');
                    }
                    after_space = space;
                }
            }
        }
    }
}

fn add(value: &Value, place: &str, steps: &mut Vec<Step>) -> Result<(), Unknown> {
    if value.is_null() {
        return Ok(());
    }
    let mut fields = Fields::of(value, place)?;
    let step = match fields.text("type")? {
        "Sequence" => {
            for (index, one) in fields.list("normalizers")?.iter().enumerate() {
                add(one, &format!("{place}.normalizers[{index}]"), steps)?;
            }
            return fields.end();
        }
        "BertNormalizer" => {
            let lowercase = fields.flag("lowercase", None)?;
            Step::Bert(BertText {
                clean: fields.flag("clean_text", None)?,
                chinese: fields.flag("handle_chinese_chars", None)?,
                strip_accents: fields.flag("strip_accents", Some(lowercase))?,
                lowercase,
            })
        }
        "NFC" => Step::Nfc,
        "NFD" => Step::Nfd,
        "NFKC" => Step::Nfkc,
        "NFKD" => Step::Nfkd,
        "Lowercase" => Step::Lowercase,
        "Replace" if fields.value("pattern") == &json!({"Regex": "\\s+"}) => fields
            .take("content", |content| {
                (content == " ").then_some(Step::Spaces)
            })?,
        "Replace" => return Err(format!("{place}.pattern is {}", fields.value("pattern"))),
        _ => return Err(told(place, value)),
    };
    steps.push(step);
    fields.end()
}
