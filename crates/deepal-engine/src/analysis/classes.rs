//! The test set class by class, where a strategy ends.

use super::ClassFigures;
use super::runs::ArmRuns;
use deepal_core::metric::ClassCounts;
use deepal_core::stats;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The figures of each class at the end of runs that all reached it; none if a seed has recorded other classes, or none.
pub(super) fn figures(runs: &ArmRuns<'_>) -> Vec<ClassFigures> {
    let counts = runs.at(runs.end()).map(|round| round.test.as_ref());
    let Some(counts) = counts.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let Some(first) = counts.first() else { return Vec::new() };
    if counts.iter().any(|other| other.n_classes() != first.n_classes()) {
        return Vec::new();
    }
    let mean = |of: &dyn Fn(&ClassCounts) -> Option<f64>| {
        let values = counts.iter().filter_map(|counts| of(counts)).collect::<Vec<_>>();
        (!values.is_empty()).then(|| stats::mean(&values))
    };
    let figures = |class| ClassFigures {
        support: first.actual[class],
        recall: mean(&|counts| counts.recall(class)),
        precision: mean(&|counts| counts.precision(class)),
        f1: mean(&|counts| counts.f1(class)),
    };
    (0..first.n_classes()).map(figures).collect()
}

/// The confusions at the end of runs that all reached it, added up, the commonest first; none if a seed recorded none.
pub(super) fn confused(runs: &ArmRuns<'_>) -> Vec<(u16, u16, u32)> {
    let errors = runs.at(runs.end()).map(|round| round.errors.as_ref());
    let Some(errors) = errors.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let mut pairs = BTreeMap::<_, u32>::new();
    for (actual, predicted, n) in errors.into_iter().flat_map(|errors| &errors.confused) {
        *pairs.entry((*actual, *predicted)).or_default() += n;
    }
    let mut pairs = pairs.into_iter().map(|((actual, predicted), n)| (actual, predicted, n)).collect::<Vec<_>>();
    pairs.sort_by_key(|(_, _, n)| Reverse(*n));
    pairs
}
