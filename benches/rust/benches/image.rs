//! Decoding, cropping, resizing, blending.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use impasto_benches::clock::CpuTime;
use impasto_benches::duel::Report;
use impasto_benches::photo::{HEIGHT, WIDTH, jpegs};
use impasto_benches::turbo::Turbo;
use impasto_core::image::{
    Crop, Decode, Dtype, Filter, Geometry, Layout, Load, Scratch, Target, View, decode, resize,
};
use impasto_core::mix::MixGen;
use impasto_core::rng::{Purpose, Stream};

const SIZE: u32 = 224;
const PIXELS: usize = (SIZE * SIZE) as usize;

fn random_crop(hflip: f64, exact: bool) -> Load {
    let crop = Crop::Random {
        scale: (0.08, 1.0),
        ratio: (3.0 / 4.0, 4.0 / 3.0),
    };
    let geometry = Geometry {
        crop,
        height: SIZE,
        width: SIZE,
        hflip,
        filter: Filter::Bilinear,
    };
    Load {
        geometry,
        decode: Decode::default(),
        exact,
    }
}

fn stream(sample: usize) -> Stream {
    Stream::new(0, 0, sample as u64, Purpose::Geometry)
}

/// The boxes of the first samples: each photograph is visited several times.
fn views(load: &Load, count: usize) -> Vec<View> {
    (0..count)
        .map(|sample| {
            load.geometry
                .draw(WIDTH as u32, HEIGHT as u32, &mut stream(sample))
        })
        .collect()
}

fn clip(dtype: Dtype) -> Target {
    let (mean, std) = (
        [0.48145466, 0.4578275, 0.40821073],
        [0.26862954, 0.261_302_6, 0.275_777_1],
    );
    Target::new(dtype, Layout::Chw, Some((mean, std)))
}

/// Peak signal-to-noise ratio in decibels.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    10.0 * (255.0f64.powi(2) * a.len() as f64 / squares.sum::<f64>().max(1e-9)).log10()
}

fn duels(photographs: &[Vec<u8>]) {
    let mut report = Report::new("image");
    let mut turbo = Turbo::default();

    for jpeg in photographs {
        let ours = decode(jpeg, &Decode::default()).expect("a good file");
        assert_eq!(
            ours.data,
            turbo.decode(jpeg, WIDTH, HEIGHT),
            "full decoding differs from TurboJPEG's"
        );
    }
    report.duel(
        "decode 640x480",
        photographs.len(),
        ("impasto", || {
            for jpeg in photographs {
                black_box(decode(jpeg, &Decode::default()).expect("a good file"));
            }
        }),
        ("TurboJPEG", || {
            for jpeg in photographs {
                black_box(turbo.decode(jpeg, WIDTH, HEIGHT));
            }
        }),
        0.9,
    );

    let load = random_crop(0.0, false);
    let views = views(&load, 8 * photographs.len());
    let visits: Vec<_> = views.iter().zip(photographs.iter().cycle()).collect();
    let (mut ours, mut theirs) = (vec![0; 3 * PIXELS], vec![0; 3 * PIXELS]);
    let mut scratch = Scratch::default();
    for (sample, (view, jpeg)) in visits.iter().enumerate() {
        let drawn = load
            .run(jpeg, &mut stream(sample), &mut scratch, &mut ours)
            .expect("a good file");
        turbo.load(jpeg, view, SIZE, &mut theirs);
        assert_eq!(drawn.view, **view);
        // Not equal: we let chroma see two columns beyond the box, as in the whole image; TurboJPEG does not.
        let psnr = psnr(&ours, &theirs);
        assert!(psnr > 38.0, "{view:?}: {psnr:.1} dB from TurboJPEG's");
    }
    report.duel(
        "decode + crop + resize to 224",
        visits.len(),
        ("impasto", || {
            for (sample, (_, jpeg)) in visits.iter().enumerate() {
                black_box(
                    load.run(jpeg, &mut stream(sample), &mut scratch, &mut ours)
                        .expect("a good file"),
                );
            }
        }),
        ("TurboJPEG's cropped and scaled decode", || {
            for (view, jpeg) in &visits {
                turbo.load(jpeg, view, SIZE, &mut theirs);
                black_box(&theirs);
            }
        }),
        0.9,
    );

    let rows = 64;
    let batch: Vec<u8> = (0..rows * 3 * PIXELS).map(|i| (i * 31) as u8).collect();
    let image = |row: usize| &batch[3 * PIXELS * row..][..3 * PIXELS];
    let plan = MixGen::default().draw(rows, 0, 0, 0, 0).expect("a plan");
    let target = clip(Dtype::F32);
    let mut out = vec![0f32; rows * 3 * PIXELS];
    let copied = out.clone();
    let mut copy = vec![1f32; rows * 3 * PIXELS];
    report.duel(
        "blend + normalise to float32",
        rows,
        ("impasto", || {
            // SAFETY: the bytes of a live buffer of floats.
            let out = unsafe {
                std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), 4 * out.len())
            };
            for (row, out) in out.chunks_exact_mut(12 * PIXELS).enumerate() {
                let mix = plan[row];
                let other = mix.is_mixed(row).then(|| (image(mix.partner), mix.lam));
                target
                    .write(image(row), other, out)
                    .expect("sizes that fit");
            }
            black_box(&out);
        }),
        ("memory copy of the bytes written", || {
            copy.copy_from_slice(black_box(&copied));
            black_box(&copy);
        }),
        0.6,
    );
    report.keep();
}

