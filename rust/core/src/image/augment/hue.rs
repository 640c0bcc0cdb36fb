//! Hue as torchvision turns it on Pillow images: through 8-bit HSV.

/// Turns the hue by `shift` of 255 parts of the circle, modulo 256.
pub(super) fn turn(image: &mut [u8], shift: u8) {
    let (pixels, _) = image.as_chunks_mut::<3>();
    for pixel in pixels {
        let [hue, saturation, value] = to_hsv(*pixel);
        *pixel = to_rgb([hue.wrapping_add(shift), saturation, value]);
    }
}

/// Pillow's `convert("HSV")`: single precision but for the steps that C makes in double.
fn to_hsv(pixel: [u8; 3]) -> [u8; 3] {
    let [red, green, blue] = pixel;
    let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
    if high == low {
        return [0, 0, high];
    }
    let range = f32::from(high - low);
    let [from_red, from_green, from_blue] = pixel.map(|value| f32::from(high - value) / range);
    let hue = if red == high {
        from_blue - from_green
    } else if green == high {
        (2.0 + f64::from(from_red) - f64::from(from_blue)) as f32
    } else {
        (4.0 + f64::from(from_green) - f64::from(from_red)) as f32
    };
    let hue = ((f64::from(hue) / 6.0 + 1.0) % 1.0) as f32;
    let saturation = range / f32::from(high);
    [
        (f64::from(hue) * 255.0) as u8,
        (f64::from(saturation) * 255.0) as u8,
        high,
    ]
}

/// Pillow's `convert("RGB")` of HSV.
fn to_rgb([hue, saturation, value]: [u8; 3]) -> [u8; 3] {
    if saturation == 0 {
        return [value; 3];
    }
    let sixth = f64::from(hue) * 6.0 / 255.0;
    let part = f64::from((sixth - sixth.floor()) as f32);
    let saturation = f64::from((f64::from(saturation) / 255.0) as f32);
    let level = |share: f64| (f64::from(value) * (1.0 - share)).round() as u8;
    let (low, falling, rising) = (
        level(saturation),
        level(saturation * part),
        level(saturation * (1.0 - part)),
    );
    match sixth as u32 % 6 {
        0 => [value, rising, low],
        1 => [falling, value, low],
        2 => [low, value, rising],
        3 => [low, falling, value],
        4 => [rising, low, value],
        _ => [value, low, falling],
    }
}
