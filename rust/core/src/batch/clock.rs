//! What a batch's time goes to, and what its rows are at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A part of a row's way into the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its caption and its image's bytes are fetched.
    Read,
    /// Its image is decoded.
    Decode,
    /// It is cropped and resized.
    Resize,
    /// Operations are done to it.
    Augment,
    /// It is mixed, normalised and laid out.
    Mix,
    /// Its caption is joined and becomes ids.
    Tokenize,
}

impl Stage {
    /// All of them, each at its number.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Decode,
        Self::Resize,
        Self::Augment,
        Self::Mix,
        Self::Tokenize,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Resize => "resize",
            Self::Augment => "augment",
            Self::Mix => "mix",
            Self::Tokenize => "tokenize",
        }
    }
}

/// A row that is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Working {
    /// The row of the batch.
    pub row: usize,
    /// What it is at.
    pub stage: Stage,
    /// Since when.
    pub since: Instant,
}

/// Times the stages of a batch's rows, over all threads; may be looked at while they work.
#[derive(Debug, Default)]
pub struct Clock {
    nanoseconds: [AtomicU64; Stage::ALL.len()],
    bytes: AtomicU64,
    working: Mutex<BTreeMap<usize, (Stage, Instant)>>,
}

/// One row on its way through stages; its last ends when it is dropped.
#[derive(Debug)]
pub(super) struct Lap<'a> {
    clock: &'a Clock,
    row: usize,
    stage: Stage,
    since: Instant,
}

impl Clock {
    /// What a stage has taken so far, summed over threads.
    pub fn spent(&self, stage: Stage) -> Duration {
        Duration::from_nanos(self.nanoseconds[stage as usize].load(Relaxed))
    }

    /// Bytes of encoded images read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// The rows that are being worked on.
    pub fn working(&self) -> Vec<Working> {
        let working = self.lock();
        let row =
            |(&row, &(stage, since)): (&usize, &(Stage, Instant))| Working { row, stage, since };
        working.iter().map(row).collect()
    }

    /// A row whose first stage begins.
    pub(super) fn begin(&self, row: usize, stage: Stage) -> Lap<'_> {
        let since = Instant::now();
        self.lock().insert(row, (stage, since));
        Lap {
            clock: self,
            row,
            stage,
            since,
        }
    }

    fn add(&self, stage: Stage, spent: Duration) {
        self.nanoseconds[stage as usize].fetch_add(spent.as_nanos() as u64, Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, (Stage, Instant)>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lap<'_> {
    /// Ends the stage, and begins another.
    pub fn next(&mut self, stage: Stage) {
        let now = Instant::now();
        self.clock.add(self.stage, now - self.since);
        (self.stage, self.since) = (stage, now);
        self.clock.lock().insert(self.row, (stage, now));
    }

    /// Counts a part of the stage's time as another's.
    pub fn within(&mut self, stage: Stage, spent: Duration) {
        self.clock.add(stage, spent);
        self.since += spent;
    }

    /// Notes bytes that were read.
    pub fn read(&self, bytes: usize) {
        self.clock.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

impl Drop for Lap<'_> {
    fn drop(&mut self) {
        self.clock.add(self.stage, self.since.elapsed());
        self.clock.lock().remove(&self.row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_and_rows_are_seen_until_they_are_done() {
        let clock = Clock::default();
        let before = Instant::now();
        let mut lap = clock.begin(7, Stage::Read);
        lap.read(12);
        std::thread::sleep(Duration::from_millis(2));
        lap.next(Stage::Decode);
        std::thread::sleep(Duration::from_millis(4));
        lap.within(Stage::Resize, Duration::from_millis(3));
        let working = clock.working();
        assert_eq!(
            (working.len(), working[0].row, working[0].stage),
            (1, 7, Stage::Decode)
        );
        drop(lap);
        let whole = before.elapsed();
        let sum: Duration = Stage::ALL.iter().map(|&stage| clock.spent(stage)).sum();
        assert!(sum <= whole && sum >= Duration::from_millis(6));
        assert_eq!(clock.spent(Stage::Resize), Duration::from_millis(3));
        assert!(clock.working().is_empty() && clock.bytes() == 12);
    }

    #[test]
    fn a_stage_has_one_number_and_one_name() {
        for (number, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, number);
            assert_eq!(
                Stage::ALL
                    .iter()
                    .filter(|other| other.name() == stage.name())
                    .count(),
                1
            );
        }
    }
}
