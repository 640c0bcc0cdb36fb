//! Which row of a data set is asked for, and what its draws are named by.

use crate::source::Index;

/// Further captions of an index's rows.
#[derive(Debug, Clone, Copy)]
pub struct Rewrites<'a> {
    /// Their index.
    pub index: &'a Index,
    /// How often one of them is drawn instead of a row's own; `None` draws among all alike.
    pub share: Option<f64>,
}

/// One row to fill: row `from` of an index into row `at` of the batch, drawn from the streams of sample `id`.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The row of the batch.
    pub at: usize,
    /// The row of the index.
    pub from: usize,
    /// The row of the rewrites' index.
    pub rewrite: usize,
    /// The sample's number in the whole data set.
    pub id: u64,
}

/// The names of a row's random streams.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// The run's seed.
    pub seed: u64,
    /// The epoch.
    pub epoch: u64,
}

/// When a batch comes, which names the stream that its mixing is drawn from.
#[derive(Debug, Clone, Copy, Default)]
pub struct When {
    /// The batch's number in its epoch.
    pub step: u64,
    /// The batch's number in the run.
    pub number: u64,
}
