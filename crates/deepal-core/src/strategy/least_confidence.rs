//! Least confidence.

use super::by_probs::ByProbs;
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
    details: "Ten passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs ten passes \
              through the layers from the first dropout on.",
    source: "Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017",
    build: || {
        Box::new(ByProbs { name: ENTRY_DROPOUT.name, score: score::least_confidence, passes: Some(PASSES) })
    },
};
