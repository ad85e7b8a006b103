//! The test set class by class, as the page shows it: figures, confusions and the worst errors of one strategy, and F1 of all.

use super::figures::{confusion, svg};
use super::pictures::{Picture, worst};
use super::{Report, cells};
use crate::analysis::{Arm, TaskAnalysis};
use deepal_core::metric::Errors;

/// A table has no more classes: of more it has those with the lowest F1.
const MOST: usize = 30;

pub(super) struct ClassesView {
    /// Which strategy it is about, and its figures over all classes.
    pub(super) about: String,
    /// The strategies that have such figures.
    pub(super) strategies: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// How many classes there are.
    pub(super) n_classes: usize,
    pub(super) confusion: Option<String>,
    /// The seed whose errors are shown, and the errors, or why there are none.
    pub(super) worst: Option<(u64, Result<Vec<Picture>, String>)>,
}

/// A class.
pub(super) struct Row {
    pub(super) class: String,
    /// F1, recall, precision and test samples.
    pub(super) cells: [String; 4],
    /// F1 by strategy.
    pub(super) f1: Vec<String>,
}

impl ClassesView {
    /// Of a task with its class names; `None` where the record has the accuracy alone.
    pub(super) fn new(report: &Report<'_>, task: &TaskAnalysis, names: &[String]) -> Option<Self> {
        let arm = best(task)?;
        let arms = task.arms.iter().filter(|arm| !arm.classes.is_empty()).collect::<Vec<_>>();
        let f1 = |class: usize| arm.classes[class].f1.unwrap_or(f64::INFINITY);
        let mut shown = (0..arm.classes.len()).collect::<Vec<_>>();
        if shown.len() > MOST {
            shown.sort_by(|a, b| f1(*a).total_cmp(&f1(*b)));
            shown.truncate(MOST);
        }
        let share = |share: Option<f64>| share.map_or("–".into(), cells::share);
        let row = |class: usize| {
            let found = &arm.classes[class];
            let of = |other: &&Arm| share(other.classes.get(class).and_then(|class| class.f1));
            Row {
                class: names.get(class).cloned().unwrap_or_else(|| class.to_string()),
                cells: [
                    share(found.f1),
                    share(found.recall),
                    share(found.precision),
                    found.support.to_string(),
                ],
                f1: arms.iter().map(of).collect(),
            }
        };
        Some(Self {
            about: about(report, arm, arms.len()),
            strategies: arms.iter().map(|arm| arm.strategy.clone()).collect(),
            rows: shown.into_iter().map(row).collect(),
            n_classes: arm.classes.len(),
            confusion: confusion(task, arm, names).map(|figure| svg::inline(&figure)),
            worst: worst_errors(report, task, arm),
        })
    }
}

/// The strategy with the highest metric at its end, the first of equals, of those that have figures of classes.
pub(super) fn best(task: &TaskAnalysis) -> Option<&Arm> {
    let end = |arm: &Arm| arm.points.last().map_or(0.0, |point| point.value.value);
    let arms = task.arms.iter().filter(|arm| !arm.classes.is_empty());
    arms.reduce(|best, arm| if end(arm) > end(best) { arm } else { best })
}

fn about(report: &Report<'_>, arm: &Arm, strategies: usize) -> String {
    let Some(end) = arm.points.last() else { return String::new() };
    let others = [("balanced accuracy", end.balanced_accuracy), ("macro-F1", end.macro_f1)];
    let others = others.iter().filter_map(|(name, estimate)| Some((*name, estimate.as_ref()?)));
    let figures = [("accuracy", &end.accuracy)].into_iter().chain(others);
    let figures = figures.map(|(name, estimate)| format!("{name} {} %", cells::percent(estimate)));
    let why = match strategies {
        1 => String::new(),
        _ => format!(", whose {} is the highest,", report.analysis.metric.words()),
    };
    let figures = figures.collect::<Vec<_>>().join(", ");
    format!("{}{why} at {} labels: {figures}.", arm.strategy, end.labels)
}

/// The errors of the last round of the first seed that recorded them; nothing without the data.
fn worst_errors(
    report: &Report<'_>,
    task: &TaskAnalysis,
    arm: &Arm,
) -> Option<(u64, Result<Vec<Picture>, String>)> {
    let data = report.data.get(&task.dataset)?;
    let of_seed = |seed: u64| -> Option<(u64, &Errors)> {
        let job = (task.dataset.as_str(), task.net.as_str(), arm.strategy.as_str(), seed);
        let rounds = report.rounds.iter().filter(|round| round.job() == job);
        Some((seed, rounds.max_by_key(|round| round.round)?.errors.as_deref()?))
    };
    let (seed, errors) = arm.seeds.iter().find_map(|seed| of_seed(*seed))?;
    (!errors.worst.is_empty()).then(|| (seed, worst(errors, data)))
}
