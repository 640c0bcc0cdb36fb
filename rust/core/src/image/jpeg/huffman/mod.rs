//! Baseline Huffman decoding, faster than libjpeg-turbo's, in its place.
//!
//! Half of the time of a decoded crop goes into its entropy-coded data, all of it from the first row to the crop's last.
//! libjpeg asks one function for each MCU (`jpeg->entropy->decode_mcu`); ours looks code, run and value up at once, and
//! takes several symbols a look-up where nobody wants the coefficients: left, right and above of the crop. It gives the
//! same coefficients, bit for bit. Where the file has restart markers, intervals that nobody wants are not even looked up:
//! their end is searched for. Damage in them goes unseen, as it does below the crop. Whatever is out of order in the data makes it give up, and the image is then decoded
//! again by libjpeg, whose judgement of broken data stays the only one.

pub(super) mod door;
mod input;
mod table;

use input::Input;
use table::{Codes, Kind, RUN_BITS, SYMBOL_BITS, Table};

/// Coefficients of a block, in natural order.
type Coefficients = [i16; 64];

/// Where the k-th coefficient goes; what lies beyond the block falls on its last place, as in libjpeg.
const NATURAL: [u8; 128] = {
    const ZIGZAG: [u8; 64] = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27,
        20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
        58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];
    let mut natural = [63; 128];
    let mut k = 0;
    while k < 64 {
        natural[k] = ZIGZAG[k];
        k += 1;
    }
    natural
};

/// One block of an MCU.
#[derive(Debug, Default, Clone, Copy)]
struct Block {
    dc: usize,
    ac: usize,
    component: usize,
    /// Whether its AC coefficients are looked at at all.
    wanted: bool,
}

/// What a scan is besides its data.
#[derive(Debug, Default, Clone, Copy)]
struct Shape {
    /// MCUs in a row.
    columns: u32,
    /// The first and the last column whose coefficients are wanted.
    wanted: (u32, u32),
    /// MCUs between restart markers; 0 where there are none.
    restart_interval: u32,
}

/// Decodes one scan after another; the tables are kept, as most files bring the same.
#[derive(Debug, Default)]
pub(super) struct Huffman<'a> {
    dc: [Table; 4],
    ac: [Table; 4],
    blocks: Vec<Block>,
    predicted: [u32; 4],
    input: Input<'a>,
    shape: Shape,
    column: u32,
    restart_in: u32,
    next_restart: u8,
    /// MCUs that nobody wanted and that are yet to be gone past.
    owed: u32,
}

impl<'a> Huffman<'a> {
    fn begin(&mut self, shape: Shape, data: &'a [u8]) {
        self.predicted = [0; 4];
        self.input = Input::new(data);
        self.shape = shape;
        self.column = 0;
        self.restart_in = shape.restart_interval;
        self.next_restart = 0;
        self.owed = 0;
    }

    /// Decodes one MCU into blocks of zeros, where there are any; `None` if the data is out of order. One that nobody
    /// wants is owed until one comes that somebody does, and `settle` is called: many together may be a whole interval.
    #[inline(always)]
    fn decode(
        &mut self,
        blocks: Option<&mut [&mut Coefficients]>,
        settle: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let (first, last) = self.shape.wanted;
        let seen = blocks.filter(|_| (first..=last).contains(&self.column));
        self.column += 1;
        if self.column == self.shape.columns {
            self.column = 0;
        }
        if seen.is_none() {
            self.owed += 1;
            return Some(());
        }
        if self.owed > 0 {
            settle(self)?;
        }
        self.take(seen)
    }

    /// Goes past all MCUs that are owed, by whole intervals where restart markers allow it.
    #[inline(always)]
    fn settle(&mut self) -> Option<()> {
        while self.owed > 0 {
            if self.shape.restart_interval > 0 && self.owed > self.restart_in {
                if self.restart_in > 0 {
                    self.owed -= self.restart_in;
                    self.input = self.input.at_marker()?;
                }
                self.restart()?;
                continue;
            }
            self.owed -= 1;
            self.take(None)?;
        }
        Some(())
    }

