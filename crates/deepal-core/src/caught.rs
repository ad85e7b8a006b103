//! [`caught`]: panics of other people's code become values.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// How many calls of [`caught`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work` and returns what it returns; `None` if it panics. Nothing is printed then. Use it around a library that panics on
/// damaged files.
///
/// Only panics of the calling thread are caught. Panics elsewhere are reported as before.
///
/// ```
/// assert_eq!(deepal_core::caught(|| 1 + 1), Some(2));
/// assert_eq!(deepal_core::caught(|| "x".parse::<u8>().unwrap()), None);
/// ```
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // While a thread ends its own variables may be gone.
            if DEPTH.try_with(Cell::get).unwrap_or_default() == 0 {
                before(info);
            }
        }));
    });
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_caught_panic_is_not_reported_and_any_other_is() {
        static TOLD: AtomicUsize = AtomicUsize::new(0);
        const OURS: &str = "of this test";
        fn fails() {
            panic::panic_any(OURS)
        }
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match info.payload_as_str() {
            Some(OURS) => drop(TOLD.fetch_add(1, Ordering::Relaxed)),
            _ => before(info),
        }));
        assert_eq!(caught(|| 3), Some(3));
        assert_eq!(caught(fails), None::<()>);
        assert_eq!(caught(|| caught(fails)), Some(None::<()>));
        assert_eq!(TOLD.load(Ordering::Relaxed), 0);
        assert!(panic::catch_unwind(fails).is_err());
        assert!(caught(|| std::thread::spawn(fails).join()).unwrap().is_err());
        assert_eq!(TOLD.load(Ordering::Relaxed), 2);
    }
}
