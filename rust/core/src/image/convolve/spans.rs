//! The weights along rows as sixteen pixels at a time take them.

use super::taps::{GROUP, Taps};

/// Pixels that are made together.
pub(super) const SIXTEEN: usize = 16;

/// Bytes that are read at once, and of a register.
pub(super) const READ: usize = 64;

/// Four weights of each of sixteen pixels, in parts of a byte: `256 * high + low`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fours {
    /// Which of the bytes that are read they are for, modulo their number.
    pub places: [[u8; GROUP]; SIXTEEN],
    pub high: [[i8; GROUP]; SIXTEEN],
    pub low: [[i8; GROUP]; SIXTEEN],
}

const NONE: Fours = Fours {
    places: [[0; GROUP]; SIXTEEN],
    high: [[0; GROUP]; SIXTEEN],
    low: [[0; GROUP]; SIXTEEN],
};

/// For each sixteen pixels of the result, whose samples are read at once.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// Where their samples begin.
    pub starts: Vec<usize>,
    /// `groups` for each sixteen pixels.
    pub weights: Vec<Fours>,
    pub groups: usize,
    /// Bytes of a row that are read, some of them behind it.
    pub reach: usize,
    /// Whether all else is set.
    pub fit: bool,
}

impl Spans {
    /// Sets them, if samples lie near enough together and weights have two such parts; says whether they do.
    pub(super) fn set(&mut self, taps: &Taps) -> bool {
        let pixels = taps.first.len();
        let count = pixels.div_ceil(SIXTEEN);
        self.groups = taps.most.div_ceil(GROUP);
        self.reach = taps.pixels - 1 + READ;
        self.starts.clear();
        self.weights.clear();
        self.weights.resize(count * self.groups, NONE);
        let mut fit = true;
        for (number, fours) in self.weights.chunks_exact_mut(self.groups).enumerate() {
            // Past the last pixel it comes again.
            let at: [usize; SIXTEEN] =
                std::array::from_fn(|i| (SIXTEEN * number + i).min(pixels - 1));
            let first = at.map(|at| taps.first[at]);
            let start = first.into_iter().fold(first[0], usize::min);
            self.starts.push(start);
            for (i, (at, first)) in at.into_iter().zip(first).enumerate() {
                let offset = first - start;
                if offset + taps.used > READ {
                    return false;
                }
                for (group, (fours, weights)) in
                    fours.iter_mut().zip(taps.of(at).chunks(GROUP)).enumerate()
                {
                    for (tap, &weight) in weights.iter().enumerate() {
                        let low = weight as i8;
                        let high = (i32::from(weight) - i32::from(low)) >> 8;
                        fit &= high == i32::from(high as i8);
                        fours.places[i][tap] = (offset + GROUP * group + tap) as u8;
                        fours.high[i][tap] = high as i8;
                        fours.low[i][tap] = low;
                    }
                }
            }
        }
        fit
    }
}
