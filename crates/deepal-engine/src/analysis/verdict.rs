//! The answer in sentences.

use super::bound;
use super::phrases::{evidence, list, p_value, percent_of, points_with_interval, ratio_interval, thousands};
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Analysis, BASELINE, SEEDS_ADVISED, SEEDS_FOR_CLAIMS, Saving, TaskAnalysis, Versus};
use crate::text::count;
use deepal_core::metric::Metric;
use std::cmp::Reverse;

/// First over all tasks, then task by task, the longest comparison and then the largest difference first.
pub(super) fn sentences(analysis: &Analysis, runs: &[TaskRuns<'_>], asked: &[String]) -> Vec<String> {
    if analysis.tasks.is_empty() {
        return vec!["No round is recorded yet.".into()];
    }
    let over_all = over_all(analysis).into_iter();
    let tasks = analysis.tasks.iter().zip(runs);
    let of_task = |(task, runs)| {
        let mut sentences = of_task(task, runs, asked, tests(analysis));
        sentences.extend(bound::sentences(task));
        sentences
    };
    over_all.chain(tasks.flat_map(of_task)).collect()
}

/// Tests in Holm's family of the areas.
fn tests(analysis: &Analysis) -> usize {
    let arms = analysis.tasks.iter().flat_map(|task| &task.arms);
    arms.filter(|arm| arm.versus_random.is_some()).count()
}

/// How many tasks compare a strategy with random, and on how many of them each was better, worse or neither, the best first.
pub(crate) fn outcomes(analysis: &Analysis) -> (usize, Vec<(String, [usize; 3])>) {
    let outcomes = |task: &TaskAnalysis| {
        let arms = task.arms.iter().filter_map(|arm| Some((&arm.strategy, arm.versus_random.as_ref()?)));
        arms.map(|(name, versus)| (name.clone(), versus.area.outcome)).collect::<Vec<_>>()
    };
    let outcomes = analysis.tasks.iter().map(outcomes).filter(|task| !task.is_empty()).collect::<Vec<_>>();
    let mut counts = Vec::<(String, [usize; 3])>::new();
    for (name, outcome) in outcomes.iter().flatten() {
        let at = counts.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            counts.push((name.clone(), [0; 3]));
            counts.len() - 1
        });
        counts[at].1[match outcome {
            1 => 0,
            -1 => 1,
            _ => 2,
        }] += 1;
    }
    counts.sort_by_key(|(_, [wins, losses, _])| (*losses as isize - *wins as isize, Reverse(*wins)));
    (outcomes.len(), counts)
}

/// How often each strategy was better or worse than random, and by how much; nothing with fewer than 2 tasks that tell.
fn over_all(analysis: &Analysis) -> Vec<String> {
    let (tasks, counts) = outcomes(analysis);
    if tasks < 2 {
        return Vec::new();
    }
    let count = |(name, [wins, losses, neither]): &(String, [usize; 3])| {
        format!("{name} {wins}, {losses}, {neither}")
    };
    let is_null = counts.iter().all(|(_, [wins, losses, _])| wins + losses == 0);
    let counts = counts.iter().map(count).collect::<Vec<_>>().join("; ");
    let mut sentences = vec![match is_null {
        true => format!("No evidence that any strategy differs from random on any of {tasks} tasks."),
        false => format!("Over {tasks} tasks, wins, losses and no evidence against random: {counts}."),
    }];
    let means = analysis.across.iter().filter_map(|across| {
        Some(format!("{} {})", across.strategy, points_with_interval(across.iqm_difference?)))
    });
    let means = means.collect::<Vec<_>>().join("; ");
    if !means.is_empty() {
        let of = match analysis.metric {
            Metric::Accuracy => String::new(),
            metric => format!(" under the {} curves", metric.words()),
        };
        sentences.push(format!("Interquartile mean of the areas{of} against random: {means}."));
    }
    sentences
}

