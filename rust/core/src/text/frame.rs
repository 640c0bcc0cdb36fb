//! A caption as one row of a batch: what opens it, content, what closes it, padding.

use super::{Specials, TextScratch, Tokenizer};

/// How a row of ids is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// Ids in a row, at least as many as open and close it.
    pub length: usize,
    /// What fills the row after its last token.
    pub pad_id: i64,
    /// What special tokens' names mean inside a caption.
    pub specials: Specials,
    /// Whether the tokenizer's end closes the row; the BERT in ALBEF is fed without one.
    pub end: bool,
}

/// What became of a caption's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Positions of the row that are not padding, begin and end included.
    pub used: u32,
    /// Tokens of the caption that did not fit.
    pub lost: u32,
}

impl Tokenizer {
    /// Writes the framed ids of `text` and a mask that is 1 where they are and 0 at padding.
    ///
    /// A caption that is too long loses its last tokens; the end token stays, as in open_clip and `BertTokenizerFast`.
    /// `ids` and `mask` have `framing.length` elements; if they are shorter, so is the row.
    pub fn write_row(
        &self,
        text: &str,
        framing: &Framing,
        scratch: &mut TextScratch,
        ids: &mut [i64],
        mask: &mut [i64],
    ) -> Counts {
        let mut content = std::mem::take(&mut scratch.ids);
        content.clear();
        self.encode(text, framing.specials, scratch, &mut content);
        let counts = self.write_ids(&content, framing, ids, mask);
        scratch.ids = content;
        counts
    }

    /// The same for ids of [`Tokenizer::encode`].
    pub fn write_ids(
        &self,
        content: &[u32],
        framing: &Framing,
        ids: &mut [i64],
        mask: &mut [i64],
    ) -> Counts {
        frame(content, self.row_ends(framing), framing, ids, mask)
    }

    /// Tokens of a caption that fit into a row.
    pub fn room(&self, framing: &Framing) -> usize {
        let (before, after) = self.row_ends(framing);
        framing.length.saturating_sub(before.len() + after.len())
    }

    fn row_ends(&self, framing: &Framing) -> (&[u32], &[u32]) {
        let (before, after) = self.ends();
        (before, if framing.end { after } else { &[] })
    }
}

fn frame(
    content: &[u32],
    (before, after): (&[u32], &[u32]),
    framing: &Framing,
    ids: &mut [i64],
    mask: &mut [i64],
) -> Counts {
    ids.fill(framing.pad_id);
    mask.fill(0);
    let length = framing.length.min(ids.len()).min(mask.len());
    let kept = content
        .len()
        .min(length.saturating_sub(before.len() + after.len()));
    let row = before.iter().chain(&content[..kept]).chain(after);
    let mut used = 0;
    for ((id, on), token) in ids[..length].iter_mut().zip(&mut mask[..length]).zip(row) {
        *id = i64::from(*token);
        *on = 1;
        used += 1;
    }
    Counts {
        used,
        lost: u32::try_from(content.len() - kept).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(content: &[u32], length: usize, end: bool) -> (Vec<i64>, Vec<i64>, Counts) {
        let framing = Framing {
            length,
            pad_id: -1,
            specials: Specials::Text,
            end,
        };
        let (mut ids, mut mask) = (vec![7; length], vec![7; length]);
        let after: &[u32] = if end { &[200] } else { &[] };
        let counts = frame(content, (&[100], after), &framing, &mut ids, &mut mask);
        (ids, mask, counts)
    }

    #[test]
    fn a_short_caption_is_padded() {
        let counts = Counts { used: 4, lost: 0 };
        assert_eq!(
            row(&[1, 2], 6, true),
            (vec![100, 1, 2, 200, -1, -1], vec![1, 1, 1, 1, 0, 0], counts)
        );
        assert_eq!(
            row(&[], 3, false),
            (
                vec![100, -1, -1],
                vec![1, 0, 0],
                Counts { used: 1, lost: 0 }
            )
        );
    }

    #[test]
    fn a_long_caption_keeps_its_end_and_counts_its_loss() {
        assert_eq!(
            row(&[1, 2, 3], 4, true),
            (
                vec![100, 1, 2, 200],
                vec![1; 4],
                Counts { used: 4, lost: 1 }
            )
        );
        assert_eq!(
            row(&[1, 2, 3, 4], 4, false),
            (vec![100, 1, 2, 3], vec![1; 4], Counts { used: 4, lost: 1 })
        );
        assert_eq!(
            row(&[1], 2, true),
            (vec![100, 200], vec![1; 2], Counts { used: 2, lost: 1 })
        );
    }

    #[test]
    fn rows_too_short_for_their_frame_do_not_panic() {
        assert_eq!(
            row(&[1], 1, true),
            (vec![100], vec![1], Counts { used: 1, lost: 1 })
        );
        assert_eq!(
            row(&[1, 2], 0, true),
            (vec![], vec![], Counts { used: 0, lost: 2 })
        );
    }
}
