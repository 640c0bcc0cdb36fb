//! Tokenising captions.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use impasto_benches::captions::{captions, vocabulary};
use impasto_benches::clock::CpuTime;
use impasto_benches::duel::Report;
use impasto_core::text::{ClipTokenizer, Framing, Specials, TextScratch, Tokenizer};
use instant_clip_tokenizer::Tokenizer as Instant;

fn main() {
    let clip = ClipTokenizer::from_vocabulary(&vocabulary()).expect("OpenAI's vocabulary");
    let clip = Tokenizer::Clip(clip);
    let instant = Instant::new();
    let texts = captions(2000);
    let mut scratch = TextScratch::default();
    let (mut ids, mut tokens) = (Vec::new(), Vec::new());
    for text in &texts {
        ids.clear();
        tokens.clear();
        clip.encode(text, Specials::Text, &mut scratch, &mut ids);
        instant.encode(text, &mut tokens);
        let theirs: Vec<u32> = tokens
            .iter()
            .map(|token| u32::from(token.to_u16()))
            .collect();
        assert_eq!(ids, theirs, "{text:?}");
    }

    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .configure_from_args();
    let framing = Framing {
        length: 77,
        pad_id: 0,
        specials: Specials::Text,
        end: true,
    };
    let (mut row, mut mask) = ([0i64; 77], [0i64; 77]);
    let mut group = criterion.benchmark_group("text");
    group
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("2000 captions to rows of 77 ids", |b| {
        b.iter(|| {
            for text in &texts {
                black_box(clip.write_row(text, &framing, &mut scratch, &mut row, &mut mask));
            }
        });
    });
    group.finish();

    let mut report = Report::new("text");
    report.duel(
        "CLIP ids of a caption",
        texts.len(),
        ("impasto", || {
            for text in &texts {
                ids.clear();
                clip.encode(text, Specials::Text, &mut scratch, &mut ids);
                black_box(&ids);
            }
        }),
        ("instant-clip-tokenizer", || {
            for text in &texts {
                tokens.clear();
                instant.encode(text, &mut tokens);
                black_box(&tokens);
            }
        }),
        1.0,
    );
    report.keep();
    criterion.final_summary();
}
