//! Arbitrary bytes as a JPEG that is written again with restart markers.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    impasto_fuzz::restarts(bytes);
});
