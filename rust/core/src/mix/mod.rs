//! MixGen (Hao et al. 2022) and its variants: who is mixed with whom and how, decided before any data is read.

mod alternate;
mod cut;
mod keep;
mod pairing;

use rand_distr::{Beta, Distribution};

pub use alternate::Alternate;
pub use cut::{Cut, Squares};
pub use keep::balanced;
pub use pairing::{Pairing, fit};

use crate::rng::{Purpose, Stream};
use crate::{Error, Result};

/// What becomes of one row of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// The other row; the row itself when it is left as it is.
    pub partner: usize,
    /// Weight of the row's own image: `lam * own + (1 - lam) * partner`.
    pub lam: f32,
    /// What its caption becomes.
    pub words: Words,
    /// The part of the row that shows its partner instead of a blend of both.
    pub cut: Option<Cut>,
}

/// The caption of a mixed row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Words {
    /// The row's own.
    Own,
    /// The partner's.
    Partner,
    /// Both, joined.
    Both,
    /// A share of each, joined; `seed` draws which tokens.
    KeptOfEach {
        /// Share of the row's own tokens.
        own: f64,
        /// Share of the partner's.
        partner: f64,
        /// Names the stream that draws them.
        seed: u64,
    },
    /// A share of both joined; `seed` draws which tokens.
    KeptOfBoth {
        /// Share of all tokens.
        share: f64,
        /// Names the stream that draws them.
        seed: u64,
    },
}

/// How many rows are mixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A share of the batch.
    Ratio(f64),
    /// A number of rows, or as many as there are.
    Count(usize),
}

/// Where lambdas come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lam {
    /// Always the same.
    Fixed(f32),
    /// Beta(a, b).
    Beta(f64, f64),
}

/// What mixing does to images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Images {
    /// `lam * own + (1 - lam) * partner`.
    Blend,
    /// One of the two, evenly.
    Choose,
    /// The row's own, with a rectangle of its partner's in its place (CutMix).
    Cut,
    /// A blend, and within a rectangle another: there the row's own weighs so much.
    CutBlend(f32),
}

/// What mixing does to captions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Texts {
    /// The row's own.
    Own,
    /// Both, joined.
    Join,
    /// One of the two, evenly.
    Choose,
    /// Of the row's own a share lambda, of the partner's the rest; joined.
    KeepEach,
    /// A share of both joined.
    KeepBoth(f64),
}

/// What captions are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The tokenizer's tokens.
    Tokens,
    /// What lies between white space.
    Words,
}

/// A recipe for mixing; the default is the paper's.
#[derive(Debug, Clone, PartialEq)]
pub struct MixGen {
    /// How many rows are mixed.
    pub amount: Amount,
    /// The weight of a row's own image.
    pub lam: Lam,
    /// Whether each row draws its own lambda, or one is drawn for the batch.
    pub lam_per_sample: bool,
    /// What it does to images.
    pub images: Images,
    /// How rectangles are drawn; `None` gives them the area 1 - lambda.
    pub squares: Option<Squares>,
    /// What it does to captions.
    pub texts: Texts,
    /// What comes between joined captions.
    pub join: String,
    /// Who is mixed with whom.
    pub pairing: Pairing,
    /// What a kept share is a share of.
    pub unit: Unit,
    /// Cut both captions in proportion where they don't fit together, instead of the end of the second.
    pub balance: bool,
    /// How often a batch is mixed at all.
    pub probability: f64,
    /// Batches of the run over which the probability rises from zero.
    pub warmup: u64,
}

impl Default for MixGen {
    fn default() -> Self {
        Self {
            amount: Amount::Ratio(0.25),
            lam: Lam::Fixed(0.5),
            lam_per_sample: false,
            images: Images::Blend,
            squares: None,
            texts: Texts::Join,
            join: " ".into(),
            pairing: Pairing::Block,
            unit: Unit::Tokens,
            balance: false,
            probability: 1.0,
            warmup: 0,
        }
    }
}

impl MixGen {
    /// The plan of a batch of `rows`: one [`Mix`] a row. `number` counts the batches of the run.
    ///
    /// # Errors
    /// [`Error::Recipe`] for a Beta distribution that does not exist.
    pub fn plan(&self, rows: usize, number: u64, stream: &mut Stream) -> Result<Vec<Mix>> {
        let mut plan: Vec<Mix> = (0..rows).map(Mix::untouched).collect();
        if !stream.chance(self.probability_at(number)) {
            return Ok(plan);
        }
        let partners = self.pairing.partners(self.mixed(rows), rows, stream);
        let mut lam = self.draw_lam(stream)?;
        let mut cut = self.draw_cut(lam, stream);
        for (row, partner) in partners.into_iter().enumerate() {
            if self.lam_per_sample && row > 0 {
                lam = self.draw_lam(stream)?;
                cut = self.draw_cut(lam, stream);
            }
            plan[row] = Mix {
                partner,
                lam: match self.images {
                    Images::Blend | Images::Cut | Images::CutBlend(_) => lam,
                    Images::Choose => f32::from(u8::from(stream.chance(0.5))),
                },
                words: self.draw_words(f64::from(lam), stream),
                cut,
            };
        }
        Ok(plan)
    }

