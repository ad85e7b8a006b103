//! Rounds by task, strategy and seed.

use deepal_core::metric::Metric;
use deepal_core::strategy::is_upper_bound;
use deepal_data::stores::run::RoundRecord;
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet};

/// The runs of a data set with a net.
#[derive(Debug)]
pub(super) struct TaskRuns<'a> {
    pub(super) dataset: &'a str,
    pub(super) net: &'a str,
    /// What the runs are compared by.
    pub(super) metric: Metric,
    /// The strategies that have rounds, in the order of the settings.
    pub(super) arms: Vec<ArmRuns<'a>>,
    /// The upper bound, which is no strategy.
    pub(super) bound: Option<ArmRuns<'a>>,
}

/// The runs of a strategy on a task.
#[derive(Debug)]
pub(super) struct ArmRuns<'a> {
    pub(super) strategy: &'a str,
    metric: Metric,
    /// The rounds of each seed, also of those that stopped early, ascending; none is empty.
    pub(super) seeds: BTreeMap<u64, Vec<&'a RoundRecord>>,
}

/// Tasks sorted by name.
pub(super) fn group<'a>(
    rounds: &'a [RoundRecord],
    strategies: &'a [String],
    metric: Metric,
) -> Vec<TaskRuns<'a>> {
    let mut tasks = BTreeMap::<(&str, &str), Vec<&RoundRecord>>::new();
    for round in rounds.iter().filter(|round| strategies.contains(&round.strategy)) {
        tasks.entry((&round.dataset, &round.net)).or_default().push(round);
    }
    let task = |((dataset, net), rounds): ((&'a str, &'a str), Vec<&'a RoundRecord>)| {
        let arms = strategies.iter().map(|strategy| arm(strategy, metric, &rounds));
        let (bounds, arms): (Vec<_>, Vec<_>) =
            arms.filter(|arm| !arm.seeds.is_empty()).partition(|arm| is_upper_bound(arm.strategy));
        TaskRuns { dataset, net, metric, arms, bound: bounds.into_iter().next() }
    };
    tasks.into_iter().map(task).collect()
}

fn arm<'a>(strategy: &'a str, metric: Metric, rounds: &[&'a RoundRecord]) -> ArmRuns<'a> {
    let mut seeds = BTreeMap::<u64, Vec<&RoundRecord>>::new();
    for round in rounds.iter().filter(|round| round.strategy == strategy) {
        seeds.entry(round.seed).or_default().push(round);
    }
    seeds.values_mut().for_each(|rounds| rounds.sort_by_key(|round| round.round));
    ArmRuns { strategy, metric, seeds }
}

impl<'a> TaskRuns<'a> {
    /// As sentences name it.
    pub(super) fn name(&self) -> String {
        super::task_name(self.dataset, self.net)
    }

    pub(super) fn arm(&self, strategy: &str) -> Option<&ArmRuns<'a>> {
        self.arms.iter().find(|arm| arm.strategy == strategy)
    }

    /// The area under the curve of each seed that reached the end; `None` if another strategy went further, as areas over different
    /// ranges say nothing about each other, and for curves of one point.
    pub(super) fn areas(&self, arm: &ArmRuns<'_>) -> Option<Vec<f64>> {
        let is_whole = self.arms.iter().all(|other| other.end() <= arm.end());
        let curves = is_whole.then(|| arm.reaching(arm.end()).curves())?;
        curves.iter().map(|curve| deepal_core::stats::area_under_curve(curve)).collect()
    }
}

