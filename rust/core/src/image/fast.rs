//! The fast path's resize: a box of decoded planes, in its place in the result.

use super::convolve::{Coarse, Convolver, Kind, Plane};
use super::geometry::{Filter, View};
use super::patch::Patch;
use super::planes::{Chroma, Color, Planes};
use super::resample::Side;
use super::resize::sides;
use super::turn::Turn;

/// Planes of a stored image, possibly scaled down and cut by its decoder.
pub(crate) struct Decoded<'a> {
    /// What the planes are, and their bytes.
    pub planes: (Planes, &'a [u8]),
    /// Scaled size over stored size: 1, 1/2, 1/4 or 1/8.
    pub scale: f64,
}

/// Resizes `view` (in stored pixels) into `out`, RGB8, seeing only `need`, then turns; `size` is the turned result's.
#[allow(clippy::too_many_arguments)] // internal; the callers hold these apart because of borrows
pub(crate) fn sample(
    decoded: &Decoded<'_>,
    view: &View,
    need: &Patch,
    turn: Turn,
    size: (u32, u32),
    filter: Filter,
    convolver: &mut Convolver,
    small: &mut Vec<u8>,
    out: &mut [u8],
) {
    let stored = turn.size(size.0, size.1);
    let pixels = sides(view, need, decoded.scale, stored);
    if turn.transpose {
        small.resize(out.len(), 0);
        convolve(
            decoded,
            need,
            &pixels,
            (false, false),
            filter,
            convolver,
            small,
        );
        turn.apply(small, stored.0, stored.1, out);
    } else {
        let mirror = (turn.mirror_x, turn.mirror_y);
        convolve(decoded, need, &pixels, mirror, filter, convolver, out);
    }
}

fn convolve(
    decoded: &Decoded<'_>,
    need: &Patch,
    (horizontal, vertical): &(Side, Side),
    mirror: (bool, bool),
    filter: Filter,
    convolver: &mut Convolver,
    out: &mut [u8],
) {
    let (planes, bytes) = decoded.planes;
    let (patch, others) = (planes.patch, planes.others());
    let (kind, seen, coarse) = match planes.color {
        Color::Gray => (Kind::Gray, *need, None),
        Color::Rgb => (Kind::Rgb, *need, None),
        Color::YCbCr(chroma) => {
            let seen = Chroma::under(chroma.pixels, need, chroma.full);
            let side = |pixels, pixel, sample, samples| Coarse {
                pixels,
                pixel,
                sample,
                samples,
            };
            let across = side(chroma.pixels[0], need.left, seen.left, seen.width);
            let down = side(chroma.pixels[1], need.top, seen.top, seen.height);
            (Kind::YCbCr, seen, Some([across, down]))
        }
    };
    let plane = |begin: usize, of: &Patch, seen: &Patch| {
        let (x, y) = (seen.left - of.left, seen.top - of.top);
        let first = begin + y as usize * of.width as usize + x as usize;
        Plane {
            samples: &bytes[first..],
            stride: of.width as usize,
        }
    };
    let second = patch.bytes();
    let planes = [
        plane(0, &patch, need),
        match kind {
            Kind::Gray => plane(0, &patch, need),
            Kind::Rgb | Kind::YCbCr => plane(second, &others, &seen),
        },
        match kind {
            Kind::Gray => plane(0, &patch, need),
            Kind::Rgb | Kind::YCbCr => plane(second + others.bytes(), &others, &seen),
        },
    ];
    convolver.run(
        kind,
        &planes,
        (horizontal, vertical),
        coarse,
        mirror,
        filter,
        out,
    );
}
