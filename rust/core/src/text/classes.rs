//! What characters are to the patterns that split texts: letters, numbers, white space, anything else.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// What a character is to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Letter,
    Number,
    Space,
    Other,
}

const ASCII: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Number,
            b'\t'..=b'\r' | b' ' => Class::Space,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// Whose pattern it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// Python's module `regex`, ignoring case, as open_clip uses it.
    Regex,
    /// Oniguruma, minding case, as Hugging Face's `tokenizers` uses it.
    Oniguruma,
}

#[cold]
fn beyond_ascii(character: char, engine: Engine) -> Class {
    match engine {
        // Ignoring case, U+0345 counts as its capital, a letter, for a negated set, but not for \p{L}: nothing matches it.
        Engine::Regex if character == '\u{345}' => return Class::Space,
        Engine::Oniguruma if is_later(character) => return Class::Other,
        _ => {}
    }
    if character.is_whitespace() {
        return Class::Space;
    }
    match character.general_category_group() {
        GeneralCategoryGroup::Letter => Class::Letter,
        GeneralCategoryGroup::Number => Class::Number,
        _ => Class::Other,
    }
}

/// The class and width of the character at byte `at`, which starts one.
#[inline]
pub(super) fn class_at(text: &str, at: usize, engine: Engine) -> Option<(Class, usize)> {
    let byte = *text.as_bytes().get(at)?;
    if byte < 128 {
        return Some((ASCII[byte as usize], 1));
    }
    let character = text[at..].chars().next()?;
    Some((beyond_ascii(character, engine), character.len_utf8()))
}

/// Whether Unicode made it a letter or a number after version 16, which `tokenizers` 0.23 knows.
fn is_later(character: char) -> bool {
    let point = u32::from(character);
    let after = LATER.partition_point(|(first, _)| *first <= point);
    after > 0 && point <= LATER[after - 1].1
}

/// First and last of each run, in order.
#[rustfmt::skip]
const LATER: [(u32, u32); 52] = [
    (0x558, 0x558), (0x58B, 0x58C), (0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x208F, 0x208F),
    (0x209D, 0x209F), (0xA7CE, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4), (0xA7DD, 0xA7DD), (0xA7E2, 0xA7E2),
    (0xA7F1, 0xA7F1), (0xAB6C, 0xAB6D), (0x107BB, 0x107BF), (0x10940, 0x10959), (0x10EC5, 0x10EC7),
    (0x10ED9, 0x10EEE), (0x11B0A, 0x11B0A), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x11DF1, 0x11DF1),
    (0x1246F, 0x1246F), (0x12475, 0x1247F), (0x12550, 0x12686), (0x16EA0, 0x16EB8), (0x16EBB, 0x16ED3),
    (0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18CD6, 0x18CDA), (0x18D09, 0x18D20), (0x18D80, 0x18DF2),
    (0x18E00, 0x19191), (0x191A0, 0x191D2), (0x1B123, 0x1B128), (0x1B168, 0x1B168), (0x1D6A6, 0x1D6A6),
    (0x1DF1F, 0x1DF24), (0x1DF2B, 0x1DF81), (0x1DF90, 0x1DF96), (0x1DFCD, 0x1DFFF), (0x1E6C0, 0x1E6DE),
    (0x1E6E0, 0x1E6E2), (0x1E6E4, 0x1E6E5), (0x1E6E7, 0x1E6ED), (0x1E6F0, 0x1E6F4), (0x1E6FE, 0x1E6FF),
    (0x2B73A, 0x2B73F), (0x2B81E, 0x2B81E), (0x2CEA2, 0x2CEAD), (0x323B0, 0x33479), (0x3D000, 0x3FC3F),
];
