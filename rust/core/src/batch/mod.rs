//! A batch in two steps: stage its rows (read, decode, crop, resize, choose a caption), then finish it (mix,
//! normalise, join, tokenise) into the caller's buffers. Between the steps the caller may put other samples in the
//! place of broken ones.

mod captions;
mod choice;
mod clock;
mod crew;
mod images;
mod load;
mod measure;
mod plan;
mod portion;
mod request;
mod share;
mod slices;
mod spares;

use std::sync::{Arc, Mutex};

pub use captions::{Caption, join_words};
pub use clock::{Clock, Stage, Working};
pub use crew::{Crew, Hands, Turn};
pub use images::{Image, PatchDrop, Shown};
pub use measure::{caption_lengths, image_sizes};
pub use portion::Portion;
pub use request::{Keys, Request, Rewrites, When};

use crate::mix::{Alternate, Mix};
use crate::source::Index;
use crate::text::{
    Framing, Prepare, TextMask, TextScratch, Tokenizer, WordOp, Wording, needs_cleaning,
};
use crate::{Error, Result, SampleError};
use load::{From, LoadScratch, load_row};
use share::share;
use slices::{by_row, chunks};
use spares::Spares;

/// How captions become rows of ids.
#[derive(Debug, Clone)]
pub struct Text {
    /// The vocabulary; `None` leaves captions as strings.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// Length, padding and special tokens.
    pub framing: Framing,
    /// Whether rare captions are handed back for cleaning (see [`Finished::needs_cleaning`]).
    pub clean: bool,
    /// The longest caption taken, in bytes.
    pub max_bytes: usize,
    /// ALBEF's cleaning, and how many words it leaves.
    pub prepare: Option<(Prepare, usize)>,
    /// What is done to its words then.
    pub augment: Vec<WordOp>,
    /// The chances of a sample's captions, in their order, of which the last is that of all further ones; even where
    /// there are none, or all are 0.
    pub weights: Vec<f64>,
    /// Which tokens stay of a caption that doesn't fit.
    pub mask: TextMask,
}

/// Everything that decides a batch besides the data, the seed and the epoch.
#[derive(Debug)]
pub struct Recipe {
    /// The views of each sample, at least one.
    pub views: Vec<Image>,
    /// What happens to captions; `None` leaves them unread.
    pub text: Option<Text>,
    /// What is mixed with what; `None` mixes nothing.
    pub mix: Option<Alternate>,
    /// Memory of its batches that is used again.
    pub memory: Memory,
}

/// Memory that batches of one recipe have one after another.
#[derive(Debug, Default)]
pub struct Memory {
    pixels: Spares<Vec<u8>>,
    scratch: Spares<LoadScratch>,
}

impl Recipe {
    /// Whether captions are taken apart into tokens, so that each must be clean before it is.
    fn splices(&self) -> bool {
        let mixes = self.mix.as_ref().is_some_and(Alternate::splices);
        let masks = |text: &Text| text.mask != TextMask::Truncate;
        mixes || self.text.as_ref().is_some_and(masks)
    }
}

/// One row between the steps.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The sample's key.
    pub key: String,
    /// The caption drawn for it, before joining.
    pub caption: String,
    /// Which of the sample's captions that is, its rewrites counted behind them.
    pub choice: usize,
    /// What was drawn for each of its views.
    pub views: Vec<Shown>,
    /// What was drawn for its words.
    pub wordings: Vec<Wording>,
    /// Draws the tokens that stay of it.
    pub mask_seed: u64,
    /// Whether the image's file ends early, so that gray may stand for pixels.
    pub truncated: bool,
    /// The sample's label.
    pub label: Option<i64>,
}

/// A batch whose rows are being filled.
pub struct Staged {
    recipe: Arc<Recipe>,
    rows: Vec<Row>,
    /// Of each view, `rows x height x width x 3`.
    pixels: Vec<Vec<u8>>,
    clock: Arc<Clock>,
}

/// What [`Staged::finish`] says beside the buffers it filled.
#[derive(Debug, Default)]
pub struct Finished {
    /// The mixing plan.
    pub mix: Vec<Mix>,
    /// What comes between joined captions.
    pub join: String,
    /// Captions after mixing; empty without a text recipe.
    pub captions: Vec<Caption>,
}

