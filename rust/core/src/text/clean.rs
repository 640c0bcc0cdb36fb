//! Which captions open_clip's cleaning could change.

/// Whether ftfy or `html.unescape` could change `text`.
///
/// They leave ASCII without `&` and control characters alone (form feeds and line ends are whitespace to all); stripping,
/// collapsing whitespace and lower-casing never change a tokenizer's ids beyond what [`Tokenizer::encode`] does itself.
///
/// [`Tokenizer::encode`]: super::Tokenizer::encode
pub fn needs_cleaning(text: &str) -> bool {
    text.bytes()
        .fold(false, |found, byte| found | CHANGED[byte as usize])
}

const CHANGED: [bool; 256] = {
    let mut changed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let whitespace = matches!(byte as u8, b'\t' | b'\n' | b'\x0C' | b'\r');
        changed[byte] = byte == b'&' as usize || byte >= 0x7F || (byte < 0x20 && !whitespace);
        byte += 1;
    }
    changed
};

#[cfg(test)]
mod tests {
    use super::needs_cleaning;

    #[test]
    fn plain_ascii_needs_none() {
        assert!(!needs_cleaning("  A cat's\t\"toy\"\r\n<b> 100% \x0C~"));
        assert!(!needs_cleaning(""));
    }

    #[test]
    fn what_python_could_change_does() {
        for text in [
            "a &amp; b",
            "caf\u{e9}",
            "\u{2019}",
            "a\0b",
            "a\x0Bb",
            "\x1b[31m",
            "\x7f",
            "\x1c",
        ] {
            assert!(needs_cleaning(text), "{text:?}");
        }
    }
}
