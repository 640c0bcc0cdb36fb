//! Arbitrary bytes as a vocabulary, which is then used.

#![no_main]

use impasto_core::text::{ClipTokenizer, Tokenizer, WordPieceTokenizer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = ClipTokenizer::from_vocabulary(bytes);
    if let Ok(bert) = WordPieceTokenizer::from_vocabulary(bytes, true) {
        impasto_fuzz::tokenize(
            &Tokenizer::WordPiece(bert),
            "the cat's [MASK] \u{E9}t\u{E9}",
        );
    }
});
