//! JPEG files written by libjpeg-turbo (`csrc/jpeg_write.c`): from pixels, and from another file's coefficients.

use std::ffi::{CStr, c_char, c_int};

use super::Jpeg;
use super::shim::Decompressor;
use crate::image::header::{Limits, Truncated};
use crate::{Error, Result};

/// libjpeg's longest message.
const MESSAGE: usize = 200;
const IRREGULAR: c_int = 6;
const NO_MEMORY: c_int = 7;

/// The largest interval that a file can name (ITU T.81, B.2.4.4), in MCUs.
const MOST: u32 = 65_535;

/// Where restart markers go, by which a decoder finds its way past pixels that nobody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// Nowhere.
    #[default]
    None,
    /// After so many rows of MCUs; where those are more than 65,535 MCUs, after as many.
    Rows(u32),
    /// After so many MCUs.
    Mcus(u32),
}

#[repr(C)]
struct RawRestarts {
    rows: u32,
    mcus: u32,
}

impl Restarts {
    fn raw(self) -> RawRestarts {
        let (rows, mcus) = match self {
            Self::None => (0, 0),
            Self::Rows(rows) => (rows.min(MOST), 0),
            Self::Mcus(mcus) => (0, mcus.min(MOST)),
        };
        RawRestarts { rows, mcus }
    }
}

/// A file that C has written, freed when it is dropped.
#[repr(C)]
struct Written {
    bytes: *mut u8,
    length: usize,
    message: [c_char; MESSAGE],
}

impl Written {
    const EMPTY: Self = Self {
        bytes: std::ptr::null_mut(),
        length: 0,
        message: [0; MESSAGE],
    };

    fn to_vec(&self) -> Vec<u8> {
        if self.bytes.is_null() {
            return Vec::new();
        }
        // SAFETY: C has allocated and written so many bytes.
        unsafe { std::slice::from_raw_parts(self.bytes, self.length) }.to_vec()
    }

    fn error(&self, status: c_int) -> Error {
        // SAFETY: C ends messages with a zero inside the array, which began as zeros.
        let message = unsafe { CStr::from_ptr(self.message.as_ptr()) }.to_string_lossy();
        match status {
            NO_MEMORY => Error::Internal("libjpeg ran out of memory".into()),
            _ => Error::Decode(format!("broken JPEG: {message}")),
        }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // SAFETY: null, or allocated by C and freed once.
        unsafe { impasto_jpeg_release(self) }
    }
}

unsafe extern "C" {
    fn impasto_jpeg_release(file: *mut Written);
    fn impasto_jpeg_encode(
        pixels: *const u8,
        width: u32,
        height: u32,
        quality: u32,
        restarts: *const RawRestarts,
        app1: *const u8,
        app1_length: usize,
        file: *mut Written,
    ) -> c_int;
    fn impasto_jpeg_transcode(
        bytes: *const u8,
        length: usize,
        max_scans: u32,
        restarts: *const RawRestarts,
        file: *mut Written,
    ) -> c_int;
}

/// An EXIF block with an orientation and nothing else, as an APP1 marker holds it (TIFF 6.0; EXIF 2.32, tag 0x0112).
fn exif(orientation: u8) -> [u8; 32] {
    let mut block = *b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    block[24] = orientation;
    block
}

