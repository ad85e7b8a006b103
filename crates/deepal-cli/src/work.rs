//! How much of some work is done, and how long the rest will take.

use deepal::text::clock;
use std::time::{Duration, Instant};

/// The share of the work that an expectation counts as much as; without one, no time is named before that much is done.
const EVIDENCE: f64 = 0.05;
/// The most of a piece that is shown as done before it is.
const MOST: f64 = 0.9;

/// Work in any unit, such as seconds reckoned beforehand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    pub(crate) all: f64,
    pub(crate) done: f64,
    /// Seconds that a unit is expected to take, if anything is known of it.
    expected: Option<f64>,
    started: Option<Instant>,
    /// When the last piece was done, and the seconds a unit as reckoned then.
    estimate: Option<(Instant, f64)>,
}

impl Work {
    pub(crate) fn new(all: f64, expected: Option<f64>) -> Self {
        Self { all, expected, ..Self::default() }
    }

    pub(crate) fn start(&mut self) {
        if self.started.is_none() {
            self.started = Some(Instant::now());
            self.reckon();
        }
    }

    pub(crate) fn finish(&mut self, piece: f64) {
        self.done += piece;
        self.reckon();
    }

    /// What failed is no work any more.
    pub(crate) fn drop_rest_of(&mut self, other: &Self) {
        self.all -= other.all - other.done;
        self.reckon();
    }

    fn reckon(&mut self) {
        self.estimate = self.rate(self.gone()).map(|rate| (Instant::now(), rate));
    }

    fn left(&self) -> f64 {
        (self.all - self.done).max(0.0)
    }

    pub(crate) fn gone(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| started.elapsed())
    }

    /// Seconds a unit. The first pieces say little, and what is expected weighs as much as [`EVIDENCE`] of them all.
    fn rate(&self, gone: Duration) -> Option<f64> {
        let some = EVIDENCE * self.all;
        let rate = match self.expected {
            Some(expected) => (gone.as_secs_f64() + some * expected) / (self.done + some),
            None if self.done < some => return None,
            None => gone.as_secs_f64() / self.done,
        };
        rate.is_finite().then_some(rate.clamp(0.0, 1e6))
    }

    /// How much of a running piece may be done by now.
    pub(crate) fn running(&self, piece: f64) -> f64 {
        let done = |(at, rate): (Instant, f64)| at.elapsed().as_secs_f64() / rate.max(1e-9);
        self.estimate.map_or(0.0, done).min(MOST * piece)
    }

    /// The share that is done, with `running` units of running pieces, in thousandths.
    pub(crate) fn thousandths(&self, running: f64) -> u64 {
        if self.all > 0.0 { (1000.0 * (self.done + running) / self.all) as u64 } else { 0 }
    }

    pub(crate) fn seconds_left(&self) -> Option<u64> {
        let left = |(at, rate): (Instant, f64)| rate * self.left() - at.elapsed().as_secs_f64();
        self.estimate.map(|estimate| left(estimate).max(0.0).ceil() as u64)
    }

    pub(crate) fn time_left(&self) -> String {
        match self.seconds_left() {
            None => "estimating the time".into(),
            Some(seconds) => format!("{} left", clock(seconds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After the first piece, which took a hundred times as long as expected, the rest is not expected to.
    #[test]
    fn the_first_pieces_say_little() {
        let after = |work: &Work, seconds: f64| {
            work.rate(Duration::from_secs_f64(seconds)).map(|rate| rate * work.left())
        };
        let mut work = Work::new(30.0, Some(1.0));
        assert_eq!(after(&work, 0.0), Some(30.0));
        work.finish(0.03);
        let left = after(&work, 3.0).unwrap();
        assert!((30.0..100.0).contains(&left), "{left}");
        work.finish(14.97);
        let left = after(&work, 30.0).unwrap();
        assert!((28.0..30.0).contains(&left), "{left}");

        let mut work = Work::new(30.0, None);
        work.start();
        work.finish(1.0);
        assert_eq!((after(&work, 2.0), work.time_left().as_str()), (None, "estimating the time"));
        work.finish(1.0);
        assert_eq!(after(&work, 4.0), Some(56.0));
    }

    #[test]
    fn a_running_piece_fills_its_bar_but_for_a_rest() {
        let mut work = Work::new(10.0, Some(1e-6));
        work.start();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(work.thousandths(work.running(2.0)), 180);
        work.finish(2.0);
        assert_eq!(work.thousandths(0.0), 200);
        work.finish(8.0);
        assert_eq!((work.thousandths(0.0), work.seconds_left()), (1000, Some(0)));
    }
}