/// Where [`Staged::finish`] writes.
pub struct Buffers<'a> {
    /// For each view `rows x Image::bytes()` bytes, aligned for the element type.
    pub images: Vec<&'a mut [u8]>,
    /// `rows x length` ids, or empty without a tokenizer.
    pub ids: &'a mut [i64],
    /// `rows x length`: 1 where there is a token.
    pub mask: &'a mut [i64],
}

impl Drop for Staged {
    fn drop(&mut self) {
        let pixels = std::mem::take(&mut self.pixels);
        self.recipe.memory.pixels.give_back(pixels);
    }
}

impl Staged {
    /// An unfilled batch of `rows`; its pixels are whatever they are until a row is loaded.
    ///
    /// # Errors
    /// [`Error::Recipe`] when the system doesn't have the memory for its pixels.
    pub fn new(recipe: Arc<Recipe>, rows: usize) -> Result<Self> {
        let staged = |image: &Image| {
            let size = rows.checked_mul(image.staged_bytes());
            let pixels = size.and_then(|size| recipe.memory.pixels.bytes(size));
            pixels.ok_or_else(|| {
                let (width, height) = image.size();
                Error::Recipe(format!(
                    "the system has no memory for the pixels of {rows} images of {width}x{height} before they are mixed: \
                     take a smaller batch_size or size, or fewer workers"
                ))
            })
        };
        let pixels = recipe.views.iter().map(staged).collect::<Result<_>>()?;
        Ok(Self {
            recipe,
            rows: vec![Row::default(); rows],
            pixels,
            clock: Arc::default(),
        })
    }

    /// What its time goes to.
    pub fn clock(&self) -> Arc<Clock> {
        self.clock.clone()
    }

    /// What decides it.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The staged image of a row, `height x width x 3`.
    ///
    /// # Errors
    /// [`Error::Recipe`] when there is no such view or row.
    pub fn image(&self, view: usize, row: usize) -> Result<&[u8]> {
        let place = images::place(&self.recipe.views, self.rows.len(), view, row)?;
        Ok(&self.pixels[view][place])
    }

    /// The same, to be changed before it is mixed.
    ///
    /// # Errors
    /// As [`Self::image`].
    pub fn image_mut(&mut self, view: usize, row: usize) -> Result<&mut [u8]> {
        let place = images::place(&self.recipe.views, self.rows.len(), view, row)?;
        Ok(&mut self.pixels[view][place])
    }

