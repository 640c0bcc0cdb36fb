//! The kernel that every CPU has, and the definition of the others.

use half::{bf16, f16};

use super::{Dtype, Job, Layout};

/// Writes the pixels from `first` on.
pub(super) fn write(job: &Job<'_>, dtype: Dtype, layout: Layout, first: usize, out: &mut [u8]) {
    match dtype {
        Dtype::F32 => lay_out(job, layout, first, out, |value| value.to_ne_bytes()),
        Dtype::F16 => lay_out(job, layout, first, out, |value| {
            f16::from_f32(value).to_ne_bytes()
        }),
        Dtype::BF16 => lay_out(job, layout, first, out, |value| {
            bf16::from_f32(value).to_ne_bytes()
        }),
        Dtype::U8 => lay_out(job, layout, first, out, |value| [value as u8]),
    }
}

#[inline(always)]
fn lay_out<const N: usize>(
    job: &Job<'_>,
    layout: Layout,
    first: usize,
    out: &mut [u8],
    encode: impl Fn(f32) -> [u8; N] + Copy,
) {
    let pixels = job.a.len() / 3;
    for channel in 0..3 {
        let start = 3 * first + channel;
        if start >= job.a.len() {
            return;
        }
        let (from, step) = match layout {
            Layout::Chw => (channel * pixels + first, 1),
            Layout::Hwc => (start, 3),
        };
        let (scale, bias) = (job.scale[channel], job.bias[channel]);
        let slots = out[N * from..].chunks_exact_mut(N).step_by(step);
        let a = job.a[start..].iter().step_by(3);
        match job.b {
            None => {
                for (slot, &a) in slots.zip(a) {
                    slot.copy_from_slice(&encode(f32::from(a).mul_add(scale, bias)));
                }
            }
            Some(b) => {
                for ((slot, &a), &b) in slots.zip(a).zip(b[start..].iter().step_by(3)) {
                    let value = job.rest.mul_add(f32::from(b), job.lam * f32::from(a));
                    slot.copy_from_slice(&encode(value.mul_add(scale, bias)));
                }
            }
        }
    }
}
