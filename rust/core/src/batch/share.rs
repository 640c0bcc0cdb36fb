//! Work shared among threads that live as long as the call: nothing survives a fork.

use std::sync::Mutex;
use std::thread;

use super::crew::{Hands, Turn};

/// Runs `job` on every item, with as many threads as `hands` has and a scratch for each.
pub(super) fn share<T: Send, S>(
    items: Vec<T>,
    hands: Hands<'_>,
    scratch: impl Fn() -> S + Sync,
    job: impl Fn(T, &mut S) + Sync,
) {
    let threads = hands.threads.clamp(1, items.len().max(1));
    if threads == 1 {
        let mut scratch = scratch();
        return items.into_iter().for_each(|item| {
            let _permit = hands.turn.map(Turn::permit);
            job(item, &mut scratch);
        });
    }
    let items = Mutex::new(items.into_iter());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scratch = scratch();
                loop {
                    // Asked for first: who waits holds no item that others could work on.
                    let _permit = hands.turn.map(Turn::permit);
                    let Some(item) = items.lock().ok().and_then(|mut items| items.next()) else {
                        break;
                    };
                    job(item, &mut scratch);
                }
            });
        }
    });
}