/// A JPEG file of RGB8 pixels: baseline, 4:2:0, libjpeg's tables. An orientation that is not 1 is written down.
///
/// # Errors
/// [`Error::Recipe`] for a size or quality that no file has.
pub fn encode_jpeg(
    pixels: &[u8],
    (width, height): (u32, u32),
    quality: u32,
    restarts: Restarts,
    orientation: u8,
) -> Result<Vec<u8>> {
    let sides = 1..=65_500; // libjpeg's limit
    let size = width as usize * height as usize * 3;
    if !sides.contains(&width) || !sides.contains(&height) || pixels.len() != size {
        return Err(Error::Recipe(format!(
            "{} bytes are no image of {width}x{height} RGB pixels that a JPEG can hold (65500 a side)",
            pixels.len()
        )));
    }
    if !(1..=100).contains(&quality) {
        return Err(Error::Recipe(format!(
            "quality={quality} must lie in 1..100"
        )));
    }
    let block = exif(orientation);
    let (app1, length) = match orientation {
        2..=8 => (block.as_ptr(), block.len()),
        _ => (std::ptr::null(), 0),
    };
    let mut file = Written::EMPTY;
    // SAFETY: `pixels` are as many as C reads, `block` outlives the call, `file` is empty.
    let status = unsafe {
        let (pixels, restarts) = (pixels.as_ptr(), &restarts.raw());
        impasto_jpeg_encode(
            pixels, width, height, quality, restarts, app1, length, &mut file,
        )
    };
    match status {
        0 => Ok(file.to_vec()),
        status => Err(file.error(status)),
    }
}

