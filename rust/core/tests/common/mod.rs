//! Encoded images for tests.

#![allow(dead_code, reason = "each test file uses some of it")]

use turbojpeg_sys as sys;

/// A smooth picture in which a shift by a pixel shows: red grows to the right, green downwards.
pub fn ramp(width: usize, height: usize) -> Vec<u8> {
    let step = |at: usize, length: usize| (at * 255 / length.max(1)) as u8;
    (0..width * height)
        .flat_map(|i| [step(i % width, width), step(i / width, height), 120])
        .collect()
}

/// A JPEG of RGB8 pixels; `sampling` is a `TJSAMP`.
pub fn jpeg(
    pixels: &[u8],
    width: usize,
    height: usize,
    sampling: u32,
    progressive: bool,
) -> Vec<u8> {
    let settings = [
        (sys::TJPARAM_TJPARAM_QUALITY, 95),
        (sys::TJPARAM_TJPARAM_SUBSAMP, sampling as i32),
        (sys::TJPARAM_TJPARAM_PROGRESSIVE, i32::from(progressive)),
    ];
    tuned_jpeg(pixels, (width, height), sys::TJPF_TJPF_RGB, &settings)
}

/// A CMYK JPEG (YCCK inside) of `width` x `height`.
pub fn cmyk_jpeg(width: usize, height: usize) -> Vec<u8> {
    let pixels: Vec<u8> = (0..4 * width * height).map(|i| (i * 7) as u8).collect();
    let settings = [
        (sys::TJPARAM_TJPARAM_QUALITY, 95),
        (sys::TJPARAM_TJPARAM_SUBSAMP, 0),
    ];
    tuned_jpeg(&pixels, (width, height), sys::TJPF_TJPF_CMYK, &settings)
}

/// A JPEG of pixels in a `TJPF` format, with `TJPARAM`s and their values.
pub fn tuned_jpeg(
    pixels: &[u8],
    (width, height): (usize, usize),
    format: i32,
    settings: &[(u32, i32)],
) -> Vec<u8> {
    // SAFETY: TurboJPEG reads `pixels` within its size and allocates what is copied and freed.
    unsafe {
        let handle = sys::tj3Init(sys::TJINIT_TJINIT_COMPRESS as i32);
        for (key, value) in settings {
            assert_eq!(sys::tj3Set(handle, *key as i32, *value), 0);
        }
        let (mut out, mut size) = (std::ptr::null_mut(), 0);
        let (width, height) = (width as i32, height as i32);
        let from = pixels.as_ptr();
        let status = sys::tj3Compress8(handle, from, width, 0, height, format, &mut out, &mut size);
        assert_eq!(status, 0);
        let bytes = std::slice::from_raw_parts(out, size as usize).to_vec();
        sys::tj3Free(out.cast());
        sys::tj3Destroy(handle);
        bytes
    }
}

/// The JPEG with an EXIF block that holds an orientation, 1 to 8.
pub fn oriented(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif =
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

/// A PNG of `width` x `height` with samples that count up.
pub fn png(width: u32, height: u32, color: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette((0..=255).flat_map(|i| [i, 255 - i, 9]).collect::<Vec<u8>>());
    }
    let row = (width as usize * color.samples() * depth as usize).div_ceil(8);
    let samples: Vec<u8> = (0..row * height as usize).map(|i| (i * 5) as u8).collect();
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&samples).expect("pixels");
    drop(writer);
    out
}

/// A lossless WebP of a ramp.
pub fn webp(width: usize, height: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut out);
    let color = image_webp::ColorType::Rgb8;
    encoder
        .encode(&ramp(width, height), width as u32, height as u32, color)
        .expect("in memory");
    out
}

/// One small file of every kind that we read.
pub fn zoo() -> Vec<Vec<u8>> {
    use png::{BitDepth, ColorType};
    let pixels = ramp(40, 24);
    let mut zoo: Vec<Vec<u8>> = (0..6)
        .map(|sampling| jpeg(&pixels, 40, 24, sampling, false))
        .collect();
    zoo.push(oriented(&jpeg(&pixels, 40, 24, 2, true), 6));
    zoo.push(cmyk_jpeg(20, 17));
    for (color, depth) in [
        (ColorType::Rgb, BitDepth::Eight),
        (ColorType::Rgba, BitDepth::Sixteen),
        (ColorType::Grayscale, BitDepth::One),
        (ColorType::GrayscaleAlpha, BitDepth::Eight),
        (ColorType::Indexed, BitDepth::Four),
    ] {
        zoo.push(png(19, 13, color, depth));
    }
    zoo.push(webp(21, 15));
    zoo.push(include_bytes!("../data/lossy.webp").to_vec());
    zoo.push(include_bytes!("../data/lossy-alpha.webp").to_vec());
    zoo.push(include_bytes!("../data/animated.webp").to_vec());
    zoo
}
