//! From events to what they come to: a function, so that the same events always mean the same.

use crate::answer::{Action, Answer, AskedBy, EventId};
use crate::state::{Batch, ClassInfo, Decision, Item, NetRecord, TrainingRecord};
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened, for ever.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Answer(Answer),
    /// An answer was taken back, by whom.
    Undo {
        undoes: EventId,
        annotator: String,
    },
    /// A class was added; its position is the next.
    Class(String),
    Rename {
        class: u32,
        name: String,
    },
    Guideline {
        class: u32,
        text: String,
    },
    Batch(Batch),
    Training(TrainingRecord),
    Net(NetRecord),
}

/// What events come to, whatever is in the source now.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fold {
    pub(crate) classes: Vec<ClassInfo>,
    pub(crate) items: BTreeMap<String, Item>,
    pub(crate) batch: Option<Batch>,
    /// How the question about each sample came up that was asked.
    pub(crate) asked: BTreeMap<String, AskedBy>,
    /// How many batches there were.
    pub(crate) n_batches: u32,
    pub(crate) trainings: Vec<TrainingRecord>,
    pub(crate) net: Option<NetRecord>,
    pub(crate) decisions: Vec<Decision>,
}

impl Fold {
    /// All events, in their order; an answer that a later event takes back never was.
    pub(crate) fn of(events: &[Event]) -> Self {
        let undone = events.iter().filter_map(|event| match event.what {
            What::Undo { undoes, .. } if undoes < event.id => Some(undoes),
            _ => None,
        });
        let undone = undone.collect::<BTreeSet<_>>();
        let mut fold = Self::default();
        let counts = |event: &&Event| !(matches!(event.what, What::Answer(_)) && undone.contains(&event.id));
        events.iter().filter(counts).for_each(|event| fold.apply(event));
        fold
    }

    /// One event more, which is no [`What::Undo`].
    pub(crate) fn apply(&mut self, event: &Event) {
        match &event.what {
            What::Answer(answer) => self.answer(event, answer),
            What::Undo { .. } => {}
            What::Class(name) => self.classes.push(ClassInfo { name: name.clone(), guideline: None }),
            What::Rename { class, name } => {
                if let Some(class) = self.classes.get_mut(*class as usize) {
                    class.name.clone_from(name);
                }
            }
            What::Guideline { class, text } => {
                if let Some(class) = self.classes.get_mut(*class as usize) {
                    class.guideline = Some(text.clone()).filter(|text| !text.is_empty());
                }
            }
            What::Batch(batch) => {
                let asked = batch.questions.iter().map(|question| (question.id.clone(), question.asked_by));
                self.asked.extend(asked);
                self.n_batches += 1;
                self.batch = Some(Batch { event: event.id, ..batch.clone() });
            }
            What::Net(record) => {
                self.net = Some(NetRecord { event: event.id, at: event.at, ..record.clone() });
            }
            What::Training(record) => {
                self.trainings.push(TrainingRecord { event: event.id, at: event.at, ..record.clone() });
            }
        }
    }

    fn answer(&mut self, event: &Event, answer: &Answer) {
        if matches!(answer.action, Action::Label { class } if class as usize >= self.classes.len()) {
            return;
        }
        let item = self.items.entry(answer.id.clone()).or_default();
        let flag = item.flag.take();
        let cleared = Item { flag: flag.clone(), ..Item::default() };
        match &answer.action {
            Action::Label { class } => {
                *item = Item { class: Some(*class), asked_by: Some(answer.asked_by), ..cleared };
            }
            Action::Skip => *item = Item { is_skipped: true, ..cleared },
            Action::Discard => *item = Item { is_discarded: true, ..cleared },
            Action::Flag { note } => item.flag = Some(note.clone()),
            Action::Unflag => item.flag = None,
        }
        if answer.asked_by != AskedBy::Import {
            self.decisions.push(Decision { event: event.id, at: event.at, answer: answer.clone() });
        }
    }
}
