//! MixGen (Hao et al. 2022): who is mixed with whom, decided before any data is read.

/// What becomes of one row of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// The other row; the row itself when it is left as it is.
    pub partner: usize,
    /// Weight of the row's own image: `lam * own + (1 - lam) * partner`.
    pub lam: f32,
}

/// The default MixGen: the first `M = ratio * B` rows are mixed with the rows `M` further on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixGen {
    /// Share of the batch that is replaced, in `[0, 0.5]`.
    pub ratio: f64,
    /// Weight of a row's own image, in `[0, 1]`.
    pub lam: f32,
}

impl MixGen {
    /// The plan of a batch of `rows`: one [`Mix`] a row.
    ///
    /// Partners are positional, as in the paper; the shuffled order makes them random.
    pub fn plan(&self, rows: usize) -> Vec<Mix> {
        // A hair more than the product, so that 0.29 * 100 is 29 in spite of its binary fraction.
        let mixed = ((self.ratio * rows as f64 + 1e-9) as usize).min(rows / 2);
        (0..rows)
            .map(|i| match i < mixed {
                true => Mix {
                    partner: i + mixed,
                    lam: self.lam,
                },
                false => Mix::untouched(i),
            })
            .collect()
    }
}

impl Mix {
    /// The plan of a row that stays as it is.
    pub fn untouched(row: usize) -> Self {
        Self {
            partner: row,
            lam: 1.0,
        }
    }

    /// Whether the row is mixed with another.
    pub fn is_mixed(&self, row: usize) -> bool {
        self.partner != row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_row_is_read_after_it_was_replaced(rows in 0usize..600, ratio in 0.0f64..=0.5) {
            let plan = MixGen { ratio, lam: 0.5 }.plan(rows);
            let mixed = plan.iter().enumerate().filter(|(i, mix)| mix.is_mixed(*i)).count();
            for (i, mix) in plan.iter().enumerate() {
                prop_assert!(mix.partner < rows);
                prop_assert_eq!(mix.partner, if i < mixed { i + mixed } else { i });
            }
        }
    }

    #[test]
    fn a_quarter_of_the_paper_s_batch() {
        let mixed = |rows| {
            MixGen {
                ratio: 0.25,
                lam: 0.5,
            }
            .plan(rows)
            .iter()
            .filter(|m| m.lam < 1.0)
            .count()
        };
        assert_eq!((mixed(512), mixed(64), mixed(3), mixed(0)), (128, 16, 0, 0));
    }
}
