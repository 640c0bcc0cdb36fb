//! Arbitrary bytes as a WebP.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| impasto_fuzz::image(b"RIFF", bytes));
