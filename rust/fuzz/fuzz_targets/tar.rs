//! Arbitrary bytes as a tar shard.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| drop(impasto_fuzz::tar(bytes)));
