//! A whole batch: 64 JPEGs in memory to random crops, flips, MixGen, float32 and CLIP ids, on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use impasto_benches::captions::{captions, vocabulary};
use impasto_benches::clock::CpuTime;
use impasto_benches::duel::Report;
use impasto_benches::photo::jpegs;
use impasto_core::batch::{self, Buffers, Keys, Recipe, Request, Staged, Text, When};
use impasto_core::image::{Crop, Decode, Dtype, Filter, Geometry, Layout, Load, Target};
use impasto_core::mix::MixGen;
use impasto_core::source::{Caption, Image, Index, IndexBuilder, Label};
use impasto_core::text::{ClipTokenizer, Framing, Specials, TextMask, Tokenizer};

const ROWS: usize = 64;
const LENGTH: usize = 77;

fn recipe() -> Recipe {
    let geometry = Geometry {
        crop: Crop::Random {
            scale: (0.08, 1.0),
            ratio: (3.0 / 4.0, 4.0 / 3.0),
        },
        height: 224,
        width: 224,
        hflip: 0.5,
        filter: Filter::Bilinear,
    };
    let clip = ClipTokenizer::from_vocabulary(&vocabulary()).expect("OpenAI's vocabulary");
    let framing = Framing {
        length: LENGTH,
        pad_id: 0,
        specials: Specials::Text,
        end: true,
    };
    Recipe {
        views: vec![batch::Image {
            load: Load {
                geometry,
                decode: Decode::default(),
                exact: false,
            },
            augment: Vec::new(),
            target: Target::new(Dtype::F32, Layout::Chw, Some(([0.48; 3], [0.27; 3]))),
            view: 0,
            patches: None,
        }],
        text: Some(Text {
            tokenizer: Some(Arc::new(Tokenizer::Clip(clip))),
            framing,
            clean: true,
            max_bytes: 1 << 16,
            prepare: None,
            augment: Vec::new(),
            weights: Vec::new(),
            mask: TextMask::Truncate,
        }),
        mix: Some(MixGen::default().into()),
        memory: Default::default(),
    }
}

fn index() -> Index {
    let photographs = jpegs(64);
    let mut builder = IndexBuilder::new("");
    for (row, caption) in captions(ROWS as u64).iter().enumerate() {
        let jpeg = &photographs[row % photographs.len()];
        let caption = Caption::Text(caption.as_bytes());
        builder.add(
            &row.to_string(),
            Image::Bytes(jpeg),
            &[caption],
            Label::Absent,
        );
    }
    builder.finish()
}

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .configure_from_args();
    let (recipe, index) = (Arc::new(recipe()), index());
    let mut images = vec![0f32; ROWS * recipe.views[0].bytes() / 4];
    let (mut ids, mut mask) = (vec![0; ROWS * LENGTH], vec![0; ROWS * LENGTH]);
    let mut batch = |epoch: u64| {
        let requests: Vec<Request> = (0..ROWS)
            .map(|row| Request {
                at: row,
                from: row,
                rewrite: 0,
                id: row as u64,
            })
            .collect();
        let keys = Keys { seed: 0, epoch };
        let mut staged = Staged::new(recipe.clone(), ROWS).expect("memory");
        let failed = staged.load(&index, None, &requests, keys, 1);
        assert!(failed.expect("free rows").is_empty());
        // SAFETY: the bytes of a live buffer of floats.
        let images =
            unsafe { std::slice::from_raw_parts_mut(images.as_mut_ptr().cast(), 4 * images.len()) };
        let buffers = Buffers {
            images: vec![images],
            ids: &mut ids,
            mask: &mut mask,
        };
        black_box(
            staged
                .finish(buffers, keys, When::default(), None, 1)
                .expect("buffers that fit"),
        )
    };

    let what = "64 JPEGs to MixGen, one thread";
    let mut group = criterion.benchmark_group("batch");
    group
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(4))
        .sample_size(20)
        .throughput(Throughput::Elements(ROWS as u64));
    let mut epoch = 0;
    group.bench_function(what, |b| {
        b.iter(|| {
            epoch += 1;
            batch(epoch)
        });
    });
    group.finish();

    let mut report = Report::new("batch");
    let epochs = 4;
    report.alone(what, epochs * ROWS, || {
        for epoch in 0..epochs {
            batch(epoch as u64);
        }
    });
    report.keep();
    criterion.final_summary();
}
