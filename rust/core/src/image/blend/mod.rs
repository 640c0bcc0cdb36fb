//! Blend, normalise and lay out pixels in one pass into a batch's buffer.

mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::{Error, Result};

/// Element type of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE single.
    F32,
    /// IEEE half, rounded to nearest even.
    F16,
    /// The upper half of a single, rounded to nearest even.
    BF16,
    /// Pixels as they are, or blended and rounded half up; not normalised.
    U8,
}

impl Dtype {
    /// Bytes an element.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::U8 => 1,
        }
    }
}

/// Order of axes of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Channel, height, width.
    Chw,
    /// Height, width, channel.
    Hwc,
}

/// What a batch's images look like in memory: `out = value * scale + bias` a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Element type.
    pub dtype: Dtype,
    /// Order of axes.
    pub layout: Layout,
    /// Factor on pixel values 0 to 255; unused for `U8`.
    pub scale: [f32; 3],
    /// Added after scaling; unused for `U8`.
    pub bias: [f32; 3],
}

/// One image's work, as the kernels see it.
struct Job<'a> {
    a: &'a [u8],
    b: Option<&'a [u8]>,
    lam: f32,
    rest: f32,
    scale: [f32; 3],
    bias: [f32; 3],
}

impl Target {
    /// From mean and standard deviation of pixels in 0 to 1; without them pixels are divided by 255.
    pub fn new(dtype: Dtype, layout: Layout, mean_std: Option<([f32; 3], [f32; 3])>) -> Self {
        let (mean, std) = mean_std.unwrap_or(([0.0; 3], [1.0; 3]));
        let scale = std.map(|std| (1.0 / (255.0 * f64::from(std))) as f32);
        let bias = std::array::from_fn(|c| (-f64::from(mean[c]) / f64::from(std[c])) as f32);
        Self {
            dtype,
            layout,
            scale,
            bias,
        }
    }

    /// Bytes that `pixels` pixels take.
    pub fn row_bytes(&self, pixels: usize) -> usize {
        3 * pixels * self.dtype.size()
    }

