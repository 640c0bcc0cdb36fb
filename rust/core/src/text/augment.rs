//! Random deletion and swaps of words (Wei and Zou 2019, EDA), without the synonyms.

use crate::rng::Stream;

/// What is done to the words of a caption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WordOp {
    /// Each word goes with probability p; one drawn evenly stays where all would go.
    Delete(f64),
    /// Two drawn words change places, n times.
    Swap(u32),
}

/// Does it to a caption's words, parted by white space and joined by single spaces.
pub fn augment_words(caption: &str, ops: &[WordOp], stream: &mut Stream) -> String {
    let mut words: Vec<&str> = caption.split_whitespace().collect();
    for op in ops {
        let count = words.len() as u64;
        match *op {
            _ if count < 2 => {}
            WordOp::Delete(p) => {
                let left: Vec<&str> = words
                    .iter()
                    .copied()
                    .filter(|_| !stream.chance(p))
                    .collect();
                words = match left.is_empty() {
                    true => vec![words[stream.below(count) as usize]],
                    false => left,
                };
            }
            WordOp::Swap(n) => {
                for _ in 0..n {
                    let first = stream.below(count);
                    let other = (first + 1 + stream.below(count - 1)) % count;
                    words.swap(first as usize, other as usize);
                }
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const CAPTION: &str = " a dog\tsleeps on  the red sofa ";

    fn augmented(ops: &[WordOp], seed: u64) -> Vec<String> {
        let mut stream = Stream::new(seed, 0, 0, Purpose::Words);
        let text = augment_words(CAPTION, ops, &mut stream);
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
}
