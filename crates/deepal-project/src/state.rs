//! What all events come to.

use crate::answer::{Answer, AskedBy, EventId};
use crate::cross_validation::CrossValidation;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// A class: its name now, and what a person should know about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassInfo {
    /// Its name.
    pub name: String,
    /// When a sample is of it, in the words of whoever sets the task.
    pub guideline: Option<String>,
}

/// Where a sample stands. At most one of `class`, `is_skipped` and `is_discarded` is said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its class, a position in [`State::classes`].
    pub class: Option<u32>,
    /// It is asked again when all else is answered.
    pub is_skipped: bool,
    /// It is of no class.
    pub is_discarded: bool,
    /// The note of its flag.
    pub flag: Option<String>,
    /// How the question came up that its label answers.
    pub asked_by: Option<AskedBy>,
}

impl Item {
    /// Whether nobody has said anything about its class yet.
    pub fn is_open(&self) -> bool {
        self.class.is_none() && !self.is_skipped && !self.is_discarded
    }
}

/// One question of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The id of the sample in the source.
    pub id: String,
    /// The strategy, or the draw at random.
    pub asked_by: AskedBy,
    /// The rank among the strategy's picks, from 1.
    pub rank: Option<usize>,
    /// The strategy's score, where it ranks.
    pub score: Option<f64>,
    /// The likeliest classes with their probabilities, at most three, the likeliest first; empty while there is no net.
    pub likeliest: Vec<(u32, f64)>,
    /// The ids of the nearest labelled samples, at most three, the nearest first.
    pub nearest: Vec<String>,
}

/// The questions in hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The event that it is; 0 until it is recorded.
    pub event: EventId,
    /// The questions, in the order of asking; those that are answered meanwhile too.
    pub questions: Vec<Question>,
    /// The strategy that picked them; its fall-back while no net can be trained.
    pub strategy: String,
    /// Why a fall-back chose, in a sentence, if one did.
    pub fallback: Option<String>,
    /// How many labels the net had learnt from.
    pub n_labeled: usize,
}

/// A training that is on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The event that it is; 0 until it is recorded.
    pub event: EventId,
    /// Milliseconds since 1970; 0 until it is recorded.
    pub at: i64,
    /// How many labels the net learnt from.
    pub n_labeled: usize,
    /// How long training and predicting took.
    pub seconds: f64,
    /// The share of the audit samples that the net, which has not learnt from them, got right: `(right, of)`.
    pub audit: (usize, usize),
    /// The share of the samples whose predicted class is the same as after the training before.
    pub agreement: Option<f64>,
}

/// A net that learnt from all labels and was written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetRecord {
    /// The event that it is.
    pub event: EventId,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Where it was written.
    pub file: PathBuf,
    /// How many labels it learnt from, those of the audit too.
    pub n_labeled: usize,
    /// How nets that learnt from a part of these labels did on the rest; `None` if there were too few.
    pub cross_validation: Option<CrossValidation>,
}

/// One line of the strip of decisions: an answer of a person that was not undone. What was imported is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The event that it is.
    pub event: EventId,
    /// Milliseconds since 1970.
    pub at: i64,
    /// What was said.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What all events come to.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// All classes; their positions never change.
    pub classes: Vec<ClassInfo>,
    /// One for each sample, in the rows of the source as it is now.
    pub items: Vec<Item>,
    /// The newest batch.
    pub batch: Option<Batch>,
    /// All trainings, the oldest first.
    pub trainings: Vec<TrainingRecord>,
    /// The newest net on all labels.
    pub net: Option<NetRecord>,
    /// Those that count, the oldest first.
    pub decisions: Vec<Decision>,
    /// The class that the newest net of the rounds predicts for each sample; `None` for one that it has not seen.
    pub predicted: Arc<[Option<u32>]>,
    /// The ids of samples with an answer that are not in the source any more.
    pub gone: Vec<String>,
}

impl State {
    /// The names of all classes.
    pub fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.name.clone()).collect()
    }
}
