//! Captions to token ids: CLIP's byte-level BPE and BERT's WordPiece, id for id what their Python originals give.
//!
//! A tokenizer is immutable after loading and shared by threads; what a call needs to write lies in a [`TextScratch`],
//! one per thread.

mod augment;
mod bert_text;
mod bpe;
mod clean;
mod clip;
mod clip_text;
mod decode;
mod frame;
mod mask;
mod prepare;
mod vocabulary;
mod wordpiece;
mod words;

pub use augment::{Tags, WordOp, Wording, augment_words};
pub use clean::needs_cleaning;
pub use clip::ClipTokenizer;
pub use frame::{Counts, Framing};
pub use mask::TextMask;
pub use prepare::Prepare;
pub use wordpiece::WordPieceTokenizer;

/// What a special token's name means where a caption spells it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Specials {
    /// Text like any other, so that a caption cannot end itself early.
    #[default]
    Text,
    /// The special token, as open_clip and `BertTokenizerFast` do.
    Parse,
}

/// The working memory of one thread's tokenizing; holds nothing between calls but its capacity.
#[derive(Debug, Default)]
pub struct TextScratch {
    /// The normalised text, followed by [`words::PADDING`].
    text: String,
    /// The ids of a row before it is framed.
    ids: Vec<u32>,
}

/// A tokenizer of either kind.
#[derive(Debug)]
pub enum Tokenizer {
    /// CLIP's byte-level BPE.
    Clip(ClipTokenizer),
    /// BERT's WordPiece.
    WordPiece(WordPieceTokenizer),
}

impl Tokenizer {
    /// Appends the ids of `text` to `ids`, without begin and end tokens.
    ///
    /// CLIP's text is lower-cased but not otherwise cleaned: see [`needs_cleaning`].
    pub fn encode(
        &self,
        text: &str,
        specials: Specials,
        scratch: &mut TextScratch,
        ids: &mut Vec<u32>,
    ) {
        match self {
            Self::Clip(clip) => clip.encode(text, specials, &mut scratch.text, ids),
            Self::WordPiece(wordpiece) => {
                wordpiece.encode(text, specials, &mut scratch.text, ids);
            }
        }
    }

    /// How many ids there are; all are below it.
    pub fn vocabulary_size(&self) -> usize {
        match self {
            Self::Clip(clip) => clip.tokens().len(),
            Self::WordPiece(wordpiece) => wordpiece.tokens().len(),
        }
    }

    /// How the vocabulary spells a token: `cat</w>` in CLIP's, `##ing` in BERT's.
    pub fn token(&self, id: u32) -> Option<&str> {
        match self {
            Self::Clip(clip) => clip.tokens().get(id),
            Self::WordPiece(wordpiece) => wordpiece.tokens().get(id),
        }
    }

    /// The id that opens a row: `<start_of_text>` or `[CLS]`.
    pub fn begin_id(&self) -> u32 {
        match self {
            Self::Clip(clip) => clip.begin_id(),
            Self::WordPiece(wordpiece) => wordpiece.begin_id(),
        }
    }

    /// The id that closes a row: `<end_of_text>` or `[SEP]`.
    pub fn end_id(&self) -> u32 {
        match self {
            Self::Clip(clip) => clip.end_id(),
            Self::WordPiece(wordpiece) => wordpiece.end_id(),
        }
    }
}

/// The caption of a mixed pair: both, with `by` between; MixGen's (arXiv 2206.08358, algorithm 1) is a space. One that
/// was dropped is not joined.
pub fn join(first: &str, second: &str, by: &str) -> String {
    match (first, second) {
        ("", only) | (only, "") => only.to_string(),
        _ => [first, by, second].concat(),
    }
}
