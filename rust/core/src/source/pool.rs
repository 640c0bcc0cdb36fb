//! Shards held open, so that a read is one call. Each process opens them for itself.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Mutex};

use super::file::open_shard;
use super::index::Shard;
use crate::{Error, Result};

/// A process may have 1024 files open by default, of all data sets and libraries together.
const MOST_OPEN: usize = 128;

/// The open files of an index's shards.
///
/// Locks are only tried, never waited for: a process may be forked while another thread of its parent holds one.
#[derive(Debug)]
pub(super) struct Pool {
    slots: Vec<Mutex<Option<Arc<File>>>>,
    oldest_first: Mutex<VecDeque<usize>>,
}

impl Pool {
    pub fn new(shards: usize) -> Self {
        Self {
            slots: (0..shards).map(|_| Mutex::default()).collect(),
            oldest_first: Mutex::default(),
        }
    }

    /// Shard number `number`, if it is still the one that was indexed.
    pub fn get(&self, number: usize, shard: &Shard) -> Result<Arc<File>> {
        if let Some(held) = self.slots.get(number).and_then(|slot| slot.try_lock().ok())
            && let Some(file) = held.as_ref()
        {
            return Ok(Arc::clone(file));
        }
        let (file, stamp) = open_shard(&shard.path)?;
        if (stamp.size, stamp.modified) != (shard.size, shard.modified) {
            return Err(changed(shard.shown()));
        }
        let file = Arc::new(file);
        // A copy that is dropped would keep its place on the disk as long as it is open.
        if shard.origin.is_none() {
            self.hold(number, &file);
        }
        Ok(file)
    }

    fn hold(&self, number: usize, file: &Arc<File>) {
        let Ok(mut order) = self.oldest_first.try_lock() else {
            return;
        };
        if order.len() >= MOST_OPEN
            && let Some(oldest) = order.front().copied()
        {
            let Some(mut slot) = self.slots.get(oldest).and_then(|slot| slot.try_lock().ok())
            else {
                return;
            };
            *slot = None;
            order.pop_front();
        }
        if let Some(mut slot) = self.slots.get(number).and_then(|slot| slot.try_lock().ok())
            && slot.is_none()
        {
            *slot = Some(Arc::clone(file));
            order.push_back(number);
        }
    }
}

/// The error for a shard that is no longer what its index says.
pub(super) fn changed(path: &str) -> Error {
    Error::Source {
        path: path.into(),
        reason: "the shard changed after it was indexed; build the source again".into(),
    }
}
