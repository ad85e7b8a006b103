//! [`Origin`]: where a task's own data come from, and what they were.

use crate::pretrained::Pretrained;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where a task's own data come from, as settings keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The folder, archive, file or manifest.
    pub source: PathBuf,
    /// Stands for the ids and labels: other ones are other data.
    pub samples: String,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Stands for what the inputs are made of: files, features, encoding. `None` in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How many of the labels a strategy chose, as far as their table says; 0 in runs of earlier versions.
    #[serde(default, skip_serializing_if = "is_none")]
    pub chosen: usize,
    /// How near copies of samples are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedup: Option<f64>,
    /// What makes embeddings of the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Pretrained>,
}

fn is_none(chosen: &usize) -> bool {
    *chosen == 0
}

impl Origin {
    /// Whether both have the same inputs, as far as is recorded.
    pub(crate) fn has_content_of(&self, recorded: &Self) -> bool {
        recorded.content.is_none() || self.content == recorded.content
    }

    /// Whether it is what was recorded.
    pub(crate) fn is(&self, recorded: &Self) -> bool {
        let without = |origin: &Self| Self { content: None, chosen: 0, ..origin.clone() };
        self.has_content_of(recorded) && without(self) == without(recorded)
    }
}