fn kernels(criterion: &mut Criterion<CpuTime>, photographs: &[Vec<u8>]) {
    let mut scratch = Scratch::default();
    let mut out = vec![0; 3 * PIXELS];
    let mut group = criterion.benchmark_group("image");
    group
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);

    let jpeg = &photographs[0];
    group.bench_function("decode 640x480", |b| {
        b.iter(|| decode(black_box(jpeg), &Decode::default()))
    });
    for (name, hflip, exact) in [
        ("fast", 0.0, false),
        ("fast, flipped", 1.0, false),
        ("exact", 0.0, true),
    ] {
        let load = random_crop(hflip, exact);
        let mut sample = 0;
        group.bench_function(format!("random crop to 224, {name}"), |b| {
            b.iter(|| {
                sample = (sample + 1) % 256;
                load.run(
                    &photographs[sample % photographs.len()],
                    &mut stream(sample),
                    &mut scratch,
                    &mut out,
                )
            });
        });
    }
    let pixels = decode(jpeg, &Decode::default()).expect("a good file").data;
    let whole = View {
        width: WIDTH as f64,
        height: HEIGHT as f64,
        inside: true,
        ..View::default()
    };
    let filters = [Filter::Bilinear, Filter::Bicubic];
    for (filter, exact) in filters
        .into_iter()
        .flat_map(|filter| [(filter, true), (filter, false)])
    {
        let (w, h) = (WIDTH as u32, HEIGHT as u32);
        let bits = if exact { 22 } else { 16 };
        group.bench_function(
            format!("resize 640x480 to 224, {filter:?}, {bits} bits"),
            |b| {
                b.iter(|| {
                    resize(
                        &pixels,
                        w,
                        h,
                        &whole,
                        SIZE,
                        SIZE,
                        filter,
                        exact,
                        &mut scratch,
                        &mut out,
                    )
                });
            },
        );
    }
    let (a, b) = (&pixels[..3 * PIXELS], &pixels[3 * PIXELS..6 * PIXELS]);
    for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16, Dtype::U8] {
        let target = clip(dtype);
        let mut space = vec![0u64; target.row_bytes(PIXELS) / 8];
        // SAFETY: plain bytes of a live buffer.
        let row = unsafe {
            std::slice::from_raw_parts_mut(
                space.as_mut_ptr().cast::<u8>(),
                target.row_bytes(PIXELS),
            )
        };
        group.throughput(Throughput::Bytes(row.len() as u64));
        for (name, mix) in [("write", None), ("blend", Some((b, 0.5)))] {
            group.bench_function(format!("{name} {dtype:?}"), |b| {
                b.iter(|| target.write(a, mix, row))
            });
        }
    }
    group.finish();
}

fn main() {
    let photographs = jpegs(16);
    let mean = photographs.iter().map(Vec::len).sum::<usize>() / photographs.len();
    println!(
        "{} photographs, {WIDTH}x{HEIGHT}, {mean} bytes on average",
        photographs.len()
    );
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .configure_from_args();
    kernels(&mut criterion, &photographs);
    duels(&photographs);
    criterion.final_summary();
}
