//! What is done to a caption before it is mixed: words deleted and swapped (Wei and Zou 2019, EDA, without the
//! synonyms), tags shuffled and dropped, templates. Draw, then apply: what is drawn is a few numbers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::rng::Stream;

/// What is done to a caption.
#[derive(Debug, Clone, PartialEq)]
pub enum WordOp {
    /// Each word goes with probability p; one drawn evenly stays where all would go.
    Delete(f64),
    /// Two drawn words change places, n times.
    Swap(u32),
    /// Each word goes with its own probability, found by its lower case without punctuation around it; one drawn evenly
    /// stays where all would go.
    DropWords(Arc<FxHashMap<String, f64>>),
    /// Tags come in a random order.
    ShuffleTags(Tags),
    /// Each tag goes with probability p; one drawn evenly stays where all would go.
    DropTags(f64, Tags),
    /// The caption goes with probability p, but for its first tags.
    DropCaption(f64, Tags),
    /// The caption takes the place of `{}` in one of these, drawn evenly.
    Template(Vec<String>),
}

/// How a caption is a list of tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Tags {
    /// The first of them that are left alone.
    pub keep: usize,
    /// What lies between them, white space aside.
    pub separator: String,
}

/// What was drawn: an operation's name, and the places of the words or tags that it leaves, in their new order; or the
/// number of a template.
pub type Wording = (&'static str, Vec<u32>);

/// Draws and does them all, in turn.
pub fn augment_words(caption: &str, ops: &[WordOp], stream: &mut Stream) -> (String, Vec<Wording>) {
    let mut text = caption.to_string();
    let mut drawn = Vec::with_capacity(ops.len());
    for op in ops {
        let numbers = op.draw(&text, stream);
        text = op.apply(&text, &numbers);
        drawn.push((op.name(), numbers));
    }
    (text, drawn)
}

impl WordOp {
    /// What Python calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delete(_) => "delete",
            Self::Swap(_) => "swap",
            Self::DropWords(_) => "drop_words",
            Self::ShuffleTags(_) => "shuffle_tags",
            Self::DropTags(..) => "drop_tags",
            Self::DropCaption(..) => "drop_caption",
            Self::Template(_) => "template",
        }
    }

    /// The words or tags of a caption.
    fn pieces<'a>(&self, caption: &'a str) -> Vec<&'a str> {
        match self {
            Self::ShuffleTags(tags) | Self::DropTags(_, tags) | Self::DropCaption(_, tags) => {
                let pieces = caption.split(tags.separator.trim()).map(str::trim);
                pieces.filter(|tag| !tag.is_empty()).collect()
            }
            _ => caption.split_whitespace().collect(),
        }
    }

    fn draw(&self, caption: &str, stream: &mut Stream) -> Vec<u32> {
        let pieces = self.pieces(caption);
        let count = pieces.len() as u32;
        match self {
            Self::Template(templates) => vec![stream.below(templates.len() as u64) as u32],
            Self::DropCaption(p, tags) => match stream.chance(*p) {
                true => (0..count.min(tags.keep as u32)).collect(),
                false => (0..count).collect(),
            },
            _ if count < 2 => (0..count).collect(),
            Self::Delete(p) => left(0, count, stream, |_, stream| stream.chance(*p)),
            Self::DropWords(known) => left(0, count, stream, |place, stream| {
                let p = known.get(&plain(pieces[place as usize])).copied();
                stream.chance(p.unwrap_or(0.0))
            }),
            Self::DropTags(p, tags) => {
                left(tags.keep, count, stream, |_, stream| stream.chance(*p))
            }
            Self::Swap(n) => swapped(*n, count, stream),
            Self::ShuffleTags(tags) => shuffled(tags.keep, count, stream),
        }
    }

    /// The caption with what was drawn done to it.
    fn apply(&self, caption: &str, numbers: &[u32]) -> String {
        let pieces = self.pieces(caption);
        let chosen = |between: &str| {
            let chosen = numbers.iter().map(|&place| pieces[place as usize]);
            chosen.collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Template(_) if caption.trim().is_empty() => String::new(),
            Self::Template(templates) => templates[numbers[0] as usize].replace("{}", caption),
            Self::DropCaption(..) if numbers.len() == pieces.len() => caption.to_string(),
            Self::ShuffleTags(tags) | Self::DropTags(_, tags) | Self::DropCaption(_, tags) => {
                chosen(&format!("{} ", tags.separator.trim()))
            }
            _ => chosen(" "),
        }
    }
}

