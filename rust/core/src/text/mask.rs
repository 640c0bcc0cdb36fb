//! Which tokens stay of a caption that is too long (CLIPA, Li et al. 2023, arXiv 2305.07017).

use crate::rng::Stream;

/// How they are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextMask {
    /// The first ones.
    #[default]
    Truncate,
    /// Any, in their order; each set as likely as any other.
    Random,
    /// A run that begins anywhere.
    Block,
}

impl TextMask {
    /// The places that stay, `room` of `count`, in order; all where they fit.
    pub fn places(self, count: usize, room: usize, stream: &mut Stream) -> Vec<u32> {
        let (count, room) = (count as u32, room.min(count) as u32);
        let begin = match self {
            _ if room == count => 0,
            Self::Truncate => 0,
            Self::Block => stream.below(u64::from(count - room) + 1) as u32,
            Self::Random => {
                // Selection sampling (Knuth 3.4.2, algorithm S): one look at each, in order.
                let mut chosen = Vec::with_capacity(room as usize);
                for place in 0..count {
                    let wanted = u64::from(room) - chosen.len() as u64;
                    if stream.below(u64::from(count - place)) < wanted {
                        chosen.push(place);
                    }
                }
                return chosen;
            }
        };
        (begin..begin + room).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_and_every_run_come_equally_often() {
        let mut stream = Stream::from_seed(4);
        for (mask, kinds) in [
            (TextMask::Random, 10),
            (TextMask::Block, 4),
            (TextMask::Truncate, 1),
        ] {
            let mut counts = std::collections::BTreeMap::new();
            for _ in 0..10_000 {
                *counts.entry(mask.places(5, 2, &mut stream)).or_insert(0) += 1;
            }
            let fair = 10_000 / kinds;
            assert_eq!(counts.len(), kinds);
            assert!(
                counts
                    .values()
                    .all(|&count: &usize| count.abs_diff(fair) < 200),
                "{counts:?}"
            );
            assert_eq!(mask.places(2, 5, &mut stream), [0, 1]);
        }
    }
}
