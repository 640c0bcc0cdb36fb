//! What `csrc/jpeg.c` calls: the decoder behind libjpeg's structures.

use std::ffi::{c_int, c_void};
use std::slice;

#[cfg(target_arch = "x86_64")]
use crate::image::simd::Simd;

use super::{Block, Codes, Coefficients, Huffman, Kind, Shape};

/// The most blocks that an MCU has (libjpeg's `D_MAX_BLOCKS_IN_MCU`).
const MOST_BLOCKS: usize = 10;

/// One block of an MCU, as libjpeg knows it.
#[repr(C)]
struct RawBlock {
    dc: *const RawCodes,
    ac: *const RawCodes,
    dc_table: u32,
    ac_table: u32,
    component: u32,
    wanted: u32,
}

/// The beginning of libjpeg's `JHUFF_TBL`.
#[repr(C)]
struct RawCodes {
    bits: [u8; 17],
    values: [u8; 256],
}

/// A scan, as libjpeg knows it.
#[repr(C)]
pub(crate) struct RawScan {
    data: *const u8,
    length: usize,
    columns: u32,
    first: u32,
    last: u32,
    restart_interval: u32,
    count: u32,
    blocks: [RawBlock; MOST_BLOCKS],
}

/// The functions that C calls, each with the decoder first.
#[repr(C)]
pub(crate) struct Calls {
    begin: unsafe extern "C" fn(*mut c_void, *const RawScan) -> c_int,
    decode: unsafe extern "C" fn(*mut c_void, *const *mut Coefficients) -> c_int,
    settle: unsafe extern "C" fn(*mut c_void) -> c_int,
    left: unsafe extern "C" fn(*const c_void) -> usize,
}

impl Calls {
    /// Those for the largest set of instructions that the CPU has.
    pub(crate) fn best() -> &'static Self {
        static PLAIN: Calls = Calls {
            begin,
            decode,
            settle,
            left,
        };
        #[cfg(target_arch = "x86_64")]
        if Simd::best() >= Simd::Avx2 {
            static BMI2: Calls = Calls {
                begin,
                decode: bmi2::decode,
                settle: bmi2::settle,
                left,
            };
            return &BMI2;
        }
        &PLAIN
    }
}

/// Begins a scan; 0 if its tables are none.
///
/// # Safety
/// `huffman` is a live [`Huffman`] that nobody else uses. `scan` and all it points at are live; its data stays so until
/// the next scan begins, or nobody decodes any more.
unsafe extern "C" fn begin(huffman: *mut c_void, scan: *const RawScan) -> c_int {
    // SAFETY: as the caller promises.
    let (huffman, scan) = unsafe { (&mut *huffman.cast::<Huffman<'static>>(), &*scan) };
    // SAFETY: likewise, for as long as it is decoded.
    let data: &'static [u8] = unsafe { slice::from_raw_parts(scan.data, scan.length) };
    huffman.blocks.clear();
    for raw in scan.blocks.iter().take(scan.count as usize) {
        // SAFETY: libjpeg's tables live as long as its decompressor; they are null or whole.
        let tables = unsafe { (raw.dc.as_ref(), raw.ac.as_ref()) };
        let (Some(dc), Some(ac)) = tables else {
            return 0;
        };
        let block = Block {
            dc: raw.dc_table as usize,
            ac: raw.ac_table as usize,
            component: raw.component as usize,
            wanted: raw.wanted != 0,
        };
        let made = [
            (&mut huffman.dc, block.dc, dc, Kind::Dc),
            (&mut huffman.ac, block.ac, ac, Kind::Ac),
        ]
        .into_iter()
        .all(|(tables, number, raw, kind)| {
            let codes = Codes {
                bits: raw.bits,
                values: raw.values,
            };
            tables
                .get_mut(number)
                .is_some_and(|table| table.set(&codes, kind))
        });
        if !made || block.component >= huffman.predicted.len() {
            return 0;
        }
        huffman.blocks.push(block);
    }
    let shape = Shape {
        columns: scan.columns,
        wanted: (scan.first, scan.last),
        restart_interval: scan.restart_interval,
    };
    huffman.begin(shape, data);
    1
}

/// Decodes one MCU; 0 if the data is out of order.
///
/// # Safety
/// `huffman` as for [`begin`], which came before. `blocks` is null, or as many pointers as the MCU has blocks, each to a
/// block of its own.
unsafe extern "C" fn decode(huffman: *mut c_void, blocks: *const *mut Coefficients) -> c_int {
    #[inline(never)]
    fn settle(huffman: &mut Huffman<'_>) -> Option<()> {
        huffman.settle()
    }
    // SAFETY: as the caller promises.
    unsafe { decode_by(huffman, blocks, settle) }
}

/// Goes past the MCUs that nobody wanted so far; 0 if the data is out of order.
///
/// # Safety
/// `huffman` as for [`decode`].
unsafe extern "C" fn settle(huffman: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { settle_by(huffman) }
}

/// The same with shifts that leave the flags alone: a sixteenth of the time.
#[cfg(target_arch = "x86_64")]
mod bmi2 {
    use super::{Coefficients, Huffman, c_int, c_void, decode_by, settle_by};

    /// # Safety
    /// As for [`super::decode`], where the CPU has BMI2.
    #[target_feature(enable = "bmi1,bmi2")]
    pub(super) unsafe extern "C" fn decode(
        huffman: *mut c_void,
        blocks: *const *mut Coefficients,
    ) -> c_int {
        #[target_feature(enable = "bmi1,bmi2")]
        #[inline(never)]
        fn settle(huffman: &mut Huffman<'_>) -> Option<()> {
            huffman.settle()
        }
        // SAFETY: as the caller promises; it has BMI2.
        unsafe { decode_by(huffman, blocks, |huffman| settle(huffman)) }
    }

    /// # Safety
    /// As for [`super::settle`], where the CPU has BMI2.
    #[target_feature(enable = "bmi1,bmi2")]
    pub(super) unsafe extern "C" fn settle(huffman: *mut c_void) -> c_int {
        // SAFETY: as the caller promises.
        unsafe { settle_by(huffman) }
    }
}

/// # Safety
/// As for [`decode`].
#[inline(always)]
unsafe fn decode_by(
    huffman: *mut c_void,
    blocks: *const *mut Coefficients,
    settle: impl FnOnce(&mut Huffman<'static>) -> Option<()>,
) -> c_int {
    // SAFETY: as the caller promises.
    let huffman = unsafe { &mut *huffman.cast::<Huffman<'static>>() };
    let blocks = if blocks.is_null() {
        None
    } else {
        // SAFETY: likewise; a pointer to a live block of its own is a unique reference.
        Some(unsafe {
            let blocks = blocks.cast_mut().cast::<&mut Coefficients>();
            slice::from_raw_parts_mut(blocks, huffman.blocks.len())
        })
    };
    c_int::from(huffman.decode(blocks, settle).is_some())
}

/// # Safety
/// As for [`settle`].
#[inline(always)]
unsafe fn settle_by(huffman: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    let huffman = unsafe { &mut *huffman.cast::<Huffman<'static>>() };
    c_int::from(huffman.settle().is_some())
}

/// Bytes of the data that were not read. What was looked ahead holds no marker, so none is lost.
///
/// # Safety
/// `huffman` as for [`begin`].
unsafe extern "C" fn left(huffman: *const c_void) -> usize {
    // SAFETY: as the caller promises.
    unsafe { &*huffman.cast::<Huffman<'static>>() }
        .input
        .rest
        .len()
}
