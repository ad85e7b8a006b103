//! Margin.

use super::by_probs::{ByProbs, DROPOUT_DETAILS, DROPOUT_SOURCE};
use super::{Entry, PASSES};
use crate::score;

pub(super) static ENTRY: Entry = Entry {
    name: "margin",
    deepal: Some("MarginSampling"),
    summary: "the smallest gap between the two most probable classes",
    details: "Score 1 − (p₁ − p₂). One pass over the pool; the strongest simple default once a few labels for each class are there.",
    source: "Scheffer, Decomain and Wrobel, Active hidden Markov models for information extraction, IDA 2001",
    build: || Box::new(ByProbs { name: ENTRY.name, score: score::margin, passes: None }),
};

pub(super) static ENTRY_DROPOUT: Entry = Entry {
    name: "margin-dropout",
    deepal: Some("MarginSamplingDropout"),
    summary: "smallest margin of the mean prediction over dropout passes",
    details: DROPOUT_DETAILS,
    source: DROPOUT_SOURCE,
    build: || Box::new(ByProbs { name: ENTRY_DROPOUT.name, score: score::margin, passes: Some(PASSES) }),
};
