//! Ours against a peer's: the same work, in turns, so that what else the machine does falls on both.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::{clock, photo};

/// How long two rivals are timed together.
const PATIENCE: Duration = Duration::from_secs(6);

/// Ratios of one bench, printed and kept.
pub struct Report {
    bench: &'static str,
    rows: Vec<Value>,
    ratios: Map<String, Value>,
}

impl Report {
    /// An empty report of a bench.
    pub fn new(bench: &'static str) -> Self {
        Self {
            bench,
            rows: Vec::new(),
            ratios: Map::new(),
        }
    }

    /// Times `units` of `what` alone and notes how many are done in a second; the least of several rounds' CPU time.
    pub fn alone(&mut self, what: &str, units: usize, mut work: impl FnMut()) {
        let mut best = Duration::MAX;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let start = clock::now();
            work();
            best = best.min(clock::now() - start);
        }
        let micros = round(best.as_secs_f64() * 1e6 / units as f64);
        println!("{what}: {micros} us, {} a second", (1e6 / micros) as u64);
        self.rows.push(
            json!({"bench": self.bench, "work": what, "name": "impasto", "microseconds": micros}),
        );
    }

    /// Times two ways to do `units` of `what` in turns and notes the rate of `ours` over the rate of the peer's.
    ///
    /// A round's least CPU time counts: whatever disturbs a round only adds to it.
    pub fn duel(
        &mut self,
        what: &str,
        units: usize,
        (name, mut ours): (&str, impl FnMut()),
        (peer, mut theirs): (&str, impl FnMut()),
        target: f64,
    ) {
        let time = |work: &mut dyn FnMut()| {
            let start = clock::now();
            work();
            clock::now() - start
        };
        let (mut best, mut rival) = (Duration::MAX, Duration::MAX);
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            best = best.min(time(&mut ours));
            rival = rival.min(time(&mut theirs));
        }
        let micros = |time: Duration| round(time.as_secs_f64() * 1e6 / units as f64);
        let ratio = round(rival.as_secs_f64() / best.as_secs_f64());
        let verdict = if ratio >= target { "reached" } else { "MISSED" };
        println!(
            "{what}: {name} {} us, {peer} {} us; rate over the peer's {ratio} (target {target}: {verdict})",
            micros(best),
            micros(rival)
        );
        for (name, time) in [(name, best), (peer, rival)] {
            self.rows.push(json!({"bench": self.bench, "work": what, "name": name, "microseconds": micros(time)}));
        }
        self.ratios.insert(
            format!("{what} / {peer}"),
            json!({"ratio": ratio, "target": target}),
        );
    }

    /// Writes the report into the CPU's file, beside those of the other benches, when `IMPASTO_RECORD` is set.
    pub fn keep(self) {
        if std::env::var_os("IMPASTO_RECORD").is_none() {
            return;
        }
        let cpu = cpu();
        let mut stem = String::new();
        for character in cpu.to_lowercase().chars() {
            match character {
                'a'..='z' | '0'..='9' => stem.push(character),
                _ if stem.ends_with('-') => {}
                _ => stem.push('-'),
            }
        }
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results");
        let path = folder.join(format!("rust-kernels-{}.json", stem.trim_matches('-')));
        let before = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let before = before.unwrap_or(json!({}));
        let kept = before["rows"].as_array().cloned().unwrap_or_default();
        let mut rows: Vec<Value> = kept
            .into_iter()
            .filter(|row| row["bench"] != self.bench)
            .collect();
        rows.extend(self.rows);
        let mut ratios = before["ratios"].as_object().cloned().unwrap_or_default();
        ratios.extend(self.ratios);
        let report = json!({
            "machine": {"cpu": cpu, "threads_used": 1, "os": std::env::consts::OS},
            "versions": {"impasto": env!("CARGO_PKG_VERSION"), "libjpeg-turbo": "3.1.0", "instant-clip-tokenizer": "0.1.0"},
            "command": "IMPASTO_RECORD=1 cargo bench -p impasto-benches",
            "photographs": photo::described(),
            "clock": "CPU time of the thread; the least of the rounds in six seconds, rivals in turns",
            "notes": before["notes"],
            "rows": rows,
            "ratios": ratios,
        });
        let text = serde_json::to_string_pretty(&report).expect("plain values") + "\n";
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, text))
            .expect("a writable folder");
        println!("wrote {}", path.display());
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split(": ").nth(1));
    name.unwrap_or(std::env::consts::ARCH).to_string()
}
