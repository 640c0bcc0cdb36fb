//! One row of a batch: its caption drawn, its image read, decoded, cropped and resized.

use super::choice::Captions;
use super::clock::{Clock, Stage};
use super::spares::Spare;
use super::{Image, Keys, Recipe, Request, Rewrites, Row, Shown};
use crate::image::{Asked, Geometry, Scratch, load_views};
use crate::panic::caught;
use crate::rng::{Purpose, Stream};
use crate::source::Index;
use crate::text::augment_words;
use crate::{Error, Result, SampleError};

/// What a thread keeps between rows.
#[derive(Debug, Default)]
pub(super) struct LoadScratch {
    file: Vec<u8>,
    image: Scratch,
    copy: Vec<u8>,
}

impl Spare for LoadScratch {
    fn memory(&self) -> usize {
        self.file.capacity() + self.copy.capacity() + self.image.memory()
    }
}

/// Where a row comes from.
pub(super) struct From<'a> {
    pub index: &'a Index,
    pub rewrites: Option<&'a Rewrites<'a>>,
    pub request: &'a Request,
}

/// Fills one row; a panic on the way becomes an error of its sample.
pub(super) fn load_row(
    recipe: &Recipe,
    from: &From<'_>,
    keys: Keys,
    clock: &Clock,
    row: &mut Row,
    images: Vec<&mut [u8]>,
    scratch: &mut LoadScratch,
) -> Result<(), SampleError> {
    // A panic is a bug of ours or of a decoder, but never the end of a training run.
    let outcome =
        caught(|| fill(recipe, from, keys, clock, row, images, scratch)).unwrap_or_else(|words| {
            *scratch = LoadScratch::default();
            Err(Error::Internal(words))
        });
    outcome.map_err(|error| from.index.blame(from.request.from, error))
}

fn fill(
    recipe: &Recipe,
    from: &From<'_>,
    keys: Keys,
    clock: &Clock,
    row: &mut Row,
    images: Vec<&mut [u8]>,
    scratch: &mut LoadScratch,
) -> Result<()> {
    let From { index, request, .. } = *from;
    let mut lap = clock.begin(request.at, Stage::Read);
    let stream = |purpose| Stream::new(keys.seed, keys.epoch, request.id, purpose);
    row.key = index.key(request.from)?.into_owned();
    index.known_fault(request.from)?;
    row.label = index.label(request.from)?;
    row.wordings.clear();
    if let Some(text) = &recipe.text {
        let captions = Captions::of(text, from)?;
        (row.choice, row.caption) = captions.draw(&mut stream(Purpose::Caption))?;
        if !text.augment.is_empty() {
            (row.caption, row.wordings) =
                augment_words(&row.caption, &text.augment, &mut stream(Purpose::Words));
        }
        row.mask_seed = stream(Purpose::Mask).next_u64();
    }
    // Who allows the most: each view asks for itself then.
    let allowed = recipe
        .views
        .iter()
        .map(|view| view.load.decode.limits.max_bytes);
    let bytes = index.image(request.from, allowed.max().unwrap_or(0), &mut scratch.file)?;
    lap.read(bytes.len());
    lap.next(Stage::Decode);
    let stream = |purpose, image: &Image| {
        Stream::of_view(keys.seed, keys.epoch, request.id, purpose, image.view)
    };
    let views = recipe.views.iter().zip(images);
    let asked = views.map(|(image, out)| Asked {
        load: &image.load,
        stream: stream(Purpose::Geometry, image),
        out,
    });
    let mut asked: Vec<Asked<'_>> = asked.collect();
    let loaded = load_views(bytes, &mut asked, &mut scratch.image);
    lap.within(Stage::Resize, scratch.image.take_resizing());
    let loaded = loaded?;
    lap.next(Stage::Augment);
    row.truncated = loaded.iter().any(|loaded| loaded.truncated);
    row.views.clear();
    for (image, (asked, loaded)) in recipe.views.iter().zip(asked.iter_mut().zip(loaded)) {
        let Geometry { width, height, .. } = image.load.geometry;
        let mut draws = stream(Purpose::Augment, image);
        let mut ops = Vec::new();
        for policy in &image.augment {
            policy.draw(width, height, &mut draws, &mut ops);
        }
        for op in &ops {
            op.apply(asked.out, width as usize, &mut scratch.copy);
        }
        let patches = image
            .patches
            .map(|patches| patches.draw(&mut stream(Purpose::Patches, image)));
        row.views.push(Shown {
            view: loaded.view,
            ops,
            patches: patches.unwrap_or_default(),
        });
    }
    Ok(())
}