fn of_task(task: &TaskAnalysis, runs: &TaskRuns<'_>, asked: &[String], tests: usize) -> Vec<String> {
    let others = task.arms.iter().filter(|arm| arm.strategy != BASELINE).collect::<Vec<_>>();
    let names = others.iter().map(|arm| arm.strategy.as_str()).collect::<Vec<_>>();
    let where_ = format!("On {}", task.name());
    let Some(random) = runs.arm(BASELINE) else {
        let (nothing, names) = (format!("{where_}, nothing can be said about labels saved by"), list(&names));
        return vec![match asked.iter().any(|name| name == BASELINE) {
            true => format!("{nothing} {names} yet: random has no finished round."),
            false => format!("{nothing} {names}: add `random` to the strategies."),
        }];
    };
    if others.is_empty() {
        return vec![format!("{where_}, only random ran: there is nothing to compare it with.")];
    }
    let mut sentences = Vec::new();
    let mut compared = others
        .iter()
        .filter_map(|arm| Some((arm.strategy.as_str(), arm.versus_random.as_ref()?)))
        .collect::<Vec<_>>();
    compared.sort_by(|(_, a), (_, b)| {
        b.labels.cmp(&a.labels).then(b.area.mean.value.total_cmp(&a.area.mean.value))
    });
    let told = |(name, versus)| against_random(task, name, versus, tests, runs.metric);
    sentences.extend(compared.into_iter().map(told));
    let silent_arms = others.iter().filter(|arm| arm.versus_random.is_none());
    let silent_runs = silent_arms.filter_map(|arm| runs.arm(&arm.strategy)).collect::<Vec<_>>();
    sentences.extend(silent(&where_, random, &silent_runs));
    sentences
}

/// What is said of the strategies that were not compared, and why.
fn silent(where_: &str, random: &ArmRuns<'_>, silent: &[&ArmRuns<'_>]) -> Vec<String> {
    let common = |arm: &ArmRuns<'_>| Pair::new(arm, random).n_seeds();
    let (too_few, too_short): (Vec<&ArmRuns<'_>>, Vec<_>) =
        silent.iter().partition(|arm| common(arm) < SEEDS_FOR_CLAIMS);
    let names = |arms: &[&ArmRuns<'_>]| list(&arms.iter().map(|arm| arm.strategy).collect::<Vec<_>>());
    let mut sentences = Vec::new();
    if let Some(seeds) = too_few.iter().map(|arm| common(arm)).min() {
        sentences.push(format!(
            "{where_}, nothing is claimed about {} against random: with {} in common a difference may be chance. Use at \
             least {SEEDS_FOR_CLAIMS} seeds; {SEEDS_ADVISED} are advised.",
            names(&too_few),
            count(seeds, "seed", "seeds")
        ));
    }
    if !too_short.is_empty() {
        sentences.push(format!(
            "{where_}, {} and random cannot be compared yet: they have no round in common after the initial labels.",
            names(&too_short)
        ));
    }
    sentences
}

fn against_random(task: &TaskAnalysis, name: &str, versus: &Versus, tests: usize, metric: Metric) -> String {
    let where_ = format!("On {}", task.name());
    let evidence = evidence(&versus.area, versus.seeds, metric);
    let alone = match versus.area.p < 0.05 && versus.area.outcome == 0 {
        false => String::new(),
        true => format!(
            "; alone it would have {}, but one of {tests} comparisons may look like that by chance",
            p_value(versus.area.p)
        ),
    };
    let saving = versus.saving.as_ref().map(|saving| format!("; {}", saved(task, versus, saving, metric)));
    let saving = saving.unwrap_or_default();
    match versus.area.outcome {
        1 => format!("{where_}, {name} beat random: {evidence}{saving}."),
        -1 => format!("{where_}, {name} lost to random: {evidence}{saving}."),
        _ => format!("No evidence that {name} differs from random on {}: {evidence}{alone}.", task.name()),
    }
}

/// `it reached random's final 95.1 % with 430 labels where random needed 1,000: 2.3 times fewer (95 % interval 1.9 to 2.8)`.
fn saved(task: &TaskAnalysis, versus: &Versus, saving: &Saving, metric: Metric) -> String {
    let percent = percent_of(metric, saving.target);
    let end = thousands(versus.labels as f64);
    let (target, comma) = match task.random_goes_beyond(versus.labels) {
        true => (format!("random's {percent} at {end} labels, where the comparison ends"), ","),
        false => (format!("random's final {percent}"), ""),
    };
    let Some(labels) = saving.labels else { return format!("it did not reach {target}") };
    let (labels, random) = (thousands(labels), thousands(saving.random_labels));
    let ratio = saving.ratio.value;
    let interval = match saving.ratio.interval {
        None => "too few seeds for an interval".into(),
        Some(interval) => format!("95 % interval of the ratio {}", ratio_interval(interval)),
    };
    let times = if ratio < 1.0 { 1.0 / ratio } else { ratio };
    let difference = match format!("{times:.1}").as_str() {
        "1.0" => "about as many".into(),
        times if ratio < 1.0 => format!("{times} times more"),
        times => format!("{times} times fewer"),
    };
    format!(
        "it reached {target}{comma} with {labels} labels where random needed {random}: {difference} ({interval})"
    )
}
