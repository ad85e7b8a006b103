//! The strategies of each task: their curves, and how they compare with random.

use super::bound::bound;
use super::classes;
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{
    Arm, BASELINE, BOOTSTRAP_SEED, Difference, Estimate, Point, SEEDS_ADVISED, SEEDS_FOR_CLAIMS, Saving,
    Seconds, TaskAnalysis, Versus,
};
use deepal_core::metric::Metric;
use deepal_core::stats;
use deepal_data::stores::run::RoundRecord;

/// Every task with its strategies, p-values adjusted.
pub(super) fn tasks(runs: &[TaskRuns<'_>]) -> Vec<TaskAnalysis> {
    let mut tasks = runs.iter().map(task).collect::<Vec<_>>();
    for task in &mut tasks {
        let points = task.arms.iter_mut().flat_map(|arm| &mut arm.points);
        adjust(points.filter_map(|point| point.difference.as_mut()).collect());
    }
    let arms = tasks.iter_mut().flat_map(|task| &mut task.arms);
    adjust(arms.filter_map(|arm| arm.versus_random.as_mut()).map(|versus| &mut versus.area).collect());
    for arm in tasks.iter_mut().flat_map(|task| &mut task.arms) {
        unclaim(arm);
        let outcomes = arm.points.iter().filter_map(|point| point.difference.as_ref()).map(|d| d.outcome);
        let outcomes = outcomes.collect::<Vec<_>>();
        if let Some(versus) = &mut arm.versus_random {
            let count = |outcome| outcomes.iter().filter(|found| **found == outcome).count();
            (versus.wins, versus.ties, versus.losses) = (count(1), count(0), count(-1));
        }
    }
    tasks
}

/// Takes back what few seeds say about single label counts: accuracies are multiples of 1 / (test images), so with 3 or 4 seeds
/// all differences are often the same, which is p = 0. The area is a mean over many of them and is claimed from 3 seeds on.
fn unclaim(arm: &mut Arm) {
    if arm.versus_random.as_ref().is_some_and(|versus| versus.seeds < SEEDS_ADVISED) {
        let differences = arm.points.iter_mut().filter_map(|point| point.difference.as_mut());
        differences.for_each(|difference| difference.outcome = 0);
    }
}

/// Holm's method on one family of tests, and what follows from it.
fn adjust(mut family: Vec<&mut Difference>) {
    let p = family.iter().map(|difference| difference.p).collect::<Vec<_>>();
    for (difference, p_holm) in family.iter_mut().zip(stats::holm(&p)) {
        difference.p_holm = p_holm;
        difference.outcome = match p_holm < 0.05 {
            true if difference.mean.value > 0.0 => 1,
            true => -1,
            false => 0,
        };
    }
}

fn task(runs: &TaskRuns<'_>) -> TaskAnalysis {
    let arms = runs.arms.iter().chain(&runs.bound);
    let classes = arms.flat_map(|arm| arm.seeds.values().flatten()).flat_map(|round| &round.classes);
    let classes = classes.max().map_or(0, |class| usize::from(*class) + 1);
    let arms = runs.arms.iter().map(|of| arm(runs, of, classes)).collect();
    let upper_bound = bound(runs, classes);
    TaskAnalysis { dataset: runs.dataset.into(), net: runs.net.into(), arms, upper_bound }
}

pub(super) fn arm(task: &TaskRuns<'_>, all: &ArmRuns<'_>, classes: usize) -> Arm {
    let random = task.arm(BASELINE).filter(|random| random.strategy != all.strategy);
    let pair = random.map(|random| Pair::new(all, random));
    let pair = pair.filter(|pair| pair.n_seeds() >= SEEDS_FOR_CLAIMS);
    let runs = &all.reaching(all.end());
    Arm {
        strategy: runs.strategy.into(),
        seeds: runs.seeds.keys().copied().collect(),
        points: points(runs, pair.as_ref()),
        area: task.areas(all).map(|areas| estimate(&areas)),
        versus_random: pair.as_ref().and_then(versus),
        seconds: Seconds {
            train: mean_over_seeds(runs, |round| round.train_seconds),
            query: mean_over_seeds(runs, |round| round.query_seconds),
            predict: mean_over_seeds(runs, |round| round.predict_seconds),
        },
        bought: (0..classes).map(|class| mean_over_seeds(runs, |round| of_class(round, class))).collect(),
        classes: classes::figures(runs),
        confused: classes::confused(runs),
    }
}

/// How many labels of a class a round bought.
fn of_class(round: &RoundRecord, class: usize) -> f64 {
    let bought = round.classes.iter().filter(|found| round.round > 0 && usize::from(**found) == class);
    bought.count() as f64
}

/// A number of each round, added up over a run and averaged over seeds.
fn mean_over_seeds(runs: &ArmRuns<'_>, of: impl Fn(&RoundRecord) -> f64) -> f64 {
    let sums = runs.seeds.values().map(|rounds| rounds.iter().map(|round| of(round)).sum());
    stats::mean(&sums.collect::<Vec<f64>>())
}

fn points(runs: &ArmRuns<'_>, pair: Option<&Pair>) -> Vec<Point> {
    let of = |labels, metric| {
        let values = runs.at(labels).map(|round| round.metric(metric)).collect::<Option<Vec<_>>>()?;
        Some(estimate(&values))
    };
    let point = |labels| Point {
        labels,
        value: estimate(&runs.values(labels)),
        accuracy: estimate(&runs.at(labels).map(|round| round.accuracy).collect::<Vec<_>>()),
        balanced_accuracy: of(labels, Metric::BalancedAccuracy),
        macro_f1: of(labels, Metric::MacroF1),
        seconds: mean_over_seeds(runs, |round| match round.labels <= labels {
            true => round.train_seconds + round.query_seconds + round.predict_seconds,
            false => 0.0,
        }),
        difference: pair.and_then(|pair| {
            let k = pair.labels.iter().position(|found| *found == labels).filter(|k| *k > 0)?;
            difference(&pair.differences(k))
        }),
    };
    runs.labels().into_iter().map(point).collect()
}

fn versus(pair: &Pair) -> Option<Versus> {
    let labels = pair.labels.iter().map(|labels| *labels as f64).collect::<Vec<_>>();
    let saving = stats::saving(&labels, &pair.second, &pair.first, BOOTSTRAP_SEED).map(|found| Saving {
        target: found.target,
        random_labels: found.baseline_labels,
        labels: found.labels,
        ratio: Estimate { value: found.ratio, interval: found.interval },
    });
    let area = difference(&pair.areas()?)?;
    let labels = *pair.labels.last()?;
    Some(Versus { seeds: pair.n_seeds(), labels, area, wins: 0, ties: 0, losses: 0, saving })
}

/// Not yet adjusted.
pub(super) fn difference(differences: &[f64]) -> Option<Difference> {
    let test = stats::paired_t_test(differences)?;
    let mean = Estimate { value: test.mean, interval: Some(test.interval) };
    Some(Difference { mean, p: test.p, p_holm: test.p, outcome: 0 })
}

/// The mean of shares of 1. Its interval ends at 0 and 1, which Student's does not.
pub(super) fn estimate(values: &[f64]) -> Estimate {
    let interval = stats::mean_interval(values, BOOTSTRAP_SEED);
    let interval = interval.map(|(low, high)| (low.max(0.0), high.min(1.0)));
    Estimate { value: stats::mean(values), interval }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_shares_end_at_0_and_1() {
        // The half-width is t(0.975, 2) · 0.05 / √3 = 4.3027 · 0.028868 = 0.1242.
        let (low, high) = estimate(&[0.9, 0.95, 1.0]).interval.unwrap();
        assert!(high == 1.0 && (low - 0.8258).abs() < 1e-4, "{low} {high}");
        let (low, high) = estimate(&[0.0, 0.05, 0.1]).interval.unwrap();
        assert!(low == 0.0 && (high - 0.1742).abs() < 1e-4, "{low} {high}");
    }
}
