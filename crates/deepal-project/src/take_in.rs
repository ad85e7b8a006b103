//! Answers from a file.

use crate::answer::{Action, Answer, AskedBy};
use crate::state::State;
use deepal_data::Error as DataError;
use deepal_data::source::Said;
use deepal_engine::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What came of a file of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    /// Samples that have a label now, or another than before.
    pub labeled: usize,
    /// Samples that were skipped.
    pub skipped: usize,
    /// Samples whose label was the same before.
    pub unchanged: usize,
}

/// The answers that are new in those of a file. `asked` says how a sample's question came up; what nobody asked is imported.
///
/// # Errors
/// Labels that are no classes of the project, all named.
pub(crate) fn answers(
    path: &Path,
    said: Vec<(String, Said)>,
    item: impl Fn(&str) -> Option<crate::state::Item>,
    state: &State,
    asked: &BTreeMap<String, AskedBy>,
    annotator: &str,
) -> Result<(Vec<Answer>, TakenIn)> {
    let positions = (0_u32..).zip(&state.classes).map(|(at, class)| (class.name.as_str(), at));
    let positions = positions.collect::<BTreeMap<_, _>>();
    let mut unknown = BTreeSet::new();
    let mut taken = TakenIn { labeled: 0, skipped: 0, unchanged: 0 };
    let mut answers = Vec::new();
    for (id, said) in said {
        let now = item(&id).unwrap_or_default();
        let action = match said {
            Said::Skip if now.is_open() => Action::Skip,
            Said::Skip => continue,
            Said::Label(name) => match positions.get(name.as_str()) {
                Some(class) if now.class == Some(*class) => {
                    taken.unchanged += 1;
                    continue;
                }
                Some(class) => Action::Label { class: *class },
                None => {
                    unknown.insert(format!("`{name}`"));
                    continue;
                }
            },
        };
        match action {
            Action::Skip => taken.skipped += 1,
            _ => taken.labeled += 1,
        }
        let asked_by = asked.get(&id).copied().unwrap_or(AskedBy::Import);
        answers.push(Answer { id, action, asked_by, annotator: annotator.into(), millis: None });
    }
    if !unknown.is_empty() {
        let classes = state.class_names().join(", ");
        let why = format!(
            "has labels that are no classes of the project: {}; its classes are {classes}; correct them, or add the class first; nothing \
             was taken in",
            unknown.into_iter().collect::<Vec<_>>().join(", ")
        );
        return Err(DataError::Unfit { path: path.into(), why }.into());
    }
    Ok((answers, taken))
}
