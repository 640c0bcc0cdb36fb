//! The fast path against full decoding: the same picture in the same place, whatever the file, the box and the turn.

mod common;

use impasto_core::image::{Crop, Decode, Exif, Filter, Geometry, Load, Scratch};
use impasto_core::rng::{Purpose, Stream};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn sees_what_full_decoding_sees(
        size in (64usize..200, 64usize..200),
        target in (6u32..24, 6u32..24),
        sampling in 0u32..6,
        progressive: bool,
        orientation in 1u8..=8,
        crop in prop_oneof![
            Just(Crop::Random { scale: (0.1, 1.0), ratio: (0.6, 1.6) }),
            (24u32..64).prop_map(|resize| Crop::Center { resize }),
            Just(Crop::None),
        ],
        bicubic: bool,
        sample: u64,
    ) {
        let (width, height) = size;
        let jpeg = common::jpeg(&common::ramp(width, height), width, height, sampling, progressive);
        let jpeg = common::oriented(&jpeg, orientation);
        let filter = if bicubic { Filter::Bicubic } else { Filter::Bilinear };
        let geometry = Geometry { crop, height: target.1, width: target.0, hflip: 0.5, filter };
        let mut scratch = Scratch::default();
        let mut run = |exact| {
            let load = Load { geometry, decode: Decode { exif: Exif::Apply, ..Decode::default() }, exact };
            let mut out = vec![0; (3 * target.0 * target.1) as usize];
            let mut stream = Stream::new(0, 0, sample, Purpose::Geometry);
            let view = load.run(&jpeg, &mut stream, &mut scratch, &mut out).expect("a good file");
            (view, out)
        };
        let ((view, fast), (twin, exact)) = (run(false), run(true));
        prop_assert_eq!(view, twin);
        // From one pixel of the result to the next the ramps climb by a part of `step`; a shift by one pixel of the decoded
        // image is half of that or more. Chroma that is halved in one direction alone (4:2:2, 4:4:0, 4:1:1) is
        // halved again by the scale, which leaves little to place a ramp by.
        let step = 255.0 / f64::from(target.0.min(target.1));
        let mean = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
            let differences: Vec<f64> = pairs.map(|(a, b)| (a - b).abs()).collect();
            differences.iter().sum::<f64>() / differences.len() as f64
        };
        let luma = |rgb: &[u8]| 0.299 * f64::from(rgb[0]) + 0.587 * f64::from(rgb[1]) + 0.114 * f64::from(rgb[2]);
        let luma = mean(&mut fast.chunks(3).zip(exact.chunks(3)).map(|(a, b)| (luma(a), luma(b))));
        prop_assert!(luma < 0.05 * step, "mean difference of luma {} of {:?}", luma, view);
        let colors = mean(&mut fast.iter().zip(&exact).map(|(a, b)| (f64::from(*a), f64::from(*b))));
        prop_assert!([1, 4, 5].contains(&sampling) || colors < 0.12 * step, "mean difference {} of {:?}", colors, view);
    }
}