    /// The plan of the batch that comes at `step` of `epoch`, batch `number` of the run.
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
    ) -> Result<Vec<Mix>> {
        self.plan(
            rows,
            number,
            &mut Stream::new(seed, epoch, step, Purpose::Mix),
        )
    }

    /// Whether captions are taken apart into tokens, so that each must be clean before it is.
    pub fn splices(&self) -> bool {
        let keeps = matches!(self.texts, Texts::KeepEach | Texts::KeepBoth(_));
        self.balance || (keeps && self.unit == Unit::Tokens)
    }

    fn probability_at(&self, number: u64) -> f64 {
        match number < self.warmup {
            true => self.probability * (number + 1) as f64 / self.warmup as f64,
            false => self.probability,
        }
    }

    /// Rows that are mixed in a batch of `rows`.
    fn mixed(&self, rows: usize) -> usize {
        let wanted = match self.amount {
            // A hair more than the product, so that 0.29 * 100 is 29 in spite of its binary fraction.
            Amount::Ratio(ratio) => (ratio * rows as f64 + 1e-9) as usize,
            Amount::Count(count) => count,
        };
        wanted.min(self.pairing.most(rows))
    }

    fn draw_lam(&self, stream: &mut Stream) -> Result<f32> {
        match self.lam {
            Lam::Fixed(lam) => Ok(lam),
            Lam::Beta(a, b) => Beta::new(a, b)
                .map(|beta| beta.sample(stream).clamp(0.0, 1.0) as f32)
                .map_err(|error| Error::Recipe(format!("lam=Beta({a}, {b}): {error}"))),
        }
    }

    fn draw_cut(&self, lam: f32, stream: &mut Stream) -> Option<Cut> {
        let (outside, inside) = match self.images {
            Images::Blend | Images::Choose => return None,
            Images::Cut => (1.0, 0.0),
            Images::CutBlend(inside) => (lam, inside),
        };
        let drawn = match self.squares {
            Some(squares) => squares.draw(stream),
            None => Cut::draw(lam, stream),
        };
        Some(Cut {
            outside,
            inside,
            ..drawn
        })
    }

    fn draw_words(&self, lam: f64, stream: &mut Stream) -> Words {
        match self.texts {
            Texts::Own => Words::Own,
            Texts::Join => Words::Both,
            Texts::Choose if stream.chance(0.5) => Words::Own,
            Texts::Choose => Words::Partner,
            Texts::KeepEach => Words::KeptOfEach {
                own: lam,
                partner: 1.0 - lam,
                seed: stream.next_u64(),
            },
            Texts::KeepBoth(share) => Words::KeptOfBoth {
                share,
                seed: stream.next_u64(),
            },
        }
    }
}

impl Mix {
    /// The plan of a row that stays as it is.
    pub fn untouched(row: usize) -> Self {
        Self {
            partner: row,
            lam: 1.0,
            words: Words::Own,
            cut: None,
        }
    }

    /// Sets lam to the weight of the row's own pixels in an image of a size, where a part of it is cut out.
    pub fn settle(&mut self, width: usize, height: usize) {
        if let Some(cut) = self.cut {
            self.lam = cut.lam(width, height);
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

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, 0, 0, Purpose::Mix)
    }

    fn plan(mixgen: &MixGen, rows: usize, seed: u64) -> Vec<Mix> {
        mixgen.plan(rows, 0, &mut stream(seed)).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn no_row_of_the_paper_s_is_read_after_it_was_replaced(rows in 0usize..600, ratio in 0.0f64..=0.5) {
            let mixgen = MixGen { amount: Amount::Ratio(ratio), ..MixGen::default() };
            let plan = plan(&mixgen, rows, 1);
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
            let plan = plan(&MixGen::default(), rows, 0);
            plan.iter().filter(|mix| mix.lam < 1.0).count()
        };
        assert_eq!((mixed(512), mixed(64), mixed(3), mixed(0)), (128, 16, 0, 0));
    }

    #[test]
    fn beta_has_its_mean_and_variance() {
        let mixgen = MixGen {
            amount: Amount::Ratio(1.0),
            pairing: Pairing::Shuffle,
            lam: Lam::Beta(0.1, 0.3),
            lam_per_sample: true,
            ..MixGen::default()
        };
        let lams: Vec<f64> = plan(&mixgen, 20_000, 5)
            .iter()
            .map(|mix| f64::from(mix.lam))
            .collect();
        let mean = lams.iter().sum::<f64>() / 2e4;
        let variance = lams.iter().map(|lam| (lam - mean).powi(2)).sum::<f64>() / 2e4;
        // a / (a + b) and ab / ((a + b)^2 (a + b + 1))
        assert!((mean - 0.25).abs() < 0.012, "{mean}");
        assert!((variance - 0.133_93).abs() < 0.006, "{variance}");
    }

    #[test]
    fn probability_rises_over_the_warmup() {
        let mixgen = MixGen {
            probability: 0.8,
            warmup: 100,
            ..MixGen::default()
        };
        let share = |number| {
            let mixed = |seed: &u64| {
                let plan = mixgen.plan(4, number, &mut stream(*seed));
                plan.is_ok_and(|plan| plan[0].is_mixed(0))
            };
            (0..4000).filter(mixed).count() as f64 / 4000.0
        };
        assert!((share(24) - 0.2).abs() < 0.03);
        assert!((share(99) - 0.8).abs() < 0.03);
        assert!((share(5000) - 0.8).abs() < 0.03);
    }
}
