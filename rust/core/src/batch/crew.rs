//! A fixed number of threads' worth of work shared by batches that are made at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Lets at most `size` rows be worked on at once, those of the oldest batch first: what a batch has no use for while it
/// waits for its last rows, or while Python has it, goes to the next.
#[derive(Debug)]
pub struct Crew {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    next: u64,
    seats: BTreeMap<u64, Seat>,
}

#[derive(Debug, Default)]
struct Seat {
    waiting: usize,
    wake: Arc<Condvar>,
}

/// A batch's place among those that share a crew.
#[derive(Debug)]
pub struct Turn {
    crew: Arc<Crew>,
    number: u64,
    wake: Arc<Condvar>,
}

/// How many threads share a call's rows, and what they ask before each.
#[derive(Debug, Clone, Copy)]
pub struct Hands<'a> {
    /// Threads, at least one.
    pub threads: usize,
    /// The place of the batch in a crew; `None` shares with nobody.
    pub turn: Option<&'a Turn>,
}

impl From<usize> for Hands<'_> {
    fn from(threads: usize) -> Self {
        Self {
            threads,
            turn: None,
        }
    }
}

/// Leave to work on a row; given back when it is dropped.
#[derive(Debug)]
pub struct Permit<'a>(&'a Crew);

impl Crew {
    /// A crew of `size` (at least one).
    pub fn new(size: usize) -> Self {
        let free = size.max(1);
        let state = Mutex::new(State {
            free,
            next: 0,
            seats: BTreeMap::new(),
        });
        Self { state }
    }

    /// The place of a new batch, after all that are there.
    pub fn join(self: &Arc<Self>) -> Turn {
        let mut state = self.lock();
        let (number, wake) = (state.next, Arc::new(Condvar::new()));
        state.next += 1;
        let seat = Seat {
            waiting: 0,
            wake: wake.clone(),
        };
        state.seats.insert(number, seat);
        Turn {
            crew: self.clone(),
            number,
            wake,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The oldest batch that waits for a permit.
    fn first(&self) -> Option<(u64, &Seat)> {
        let waiting = self.seats.iter().find(|(_, seat)| seat.waiting > 0);
        waiting.map(|(&number, seat)| (number, seat))
    }

    fn is_for(&self, number: u64) -> bool {
        self.free > 0 && self.first().is_none_or(|(first, _)| first >= number)
    }

    fn wake_next(&self) {
        if self.free > 0
            && let Some((_, seat)) = self.first()
        {
            seat.wake.notify_one();
        }
    }
}

impl Turn {
    /// Waits for leave to work on a row.
    pub fn permit(&self) -> Permit<'_> {
        let mut state = self.crew.lock();
        if !state.is_for(self.number) {
            self.seat(&mut state, |waiting| waiting + 1);
            while !state.is_for(self.number) {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            self.seat(&mut state, |waiting| waiting - 1);
        }
        state.free -= 1;
        // Two may be free by the time that one has woken.
        state.wake_next();
        Permit(&self.crew)
    }

    fn seat(&self, state: &mut State, change: fn(usize) -> usize) {
        if let Some(seat) = state.seats.get_mut(&self.number) {
            seat.waiting = change(seat.waiting);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.crew.lock().seats.remove(&self.number);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.free += 1;
        state.wake_next();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::Crew;

    #[test]
    fn no_more_work_than_there_are() {
        let (crew, busy, most, done) = (
            Arc::new(Crew::new(3)),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let turns = [crew.join(), crew.join()];
        thread::scope(|scope| {
            for worker in 0..8 {
                let turn = &turns[worker % 2];
                let (busy, most, done) = (&busy, &most, &done);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let permit = turn.permit();
                        most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_micros(20));
                        busy.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), done.into_inner()), (3, 1600));
    }

    #[test]
    fn the_oldest_batch_comes_first() {
        let crew = Arc::new(Crew::new(1));
        let (older, younger) = (crew.join(), crew.join());
        let held = younger.permit();
        let order = std::sync::Mutex::new(Vec::new());
        thread::scope(|scope| {
            for (name, turn) in [("younger", &younger), ("older", &older)] {
                scope.spawn({
                    let order = &order;
                    move || {
                        let permit = turn.permit();
                        order.lock().map(|mut order| order.push(name)).ok();
                        drop(permit);
                    }
                });
                while crew
                    .lock()
                    .seats
                    .values()
                    .map(|seat| seat.waiting)
                    .sum::<usize>()
                    < 1 + usize::from(name == "older")
                {
                    thread::yield_now();
                }
            }
            drop(held);
        });
        assert_eq!(order.into_inner().ok(), Some(vec!["older", "younger"]));
    }

    #[test]
    fn a_batch_that_ends_leaves_no_seat() {
        let crew = Arc::new(Crew::new(0));
        drop(crew.join().permit());
        assert!(crew.lock().seats.is_empty() && crew.lock().free == 1);
    }
}
