//! The strategies over all tasks.

use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Across, BASELINE, BOOTSTRAP_SEED, Estimate, Penalty, SEEDS_FOR_CLAIMS};
use deepal_core::stats;
use ndarray::Array3;
use std::collections::BTreeSet;

/// Who beats whom, on the tasks where two strategies can be compared and of the strategies that can be on all of these: a row of
/// one that missed a task would look worse than it is, and its column better. `None` with fewer than 2 of them.
pub(super) fn penalty(runs: &[TaskRuns<'_>], strategies: &[String]) -> Option<Penalty> {
    let is_comparable = |task: &&TaskRuns<'_>| task.arms.iter().any(|arm| has_opponent(task, arm));
    let comparable = runs.iter().filter(is_comparable).collect::<Vec<_>>();
    let is_known = |name: &&String| {
        comparable.iter().all(|task| task.arm(name).is_some_and(|arm| has_opponent(task, arm)))
    };
    let strategies = strategies.iter().filter(is_known).cloned().collect::<Vec<_>>();
    if comparable.is_empty() || strategies.len() < 2 {
        return None;
    }
    let tasks = comparable.iter().map(|task| values(task, &strategies)).collect::<Vec<_>>();
    let (cells, columns) = stats::penalty_matrix(&tasks);
    Some(Penalty {
        strategies,
        cells: cells.rows().into_iter().map(|row| row.to_vec()).collect(),
        columns: columns.to_vec(),
        tasks: tasks.len(),
    })
}

/// Whether another strategy has 3 seeds and a round after the initial set in common with `arm`.
fn has_opponent(task: &TaskRuns<'_>, arm: &ArmRuns<'_>) -> bool {
    task.arms.iter().filter(|other| other.strategy != arm.strategy).any(|other| {
        let pair = Pair::new(arm, other);
        pair.n_seeds() >= SEEDS_FOR_CLAIMS && pair.labels.len() > 1
    })
}

/// `[a, k, s]`, NaN where a strategy has no such round.
fn values(task: &TaskRuns<'_>, strategies: &[String]) -> Array3<f64> {
    let rounds = || task.arms.iter().flat_map(|arm| arm.seeds.values().flatten());
    let labels = rounds().map(|round| round.labels).collect::<BTreeSet<_>>();
    let seeds = rounds().map(|round| round.seed).collect::<BTreeSet<_>>();
    let mut values = Array3::from_elem((strategies.len(), labels.len(), seeds.len()), f64::NAN);
    for (a, strategy) in strategies.iter().enumerate() {
        let Some(arm) = task.arm(strategy) else { continue };
        for round in arm.seeds.values().flatten() {
            let k = labels.range(..round.labels).count();
            let s = seeds.range(..round.seed).count();
            values[[a, k, s]] = arm.value(round);
        }
    }
    values
}

/// Each strategy that has an area on every task; empty with fewer than 2 tasks.
pub(super) fn across(runs: &[TaskRuns<'_>], strategies: &[String]) -> Vec<Across> {
    if runs.len() < 2 {
        return Vec::new();
    }
    let of = |strategy: &String| {
        let areas = runs.iter().map(|task| task.areas(task.arm(strategy)?));
        let areas = areas.collect::<Option<Vec<_>>>()?;
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

/// The areas over the whole range of the task minus random's; `None` if one of the two has none, or with too few seeds.
fn differences(task: &TaskRuns<'_>, strategy: &str) -> Option<Vec<f64>> {
    let (arm, random) = (task.arm(strategy)?, task.arm(BASELINE)?);
    let are_whole = task.areas(arm).is_some() && task.areas(random).is_some();
    let pair = are_whole.then(|| Pair::new(arm, random))?;
    pair.areas().filter(|areas| areas.len() >= SEEDS_FOR_CLAIMS)
}

fn interquartile(tasks: &[Vec<f64>]) -> Estimate {
    let few = tasks.iter().any(|task| task.len() < SEEDS_FOR_CLAIMS);
    let interval = if few { None } else { stats::interquartile_mean_interval(tasks, BOOTSTRAP_SEED) };
    Estimate { value: stats::interquartile_mean(&tasks.concat()), interval }
}
