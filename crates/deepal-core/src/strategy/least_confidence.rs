//! Least confidence.

use super::by_probs::{ByProbs, DROPOUT_DETAILS, DROPOUT_SOURCE};
use super::{Entry, PASSES};
use crate::score;

pub(super) static ENTRY: Entry = Entry {
    name: "least-confidence",
    deepal: Some("LeastConfidence"),
    summary: "the least probability of the most probable class",
    details: "Score 1 − max p. One pass over the pool.",
    source: "Lewis and Gale, A sequential algorithm for training text classifiers, SIGIR 1994",
    build: || Box::new(ByProbs { name: ENTRY.name, score: score::least_confidence, passes: None }),
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "least-confidence-dropout",
    deepal: Some("LeastConfidenceDropout"),
    summary: "least confidence of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    build: || {
        Box::new(ByProbs { name: ENTRY_DROPOUT.name, score: score::least_confidence, passes: Some(PASSES) })
    },
};
