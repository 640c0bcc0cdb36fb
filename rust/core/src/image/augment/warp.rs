//! Affine warps: every pixel of the result looks for its own in the source.

use std::ops::Range;

use super::simd::for_avx2;

/// From a place in the result to one in the source: `x' = m[0] x + m[1] y + m[2]`, `y' = m[3] x + m[4] y + m[5]`.
pub(super) type Matrix = [f64; 6];

/// A source, and what is where it isn't.
struct Warp<'a> {
    source: &'a [u8],
    width: usize,
    height: usize,
    color: [u8; 3],
}

/// The nearest pixel, in Pillow's 16-bit fixed-point arithmetic; matrices are of pixels' corners, as Pillow's are.
pub(super) fn nearest(
    image: &mut [u8],
    width: usize,
    matrix: &Matrix,
    color: [u8; 3],
    copy: &mut Vec<u8>,
) {
    let fixed = |x: f64| (x * 65536.0 + 0.5).floor() as i64;
    let [a, b, c, d, e, f] = *matrix;
    let (x_step, y_step) = (fixed(a), fixed(d));
    let mut x_row = fixed(c + a * 0.5 + b * 0.5);
    let mut y_row = fixed(f + d * 0.5 + e * 0.5);
    let warp = Warp::new(image, width, color, copy);
    for out in image.chunks_exact_mut(width.max(1) * 3) {
        let columns = inside(x_row, x_step, width, (width as i64) << 16);
        let rows = inside(y_row, y_step, width, (warp.height as i64) << 16);
        let x_range = both(columns, rows);
        paint(&mut out[..x_range.start * 3], color);
        paint(&mut out[x_range.end * 3..], color);
        let start = x_range.start as i64;
        let place = (x_row + start * x_step, y_row + start * y_step);
        let out = &mut out[x_range.start * 3..x_range.end * 3];
        match x_step {
            65536 => warp.copy_runs(place, y_step, out),
            _ => warp.copy_pixels(place, (x_step, y_step), out),
        }
        x_row += fixed(b);
        y_row += fixed(e);
    }
}

/// The numbers n below the count for which `start + n * step` lies in 0..limit.
fn inside(start: i64, step: i64, count: usize, limit: i64) -> Range<usize> {
    let count = count as i64;
    // The first n with start + n * step >= bound, for positive steps.
    let reaches = |start: i64, step: i64, bound: i64| {
        ((bound - start) + step - 1)
            .div_euclid(step)
            .clamp(0, count)
    };
    let (first, end) = match step.signum() {
        0 if (0..limit).contains(&start) => (0, count),
        0 => (0, 0),
        1 => (reaches(start, step, 0), reaches(start, step, limit)),
        _ => (reaches(-start, -step, 1 - limit), reaches(-start, -step, 1)),
    };
    first as usize..end as usize
}

fn both(one: Range<usize>, other: Range<usize>) -> Range<usize> {
    let start = one.start.max(other.start);
    start..one.end.min(other.end).max(start)
}

fn paint(out: &mut [u8], color: [u8; 3]) {
    let (pixels, _) = out.as_chunks_mut::<3>();
    pixels.fill(color);
}

impl<'a> Warp<'a> {
    fn new(image: &[u8], width: usize, color: [u8; 3], copy: &'a mut Vec<u8>) -> Self {
        copy.clear();
        copy.reserve(image.len() + 1);
        copy.extend_from_slice(image);
        copy.push(0); // the last pixel is read with a fourth byte
        let height = image.len() / (width.max(1) * 3);
        Self {
            source: copy,
            width,
            height,
            color,
        }
    }

    /// Copies pixels that lie beside each other in the source too, row by row of the source.
    fn copy_runs(&self, (x, mut y): (i64, i64), y_step: i64, out: &mut [u8]) {
        let mut column = (x >> 16) as usize;
        let mut rest = out;
        while !rest.is_empty() {
            let pixels = rest.len() / 3;
            let run = match y_step.signum() {
                0 => pixels,
                1 => (((0x1_0000 - (y & 0xffff)) + y_step - 1) / y_step) as usize,
                _ => ((y & 0xffff) / -y_step + 1) as usize,
            }
            .min(pixels);
            let from = ((y >> 16) as usize * self.width + column) * 3;
            let (now, later) = rest.split_at_mut(run * 3);
            now.copy_from_slice(&self.source[from..from + now.len()]);
            rest = later;
            column += run;
            y += y_step * run as i64;
        }
    }

    fn copy_pixels(&self, (mut x, mut y): (i64, i64), step: (i64, i64), out: &mut [u8]) {
        let (out, _) = out.as_chunks_mut::<3>();
        let (source, _) = self.source.as_chunks::<3>();
        for pixel in out {
            *pixel = source[(y >> 16) as usize * self.width + (x >> 16) as usize];
            x += step.0;
            y += step.1;
        }
    }

    /// The pixel at a place, its channels 21 bits apart.
    fn spread(&self, x: i64, y: i64) -> u64 {
        let inside = (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y);
        let [red, green, blue] = match inside {
            true => {
                let at = (y as usize * self.width + x as usize) * 3;
                [self.source[at], self.source[at + 1], self.source[at + 2]]
            }
            false => self.color,
        };
        u64::from(red) | u64::from(green) << 21 | u64::from(blue) << 42
    }

