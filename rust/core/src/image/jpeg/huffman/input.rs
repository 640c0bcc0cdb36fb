//! The bits of a scan's entropy-coded data.

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// What is left of the data. It is copied while an MCU is decoded, so that its members can be registers.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Input<'a> {
    /// What has not been read.
    pub rest: &'a [u8],
    /// What has been read and not decoded, from the top.
    pub bits: u64,
    /// How many bits that are.
    pub count: u32,
    /// How many of them are zeros read after the data's end.
    pub padding: u32,
}

impl<'a> Input<'a> {
    /// How many bits there are at least once it was refilled.
    pub(super) const SURE: u32 = 32;

    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            ..Self::default()
        }
    }

    /// What begins at the next marker, if there is one. None is among the bits that were read ahead.
    pub(super) fn at_marker(&self) -> Option<Self> {
        let mut rest = self.rest;
        loop {
            rest = rest.get(memchr::memchr(0xff, rest)?..)?;
            match *rest.get(1)? {
                0 => rest = &rest[2..],
                _ => return Some(Self::new(rest)),
            }
        }
    }

    /// The next `count` bits, of at most 32 that must be there.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.bits >> (64 - count)) as usize
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.bits <<= count;
        self.count -= count;
    }

    /// Makes sure of [`Self::SURE`] bits at least.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.count >= Self::SURE {
            return;
        }
        if let Some(next) = self.rest.first_chunk() {
            let next = u64::from_be_bytes(*next);
            let holds_ff = (!next).wrapping_sub(ONES) & next & TOPS != 0;
            if !holds_ff {
                let bytes = (63 - self.count) >> 3;
                // Bits of one more byte may come along; they are the same when that byte is read again.
                self.bits |= next >> self.count;
                self.rest = &self.rest[bytes as usize..];
                self.count += 8 * bytes;
                return;
            }
        }
        *self = self.refilled_slowly();
    }

    /// Reads byte by byte: drops what is stuffed after 0xff, and goes on with zeros at a marker or the end.
    #[cold]
    #[inline(never)]
    fn refilled_slowly(mut self) -> Self {
        while self.count <= 56 {
            let byte = match *self.rest {
                [0xff, 0, ref rest @ ..] => {
                    self.rest = rest;
                    0xff
                }
                [byte, ref rest @ ..] if byte != 0xff => {
                    self.rest = rest;
                    byte
                }
                _ => {
                    self.padding += 8;
                    0
                }
            };
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }
}
