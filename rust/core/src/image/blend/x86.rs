//! The kernel for AVX2 + FMA + F16C, sixteen pixels a step.

use std::arch::x86_64::*;

use super::{Dtype, Job, Layout};

const F32: u8 = 0;
const F16: u8 = 1;
const BF16: u8 = 2;
const U8: u8 = 3;

/// Bytes of a line of the caches.
const LINE: usize = 64;

/// Writes as many pixels as full steps allow; returns how many. Zero on a CPU without the instructions.
pub(super) fn write(job: &Job<'_>, dtype: Dtype, layout: Layout, out: &mut [u8]) -> usize {
    // std caches the answer: an atomic load.
    let able = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    if !able {
        return 0;
    }
    debug_assert_eq!(out.len(), job.a.len() * dtype.size());
    // SAFETY: the CPU has the features; `out` and `b` have the sizes that `Target::write` checked.
    unsafe {
        match (dtype, job.b.is_some()) {
            (Dtype::F32, mix) if past_caches(out) => stream(job, mix, layout, out),
            (Dtype::F32, false) => run::<F32, false, false>(job, layout, out),
            (Dtype::F32, true) => run::<F32, true, false>(job, layout, out),
            (Dtype::F16, false) => run::<F16, false, false>(job, layout, out),
            (Dtype::F16, true) => run::<F16, true, false>(job, layout, out),
            (Dtype::BF16, false) => run::<BF16, false, false>(job, layout, out),
            (Dtype::BF16, true) => run::<BF16, true, false>(job, layout, out),
            (Dtype::U8, false) => run::<U8, false, false>(job, layout, out),
            (Dtype::U8, true) => run::<U8, true, false>(job, layout, out),
        }
    }
}

/// Whether whole lines can be written past the caches: those that nobody reads before they are out of them again needn't be
/// fetched first, which is half of what writing takes. Of other types it gave nothing.
fn past_caches(out: &[u8]) -> bool {
    let plane = out.len() / 3;
    (out.as_ptr() as usize).is_multiple_of(LINE) && plane.is_multiple_of(LINE)
}

/// # Safety
/// As [`run`], and lines must begin where `out` and its planes do.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn stream(job: &Job<'_>, mix: bool, layout: Layout, out: &mut [u8]) -> usize {
    // SAFETY: the caller's promise.
    let done = unsafe {
        match mix {
            false => run::<F32, false, true>(job, layout, out),
            true => run::<F32, true, true>(job, layout, out),
        }
    };
    // What is told to other threads from here on is told after it.
    _mm_sfence();
    done
}

const fn size(dtype: u8) -> usize {
    match dtype {
        F32 => 4,
        F16 | BF16 => 2,
        _ => 1,
    }
}

/// # Safety
/// Needs the features; `out` must hold `job.a.len()` elements, and `job.b`, when `MIX`, as many bytes as `job.a`.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn run<const D: u8, const MIX: bool, const STREAM: bool>(
    job: &Job<'_>,
    layout: Layout,
    out: &mut [u8],
) -> usize {
    let pixels = job.a.len() / 3;
    let steps = pixels / 16;
    let a = job.a.as_ptr();
    let b = job.b.map_or(a, <[u8]>::as_ptr);
    let weights = (_mm256_set1_ps(job.lam), _mm256_set1_ps(job.rest));
    let out = out.as_mut_ptr();
    for step in 0..steps {
        // SAFETY: 48 bytes from 48 * step on lie inside both images, 16 * 3 elements inside `out`.
        unsafe {
            let triple_a = load3(a.add(48 * step));
            let triple_b = if MIX {
                load3(b.add(48 * step))
            } else {
                triple_a
            };
            match layout {
                Layout::Chw => {
                    let planes_a = deinterleave(triple_a);
                    let planes_b = if MIX {
                        deinterleave(triple_b)
                    } else {
                        planes_a
                    };
                    for c in 0..3 {
                        let scale = _mm256_set1_ps(job.scale[c]);
                        let bias = _mm256_set1_ps(job.bias[c]);
                        let (low, high) = blend::<MIX>(planes_a[c], planes_b[c], weights);
                        let low = _mm256_fmadd_ps(low, scale, bias);
                        let high = _mm256_fmadd_ps(high, scale, bias);
                        store16::<D, STREAM>(
                            out.add((c * pixels + 16 * step) * size(D)),
                            low,
                            high,
                        );
                    }
                }
                Layout::Hwc => {
                    for part in 0..3 {
                        let (low, high) = blend::<MIX>(triple_a[part], triple_b[part], weights);
                        // 48 elements are three lots of 16, and 16 = 1 modulo 3 channels.
                        let low =
                            _mm256_fmadd_ps(low, cycle(job.scale, part), cycle(job.bias, part));
                        let high = _mm256_fmadd_ps(
                            high,
                            cycle(job.scale, part + 2),
                            cycle(job.bias, part + 2),
                        );
                        store16::<D, STREAM>(out.add((48 * step + 16 * part) * size(D)), low, high);
                    }
                }
            }
        }
    }
    16 * steps
}

