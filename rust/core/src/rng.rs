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
    /// What is done to one image besides crop and flip.
    Augment = 6,
    /// What is done to the words of one caption.
    Words = 7,
    /// Which tokens stay of a caption that is too long.
    Mask = 8,
    /// By which of several recipes a batch is mixed.
    Alternate = 9,
    /// Which patches of one image are kept.
    Patches = 16,
}

impl Purpose {
    /// The number of the purpose for a view of a sample, whose first has the purpose's own.
    fn of_view(self, view: u32) -> u64 {
        self as u64 | u64::from(view) << 32
    }
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
        Self::of_view(seed, epoch, sample, purpose, 0)
    }

    /// The stream of one view of `sample` for `purpose`; the first is the sample's own.
    pub fn of_view(seed: u64, epoch: u64, sample: u64, purpose: Purpose, view: u32) -> Self {
        let mut state = 0;
        for word in [seed, epoch, sample, purpose.of_view(view)] {
            state = mix64(state ^ mix64(word.wrapping_add(GAMMA))).wrapping_add(GAMMA);
        }
        Self(state)
    }

    /// The stream that a number drawn from another stream names.
    pub fn from_seed(seed: u64) -> Self {
        Self(mix64(seed.wrapping_add(GAMMA)))
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

/// What distributions of other crates draw from.
impl rand_core::RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        (Stream::next_u64(self) >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        Stream::next_u64(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&Stream::next_u64(self).to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Steele, Lea and Flood 2014: the first outputs of SplitMix64 seeded with 1234567, as Rosetta Code lists them.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut stream = Stream(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    proptest! {
        /// Streams whose names differ in one place share no bits: of 64 x 64, about half differ.
        #[test]
        fn neighbouring_streams_are_independent(seed: u64, epoch in 0u64..1000, sample: u64, step in 1u64..1000) {
            let draw = |seed, epoch, sample, purpose| {
                let mut stream = Stream::new(seed, epoch, sample, purpose);
                [0; 64].map(|_| stream.next_u64())
            };
            let own = draw(seed, epoch, sample, Purpose::Geometry);
            let of_view = |view| {
                let mut stream = Stream::of_view(seed, epoch, sample, Purpose::Geometry, view);
                [0; 64].map(|_| stream.next_u64())
            };
            for other in [
                draw(seed.wrapping_add(step), epoch, sample, Purpose::Geometry),
                draw(seed, epoch + step, sample, Purpose::Geometry),
                draw(seed, epoch, sample.wrapping_add(step), Purpose::Geometry),
                draw(seed, epoch, sample, Purpose::Caption),
                of_view(1),
                draw(epoch, seed, sample, Purpose::Geometry),
            ] {
                let differing: u32 = own.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum();
                // 4096 fair bits: mean 2048, standard deviation 32; seven of them.
                prop_assert!(seed == epoch || differing.abs_diff(2048) < 224, "{differing}");
            }
        }

        #[test]
        fn below_stays_below(n: u64, seed: u64) {
            let mut stream = Stream::new(seed, 0, 0, Purpose::Order);
            prop_assert!((0..20).all(|_| stream.below(n) < n.max(1)));
        }
    }

    #[test]
    fn below_is_fair() {
        let mut stream = Stream::new(3, 0, 0, Purpose::Order);
        let mut counts = [0f64; 6];
        for _ in 0..60_000 {
            counts[stream.below(6) as usize] += 1.0;
        }
        // Chi-square of 5 degrees of freedom: above 30 once in 100,000.
        let chi2: f64 = counts.iter().map(|count| (count - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 30.0, "{counts:?}");
    }
}
