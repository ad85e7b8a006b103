//! The accuracy on samples drawn at random.

use crate::answer::AskedBy;
use crate::state::State;
use deepal_core::Class;
use deepal_core::metric::ClassCounts;
use deepal_core::stats::proportion_interval;
use serde::Serialize;

/// With fewer samples nothing is said.
pub const FEWEST: usize = 20;

/// The accuracy on the audit samples by the newest net, which has not learnt from them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accuracy {
    /// How many of them the net gets right.
    pub right: usize,
    /// How many there are.
    pub of: usize,
    /// The exact 95 % interval by Clopper and Pearson; `None` below 20 samples.
    pub interval: Option<(f64, f64)>,
    /// In a sentence, such as "84 % (95 % interval 71 to 93 %) of 44 samples drawn at random" or "too few yet: 7 of 20".
    pub sentence: String,
}

impl Accuracy {
    /// Of so many right.
    pub fn new(right: usize, of: usize) -> Self {
        let interval = proportion_interval(right, of).filter(|_| of >= FEWEST);
        let percent = |share: f64| format!("{:.0}", 100.0 * share);
        let sentence = match interval {
            Some((low, high)) => format!(
                "{} % (95 % interval {} to {} %) of {of} samples drawn at random",
                percent(right as f64 / of as f64),
                percent(low),
                percent(high)
            ),
            None => format!("too few yet: {of} of {FEWEST}"),
        };
        Self { right, of, interval, sentence }
    }
}

/// How many of the labelled audit samples have the class that is predicted for them, of how many with a prediction.
pub(crate) fn audit(state: &State, predicted: &[Option<u32>]) -> (usize, usize) {
    let pairs = pairs(state, predicted);
    pairs.fold((0, 0), |(right, of), (class, predicted)| (right + usize::from(class == predicted), of + 1))
}

/// The class and the predicted class of each labelled audit sample with a prediction.
fn pairs(state: &State, predicted: &[Option<u32>]) -> impl Iterator<Item = (u32, u32)> {
    let all = state.items.iter().zip(predicted);
    let all = all.filter(|(item, _)| item.asked_by == Some(AskedBy::Audit));
    all.filter_map(|(item, predicted)| Some((item.class?, (*predicted)?)))
}

impl State {
    /// The labelled samples drawn at random, counted class by class, with what the newest net of the rounds predicts for them. That
    /// net has not learnt from them.
    pub fn audit_counts(&self) -> ClassCounts {
        let class = |class| Class(class as u16);
        let pairs = pairs(self, &self.predicted).map(|(truth, predicted)| (class(predicted), class(truth)));
        let (predicted, truth) = pairs.unzip::<_, _, Vec<_>, Vec<_>>();
        ClassCounts::new(&predicted, &truth, self.classes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_an_interval_from_twenty_on() {
        assert_eq!(Accuracy::new(6, 7).sentence, "too few yet: 7 of 20");
        assert_eq!(Accuracy::new(19, 19).interval, None);
        // Clopper and Pearson of 37 of 44, by bisection on the binomial's tails in Python: 0.69935 to 0.93356.
        let of = Accuracy::new(37, 44);
        assert_eq!(of.sentence, "84 % (95 % interval 70 to 93 %) of 44 samples drawn at random");
        assert!(Accuracy::new(20, 20).interval.is_some());
    }
}
