//! What rows are put together by, known without loading them: how long their captions are, how wide their images.

use super::choice::Captions;
use super::load::From;
use super::share::share;
use super::{Hands, Keys, Request, Rewrites, Text};
use crate::image::{Decode, oriented_size};
use crate::rng::{Purpose, Stream};
use crate::source::Index;
use crate::text::TextScratch;
use crate::{Error, Result};

/// Headers lie within so many bytes, but for images that say a lot of themselves.
const HEAD: usize = 32 << 10;

/// Lengths of the captions that are drawn for some rows, or without `keys` of the first that can be used, as prepared and
/// before words are drawn: in tokens where there is a tokenizer, else in bytes; 0 where none can be used.
pub fn caption_lengths(
    text: &Text,
    index: &Index,
    rewrites: Option<&Rewrites<'_>>,
    requests: &[Request],
    keys: Option<Keys>,
    threads: usize,
) -> Vec<u64> {
    let mut lengths = vec![0; requests.len()];
    let items = requests.iter().zip(lengths.iter_mut()).collect();
    type Kept = (TextScratch, Vec<u32>);
    share(
        items,
        hands(threads),
        Kept::default,
        |(request, length), (scratch, ids)| {
            let from = From {
                index,
                rewrites,
                request,
            };
            let stream =
                |keys: Keys| Stream::new(keys.seed, keys.epoch, request.id, Purpose::Caption);
            let drawn = Captions::of(text, &from).and_then(|captions| match keys {
                Some(keys) => captions.draw(&mut stream(keys)),
                None => captions.first(),
            });
            // What is wrong with a row is told when it is loaded.
            let Ok((_, caption)) = drawn else { return };
            *length = match &text.tokenizer {
                Some(tokenizer) => {
                    ids.clear();
                    tokenizer.encode(&caption, text.framing.specials, scratch, ids);
                    ids.len() as u64
                }
                None => caption.len() as u64,
            };
        },
    );
    lengths
}

fn hands(threads: usize) -> Hands<'static> {
    Hands {
        threads,
        turn: None,
    }
}

/// Width and height of some rows' images, as `decode` turns them, from their headers; zeros where there is none.
///
/// # Errors
/// [`Error::Recipe`] for a row that there isn't.
pub fn image_sizes(
    index: &Index,
    rows: &[usize],
    decode: &Decode,
    threads: usize,
) -> Result<Vec<(u32, u32)>> {
    if let Some(&row) = rows.iter().find(|&&row| row >= index.len()) {
        let rows = index.len();
        return Err(Error::Recipe(format!(
            "row {row} is not in a data set of {rows} rows"
        )));
    }
    let mut sizes = vec![(0, 0); rows.len()];
    let items = rows.iter().zip(sizes.iter_mut()).collect();
    let hands = Hands {
        threads,
        turn: None,
    };
    share(
        items,
        hands,
        Vec::new,
        |(&row, size), buffer: &mut Vec<u8>| {
            let head = index.head(row, HEAD, buffer);
            let found = head.and_then(|head| oriented_size(head, decode));
            let found = found.or_else(|_| {
                let whole = index.image(row, decode.limits.max_bytes, buffer)?;
                oriented_size(whole, decode)
            });
            // What is wrong with a row is told when it is loaded.
            *size = found.unwrap_or_default();
        },
    );
    Ok(sizes)
}
