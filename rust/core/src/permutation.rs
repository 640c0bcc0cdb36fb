//! Shuffling without an array: a keyed bijection of `0..len` that is evaluated one index at a time; of a few, a list.

use crate::rng::{Purpose, Stream, mix64};

/// Up to this many are shuffled in a list, so that each of their orders is as likely as any other; the network's few-bit
/// halves would favor some of the orders of less than twelve.
const LISTED: usize = 32;

/// Rounds of the Feistel network; 4 give a pseudo-random permutation (Luby and Rackoff 1988), the rest is margin for
/// the few-bit halves of short data sets.
const ROUNDS: usize = 8;

/// A random order of `0..len` in O(1) memory.
///
/// Up to 32 are shuffled (Fisher and Yates): all orders are equally likely. Of more, a Feistel network permutes the next power of two; indices that fall outside `0..len` walk on until they return
/// (Black and Rogaway 2002), fewer than two steps on average.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permutation {
    len: u64,
    order: Order,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    Listed([u8; LISTED]),
    Keyed(Feistel),
}

impl Permutation {
    /// The order in which `epoch` of a run seeded with `seed` visits `len` samples.
    pub fn new(len: u64, seed: u64, epoch: u64) -> Self {
        let mut stream = Stream::new(seed, epoch, len, Purpose::Order);
        let order = if len <= LISTED as u64 {
            Order::Listed(shuffled(len as usize, &mut stream))
        } else {
            Order::Keyed(Feistel::new(len, &mut stream))
        };
        Self { len, order }
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
        Some(match &self.order {
            Order::Listed(order) => u64::from(order[position as usize]),
            Order::Keyed(feistel) => {
                let mut index = feistel.encrypt(position);
                while index >= self.len {
                    index = feistel.encrypt(index);
                }
                index
            }
        })
    }
}

fn shuffled(len: usize, stream: &mut Stream) -> [u8; LISTED] {
    let mut order = std::array::from_fn(|index| index as u8);
    for last in (1..len).rev() {
        order.swap(last, stream.below(last as u64 + 1) as usize);
    }
    order
}

/// A bijection of `0..2^bits`, the smallest power of two that holds a length.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Feistel {
    low_bits: u32,
    high_bits: u32,
    keys: [u64; ROUNDS],
}

impl Feistel {
    fn new(len: u64, stream: &mut Stream) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self {
            low_bits: bits / 2,
            high_bits: bits - bits / 2,
            keys: std::array::from_fn(|_| stream.next_u64()),
        }
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

    /// Chi-square over all orders: six standard deviations above the mean and no further.
    #[test]
    fn every_order_of_a_few_is_equally_likely() {
        for len in 2..=8u64 {
            let orders: u64 = (1..=len).product();
            let trials = (8 * orders).max(20_000);
            let mut counts = vec![0u32; orders as usize];
            for seed in 0..trials {
                let order = Permutation::new(len, seed, 3);
                let order: Vec<u64> = (0..len).filter_map(|at| order.get(at)).collect();
                // The order's number, by its Lehmer code.
                let number = (0..order.len()).fold(0, |number, at| {
                    let smaller = order[at + 1..].iter().filter(|&&next| next < order[at]);
                    number * (len - at as u64) + smaller.count() as u64
                });
                counts[number as usize] += 1;
            }
            let expected = trials as f64 / orders as f64;
            let chi2: f64 = counts
                .iter()
                .map(|&count| (f64::from(count) - expected).powi(2) / expected)
                .sum();
            let freedom = (orders - 1) as f64;
            let bound = freedom + 6.0 * (2.0 * freedom).sqrt() + 10.0;
            assert!(chi2 < bound, "len {len}: chi2 {chi2} of {freedom}");
        }
    }

    /// The contract of saved runs: what an order was, it stays.
    #[test]
    fn orders_of_many_stay_what_they_are() {
        let first = |len| -> Vec<u64> {
            let order = Permutation::new(len, 7, 1);
            (0..4).filter_map(|at| order.get(at)).collect()
        };
        assert_eq!(first(33), [12, 22, 9, 14]);
        assert_eq!(first(1000), [204, 85, 243, 95]);
        assert_eq!(
            first(1 << 40),
            [701928854200, 1001889209287, 682207653638, 456382854024]
        );
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
