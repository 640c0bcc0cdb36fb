//! Arbitrary bytes as a JPEG.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| impasto_fuzz::image(b"\\xff\\xd8\\xff", bytes));
