//! One antialiased resize from a box of the source, as Pillow rounds it or nearly so; the fast path's is [`super::fast`].

use super::geometry::{Filter, View};
use super::patch::Patch;
use super::resample::{Side, resample, rows_first};
use super::scratch::Scratch;
use super::turn::Turn;
use crate::{Error, Result};

/// Resizes the box `view` of an RGB8 image to `out_w` x `out_h` pixels, and flips if `view` says so: to Pillow's bits if
/// `exact`, else faster and a level or two off here and there.
///
/// # Errors
/// `Recipe` when sizes and buffers disagree or the box leaves the image.
#[allow(clippy::too_many_arguments)] // two images, each with its size, and how to get from one to the other
pub fn resize(
    src: &[u8],
    w: u32,
    h: u32,
    view: &View,
    out_w: u32,
    out_h: u32,
    filter: Filter,
    exact: bool,
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<()> {
    if src.len() as u64 != u64::from(w) * u64::from(h) * 3 {
        return Err(Error::Recipe(format!(
            "{} bytes are not a {w}x{h} RGB image",
            src.len()
        )));
    }
    let source = Source {
        pixels: src,
        patch: Patch {
            left: 0,
            top: 0,
            width: w,
            height: h,
        },
    };
    let need = need(view, 1.0, w, h, out_w, out_h, filter)?;
    let turn = Turn::NONE.then_flip(view.flip);
    sample(
        &source,
        view,
        &need,
        turn,
        (out_w, out_h),
        filter,
        exact,
        &mut scratch.small,
        out,
    )
}

/// Pixels of a stored image, RGB8.
pub(crate) struct Source<'a> {
    pub pixels: &'a [u8],
    pub patch: Patch,
}

/// The pixels of the scaled image (`width` x `height`) that a resize of `view` (in stored pixels) may look at.
pub(crate) fn need(
    view: &View,
    scale: f64,
    width: u32,
    height: u32,
    out_w: u32,
    out_h: u32,
    filter: Filter,
) -> Result<Patch> {
    let range = |start: f64, length: f64, limit: u32, out: u32| {
        let (start, length) = (start * scale, length * scale);
        let reach = if view.inside {
            0.0
        } else {
            filter.support() * (length / f64::from(out.max(1))).max(1.0) + 1.0
        };
        // A box edge that rounding error moved past a pixel edge must not pull in that pixel.
        let low = (start - reach + 1e-6).floor().clamp(0.0, f64::from(limit));
        let high = (start + length + reach - 1e-6)
            .ceil()
            .clamp(0.0, f64::from(limit));
        (low as u32, (high - low) as u32)
    };
    let (left, patch_width) = range(view.left, view.width, width, out_w);
    let (top, patch_height) = range(view.top, view.height, height, out_h);
    if patch_width == 0 || patch_height == 0 || !(view.width > 0.0 && view.height > 0.0) {
        return Err(Error::Recipe(format!(
            "box=({}, {}, {}, {}) (left, top, width, height) holds no pixel of the {width}x{height} image",
            view.left, view.top, view.width, view.height
        )));
    }
    Ok(Patch {
        left,
        top,
        width: patch_width,
        height: patch_height,
    })
}

/// Resizes `view` (in stored pixels), seeing only `need`, then turns; `size` is the turned result's.
#[allow(clippy::too_many_arguments)] // internal; the callers hold these apart because of borrows
pub(crate) fn sample(
    source: &Source<'_>,
    view: &View,
    need: &Patch,
    turn: Turn,
    size: (u32, u32),
    filter: Filter,
    exact: bool,
    small: &mut Vec<u8>,
    out: &mut [u8],
) -> Result<()> {
    let bytes = size.0 as usize * size.1 as usize * 3;
    if out.len() != bytes {
        return Err(Error::Recipe(format!(
            "the output has {} bytes, a {}x{} RGB image {bytes}",
            out.len(),
            size.0,
            size.1
        )));
    }
    if turn == Turn::NONE {
        convolve(source, view, need, size, filter, exact, out);
        return Ok(());
    }
    let stored = turn.size(size.0, size.1);
    small.resize(bytes, 0);
    convolve(source, view, need, stored, filter, exact, small);
    turn.apply(small, stored.0, stored.1, out);
    Ok(())
}

/// How `view` (in stored pixels) lies in `need` of an image scaled by `scale`, across and down, for a result of `size`.
pub(crate) fn sides(view: &View, need: &Patch, scale: f64, size: (u32, u32)) -> (Side, Side) {
    let side = |start: f64, length: f64, origin: u32, pixels: u32, out: u32| {
        // Rounding may leave the box a hair outside the pixels.
        let start = (start * scale - f64::from(origin)).clamp(0.0, f64::from(pixels));
        Side {
            pixels,
            start,
            length: (length * scale).min(f64::from(pixels) - start),
            out,
        }
    };
    (
        side(view.left, view.width, need.left, need.width, size.0),
        side(view.top, view.height, need.top, need.height, size.1),
    )
}

/// Resizes `view` to `size`.
fn convolve(
    source: &Source<'_>,
    view: &View,
    need: &Patch,
    size: (u32, u32),
    filter: Filter,
    exact: bool,
    out: &mut [u8],
) {
    let patch = &source.patch;
    let pixels = &source.pixels[..3 * patch.bytes()];
    let (x, y) = (
        need.left.saturating_sub(patch.left),
        need.top.saturating_sub(patch.top),
    );
    let stride = patch.width as usize * 3;
    let seen = &pixels[y as usize * stride + x as usize * 3..];
    let (horizontal, vertical) = sides(view, need, 1.0, size);
    let (from, to) = match view.inside {
        true => ((need.width, need.height), size),
        // Part of a resize of the whole image, whose shape decides.
        false => {
            let whole = |out: u32, side: u32, box_side: f64| {
                (f64::from(out) * f64::from(side) / box_side).round() as u32
            };
            let to = (
                whole(size.0, patch.width, view.width),
                whole(size.1, patch.height, view.height),
            );
            ((patch.width, patch.height), to)
        }
    };
    let rows_first = rows_first(from, to);
    let sides = (&horizontal, &vertical);
    resample(seen, stride, sides, rows_first, filter, exact, out);
}
