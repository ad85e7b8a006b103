//! The thread that trains and chooses questions beside the page.

use crate::desk::Desk;
use deepal_engine::Monitor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Works whenever the desk has something to do, until it closes. What goes wrong is shown on the page, and tried again after more answers.
pub(crate) fn work(desk: &Desk, monitor: Monitor<'_>) {
    // The page shows how it goes; the terminal stays quiet.
    let quiet = Monitor { hear: &|_| {}, stop: monitor.stop };
    while let Some((work, n)) = desk.next_work(&|| monitor.is_stopped()) {
        let begun = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| work.run(n, quiet)));
        let done = match done {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(_) => Err("the training failed by a fault of the program".into()),
        };
        desk.finish(done, begun.elapsed().as_secs_f64());
    }
}