/// Eight channel constants in memory order, beginning with channel `from` modulo 3.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn cycle(of: [f32; 3], from: usize) -> __m256 {
    let at = |i: usize| of[(from + i) % 3];
    _mm256_setr_ps(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7))
}

/// # Safety
/// 48 bytes must be readable.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
unsafe fn load3(from: *const u8) -> [__m128i; 3] {
    // SAFETY: the caller's promise; unaligned loads.
    unsafe { [0, 1, 2].map(|i| _mm_loadu_si128(from.add(16 * i).cast())) }
}

/// Sixteen RGB pixels to sixteen reds, greens and blues.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn deinterleave([x, y, z]: [__m128i; 3]) -> [__m128i; 3] {
    let pick = |mask: [[i8; 16]; 3]| {
        let [mx, my, mz] = mask.map(|m| {
            // SAFETY: sixteen bytes of an array.
            unsafe { _mm_loadu_si128(m.as_ptr().cast()) }
        });
        _mm_or_si128(
            _mm_or_si128(_mm_shuffle_epi8(x, mx), _mm_shuffle_epi8(y, my)),
            _mm_shuffle_epi8(z, mz),
        )
    };
    [pick(MASKS[0]), pick(MASKS[1]), pick(MASKS[2])]
}

/// Shuffle masks: of channel `c`, from each of the three input registers.
const MASKS: [[[i8; 16]; 3]; 3] = {
    let mut masks = [[[-1i8; 16]; 3]; 3];
    let mut at = 0;
    while at < 48 {
        masks[at % 3][at / 16][at / 3] = (at % 16) as i8;
        at += 1;
    }
    masks
};

/// Sixteen bytes of each image to blended floats.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn blend<const MIX: bool>(
    a: __m128i,
    b: __m128i,
    (lam, rest): (__m256, __m256),
) -> (__m256, __m256) {
    let low = |x| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(x));
    let high = |x| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(x, x)));
    if !MIX {
        return (low(a), high(a));
    }
    (
        _mm256_fmadd_ps(rest, low(b), _mm256_mul_ps(lam, low(a))),
        _mm256_fmadd_ps(rest, high(b), _mm256_mul_ps(lam, high(a))),
    )
}

/// # Safety
/// Sixteen elements must be writable, and lie at the beginning of a line when `STREAM`.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
unsafe fn store16<const D: u8, const STREAM: bool>(to: *mut u8, low: __m256, high: __m256) {
    // SAFETY: the caller's promise.
    unsafe {
        match D {
            F32 if STREAM => {
                _mm256_stream_ps(to.cast(), low);
                _mm256_stream_ps(to.add(32).cast(), high);
            }
            F32 => {
                _mm256_storeu_ps(to.cast(), low);
                _mm256_storeu_ps(to.add(32).cast(), high);
            }
            F16 => {
                _mm_storeu_si128(to.cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(low));
                _mm_storeu_si128(
                    to.add(16).cast(),
                    _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(high),
                );
            }
            BF16 => {
                let packed = _mm256_packus_epi32(upper_half(low), upper_half(high));
                _mm256_storeu_si256(to.cast(), _mm256_permute4x64_epi64::<0b11_01_10_00>(packed));
            }
            _ => {
                let words =
                    _mm256_packus_epi32(_mm256_cvttps_epi32(low), _mm256_cvttps_epi32(high));
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
                let bytes = _mm_packus_epi16(
                    _mm256_castsi256_si128(words),
                    _mm256_extracti128_si256::<1>(words),
                );
                _mm_storeu_si128(to.cast(), bytes);
            }
        }
    }
}

/// Singles to bfloat16 in the low half of each lane, to nearest even. Our values are finite.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn upper_half(x: __m256) -> __m256i {
    let bits = _mm256_castps_si256(x);
    let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
    let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    _mm256_srli_epi32::<16>(rounded)
}
