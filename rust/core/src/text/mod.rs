//! Captions to token ids: CLIP's byte-level BPE, BERT's WordPiece, and what Hugging Face's files describe of the two kinds,
//! id for id what their originals give.
//!
//! A tokenizer is immutable after loading and shared by threads; what a call needs to write lies in a [`TextScratch`],
//! one per thread.

mod augment;
mod bert_text;
mod bpe;
mod byte_bpe;
mod classes;
mod clean;
mod clip;
mod clip_text;
mod decode;
mod file;
mod frame;
mod mask;
mod pieces;
mod prepare;
mod vocabulary;
mod wordpiece;
mod words;

pub use augment::{Tags, WordOp, Wording, augment_words};
pub use clean::needs_cleaning;
pub use clip::ClipTokenizer;
pub use file::{FileTokenizer, TokenizerFile};
pub use frame::{Counts, Framing};
pub use mask::TextMask;
pub use prepare::Prepare;
pub use wordpiece::WordPieceTokenizer;

use vocabulary::Tokens;

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
    /// What a file's normalizer made of a part.
    normal: String,
    /// The ids of a row before it is framed.
    ids: Vec<u32>,
}

/// A tokenizer of any kind.
#[derive(Debug)]
pub enum Tokenizer {
    /// CLIP's byte-level BPE.
    Clip(ClipTokenizer),
    /// BERT's WordPiece.
    WordPiece(WordPieceTokenizer),
    /// What a `tokenizer.json` describes.
    File(FileTokenizer),
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
            Self::File(file) => file.encode(text, specials, scratch, ids),
        }
    }

    fn tokens(&self) -> &Tokens {
        match self {
            Self::Clip(clip) => clip.tokens(),
            Self::WordPiece(wordpiece) => wordpiece.tokens(),
            Self::File(file) => file.tokens(),
        }
    }

    /// How many ids there are; all are below it.
    pub fn vocabulary_size(&self) -> usize {
        self.tokens().len()
    }

    /// How the vocabulary spells a token: `cat</w>` in CLIP's, `##ing` in BERT's.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens().get(id)
    }

    /// The ids that open a row, and those that close it: `<start_of_text>` or `[CLS]`, `<end_of_text>` or `[SEP]`.
    pub fn ends(&self) -> (&[u32], &[u32]) {
        match self {
            Self::Clip(clip) => clip.ends(),
            Self::WordPiece(wordpiece) => wordpiece.ends(),
            Self::File(file) => file.ends(),
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
