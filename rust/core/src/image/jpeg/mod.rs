//! JPEG through libjpeg-turbo's libjpeg interface.
//!
//! Not TurboJPEG's: libjpeg decodes sampling factors that TurboJPEG refuses, crops at any column, and says which error
//! it met. Where both can do the work they take the same time.

mod huffman;
mod markers;
#[cfg(test)]
#[path = "../../../tests/common/mod.rs"]
mod samples;
mod shim;
mod writing;

use crate::image::color::{inverted_cmyk_to_rgb, inverted_inks};
use crate::image::format::Format;
use crate::image::header::{Header, Limits, Truncated};
use crate::image::patch::Patch;
use crate::image::planes::{Chroma, Color, Planes, split};
use crate::{Error, Result};

pub(crate) use shim::Decompressor;
pub use writing::{Restarts, encode_jpeg, with_restarts};

/// Chroma upsampling looks this far beyond a column; the decoder replicates what it has not decoded.
const UPSAMPLING_REACH: u32 = 2;

/// An opened JPEG whose header is known to be readable and within limits.
pub(crate) struct Jpeg<'a> {
    image: shim::Image<'a>,
    ends: bool,
    truncated: Truncated,
    pub header: Header,
}

/// What was decoded of a JPEG.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<T> {
    /// Which pixels, and how they lie.
    pub of: T,
    /// Whether the file ends early, and gray may stand for pixels.
    pub truncated: bool,
}

impl<'a> Jpeg<'a> {
    /// Reads and judges the header. Nothing that depends on the image's size is allocated.
    pub(crate) fn open(
        decompressor: &'a mut Decompressor,
        bytes: &'a [u8],
        truncated: Truncated,
    ) -> Result<Self> {
        let image = decompressor.open(bytes)?;
        let raw = image.header;
        let markers = markers::Markers::walk(bytes);
        if markers.frame == 0xC3 {
            return Err(Error::Unsupported(
                "a lossless JPEG (SOF3): convert it to PNG".into(),
            ));
        }
        if raw.bits != 8 {
            return Err(Error::Unsupported(format!(
                "a JPEG with {} bits a sample: convert it to 8 bits",
                raw.bits
            )));
        }
        if !matches!(raw.components, 1 | 3 | 4) {
            return Err(Error::Unsupported(format!(
                "a JPEG with {} components: we read gray, YCbCr or RGB, and CMYK or YCCK",
                raw.components
            )));
        }
        let ends = markers.ends(bytes);
        if !ends && truncated == Truncated::Raise {
            return Err(shim::truncated(bytes.len()));
        }
        let header = Header {
            format: Format::Jpeg,
            width: raw.width,
            height: raw.height,
            orientation: markers.orientation(bytes),
            channels: raw.components as u8,
            bits: raw.bits as u8,
            progressive: raw.progressive != 0,
        };
        Ok(Self {
            image,
            ends,
            truncated,
            header,
        })
    }

    /// Decodes the whole image into `out`.
    pub(crate) fn decode(self, limits: &Limits, out: &mut Vec<u8>) -> Result<Part<Patch>> {
        let whole = Patch {
            left: 0,
            top: 0,
            width: self.header.width,
            height: self.header.height,
        };
        self.decode_part(limits, 8, &whole, out)
    }

    /// Decodes, at `scale`/8, a part that holds at least `wanted` (in pixels of the scaled image), as RGB8.
    fn decode_part(
        mut self,
        limits: &Limits,
        scale: u32,
        wanted: &Patch,
        out: &mut Vec<u8>,
    ) -> Result<Part<Patch>> {
        let columns = self.start(limits, scale, wanted, false)?;
        let part = self.rows(&columns, wanted, out)?;
        if columns.channels == 4 {
            inverted_cmyk_to_rgb(&mut out[..4 * part.of.bytes()]);
        }
        Ok(part)
    }

