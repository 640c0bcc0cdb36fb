//! Arbitrary captions through BERT's tokenizer.

#![no_main]

use std::sync::LazyLock;

use impasto_core::text::{Tokenizer, WordPieceTokenizer};
use libfuzzer_sys::fuzz_target;

static BERT: LazyLock<[Tokenizer; 2]> = LazyLock::new(|| {
    let mut lines: Vec<String> = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "\u{4E2D}",
    ]
    .map(String::from)
    .into();
    lines.extend((' '..='~').skip(1).map(String::from));
    lines.extend(('a'..='z').map(|letter| format!("##{letter}")));
    lines.extend(["##ing", "##\u{E9}", "extraordinarily"].map(String::from));
    [false, true].map(|lowercase| {
        let vocabulary =
            WordPieceTokenizer::from_vocabulary(lines.join("\n").as_bytes(), lowercase);
        Tokenizer::WordPiece(vocabulary.expect("a good vocabulary"))
    })
});

fuzz_target!(|text: &str| BERT
    .iter()
    .for_each(|bert| impasto_fuzz::tokenize(bert, text)));
