//! The weights along rows as eight pixels at a time take them.

use super::taps::Taps;
use crate::image::planes::ROOM;

/// Pixels that are made together.
pub(super) const EIGHT: usize = 8;

/// Bytes that are read at once.
const READ: usize = 16;

/// For each eight pixels of the result, four of them in a lane of 16 bytes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Where the samples of either lane begin.
    pub starts: Vec<[usize; 2]>,
    /// From 16 bytes of either lane: words of the two samples that a pair of weights is for, of four pixels.
    pub masks: Vec<[u8; 2 * READ]>,
    /// `pairs` for each eight pixels: a pair for each pixel.
    pub weights: Vec<[i16; 2 * EIGHT]>,
    pub pairs: usize,
    /// Bytes of a row that are read, some of them behind it.
    pub reach: usize,
    /// Whether all else is set.
    pub fit: bool,
}

impl Lanes {
    /// Sets them, if four pixels' samples lie near enough together; says whether they do.
    pub(super) fn set(&mut self, taps: &Taps) -> bool {
        let pixels = taps.first.len();
        let count = pixels.div_ceil(EIGHT);
        self.pairs = taps.most / 2;
        self.reach = taps.pixels + taps.most + READ;
        self.starts.clear();
        self.masks.clear();
        self.weights.clear();
        self.weights.resize(count * self.pairs, [0; 2 * EIGHT]);
        let mut fit = taps.most + READ <= ROOM;
        for (eight, weights) in self.weights.chunks_exact_mut(self.pairs).enumerate() {
            // Past the last pixel it comes again.
            let at: [usize; EIGHT] = std::array::from_fn(|i| (EIGHT * eight + i).min(pixels - 1));
            let (mut starts, mut mask) = ([0; 2], [0x80; 2 * READ]);
            for (lane, start) in starts.iter_mut().enumerate() {
                let first: [usize; 4] = std::array::from_fn(|i| taps.first[at[4 * lane + i]]);
                *start = first.into_iter().fold(first[0], usize::min);
                for (i, first) in first.into_iter().enumerate() {
                    let offset = first - *start;
                    fit &= offset + 2 <= READ;
                    mask[READ * lane + 4 * i] = offset as u8;
                    mask[READ * lane + 4 * i + 2] = offset as u8 + 1;
                }
            }
            if !fit {
                return false;
            }
            self.starts.push(starts);
            self.masks.push(mask);
            for (i, at) in at.into_iter().enumerate() {
                for (to, pair) in weights.iter_mut().zip(taps.of(at).chunks_exact(2)) {
                    to[2 * i..2 * i + 2].copy_from_slice(pair);
                }
            }
        }
        true
    }
}
