//! Which instructions kernels may use.

/// Sets of instructions, each with all of those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(crate) enum Simd {
    /// Those that every CPU has.
    None,
    /// AVX2.
    Avx2,
    /// AVX-512 with bytes, words and VNNI.
    Vnni,
}

impl Simd {
    /// The largest that the CPU has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni");
            return if wide { Self::Vnni } else { Self::Avx2 };
        }
        Self::None
    }
}
