//! Work shared among threads that live as long as the call: nothing survives a fork.

use std::sync::Mutex;
use std::thread;

/// Runs `job` on every item, with `threads` threads and a scratch for each.
pub(super) fn share<T: Send, S>(
    items: Vec<T>,
    threads: usize,
    scratch: fn() -> S,
    job: impl Fn(T, &mut S) + Sync,
) {
    let threads = threads.clamp(1, items.len().max(1));
    if threads == 1 {
        let mut scratch = scratch();
        return items.into_iter().for_each(|item| job(item, &mut scratch));
    }
    let items = Mutex::new(items.into_iter());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scratch = scratch();
                while let Some(item) = items.lock().ok().and_then(|mut items| items.next()) {
                    job(item, &mut scratch);
                }
            });
        }
    });
}
