//! The strategies over all tasks.

use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Across, BASELINE, BOOTSTRAP_SEED, Estimate, Penalty, SEEDS_FOR_CLAIMS};
use deepal::stats;
use ndarray::Array3;
use std::collections::BTreeSet;

/// Who beats whom; `None` unless two strategies have a task with 3 common seeds and a round after the initial set.
pub(super) fn penalty(runs: &[TaskRuns<'_>], strategies: &[String]) -> Option<Penalty> {
    let comparable = runs.iter().filter(|task| is_comparable(task)).collect::<Vec<_>>();
    let known = |name: &&String| comparable.iter().any(|task| task.arm(name).is_some());
    let strategies = strategies.iter().filter(known).cloned().collect::<Vec<_>>();
    if comparable.is_empty() {
        return None;
    }
    let tasks = comparable.iter().map(|task| accuracies(task, &strategies)).collect::<Vec<_>>();
    let (cells, columns) = stats::penalty_matrix(&tasks);
    Some(Penalty {
        strategies,
        cells: cells.rows().into_iter().map(|row| row.to_vec()).collect(),
        columns: columns.to_vec(),
        tasks: tasks.len(),
    })
}

fn is_comparable(task: &TaskRuns<'_>) -> bool {
    let mut pairs =
        task.arms.iter().enumerate().flat_map(|(i, a)| task.arms[..i].iter().map(move |b| (a, b)));
    pairs.any(|(a, b)| {
        let pair = Pair::new(a, b);
        pair.n_seeds() >= SEEDS_FOR_CLAIMS && pair.labels.len() > 1
    })
}

/// `[a, k, s]`, NaN where a strategy has no such round.
fn accuracies(task: &TaskRuns<'_>, strategies: &[String]) -> Array3<f64> {
    let rounds = || task.arms.iter().flat_map(|arm| arm.seeds.values().flatten());
    let labels = rounds().map(|round| round.labels).collect::<BTreeSet<_>>();
    let seeds = rounds().map(|round| round.seed).collect::<BTreeSet<_>>();
    let mut accuracies = Array3::from_elem((strategies.len(), labels.len(), seeds.len()), f64::NAN);
    for (a, strategy) in strategies.iter().enumerate() {
        for round in task.arm(strategy).into_iter().flat_map(|arm| arm.seeds.values().flatten()) {
            let k = labels.range(..round.labels).count();
            let s = seeds.range(..round.seed).count();
            accuracies[[a, k, s]] = round.accuracy;
        }
    }
    accuracies
}

/// Each strategy that has a curve on every task; empty with fewer than 2 tasks.
pub(super) fn across(runs: &[TaskRuns<'_>], strategies: &[String]) -> Vec<Across> {
    if runs.len() < 2 {
        return Vec::new();
    }
    let of = |strategy: &String| {
        let areas = runs.iter().map(|task| areas(task.arm(strategy)?)).collect::<Option<Vec<_>>>()?;
        let over_random = match strategy.as_str() {
            BASELINE => None,
            _ => runs.iter().map(|task| differences(task, strategy)).collect::<Option<Vec<_>>>(),
        };
        Some(Across {
            strategy: strategy.clone(),
            iqm: interquartile(&areas),
            iqm_difference: over_random.map(|differences| interquartile(&differences)),
        })
    };
    strategies.iter().filter_map(of).collect()
}

fn areas(arm: &ArmRuns<'_>) -> Option<Vec<f64>> {
    arm.curves().iter().map(|curve| stats::area_under_curve(curve)).collect()
}

fn differences(task: &TaskRuns<'_>, strategy: &str) -> Option<Vec<f64>> {
    let pair = Pair::new(task.arm(strategy)?, task.arm(BASELINE)?);
    pair.areas().filter(|areas| !areas.is_empty())
}

fn interquartile(tasks: &[Vec<f64>]) -> Estimate {
    let few = tasks.iter().any(|task| task.len() < SEEDS_FOR_CLAIMS);
    let interval = if few { None } else { stats::interquartile_mean_interval(tasks, BOOTSTRAP_SEED) };
    Estimate { value: stats::interquartile_mean(&tasks.concat()), interval }
}
