//! The skeleton that page and program are written against.
#![allow(missing_docs, clippy::todo, unused_variables, missing_debug_implementations)]

use deepal_core::TrainedNet;
use deepal_data::source::Source;
use deepal_engine::{Monitor, Pretrained, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a project is about and how it asks; stored in the project, the same for its whole life but for the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The user's data, an absolute path.
    pub source: PathBuf,
    /// The names of the classes at the start; those of the source if empty. Later ones are events.
    pub classes: Vec<String>,
    /// The net, with settings as in `head(width=64)` [default: softmax-regression on vectors, mlp on pictures].
    pub net: Option<String>,
    /// The strategy, with settings as in `bald(passes=50)`.
    pub strategy: String,
    /// A pretrained net whose embeddings take the place of the samples.
    pub model: Option<Pretrained>,
    /// How many questions a batch has.
    pub batch: usize,
    /// The share of questions that are drawn at random, for an accuracy that is true: 0 to 0.5.
    pub audit: f64,
    /// The seed of all that is random.
    pub seed: u64,
}

impl Setup {
    /// A project about a source with the default strategy, batches of 20, a tenth drawn at random, seed 1.
    pub fn new(source: impl Into<PathBuf>, classes: Vec<String>) -> Self {
        todo!()
    }
}

/// How a question came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What a person says about a sample. `class` is the position of a class in [`State::classes`]; positions never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "action")]
pub enum Action {
    /// It is of a class; the last such answer counts.
    Label { class: u32 },
    /// Not now: not asked again until all else is answered.
    Skip,
    /// It is none of the classes; never asked again, never learnt from.
    Discard,
    /// Worth a look later, with a note; what it was labelled stays.
    Flag { note: String },
    /// Takes the flag away.
    Unflag,
}

/// An answer about one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The id of the sample in the source.
    pub id: String,
    #[serde(flatten)]
    pub action: Action,
    pub asked_by: AskedBy,
    /// Who answered.
    pub annotator: String,
    /// How long it took.
    pub millis: Option<u64>,
}

/// The number of an event, ascending from 1.
pub type EventId = i64;

/// A class: its name now, and what a person should know about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassInfo {
    pub name: String,
    pub guideline: Option<String>,
}

/// Where a sample stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub class: Option<u32>,
    pub is_skipped: bool,
    pub is_discarded: bool,
    pub flag: Option<String>,
    /// How the question came up that its label answers.
    pub asked_by: Option<AskedBy>,
}

/// One question of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub id: String,
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
    /// The event that it is.
    pub event: EventId,
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
    pub event: EventId,
    /// Milliseconds since 1970.
    pub at: i64,
    pub n_labeled: usize,
    pub seconds: f64,
    /// The share of the audit samples that the net, which has not learnt from them, got right: `(right, of)`.
    pub audit: (usize, usize),
    /// The share of the samples whose predicted class is the same as after the training before.
    pub agreement: Option<f64>,
}

/// One line of the strip of decisions: an action that was not undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub event: EventId,
    pub at: i64,
    #[serde(flatten)]
    pub answer: Answer,
}

/// What all events come to.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub classes: Vec<ClassInfo>,
    /// One for each sample, in the rows of the source as it is now.
    pub items: Vec<Item>,
    pub batch: Option<Batch>,
    pub trainings: Vec<TrainingRecord>,
    /// Those that count, the oldest first.
    pub decisions: Vec<Decision>,
}

/// A labelling project. One process writes it at a time; threads may share it.
pub struct Project;

impl Project {
    /// The folder of the project about a source where nothing else is said: `photos/` has `photos.deepal/` beside it.
    pub fn folder_for(source: &Path) -> PathBuf {
        todo!()
    }

    /// Makes a project in a new folder; labels that the source has are taken in as [`AskedBy::Import`].
    pub fn create(folder: &Path, setup: &Setup, monitor: Monitor<'_>) -> Result<Self> {
        todo!()
    }

