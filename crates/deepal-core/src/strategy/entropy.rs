//! Entropy.

use super::by_probs::{ByProbs, DROPOUT_DETAILS, DROPOUT_SOURCE};
use super::{Entry, PASSES};
use crate::score;

pub(super) static ENTRY: Entry = Entry {
    name: "entropy",
    deepal: Some("EntropySampling"),
    summary: "the largest entropy of the predicted classes",
    details: "Score −Σ p ln p with 0 ln 0 = 0. One pass over the pool; with many classes it prefers samples that are unclear among classes that do not matter, where margin does not.",
    source: "Settles, Active learning literature survey, 2009, after Shannon 1948",
    build: || Box::new(ByProbs { name: ENTRY.name, score: score::entropy, passes: None }),
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "entropy-dropout",
    deepal: Some("EntropySamplingDropout"),
    summary: "largest entropy of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    build: || Box::new(ByProbs { name: ENTRY_DROPOUT.name, score: score::entropy, passes: Some(PASSES) }),
};
