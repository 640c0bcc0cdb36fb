//! What a Huffman table becomes: codes with their runs and values, looked up at once.

use super::input::Input;

pub(super) const SYMBOL_BITS: u32 = 10;
pub(super) const RUN_BITS: u32 = 11;
const SYMBOLS: usize = 1 << SYMBOL_BITS;
const RUNS: usize = 1 << RUN_BITS;

/// What the end of a block advances by: past any block.
const END_OF_BLOCK: u32 = 64;
/// What a pair that holds no whole symbol advances by: past any block, too.
const PAST: u64 = 127;
/// In an entry: the value's bits are yet to be read.
const MAGNITUDE: u32 = 0x8000;

/// Whether a table is of first (DC) or of other (AC) coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dc,
    Ac,
}

/// A table as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Codes {
    /// How many codes each length has; there is no length 0.
    pub bits: [u8; 17],
    /// Their symbols.
    pub values: [u8; 256],
}

#[derive(Debug)]
pub(super) struct Table {
    /// What it was made from: most files use the same four.
    codes: Option<Codes>,
    /// By the next [`SYMBOL_BITS`] bits, the entry (see [`entry_of`]) of the code that they begin with, 0 where it is
    /// longer. If the value's bits are among them too, the length counts them, [`MAGNITUDE`] is off, and bits 16-31 are
    /// the value.
    symbols: [u32; SYMBOLS],
    /// By the next [`RUN_BITS`] bits, all whole AC symbols they begin with: bits 0-7 their length with values, 8-15 the
    /// coefficients to advance before the last of them, 16-23 in all. They are one block's only if that one is still in
    /// it.
    runs: [u32; RUNS],
    /// By the next [`SYMBOL_BITS`] bits, the two AC symbols they begin with: bits 0-7 their length with values, 8-15 what
    /// to advance to the first, 16-23 to the second, 32-47 the first value, 48-63 the second. Where there is no second,
    /// the first comes twice; where not even that one's value is among the bits, it advances [`PAST`] any block.
    pairs: [u64; SYMBOLS],
    /// Past the last code of each length, moved to the top of 16 bits.
    limit: [u32; 17],
    /// From a code of each length to its place in `values`.
    offset: [i32; 17],
}

impl Default for Table {
    fn default() -> Self {
        Self {
            codes: None,
            symbols: [0; SYMBOLS],
            runs: [0; RUNS],
            pairs: [0; SYMBOLS],
            limit: [0; 17],
            offset: [0; 17],
        }
    }
}

impl Table {
    /// Makes it the table of `codes`; says whether they are a table.
    pub(super) fn set(&mut self, codes: &Codes, kind: Kind) -> bool {
        if self.codes.as_ref() == Some(codes) {
            return true;
        }
        self.codes = None;
        if !self.make_symbols(codes, kind) {
            return false;
        }
        if kind == Kind::Ac {
            self.make_runs();
            self.make_pairs();
        }
        self.codes = Some(*codes);
        true
    }

    fn make_symbols(&mut self, codes: &Codes, kind: Kind) -> bool {
        let (mut code, mut place) = (0_u32, 0_usize);
        self.symbols.fill(0);
        for length in 1..=16_u32 {
            for _ in 0..codes.bits[length as usize] {
                if place > 255 || code >= 1 << length {
                    return false;
                }
                let entry = entry_of(codes.values[place], length, kind);
                place += 1;
                if let Some(rest) = SYMBOL_BITS.checked_sub(length) {
                    let first = (code << rest) as usize;
                    for tail in 0..1_u32 << rest {
                        self.symbols[first + tail as usize] = with_value(entry, tail, rest);
                    }
                }
                code += 1;
            }
            self.limit[length as usize] = code << (16 - length);
            self.offset[length as usize] = place as i32 - code as i32;
            code <<= 1;
        }
        true
    }

    fn make_runs(&mut self) {
        for (index, run) in self.runs.iter_mut().enumerate() {
            let (mut used, mut before, mut advance) = (0, 0, 0);
            while advance < 63 {
                let rest = (index << used) & (RUNS - 1);
                let entry = self.symbols[rest >> (RUN_BITS - SYMBOL_BITS)];
                let value = if entry & MAGNITUDE == 0 {
                    0
                } else {
                    entry >> 16
                };
                let length = (entry & 0xff) + value;
                if length == 0 || used + length > RUN_BITS {
                    break;
                }
                used += length;
                before = advance;
                advance += (entry >> 8) & 0x7f;
            }
            *run = used | (before << 8) | (advance << 16);
        }
    }

