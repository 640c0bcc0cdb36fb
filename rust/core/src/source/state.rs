//! An index as plain bytes, and back.

use std::borrow::Cow;
use std::path::PathBuf;

use super::fault::Fault;
use super::index::{
    ARENA, FAULT, FAULT_LABEL, FILE, Index, LEAST_LABEL, NO_LABEL, Row, Sealed, Shard, Span,
};
use super::pool::Pool;
use crate::{Error, Result};

/// An index as plain bytes, for pickling.
pub struct State<'a> {
    /// Root folder of relative paths.
    pub root: Cow<'a, str>,
    /// Texts, paths and images held in memory.
    pub arena: &'a [u8],
    /// The rows.
    pub rows: &'a [u8],
    /// The caption spans.
    pub captions: &'a [u8],
    /// What rows in shards have besides.
    pub sealed: &'a [u8],
    /// The shards.
    pub shards: &'a [Shard],
    /// What is wrong with parts of rows.
    pub faults: &'a [Fault],
}

impl Index {
    /// The index as bytes.
    pub fn state(&self) -> State<'_> {
        State {
            root: self.root.to_string_lossy(),
            arena: &self.arena,
            rows: bytemuck::cast_slice(&self.rows),
            captions: bytemuck::cast_slice(&self.captions),
            sealed: bytemuck::cast_slice(&self.sealed),
            shards: &self.shards,
            faults: &self.faults,
        }
    }

    /// The index that [`Index::state`] described.
    ///
    /// # Errors
    /// [`Error::Internal`] for bytes that no index has.
    pub fn from_state(state: State<'_>) -> Result<Self> {
        let whole = state.rows.len().is_multiple_of(size_of::<Row>())
            && state.captions.len().is_multiple_of(size_of::<Span>())
            && state.sealed.len().is_multiple_of(size_of::<Sealed>());
        if !whole {
            return Err(torn());
        }
        let index = Self {
            root: PathBuf::from(state.root.as_ref()),
            arena: state.arena.to_vec(),
            rows: bytemuck::pod_collect_to_vec(state.rows),
            captions: bytemuck::pod_collect_to_vec(state.captions),
            sealed: bytemuck::pod_collect_to_vec(state.sealed),
            shards: state.shards.to_vec(),
            faults: state.faults.to_vec(),
            pool: Pool::new(state.shards.len()),
        };
        if index.is_sound() {
            Ok(index)
        } else {
            Err(torn())
        }
    }

    fn is_sound(&self) -> bool {
        let sorted = self
            .rows
            .windows(2)
            .all(|pair| pair[0].captions_end <= pair[1].captions_end);
        let last = self.rows.last().map_or(0, |row| row.captions_end);
        let held = self.rows.iter().all(|row| {
            self.holds(&row.key) && self.holds(&row.image) && self.knows_label(row.label)
        });
        sorted
            && held
            && last <= self.captions.len() as u64
            && self.captions.iter().all(|span| self.holds(span))
            && (self.sealed.is_empty() || self.sealed.len() == self.rows.len())
    }

    fn holds(&self, span: &Span) -> bool {
        match span.container {
            ARENA | FILE => span
                .offset
                .checked_add(u64::from(span.len))
                .is_some_and(|end| end <= self.arena.len() as u64),
            FAULT => span.offset < self.faults.len() as u64,
            shard => shard as usize <= self.shards.len(),
        }
    }

    fn knows_label(&self, label: i64) -> bool {
        label == NO_LABEL || label >= LEAST_LABEL || label - FAULT_LABEL < self.faults.len() as i64
    }
}

fn torn() -> Error {
    Error::Internal("a pickled index has lost bytes".into())
}
