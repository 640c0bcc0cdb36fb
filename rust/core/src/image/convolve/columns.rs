//! The columns, for a set of instructions.

use super::BLOCK;

/// In place of a number of weights: as many as there are.
pub(super) const ANY: usize = 0;

/// For each byte of a block's pixels, which pixel's it is, and which of its channels.
pub(super) const SPREAD: [(usize, usize); 3 * BLOCK] = {
    let mut spread = [(0, 0); 3 * BLOCK];
    let mut at = 0;
    while at < 3 * BLOCK {
        spread[at] = (at / 3, at % 3);
        at += 1;
    }
    spread
};

/// The loops over rows and pixels. Each set of instructions has names of its own for what they are made of: a `Register` of
/// words, `PARTS` of which are a block, and its `spread`.
macro_rules! columns {
    ($features:literal) => {
        /// The words of a block, in order.
        type Words = [Register; PARTS];

        /// Resizes the columns of planes, whose rows are `stride` words apart, and makes the colors of `width` pixels a row.
        #[target_feature(enable = $features)]
        pub(super) fn along_columns(
            kind: Kind,
            planes: [&[i16]; 3],
            stride: usize,
            taps: [&Taps; 3],
            width: usize,
            out: &mut [u8],
        ) {
            // Knowing how many taps there are, or a few more, unrolls their loop: these are what the fast path's scales
            // leave.
            let columns = match (taps[0].used, taps[1].used) {
                (2, 2) => columns::<2, 2>,
                (2, 3) => columns::<2, 3>,
                (3, 3) => columns::<3, 3>,
                (4, 4) => columns::<4, 4>,
                (5, 4) => columns::<6, 4>,
                (5 | 6, 5 | 6) => columns::<6, 6>,
                (7 | 8, 5 | 6) => columns::<8, 6>,
                (7 | 8, 7 | 8) => columns::<8, 8>,
                _ => columns::<ANY, ANY>,
            };
            columns(kind, planes, stride, taps, width, out);
        }

        #[target_feature(enable = $features)]
        fn columns<const FIRST: usize, const OTHERS: usize>(
            kind: Kind,
            planes: [&[i16]; 3],
            stride: usize,
            taps: [&Taps; 3],
            width: usize,
            out: &mut [u8],
        ) {
            for (at, out) in out.chunks_exact_mut(3 * width).enumerate() {
                let first = Rows::<FIRST>::new(planes[0], stride, taps[0], at);
                let others = match kind {
                    Kind::Gray => None,
                    Kind::Rgb | Kind::YCbCr => Some((
                        Rows::<OTHERS>::new(planes[1], stride, taps[1], at),
                        Rows::<OTHERS>::new(planes[2], stride, taps[2], at),
                    )),
                };
                for x in (0..width).step_by(BLOCK) {
                    let a = first.block(x);
                    let channels = match &others {
                        None => [a; 3],
                        Some((second, third)) => match kind {
                            Kind::YCbCr => rgb(a, second.block(x), third.block(x)),
                            Kind::Gray | Kind::Rgb => [a, second.block(x), third.block(x)],
                        },
                    };
                    put(channels, &mut out[3 * x..]);
                }
            }
        }

        /// The rows that a row of the result is made of.
        struct Rows<'a, const MOST: usize> {
            rows: &'a [i16],
            stride: usize,
            weights: &'a [i16],
            /// Where each row begins, and its weight in every word, where it is known how many there are.
            known: [(usize, Register); MOST],
        }

        impl<'a, const MOST: usize> Rows<'a, MOST> {
            #[target_feature(enable = $features)]
            #[inline]
            fn new(plane: &'a [i16], stride: usize, taps: &'a Taps, at: usize) -> Self {
                let first = taps.first[at];
                let rows = taps.pixels - first;
                let weights = &taps.of(at)[..if MOST == ANY { taps.used } else { MOST }];
                // Past the last row weights are zero, whatever row is read.
                let row = |tap: usize| stride * tap.min(rows - 1);
                Self {
                    rows: &plane[stride * first..][..stride * rows],
                    stride,
                    weights,
                    known: std::array::from_fn(|tap| (row(tap), set1(weights[tap]))),
                }
            }

            /// The words of a block.
            #[target_feature(enable = $features)]
            #[inline]
            fn block(&self, x: usize) -> Words {
                assert!(x + BLOCK <= self.stride);
                let mut sums = [setzero(); PARTS];
                let mut add = |row: usize, weight| {
                    for (part, sum) in sums.iter_mut().enumerate() {
                        let at = row + x + BLOCK / PARTS * part;
                        // SAFETY: each row begins where `rows` has one, and a block of words from `x` on lies in it.
                        let words = unsafe { loadu(self.rows.as_ptr().add(at).cast()) };
                        *sum = adds(*sum, mulhrs(words, weight));
                    }
                };
                if MOST == ANY {
                    let begins = (0..self.rows.len()).step_by(self.stride);
                    for (row, &weight) in begins.zip(self.weights) {
                        add(row, set1(weight));
                    }
                }
                for (row, weight) in self.known {
                    add(row, weight);
                }
                sums
            }
        }

        /// Words of red, green and blue of luma and chroma.
        #[target_feature(enable = $features)]
        #[inline]
        fn rgb(y: Words, cb: Words, cr: Words) -> [Words; 3] {
            let gray = set1(GRAY);
            let part = |chroma, factor| mulhrs(chroma, set1(factor));
            let mut rgb = [y; 3];
            for (at, &y) in y.iter().enumerate() {
                let (cb, cr) = (subs(cb[at], gray), subs(cr[at], gray));
                rgb[0][at] = adds(adds(y, cr), part(cr, RED_CR));
                rgb[1][at] = adds(adds(y, part(cb, GREEN_CB)), part(cr, GREEN_CR));
                rgb[2][at] = adds(adds(y, cb), part(cb, BLUE_CB));
            }
            rgb
        }

        /// Writes a block's channels side by side, as levels, as far as there is room.
        #[target_feature(enable = $features)]
        #[inline]
        fn put(channels: [Words; 3], out: &mut [u8]) {
            let levels = channels.map(|words| words.map(|word| level(adds(word, set1(HALF)))));
            if let Some(out) = out.first_chunk_mut() {
                return spread(levels, out);
            }
            let mut bytes = [0; 3 * BLOCK];
            spread(levels, &mut bytes);
            out.copy_from_slice(&bytes[..out.len()]);
        }
    };
}
pub(super) use columns;
