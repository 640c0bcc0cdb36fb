//! Which rows of a batch are mixed with which.

use super::{Keys, Portion, Staged, When};
use crate::mix::{Mix, MixGen, Pairing, fit};
use crate::text::TextScratch;
use crate::{Error, Result};

impl Staged {
    /// The mixing plan.
    pub(super) fn mix(
        &self,
        mixgen: Option<&MixGen>,
        keys: Keys,
        when: When,
        portion: Option<&Portion>,
    ) -> Result<Vec<Mix>> {
        let count = self.rows.len();
        if portion.is_some_and(|portion| portion.rows.len() != count || portion.own > count) {
            return Err(Error::Recipe(format!(
                "{count} rows are not those of the portion"
            )));
        }
        let Some(mixgen) = mixgen else {
            let own = portion.map_or(count, |portion| portion.own);
            return Ok((0..own).map(Mix::untouched).collect());
        };
        let whole = portion.map_or(count, |portion| portion.whole);
        let mut plan = mixgen.draw(whole, keys.seed, keys.epoch, when.step, when.number)?;
        if let Some(portion) = portion {
            if mixgen.pairing == Pairing::Fit {
                return Err(Error::Recipe(
                    "pairing='fit' looks at the captions of a whole batch; use another over portions of one".into(),
                ));
            }
            plan = portion.of(&plan)?;
        } else if mixgen.pairing == Pairing::Fit {
            let text = self.recipe.text.as_ref();
            // Without a tokenizer, words are counted as if two tokens marked the ends.
            let room = text.map_or(0, |text| match text.tokenizer.as_deref() {
                Some(tokenizer) => tokenizer.room(&text.framing),
                None => text
                    .framing
                    .length
                    .saturating_sub(1 + usize::from(text.framing.end)),
            });
            let mut lengths = self.lengths(&mixgen.join);
            let between = lengths.pop().unwrap_or_default();
            fit(&mut plan, &lengths, room.saturating_sub(between));
        }
        if let Some(first) = self.recipe.views.first() {
            let (width, height) = first.size();
            plan.iter_mut().for_each(|mix| mix.settle(width, height));
        }
        Ok(plan)
    }

    /// Tokens of each caption, or words where there is no tokenizer; and of what comes between two.
    fn lengths(&self, join: &str) -> Vec<usize> {
        let text = self.recipe.text.as_ref();
        let mut scratch = TextScratch::default();
        let mut ids = Vec::new();
        let mut length =
            |caption: &str| match text.and_then(|text| Some((text, text.tokenizer.as_deref()?))) {
                None => caption.split_whitespace().count(),
                Some((text, tokenizer)) => {
                    ids.clear();
                    tokenizer.encode(caption, text.framing.specials, &mut scratch, &mut ids);
                    ids.len()
                }
            };
        let captions = self.rows.iter().map(|row| row.caption.as_str());
        captions.chain([join]).map(&mut length).collect()
    }
}
