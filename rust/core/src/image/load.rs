//! The hot path: from a file's bytes to one cropped, resized, flipped image, or some views of it.

use std::time::Instant;

use super::decode::{Decode, decode_stored};
use super::fast;
use super::format::Format;
use super::frame::Frame;
use super::geometry::{Crop, Filter, Geometry, View};
use super::header::Header;
use super::jpeg::{Jpeg, Part};
use super::patch::Patch;
use super::planes::Planes;
use super::resize::{Source, need, sample};
use super::scratch::Scratch;
use super::turn::Turn;
use crate::Result;
use crate::rng::Stream;

/// How every image of a data set is loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Crop, size and flip.
    pub geometry: Geometry,
    /// Orientation and limits.
    pub decode: Decode,
    /// Decode and resize in full, bit for bit as Pillow does, instead of only what the crop
    /// needs at the smallest sufficient scale.
    pub exact: bool,
}

/// What [`Load::run`] tells of an image beside its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Loaded {
    /// What was drawn for it.
    pub view: View,
    /// Whether its file ends early, so that gray may stand for pixels: see [`Truncated::Keep`](super::Truncated).
    pub truncated: bool,
}

/// One view of an image that is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// How it is made.
    pub load: &'a Load,
    /// What it is drawn from.
    pub stream: Stream,
    /// Where it goes: `height * width * 3` bytes, RGB8.
    pub out: &'a mut [u8],
}

impl Load {
    /// Loads one image into `out` (`height * width * 3` bytes, RGB8) and tells what was drawn.
    ///
    /// # Errors
    /// What [`super::decode()`] gives, or `Recipe` when the geometry does not fit the image.
    pub fn run(
        &self,
        bytes: &[u8],
        stream: &mut Stream,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<Loaded> {
        let mut asked = Asked {
            load: self,
            stream: stream.clone(),
            out,
        };
        let loaded = load_views(bytes, std::slice::from_mut(&mut asked), scratch);
        *stream = asked.stream;
        Ok(loaded?[0])
    }

    /// Draws for a stored image of `width` x `height`.
    fn draw(&self, width: u32, height: u32, turn: Turn, stream: &mut Stream) -> Result<Drawn> {
        let (turned_width, turned_height) = turn.size(width, height);
        let drawn = self.geometry.draw(turned_width, turned_height, stream);
        let shown = self.geometry.shown(&drawn, turned_width, turned_height)?;
        let padded = matches!(self.geometry.crop, Crop::Pad { .. });
        Ok(Drawn {
            view: if padded { drawn } else { shown },
            stored: turn.stored_box(&shown, width, height),
            frame: self.geometry.frame(turned_width, turned_height),
            turn,
        })
    }

    fn is_fast(&self, format: Format) -> bool {
        !self.exact && format == Format::Jpeg
    }
}

/// What was drawn for a view.
struct Drawn {
    /// As it is told.
    view: View,
    /// The box that is seen, in stored pixels.
    stored: View,
    /// The part of the target that it fills.
    frame: Frame,
    /// From stored to upright.
    turn: Turn,
}

impl Drawn {
    /// The size that the box is resized to, before it is turned.
    fn stored_size(&self) -> (u32, u32) {
        self.turn.size(self.frame.size.0, self.frame.size.1)
    }

