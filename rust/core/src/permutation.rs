//! Shuffling without an array: a keyed bijection of `0..len` that is evaluated one index at a time.

use crate::rng::{Purpose, Stream, mix64};

/// Rounds of the Feistel network; 4 give a pseudo-random permutation (Luby and Rackoff 1988), the rest is margin for
/// the few-bit halves of short data sets.
const ROUNDS: usize = 8;

/// A random order of `0..len` in O(1) memory.
///
/// A Feistel network permutes the next power of two; indices that fall outside `0..len` walk on until they return
/// (Black and Rogaway 2002), fewer than two steps on average.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permutation {
    len: u64,
    low_bits: u32,
    high_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The order in which `epoch` of a run seeded with `seed` visits `len` samples.
    pub fn new(len: u64, seed: u64, epoch: u64) -> Self {
        let bits = (u64::BITS - len.saturating_sub(1).leading_zeros()).max(2);
        let mut stream = Stream::new(seed, epoch, len, Purpose::Order);
        Self {
            len,
            low_bits: bits / 2,
            high_bits: bits - bits / 2,
            keys: std::array::from_fn(|_| stream.next_u64()),
        }
    }

    /// The number of indices.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to order.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sample at `position`, or `None` past the end.
    pub fn get(&self, position: u64) -> Option<u64> {
        if position >= self.len {
            return None;
        }
        let mut index = self.encrypt(position);
        while index >= self.len {
            index = self.encrypt(index);
        }
        Some(index)
    }

    fn encrypt(&self, x: u64) -> u64 {
        let (mut left_bits, mut right_bits) = (self.high_bits, self.low_bits);
        let mut left = x >> right_bits;
        let mut right = x & mask(right_bits);
        for key in self.keys {
            let mixed = (left ^ mix64(right ^ key)) & mask(left_bits);
            (left, right) = (right, mixed);
            (left_bits, right_bits) = (right_bits, left_bits);
        }
        (left << right_bits) | right
    }
}

fn mask(bits: u32) -> u64 {
    (1u64 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn visits_each_index_once(len in 0u64..3000, seed: u64, epoch: u64) {
            let order = Permutation::new(len, seed, epoch);
            let mut seen: Vec<u64> = (0..len).filter_map(|i| order.get(i)).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..len).collect::<Vec<_>>());
            prop_assert_eq!(order.get(len), None);
        }

        #[test]
        fn stays_inside_any_length(len in 1u64..=u64::MAX / 2, seed: u64, at: u64) {
            let position = at % len;
            prop_assert!(Permutation::new(len, seed, 0).get(position).is_some_and(|i| i < len));
        }
    }

    #[test]
    fn each_sample_lands_everywhere_equally_often() {
        for len in [2u64, 3, 5, 24] {
            let mut counts = vec![0u32; (len * len) as usize];
            let trials = 4000;
            for seed in 0..trials {
                let order = Permutation::new(len, seed, 0);
                for position in 0..len {
                    let sample = order.get(position).expect("inside");
                    counts[(position * len + sample) as usize] += 1;
                }
            }
            let expected = trials as f64 / len as f64;
            let chi2: f64 = counts
                .iter()
                .map(|&c| (f64::from(c) - expected).powi(2) / expected)
                .sum();
            let freedom = ((len - 1) * (len - 1)) as f64;
            // mean + 5 standard deviations of a chi-square variable
            assert!(
                chi2 < freedom + 5.0 * (2.0 * freedom).sqrt() + 10.0,
                "len {len}: chi2 {chi2}"
            );
        }
    }

    #[test]
    fn epochs_differ() {
        let order = |epoch| {
            (0..1000)
                .filter_map(|i| Permutation::new(1000, 7, epoch).get(i))
                .collect::<Vec<_>>()
        };
        let same = order(0)
            .iter()
            .zip(order(1))
            .filter(|(a, b)| **a == *b)
            .count();
        assert!(same < 12, "{same} of 1000 samples kept their place");
    }
}
