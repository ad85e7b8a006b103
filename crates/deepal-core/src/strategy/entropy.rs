//! Entropy.

use super::ranked::{DROPOUT_DETAILS, DROPOUT_SOURCE, ranked};
use super::{Entry, Family, made};
use crate::score::{entropy, mean_probs};
use crate::settings::Settings;
use crate::signals::Signal;

pub(super) static ENTRY: Entry = Entry {
    name: "entropy",
    family: Family::Uncertainty,
    cost: "O(n·c)",
    deepal: Some("EntropySampling"),
    summary: "the largest entropy of the predicted classes",
    details: "Score −Σ p ln p with 0 ln 0 = 0. One pass over the pool; with many classes it prefers samples that are unclear among classes that do not matter, where margin does not.",
    source: "Settles, Active learning literature survey, 2009, after Shannon 1948",
    settings: Entropy::SETTINGS,
    build: made::<Entropy>,
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "entropy-dropout",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
    deepal: Some("EntropySamplingDropout"),
    summary: "largest entropy of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    settings: EntropyDropout::SETTINGS,
    build: made::<EntropyDropout>,
};

crate::settings! {
    /// Picks by entropy.
    pub struct Entropy {}
}

crate::settings! {
    /// Picks by entropy of the mean over dropout passes.
    pub struct EntropyDropout {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "DeepAL's n_drop";
    }
}

ranked!(Entropy, ENTRY, |_plain| Signal::Probs, |signals| entropy(&signals.probs()?));
ranked!(
    EntropyDropout,
    ENTRY_DROPOUT,
    |settings| Signal::McProbs { passes: settings.passes, shared: false },
    |signals| { entropy(&mean_probs(&signals.mc_probs()?)) }
);