    fn make_pairs(&mut self) {
        for (index, pair) in self.pairs.iter_mut().enumerate() {
            let first = self.symbols[index];
            let (length, advance) = (first & 0xff, (first >> 8) & 0x7f);
            *pair = (PAST << 8) | (PAST << 16);
            if length == 0 || first & MAGNITUDE != 0 {
                continue;
            }
            let (mut both, mut more, mut next) = (length, 0, first >> 16);
            if advance < END_OF_BLOCK {
                let second = self.symbols[(index << length) & (SYMBOLS - 1)];
                let rest = second & 0xff;
                if rest != 0 && second & MAGNITUDE == 0 && length + rest <= SYMBOL_BITS {
                    (both, more, next) = (both + rest, (second >> 8) & 0x7f, second >> 16);
                }
            }
            let low = both | (advance << 8) | ((advance + more) << 16);
            let values = (first >> 16) | (next << 16);
            *pair = u64::from(low) | (u64::from(values) << 32);
        }
    }

    /// All whole symbols that the next bits begin with; see `runs`.
    #[inline(always)]
    pub(super) fn run(&self, input: &Input<'_>) -> Run {
        Run(self.runs[input.peek(RUN_BITS)])
    }

    /// The two symbols that the next bits begin with; see `pairs`.
    #[inline(always)]
    pub(super) fn pair(&self, input: &Input<'_>) -> Pair {
        Pair(self.pairs[input.peek(SYMBOL_BITS)])
    }

    /// Decodes a symbol and its value, 31 bits at most, which must be there; gives how far to advance, and the value.
    #[inline(always)]
    pub(super) fn take(&self, input: &mut Input<'_>, kind: Kind) -> Option<(u32, i16)> {
        let mut entry = self.symbols[input.peek(SYMBOL_BITS)];
        if entry == 0 {
            entry = self.long_entry(input.bits, kind)?;
        }
        input.skip(entry & 0xff);
        let advance = (entry >> 8) & 0x7f;
        if entry & MAGNITUDE == 0 {
            return Some((advance, (entry >> 16) as i16));
        }
        let size = entry >> 16;
        let value = extended(input.peek(size) as u32, size);
        input.skip(size);
        Some((advance, value as i16))
    }

    /// The entry of a code of more than [`SYMBOL_BITS`] bits.
    #[cold]
    #[inline(never)]
    fn long_entry(&self, bits: u64, kind: Kind) -> Option<u32> {
        let codes = self.codes.as_ref()?;
        let top = (bits >> 48) as u32;
        let length = (SYMBOL_BITS + 1..=16).find(|&length| top < self.limit[length as usize])?;
        let place = (top >> (16 - length)) as i32 + self.offset[length as usize];
        let symbol = *codes.values.get(usize::try_from(place).ok()?)?;
        Some(entry_of(symbol, length, kind))
    }
}

/// What `runs` holds.
#[derive(Clone, Copy)]
pub(super) struct Run(u32);

impl Run {
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        self.0 & 0xff
    }

    #[inline(always)]
    pub(super) fn before_last(self) -> u32 {
        (self.0 >> 8) & 0xff
    }

    #[inline(always)]
    pub(super) fn advance(self) -> u32 {
        self.0 >> 16
    }
}

/// What `pairs` holds.
#[derive(Clone, Copy)]
pub(super) struct Pair(u64);

impl Pair {
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        (self.0 & 0xff) as u32
    }

    #[inline(always)]
    pub(super) fn advances(self) -> [u32; 2] {
        [
            ((self.0 >> 8) & 0xff) as u32,
            ((self.0 >> 16) & 0xff) as u32,
        ]
    }

    #[inline(always)]
    pub(super) fn values(self) -> [i16; 2] {
        [(self.0 >> 32) as i16, (self.0 >> 48) as i16]
    }
}

/// What a symbol asks for: bits 0-7 the code's length, 8-14 coefficients to advance, 15 [`MAGNITUDE`], 16-31 its size.
fn entry_of(symbol: u8, length: u32, kind: Kind) -> u32 {
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    let magnitude = if size == 0 {
        0
    } else {
        MAGNITUDE | (size << 16)
    };
    let advance = match (kind, size, run) {
        (Kind::Dc, ..) => 0,
        (Kind::Ac, 0, 15) => 16,
        (Kind::Ac, 0, _) => END_OF_BLOCK,
        (Kind::Ac, _, run) => run + 1,
    };
    length | (advance << 8) | magnitude
}

/// An entry whose code is followed by `rest` bits, `tail`, of which its value is made if there are enough.
fn with_value(entry: u32, tail: u32, rest: u32) -> u32 {
    let size = entry >> 16;
    if size == 0 || size > rest {
        return entry;
    }
    let value = extended(tail >> (rest - size), size) as u32;
    ((entry & 0x7fff) + size) | (value << 16)
}

/// The value that `size` bits stand for (ITU T.81, F.12).
#[inline(always)]
fn extended(bits: u32, size: u32) -> i32 {
    let bits = bits as i32;
    if bits < 1 << (size - 1) {
        bits - (1 << size) + 1
    } else {
        bits
    }
}
