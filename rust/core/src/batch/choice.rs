//! Which of a sample's captions is taken: its own, then its rewrites, as one list with a chance for each.

use super::Text;
use super::load::From;
use crate::rng::Stream;
use crate::source::RowCaptions;
use crate::{Error, Result};

/// The captions of one row.
pub(super) struct Captions<'a> {
    text: &'a Text,
    own: RowCaptions<'a>,
    rewrites: Option<RowCaptions<'a>>,
    /// How often a rewrite is drawn instead of an own one.
    share: Option<f64>,
    /// How many are the row's own, and how many there are.
    counts: (usize, usize),
}

impl<'a> Captions<'a> {
    pub fn of(text: &'a Text, from: &From<'a>) -> Result<Self> {
        let own = from.index.captions_of(from.request.from)?;
        let rewrites = from
            .rewrites
            .map(|rewrites| rewrites.index.captions_of(from.request.rewrite))
            .transpose()?;
        let further = rewrites.as_ref().map_or(0, RowCaptions::count);
        let counts = (own.count(), own.count() + further);
        Ok(Self {
            text,
            own,
            rewrites,
            share: from.rewrites.and_then(|rewrites| rewrites.share),
            counts,
        })
    }

    /// The first that can be used; one that can't only where none can.
    pub fn first(&self) -> Result<(usize, String)> {
        let usable = (0..self.counts.1).find_map(|which| Some((which, self.read(which).ok()?)));
        usable.map_or_else(|| Ok((0, self.read(0)?)), Ok)
    }

    /// Draws one that can be used; one that can't only where none can.
    pub fn draw(&self, stream: &mut Stream) -> Result<(usize, String)> {
        if self.share.is_some() || !self.text.weights.is_empty() {
            return self.draw_weighted(stream);
        }
        let (_, count) = self.counts;
        let choice = stream.below(count as u64) as usize;
        let drawn = self.read(choice);
        if count < 2 || !unusable(&drawn) {
            return Ok((choice, drawn?));
        }
        let mut others: Vec<usize> = (0..count).filter(|&other| other != choice).collect();
        while !others.is_empty() {
            let other = others.swap_remove(stream.below(others.len() as u64) as usize);
            if let Ok(caption) = self.read(other) {
                return Ok((other, caption));
            }
        }
        Ok((choice, drawn?))
    }

    fn draw_weighted(&self, stream: &mut Stream) -> Result<(usize, String)> {
        let mut chances = self.chances();
        let (_, count) = self.counts;
        let choice = pick(&chances, stream);
        let drawn = self.read(choice);
        if count < 2 || !unusable(&drawn) {
            return Ok((choice, drawn?));
        }
        // NaN marks what was tried: of those left, the ones that have a chance come first.
        chances[choice] = f64::NAN;
        for _ in 1..count {
            let other = pick(&chances, stream);
            if let Ok(caption) = self.read(other) {
                return Ok((other, caption));
            }
            chances[other] = f64::NAN;
        }
        Ok((choice, drawn?))
    }

    /// The chance of each.
    fn chances(&self) -> Vec<f64> {
        let (own, count) = self.counts;
        let weights = &self.text.weights;
        let weight = |which: usize| {
            weights
                .get(which)
                .or(weights.last())
                .copied()
                .unwrap_or(1.0)
        };
        let mut chances: Vec<f64> = (0..count).map(weight).collect();
        if let Some(share) = self.share.filter(|_| 0 < own && own < count) {
            let (own, further) = chances.split_at_mut(own);
            scale(own, 1.0 - share);
            scale(further, share);
        }
        chances
    }

    fn read(&self, which: usize) -> Result<String> {
        let (own, count) = self.counts;
        let caption = match &self.rewrites {
            Some(rewrites) if (own..count).contains(&which) => rewrites.get(which - own)?,
            _ => self.own.get(which)?,
        };
        let max_bytes = self.text.max_bytes;
        check(&caption, max_bytes)?;
        let Some((prepare, max_words)) = self.text.prepare else {
            return Ok(caption.into_owned());
        };
        let prepared = prepare.apply(&caption, max_words);
        check(&prepared, max_bytes)?;
        Ok(prepared)
    }
}

fn unusable(drawn: &Result<String>) -> bool {
    matches!(drawn, Err(Error::Caption(_) | Error::Fault(_)))
}

/// Gives chances a sum, shared evenly where all are 0.
fn scale(chances: &mut [f64], sum: f64) {
    let total: f64 = chances.iter().sum();
    let even = sum / chances.len() as f64;
    for chance in chances {
        *chance = match total > 0.0 {
            true => *chance * sum / total,
            false => even,
        };
    }
}

/// One of those that are not NaN, by their chances; evenly where all are 0.
fn pick(chances: &[f64], stream: &mut Stream) -> usize {
    let there = || (0..chances.len()).filter(|&which| !chances[which].is_nan());
    let total: f64 = there().map(|which| chances[which]).sum();
    if total <= 0.0 {
        let count = there().count();
        let place = stream.below(count as u64) as usize;
        return there().nth(place).unwrap_or(0);
    }
    let mut left = total * stream.unit();
    let mut last = 0;
    for which in there().filter(|&which| chances[which] > 0.0) {
        last = which;
        left -= chances[which];
        if left < 0.0 {
            break;
        }
    }
    last
}

fn check(caption: &str, max_bytes: usize) -> Result<()> {
    if caption.trim().is_empty() {
        return Err(Error::Caption(
            "the caption is empty; give the sample one, or remove it".into(),
        ));
    }
    if caption.len() > max_bytes {
        return Err(Error::Caption(format!(
            "the caption has {} bytes, more than max_bytes={max_bytes}; shorten it, or raise the limit in TextRecipe",
            caption.len()
        )));
    }
    Ok(())
}
