//! Whatever bytes come, decoding ends with pixels or a typed error: no panic, no bug of ours, no huge allocation.

mod common;

use impasto_core::Error;
use impasto_core::image::{
    Crop, Decode, Exif, Filter, Geometry, Limits, Load, Scratch, decode, probe,
};
use impasto_core::rng::{Purpose, Stream};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
    max_bytes: 1 << 20,
    max_scans: 50,
};

/// Probes, decodes and loads; says whether the bytes were good.
fn survive(bytes: &[u8]) -> Result<(), Error> {
    let options = Decode {
        exif: Exif::Apply,
        limits: LIMITS,
        ..Decode::default()
    };
    let crop = Crop::Random {
        scale: (0.1, 1.0),
        ratio: (0.7, 1.4),
    };
    let load = Load {
        geometry: Geometry {
            crop,
            height: 5,
            width: 7,
            hflip: 0.5,
            filter: Filter::Bicubic,
        },
        decode: options,
        exact: false,
    };
    let mut out = [0; 3 * 5 * 7];
    let mut scratch = Scratch::default();
    let mut stream = Stream::new(0, 0, bytes.len() as u64, Purpose::Geometry);
    let loaded = load
        .run(bytes, &mut stream, &mut scratch, &mut out)
        .map(drop);
    let decoded = decode(bytes, &options).map(|image| {
        assert_eq!(
            image.data.len(),
            image.width as usize * image.height as usize * 3
        );
    });
    for result in [probe(bytes).map(drop), loaded, decoded.clone()] {
        assert!(
            !matches!(result, Err(Error::Internal(_) | Error::Recipe(_))),
            "{result:?}"
        );
    }
    decoded
}

#[test]
fn good_files_are_read() {
    for (index, bytes) in common::zoo().iter().enumerate() {
        assert_eq!(survive(bytes), Ok(()), "file {index}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (index, bytes) in common::zoo().iter().enumerate() {
        // The last bytes of a PNG are a checksum of nothing, those of a WebP may pad.
        for length in 0..bytes.len() - 24 {
            assert!(
                survive(&bytes[..length]).is_err(),
                "file {index} cut to {length} of {} bytes",
                bytes.len()
            );
        }
    }
}

#[test]
fn a_header_past_the_limits_is_refused_before_its_pixels() {
    for bytes in common::zoo() {
        let limits = Limits {
            max_pixels: 100,
            ..LIMITS
        };
        let options = Decode {
            limits,
            ..Decode::default()
        };
        assert!(matches!(decode(&bytes, &options), Err(Error::TooLarge(_))));
    }
}

/// A JPEG whose last scan comes `more` times again.
fn of_many_scans(more: usize) -> Vec<u8> {
    let jpeg = common::jpeg(&common::ramp(64, 64), 64, 64, 0, true);
    let scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]);
    let (head, last) = jpeg[..jpeg.len() - 2].split_at(scan.expect("a scan"));
    [head, &last.repeat(1 + more), b"\xff\xd9"].concat()
}

#[test]
fn scans_are_limited_by_the_pixels_that_each_goes_over() {
    let bytes = of_many_scans(60);
    let judged = |max_pixels, max_scans| {
        let limits = Limits {
            max_pixels,
            max_scans,
            ..LIMITS
        };
        let options = Decode {
            limits,
            ..Decode::default()
        };
        decode(&bytes, &options).map(drop)
    };
    assert!(matches!(judged(64 * 64, 500), Err(Error::TooLarge(_))));
    assert!(matches!(judged(4 * 64 * 64, 50), Err(Error::TooLarge(_))));
    assert_eq!(judged(4 * 64 * 64, 500), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_few_wrong_bytes_are_survived(
        which: prop::sample::Index,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
    ) {
        let zoo = common::zoo();
        let mut bytes = which.get(&zoo).clone();
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = survive(&bytes);
    }
}
