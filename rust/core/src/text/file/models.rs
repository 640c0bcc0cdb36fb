//! The models of files: WordPiece, and BPE of bytes.

use rustc_hash::FxHashSet;
use serde_json::{Value, json};

use super::fields::{Fields, Unknown as NotKnown};
use super::vocabulary::Vocabulary;
use crate::text::bert_text::stands_alone;
use crate::text::bpe::Merges;
use crate::text::byte_bpe::{ByteBpe, Unknown, byte_symbols, symbol_byte};
use crate::text::pieces::Pieces;

/// A model and how its vocabulary marks words.
#[derive(Debug)]
pub(super) enum Model {
    /// `mark` begins pieces that go on with a word.
    Pieces { pieces: Pieces, mark: String },
    /// `mark` ends the last piece of a word; it may be empty.
    Bytes { bpe: ByteBpe, mark: String },
}

impl Model {
    pub fn read(value: &Value, place: &str, bytes: bool) -> Result<(Self, Vocabulary), NotKnown> {
        let mut fields = Fields::of(value, place)?;
        let kind = fields.text("type")?;
        match (kind, bytes) {
            ("WordPiece", false) => wordpiece(fields),
            ("BPE", true) => byte_level(fields),
            ("BPE", false) => Err(format!("{place}.type is \"BPE\", of characters")),
            _ => Err(format!("{place}.type is {kind:?}")),
        }
    }
}

fn wordpiece(mut fields: Fields) -> Result<(Model, Vocabulary), NotKnown> {
    let vocabulary = Vocabulary::read(fields.value("vocab"), &fields.at("vocab"))?;
    let mark = fields.text("continuing_subword_prefix")?;
    let unknown = fields.take("unk_token", |value| vocabulary.id(value.as_str()?))?;
    let longest = fields.take("max_input_chars_per_word", Value::as_u64)?;
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    fields.end()?;
    let mut pieces = Pieces::new(longest, unknown);
    // A character that stands alone begins no word that goes on: then no word is spelled like a marked piece.
    let apart = mark.chars().next().is_some_and(stands_alone);
    for (id, spelling) in vocabulary.spellings() {
        let piece = spelling
            .strip_prefix(mark)
            .filter(|piece| !piece.is_empty());
        if let Some(piece) = piece {
            pieces.go_on(piece, id);
        }
        if piece.is_none() || !apart {
            pieces.begin(spelling, id);
        }
    }
    let mark = mark.to_string();
    Ok((Model::Pieces { pieces, mark }, vocabulary))
}

fn byte_level(mut fields: Fields) -> Result<(Model, Vocabulary), NotKnown> {
    let vocabulary = Vocabulary::read(fields.value("vocab"), &fields.at("vocab"))?;
    fields.take("dropout", |value| match value {
        Value::Null => Some(()),
        _ => (value.as_f64() == Some(0.0)).then_some(()),
    })?;
    fields.only("continuing_subword_prefix", &json!(""))?;
    fields.only("byte_fallback", &json!(false))?;
    let mark = fields
        .text_if_any("end_of_word_suffix")?
        .unwrap_or_default();
    let unknown = Unknown {
        id: fields.take("unk_token", |value| match value {
            Value::Null => Some(None),
            _ => vocabulary.id(value.as_str()?).map(Some),
        })?,
        fuse: fields.flag("fuse_unk", Some(false))?,
    };
    let whole_words = fields.flag("ignore_merges", Some(false))?;
    let place = fields.at("merges");
    let merges = merges(fields.list("merges")?, &vocabulary, &place)?;
    fields.end()?;

    let (mut inside, mut last) = ([None; 256], [None; 256]);
    for (byte, symbol) in byte_symbols() {
        inside[byte as usize] = vocabulary.id(symbol.encode_utf8(&mut [0; 4]));
        last[byte as usize] = vocabulary.id(&format!("{symbol}{mark}"));
    }
    let mut bpe = ByteBpe::new(merges, inside, last, unknown);
    for (_, spelling) in vocabulary.spellings() {
        if let Some(word) = spelling.strip_suffix(mark).and_then(bytes) {
            bpe.learn(&word);
        }
    }
    if whole_words {
        for (id, spelling) in vocabulary.spellings() {
            if let Some(word) = bytes(spelling) {
                bpe.learn_as(&word, id);
            }
        }
    }
    let mark = mark.to_string();
    Ok((Model::Bytes { bpe, mark }, vocabulary))
}

/// The bytes that a spelling stands for, if it's made of nothing else.
fn bytes(spelling: &str) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> = spelling.chars().map(symbol_byte).collect();
    bytes.filter(|bytes| !bytes.is_empty())
}

/// Merges as pairs, or as older files have them, two tokens and a space between.
fn merges(list: &[Value], vocabulary: &Vocabulary, place: &str) -> Result<Merges, NotKnown> {
    let mut merges = Merges::default();
    let mut seen = FxHashSet::default();
    for (index, value) in list.iter().enumerate() {
        let pair = match value {
            Value::String(line) if line.starts_with("#version") => continue,
            Value::String(line) => line.split_once(' '),
            Value::Array(two) if two.len() == 2 => two[0].as_str().zip(two[1].as_str()),
            _ => None,
        };
        let known = pair.and_then(|(left, right)| {
            let made = vocabulary.id(&[left, right].concat())?;
            Some((vocabulary.id(left)?, vocabulary.id(right)?, made))
        });
        let Some((left, right, made)) = known else {
            return Err(format!(
                "{place}[{index}] is {value}, not two tokens that make one"
            ));
        };
        if !seen.insert((left, right)) || !merges.push(left, right, made) {
            return Err(format!("{place}[{index}] is {value} once more"));
        }
    }
    Ok(merges)
}
