//! Arbitrary bytes as a `tokenizer.json`, which is then used.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = impasto_fuzz::tokenizer_file(bytes);
});
