//! Who is mixed with whom.

use super::Mix;
use crate::rng::Stream;

/// How partners are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Row i with row i + M, as in the paper: mixed rows and their partners are apart.
    Block,
    /// The same rows and partners, matched so that long captions meet short ones (see [`fit`]).
    Fit,
    /// Rows with a random derangement of the whole batch, so that all of it may be mixed.
    Shuffle,
}

impl Pairing {
    /// The most rows of a batch that can be mixed.
    pub(super) fn most(self, rows: usize) -> usize {
        match self {
            Self::Block | Self::Fit => rows / 2,
            Self::Shuffle if rows > 1 => rows,
            Self::Shuffle => 0,
        }
    }

    /// The partners of the first `mixed` of `rows`.
    pub(super) fn partners(self, mixed: usize, rows: usize, stream: &mut Stream) -> Vec<usize> {
        match self {
            Self::Block | Self::Fit => (mixed..2 * mixed).collect(),
            Self::Shuffle if mixed > 0 => {
                let mut partners = derangement(rows, stream);
                partners.truncate(mixed);
                partners
            }
            Self::Shuffle => Vec::new(),
        }
    }
}

/// Matches the partners of a plan anew, so that as many pairs as can be have no more tokens than there is `room` for.
///
/// Those pairs are made of the shortest captions of both sides, the longest of one with the shortest of the other.
pub fn fit(plan: &mut [Mix], lengths: &[usize], room: usize) {
    let length = |row: usize| lengths.get(row).copied().unwrap_or_default();
    let mut rows: Vec<usize> = (0..plan.len())
        .filter(|&row| plan[row].is_mixed(row))
        .collect();
    let mut partners: Vec<usize> = rows.iter().map(|&row| plan[row].partner).collect();
    rows.sort_by_key(|&row| length(row));
    partners.sort_by_key(|&row| length(row));
    let fitting = |count: &usize| {
        let shortest = rows[..*count].iter().zip(partners[..*count].iter().rev());
        shortest
            .clone()
            .all(|(&row, &partner)| length(row) + length(partner) <= room)
    };
    let most = (0..=rows.len()).rev().find(fitting).unwrap_or_default();
    partners[..most].reverse();
    for (row, partner) in rows.into_iter().zip(partners) {
        plan[row].partner = partner;
    }
}

/// A permutation of `0..n`, `n > 1`, without fixed points, all equally likely: shuffles until there are none, 2.7 times
/// on average.
fn derangement(n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    loop {
        for last in (1..n).rev() {
            order.swap(last, stream.below(last as u64 + 1) as usize);
        }
        if order.iter().enumerate().all(|(at, &item)| at != item) {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use proptest::prelude::*;

    proptest! {
        /// Against all matchings of up to five pairs.
        #[test]
        fn no_matching_has_fewer_pairs_too_long(
            lengths in proptest::collection::vec(0usize..20, 0..6),
            others in proptest::collection::vec(0usize..20, 6),
            limit in 0usize..40,
        ) {
            let pairs = lengths.len();
            let all: Vec<usize> = lengths.iter().chain(&others[..pairs]).copied().collect();
            let mut plan: Vec<Mix> = (0..2 * pairs).map(Mix::untouched).collect();
            (0..pairs).for_each(|row| plan[row].partner = pairs + row);
            fit(&mut plan, &all, limit);
            let mut taken: Vec<usize> = plan[..pairs].iter().map(|mix| mix.partner).collect();
            let long = |partners: &[usize]| {
                (0..pairs).filter(|&row| all[row] + all[partners[row]] > limit).count()
            };
            let ours = long(&taken);
            let mut fewest = usize::MAX;
            permute(&mut taken, 0, &mut |partners| fewest = fewest.min(long(partners)));
            prop_assert_eq!(ours, fewest);
        }
    }

    fn permute(items: &mut [usize], from: usize, visit: &mut impl FnMut(&[usize])) {
        if from == items.len() {
            return visit(items);
        }
        for at in from..items.len() {
            items.swap(from, at);
            permute(items, from + 1, visit);
            items.swap(from, at);
        }
    }

    #[test]
    fn derangements_of_four_come_equally_often() {
        let mut stream = Stream::new(1, 0, 0, Purpose::Mix);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..9000 {
            *counts.entry(derangement(4, &mut stream)).or_insert(0.0) += 1.0;
        }
        assert_eq!(counts.len(), 9);
        // Chi-square of 8 degrees of freedom: above 37 once in 100,000.
        let chi2: f64 = counts
            .values()
            .map(|count: &f64| (count - 1000.0).powi(2) / 1000.0)
            .sum();
        assert!(chi2 < 37.0, "{counts:?}");
    }
}
