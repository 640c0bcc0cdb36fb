//! Memory that is used again: fresh pages took 8 % of the time of batches of 320 images.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::{hint, thread};

/// Of one thread's scratch: what a giant image made larger is given back.
const MOST: usize = 16 << 20;
/// What the system may not have: it is asked first.
const LARGE: usize = 64 << 20;
/// Batches' pixels that lie idle: of the batch that is begun next, and the one after.
const BATCHES: usize = 2;
/// A lock is tried so often, never waited for: a process may be forked while another thread of its parent holds it.
const TRIES: usize = 1000;

/// Scratches that lie idle, at most: as many as there are CPUs. Asked once, as the system reads files to say it; 0 before.
static THREADS: AtomicUsize = AtomicUsize::new(0);

fn threads() -> usize {
    let known = THREADS.load(Relaxed);
    if known > 0 {
        return known;
    }
    let found = thread::available_parallelism().map_or(1, usize::from);
    THREADS.store(found, Relaxed);
    found
}

/// What a thread keeps from call to call.
pub(super) trait Spare: Default {
    /// Bytes that it holds.
    fn memory(&self) -> usize;
}

/// Things that nobody uses, for who wants one next.
#[derive(Debug, Default)]
pub(super) struct Spares<T>(Mutex<Vec<T>>);

/// One of them, which comes back when it is dropped.
pub(super) struct Lent<'a, T: Spare> {
    spares: &'a Spares<T>,
    item: T,
}

impl<T> Spares<T> {
    fn idle(&self) -> Option<MutexGuard<'_, Vec<T>>> {
        (0..TRIES).find_map(|_| {
            let idle = self.0.try_lock().ok();
            if idle.is_none() {
                hint::spin_loop();
            }
            idle
        })
    }
}

impl<T: Spare> Spares<T> {
    /// One that was used before, or a new one.
    pub fn lend(&self) -> Lent<'_, T> {
        let item = self.idle().and_then(|mut idle| idle.pop());
        Lent {
            spares: self,
            item: item.unwrap_or_default(),
        }
    }
}

impl<T: Spare> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let item = std::mem::take(&mut self.item);
        // What a panic went through may be half changed.
        if thread::panicking() || item.memory() > MOST {
            return;
        }
        if let Some(mut idle) = self.spares.idle().filter(|idle| idle.len() < threads()) {
            idle.push(item);
        }
    }
}

impl<T: Spare> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T: Spare> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

impl Spares<Vec<u8>> {
    /// So many bytes, of whatever content; `None` if the system doesn't have them.
    pub fn bytes(&self, size: usize) -> Option<Vec<u8>> {
        let fitting = self.idle().and_then(|mut idle| {
            let large = idle.iter().enumerate();
            let large = large.filter(|(_, bytes)| bytes.capacity() >= size);
            let place = large.min_by_key(|(_, bytes)| bytes.capacity());
            place
                .map(|(place, _)| place)
                .map(|place| idle.remove(place))
        });
        if fitting.is_none() && size > LARGE {
            // Asked for and let go, untouched: what comes zeroed from the system can't be asked for so, and a refusal ends
            // the process.
            Vec::<u8>::new().try_reserve_exact(size).ok()?;
        }
        let mut bytes = fitting.unwrap_or_else(|| vec![0; size]);
        bytes.resize(size, 0);
        Some(bytes)
    }

    /// Takes the pixels of a batch back; those longest of no use go.
    pub fn give_back(&self, batch: Vec<Vec<u8>>) {
        let most = BATCHES * batch.len();
        if let Some(mut idle) = self.idle() {
            idle.extend(batch);
            let over = idle.len().saturating_sub(most);
            idle.drain(..over);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Notes(Vec<u8>);

    impl Spare for Notes {
        fn memory(&self) -> usize {
            self.0.capacity()
        }
    }

    #[test]
    fn what_was_lent_is_lent_again_unless_it_is_large_or_a_panic_went_through() {
        let spares = Spares::<Notes>::default();
        spares.lend().0.extend([7; 100]);
        assert_eq!(spares.lend().0, [7; 100]);
        spares.lend().0.reserve(MOST + 1);
        assert!(spares.lend().0.is_empty());
        spares.lend().0.push(1);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _lent = spares.lend();
            std::panic::resume_unwind(Box::new("torn"));
        }));
        assert!(outcome.is_err() && spares.lend().0.is_empty());
    }

    #[test]
    fn nobody_waits_for_a_lock_that_is_never_let_go() {
        let spares = Spares::<Notes>::default();
        let held = spares.0.lock();
        spares.lend().0.push(1);
        assert!(spares.lend().0.is_empty());
        drop(held);
    }

    #[test]
    fn pixels_come_back_by_their_size() {
        let spares = Spares::<Vec<u8>>::default();
        spares.give_back(vec![vec![1; 10], vec![2; 100]]);
        assert_eq!(spares.bytes(9).unwrap(), [1; 9]);
        assert_eq!(spares.bytes(50).unwrap(), [2; 50]);
        assert_eq!(spares.bytes(50).unwrap(), [0; 50]);
        for round in 0..5 {
            spares.give_back(vec![vec![round; 10], vec![round; 20]]);
        }
        assert_eq!(spares.idle().map(|idle| idle.len()), Some(4));
        assert_eq!(spares.bytes(20).unwrap(), [3; 20]);
        assert_eq!(spares.bytes(isize::MAX as usize), None);
    }
}
