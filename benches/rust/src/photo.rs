//! Photographs made of dead leaves: discs that hide each other, whose sizes follow a power law.
//!
//! Such images have the spectrum and the edges of natural ones (Lee, Mumford and Huang 2001), so a JPEG of them costs a
//! decoder what a photograph costs: about 70 kB for 640x480 at quality 90.

use impasto_core::rng::{Purpose, Stream};

/// Columns of every photograph.
pub const WIDTH: usize = 640;
/// Rows of every photograph.
pub const HEIGHT: usize = 480;

const NAMELESS: u32 = u32::MAX;

/// RGB8 pixels of photograph number `seed`, row by row.
pub fn pixels(seed: u64) -> Vec<u8> {
    let mut stream = Stream::new(seed, 0, 0, Purpose::Geometry);
    let mut owner = vec![NAMELESS; WIDTH * HEIGHT];
    let mut colors = Vec::new();
    let mut bare = owner.len();
    // Nearest disc first; a twentieth of the ground may stay bare.
    while bare > owner.len() / 20 {
        let leaf = colors.len() as u32;
        let grey = stream.uniform(20.0, 235.0);
        colors.push([0; 3].map(|_| grey + stream.uniform(-40.0, 40.0)));
        // P(radius > r) ~ r^-2 between 7 and 250 pixels.
        let radius = 7.0 / (stream.uniform((7.0f64 / 250.0).powi(2), 1.0)).sqrt();
        let (x, y) = (
            stream.uniform(0.0, WIDTH as f64),
            stream.uniform(0.0, HEIGHT as f64),
        );
        let rows = (y - radius).max(0.0) as usize..((y + radius) as usize).min(HEIGHT);
        for row in rows {
            let half = (radius * radius - (row as f64 - y).powi(2)).max(0.0).sqrt();
            let columns = (x - half).max(0.0) as usize..((x + half) as usize).min(WIDTH);
            for slot in &mut owner[row * WIDTH..][columns] {
                if *slot == NAMELESS {
                    *slot = leaf;
                    bare -= 1;
                }
            }
        }
    }
    soften(&owner, &colors, &mut stream)
}

/// A lens's blur, a light that falls off, and a sensor's noise.
fn soften(owner: &[u32], colors: &[[f64; 3]], stream: &mut Stream) -> Vec<u8> {
    let color = |x: usize, y: usize, c: usize| {
        let leaf = owner[y.min(HEIGHT - 1) * WIDTH + x.min(WIDTH - 1)];
        colors.get(leaf as usize).map_or(128.0, |color| color[c])
    };
    let mut out = Vec::with_capacity(3 * owner.len());
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let light = 0.75 + 0.25 * (x as f64 / 90.0).sin() * (y as f64 / 70.0).cos();
            let noise = stream.uniform(-NOISE, NOISE);
            for c in 0..3 {
                let near = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| color(x + i, y + j, c));
                out.push((light * near.iter().sum::<f64>() / 4.0 + noise) as u8);
            }
        }
    }
    out
}

/// Half the width of the noise, in levels: it decides what the JPEG weighs.
const NOISE: f64 = 3.0;

/// What the photographs are.
pub fn described() -> &'static str {
    match std::env::var_os("IMPASTO_PHOTOGRAPHS") {
        Some(_) => "given files",
        None => "dead leaves, 640x480, JPEG of quality 90, 4:2:0, 73 kB each",
    }
}

/// `count` photographs of 640x480 as JPEGs of quality 90 with chroma at half size (4:2:0).
///
/// They are the files of the folder that `IMPASTO_PHOTOGRAPHS` names, in order, when it is set.
pub fn jpegs(count: usize) -> Vec<Vec<u8>> {
    let Some(folder) = std::env::var_os("IMPASTO_PHOTOGRAPHS") else {
        let seeds = 0..count as u64;
        return seeds
            .map(|seed| crate::turbo::compress(&pixels(seed), WIDTH, HEIGHT, 90))
            .collect();
    };
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let read = |path| std::fs::read(path).expect("a file");
    paths.iter().take(count).map(read).collect()
}
