//! Arbitrary bytes as a PNG.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| impasto_fuzz::image(b"\\x89PNG\\r\\n\\x1a\\n", bytes));
