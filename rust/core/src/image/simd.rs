//! Which instructions kernels may use.

/// Sets of instructions, each with all of those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(crate) enum Simd {
    /// Those that every CPU has.
    None,
    /// AVX2, and BMI2, which came with it.
    Avx2,
    /// AVX-512 with bytes, words, all lengths of register, and VNNI.
    Vnni,
    /// AVX-512 with VBMI, too.
    Vbmi,
}

impl Simd {
    /// The largest that the CPU has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
        {
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni");
            return match (wide, is_x86_feature_detected!("avx512vbmi")) {
                (true, true) => Self::Vbmi,
                (true, false) => Self::Vnni,
                (false, _) => Self::Avx2,
            };
        }
        Self::None
    }

    /// Those that the CPU has.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let all = [Self::None, Self::Avx2, Self::Vnni, Self::Vbmi];
        all.into_iter().filter(|&simd| simd <= Self::best())
    }
}
