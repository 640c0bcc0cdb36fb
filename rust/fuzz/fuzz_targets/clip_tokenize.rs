//! Arbitrary captions through CLIP's tokenizer.

#![no_main]

use std::sync::LazyLock;

use impasto_core::text::{ClipTokenizer, Tokenizer};
use libfuzzer_sys::fuzz_target;

/// A vocabulary of CLIP's size: pairs of printable characters, then triples.
static CLIP: LazyLock<Tokenizer> = LazyLock::new(|| {
    let letters: Vec<char> = ('!'..='~').collect();
    let pairs: Vec<(char, char)> = letters
        .iter()
        .flat_map(|&a| letters.iter().map(move |&b| (a, b)))
        .collect();
    let mut lines = vec!["#version: 0.2".to_string()];
    lines.extend(pairs.iter().map(|(a, b)| format!("{a} {b}")));
    lines.extend(pairs.iter().map(|(a, b)| format!("{a} {b}</w>")));
    lines.extend(
        letters
            .iter()
            .flat_map(|c| pairs.iter().map(move |(a, b)| format!("{a}{b} {c}</w>"))),
    );
    let vocabulary = ClipTokenizer::from_vocabulary(lines.join("\n").as_bytes());
    Tokenizer::Clip(vocabulary.expect("a good vocabulary"))
});

fuzz_target!(|text: &str| impasto_fuzz::tokenize(&CLIP, text));