    /// Decodes, at `scale`/8, the part `wanted` (in pixels of the scaled image) into planes. Images that have none that we
    /// know (CMYK) are decoded to `rows`, and those are taken apart.
    pub(crate) fn decode_planes(
        mut self,
        limits: &Limits,
        scale: u32,
        wanted: &Patch,
        rows: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<Part<Planes>> {
        let columns = self.start(limits, scale, wanted, true)?;
        let color = match columns.planes {
            1 => Color::Gray,
            3 if columns.rgb == 0 => {
                let pixels = [columns.pixels_across, columns.pixels_down];
                let full = (columns.full_width, columns.full_height);
                let patch = Chroma::under(pixels, wanted, full);
                Color::YCbCr(Chroma {
                    patch,
                    pixels,
                    full,
                })
            }
            _ => Color::Rgb,
        };
        let of = Planes {
            patch: *wanted,
            color,
        };
        if out.len() < of.bytes() {
            *out = vec![0; of.bytes()];
        }
        let parts = of.split(out);
        if columns.planes == 0 {
            let part = self.rows(&columns, wanted, rows)?;
            match columns.channels {
                4 => {
                    let color = |ink: &[u8]| inverted_inks([ink[0], ink[1], ink[2], ink[3]]);
                    split(rows, &part.of, wanted, 4, color, parts);
                }
                _ => {
                    let color = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2]];
                    split(rows, &part.of, wanted, 3, color, parts);
                }
            }
            return Ok(Part {
                of,
                truncated: part.truncated,
            });
        }
        self.image.samples(&columns, parts)?;
        let truncated = !self.ends || self.image.is_cut();
        Ok(Part { of, truncated })
    }

    /// Begins decoding, at `scale`/8, the columns of `wanted` and those that chroma's upsampling looks at.
    fn start(
        &mut self,
        limits: &Limits,
        scale: u32,
        wanted: &Patch,
        planes: bool,
    ) -> Result<shim::Columns> {
        limits.check(&self.header)?;
        let left = wanted.left.saturating_sub(UPSAMPLING_REACH);
        let right = wanted
            .left
            .saturating_add(wanted.width)
            .saturating_add(UPSAMPLING_REACH);
        let scaled = (u64::from(self.header.width) * u64::from(scale)).div_ceil(8) as u32;
        let width = right.min(scaled) - left;
        let (max_scans, keep) = (
            limits.scans(&self.header),
            self.truncated == Truncated::Keep,
        );
        let columns = shim::Columns {
            left,
            width,
            planes: u32::from(planes),
            ..shim::Columns::default()
        };
        self.image.start(scale, max_scans, keep, columns)
    }

    /// Decodes the rows of `wanted`, of all columns that there are, to RGB8 or CMYK.
    fn rows(
        mut self,
        columns: &shim::Columns,
        wanted: &Patch,
        out: &mut Vec<u8>,
    ) -> Result<Part<Patch>> {
        let size = columns.width as usize * wanted.height as usize * columns.channels as usize;
        // A buffer that is large enough costs nothing; a new one comes zeroed from the system, where growing would
        // copy and fill.
        if out.len() < size {
            *out = vec![0; size];
        }
        self.image
            .rows(columns, wanted.top, wanted.height, &mut out[..size])?;
        let of = Patch {
            left: columns.left,
            top: wanted.top,
            width: columns.width,
            height: wanted.height,
        };
        let truncated = !self.ends || self.image.is_cut();
        Ok(Part { of, truncated })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use turbojpeg_sys as sys;

    use super::*;

    /// Decodes a part, or its planes, by our Huffman decoder or by libjpeg's.
    fn part<T>(
        bytes: &[u8],
        quick: bool,
        scale: u32,
        wanted: [u32; 4],
        decode: impl Fn(Jpeg<'_>, &Limits, u32, &Patch, &mut Vec<u8>) -> Result<Part<T>>,
    ) -> Result<(Part<T>, Vec<u8>)> {
        let mut decompressor = Decompressor::new()?.quick(quick);
        let jpeg = Jpeg::open(&mut decompressor, bytes, Truncated::Raise)?;
        let side = |side: u32| (side * scale).div_ceil(8);
        let (width, height) = (side(jpeg.header.width), side(jpeg.header.height));
        // Two fractions of 1000 make a range of a side, with a pixel at least.
        let range = |a: u32, b: u32, side: u32| {
            let low = (a.min(b) * side / 1000).min(side - 1);
            (low, (a.max(b) * side / 1000 - low).max(1))
        };
        let (left, width) = range(wanted[0], wanted[1], width);
        let (top, height) = range(wanted[2], wanted[3], height);
        let wanted = Patch {
            left,
            top,
            width,
            height,
        };
        let mut out = Vec::new();
        let part = decode(jpeg, &Limits::default(), scale, &wanted, &mut out)?;
        Ok((part, out))
    }

    /// Pixels between a flat picture and noise, so that runs and values of all lengths occur.
    fn texture(width: usize, height: usize, noise: u32, seed: u64) -> Vec<u8> {
        let mut stream = crate::rng::Stream::new(seed, 0, 0, crate::rng::Purpose::Order);
        let mut ramp = samples::ramp(width, height);
        for value in &mut ramp {
            let noise = stream.below(2 * u64::from(noise) + 1) as i32 - noise as i32;
            *value = (i32::from(*value) + noise).clamp(0, 255) as u8;
        }
        ramp
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// Whatever the file, the part and the damage: pixels and verdicts are those of libjpeg's Huffman decoder. But
        /// where we jump over damage, libjpeg meets it, and looks for more below the part.
        #[test]
        fn our_huffman_decoder_is_libjpeg_s(
            size in (1usize..150, 1usize..120),
            noise in prop_oneof![0u32..3, 0u32..40, 0u32..256],
            quality in 1i32..=100,
            sampling in 0i32..7,
            optimised: bool,
            restart in prop_oneof![2 => Just(0i32), 1 => 1i32..40],
            scale in prop_oneof![1 => Just(1u32), 1 => Just(2), 1 => Just(4), 3 => Just(8)],
            wanted in prop::array::uniform4(0u32..=1000),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            seed: u64,
        ) {
            let settings = [
                (sys::TJPARAM_TJPARAM_QUALITY, quality),
                (sys::TJPARAM_TJPARAM_SUBSAMP, sampling),
                (sys::TJPARAM_TJPARAM_OPTIMIZE, i32::from(optimised)),
                (sys::TJPARAM_TJPARAM_RESTARTBLOCKS, restart),
            ];
            let pixels = texture(size.0, size.1, noise, seed);
            let mut bytes = samples::tuned_jpeg(&pixels, size, sys::TJPF_TJPF_RGB, &settings);
            let damaged = seed.is_multiple_of(3) && !damage.is_empty();
            if damaged {
                for (at, byte) in damage {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            let unseen = |ours: bool, theirs: bool| damaged && restart > 0 && ours && !theirs;
            let [ours, theirs] = [true, false].map(|quick| {
                part(&bytes, quick, scale, wanted, |jpeg, limits, scale, wanted, out| {
                    jpeg.decode_part(limits, scale, wanted, out)
                })
            });
            if !unseen(ours.is_ok(), theirs.is_ok()) {
                prop_assert_eq!(ours, theirs);
            }
            let [ours, theirs] = [true, false].map(|quick| {
                part(&bytes, quick, scale, wanted, |jpeg, limits, scale, wanted, out| {
                    jpeg.decode_planes(limits, scale, wanted, &mut Vec::new(), out)
                })
            });
            if !unseen(ours.is_ok(), theirs.is_ok()) {
                prop_assert_eq!(ours, theirs);
            }
        }

        /// Wherever a part lies, its planes are those of the whole image there.
        #[test]
        fn a_part_s_planes_are_the_whole_s(
            size in (1usize..150, 1usize..120),
            sampling in 0i32..7,
            progressive: bool,
            scale in prop_oneof![Just(1u32), Just(2), Just(4), Just(8)],
            wanted in prop::array::uniform4(0u32..=1000),
            seed: u64,
        ) {
            let settings = [
                (sys::TJPARAM_TJPARAM_QUALITY, 90),
                (sys::TJPARAM_TJPARAM_SUBSAMP, sampling),
                (sys::TJPARAM_TJPARAM_PROGRESSIVE, i32::from(progressive)),
            ];
            let pixels = texture(size.0, size.1, 60, seed);
            let bytes = samples::tuned_jpeg(&pixels, size, sys::TJPF_TJPF_RGB, &settings);
            let [(part, mut samples), (whole, mut all)] = [wanted, [0, 1000, 0, 1000]].map(|wanted| {
                part(&bytes, true, scale, wanted, |jpeg, limits, scale, wanted, out| {
                    jpeg.decode_planes(limits, scale, wanted, &mut Vec::new(), out)
                })
                .expect("a good file")
            });
            prop_assert!((part.of.color == Color::Gray) == (sampling == 3), "{:?}", part);
            let (planes, whole) = (part.of.split(&mut samples), whole.of.split(&mut all));
            for ((patch, plane), (full, whole)) in planes.into_iter().zip(whole) {
                prop_assert!(patch.left + patch.width <= full.width && patch.top + patch.height <= full.height);
                let rows = whole.chunks((full.width as usize).max(1)).skip(patch.top as usize);
                for (row, whole) in plane.chunks((patch.width as usize).max(1)).zip(rows) {
                    prop_assert_eq!(row, &whole[patch.left as usize..][..row.len()]);
                }
            }
        }
    }
}