    /// Fills rows from an index, and perhaps from rewrites of its captions, and returns those that failed, by row.
    ///
    /// # Errors
    /// [`Error::Internal`] when a request names a row that is not there or names one twice.
    pub fn load<'a>(
        &mut self,
        index: &Index,
        rewrites: Option<&Rewrites<'_>>,
        requests: &[Request],
        keys: Keys,
        threads: impl Into<Hands<'a>>,
    ) -> Result<Vec<(usize, SampleError)>> {
        let recipe = self.recipe.as_ref();
        let clock = self.clock.as_ref();
        let mut images = by_row(&recipe.views, &mut self.pixels, Image::staged_bytes);
        let places = self.rows.iter_mut().map(|row| Some((row, images.next()?)));
        let mut places: Vec<_> = places.collect();
        let mut work = Vec::with_capacity(requests.len());
        for request in requests {
            let place = places.get_mut(request.at).and_then(Option::take);
            let place =
                place.ok_or_else(|| Error::Internal(format!("row {} is not free", request.at)))?;
            work.push((request, place));
        }
        let failed = Mutex::new(Vec::new());
        share(
            work,
            threads.into(),
            || recipe.memory.scratch.lend(),
            |(request, (row, images)), scratch| {
                let from = From {
                    index,
                    rewrites,
                    request,
                };
                if let Err(error) = load_row(recipe, &from, keys, clock, row, images, scratch)
                    && let Ok(mut failed) = failed.lock()
                {
                    failed.push((request.at, error));
                }
            },
        );
        let mut failed = failed
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.sort_by_key(|(at, _)| *at);
        Ok(failed)
    }

    /// Mixes, normalises and tokenises the staged rows into `buffers`; of a portion of a larger batch its own.
    ///
    /// # Errors
    /// [`Error::Recipe`] when a buffer has another size than the recipe asks for, or the portion is of another batch.
    pub fn finish<'a>(
        &self,
        buffers: Buffers<'_>,
        keys: Keys,
        when: When,
        portion: Option<&Portion>,
        threads: impl Into<Hands<'a>>,
    ) -> Result<Finished> {
        let recipe = self.recipe.as_ref();
        let count = portion.map_or(self.rows.len(), |portion| portion.own);
        let mixgen = (recipe.mix.as_ref()).map(|mix| mix.at(keys.seed, keys.epoch, when.step));
        let mix = self.mix(mixgen, keys, when, portion)?;
        let text = recipe.text.as_ref();
        let ids_of = text.filter(|text| text.tokenizer.is_some());
        let length = ids_of.map_or(0, |text| text.framing.length);
        let Buffers {
            mut images,
            ids,
            mask,
            ..
        } = buffers;
        if images.len() != recipe.views.len() {
            return Err(Error::Recipe(format!(
                "{} buffers for the images of {} views",
                images.len(),
                recipe.views.len()
            )));
        }
        let of_images = images.iter().zip(&recipe.views);
        let of_images =
            of_images.map(|(buffer, view)| ("images", buffer.len(), count * view.bytes()));
        for (name, found, wanted) in of_images.chain([
            ("input_ids", ids.len(), count * length),
            ("attention_mask", mask.len(), count * length),
        ]) {
            if found != wanted {
                return Err(Error::Recipe(format!(
                    "the {name} buffer holds {found} elements; {wanted} are needed"
                )));
            }
        }
        let mut ids = chunks(ids, length, count);
        let mut masks = chunks(mask, length, count);
        let mut captions = vec![Caption::default(); if text.is_some() { count } else { 0 }];
        let mut places = captions.iter_mut();
        let work: Vec<_> = (0..count)
            .zip(by_row(&recipe.views, &mut images, Image::bytes))
            .zip(ids.iter_mut().zip(masks.iter_mut()))
            .map(|work| (work, places.next()))
            .collect();
        let failed = Mutex::new(None);
        share(
            work,
            threads.into(),
            TextScratch::default,
            |(((row, images), (ids, mask)), caption), scratch| {
                let partner = mix[row];
                let mut lap = self.clock.begin(row, Stage::Mix);
                if let Err(error) = self.write_images(row, &partner, images)
                    && let Ok(mut failed) = failed.lock()
                {
                    *failed = Some(error);
                }
                if let (Some(text), Some(caption)) = (text, caption) {
                    lap.next(Stage::Tokenize);
                    *caption = captions::finish(
                        text,
                        (mixgen, recipe.splices()),
                        &self.rows,
                        row,
                        &partner,
                        scratch,
                        (ids, mask),
                    );
                }
            },
        );
        if let Some(error) = failed
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            return Err(error);
        }
        let join = mixgen.map_or_else(|| " ".into(), |mixgen| mixgen.join.clone());
        Ok(Finished {
            mix,
            join,
            captions,
        })
    }

    /// Mixes and writes the views of one row.
    fn write_images(&self, row: usize, mix: &Mix, out: Vec<&mut [u8]>) -> Result<()> {
        let views = self.recipe.views.iter().zip(&self.pixels);
        views
            .zip(out)
            .try_for_each(|((image, staged), out)| image.write(staged, row, mix, out))
    }

    /// The rows whose captions want cleaning that is not done here before they can be taken apart; see
    /// [`Alternate::splices`].
    pub fn needs_cleaning(&self) -> Vec<usize> {
        let splices = self.recipe.splices();
        let cleans = self.recipe.text.as_ref().is_some_and(|text| text.clean);
        let wants = |row: &usize| splices && cleans && needs_cleaning(&self.rows[*row].caption);
        (0..self.rows.len()).filter(wants).collect()
    }

    /// Puts a cleaned caption in the place of a row's own.
    ///
    /// # Errors
    /// [`Error::Internal`] when there is no such row.
    pub fn set_caption(&mut self, row: usize, caption: String) -> Result<()> {
        let rows = self.rows.len();
        let place = self.rows.get_mut(row);
        place
            .ok_or_else(|| Error::Internal(format!("row {row} of {rows}")))?
            .caption = caption;
        Ok(())
    }
}
