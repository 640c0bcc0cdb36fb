//! Batches that are mixed by one recipe or another.

use super::{Mix, MixGen};
use crate::Result;
use crate::rng::{Purpose, Stream};

/// Recipes, of which each batch draws one.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternate {
    /// The recipes, with weights that needn't sum to 1.
    choices: Vec<(MixGen, f64)>,
}

impl From<MixGen> for Alternate {
    fn from(mixgen: MixGen) -> Self {
        Self {
            choices: vec![(mixgen, 1.0)],
        }
    }
}

impl Alternate {
    /// Of several, with weights; `None` of none.
    pub fn of(choices: Vec<(MixGen, f64)>) -> Option<Self> {
        (!choices.is_empty()).then_some(Self { choices })
    }

    /// The recipes, with their weights.
    pub fn into_choices(self) -> Vec<(MixGen, f64)> {
        self.choices
    }

    /// The recipe of the batch that comes at `step` of `epoch`.
    pub fn at(&self, seed: u64, epoch: u64, step: u64) -> &MixGen {
        let mut mixgen = &self.choices[0].0;
        if self.choices.len() > 1 {
            let total: f64 = self.choices.iter().map(|(_, weight)| weight).sum();
            let mut left = total * Stream::new(seed, epoch, step, Purpose::Alternate).unit();
            for (choice, weight) in self.choices.iter().filter(|(_, weight)| *weight > 0.0) {
                mixgen = choice;
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        mixgen
    }

    /// The plan of that batch, batch `number` of the run, and the recipe that it follows.
    ///
    /// # Errors
    /// As for [`MixGen::plan`].
    pub fn draw(
        &self,
        rows: usize,
        seed: u64,
        epoch: u64,
        step: u64,
        number: u64,
    ) -> Result<(Vec<Mix>, &MixGen)> {
        let mixgen = self.at(seed, epoch, step);
        Ok((mixgen.draw(rows, seed, epoch, step, number)?, mixgen))
    }

    /// Whether any of them takes captions apart; see [`MixGen::splices`].
    pub fn splices(&self) -> bool {
        self.choices.iter().any(|(mixgen, _)| mixgen.splices())
    }
}
