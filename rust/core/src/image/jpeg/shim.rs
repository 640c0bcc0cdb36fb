//! The C shim (`csrc/jpeg.c`) as a safe handle.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::huffman::Huffman;
use super::huffman::door::Calls;
use crate::image::patch::Patch;
use crate::{Error, Result};

// Linked for its static library, which holds the libjpeg interface too.
use turbojpeg_sys as _;

#[repr(C)]
struct Handle {
    private: [u8; 0],
}

/// What a JPEG's header says.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RawHeader {
    pub width: u32,
    pub height: u32,
    pub components: u32,
    pub bits: u32,
    pub progressive: u32,
}

/// Columns of the scaled image: wanted, then what a row holds.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Columns {
    pub left: u32,
    pub width: u32,
    pub full_width: u32,
    pub full_height: u32,
    pub channels: u32,
    /// Whether planes are wanted, then how many there are: none where rows hold colors.
    pub planes: u32,
    /// Whether they are of red, green and blue.
    pub rgb: u32,
    /// Pixels a sample of chroma.
    pub pixels_across: u32,
    pub pixels_down: u32,
}

/// Where a plane's samples go.
#[repr(C)]
struct RawPlane {
    out: *mut u8,
    left: u32,
    width: u32,
    first: u32,
    rows: u32,
}

impl RawPlane {
    const NONE: Self = Self {
        out: std::ptr::null_mut(),
        left: 0,
        width: 0,
        first: 0,
        rows: 0,
    };
}

unsafe extern "C" {
    fn impasto_jpeg_new(calls: *const Calls, huffman: *mut c_void) -> *mut Handle;
    fn impasto_jpeg_free(handle: *mut Handle);
    fn impasto_jpeg_message(handle: *const Handle) -> *const c_char;
    #[cfg(test)]
    fn impasto_jpeg_quick(handle: *mut Handle, quick: c_int);
    fn impasto_jpeg_close(handle: *mut Handle);
    fn impasto_jpeg_open(
        handle: *mut Handle,
        bytes: *const u8,
        length: usize,
        header: *mut RawHeader,
    ) -> c_int;
    fn impasto_jpeg_start(
        handle: *mut Handle,
        scale: u32,
        max_scans: u32,
        keep: c_int,
        columns: *mut Columns,
    ) -> c_int;
    fn impasto_jpeg_cut(handle: *const Handle) -> c_int;
    fn impasto_jpeg_rows(
        handle: *mut Handle,
        skip: u32,
        count: u32,
        out: *mut u8,
        planes: *const RawPlane,
    ) -> c_int;
}

/// A libjpeg decompressor, reused from image to image.
pub(crate) struct Decompressor {
    handle: NonNull<Handle>,
    /// What the handle decodes with: a box's, borrowed by C until both are freed.
    huffman: NonNull<Huffman<'static>>,
}

// SAFETY: handle and decoder have no thread affinity and are owned by this value alone.
unsafe impl Send for Decompressor {}

impl Decompressor {
    pub(crate) fn new() -> Result<Self> {
        let huffman = NonNull::from(Box::leak(Box::<Huffman<'static>>::default()));
        // SAFETY: both live until the handle is freed; null means that there was no memory.
        let handle = unsafe { impasto_jpeg_new(Calls::best(), huffman.as_ptr().cast()) };
        let Some(handle) = NonNull::new(handle) else {
            // SAFETY: leaked above, and nobody has it.
            drop(unsafe { Box::from_raw(huffman.as_ptr()) });
            let reason = "libjpeg could not be started: out of memory";
            return Err(Error::Internal(reason.into()));
        };
        Ok(Self { handle, huffman })
    }

    /// Whether our own Huffman decoder may be used, instead of libjpeg's.
    #[cfg(test)]
    pub(crate) fn quick(self, quick: bool) -> Self {
        // SAFETY: the handle is live.
        unsafe { impasto_jpeg_quick(self.handle.as_ptr(), c_int::from(quick)) }
        self
    }

    /// Reads the header of `bytes`, which stay borrowed until the image is closed by dropping it.
    pub(crate) fn open<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Image<'a>> {
        let mut image = Image {
            handle: self.handle,
            header: RawHeader::default(),
            length: bytes.len(),
            max_scans: 0,
            bytes: PhantomData,
        };
        let header = &mut image.header;
        // SAFETY: the handle is live, `bytes` outlives `image`, which closes the handle when dropped.
        let status =
            unsafe { impasto_jpeg_open(self.handle.as_ptr(), bytes.as_ptr(), bytes.len(), header) };
        image.check(status)?;
        Ok(image)
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: made by impasto_jpeg_new and freed once, then what it borrowed.
        unsafe {
            impasto_jpeg_free(self.handle.as_ptr());
            drop(Box::from_raw(self.huffman.as_ptr()));
        }
    }
}

/// An opened JPEG.
pub(crate) struct Image<'a> {
    handle: NonNull<Handle>,
    pub header: RawHeader,
    length: usize,
    max_scans: u32,
    bytes: PhantomData<&'a mut [u8]>,
}

