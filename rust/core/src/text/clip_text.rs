//! Where CLIP's pattern splits a text.
//!
//! The pattern, of the Python module `regex` and ignoring case, is
//! `<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
//! (open_clip's tokenizer.py); specials take part only where they are parsed. The files of Hugging Face's `tokenizers`
//! have it too, but mind case.

use super::classes::{Class, Engine, class_at};

/// A match of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    /// Index into `specials` of the one that stands here, spelled as listed.
    pub special: Option<usize>,
}

/// The pattern's matches in `text`, which is lower case where case is ignored.
pub(super) struct Pieces<'a> {
    text: &'a str,
    specials: &'a [&'a str],
    engine: Engine,
    at: usize,
}

impl<'a> Pieces<'a> {
    pub fn new(text: &'a str, specials: &'a [&'a str], engine: Engine) -> Self {
        Self {
            text,
            specials,
            engine,
            at: 0,
        }
    }

    /// The end of a special that starts at `start`, and which, if it's spelled as listed.
    #[cold]
    fn special(&self, start: usize) -> Option<(usize, Option<usize>)> {
        let rest = &self.text.as_bytes()[start..];
        let engine = self.engine;
        self.specials
            .iter()
            .enumerate()
            .find_map(|(index, special)| {
                let mut length = 0;
                for expected in special.bytes() {
                    length += same_letter(&rest[length..], expected, engine)?;
                }
                let exact = rest.starts_with(special.as_bytes());
                Some((start + length, exact.then_some(index)))
            })
    }
}

/// The width of the character at the start of `rest` if it's `expected`, or but for case; a long s is an s then.
fn same_letter(rest: &[u8], expected: u8, engine: Engine) -> Option<usize> {
    if rest.first() == Some(&expected) {
        Some(1)
    } else if engine == Engine::Regex && expected == b's' && rest.starts_with("\u{17F}".as_bytes())
    {
        Some(2)
    } else {
        None
    }
}

/// The width of a contraction's end (`s`, `re`, ...) at the start of `rest`.
pub(super) fn contraction(rest: &[u8], engine: Engine) -> Option<usize> {
    match rest {
        [b's' | b't' | b'm' | b'd', ..] => Some(1),
        [b'r' | b'v', b'e', ..] | [b'l', b'l', ..] => Some(2),
        _ => same_letter(rest, b's', engine),
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    #[inline]
    fn next(&mut self) -> Option<Piece> {
        let text = self.text;
        let (start, class, width) = loop {
            let (class, width) = class_at(text, self.at, self.engine)?;
            if class != Class::Space {
                break (self.at, class, width);
            }
            self.at += width;
        };
        let bytes = text.as_bytes();
        let mut end = start + width;
        if class == Class::Other {
            let special = match bytes[start] {
                b'<' => self.special(start),
                b'\'' => contraction(&bytes[end..], self.engine).map(|width| (end + width, None)),
                _ => None,
            };
            if let Some((end, special)) = special {
                self.at = end;
                return Some(Piece {
                    start,
                    end,
                    special,
                });
            }
        }
        if class != Class::Number {
            while let Some((same, width)) = class_at(text, end, self.engine) {
                if same != class {
                    break;
                }
                end += width;
            }
        }
        self.at = end;
        Some(Piece {
            start,
            end,
            special: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split<'a>(text: &'a str, specials: &[&str]) -> Vec<&'a str> {
        Pieces::new(text, specials, Engine::Regex)
            .map(|piece| &text[piece.start..piece.end])
            .collect()
    }

    #[test]
    fn splits_as_the_pattern_does() {
        let cases: [(&str, &[&str]); 8] = [
            (" a  cat's toy", &["a", "cat", "'s", "toy"]),
            (
                "we'rein they'll 'sup",
                &["we", "'re", "in", "they", "'ll", "'s", "up"],
            ),
            (
                "rock'n'roll!'s",
                &["rock", "'", "n", "'", "roll", "!'", "s"],
            ),
            ("a1b23", &["a", "1", "b", "2", "3"]),
            ("x'\u{17F}", &["x", "'\u{17F}"]),
            ("a\u{345}b!\u{345}!", &["a", "b", "!", "!"]),
            (
                "\u{2167}\u{B2}\u{E9}e\u{301}",
                &["\u{2167}", "\u{B2}", "\u{E9}e", "\u{301}"],
            ),
            (
                "<start_of_text>",
                &["<", "start", "_", "of", "_", "text", ">"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text, &[]), expected, "{text:?}");
        }
    }

    #[test]
    fn specials_count_where_a_piece_starts() {
        let specials = ["<end>", "<so>"];
        assert_eq!(
            split("a<so>b <<so>", &specials),
            ["a", "<so>", "b", "<<", "so", ">"]
        );
        let found: Vec<_> = Pieces::new("<so><\u{17F}o><end>", &specials, Engine::Regex)
            .map(|piece| piece.special)
            .collect();
        assert_eq!(found, [Some(1), None, Some(0)]);
    }

    proptest! {
        #[test]
        fn nothing_but_space_is_lost(text in "(\\PC|[ '<>a-z0-9\u{85}\u{3000}]){0,40}") {
            let kept: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{345}').collect();
            prop_assert_eq!(split(&text, &["<s>"]).concat(), kept);
        }
    }
}
