//! WordPiece's model: a word cut greedily into the longest pieces that the vocabulary has.

use super::words::WordTable;

/// The pieces of a vocabulary.
#[derive(Debug)]
pub(super) struct Pieces {
    begins: WordTable,
    /// Pieces that go on with a word, stored without what marks them.
    continues: WordTable,
    /// A word of more characters is unknown.
    longest: usize,
    unknown: u32,
}

impl Pieces {
    /// No pieces yet, only what words are that can't be cut.
    pub fn new(longest: usize, unknown: u32) -> Self {
        Self {
            begins: WordTable::default(),
            continues: WordTable::default(),
            longest,
            unknown,
        }
    }

    /// Adds a piece that begins a word; says whether it's new.
    pub fn begin(&mut self, piece: &str, id: u32) -> bool {
        self.begins.insert(piece.as_bytes(), id)
    }

    /// Adds a piece that goes on with one; says whether it's new.
    pub fn go_on(&mut self, piece: &str, id: u32) -> bool {
        self.continues.insert(piece.as_bytes(), id)
    }

    /// What words are that can't be cut.
    pub fn set_unknown(&mut self, id: u32) {
        self.unknown = id;
    }

    /// Appends the ids of `padded[start..end]`, where `padded` ends in [`super::words::PADDING`].
    #[inline]
    pub fn push_word(&self, padded: &str, start: usize, end: usize, ids: &mut Vec<u32>) {
        match self.begins.get(padded.as_bytes(), start, end) {
            Some(id) if !self.too_long(&padded[start..end]) => ids.push(id),
            _ => self.cut(padded, start, end, ids),
        }
    }

    /// A character has at most four bytes: most words need no count.
    #[inline]
    fn too_long(&self, word: &str) -> bool {
        word.len() > self.longest
            && (word.len() / 4 > self.longest || word.chars().count() > self.longest)
    }

    /// Appends the pieces of a word that is not in the vocabulary as a whole.
    fn cut(&self, padded: &str, start: usize, end: usize, ids: &mut Vec<u32>) {
        let known = ids.len();
        let mut at = start;
        let too_long = self.too_long(&padded[start..end]);
        while at < end && !too_long {
            let table = if at == start {
                &self.begins
            } else {
                &self.continues
            };
            let mut stop = end.min(at + table.longest());
            let piece = loop {
                if stop <= at {
                    break None;
                }
                if padded.is_char_boundary(stop)
                    && let Some(id) = table.get(padded.as_bytes(), at, stop)
                {
                    break Some(id);
                }
                stop -= 1;
            };
            match piece {
                Some(id) => ids.push(id),
                None => break,
            }
            at = stop;
        }
        if at < end {
            ids.truncate(known);
            ids.push(self.unknown);
        }
    }
}
