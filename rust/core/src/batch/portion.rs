//! Rows of a larger batch, over the whole of which mixtures are drawn.

use crate::mix::Mix;
use crate::{Error, Result};

/// Which rows of a larger batch this one has: its own, and behind them those that they are mixed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// Rows of the larger batch.
    pub whole: usize,
    /// The number there of each row here.
    pub rows: Vec<usize>,
    /// How many of them are written; the others are only mixed in.
    pub own: usize,
}

impl Portion {
    /// All of a batch.
    pub fn all(rows: usize) -> Self {
        Self {
            whole: rows,
            rows: (0..rows).collect(),
            own: rows,
        }
    }

    /// The plan of the own rows, with partners by their numbers here.
    ///
    /// # Errors
    /// [`Error::Recipe`] when a row or the partner of an own one is not there.
    pub(super) fn of(&self, plan: &[Mix]) -> Result<Vec<Mix>> {
        let mut here = vec![None; plan.len()];
        for (row, &there) in self.rows.iter().enumerate() {
            let outside =
                || Error::Recipe(format!("row {there} of a whole batch of {}", plan.len()));
            *here.get_mut(there).ok_or_else(outside)? = Some(row);
        }
        let own = self.rows.iter().take(self.own).map(|&there| plan[there]);
        own.map(|mix| {
            let absent =
                || Error::Recipe(format!("row {} is mixed in, and is not there", mix.partner));
            let partner = here[mix.partner].ok_or_else(absent)?;
            Ok(Mix { partner, ..mix })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::MixGen;

    #[test]
    fn portions_together_are_the_whole() -> Result<()> {
        let whole = MixGen::default().draw(12, 3, 1, 4, 4)?;
        for ranks in [1, 2, 3, 4] {
            for rank in 0..ranks {
                let mut rows: Vec<usize> = (rank..12).step_by(ranks).collect();
                let own = rows.len();
                for there in rows.clone() {
                    let partner = whole[there].partner;
                    if !rows.contains(&partner) {
                        rows.push(partner);
                    }
                }
                let portion = Portion {
                    whole: 12,
                    rows,
                    own,
                };
                for (mix, &there) in portion.of(&whole)?.iter().zip(&portion.rows) {
                    assert_eq!(portion.rows[mix.partner], whole[there].partner);
                    assert_eq!((mix.lam, mix.words), (whole[there].lam, whole[there].words));
                }
            }
        }
        assert_eq!(Portion::all(12).of(&whole)?, whole);
        Ok(())
    }

    #[test]
    fn a_missing_partner_is_told() -> Result<()> {
        let whole = MixGen::default().draw(4, 0, 0, 0, 0)?;
        let portion = |rows: &[usize]| Portion {
            whole: 4,
            rows: rows.to_vec(),
            own: 1,
        };
        assert!(portion(&[0]).of(&whole).is_err() && portion(&[4]).of(&whole).is_err());
        assert!(portion(&[0, 1]).of(&whole).is_ok() && portion(&[3]).of(&whole).is_ok());
        Ok(())
    }
}
