//! Keyed random streams: what is drawn depends on `(seed, epoch, sample, purpose)` and on nothing else.

/// What a stream is used for, so that two draws for one sample are independent.
///
/// The numbers are part of the reproducibility contract: never reuse or renumber one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// The order in which an epoch visits the samples.
    Order = 1,
    /// Crop box and flip of one image.
    Geometry = 2,
    /// Which of a sample's captions is used.
    Caption = 3,
    /// Mixing partners, lambdas and kept tokens of one batch.
    Mix = 4,
    /// Which sample stands in for a broken one.
    Substitute = 5,
}

/// A random stream (SplitMix64 keyed by a hash of its name).
///
/// SplitMix64 passes BigCrush, costs a nanosecond, and has the whole state in one word.
#[derive(Debug, Clone)]
pub struct Stream(u64);

/// SplitMix64's finaliser: a bijection of `u64` whose output bits depend on all input bits.
pub(crate) fn mix64(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Stream {
    /// The stream of `sample` (or of a batch's number) for `purpose`.
    pub fn new(seed: u64, epoch: u64, sample: u64, purpose: Purpose) -> Self {
        let mut state = 0;
        for word in [seed, epoch, sample, purpose as u64] {
            state = mix64(state ^ mix64(word.wrapping_add(GAMMA))).wrapping_add(GAMMA);
        }
        Self(state)
    }

    /// 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix64(self.0)
    }

    /// Uniform in `[0, 1)`, 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..n` without bias (Lemire 2019); 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            let low = wide as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (wide >> 64) as u64;
            }
        }
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}