    /// Decodes the next MCU.
    #[inline(always)]
    fn take(&mut self, mut seen: Option<&mut [&mut Coefficients]>) -> Option<()> {
        if self.shape.restart_interval > 0 {
            if self.restart_in == 0 {
                self.restart()?;
            }
            self.restart_in -= 1;
        }
        let mut input = self.input;
        for (number, block) in self.blocks.iter().enumerate() {
            let ac = &self.ac[block.ac & 3];
            input.refill();
            let (_, difference) = self.dc[block.dc & 3].take(&mut input, Kind::Dc)?;
            let dc = &mut self.predicted[block.component & 3];
            *dc = dc.wrapping_add(difference as u32);
            let into = seen.as_mut().and_then(|blocks| blocks.get_mut(number));
            let Some(into) = into else {
                skip_block(&mut input, ac)?;
                continue;
            };
            into[0] = *dc as i16;
            if block.wanted {
                take_block(&mut input, ac, into)?;
            } else {
                skip_block(&mut input, ac)?;
            }
        }
        self.input = input;
        (input.padding <= input.count).then_some(())
    }

    /// Goes past the restart marker that must come now.
    #[cold]
    fn restart(&mut self) -> Option<()> {
        let input = &self.input;
        let marker = [0xff, 0xd0 + self.next_restart];
        let rest = input.rest.strip_prefix(&marker)?;
        if input.count - input.padding.min(input.count) >= 8 {
            return None;
        }
        self.input = Input::new(rest);
        self.restart_in = self.shape.restart_interval;
        self.next_restart = (self.next_restart + 1) & 7;
        self.predicted = [0; 4];
        Some(())
    }
}

/// Stores the AC coefficients of a block. The bits of three pairs are made sure of at once.
#[inline(always)]
fn take_block(input: &mut Input<'_>, table: &Table, block: &mut Coefficients) -> Option<()> {
    const { assert!(3 * SYMBOL_BITS <= Input::SURE) };
    let mut k = 0;
    loop {
        input.refill();
        if take_pair(input, table, block, &mut k)?
            || take_pair(input, table, block, &mut k)?
            || take_pair(input, table, block, &mut k)?
        {
            return Some(());
        }
    }
}

/// Stores two coefficients, or one that is not looked up with its value; says whether the block ends.
#[inline(always)]
fn take_pair(
    input: &mut Input<'_>,
    table: &Table,
    block: &mut Coefficients,
    k: &mut u32,
) -> Option<bool> {
    let pair = table.pair(input);
    let [first, second] = pair.advances();
    // A block's end that comes first goes below: the processor foresees it better there (a tenth of the whole time).
    if *k + first < 63 {
        let [value, then] = pair.values();
        input.skip(pair.length());
        store(block, *k + first, value);
        *k += second;
        store(block, *k, then); // the end of the block stores a zero where one is
    } else {
        input.refill();
        let (advance, value) = table.take(input, Kind::Ac)?;
        input.refill();
        *k += advance;
        store(block, *k, value);
    }
    Some(*k >= 63)
}

#[inline(always)]
fn store(block: &mut Coefficients, k: u32, value: i16) {
    block[usize::from(NATURAL[k as usize & 127] & 63)] = value;
}

#[inline(always)]
fn skip_block(input: &mut Input<'_>, table: &Table) -> Option<()> {
    const { assert!(2 * RUN_BITS <= Input::SURE) };
    let mut k = 0;
    loop {
        input.refill();
        if skip_run(input, table, &mut k)? || skip_run(input, table, &mut k)? {
            return Some(());
        }
    }
}

/// Goes past several symbols, or one that is not looked up with its value; says whether the block ends.
#[inline(always)]
fn skip_run(input: &mut Input<'_>, table: &Table, k: &mut u32) -> Option<bool> {
    let run = table.run(input);
    if run.length() > 0 && *k + run.before_last() < 63 {
        input.skip(run.length());
        *k += run.advance();
    } else {
        input.refill();
        *k += table.take(input, Kind::Ac)?.0;
        input.refill();
    }
    Some(*k >= 63)
}
