//! Captions as people write them under photographs: about ten words, some with digits, apostrophes and rare words.

use std::path::PathBuf;
use std::process::Command;

use impasto_core::rng::{Purpose, Stream};

const WHO: [&str; 24] = [
    "a man in a blue shirt",
    "two young girls",
    "a brown and white dog",
    "an elderly couple",
    "The pitcher",
    "a group of people",
    "a black cat",
    "Three men",
    "a woman wearing sunglasses",
    "a skateboarder",
    "A herd of sheep",
    "a toddler in striped pajamas",
    "a large passenger jet",
    "The bride's sister",
    "a red double-decker bus",
    "several zebras",
    "a policeman on horseback",
    "a vintage motorcycle",
    "a giraffe",
    "some children",
    "a street vendor",
    "the goalkeeper",
    "a border collie",
    "an astronaut",
];

const DOES: [&str; 20] = [
    "is sitting on",
    "stands next to",
    "is riding past",
    "jumps over",
    "are looking at",
    "walks across",
    "is holding",
    "is parked in front of",
    "are playing near",
    "leans against",
    "rests underneath",
    "is about to catch",
    "is photographed beside",
    "are gathered around",
    "flies above",
    "is grazing by",
    "waits for",
    "smiles at",
    "crosses",
    "is surrounded by",
];

const WHAT: [&str; 24] = [
    "a wooden bench",
    "the ocean",
    "a slice of pizza",
    "an umbrella",
    "a stop sign",
    "a snow-covered mountain",
    "a birthday cake with 7 candles",
    "the train station",
    "a frisbee",
    "a laptop computer",
    "a fire hydrant",
    "the kitchen counter",
    "a surfboard",
    "a field of sunflowers",
    "a traffic light",
    "the Golden Gate Bridge",
    "a bowl of broccoli",
    "a graffiti-covered wall",
    "a wrought-iron balcony",
    "a tennis racket",
    "the runway",
    "an old lighthouse",
    "a plate of hors d'oeuvres",
    "a kitesurfer's board",
];

const ENDS: [&str; 10] = [
    ".",
    "",
    " at night.",
    " on a sunny day.",
    " in the background.",
    " while it's raining",
    ", black and white photo",
    " during the 1980s.",
    " in a busy city street.",
    " with their backs to the camera.",
];

/// `count` captions, always the same.
pub fn captions(count: u64) -> Vec<String> {
    let mut stream = Stream::new(0, 0, 0, Purpose::Caption);
    let mut pick = |from: &[&'static str]| from[stream.below(from.len() as u64) as usize];
    (0..count)
        .map(|_| {
            format!(
                "{} {} {}{}",
                pick(&WHO),
                pick(&DOES),
                pick(&WHAT),
                pick(&ENDS)
            )
        })
        .collect()
}

/// The vocabulary that instant-clip-tokenizer carries: OpenAI's.
pub fn vocabulary() -> Vec<u8> {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|package| package["name"] == "instant-clip-tokenizer");
    let manifest = package
        .and_then(|package| package["manifest_path"].as_str())
        .expect("a path");
    let path = PathBuf::from(manifest).with_file_name("bpe_simple_vocab_16e6.txt");
    std::fs::read(path).expect("the vocabulary")
}
