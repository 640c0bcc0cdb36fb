//! The kernel for AVX2 that makes rows longer. Neighbours in the result have neighbours in the source, so that sixteen
//! bytes hold all that four of its bytes take: channels lie side by side as they are, and no part of a register is idle.

use std::arch::x86_64::*;

use super::x86::LOW;
use super::{HALF, PRECISION, Weights};

/// Bytes of a row that are made at once.
pub(super) const BLOCK: usize = 32;

/// Bytes of the result that share a load: as many sums of 32 bits as half a register has.
const LANE: usize = 4;

/// Bytes of a load.
const LOAD: usize = 16;

/// Two taps are one product; no pixel takes more than twice this many.
const PAIRS: usize = 2;

/// What a block takes: lane `i` is the lower half of register `i`, or the upper half of register `i - 4`, so that
/// packing puts them in their order.
#[repr(C, align(32))]
#[derive(Clone, Copy)]
struct Block {
    masks: [[[[i8; LOAD]; 2]; 4]; PAIRS],
    high: [[[[i16; 2 * LANE]; 2]; 4]; PAIRS],
    low: [[[[i16; 2 * LANE]; 2]; 4]; PAIRS],
    /// Where each lane's bytes begin in the source's row.
    from: [[u32; 2]; 4],
    /// Where the block begins in the result's row.
    to: usize,
}

const EMPTY: Block = Block {
    masks: [[[[-1; LOAD]; 2]; 4]; PAIRS],
    high: [[[[0; 2 * LANE]; 2]; 4]; PAIRS],
    low: [[[[0; 2 * LANE]; 2]; 4]; PAIRS],
    from: [[0; 2]; 4],
    to: 0,
};

/// A row's blocks.
pub(super) struct Blocks {
    blocks: Vec<Block>,
    pairs: usize,
    width: usize,
    /// Bytes of a source's row that are read, some of them past its end.
    reach: usize,
}

impl Blocks {
    /// None where rows become shorter, or have no whole block.
    pub fn of(weights: &Weights) -> Option<Self> {
        let width = 3 * weights.first.len();
        let taps = *weights.count.iter().max()?;
        let dense = weights
            .first
            .windows(2)
            .all(|two| two[0] <= two[1] && two[1] <= two[0] + 1);
        if width < BLOCK || weights.count.contains(&0) || taps > 2 * PAIRS || !dense {
            return None;
        }
        // The last block begins where a block is left; some bytes are written twice.
        let starts = (0..=width - BLOCK)
            .step_by(BLOCK)
            .chain((!width.is_multiple_of(BLOCK)).then_some(width - BLOCK));
        Some(Self {
            blocks: starts.map(|to| block(weights, to)).collect::<Option<_>>()?,
            pairs: taps.div_ceil(2),
            width,
            reach: 3 * (weights.pixels - 1) + LOAD,
        })
    }

    /// Makes every row of `src` longer; they are `stride` bytes apart, and `out` has no gaps.
    #[target_feature(enable = "avx2")]
    pub fn rows(&self, src: &[u8], stride: usize, out: &mut [u8]) {
        let some = |src: &[u8], out: &mut [u8]| match self.pairs {
            1 => self.some::<1>(src, stride, out),
            _ => self.some::<PAIRS>(src, stride, out),
        };
        let rows = out.len() / self.width;
        let safe = src
            .len()
            .checked_sub(self.reach)
            .map_or(0, |room| room / stride + 1)
            .min(rows);
        some(src, &mut out[..safe * self.width]);
        if safe < rows {
            // The last rows again, with room behind them.
            let mut padded = src[safe * stride..].to_vec();
            padded.resize((rows - 1 - safe) * stride + self.reach, 0);
            some(&padded, &mut out[safe * self.width..]);
        }
    }

    /// As [`Blocks::rows`], of rows that all have room behind them.
    #[target_feature(enable = "avx2")]
    fn some<const PAIRS: usize>(&self, src: &[u8], stride: usize, out: &mut [u8]) {
        let half = _mm256_set1_epi32(HALF);
        for (row, out) in out.chunks_exact_mut(self.width).enumerate() {
            let row = &src[row * stride..][..self.reach];
            for block in &self.blocks {
                let sums: [__m256i; 4] = std::array::from_fn(|i| {
                    // SAFETY: a block's lanes begin at a pixel's first byte, from which `reach` leaves a load.
                    let [near, far] = block.from[i].map(|from| unsafe {
                        _mm_loadu_si128(row.as_ptr().add(from as usize).cast())
                    });
                    let pixels = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(near), far);
                    let (mut high, mut low) = (_mm256_setzero_si256(), half);
                    for pair in 0..PAIRS {
                        let words = _mm256_shuffle_epi8(pixels, all(&block.masks[pair][i]));
                        let [upper, lower] = [&block.high, &block.low]
                            .map(|parts| _mm256_madd_epi16(words, all(&parts[pair][i])));
                        high = _mm256_add_epi32(high, upper);
                        low = _mm256_add_epi32(low, lower);
                    }
                    let sum = _mm256_add_epi32(_mm256_slli_epi32::<LOW>(high), low);
                    _mm256_srai_epi32::<{ PRECISION as i32 }>(sum)
                });
                let [a, b, c, d] = sums;
                let bytes = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
                let out = &mut out[block.to..][..BLOCK];
                // SAFETY: a block of bytes.
                unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), bytes) };
            }
        }
    }
}

/// Both halves of a register.
#[target_feature(enable = "avx2")]
#[inline]
fn all<H>(halves: &[H; 2]) -> __m256i {
    const { assert!(size_of::<[H; 2]>() == size_of::<__m256i>()) };
    // SAFETY: as many bytes.
    unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) }
}

/// The block from byte `to` of the result on; None where a weight's upper part has more than 16 bits.
fn block(weights: &Weights, to: usize) -> Option<Block> {
    let mut block = Block { to, ..EMPTY };
    for lane in 0..BLOCK / LANE {
        let (register, side) = (lane % 4, lane / 4);
        let origin = weights.first[(to + LANE * lane) / 3];
        block.from[register][side] = u32::try_from(3 * origin).ok()?;
        for byte in 0..LANE {
            let at = to + LANE * lane + byte;
            let (pixel, channel) = (at / 3, at % 3);
            for (tap, &weight) in weights.of(pixel).iter().enumerate() {
                let (pair, odd) = (tap / 2, tap % 2);
                let from = 3 * (weights.first[pixel] - origin + tap) + channel;
                block.masks[pair][register][side][4 * byte + 2 * odd] = from as i8;
                let (high, low) = (weight >> LOW, weight & ((1 << LOW) - 1));
                block.high[pair][register][side][2 * byte + odd] = i16::try_from(high).ok()?;
                block.low[pair][register][side][2 * byte + odd] = low as i16;
            }
        }
    }
    Some(block)
}
