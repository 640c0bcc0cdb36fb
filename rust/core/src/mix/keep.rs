//! `keep(T, r)`: a random share of a caption's tokens, in their order.

use super::Words;
use crate::rng::Stream;

/// The places of the tokens that stay, of `count`: `share * count` of them rounded half up, at least one, ascending.
fn kept(count: usize, share: f64, stream: &mut Stream) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let wanted = ((share * count as f64 + 0.5) as usize).clamp(1, count);
    // Selection sampling (Knuth, algorithm 3.4.2S): each set of places is equally likely, and comes out sorted.
    let mut places = Vec::with_capacity(wanted);
    for place in 0..count {
        let left = (count - place) as u64;
        if stream.below(left) < (wanted - places.len()) as u64 {
            places.push(place);
        }
    }
    places
}

impl Words {
    /// The places that stay, of `first` tokens and `second` after them.
    pub fn places(self, first: usize, second: usize) -> Vec<usize> {
        match self {
            Self::Own => (0..first).collect(),
            Self::Partner => (first..first + second).collect(),
            Self::Both => (0..first + second).collect(),
            Self::KeptOfEach { own, partner, seed } => {
                let mut stream = Stream::from_seed(seed);
                let mut places = kept(first, own, &mut stream);
                let rest = kept(second, partner, &mut stream);
                places.extend(rest.into_iter().map(|place| first + place));
                places
            }
            Self::KeptOfBoth { share, seed } => {
                kept(first + second, share, &mut Stream::from_seed(seed))
            }
        }
    }
}

/// Both captions cut to `room` in proportion to their lengths; `None` when they fit.
pub fn balanced(first: usize, second: usize, room: usize) -> Option<Vec<usize>> {
    let all = first + second;
    if all <= room {
        return None;
    }
    // Neither is cut to nothing while there is room for two.
    let least = usize::from(first > 0 && room > 1);
    let most = room - usize::from(second > 0 && room > 1);
    let share = (room * first + all / 2) / all;
    let taken = share.clamp(least, most.max(least)).min(first);
    let rest = (room - taken).min(second);
    Some((0..taken).chain(first..first + rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn balancing_fills_the_room_in_proportion(first in 0usize..90, second in 0usize..90, room in 0usize..80) {
            match balanced(first, second, room) {
                None => prop_assert!(first + second <= room),
                Some(places) => {
                    prop_assert_eq!(places.len(), room);
                    let taken = places.iter().filter(|&&place| place < first).count();
                    let exact = room as f64 * first as f64 / (first + second) as f64;
                    prop_assert!((taken as f64 - exact).abs() <= 1.0, "{} of {}", taken, exact);
                    if room > 1 {
                        prop_assert!(taken > 0 || first == 0);
                        prop_assert!(taken < room || second == 0);
                    }
                }
            }
        }

        #[test]
        fn order_is_kept_and_one_survives(count in 0usize..80, share in 0.0f64..=1.0, seed: u64) {
            let places = kept(count, share, &mut Stream::new(seed, 0, 0, Purpose::Mix));
            prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(places.iter().all(|&place| place < count));
            let wanted = (share * count as f64).round() as usize;
            prop_assert_eq!(places.len(), wanted.clamp(usize::from(count > 0), count));
        }
    }

    #[test]
    fn every_place_is_as_likely() {
        let mut counts = [0.0; 10];
        for seed in 0..10_000 {
            for place in kept(10, 0.3, &mut Stream::new(seed, 0, 0, Purpose::Mix)) {
                counts[place] += 1.0;
            }
        }
        // Each 3000 times on average, standard deviation 46.
        assert!(
            counts
                .iter()
                .all(|count: &f64| (count - 3000.0).abs() < 250.0),
            "{counts:?}"
        );
    }
}
