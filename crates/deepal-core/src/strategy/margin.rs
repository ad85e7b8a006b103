//! Margin.

use super::ranked::{DROPOUT_DETAILS, DROPOUT_SOURCE, ranked};
use super::{Entry, Family, made};
use crate::score::{margin, mean_probs};
use crate::settings::Settings;
use crate::signals::Signal;

pub(super) static ENTRY: Entry = Entry {
    name: "margin",
    family: Family::Uncertainty,
    cost: "O(n·c)",
    deepal: Some("MarginSampling"),
    summary: "the smallest gap between the two most probable classes",
    details: "Score 1 − (p₁ − p₂). One pass over the pool; the strongest simple default once a few labels for each class are there.",
    source: "Scheffer, Decomain and Wrobel, Active hidden Markov models for information extraction, IDA 2001",
    settings: Margin::SETTINGS,
    build: made::<Margin>,
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "margin-dropout",
    family: Family::Bayesian,
    cost: "t passes, O(t·n·c)",
    deepal: Some("MarginSamplingDropout"),
    summary: "smallest margin of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    settings: MarginDropout::SETTINGS,
    build: made::<MarginDropout>,
};

crate::settings! {
    /// Picks by margin.
    pub struct Margin {}
}

crate::settings! {
    /// Picks by margin of the mean over dropout passes.
    pub struct MarginDropout {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "DeepAL's n_drop";
    }
}

ranked!(Margin, ENTRY, |_plain| Signal::Probs, |signals| margin(&signals.probs()?));
ranked!(
    MarginDropout,
    ENTRY_DROPOUT,
    |settings| Signal::McProbs { passes: settings.passes, shared: false },
    |signals| { margin(&mean_probs(&signals.mc_probs()?)) }
);
