//! Ctrl+C: the first ends the work after its present step, the second at once.

use crate::exit;
use crate::say::say;
use deepal::Error;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl+C, or by a request to terminate.
pub(crate) static STOP: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl+C; `first` is said at the first, `second` at the second.
pub(crate) fn listen(first: Option<&'static str>, second: String) -> Result<(), Error> {
    let set = ctrlc::set_handler(move || {
        let again = STOP.swap(true, Ordering::Relaxed);
        let said = if again { Some(second.as_str()) } else { first };
        if let Some(said) = said {
            say(&format!("\n{said}"));
        }
        if again {
            #[expect(clippy::exit, reason = "the user asked twice, and what is recorded is on disk")]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
    set.map_err(|error| Error::Failed(format!("cannot listen for Ctrl+C: {error}")))
}
