//! Where GPT-2's pattern splits a text.
//!
//! The pattern, of Oniguruma, is
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` (GPT-2's encoder.py).

use crate::text::classes::{Class, Engine, class_at};
use crate::text::clip_text::contraction;

/// The pattern's matches in a text, as byte ranges; together they are the whole of it.
pub(super) struct Gpt2Pieces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Gpt2Pieces<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Gpt2Pieces<'_> {
    type Item = (usize, usize);

    #[inline]
    fn next(&mut self) -> Option<(usize, usize)> {
        let class = |at| class_at(self.text, at, Engine::Oniguruma);
        let start = self.at;
        let (first, _) = class(start)?;
        let bytes = self.text.as_bytes();
        if bytes[start] == b'\''
            && let Some(width) = contraction(&bytes[start + 1..], Engine::Oniguruma)
        {
            self.at = start + 1 + width;
            return Some((start, self.at));
        }
        let (mut end, mut kind) = (start, first);
        if bytes[start] == b' '
            && let Some((next, _)) = class(start + 1)
            && next != Class::Space
        {
            (end, kind) = (start + 1, next);
        }
        let mut last = start;
        while let Some((same, width)) = class(end)
            && same == kind
        {
            last = end;
            end += width;
        }
        // Of several white space characters before a word, the last goes with the word or stands alone.
        if kind == Class::Space && end < self.text.len() && last > start {
            end = last;
        }
        self.at = end;
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        Gpt2Pieces::new(text)
            .map(|(start, end)| &text[start..end])
            .collect()
    }

    #[test]
    fn splits_as_the_pattern_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("it's  a \n\n b", &["it", "'s", " ", " a", " \n\n", " b"]),
            ("12 ab34 !?  ", &["12", " ab", "34", " !?", "  "]),
            ("'t 'T x'\u{17F}", &["'t", " '", "T", " x", "'", "\u{17F}"]),
            ("a\tb\u{3000}c", &["a", "\t", "b", "\u{3000}", "c"]),
            ("\u{E9}\u{301}\u{B2}", &["\u{E9}", "\u{301}", "\u{B2}"]),
            ("\u{558}", &["\u{558}"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "(\\PC|[ '\n<>a-z0-9\u{85}\u{3000}]){0,40}") {
            prop_assert_eq!(split(&text).concat(), text);
        }
    }
}