    /// Opens a project, to write: another process that has it open is named in the error.
    pub fn open(folder: &Path, monitor: Monitor<'_>) -> Result<Self> {
        todo!()
    }

    pub fn folder(&self) -> &Path {
        todo!()
    }

    pub fn setup(&self) -> &Setup {
        todo!()
    }

    pub fn source(&self) -> &Arc<Source> {
        todo!()
    }

    /// The row of a sample in the source.
    pub fn row(&self, id: &str) -> Option<usize> {
        todo!()
    }

    /// What all events come to, as of now.
    pub fn state(&self) -> Arc<State> {
        todo!()
    }

    /// Records an answer; it is on disk when this returns.
    pub fn answer(&self, answer: &Answer) -> Result<EventId> {
        todo!()
    }

    /// Records several answers in one transaction, all or none.
    pub fn answer_all(&self, answers: &[Answer]) -> Result<Vec<EventId>> {
        todo!()
    }

    /// Takes the newest decision back that is not undone yet; `None` if there is none.
    pub fn undo(&self, annotator: &str) -> Result<Option<Decision>> {
        todo!()
    }

    /// Adds a class; its position.
    pub fn add_class(&self, name: &str) -> Result<u32> {
        todo!()
    }

    pub fn rename_class(&self, class: u32, name: &str) -> Result<()> {
        todo!()
    }

    pub fn set_guideline(&self, class: u32, text: &str) -> Result<()> {
        todo!()
    }

    /// The samples that strategies may not pick and a person may not find, since the accuracy is measured on them: by row.
    pub fn is_reserved(&self, row: usize) -> bool {
        todo!()
    }

    /// A snapshot from which a net can be trained and the next batch chosen, on any thread.
    pub fn work(&self) -> Work {
        todo!()
    }

    /// Records what [`Work::run`] gave: the training, and the batch if it has one.
    pub fn adopt(&self, done: &Done) -> Result<()> {
        todo!()
    }

    /// Inputs (or embeddings) of samples, `[rows.len(), d]`, for look-alikes.
    pub fn inputs(&self, rows: &[usize]) -> Result<ndarray::Array2<f32>> {
        todo!()
    }

    /// Labels, accuracy and advice, in figures and sentences.
    pub fn status(&self) -> Status {
        todo!()
    }
}

/// A training and a choice of questions that is to be done. Owns all that it needs.
pub struct Work;

impl Work {
    /// Trains a net on the labels (but those of the audit) if there are two classes, and chooses a batch of `n` questions.
    pub fn run(self, n: usize, monitor: Monitor<'_>) -> Result<Done> {
        todo!()
    }
}

/// What [`Work::run`] gave.
pub struct Done {
    /// `None` while no net can be trained.
    pub net: Option<Arc<dyn TrainedNet>>,
    /// The probabilities of all samples, `[n, c]`, if there is a net.
    pub probs: Option<ndarray::Array2<f64>>,
    pub batch: Batch,
    pub training: Option<TrainingRecord>,
}

/// Where a project stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    pub n_samples: usize,
    pub n_labeled: usize,
    pub n_skipped: usize,
    pub n_discarded: usize,
    pub n_flagged: usize,
    /// Labels of each class, in the order of the classes.
    pub per_class: Vec<usize>,
    /// Labels by how the question came up: strategy, audit, found, import.
    pub per_asked_by: Vec<(AskedBy, usize)>,
    pub accuracy: Accuracy,
    /// What is worth doing next, in sentences.
    pub advice: Vec<String>,
}

/// The accuracy on the audit samples by the newest net, which has not learnt from them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accuracy {
    pub right: usize,
    pub of: usize,
    /// The exact 95 % interval by Clopper and Pearson; `None` below 20 samples.
    pub interval: Option<(f64, f64)>,
    /// In a sentence, such as "84 % (95 % interval 71 to 93 %) of 44 samples drawn at random" or "too few yet: 7 of 20".
    pub sentence: String,
}
