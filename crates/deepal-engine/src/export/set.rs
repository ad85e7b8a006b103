//! One labelled set, as tools that know of one take it.

use super::labels::Label;
use deepal_core::SampleId;
use serde::Serialize;
use std::path::PathBuf;

/// Labels of one source or job.
#[derive(Debug)]
pub(super) struct LabeledSet<'a> {
    /// Its name.
    pub(super) name: String,
    /// All classes, those without a label too.
    pub(super) classes: Vec<String>,
    /// The labels, in their order.
    pub(super) labels: Vec<Labeled<'a>>,
    /// The folder that the samples are pictures of, if they are.
    pub(super) folder: Option<PathBuf>,
}

/// A sample with its label.
#[derive(Debug)]
pub(super) struct Labeled<'a> {
    pub(super) id: &'a str,
    pub(super) class: &'a str,
    /// Its place in the data.
    pub(super) sample: SampleId,
    /// What is to be read of it, if it is a text.
    pub(super) text: Option<String>,
    pub(super) how: How<'a>,
}

/// How a label came.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum How<'a> {
    /// A run asked for it.
    Bought {
        round: usize,
        strategy: &'a str,
        score: Option<f64>,
        #[serde(skip)]
        rank: usize,
    },
    /// A person answered a question of a project.
    Answered { asked_by: &'a str },
}

impl<'a> From<&'a Label<'a>> for Labeled<'a> {
    fn from(label: &'a Label<'a>) -> Self {
        let Label { round, strategy, score, rank, .. } = *label;
        let how = How::Bought { round, strategy, score, rank };
        Self { id: &label.id, class: &label.class, sample: label.sample, text: None, how }
    }
}
