//! The caption of one row: as it is, joined with its partner's, or what is kept of both.

use super::{Row, Text};
use crate::mix::{Mix, MixGen, Unit, Words, balanced};
use crate::rng::Stream;
use crate::text::{TextMask, TextScratch, Tokenizer, join, needs_cleaning};

/// What became of a row's caption.
#[derive(Debug, Clone, Default)]
pub struct Caption {
    /// The text.
    pub text: String,
    /// Tokens that did not fit.
    pub lost: u32,
    /// The text wants cleaning that is not done here (Unicode repair, HTML entities): its ids are unset.
    pub needs_cleaning: bool,
    /// The places that were kept, of the row's own tokens followed by its partner's; `None` when all were.
    pub kept: Option<Vec<u32>>,
}

/// Mixes the caption of `row` and writes its ids; `cleaned` where rare captions have been cleaned before.
pub(super) fn finish(
    text: &Text,
    (mixgen, cleaned): (Option<&MixGen>, bool),
    rows: &[Row],
    row: usize,
    mix: &Mix,
    scratch: &mut TextScratch,
    (ids, mask): (&mut [i64], &mut [i64]),
) -> Caption {
    let (own, partner) = (&rows[row], &rows[mix.partner]);
    let by_token = mixgen.filter(|mixgen| mixgen.splices());
    let spliced = match (by_token, text.tokenizer.as_deref()) {
        (Some(mixgen), Some(tokenizer)) => splice(text, tokenizer, mixgen, own, partner, mix.words),
        _ => None,
    };
    if let (Some((content, kept, cut)), Some(tokenizer)) = (spliced, text.tokenizer.as_deref()) {
        let (content, kept, masked) = masked((text, tokenizer), own, content, kept);
        let counts = tokenizer.write_ids(&content, &text.framing, ids, mask);
        return Caption {
            text: tokenizer.decode(&content),
            lost: counts.lost + cut + masked,
            needs_cleaning: false,
            kept: Some(kept),
        };
    }
    let by = mixgen.map_or(" ", |mixgen| &mixgen.join);
    let (joined, kept) = join_words(&own.caption, &partner.caption, mix.words, by);
    let mut caption = Caption {
        text: joined,
        kept,
        ..Caption::default()
    };
    if let Some(tokenizer) = text.tokenizer.as_deref() {
        caption.needs_cleaning = text.clean && !cleaned && needs_cleaning(&caption.text);
        if text.mask != TextMask::Truncate {
            let mut content = Vec::new();
            tokenizer.encode(&caption.text, text.framing.specials, scratch, &mut content);
            if content.len() > tokenizer.room(&text.framing) {
                let places = (0..content.len() as u32).collect();
                let (content, kept, lost) = masked((text, tokenizer), own, content, places);
                tokenizer.write_ids(&content, &text.framing, ids, mask);
                return Caption {
                    text: tokenizer.decode(&content),
                    lost,
                    needs_cleaning: false,
                    kept: Some(kept),
                };
            }
        }
        if !caption.needs_cleaning {
            let counts = tokenizer.write_row(&caption.text, &text.framing, scratch, ids, mask);
            caption.lost = counts.lost;
        }
    }
    caption
}

/// What stays of ids that don't fit, with their places, and how many went.
fn masked(
    (text, tokenizer): (&Text, &Tokenizer),
    own: &Row,
    content: Vec<u32>,
    places: Vec<u32>,
) -> (Vec<u32>, Vec<u32>, u32) {
    let room = tokenizer.room(&text.framing);
    if text.mask == TextMask::Truncate || content.len() <= room {
        return (content, places, 0);
    }
    let mut stream = Stream::from_seed(own.mask_seed);
    let stay = text.mask.places(content.len(), room, &mut stream);
    let chosen = |all: &[u32]| stay.iter().map(|&place| all[place as usize]).collect();
    let lost = (content.len() - stay.len()) as u32;
    (chosen(&content), chosen(&places), lost)
}

/// The ids of a caption that is put together from tokens, their places, and how many were cut to make them fit; `None`
/// where the strings do.
fn splice(
    text: &Text,
    tokenizer: &Tokenizer,
    mixgen: &MixGen,
    own: &Row,
    partner: &Row,
    words: Words,
) -> Option<(Vec<u32>, Vec<u32>, u32)> {
    let mut scratch = TextScratch::default();
    let mut content = Vec::new();
    let mut encode = |row: &Row| {
        tokenizer.encode(
            &row.caption,
            text.framing.specials,
            &mut scratch,
            &mut content,
        );
        content.len()
    };
    let by_word = mixgen.unit == Unit::Words && words != Words::Both;
    if by_word || matches!(words, Words::Own | Words::Partner) {
        return None;
    }
    let first = encode(own);
    let all = encode(partner);
    let places = match words {
        Words::Both => balanced(first, all - first, tokenizer.room(&text.framing))?,
        _ => words.places(first, all - first),
    };
    let cut = match words {
        Words::Both => all - places.len(),
        _ => 0,
    };
    let chosen = places.iter().map(|&place| content[place]).collect();
    Some((chosen, as_u32(&places), cut as u32))
}

/// Both captions as words say, counted in words and joined by `by` where both are whole, and the places of those that
/// were kept; `None` when all were.
pub fn join_words(own: &str, partner: &str, words: Words, by: &str) -> (String, Option<Vec<u32>>) {
    match words {
        Words::Own => (own.to_string(), None),
        Words::Partner => (partner.to_string(), None),
        Words::Both => (join(own, partner, by), None),
        Words::KeptOfEach { .. } | Words::KeptOfBoth { .. } => {
            let (first, second): (Vec<&str>, Vec<&str>) = (
                own.split_whitespace().collect(),
                partner.split_whitespace().collect(),
            );
            let places = words.places(first.len(), second.len());
            let all = [first, second].concat();
            let chosen: Vec<&str> = places.iter().map(|&place| all[place]).collect();
            (chosen.join(" "), Some(as_u32(&places)))
        }
    }
}

fn as_u32(places: &[usize]) -> Vec<u32> {
    places.iter().map(|&place| place as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_words_keep_their_order() {
        let seed = 3;
        let words = Words::KeptOfEach {
            own: 0.5,
            partner: 1.0,
            seed,
        };
        let (text, places) = join_words(" a  b c d ", "e f", words, " ");
        assert_eq!(places.map(|places| places.len()), Some(4));
        assert!(text.ends_with(" e f"), "{text}");
    }
}