impl ArmRuns<'_> {
    /// The largest label count that one of its seeds has reached.
    pub(super) fn end(&self) -> usize {
        self.seeds.values().flatten().map(|round| round.labels).max().unwrap_or(0)
    }

    /// Without the seeds that stopped before `labels`.
    pub(super) fn reaching(&self, labels: usize) -> Self {
        let is_there = |rounds: &[&RoundRecord]| rounds.iter().any(|round| round.labels >= labels);
        let seeds = self.seeds.iter().filter(|(_, rounds)| is_there(rounds));
        self.only(&seeds.map(|(seed, _)| *seed).collect())
    }

    /// The label counts that all of its seeds have reached, ascending.
    pub(super) fn labels(&self) -> Vec<usize> {
        let labels =
            |rounds: &Vec<&RoundRecord>| rounds.iter().map(|round| round.labels).collect::<BTreeSet<_>>();
        let common = self.seeds.values().map(labels).reduce(|a, b| &a & &b);
        common.unwrap_or_default().into_iter().collect()
    }

    /// The metric of each seed at `labels`, which all of them have reached.
    pub(super) fn values(&self, labels: usize) -> Vec<f64> {
        self.at(labels).map(|round| self.value(round)).collect()
    }

    /// The round of each seed at `labels`.
    pub(super) fn at(&self, labels: usize) -> impl Iterator<Item = &RoundRecord> {
        self.seeds
            .values()
            .filter_map(move |rounds| rounds.iter().find(|round| round.labels == labels).copied())
    }

    /// The metric of a round. All rounds were checked to have it.
    pub(super) fn value(&self, round: &RoundRecord) -> f64 {
        round.metric(self.metric).unwrap_or_default()
    }

    /// (labels, metric) of each seed, at the label counts that all of its seeds have reached.
    fn curves(&self) -> Vec<Vec<(f64, f64)>> {
        let labels = self.labels();
        let of = |rounds: &Vec<&RoundRecord>| {
            let common = rounds.iter().filter(|round| labels.contains(&round.labels));
            common.map(|round| (round.labels as f64, self.value(round))).collect()
        };
        self.seeds.values().map(of).collect()
    }

    pub(super) fn only(&self, seeds: &BTreeSet<u64>) -> Self {
        let common = self.seeds.iter().filter(|(seed, _)| seeds.contains(seed));
        Self {
            strategy: self.strategy,
            metric: self.metric,
            seeds: common.map(|(seed, rounds)| (*seed, rounds.clone())).collect(),
        }
    }
}

/// Two strategies where they can be compared: up to the smaller of their ends, with the seeds that reached it in both, at the label
/// counts that all of these have.
#[derive(Debug)]
pub(super) struct Pair {
    /// `[k]`, ascending; the first is the initial set.
    pub(super) labels: Vec<usize>,
    /// The metric, `[s, k]`.
    pub(super) first: Array2<f64>,
    /// The metric, `[s, k]`.
    pub(super) second: Array2<f64>,
}

impl Pair {
    pub(super) fn new(first: &ArmRuns<'_>, second: &ArmRuns<'_>) -> Self {
        let end = first.end().min(second.end());
        let (first, second) = (first.reaching(end), second.reaching(end));
        let seeds = first.seeds.keys().filter(|seed| second.seeds.contains_key(seed)).copied().collect();
        let (first, second) = (first.only(&seeds), second.only(&seeds));
        let reached = second.labels();
        let labels = first.labels().into_iter().filter(|labels| *labels <= end && reached.contains(labels));
        let labels = labels.collect::<Vec<_>>();
        let values = |arm: &ArmRuns<'_>| {
            let mut values = Array2::zeros((seeds.len(), labels.len()));
            for (labels, mut column) in labels.iter().zip(values.columns_mut()) {
                column.iter_mut().zip(arm.values(*labels)).for_each(|(to, from)| *to = from);
            }
            values
        };
        Self { first: values(&first), second: values(&second), labels }
    }

    pub(super) fn n_seeds(&self) -> usize {
        self.first.nrows()
    }

    /// The metric of the first minus that of the second, for each seed, at the `k`th label count.
    pub(super) fn differences(&self, k: usize) -> Vec<f64> {
        self.first.column(k).iter().zip(self.second.column(k)).map(|(a, b)| a - b).collect()
    }

    /// The area between the two curves of each seed; `None` with fewer than 2 label counts.
    pub(super) fn areas(&self) -> Option<Vec<f64>> {
        let between = |(a, b): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
            let differences = a.iter().zip(b).map(|(a, b)| a - b);
            let curve = self.labels.iter().map(|labels| *labels as f64).zip(differences);
            deepal_core::stats::area_under_curve(&curve.collect::<Vec<_>>())
        };
        self.first.rows().into_iter().zip(self.second.rows()).map(between).collect()
    }
}
