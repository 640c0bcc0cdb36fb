//! Arbitrary bytes as a tar shard.

#![no_main]

use impasto_core::source::members;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A header's checksum stops a fuzzer at once, so it is set right for it.
    let mut tar = bytes.to_vec();
    for header in tar.chunks_exact_mut(512) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    for bytes in [bytes, &tar] {
        if let Ok((members, _)) = members(bytes, "a.tar") {
            let mut last = 0;
            for member in members {
                assert!(member.offset >= last);
                last = member.offset + member.len;
                assert!(last <= bytes.len() as u64);
            }
        }
    }
});