    /// The four pixels about a place, weighed; the place is in 32-bit fixed point.
    fn interpolate(&self, x: i64, y: i64) -> [u8; 3] {
        let (column, row) = (x >> 32, y >> 32);
        let share = |place: i64| ((place as u32 >> 19) + 1) as u64 >> 1;
        let (right, below) = (share(x), share(y));
        let both = (right * below + 0x800) >> 12;
        let sum = self.spread(column, row) * (0x1000 + both - right - below)
            + self.spread(column + 1, row) * (right - both)
            + self.spread(column, row + 1) * (below - both)
            + self.spread(column + 1, row + 1) * both
            + (0x800 | 0x800 << 21 | 0x800 << 42);
        [12, 33, 54].map(|shift| (sum >> shift) as u8)
    }
}

/// Bilinear, by the definition of `cv2.warpAffine` with a constant border; matrices are of pixels' centres, as OpenCV's
/// are. OpenCV 5 is within one level; OpenCV 4.10 rounds places to 1/32 of a pixel, and is up to 5 levels off.
///
/// Weights have 12 bits.
pub(super) fn bilinear(
    image: &mut [u8],
    width: usize,
    matrix: &Matrix,
    color: [u8; 3],
    copy: &mut Vec<u8>,
) {
    let fixed = |x: f64| (x * 4_294_967_296.0).round() as i64;
    let [a, b, c, d, e, f] = *matrix;
    let step = (fixed(a), fixed(d));
    let warp = Warp::new(image, width, color, copy);
    for (row, out) in image.chunks_exact_mut(width.max(1) * 3).enumerate() {
        let (x, y) = (fixed(b * row as f64 + c), fixed(e * row as f64 + f));
        // Where all four pixels about a place are in the source.
        let limit = |side: usize| (side as i64 - 1) << 32;
        let columns = inside(x, step.0, width, limit(width));
        let level = step == (1 << 32, 0) && y & 0xffff_ffff == 0;
        let bottom = limit(warp.height) + i64::from(level) * (1 << 32);
        let within = both(columns, inside(y, step.1, width, bottom));
        let place = |n: usize| (x + n as i64 * step.0, y + n as i64 * step.1);
        let (pixels, _) = out.as_chunks_mut::<3>();
        for n in (0..within.start).chain(within.end..width) {
            let (x, y) = place(n);
            pixels[n] = warp.interpolate(x, y);
        }
        let start = place(within.start);
        let middle = pixels[within].as_flattened_mut();
        if level {
            let from = ((start.1 >> 32) * width as i64 + (start.0 >> 32)) * 3;
            if !middle.is_empty() {
                let source = &warp.source[from as usize..from as usize + middle.len() + 3];
                slide(source, ((x as u32 >> 19) + 1) >> 1, middle);
            }
        } else {
            turn(warp.source, width * 3, start, step, middle);
        }
    }
}

/// Places between four pixels of the source each; four bytes at a time, the last of which the next pixel replaces.
fn turn(source: &[u8], stride: usize, start: (i64, i64), step: (i64, i64), out: &mut [u8]) {
    let (mut x, mut y) = start;
    let tap = |at: usize| <[u8; 4]>::try_from(&source[at..at + 4]).unwrap_or_default();
    let mut at = 0;
    while at < out.len() {
        let from = (y >> 32) as usize * stride + (x >> 32) as usize * 3;
        let share = |place: i64| ((place as u32 >> 19) + 1) >> 1;
        let (right, below) = (share(x), share(y));
        let both = (right * below + 0x800) >> 12;
        let weights = [
            0x1000 + both - right - below,
            right - both,
            below - both,
            both,
        ];
        let taps = [
            tap(from),
            tap(from + 3),
            tap(from + stride),
            tap(from + stride + 3),
        ];
        let pixel = weigh(taps, weights);
        match out[at..].first_chunk_mut::<4>() {
            Some(place) => *place = pixel,
            None => out[at..at + 3].copy_from_slice(&pixel[..3]),
        }
        at += 3;
        x += step.0;
        y += step.1;
    }
}

/// The sum of four pixels with weights of 12 bits that sum to one, rounded.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn weigh(taps: [[u8; 4]; 4], weights: [u32; 4]) -> [u8; 4] {
    use std::arch::x86_64::*;
    // SAFETY: SSE2 is part of x86-64, and nothing here reads or writes memory.
    unsafe {
        let zero = _mm_setzero_si128();
        let load = |tap: usize| _mm_cvtsi32_si128(i32::from_le_bytes(taps[tap]));
        let pair = |left: usize, right: usize| {
            let values = _mm_unpacklo_epi8(_mm_unpacklo_epi8(load(left), load(right)), zero);
            let weights = (weights[left] | weights[right] << 16) as i32;
            _mm_madd_epi16(values, _mm_set1_epi32(weights))
        };
        let sum = _mm_add_epi32(_mm_add_epi32(pair(0, 1), pair(2, 3)), _mm_set1_epi32(0x800));
        let words = _mm_packs_epi32(_mm_srli_epi32::<12>(sum), zero);
        _mm_cvtsi128_si32(_mm_packus_epi16(words, words)).to_le_bytes()
    }
}

/// The sum of four pixels with weights of 12 bits that sum to one, rounded.
#[cfg(not(target_arch = "x86_64"))]
fn weigh(taps: [[u8; 4]; 4], weights: [u32; 4]) -> [u8; 4] {
    std::array::from_fn(|channel| {
        let parts = taps.iter().zip(weights);
        let sum: u32 = parts
            .map(|(tap, weight)| u32::from(tap[channel]) * weight)
            .sum();
        ((sum + 0x800) >> 12) as u8
    })
}

for_avx2! {
    fn slide(source: &[u8], share: u32, out: &mut [u8]) {
        let source = &source[..out.len() + 3];
        for (at, value) in out.iter_mut().enumerate() {
            let (left, right) = (u32::from(source[at]), u32::from(source[at + 3]));
            *value = ((left * (0x1000 - share) + right * share + 0x800) >> 12) as u8;
        }
    }
}
