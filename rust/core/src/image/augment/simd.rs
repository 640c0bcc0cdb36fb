//! Plain loops, compiled once more for AVX2.

/// Defines a function whose body the compiler also vectorises for AVX2, and that picks by the CPU.
macro_rules! for_avx2 {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn plain($($argument: $kind),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide($($argument: $kind),*) $(-> $result)? {
                    plain($($argument),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the CPU has AVX2.
                    return unsafe { wide($($argument),*) };
                }
            }
            plain($($argument),*)
        }
    };
}
pub(super) use for_avx2;

/// A number as a byte, cut off towards zero, as C casts it.
#[inline(always)]
#[expect(clippy::manual_clamp, reason = "clamp would let NaN through")]
pub(super) fn to_byte(x: f32) -> u8 {
    // SAFETY: clamped, so that it fits; NaN becomes 0 in max.
    unsafe { x.max(0.0).min(255.0).to_int_unchecked::<i32>() as u8 }
}

/// Pillow's `Image.blend` of two bytes: inside and outside of [0, 1] alike.
#[inline(always)]
pub(super) fn blend(from: u8, to: u8, share: f32) -> u8 {
    to_byte(f32::from(from) + share * f32::from(i16::from(to) - i16::from(from)))
}
