//! Arbitrary bytes as a JPEG.

#![no_main]

use impasto_core::image::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| drop(impasto_fuzz::image(Format::Jpeg, bytes)));
