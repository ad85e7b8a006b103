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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn what() -> impl Strategy<Value = What> {
        let action = prop_oneof![
            (0..4_u32).prop_map(|class| Action::Label { class }),
            Just(Action::Skip),
            Just(Action::Discard),
            Just(Action::Flag { note: "look".into() }),
            Just(Action::Unflag),
        ];
        let answer = (0..5_u8, action, 0..4_usize).prop_map(|(id, action, by)| {
            What::Answer(Answer {
                id: format!("sample {id}"),
                action,
                asked_by: AskedBy::ALL[by],
                annotator: "a".into(),
                millis: None,
            })
        });
        prop_oneof![
            6 => answer,
            2 => (1..40_i64).prop_map(|undoes| What::Undo { undoes, annotator: "a".into() }),
            1 => "[a-c]".prop_map(What::Class),
            1 => (0..4_u32, "[d-f]").prop_map(|(class, name)| What::Rename { class, name }),
        ]
    }

    fn numbered(what: Vec<What>) -> Vec<Event> {
        (1..).zip(what).map(|(id, what)| Event { id, at: 10 * id, what }).collect()
    }

    proptest! {
        #[test]
        fn any_events_come_to_something_that_makes_sense(what in prop::collection::vec(what(), 0..40)) {
            let fold = Fold::of(&numbered(what));
            for item in fold.items.values() {
                let said = [item.class.is_some(), item.is_skipped, item.is_discarded];
                prop_assert!(said.iter().filter(|said| **said).count() <= 1, "{item:?}");
                prop_assert_eq!(item.class.is_some(), item.asked_by.is_some());
                prop_assert!(item.class.is_none_or(|class| (class as usize) < fold.classes.len()));
            }
            prop_assert!(fold.decisions.is_sorted_by_key(|decision| decision.event));
        }

        /// An answer and its undo leave everything as if there had been neither, whatever came before.
        #[test]
        fn undo_is_exact(before in prop::collection::vec(what(), 0..30), new in what()) {
            let events = numbered(before);
            let is_answer = matches!(new, What::Answer(_));
            prop_assume!(is_answer);
            let mut longer = events.clone();
            let id = events.len() as i64 + 1;
            longer.push(Event { id, at: 0, what: new });
            longer.push(Event { id: id + 1, at: 0, what: What::Undo { undoes: id, annotator: "a".into() } });
            prop_assert_eq!(Fold::of(&longer), Fold::of(&events));
        }

        /// One event after the other comes to the same as all at once, as long as none is taken back.
        #[test]
        fn step_by_step_is_the_same(what in prop::collection::vec(what(), 0..40)) {
            let events = numbered(what);
            let events = events.into_iter().filter(|event| !matches!(event.what, What::Undo { .. })).collect::<Vec<_>>();
            let mut fold = Fold::default();
            events.iter().for_each(|event| fold.apply(event));
            prop_assert_eq!(fold, Fold::of(&events));
        }
    }
}
