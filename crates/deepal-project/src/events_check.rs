//! Whether the events of a project can be what happened.

use crate::answer::Action;
use crate::cross_validation::CrossValidation;
use crate::fold::{Event, What};
use crate::state::{Batch, NetRecord, TrainingRecord};
use std::collections::HashSet;

/// Checks that events name classes that were there by then, ask no sample twice at once, and have numbers in their ranges.
///
/// # Errors
/// In words: the first that does not.
pub(crate) fn check(events: &[Event]) -> Result<(), String> {
    let mut n_classes = 0;
    for Event { id, what, .. } in events {
        let wrong = match what {
            What::Class(_) => {
                n_classes += 1;
                None
            }
            What::Answer(answer) => match answer.action {
                Action::Label { class } => unknown(class, n_classes),
                _ => None,
            },
            What::Rename { class, .. } | What::Guideline { class, .. } => unknown(*class, n_classes),
            What::Undo { .. } => None,
            What::Batch(batch) => of_batch(batch, n_classes),
            What::Training(record) => of_training(record),
            What::Net(NetRecord { cross_validation, .. }) => {
                cross_validation.as_ref().and_then(|found| of_cross_validation(found, n_classes))
            }
        };
        if let Some(why) = wrong {
            return Err(format!("event {id} {why}"));
        }
    }
    Ok(())
}

fn unknown(class: u32, n_classes: u32) -> Option<String> {
    (class >= n_classes).then(|| format!("names class {class}, and there were {n_classes}, counted from 0"))
}

fn of_batch(batch: &Batch, n_classes: u32) -> Option<String> {
    let mut asked = HashSet::new();
    for question in &batch.questions {
        if !asked.insert(&question.id) {
            return Some(format!("asks for `{}` twice", question.id));
        }
        for (class, probability) in &question.likeliest {
            if let Some(why) = unknown(*class, n_classes).or_else(|| no_share("probability", *probability)) {
                return Some(why);
            }
        }
    }
    None
}

fn of_training(record: &TrainingRecord) -> Option<String> {
    let (right, of) = record.audit;
    if right > of {
        return Some(format!("has {right} right of {of}"));
    }
    if !(record.seconds >= 0.0 && record.seconds.is_finite()) {
        return Some("has a time that is negative or not finite".into());
    }
    record.agreement.and_then(|share| no_share("agreement", share))
}

fn of_cross_validation(found: &CrossValidation, n_classes: u32) -> Option<String> {
    let n = found.confusion.len();
    if n > n_classes as usize || found.confusion.iter().any(|row| row.len() != n) {
        return Some(format!("has no table of {n_classes} classes at most"));
    }
    no_share("confidence", found.confidence)
        .or_else(|| no_share("calibration error", found.calibration_error))
}

/// What is wrong with a number that must be from 0 to 1, but for what rounding may add.
fn no_share(what: &str, share: f64) -> Option<String> {
    (!(0.0..=1.0 + 1e-6).contains(&share))
        .then(|| format!("has the {what} {share}, and it must be from 0 to 1"))
}