impl Image<'_> {
    /// Begins decoding at `scale`/8 what `wanted` says; `keep` takes what there is of a file that ends early. Call once,
    /// before `rows` or `samples`.
    pub(crate) fn start(
        &mut self,
        scale: u32,
        max_scans: u32,
        keep: bool,
        wanted: Columns,
    ) -> Result<Columns> {
        self.max_scans = max_scans;
        let mut columns = wanted;
        // SAFETY: the handle is live and has read a header.
        let status = unsafe {
            let keep = c_int::from(keep);
            impasto_jpeg_start(self.handle.as_ptr(), scale, max_scans, keep, &mut columns)
        };
        self.check(status)?;
        Ok(columns)
    }

    /// Skips `skip` rows and writes `count` rows of what `columns` says. A file is judged as a whole if the last row is
    /// among them or anything was wrong above; damage below rows that were in order is not looked for.
    pub(crate) fn rows(
        &mut self,
        columns: &Columns,
        skip: u32,
        count: u32,
        out: &mut [u8],
    ) -> Result<()> {
        let row = columns.width as usize * columns.channels as usize;
        let last = skip
            .checked_add(count)
            .filter(|&last| last <= columns.full_height);
        if last.is_none()
            || row
                .checked_mul(count as usize)
                .is_none_or(|size| out.len() < size)
        {
            return Err(Error::Internal("JPEG rows outside the image".into()));
        }
        // SAFETY: decoding has started (there are columns), the rows exist and `out` holds them.
        let status = unsafe {
            let (handle, out) = (self.handle.as_ptr(), out.as_mut_ptr());
            impasto_jpeg_rows(handle, skip, count, out, std::ptr::null())
        };
        self.check(status)
    }

    /// The same where there are planes: writes a part of each, in its own samples, into as many bytes.
    pub(crate) fn samples(
        &mut self,
        columns: &Columns,
        parts: [(Patch, &mut [u8]); 3],
    ) -> Result<()> {
        let (mut top, mut bottom) = (u32::MAX, 0);
        let mut planes = [const { RawPlane::NONE }; 3];
        let count = columns.planes as usize;
        for (number, (patch, out)) in parts.into_iter().take(count).enumerate() {
            let (across, down) = match number {
                0 => (1, 1),
                _ => (columns.pixels_across.max(1), columns.pixels_down.max(1)),
            };
            let first = columns.left / across;
            let (right, low) = (patch.left + patch.width, patch.top + patch.height);
            if patch.left < first
                || right > (columns.left + columns.width).div_ceil(across)
                || low > columns.full_height.div_ceil(down)
                || out.len() != patch.bytes()
            {
                return Err(Error::Internal("JPEG samples outside the image".into()));
            }
            top = top.min(patch.top * down);
            bottom = bottom.max((low * down).min(columns.full_height));
            planes[number] = RawPlane {
                out: out.as_mut_ptr(),
                left: patch.left - first,
                width: patch.width,
                first: patch.top,
                rows: patch.height,
            };
        }
        if top >= bottom {
            return Err(Error::Internal("no JPEG samples".into()));
        }
        // SAFETY: decoding has started, each plane's samples exist and its bytes, which outlive the call, hold them.
        let status = unsafe {
            let (handle, planes) = (self.handle.as_ptr(), planes.as_ptr());
            impasto_jpeg_rows(handle, top, bottom - top, std::ptr::null_mut(), planes)
        };
        self.check(status)
    }

    /// Whether the data ended before the last pixel that was read, and gray stands for the rest.
    pub(crate) fn is_cut(&self) -> bool {
        // SAFETY: the handle is live.
        unsafe { impasto_jpeg_cut(self.handle.as_ptr()) != 0 }
    }

    fn check(&self, status: c_int) -> Result<()> {
        let message = || {
            // SAFETY: the message is a NUL-terminated array inside the live handle.
            unsafe { CStr::from_ptr(impasto_jpeg_message(self.handle.as_ptr())) }.to_string_lossy()
        };
        match status {
            0 => Ok(()),
            2 => Err(truncated(self.length)),
            3 => Err(Error::TooLarge(format!(
                "a JPEG with more scans than the {} that max_scans and max_pixels allow its size: a decompression \
                 bomb, or raise them",
                self.max_scans
            ))),
            4 => Err(Error::Unsupported(format!(
                "a kind of JPEG we do not read: {}",
                message()
            ))),
            _ => Err(Error::Decode(format!("broken JPEG: {}", message()))),
        }
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is live; closing forgets the borrowed bytes.
        unsafe { impasto_jpeg_close(self.handle.as_ptr()) }
    }
}

/// The error for a JPEG of `length` bytes that ends before its last pixel.
pub(crate) fn truncated(length: usize) -> Error {
    Error::Truncated(format!(
        "the JPEG ends before its last pixel ({length} bytes, no end-of-image marker): download or copy it again"
    ))
}
