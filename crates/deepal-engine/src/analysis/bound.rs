//! The upper bound of a task, and the shares of its gain that strategies reached.

use super::compare::{arm, difference};
use super::phrases::{list, points_with_interval};
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Arm, BASELINE, BOOTSTRAP_SEED, Bound, Estimate, SEEDS_FOR_CLAIMS, Share, TaskAnalysis};
use deepal_core::stats;
use std::collections::BTreeSet;

/// The bound of a task that has one; `classes` is how many there are.
pub(super) fn bound(task: &TaskRuns<'_>, classes: usize) -> Option<Bound> {
    let runs = task.bound.as_ref()?;
    // Its tests belong to no family: it is not compared.
    let mut arm = Arm { versus_random: None, area: task.areas(runs).map(|a| super::compare::estimate(&a)), ..arm(task, runs, classes) };
    arm.points.iter_mut().for_each(|point| point.difference = None);
    let areas = task.arm(BASELINE).and_then(|random| areas(runs, random, None));
    let gain = areas.and_then(|areas| Some(difference(&areas)?.mean));
    let is_ahead = gain.and_then(|gain| gain.interval).is_some_and(|(low, _)| low > 0.0);
    let others = task.arms.iter().filter(|other| is_ahead && other.strategy != BASELINE);
    let mut shares = others.filter_map(|other| share(task, runs, other)).collect::<Vec<_>>();
    shares.sort_by(|a, b| b.share.value.total_cmp(&a.share.value));
    Some(Bound { arm, gain, shares })
}

/// The area between two curves of each seed, of `seeds` or of all that both have, if they end together and there are enough.
fn areas(runs: &ArmRuns<'_>, random: &ArmRuns<'_>, seeds: Option<&BTreeSet<u64>>) -> Option<Vec<f64>> {
    let of = |runs: &ArmRuns<'_>| seeds.map_or_else(|| runs.reaching(0), |seeds| runs.reaching(0).only(seeds));
    let pair = Pair::new(&of(runs), &of(random));
    pair.areas().filter(|areas| areas.len() >= SEEDS_FOR_CLAIMS && runs.end() == random.end())
}

fn share(task: &TaskRuns<'_>, bound: &ArmRuns<'_>, runs: &ArmRuns<'_>) -> Option<Share> {
    let random = task.arm(BASELINE)?;
    let end = random.end();
    let seeds = [bound, runs, random].map(|runs| runs.reaching(end).seeds.keys().copied().collect::<BTreeSet<_>>());
    let seeds = seeds.into_iter().reduce(|a, b| &a & &b)?;
    let (part, whole) = (areas(runs, random, Some(&seeds))?, areas(bound, random, Some(&seeds))?);
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
        return vec![format!("{on}, {what} is not surely ahead of random (area {gained}, so nothing is said about what was possible.")];
    }
    let words = shares.iter().map(|share| format!("{} {}", share.strategy, percent(&share.share))).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    let mut sentence = format!("{on}, {what} gained an area of {gained}");
    if !words.is_empty() {
        sentence += &format!("; of that {}", list(&words));
    }
    sentence.push('.');
    let mut sentences = vec![sentence];
    if shares.iter().any(|share| share.share.value > 1.0) {
        sentences.push(format!("{on}, a share above 100 % means that more was possible than {} found.", arm.strategy));
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
