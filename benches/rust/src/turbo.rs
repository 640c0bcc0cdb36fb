//! libjpeg-turbo's own interface, called as a C program would call it.

use std::ffi::CStr;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use impasto_core::image::View;
use turbojpeg_sys as sys;

fn check(handle: sys::tjhandle, status: i32) {
    // SAFETY: the handle is live and the message NUL-terminated.
    let message = || unsafe { CStr::from_ptr(sys::tj3GetErrorStr(handle)) };
    assert_eq!(status, 0, "{:?}", message());
}

/// A 4:2:0 JPEG of RGB8 `pixels`.
pub fn compress(pixels: &[u8], width: usize, height: usize, quality: i32) -> Vec<u8> {
    assert_eq!(pixels.len(), 3 * width * height);
    // SAFETY: TurboJPEG reads `pixels` within its size and allocates what we copy and free.
    unsafe {
        let handle = sys::tj3Init(sys::TJINIT_TJINIT_COMPRESS as i32);
        let set = |key: u32, value: i32| check(handle, sys::tj3Set(handle, key as i32, value));
        set(sys::TJPARAM_TJPARAM_QUALITY, quality);
        set(sys::TJPARAM_TJPARAM_SUBSAMP, sys::TJSAMP_TJSAMP_420);
        let (mut out, mut size) = (std::ptr::null_mut(), 0);
        let (width, height) = (width as i32, height as i32);
        let format = sys::TJPF_TJPF_RGB;
        let from = pixels.as_ptr();
        check(
            handle,
            sys::tj3Compress8(handle, from, width, 0, height, format, &mut out, &mut size),
        );
        let bytes = std::slice::from_raw_parts(out, size as usize).to_vec();
        sys::tj3Free(out.cast());
        sys::tj3Destroy(handle);
        bytes
    }
}

/// TurboJPEG's decompressor and the same resizer as ours.
pub struct Turbo {
    handle: sys::tjhandle,
    pixels: Vec<u8>,
    resizer: Resizer,
}

impl Default for Turbo {
    fn default() -> Self {
        Self {
            // SAFETY: takes no pointers.
            handle: unsafe { sys::tj3Init(sys::TJINIT_TJINIT_DECOMPRESS as i32) },
            pixels: Vec::new(),
            resizer: Resizer::new(),
        }
    }
}

impl Drop for Turbo {
    fn drop(&mut self) {
        // SAFETY: made by tj3Init, destroyed once.
        unsafe { sys::tj3Destroy(self.handle) }
    }
}

impl Turbo {
    /// Decodes a whole JPEG of `width` x `height`; gives its RGB8 pixels.
    pub fn decode(&mut self, jpeg: &[u8], width: usize, height: usize) -> &[u8] {
        self.read_header(jpeg);
        self.region(8, 0, 0, 0, 0);
        self.pixels.resize(3 * width * height, 0);
        self.decompress(jpeg);
        &self.pixels
    }

    /// Decodes what the box needs, at the scale that ours picks for it, and resizes it to `size` x `size`.
    pub fn load(&mut self, jpeg: &[u8], view: &View, size: u32, out: &mut [u8]) {
        self.read_header(jpeg);
        let target = f64::from(size);
        let fits = |eighths: &f64| view.width.min(view.height) * eighths / 8.0 >= target;
        let eighths = [1.0, 2.0, 4.0].into_iter().find(fits).unwrap_or(8.0);
        let scale = eighths / 8.0;
        // A cropping region has to begin at an MCU: 16 pixels of the full size with 4:2:0.
        let mcu = 16.0 * scale;
        let left = (view.left * scale / mcu).floor() * mcu;
        let top = (view.top * scale).floor();
        let width = ((view.left + view.width) * scale).ceil() - left;
        let height = ((view.top + view.height) * scale).ceil() - top;
        self.region(
            eighths as i32,
            left as i32,
            top as i32,
            width as i32,
            height as i32,
        );
        self.pixels.resize((3.0 * width * height) as usize, 0);
        self.decompress(jpeg);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(
                view.left * scale - left,
                view.top * scale - top,
                view.width * scale,
                view.height * scale,
            );
        let from = TypedImageRef::<U8x3>::from_buffer(width as u32, height as u32, &self.pixels);
        let mut to = TypedImage::<U8x3>::from_buffer(size, size, out).expect("the size of out");
        let from = from.expect("the size of pixels");
        self.resizer
            .resize_typed(&from, &mut to, &options)
            .expect("a box inside");
    }

    fn read_header(&mut self, jpeg: &[u8]) {
        let size = jpeg.len() as sys::size_t;
        // SAFETY: reads `size` bytes.
        check(self.handle, unsafe {
            sys::tj3DecompressHeader(self.handle, jpeg.as_ptr(), size)
        });
    }

    fn region(&mut self, eighths: i32, x: i32, y: i32, w: i32, h: i32) {
        let scale = sys::tjscalingfactor {
            num: eighths,
            denom: 8,
        };
        // TurboJPEG knows fractions in lowest terms alone.
        let scale = match eighths {
            8 => sys::tjscalingfactor { num: 1, denom: 1 },
            4 => sys::tjscalingfactor { num: 1, denom: 2 },
            2 => sys::tjscalingfactor { num: 1, denom: 4 },
            _ => scale,
        };
        // SAFETY: plain values and a live handle.
        unsafe {
            check(self.handle, sys::tj3SetScalingFactor(self.handle, scale));
            check(
                self.handle,
                sys::tj3SetCroppingRegion(self.handle, sys::tjregion { x, y, w, h }),
            );
        }
    }

    fn decompress(&mut self, jpeg: &[u8]) {
        let (size, format) = (jpeg.len() as sys::size_t, sys::TJPF_TJPF_RGB);
        let to = self.pixels.as_mut_ptr();
        // SAFETY: `pixels` holds the region that was set.
        check(self.handle, unsafe {
            sys::tj3Decompress8(self.handle, jpeg.as_ptr(), size, to, 0, format)
        });
    }
}
