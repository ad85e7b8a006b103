//! Least confidence.

use super::ranked::{DROPOUT_DETAILS, DROPOUT_SOURCE, ranked};
use super::{Entry, Family, made};
use crate::score::{least_confidence, mean_probs};
use crate::settings::Settings;
use crate::signals::Signal;

pub(super) static ENTRY: Entry = Entry {
    name: "least-confidence",
    family: Family::Uncertainty,
    cost: "O(n·c)",
    deepal: Some("LeastConfidence"),
    summary: "the least probability of the most probable class",
    details: "Score 1 − max p. One pass over the pool.",
    source: "Lewis and Gale, A sequential algorithm for training text classifiers, SIGIR 1994",
    settings: LeastConfidence::SETTINGS,
    build: made::<LeastConfidence>,
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "least-confidence-dropout",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
    deepal: Some("LeastConfidenceDropout"),
    summary: "least confidence of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    settings: LeastConfidenceDropout::SETTINGS,
    build: made::<LeastConfidenceDropout>,
};

crate::settings! {
    /// Picks by least confidence.
    pub struct LeastConfidence {}
}

crate::settings! {
    /// Picks by least confidence of the mean over dropout passes.
    pub struct LeastConfidenceDropout {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "DeepAL's n_drop";
    }
}

ranked!(LeastConfidence, ENTRY, |_plain| Signal::Probs, |signals| least_confidence(&signals.probs()?));
ranked!(
    LeastConfidenceDropout,
    ENTRY_DROPOUT,
    |settings| Signal::McProbs { passes: settings.passes, shared: false },
    |signals| least_confidence(&mean_probs(&signals.mc_probs()?))
);
