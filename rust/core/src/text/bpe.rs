//! Byte-pair merges: the pair of lowest rank first, leftmost first (Sennrich et al. 2016, arXiv 1508.07909).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

/// Up to here a scan for the best pair is faster than a heap.
const SCANNED: usize = 48;

/// The rank of a pair that is never merged.
const NEVER: u32 = u32::MAX;

/// Which pairs of ids merge, in which order, and into what.
///
/// Where a pair's own parts are made before it, a merge can only enable merges of higher ranks, and merging one pair at a
/// time gives what merging all its occurrences at once does.
#[derive(Debug, Default)]
pub(super) struct Merges {
    ranks: FxHashMap<u64, u32>,
    /// The id that the merge of each rank makes.
    made: Vec<u32>,
}

impl Merges {
    /// Adds the merge of the next rank, which makes id `made`; says whether the pair is new.
    pub fn push(&mut self, left: u32, right: u32, made: u32) -> bool {
        let rank = self.made.len() as u32;
        self.made.push(made);
        let new = self.ranks.insert(pair(left, right), rank);
        new.is_none()
    }

    fn rank(&self, left: u32, right: u32) -> u32 {
        self.ranks.get(&pair(left, right)).copied().unwrap_or(NEVER)
    }

    /// Appends what `symbols` merge into to `ids`.
    pub fn apply(&self, symbols: impl ExactSizeIterator<Item = u32>, ids: &mut Vec<u32>) {
        let length = symbols.len();
        if length <= SCANNED {
            let mut word = [0; SCANNED];
            for (slot, symbol) in word.iter_mut().zip(symbols) {
                *slot = symbol;
            }
            self.apply_scanning(&mut word[..length], ids);
        } else {
            self.apply_heaping(symbols.collect(), ids);
        }
    }

    fn apply_scanning(&self, word: &mut [u32], ids: &mut Vec<u32>) {
        let mut length = word.len();
        let mut ranks = [NEVER; SCANNED];
        for at in 1..length {
            ranks[at - 1] = self.rank(word[at - 1], word[at]);
        }
        while length > 1 {
            let (mut best, mut at) = (NEVER, 0);
            for (index, rank) in ranks[..length - 1].iter().enumerate() {
                if *rank < best {
                    (best, at) = (*rank, index);
                }
            }
            if best == NEVER {
                break;
            }
            word[at] = self.made[best as usize];
            word.copy_within(at + 2..length, at + 1);
            ranks.copy_within(at + 1..length, at);
            length -= 1;
            ranks[length - 1] = NEVER;
            if at + 1 < length {
                ranks[at] = self.rank(word[at], word[at + 1]);
            }
            if at > 0 {
                ranks[at - 1] = self.rank(word[at - 1], word[at]);
            }
        }
        ids.extend_from_slice(&word[..length]);
    }

    /// The same by a heap over a linked list: n log n, so that a caption of one 100 kB word costs milliseconds.
    fn apply_heaping(&self, mut word: Vec<u32>, ids: &mut Vec<u32>) {
        let length = word.len();
        let mut next: Vec<usize> = (1..=length).collect();
        let mut previous: Vec<usize> = (0..length).map(|at| at.wrapping_sub(1)).collect();
        let mut ranks: Vec<u32> = word
            .windows(2)
            .map(|two| self.rank(two[0], two[1]))
            .collect();
        ranks.push(NEVER);
        let mut heap: BinaryHeap<_> = ranks
            .iter()
            .enumerate()
            .filter(|(_, rank)| **rank != NEVER)
            .map(|(at, rank)| Reverse((*rank, at)))
            .collect();
        while let Some(Reverse((rank, at))) = heap.pop() {
            // An entry outlives its pair when a neighbour's merge changed it.
            if ranks[at] != rank {
                continue;
            }
            let gone = next[at];
            word[at] = self.made[rank as usize];
            next[at] = next[gone];
            ranks[gone] = NEVER;
            ranks[at] = NEVER;
            if next[at] < length {
                previous[next[at]] = at;
                ranks[at] = self.rank(word[at], word[next[at]]);
                if ranks[at] != NEVER {
                    heap.push(Reverse((ranks[at], at)));
                }
            }
            let before = previous[at];
            if before < length {
                ranks[before] = self.rank(word[before], word[at]);
                if ranks[before] != NEVER {
                    heap.push(Reverse((ranks[before], before)));
                }
            }
        }
        let mut at = 0;
        while at < length {
            ids.push(word[at]);
            at = next[at];
        }
    }
}

fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The algorithm as published: find the best pair, merge all its occurrences, left to right, again.
    fn published(merges: &[(u32, u32)], first: u32, mut word: Vec<u32>) -> Vec<u32> {
        loop {
            let best = (0..merges.len()).find(|&rank| {
                let (left, right) = merges[rank];
                word.windows(2).any(|two| two == [left, right])
            });
            let Some(rank) = best else { return word };
            let (mut merged, mut at) = (Vec::new(), 0);
            while at < word.len() {
                if at + 1 < word.len() && (word[at], word[at + 1]) == merges[rank] {
                    merged.push(first + rank as u32);
                    at += 2;
                } else {
                    merged.push(word[at]);
                    at += 1;
                }
            }
            word = merged;
        }
    }

    /// Merges over an alphabet of three, each made of what is there before it.
    fn some_merges() -> impl Strategy<Value = Vec<(u32, u32)>> {
        prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
            0..24,
        )
        .prop_map(|picks| {
            let mut merges: Vec<(u32, u32)> = Vec::new();
            for (left, right) in picks {
                let known = 3 + merges.len();
                let merge = (left.index(known) as u32, right.index(known) as u32);
                if !merges.contains(&merge) {
                    merges.push(merge);
                }
            }
            merges
        })
    }

    proptest! {
        #[test]
        fn both_ways_merge_as_published(
            pairs in some_merges(),
            word in prop::collection::vec(0..3_u32, 1..SCANNED),
        ) {
            let mut merges = Merges::default();
            for (made, (left, right)) in (3..).zip(&pairs) {
                merges.push(*left, *right, made);
            }
            let expected = published(&pairs, 3, word.clone());
            let (mut scanned, mut heaped) = (Vec::new(), Vec::new());
            merges.apply_scanning(&mut word.clone(), &mut scanned);
            merges.apply_heaping(word, &mut heaped);
            prop_assert_eq!(&scanned, &expected);
            prop_assert_eq!(&heaped, &expected);
        }
    }

    #[test]
    fn a_huge_word_is_merged_in_the_end() {
        let mut merges = Merges::default();
        for id in 0..16 {
            merges.push(id, id, id + 1);
        }
        let mut ids = Vec::new();
        merges.apply(
            (0..1 << 20).map(|_| 0).collect::<Vec<_>>().into_iter(),
            &mut ids,
        );
        assert_eq!(ids, [16; 16]);
    }
}
