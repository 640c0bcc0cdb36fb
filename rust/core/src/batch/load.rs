//! One row of a batch: its caption drawn, its image read, decoded, cropped and resized.

use super::{Image, Keys, Recipe, Request, Row, Shown, Text};
use crate::image::{Asked, Geometry, Scratch, load_views};
use crate::panic::caught;
use crate::rng::{Purpose, Stream};
use crate::source::Index;
use crate::text::augment_words;
use crate::{Error, Result, SampleError};

/// What a thread keeps between rows.
#[derive(Default)]
pub(super) struct LoadScratch {
    file: Vec<u8>,
    image: Scratch,
    copy: Vec<u8>,
}

/// Fills one row; a panic on the way becomes an error of its sample.
pub(super) fn load_row(
    recipe: &Recipe,
    index: &Index,
    request: &Request,
    keys: Keys,
    row: &mut Row,
    images: Vec<&mut [u8]>,
    scratch: &mut LoadScratch,
) -> Result<(), SampleError> {
    // A panic is a bug of ours or of a decoder, but never the end of a training run.
    let outcome = caught(|| fill(recipe, index, request, keys, row, images, scratch))
        .unwrap_or_else(|words| {
            *scratch = LoadScratch::default();
            Err(Error::Internal(words))
        });
    outcome.map_err(|error| index.blame(request.from, error))
}

fn fill(
    recipe: &Recipe,
    index: &Index,
    request: &Request,
    keys: Keys,
    row: &mut Row,
    images: Vec<&mut [u8]>,
    scratch: &mut LoadScratch,
) -> Result<()> {
    let stream = |purpose| Stream::new(keys.seed, keys.epoch, request.id, purpose);
    row.key = index.key(request.from)?.into_owned();
    index.known_fault(request.from)?;
    row.label = index.label(request.from)?;
    if let Some(text) = &recipe.text {
        (row.choice, row.caption) =
            draw_caption(text, index, request.from, &mut stream(Purpose::Caption))?;
        if !text.augment.is_empty() {
            row.caption = augment_words(&row.caption, &text.augment, &mut stream(Purpose::Words));
        }
    }
    // Who allows the most: each view asks for itself then.
    let allowed = recipe
        .views
        .iter()
        .map(|view| view.load.decode.limits.max_bytes);
    let bytes = index.image(request.from, allowed.max().unwrap_or(0), &mut scratch.file)?;
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
    let loaded = load_views(bytes, &mut asked, &mut scratch.image)?;
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

/// Draws one of a row's captions: each that can be used with the same chance, one that can't only where none can.
fn draw_caption(
    text: &Text,
    index: &Index,
    row: usize,
    stream: &mut Stream,
) -> Result<(usize, String)> {
    let count = index.caption_count(row)?;
    let choice = stream.below(count as u64) as usize;
    let drawn = read_caption(text, index, row, choice);
    if count < 2 || !matches!(drawn, Err(Error::Caption(_) | Error::Fault(_))) {
        return Ok((choice, drawn?));
    }
    let mut others: Vec<usize> = (0..count).filter(|&other| other != choice).collect();
    while !others.is_empty() {
        let other = others.swap_remove(stream.below(others.len() as u64) as usize);
        if let Ok(caption) = read_caption(text, index, row, other) {
            return Ok((other, caption));
        }
    }
    Ok((choice, drawn?))
}

fn read_caption(text: &Text, index: &Index, row: usize, which: usize) -> Result<String> {
    let caption = index.caption(row, which)?.into_owned();
    check_caption(&caption, text.max_bytes)?;
    let Some((prepare, max_words)) = text.prepare else {
        return Ok(caption);
    };
    let prepared = prepare.apply(&caption, max_words);
    check_caption(&prepared, text.max_bytes)?;
    Ok(prepared)
}

fn check_caption(caption: &str, max_bytes: usize) -> Result<()> {
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
