//! Byte-level BPE: a word's bytes, merged by rank (GPT-2's scheme, Radford et al. 2019).

use super::bpe::Merges;
use super::words::WordTable;

/// The id of each byte, where the vocabulary has it.
pub(super) type Symbols = [Option<u32>; 256];

/// What stands for bytes that the vocabulary doesn't have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unknown {
    /// Its id; without one they are left out.
    pub id: Option<u32>,
    /// Whether a run of them is one token.
    pub fuse: bool,
}

/// A vocabulary of merged bytes.
#[derive(Debug)]
pub(super) struct ByteBpe {
    merges: Merges,
    /// Words that become one token: nearly all words of nearly all captions.
    words: WordTable,
    /// Of bytes inside a word, and of its last.
    symbols: Box<[Symbols; 2]>,
    unknown: Unknown,
    /// Whether each byte has an id.
    whole: bool,
}

impl ByteBpe {
    /// Bytes are `inside` a word or its `last`.
    pub fn new(merges: Merges, inside: Symbols, last: Symbols, unknown: Unknown) -> Self {
        Self {
            merges,
            words: WordTable::default(),
            whole: inside.iter().chain(&last).all(Option::is_some),
            symbols: Box::new([inside, last]),
            unknown,
        }
    }

    /// Remembers what a word merges into, if that is one token.
    ///
    /// Merging decides, not the vocabulary: a word's best-ranked pairs may lead past the token that spells it.
    pub fn learn(&mut self, word: &[u8]) {
        let mut ids = Vec::new();
        self.merge(word, &mut ids);
        if let [only] = ids[..] {
            self.learn_as(word, only);
        }
    }

    /// Remembers a word that is `id` whatever it merges into.
    pub fn learn_as(&mut self, word: &[u8], id: u32) {
        self.words.insert(word, id);
    }

    /// Appends the ids of `padded[start..end]`, where `padded` ends in [`super::words::PADDING`].
    #[inline]
    pub fn push_word(&self, padded: &[u8], start: usize, end: usize, ids: &mut Vec<u32>) {
        match self.words.get(padded, start, end) {
            Some(id) => ids.push(id),
            None => self.merge(&padded[start..end], ids),
        }
    }

    fn merge(&self, word: &[u8], ids: &mut Vec<u32>) {
        let last = word.len().wrapping_sub(1);
        let symbols = word
            .iter()
            .enumerate()
            .map(|(index, byte)| self.symbols[usize::from(index == last)][*byte as usize]);
        if self.whole {
            self.merges
                .apply(symbols.map(Option::unwrap_or_default), ids);
        } else {
            self.merges.apply(self.known(symbols).into_iter(), ids);
        }
    }

    fn known(&self, symbols: impl Iterator<Item = Option<u32>>) -> Vec<u32> {
        let mut known = Vec::new();
        let mut run = false;
        for symbol in symbols {
            match (symbol, self.unknown.id) {
                (Some(id), _) => known.push(id),
                (None, Some(unknown)) if !(run && self.unknown.fuse) => known.push(unknown),
                _ => {}
            }
            run = symbol.is_none();
        }
        known
    }
}

/// The byte that a vocabulary's symbol stands for.
///
/// Bytes that are printable in Latin-1 stand for themselves; the others follow from U+0100 on.
pub(super) fn symbol_byte(symbol: char) -> Option<u8> {
    let point = u32::from(symbol);
    match point {
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => Some(point as u8),
        0x100..=0x120 => Some((point - 0x100) as u8),
        0x121..=0x142 => Some((point - 0x121 + 0x7F) as u8),
        0x143 => Some(0xAD),
        _ => None,
    }
}

/// Every byte and the character that vocabularies write for it, in the order of CLIP's ids: first those that stand for
/// themselves.
pub(super) fn byte_symbols() -> [(u8, char); 256] {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut symbols = [(0, '\0'); 256];
    let own = (0..=255_u8)
        .filter(|byte| printable(*byte))
        .map(|byte| (byte, char::from(byte)));
    let moved = (0..=255_u8)
        .filter(|byte| !printable(*byte))
        .zip('\u{100}'..);
    for (slot, symbol) in symbols.iter_mut().zip(own.chain(moved)) {
        *slot = symbol;
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_stand_for_their_bytes() {
        for (byte, symbol) in byte_symbols() {
            assert_eq!(symbol_byte(symbol), Some(byte));
        }
        assert_eq!(symbol_byte(' '), None);
    }

    #[test]
    fn unknown_bytes_are_left_out_or_counted() {
        let mut inside = [None; 256];
        inside[b'a' as usize] = Some(0);
        let ids = |id, fuse| {
            let bpe = ByteBpe::new(Merges::default(), inside, inside, Unknown { id, fuse });
            let mut ids = Vec::new();
            bpe.merge(b"xxaxa", &mut ids);
            ids
        };
        assert_eq!(ids(None, false), [0, 0]);
        assert_eq!(ids(Some(7), false), [7, 7, 0, 7, 0]);
        assert_eq!(ids(Some(7), true), [7, 0, 7, 0]);
    }
}
