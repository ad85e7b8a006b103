//! Where a project stands, in figures and sentences.

use crate::accuracy::{self, Accuracy, FEWEST};
use crate::answer::AskedBy;
use crate::forecast::Forecast;
use crate::setup::Setup;
use crate::state::State;
use deepal_engine::text::count;
use serde::Serialize;

/// Classes with fewer labels are named.
const FEW: usize = 5;
/// Names in a sentence.
const NAMED: usize = 8;

/// Where a project stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// How many samples the source has now.
    pub n_samples: usize,
    /// How many of them have a label.
    pub n_labeled: usize,
    /// How many were skipped, to be asked again at the end.
    pub n_skipped: usize,
    /// How many are of no class.
    pub n_discarded: usize,
    /// How many have a flag.
    pub n_flagged: usize,
    /// How many samples with an answer are not in the source any more; their answers are kept and not counted.
    pub n_gone: usize,
    /// How many questions of the newest batch have no answer.
    pub n_open: usize,
    /// Labels of each class, in the order of the classes.
    pub per_class: Vec<usize>,
    /// Labels by how the question came up: strategy, audit, found, import.
    pub per_asked_by: Vec<(AskedBy, usize)>,
    /// On samples drawn at random.
    pub accuracy: Accuracy,
    /// What the next labels would bring.
    pub forecast: Forecast,
    /// What is worth doing next, in sentences.
    pub advice: Vec<String>,
}

/// From a state; `open`: how many questions of the newest batch have no answer.
pub(crate) fn of(state: &State, setup: &Setup, open: usize, forecast: Forecast) -> Status {
    let items = &state.items;
    let number = |is: &dyn Fn(&crate::state::Item) -> bool| items.iter().filter(|item| is(item)).count();
    let mut per_class = vec![0; state.classes.len()];
    for class in items.iter().filter_map(|item| item.class) {
        per_class[class as usize] += 1;
    }
    let asked_by = |by: AskedBy| number(&|item| item.asked_by == Some(by));
    let (right, of) = accuracy::audit(state, &state.predicted);
    let mut accuracy = Accuracy::new(right, of);
    if state.trainings.is_empty() {
        accuracy.sentence = "no net has been trained yet".into();
    } else if setup.audit == 0.0 {
        accuracy.sentence = "unknown: the project draws no questions at random".into();
    }
    let mut status = Status {
        n_samples: items.len(),
        n_labeled: per_class.iter().sum(),
        n_skipped: number(&|item| item.is_skipped),
        n_discarded: number(&|item| item.is_discarded),
        n_flagged: number(&|item| item.flag.is_some()),
        n_gone: state.gone.len(),
        n_open: open,
        per_class,
        per_asked_by: AskedBy::ALL.map(|by| (by, asked_by(by))).to_vec(),
        accuracy,
        forecast,
        advice: Vec::new(),
    };
    status.advice = advice(state, setup, &status);
    status
}

fn advice(state: &State, setup: &Setup, status: &Status) -> Vec<String> {
    let mut advice = Vec::new();
    if status.n_open > 0 {
        advice.push(format!(
            "answer the {} of the batch",
            count(status.n_open, "open question", "open questions")
        ));
    }
    if status.per_class.len() < 2 {
        advice.push("name two classes at least; no net can tell fewer apart".into());
    } else if status.per_class.iter().filter(|n| **n > 0).count() < 2 {
        advice.push("label samples of two classes at least; until then no net can be trained".into());
    } else {
        let few = state.classes.iter().zip(&status.per_class).filter(|(_, n)| **n < FEW);
        let few = few.map(|(class, n)| format!("`{}` {n}", class.name)).collect::<Vec<_>>();
        if !few.is_empty() {
            let more = few.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more classes") } else { String::new() };
            let few = few.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            advice.push(format!("look for more of the classes with few labels: {few}{more}"));
        }
    }
    let audited = status.per_asked_by[1].1;
    if setup.audit > 0.0 && (1..FEWEST).contains(&audited) {
        let more = count(FEWEST - audited, "more answer", "more answers");
        advice.push(format!("{more} to questions drawn at random give the accuracy an interval"));
    }
    if status.n_flagged > 0 {
        advice.push(format!("look at the {} with a flag", count(status.n_flagged, "sample", "samples")));
    }
    if let Some(first) = state.gone.first() {
        let them = count(state.gone.len(), "sample that is", "samples that are");
        advice.push(format!(
            "there are answers about {them} not in the source any more, such as `{first}`; they count again if the samples come back"
        ));
    }
    if status.n_labeled + status.n_discarded >= status.n_samples {
        advice.push("every sample has an answer; train the net on all labels".into());
    }
    advice
}