/// A word as tables of frequencies have it.
fn plain(word: &str) -> String {
    word.trim_matches(|character: char| !character.is_alphanumeric())
        .to_lowercase()
}

/// The first `keep` places, and those behind that are not drawn to go; one at least.
fn left(
    keep: usize,
    count: u32,
    stream: &mut Stream,
    mut goes: impl FnMut(u32, &mut Stream) -> bool,
) -> Vec<u32> {
    let kept = |place: &u32| (*place as usize) < keep;
    let left: Vec<u32> = (0..count)
        .filter(|place| kept(place) || !goes(*place, stream))
        .collect();
    match left.is_empty() {
        true => vec![stream.below(u64::from(count)) as u32],
        false => left,
    }
}

fn swapped(times: u32, count: u32, stream: &mut Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let count = u64::from(count);
    for _ in 0..times {
        let first = stream.below(count);
        let other = (first + 1 + stream.below(count - 1)) % count;
        order.swap(first as usize, other as usize);
    }
    order
}

fn shuffled(keep: usize, count: u32, stream: &mut Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    for last in (keep + 1..order.len()).rev() {
        let other = keep + stream.below((last - keep) as u64 + 1) as usize;
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const CAPTION: &str = " a dog\tsleeps on  the red sofa ";

    fn augmented(ops: &[WordOp], seed: u64) -> Vec<String> {
        let mut stream = Stream::new(seed, 0, 0, Purpose::Words);
        let (text, _) = augment_words(CAPTION, ops, &mut stream);
        text.split(' ').map(str::to_string).collect()
    }

    #[test]
    fn deletion_keeps_the_order_and_the_share_and_one_word() {
        let all: Vec<&str> = CAPTION.split_whitespace().collect();
        let mut kept = 0;
        for seed in 0..4000 {
            let words = augmented(&[WordOp::Delete(0.3)], seed);
            let mut rest = all.iter();
            assert!(words.iter().all(|word| rest.any(|other| other == word)));
            kept += words.len();
            assert_eq!(augmented(&[WordOp::Delete(1.0)], seed).len(), 1);
            assert_eq!(augmented(&[WordOp::Delete(0.0)], seed), all);
        }
        let share = kept as f64 / (4000.0 * all.len() as f64);
        assert!((share - 0.7).abs() < 0.01, "{share}");
    }

    #[test]
    fn one_swap_moves_two_words_and_all_pairs_come() {
        let all: Vec<&str> = CAPTION.split_whitespace().collect();
        let mut pairs = std::collections::BTreeMap::new();
        for seed in 0..4200 {
            let words = augmented(&[WordOp::Swap(1)], seed);
            let moved: Vec<usize> = (0..all.len()).filter(|&at| words[at] != all[at]).collect();
            assert_eq!(moved.len(), 2);
            *pairs.entry(moved).or_insert(0) += 1;
        }
        assert_eq!(pairs.len(), 21);
        assert!(
            pairs.values().all(|count| (140..260).contains(count)),
            "{pairs:?}"
        );
    }

    #[test]
    fn orders_of_tags_come_equally_often_behind_those_kept() {
        let tags = Tags {
            keep: 1,
            separator: ",".into(),
        };
        let mut stream = Stream::new(1, 0, 0, Purpose::Words);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let op = WordOp::ShuffleTags(tags.clone());
            let (text, drawn) = augment_words("a , b,c,, d", &[op], &mut stream);
            assert_eq!(drawn[0].1[0], 0);
            *counts.entry(text).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|count| (880..1120).contains(count)),
            "{counts:?}"
        );
        assert!(counts.contains_key("a, d, c, b"));
    }
}
