//! BERT's basic tokenizer, as Hugging Face's `BertNormalizer` and `BertPreTokenizer` have it.

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::UnicodeNormalization;

/// What is done to a text before WordPiece sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BertText {
    /// Control characters go, white space is a space.
    pub clean: bool,
    /// Chinese characters stand alone.
    pub chinese: bool,
    /// Accents go.
    pub strip_accents: bool,
    /// Capitals become small.
    pub lowercase: bool,
}

impl BertText {
    /// BERT's own way, which drops accents and capitals together.
    pub fn of(lowercase: bool) -> Self {
        Self {
            clean: true,
            chinese: true,
            strip_accents: lowercase,
            lowercase,
        }
    }

    /// Replaces `out` by the text as WordPiece sees it.
    pub fn apply(self, text: &str, out: &mut String) {
        out.clear();
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            out.push_str(text);
            if self.lowercase {
                out.make_ascii_lowercase();
            }
            return;
        }
        let cleaned = text
            .chars()
            .filter(|character| !(self.clean && is_dropped(*character)))
            .map(|character| {
                if self.clean && character.is_whitespace() {
                    ' '
                } else {
                    character
                }
            });
        let spaced = cleaned.flat_map(|character| {
            let apart = (self.chinese && is_cjk(character)).then_some(' ');
            apart.into_iter().chain([character]).chain(apart)
        });
        if self.strip_accents {
            let decomposed = spaced.nfd().map(|(character, _)| character);
            self.finish(
                decomposed.filter(|character| !character.is_mark_nonspacing()),
                out,
            );
        } else {
            self.finish(spaced, out);
        }
    }

    fn finish(self, characters: impl Iterator<Item = char>, out: &mut String) {
        if self.lowercase {
            out.extend(characters.flat_map(char::to_lowercase));
        } else {
            out.extend(characters);
        }
    }
}

fn is_dropped(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\0' | '\u{FFFD}' => true,
        _ => character.is_other(),
    }
}

/// The blocks of BERT's original, the last one as in Hugging Face, which starts it 0x100 late.
fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{20000}'..='\u{2A6DF}'
        | '\u{2A700}'..='\u{2B73F}' | '\u{2B740}'..='\u{2B81F}' | '\u{2B920}'..='\u{2CEAF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}')
}

/// What a character is to the splitting of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    Punctuation,
}

const ASCII: [Class; 128] = {
    let mut classes = [Class::Word; 128];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        if character.is_ascii_punctuation() {
            classes[byte] = Class::Punctuation;
        } else if matches!(character, b'\t'..=b'\r' | b' ') {
            classes[byte] = Class::Space;
        }
        byte += 1;
    }
    classes
};

fn class_of(character: char) -> Class {
    if character.is_whitespace() {
        Class::Space
    } else if character.is_ascii_punctuation() || character.is_punctuation() {
        Class::Punctuation
    } else {
        Class::Word
    }
}

/// Whether no word of several characters has it.
pub(super) fn stands_alone(character: char) -> bool {
    class_of(character) != Class::Word
}

fn class_at(text: &str, at: usize) -> Option<(Class, usize)> {
    let byte = *text.as_bytes().get(at)?;
    if byte < 128 {
        return Some((ASCII[byte as usize], 1));
    }
    let character = text[at..].chars().next()?;
    Some((class_of(character), character.len_utf8()))
}

/// The words of a normalised text, each punctuation character one of its own, as byte ranges.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Words<'_> {
    type Item = (usize, usize);

    #[inline]
    fn next(&mut self) -> Option<(usize, usize)> {
        let (start, class, width) = loop {
            let (class, width) = class_at(self.text, self.at)?;
            if class != Class::Space {
                break (self.at, class, width);
            }
            self.at += width;
        };
        self.at = start + width;
        if class == Class::Word {
            while let Some((Class::Word, width)) = class_at(self.text, self.at) {
                self.at += width;
            }
        }
        Some((start, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(text: &str, lowercase: bool) -> String {
        let mut out = String::from("left over");
        BertText::of(lowercase).apply(text, &mut out);
        out
    }

    #[test]
    fn normalises_as_bert_does() {
        let cases = [
            ("Ca\u{301}fe\u{301} \u{130}\u{DF}", "cafe i\u{DF}"),
            ("a\0b\u{FFFD}c\u{200D}d\te", "abcd e"),
            ("\u{FF21}\u{39F}\u{3A3}", "\u{FF41}\u{3BF}\u{3C3}"),
            ("x\u{4E2D}y", "x \u{4E2D} y"),
            ("A B", "a b"),
        ];
        for (text, expected) in cases {
            assert_eq!(normalized(text, true), expected, "{text:?}");
        }
        assert_eq!(normalized("C\u{E1}f\u{E9}\x01", false), "C\u{E1}f\u{E9}");
    }

    #[test]
    fn punctuation_stands_alone() {
        let text = "a b--c\u{3000}\u{2019}d$";
        let words: Vec<_> = Words::new(text)
            .map(|(start, end)| &text[start..end])
            .collect();
        assert_eq!(words, ["a", "b", "-", "-", "c", "\u{2019}", "d", "$"]);
    }
}