/// The same JPEG with restart markers: the same coefficients, tables of quantisation and metadata, so the same pixels to
/// every decoder; baseline in one scan, whatever it was, with Huffman tables of its own. `None` where anything is wrong
/// with the file's data: what a decoder makes of that is not written down as if it were the image.
///
/// # Errors
/// As [`super::super::decode()`].
pub fn with_restarts(bytes: &[u8], restarts: Restarts, limits: &Limits) -> Result<Option<Vec<u8>>> {
    limits.check_length(bytes)?;
    let mut decompressor = Decompressor::new()?;
    let header = Jpeg::open(&mut decompressor, bytes, Truncated::Raise)?.header;
    limits.check(&header)?;
    let mut file = Written::EMPTY;
    // SAFETY: `bytes` are as many as C is told, `file` is empty.
    let status = unsafe {
        let (scans, restarts) = (limits.scans(&header), &restarts.raw());
        impasto_jpeg_transcode(bytes.as_ptr(), bytes.len(), scans, restarts, &mut file)
    };
    match status {
        0 => Ok(Some(file.to_vec())),
        IRREGULAR => Ok(None),
        status => Err(file.error(status)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use turbojpeg_sys as sys;

    use super::super::samples;
    use super::*;
    use crate::image::{Decode, decode, probe};

    fn markers(bytes: &[u8]) -> usize {
        let scan = super::super::markers::Markers::walk(bytes).scan; // tables may look like markers
        let pairs = bytes[scan..].windows(2);
        pairs
            .filter(|pair| pair[0] == 0xff && matches!(pair[1], 0xd0..=0xd7))
            .count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whatever the file: all pixels stay, markers come where they were asked for.
        #[test]
        fn restarts_change_no_pixel(
            size in (1usize..90, 1usize..70),
            quality in 1i32..=100,
            sampling in 0i32..7,
            progressive: bool,
            arithmetic: bool,
            every in 1u32..30,
            by_rows: bool,
        ) {
            let settings = [
                (sys::TJPARAM_TJPARAM_QUALITY, quality),
                (sys::TJPARAM_TJPARAM_SUBSAMP, sampling),
                (sys::TJPARAM_TJPARAM_PROGRESSIVE, i32::from(progressive)),
                (sys::TJPARAM_TJPARAM_ARITHMETIC, i32::from(arithmetic)),
            ];
            let pixels = samples::ramp(size.0, size.1);
            let bytes = samples::tuned_jpeg(&pixels, size, sys::TJPF_TJPF_RGB, &settings);
            let restarts = if by_rows { Restarts::Rows(every) } else { Restarts::Mcus(every) };
            let written = with_restarts(&bytes, restarts, &Limits::default())?.expect("a regular file");
            let options = Decode::default();
            prop_assert_eq!(decode(&written, &options), decode(&bytes, &options));
            prop_assert!(!probe(&written)?.progressive);
            let none = with_restarts(&written, Restarts::None, &Limits::default())?.expect("regular");
            prop_assert_eq!(markers(&none), 0);
            prop_assert_eq!(decode(&none, &options), decode(&bytes, &options));
        }
    }

    #[test]
    fn markers_are_where_they_were_asked_for() {
        let bytes = samples::jpeg(&samples::ramp(100, 64), 100, 64, 2, false); // 7 x 4 MCUs
        let count = |restarts| {
            let written = with_restarts(&bytes, restarts, &Limits::default()).expect("a JPEG");
            markers(&written.expect("regular"))
        };
        let asked = [
            Restarts::None,
            Restarts::Rows(1),
            Restarts::Rows(2),
            Restarts::Mcus(3),
        ];
        assert_eq!(asked.map(count), [0, 3, 1, 9]);
    }

    #[test]
    fn cmyk_and_metadata_come_along() {
        let options = Decode::default();
        let cmyk = samples::cmyk_jpeg(40, 30);
        let turned = samples::oriented(&samples::jpeg(&samples::ramp(40, 24), 40, 24, 2, true), 6);
        for bytes in [cmyk, turned] {
            let written = with_restarts(&bytes, Restarts::Rows(1), &Limits::default());
            let written = written.expect("a JPEG").expect("regular");
            assert_eq!(decode(&written, &options), decode(&bytes, &options));
            let orientation = |bytes: &[u8]| probe(bytes).expect("a JPEG").orientation;
            assert_eq!(orientation(&written), orientation(&bytes));
        }
    }

    #[test]
    fn what_is_wrong_is_not_glossed_over() {
        let pixels: Vec<u8> = (0..96 * 64 * 3u32).map(|i| (i * i % 251) as u8).collect();
        let bytes = samples::jpeg(&pixels, 96, 64, 2, false);
        let limits = Limits::default();
        let cut = with_restarts(&bytes[..bytes.len() / 2], Restarts::Rows(1), &limits);
        assert!(matches!(cut, Err(Error::Truncated(_))));
        let mut short = bytes[..bytes.len() / 2].to_vec();
        short.extend([0xff, 0xd9]);
        assert_eq!(with_restarts(&short, Restarts::Rows(1), &limits), Ok(None));
        let tight = Limits {
            max_pixels: 100,
            ..limits
        };
        assert!(matches!(
            with_restarts(&bytes, Restarts::None, &tight),
            Err(Error::TooLarge(_))
        ));
    }

    /// libjpeg smooths blocks of which only the mean is known, in a progressive file and in no other.
    #[test]
    fn what_scans_leave_open_is_not_written_as_if_it_were_known() {
        let pixels: Vec<u8> = (0..96 * 64 * 3u32).map(|i| (i * i % 251) as u8).collect();
        let bytes = samples::jpeg(&pixels, 96, 64, 2, true);
        let scans: Vec<usize> = (0..bytes.len() - 1)
            .filter(|at| bytes[*at..].starts_with(&[0xff, 0xda]))
            .collect();
        let write = |bytes: &[u8]| with_restarts(bytes, Restarts::None, &Limits::default());
        assert!(matches!(write(&bytes), Ok(Some(_))));
        for scan in &scans[1..] {
            let shorter = [&bytes[..*scan], &[0xff, 0xd9]].concat();
            assert!(decode(&shorter, &Decode::default()).is_ok());
            assert_eq!(write(&shorter), Ok(None));
        }
    }

    #[test]
    fn pixels_are_written_with_what_was_asked_for() {
        let pixels = samples::ramp(70, 50);
        let written = encode_jpeg(&pixels, (70, 50), 95, Restarts::Rows(1), 6).expect("pixels");
        let header = probe(&written).expect("a JPEG");
        assert_eq!(
            (header.width, header.height, header.orientation),
            (70, 50, 6)
        );
        assert_eq!(markers(&written), 3);
        let read = decode(&written, &Decode::default()).expect("a JPEG");
        let far = read.data.iter().zip(&pixels);
        assert!(far.map(|(a, b)| a.abs_diff(*b)).max() <= Some(12));
        assert!(encode_jpeg(&pixels, (70, 51), 95, Restarts::None, 1).is_err());
        assert!(encode_jpeg(&pixels, (70, 50), 0, Restarts::None, 1).is_err());
    }
}
