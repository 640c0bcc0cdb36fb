//! The chunks of a WebP.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::slice;

use libwebp_sys as sys;

/// libwebp's view of a whole file; it keeps pointers into the bytes.
pub(super) struct Demuxer<'a> {
    inner: NonNull<sys::WebPDemuxer>,
    bytes: PhantomData<&'a [u8]>,
}

/// Where a frame lies on the canvas, in pixels, and what it is decoded from.
pub(super) struct Frame<'a> {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
    pub data: &'a [u8],
}

impl<'a> Demuxer<'a> {
    /// None where the chunks are not those of a whole WebP.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let data = sys::WebPData {
            bytes: bytes.as_ptr(),
            size: bytes.len(),
        };
        let version = sys::WEBP_DEMUX_ABI_VERSION as i32;
        // SAFETY: `bytes` outlives what is made; no state is asked for, so that a part of a file is none.
        let inner = unsafe { sys::WebPDemuxInternal(&raw const data, 0, ptr::null_mut(), version) };
        NonNull::new(inner).map(|inner| Self {
            inner,
            bytes: PhantomData,
        })
    }

    pub fn number(&self, of: sys::WebPFormatFeature) -> u32 {
        // SAFETY: a demuxer that lives.
        unsafe { sys::WebPDemuxGetI(self.inner.as_ptr(), of) }
    }

    pub fn has_alpha(&self) -> bool {
        let flags = self.number(sys::WebPFormatFeature::WEBP_FF_FORMAT_FLAGS);
        flags & sys::WebPFeatureFlags::ALPHA_FLAG as u32 != 0
    }

    /// The first chunk of a name.
    pub fn chunk(&self, name: &CStr) -> Option<&'a [u8]> {
        let mut found = MaybeUninit::<sys::WebPChunkIterator>::zeroed();
        // SAFETY: a demuxer that lives; a name of four letters; what is found is of the file's bytes, which live for
        // 'a, and the iterator owns nothing else.
        unsafe {
            let some =
                sys::WebPDemuxGetChunk(self.inner.as_ptr(), name.as_ptr(), 1, found.as_mut_ptr());
            (some != 0).then(|| {
                let chunk = found.assume_init().chunk;
                sys::WebPDemuxReleaseChunkIterator(found.as_mut_ptr());
                slice_of(chunk)
            })
        }
    }

    pub fn first_frame(&self) -> Option<Frame<'a>> {
        let mut found = MaybeUninit::<sys::WebPIterator>::zeroed();
        // SAFETY: as of a chunk.
        unsafe {
            let some = sys::WebPDemuxGetFrame(self.inner.as_ptr(), 1, found.as_mut_ptr());
            if some == 0 {
                return None;
            }
            let frame = found.assume_init();
            sys::WebPDemuxReleaseIterator(found.as_mut_ptr());
            Some(Frame {
                left: usize::try_from(frame.x_offset).ok()?,
                top: usize::try_from(frame.y_offset).ok()?,
                width: usize::try_from(frame.width).ok()?,
                height: usize::try_from(frame.height).ok()?,
                data: slice_of(frame.fragment),
            })
        }
    }
}

impl Drop for Demuxer<'_> {
    fn drop(&mut self) {
        // SAFETY: it was made by `WebPDemux`, and is deleted once.
        unsafe { sys::WebPDemuxDelete(self.inner.as_ptr()) }
    }
}

/// # Safety
/// The bytes live for 'a.
unsafe fn slice_of<'a>(data: sys::WebPData) -> &'a [u8] {
    match data.bytes.is_null() {
        true => &[],
        // SAFETY: the caller's promise.
        false => unsafe { slice::from_raw_parts(data.bytes, data.size) },
    }
}
