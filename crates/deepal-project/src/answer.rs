//! What a person says.

use serde::{Deserialize, Serialize};

/// How a question came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskedBy {
    /// The strategy picked it.
    Strategy,
    /// Drawn at random, to measure the accuracy; nets do not learn from it until the last training on all labels.
    Audit,
    /// A person found it.
    Found,
    /// It came with the source or from a file of answers.
    Import,
}

impl AskedBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Strategy, Self::Audit, Self::Found, Self::Import];

    /// Its name, as in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strategy => "strategy",
            Self::Audit => "audit",
            Self::Found => "found",
            Self::Import => "import",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asked_by| asked_by.name() == name)
    }
}

/// What a person says about a sample. `class` is the position of a class in [`State::classes`](crate::State::classes); positions never
/// change. The last of label, skip and discard counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "action")]
pub enum Action {
    /// It is of a class.
    Label {
        /// The position of the class.
        class: u32,
    },
    /// Not now: not asked again until all else is answered.
    Skip,
    /// It is none of the classes; never asked again, never learnt from.
    Discard,
    /// Worth a look later, with a note; what it was labelled stays.
    Flag {
        /// What is to be looked at.
        note: String,
    },
    /// Takes the flag away.
    Unflag,
}

/// An answer about one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The id of the sample in the source.
    pub id: String,
    /// What was said.
    #[serde(flatten)]
    pub action: Action,
    /// How the question came up. A label that corrects another keeps that of the first.
    pub asked_by: AskedBy,
    /// Who answered.
    pub annotator: String,
    /// How long it took.
    pub millis: Option<u64>,
}

/// The number of an event, ascending from 1.
pub type EventId = i64;