    /// Writes one image, or `lam * a + (1 - lam) * b` of two, given as RGB8 height x width x channel.
    ///
    /// The blend is two roundings (`lam * a`, then fused with `(1 - lam) * b`), the normalisation one; every CPU gives the
    /// same bits.
    ///
    /// # Errors
    /// `Recipe` when sizes differ or `out` is not aligned to the element type.
    pub fn write(&self, a: &[u8], mix: Option<(&[u8], f32)>, out: &mut [u8]) -> Result<()> {
        let refuse = |message: String| Err(Error::Recipe(message));
        if !a.len().is_multiple_of(3) {
            return refuse(format!("{} bytes are not RGB pixels", a.len()));
        }
        if out.len() != a.len() * self.dtype.size() {
            return refuse(format!(
                "the output has {} bytes, needs {}",
                out.len(),
                a.len() * self.dtype.size()
            ));
        }
        if !(out.as_ptr() as usize).is_multiple_of(self.dtype.size()) {
            return refuse(format!(
                "the output is not aligned to {} bytes",
                self.dtype.size()
            ));
        }
        if let Some((b, lam)) = mix {
            if b.len() != a.len() {
                return refuse(format!(
                    "cannot mix images of {} and {} bytes: resize them alike",
                    a.len(),
                    b.len()
                ));
            }
            if !(0.0..=1.0).contains(&lam) {
                return refuse(format!("lam={lam}: must be 0 to 1"));
            }
        }
        if self.dtype == Dtype::U8 && self.layout == Layout::Hwc && mix.is_none() {
            out.copy_from_slice(a);
            return Ok(());
        }
        let lam = mix.map_or(1.0, |(_, lam)| lam);
        let (scale, bias) = match self.dtype {
            // Truncation after adding a half rounds half up.
            Dtype::U8 => ([1.0; 3], [0.5; 3]),
            _ => (self.scale, self.bias),
        };
        let job = Job {
            a,
            b: mix.map(|(b, _)| b),
            lam,
            rest: 1.0 - lam,
            scale,
            bias,
        };
        #[cfg(target_arch = "x86_64")]
        let done = x86::write(&job, self.dtype, self.layout, out);
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        scalar::write(&job, self.dtype, self.layout, done, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dtypes() -> impl Strategy<Value = Dtype> {
        prop_oneof![
            Just(Dtype::F32),
            Just(Dtype::F16),
            Just(Dtype::BF16),
            Just(Dtype::U8)
        ]
    }

    proptest! {
        /// Whatever kernel the CPU gets, the bits are the scalar kernel's.
        #[test]
        fn kernels_agree(
            pixels in prop_oneof![0usize..200, (1usize..20).prop_map(|lines| 16 * lines)],
            seed: u8, lam in 0f32..=1.0, mixed: bool, dtype in dtypes(), planar: bool, shift in 0usize..3,
        ) {
            let layout = if planar { Layout::Chw } else { Layout::Hwc };
            let byte = |i: usize, k: usize| (i * k + usize::from(seed)) as u8;
            let a: Vec<u8> = (0..3 * pixels).map(|i| byte(i, 97)).collect();
            let b: Vec<u8> = (0..3 * pixels).map(|i| byte(i, 31)).collect();
            let target = Target::new(dtype, layout, Some(([0.48, 0.45, 0.40], [0.26, 0.25, 0.27])));
            let size = target.row_bytes(pixels);
            // Odd starts inside a larger buffer, too: rows of a batch are aligned to the element alone.
            let mut space = vec![0u64; size / 8 + 16];
            // SAFETY: plain bytes of a live buffer.
            let space = unsafe { std::slice::from_raw_parts_mut(space.as_mut_ptr().cast::<u8>(), size + 96) };
            let line = space.as_ptr().align_offset(64);
            let out = &mut space[line + shift * dtype.size()..][..size];
            target.write(&a, mixed.then_some((&b[..], lam)), out).unwrap();
            let mut twin = vec![0u8; size];
            let (scale, bias) = if dtype == Dtype::U8 { ([1.0; 3], [0.5; 3]) } else { (target.scale, target.bias) };
            let lam = if mixed { lam } else { 1.0 };
            let job = Job { a: &a, b: mixed.then_some(&b), lam, rest: 1.0 - lam, scale, bias };
            scalar::write(&job, dtype, layout, 0, &mut twin);
            prop_assert_eq!(&*out, &twin[..]);
        }

        /// The oracle is the textbook formula in double precision.
        #[test]
        fn floats_are_the_formula(a: [u8; 3], b: [u8; 3], lam in 0f32..=1.0) {
            let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
            let target = Target::new(Dtype::F32, Layout::Hwc, Some((mean, std)));
            let mut space = [0f32; 3];
            // SAFETY: twelve plain bytes.
            let out = unsafe { std::slice::from_raw_parts_mut(space.as_mut_ptr().cast::<u8>(), 12) };
            target.write(&a, Some((&b, lam)), out).unwrap();
            for c in 0..3 {
                let lam = f64::from(lam);
                let value = lam * f64::from(a[c]) + (1.0 - lam) * f64::from(b[c]);
                let exact = (value / 255.0 - f64::from(mean[c])) / f64::from(std[c]);
                prop_assert!((f64::from(space[c]) - exact).abs() < 2e-6, "{} {exact}", space[c]);
            }
        }
    }

    #[test]
    fn bytes_round_half_up() {
        let target = Target::new(Dtype::U8, Layout::Hwc, None);
        let mut out = [0; 3];
        target
            .write(&[1, 2, 255], Some((&[2, 2, 254], 0.5)), &mut out)
            .unwrap();
        assert_eq!(out, [2, 2, 255]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let target = Target::new(Dtype::U8, Layout::Hwc, None);
        assert!(target.write(&[0; 3], None, &mut [0; 4]).is_err());
        assert!(target.write(&[0; 4], None, &mut [0; 4]).is_err());
        assert!(
            target
                .write(&[0; 3], Some((&[0; 6], 0.5)), &mut [0; 3])
                .is_err()
        );
        assert!(
            target
                .write(&[0; 3], Some((&[0; 3], f32::NAN)), &mut [0; 3])
                .is_err()
        );
    }
}
