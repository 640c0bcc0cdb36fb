//! Panics, of decoders and our own, caught where it is known which sample they happened to.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many calls of [`caught`] this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// What the last of their panics said, and where.
    static WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; a panic in it comes back as what it said and where, and prints nothing into anybody's log.
///
/// The hook that prints is one for the process (in a Python extension, for the extension alone). It is taken once, and
/// hands on every panic outside of such a call; a fuzzer's sees them all.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| {
            if DEPTH.get() > 0 {
                WORDS.replace(panic.to_string().replace('\n', " "));
            }
            if DEPTH.get() == 0 || cfg!(fuzzing) {
                previous(panic);
            }
        }));
    });
    DEPTH.set(DEPTH.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    outcome.map_err(|_| WORDS.take())
}