    /// The pixels of the scaled image that the resize may look at.
    fn need(&self, scale: f64, (width, height): (u32, u32), filter: Filter) -> Result<Patch> {
        let (out_w, out_h) = self.stored_size();
        need(&self.stored, scale, width, height, out_w, out_h, filter)
    }
}

/// Loads some views of one image, and decodes it once for all whose pixels lie at the same scale of the same decoder.
/// Each is what [`Load::run`] makes of it alone.
///
/// # Errors
/// As [`Load::run`].
pub fn load_views(
    bytes: &[u8],
    asked: &mut [Asked<'_>],
    scratch: &mut Scratch,
) -> Result<Vec<Loaded>> {
    let loaded = load(bytes, asked, scratch);
    scratch.settle();
    loaded
}

fn load(bytes: &[u8], asked: &mut [Asked<'_>], scratch: &mut Scratch) -> Result<Vec<Loaded>> {
    let format = Format::of(bytes)?;
    let mut loaded = vec![Loaded::default(); asked.len()];
    let mut left: Vec<usize> = (0..asked.len()).collect();
    while let Some(&first) = left.first() {
        let (decode, fast) = (asked[first].load.decode, asked[first].load.is_fast(format));
        let alike = |view: &usize| {
            let load = asked[*view].load;
            load.decode == decode && load.is_fast(format) == fast
        };
        let (views, others): (Vec<_>, Vec<_>) = left.iter().partition(|view| alike(view));
        match fast {
            true => load_parts(bytes, &decode, asked, &views, scratch, &mut loaded)?,
            false => load_whole(bytes, &decode, asked, &views, scratch, &mut loaded)?,
        }
        left = others;
    }
    Ok(loaded)
}

/// Views whose pixels lie at one scale of a JPEG.
struct Group {
    eighths: u32,
    /// The part of the scaled image that holds all that they need.
    union: Patch,
    /// Each, and the part that it needs.
    views: Vec<(usize, Drawn, Patch)>,
}

/// Decodes of a JPEG what the drawn views need, at the smallest scales that cover their targets.
fn load_parts(
    bytes: &[u8],
    decode: &Decode,
    asked: &mut [Asked<'_>],
    views: &[usize],
    scratch: &mut Scratch,
    loaded: &mut [Loaded],
) -> Result<()> {
    let limits = &decode.limits;
    limits.check_length(bytes)?;
    let mut groups = Vec::new().into_iter();
    let mut drawn = false;
    loop {
        let (decompressor, [pixels, rows]) = scratch.jpeg()?;
        let jpeg = Jpeg::open(decompressor, bytes, decode.truncated)?;
        if !drawn {
            limits.check(&jpeg.header)?;
            groups = draw_parts(&jpeg.header, decode, asked, views)?.into_iter();
            drawn = true;
        }
        let Some(group) = groups.next() else {
            return Ok(());
        };
        let part = jpeg.decode_planes(limits, group.eighths, &group.union, rows, pixels)?;
        write_parts(part, group, asked, scratch, loaded)?;
        if groups.len() == 0 {
            return Ok(());
        }
    }
}

/// Draws views of a JPEG, and puts those of one scale together.
fn draw_parts(
    header: &Header,
    decode: &Decode,
    asked: &mut [Asked<'_>],
    views: &[usize],
) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::with_capacity(1);
    for &view in views {
        let Asked { load, stream, .. } = &mut asked[view];
        let drawn = load.draw(header.width, header.height, decode.turn(header), stream)?;
        let (width, height) = drawn.stored_size();
        let eighths = smallest_scale(&drawn.stored, width, height);
        let scaled = |side: u32| (u64::from(side) * u64::from(eighths)).div_ceil(8) as u32;
        let size = (scaled(header.width), scaled(header.height));
        let need = drawn.need(f64::from(eighths) / 8.0, size, load.geometry.filter)?;
        match groups.iter_mut().find(|group| group.eighths == eighths) {
            Some(group) => {
                group.union = group.union.hull(need);
                group.views.push((view, drawn, need));
            }
            None => groups.push(Group {
                eighths,
                union: need,
                views: vec![(view, drawn, need)],
            }),
        }
    }
    Ok(groups)
}

fn write_parts(
    part: Part<Planes>,
    group: Group,
    asked: &mut [Asked<'_>],
    scratch: &mut Scratch,
    loaded: &mut [Loaded],
) -> Result<()> {
    let source = Stored::Scaled(part.of, f64::from(group.eighths) / 8.0);
    for (view, drawn, need) in group.views {
        loaded[view] = Loaded {
            view: drawn.view,
            truncated: part.truncated,
        };
        write(source, &drawn, &need, &mut asked[view], scratch)?;
    }
    Ok(())
}

/// Decodes everything, then draws.
fn load_whole(
    bytes: &[u8],
    decode: &Decode,
    asked: &mut [Asked<'_>],
    views: &[usize],
    scratch: &mut Scratch,
    loaded: &mut [Loaded],
) -> Result<()> {
    let (header, truncated) = decode_stored(bytes, decode, scratch)?;
    let mut turn = decode.turn(&header);
    let (mut width, mut height) = (header.width, header.height);
    if turn.transpose {
        // The two passes of a resize round; only on upright pixels do they round as Pillow's.
        let pixels = &scratch.pixels[..width as usize * height as usize * 3];
        let mut turned = vec![0; pixels.len()];
        turn.apply(pixels, width, height, &mut turned);
        scratch.pixels = turned;
        (width, height) = turn.size(width, height);
        turn = Turn::NONE;
    }
    let patch = Patch {
        left: 0,
        top: 0,
        width,
        height,
    };
    for &view in views {
        let Asked { load, stream, .. } = &mut asked[view];
        let drawn = load.draw(width, height, turn, stream)?;
        let need = drawn.need(1.0, (width, height), load.geometry.filter)?;
        loaded[view] = Loaded {
            view: drawn.view,
            truncated,
        };
        write(
            Stored::Whole(patch),
            &drawn,
            &need,
            &mut asked[view],
            scratch,
        )?;
    }
    Ok(())
}

/// What the scratch's pixels are.
#[derive(Clone, Copy)]
enum Stored {
    /// RGB8.
    Whole(Patch),
    /// Planes of the image scaled by so much.
    Scaled(Planes, f64),
}

/// Resizes a view out of the scratch's pixels, and pads it.
fn write(
    stored: Stored,
    drawn: &Drawn,
    need: &Patch,
    asked: &mut Asked<'_>,
    scratch: &mut Scratch,
) -> Result<()> {
    let begun = Instant::now();
    let Scratch {
        convolver,
        small,
        pixels,
        framed,
        resizing,
        ..
    } = scratch;
    let Load { geometry, .. } = asked.load;
    let (target, frame) = (geometry.size(), drawn.frame);
    let fill = match geometry.crop {
        Crop::Pad { fill } if frame.size != target => Some(fill),
        _ => None,
    };
    let out: &mut [u8] = match fill {
        Some(_) => {
            framed.resize(frame.size.0 as usize * frame.size.1 as usize * 3, 0);
            framed
        }
        None => &mut *asked.out,
    };
    let turn = drawn.turn.then_flip(drawn.view.flip);
    match stored {
        Stored::Whole(patch) => {
            let source = Source { pixels, patch };
            let filter = geometry.filter;
            sample(
                &source,
                &drawn.stored,
                need,
                turn,
                frame.size,
                filter,
                true,
                small,
                out,
            )?;
        }
        Stored::Scaled(planes, scale) => {
            let decoded = fast::Decoded {
                planes: (planes, pixels),
                scale,
            };
            fast::sample(
                &decoded,
                &drawn.stored,
                need,
                turn,
                frame.size,
                geometry.filter,
                convolver,
                small,
                out,
            );
        }
    }
    if let Some(fill) = fill {
        frame.paste(framed, target, drawn.view.flip, fill, asked.out);
    }
    *resizing += begun.elapsed();
    Ok(())
}

/// The smallest of 1/8, 2/8, 4/8, 8/8 at which the box still covers the target in both directions.
///
/// The other eighths exist, but have no SIMD transform and cost more than the full size.
fn smallest_scale(stored: &View, width: u32, height: u32) -> u32 {
    [1, 2, 4]
        .into_iter()
        .find(|&eighths| {
            let scale = f64::from(eighths) / 8.0;
            stored.width * scale >= f64::from(width) && stored.height * scale >= f64::from(height)
        })
        .unwrap_or(8)
}
