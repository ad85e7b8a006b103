//! The line at the bottom of a terminal that says how far work is: counted, or by its name and its time.

use crate::say::{say, show};
use deepal::text::clock;
use std::time::{Duration, Instant};

/// Work that has no count is named when it takes longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The line at the bottom of a terminal.
pub(crate) struct Line {
    doing: &'static str,
    /// Since when.
    began: Instant,
    /// Work that is counted.
    counter: Option<Counter>,
    pub(crate) is_drawn: bool,
    /// It cannot be drawn, and what is counted is said in lines now and then.
    pub(crate) is_said: bool,
    pub(crate) is_over: bool,
}

struct Counter {
    what: &'static str,
    began: Instant,
    done: usize,
    total: usize,
    /// When the last was done.
    at: Instant,
    /// When a line was last written that stays.
    said: Option<Instant>,
}

impl Line {
    /// `doing` says what is done while nothing is counted.
    pub(crate) fn new(doing: &'static str, is_drawn: bool, is_said: bool) -> Self {
        Self { doing, began: Instant::now(), counter: None, is_drawn, is_said, is_over: false }
    }

    pub(crate) fn draw(&self) {
        match &self.counter {
            _ if !self.is_drawn => {}
            Some(counter) => show(&counter.text()),
            None if self.began.elapsed() < PATIENCE => {}
            None => show(&format!("{}, {}", self.doing, clock(self.began.elapsed().as_secs()))),
        }
    }

    /// Counted work goes on. Where no line can be written over, one is written after 2 seconds, and then now and then.
    pub(crate) fn count(&mut self, what: &'static str, done: usize, total: usize) {
        if done >= total {
            (self.counter, self.began) = (None, Instant::now());
            return;
        }
        let now = Instant::now();
        let new = || Counter { what, began: now, done, total, at: now, said: None };
        let counter = self.counter.get_or_insert_with(new);
        if (counter.what, counter.total) != (what, total) {
            *counter = new();
        }
        // Threads that count side by side may be heard in another order.
        if done > counter.done {
            (counter.done, counter.at) = (done, now);
        }
        let wait = Duration::from_secs(if counter.said.is_some() { 10 } else { 2 });
        if self.is_said && counter.said.unwrap_or(counter.began).elapsed() >= wait {
            counter.said = Some(Instant::now());
            say(&counter.text());
        }
    }
}

impl Counter {
    fn text(&self) -> String {
        let Self { what, done, total, .. } = self;
        let gone = self.began.elapsed();
        match (*done, *total) {
            (_, 1) => format!("{what}, {}", clock(gone.as_secs())),
            (0, _) => format!("{what}: 0 of {total}, {}", clock(gone.as_secs())),
            _ => {
                let a_second = *done as f64 / (self.at - self.began).as_secs_f64().max(1e-3);
                let left = (total - done) as f64 / a_second - self.at.elapsed().as_secs_f64();
                let left = clock(left.max(0.0).ceil() as u64);
                let digits = usize::from(a_second < 10.0);
                format!("{what}: {done} of {total}, {a_second:.digits$} a second, {left} left")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_work_says_how_far_it_is_from_the_start() {
        let mut line = Line::new("choosing samples", false, false);
        line.count("embedding", 0, 400);
        assert_eq!(line.counter.as_ref().unwrap().text(), "embedding: 0 of 400, 0:00");
        line.count("embedding", 9, 400);
        line.count("embedding", 8, 400);
        assert!(line.counter.as_ref().unwrap().text().starts_with("embedding: 9 of 400, "));
        line.count("loading the model", 0, 1);
        assert_eq!(line.counter.as_ref().unwrap().text(), "loading the model, 0:00");
        line.count("loading the model", 1, 1);
        assert!(line.counter.is_none());
    }
}
