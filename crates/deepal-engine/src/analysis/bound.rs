//! The upper bound of a task, and the shares of its gain that strategies reached.

use super::compare::{arm, difference, estimate};
use super::phrases::{list, points_with_interval};
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Arm, BASELINE, BOOTSTRAP_SEED, Bound, Estimate, SEEDS_FOR_CLAIMS, Share, TaskAnalysis};
use deepal_core::stats;
use std::collections::BTreeSet;

/// The bound of a task that has one; `classes` is how many there are.
pub(super) fn bound(task: &TaskRuns<'_>, classes: usize) -> Option<Bound> {
    let runs = task.bound.as_ref()?;
    // Its tests belong to no family: it is not compared.
    let mut arm =
        Arm { versus_random: None, area: task.areas(runs).map(|a| estimate(&a)), ..arm(task, runs, classes) };
    arm.points.iter_mut().for_each(|point| point.difference = None);
    let areas = task.arm(BASELINE).and_then(|random| areas([runs, runs], random));
    let gain = areas.and_then(|[areas, _]| Some(difference(&areas)?.mean));
    let is_ahead = gain.and_then(|gain| gain.interval).is_some_and(|(low, _)| low > 0.0);
    let others = task.arms.iter().filter(|other| is_ahead && other.strategy != BASELINE);
    let mut shares = others.filter_map(|other| share(task, runs, other)).collect::<Vec<_>>();
    shares.sort_by(|a, b| b.share.value.total_cmp(&a.share.value));
    Some(Bound { arm, gain, shares })
}

/// The areas of two strategies minus random's, for each seed that all three have, if they end together and there are enough.
fn areas(of: [&ArmRuns<'_>; 2], random: &ArmRuns<'_>) -> Option<[Vec<f64>; 2]> {
    let end = random.end();
    let reached = |runs: &ArmRuns<'_>| runs.reaching(end).seeds.keys().copied().collect::<BTreeSet<_>>();
    let seeds = of.iter().fold(reached(random), |seeds, runs| &seeds & &reached(runs));
    if seeds.len() < SEEDS_FOR_CLAIMS || of.iter().any(|runs| runs.end() != end) {
        return None;
    }
    let [first, second] = of.map(|runs| Pair::new(&runs.only(&seeds), &random.only(&seeds)).areas());
    Some([first?, second?])
}

fn share(task: &TaskRuns<'_>, bound: &ArmRuns<'_>, runs: &ArmRuns<'_>) -> Option<Share> {
    let [part, whole] = areas([runs, bound], task.arm(BASELINE)?)?;
    let (value, interval) = stats::share(&part, &whole, BOOTSTRAP_SEED)?;
    Some(Share { strategy: runs.strategy.into(), seeds: part.len(), share: Estimate { value, interval } })
}

/// What is said of the bound of a task.
pub(super) fn sentences(task: &TaskAnalysis) -> Vec<String> {
    let Some(Bound { arm, gain, shares }) = &task.upper_bound else { return Vec::new() };
    let what = format!("{}, which is no strategy and chooses by hidden labels,", arm.strategy);
    let on = format!("On {}", task.name());
    let Some(gain) = gain else {
        return vec![format!(
            "{on}, {what} says nothing about what was possible: it takes at least {SEEDS_FOR_CLAIMS} seeds of it and of {BASELINE} that \
             end together."
        )];
    };
    let gained = format!("{} over {BASELINE})", points_with_interval(*gain));
    if shares.is_empty() && gain.interval.is_none_or(|(low, _)| low <= 0.0) {
        return vec![format!(
            "{on}, {what} is not surely ahead of random (area {gained}, so nothing is said about what was possible."
        )];
    }
    let words = shares
        .iter()
        .map(|share| format!("{} {}", share.strategy, percent(&share.share)))
        .collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    let mut sentence = format!("{on}, {what} gained an area of {gained}");
    if !words.is_empty() {
        sentence += &format!("; of that {}", list(&words));
    }
    sentence.push('.');
    let mut sentences = vec![sentence];
    if shares.iter().any(|share| share.share.value > 1.0) {
        sentences.push(format!(
            "{on}, a share above 100 % means that more was possible than {} found.",
            arm.strategy
        ));
    }
    sentences
}

/// `71 % (60 to 80)`.
fn percent(share: &Estimate) -> String {
    let tell = |share: f64| format!("{:.0}", 100.0 * share + 0.0);
    match share.interval {
        Some((low, high)) => format!("{} % ({} to {})", tell(share.value), tell(low), tell(high)),
        None => format!("{} %", tell(share.value)),
    }
}
