//! A caught panic is silent; any other is as loud as before.

use std::panic;
use std::sync::atomic::{AtomicU32, Ordering};

use impasto_core::panic::caught;

#[test]
fn only_others_reach_the_hook_that_was_there() {
    static HEARD: AtomicU32 = AtomicU32::new(0);
    panic::set_hook(Box::new(|_| {
        HEARD.fetch_add(1, Ordering::Relaxed);
    }));
    let words = caught(|| caught(|| panic!("no {}", 7)).is_err() && panic!("no {}", 8));
    let words = words.expect_err("a panic");
    assert!(
        words.contains("panics.rs") && words.contains("no 8"),
        "{words}"
    );
    assert_eq!(caught(|| 3), Ok(3));
    assert_eq!(HEARD.load(Ordering::Relaxed), 0);
    assert!(panic::catch_unwind(|| panic!("aloud")).is_err());
    assert_eq!(HEARD.load(Ordering::Relaxed), 1);
}
