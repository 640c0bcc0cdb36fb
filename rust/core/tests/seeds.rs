//! Each seed that the fuzzer starts from gets to the reader that its target is about.

#[path = "../../fuzz/src/lib.rs"]
#[allow(
    dead_code,
    reason = "the captions' targets have no reader that could refuse a seed"
)]
mod targets;

use std::fs;
use std::path::Path;

use impasto_core::image::Format;

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).expect("a folder of seeds");
    let seeds: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_string();
            name.starts_with("seed-")
                .then(|| (format!("{target}/{name}"), fs::read(path).expect("a seed")))
        })
        .collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

#[test]
fn images_are_decoded() {
    for (target, format) in [
        ("jpeg", Format::Jpeg),
        ("png", Format::Png),
        ("webp", Format::WebP),
    ] {
        for (name, bytes) in seeds(target) {
            assert_eq!(targets::image(format, &bytes), Some(Ok(())), "{name}");
        }
    }
}

/// Each seed is written in all four ways, so what comes after that is reached.
#[test]
fn jpegs_are_written_with_restarts() {
    for (name, bytes) in seeds("restarts") {
        assert_eq!(targets::restarts(&bytes), 4, "{name}");
    }
}

#[test]
fn shards_have_members() {
    for (name, bytes) in seeds("tar") {
        assert!(
            targets::tar(&bytes).is_ok_and(|members| members > 0),
            "{name}"
        );
    }
}

#[test]
fn files_of_tokenizers_are_known() {
    for (name, bytes) in seeds("tokenizer_file") {
        assert_eq!(targets::tokenizer_file(&bytes), Ok(()), "{name}");
    }
}
