//! What the rounds of runs say about the strategies: the numbers behind the table, `summary.json` and the report.

mod across;
mod bound;
mod classes;
mod compare;
mod phrases;
mod runs;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod verdict;
mod warnings;

use deepal_core::metric::Metric;
use deepal_data::stores::run::RoundRecord;
use serde::Serialize;

#[cfg(feature = "report")]
pub(crate) use phrases::{list, p_value, ratio_interval, thousands};
pub(crate) use table::csv;
pub use terminal::text;
#[cfg(feature = "report")]
pub(crate) use verdict::outcomes;

/// The strategy that the others are compared with.
pub(crate) const BASELINE: &str = "random";

/// With fewer seeds nothing is claimed.
const SEEDS_FOR_CLAIMS: usize = 3;

/// Fewer seeds are called few.
const SEEDS_ADVISED: usize = 5;

/// What resamples are drawn from: the same rounds always give the same intervals.
const BOOTSTRAP_SEED: u64 = 1;

/// Everything that is said about the strategies of some runs.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis {
    /// What curves, areas, savings, tests and sentences are about.
    pub metric: Metric,
    /// One for each data set and net.
    pub tasks: Vec<TaskAnalysis>,
    /// Who beats whom, over all tasks; `None` with fewer than 3 seeds or fewer than 2 strategies on every task.
    pub penalty: Option<Penalty>,
    /// Each strategy over all tasks; empty with fewer than 2 tasks.
    pub across: Vec<Across>,
    /// The answer in sentences, the most important first.
    pub verdict: Vec<String>,
    /// What weakens the comparison, in sentences.
    pub warnings: Vec<String>,
}

impl Analysis {
    /// Of `rounds` in any order, with the strategies that were asked for in the order given; others are passed over.
    ///
    /// A strategy ends on a task at the largest number of labels that one of its seeds has reached, and seeds that stopped before
    /// are left out of its numbers. Two strategies are compared up to the smaller of their ends, with the seeds that both have
    /// there. So a seed that broke off takes nothing from the others.
    ///
    /// `metric`: every round must have it.
    pub(crate) fn new(rounds: &[RoundRecord], strategies: &[String], metric: Metric) -> Self {
        let runs = runs::group(rounds, strategies, metric);
        let tasks = compare::tasks(&runs);
        let mut analysis = Self {
            metric,
            penalty: across::penalty(&runs, strategies),
            across: across::across(&runs, strategies),
            tasks,
            verdict: Vec::new(),
            warnings: Vec::new(),
        };
        analysis.verdict = verdict::sentences(&analysis, &runs, strategies);
        analysis.warnings = warnings::sentences(&analysis, &runs, strategies);
        analysis
    }

    /// As `summary.json`.
    ///
    /// # Errors
    /// None that we know of: there are only names and finite numbers.
    pub(crate) fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

impl TaskAnalysis {
    /// As sentences name it.
    pub fn name(&self) -> String {
        task_name(&self.dataset, &self.net)
    }

    /// The target of all comparisons with random and the label count where they end; `None` where these differ, or without any.
    pub(crate) fn common_target(&self) -> Option<(&Saving, usize)> {
        let mut targets = self.arms.iter().filter_map(Arm::saving);
        let (first, labels) = targets.next()?;
        targets.all(|(other, end)| (other.target, end) == (first.target, labels)).then_some((first, labels))
    }

    /// Whether random has more labels than `labels`: a comparison that ends there ends before random does.
    pub(crate) fn random_goes_beyond(&self, labels: usize) -> bool {
        let random = self.arms.iter().filter(|arm| arm.strategy == BASELINE);
        random.flat_map(|arm| &arm.points).any(|point| point.labels > labels)
    }
}

fn task_name(dataset: &str, net: &str) -> String {
    format!("{dataset} with {net}")
}

impl TaskAnalysis {
    /// The strategies, and the upper bound last: for figures and tables of curves, not for comparisons.
    pub(crate) fn curves(&self) -> impl Iterator<Item = &Arm> {
        self.arms.iter().chain(self.upper_bound.iter().map(|bound| &bound.arm))
    }
}

/// A data set with a net.
#[derive(Debug, Clone, Serialize)]
pub struct TaskAnalysis {
    /// The data set's name.
    pub dataset: String,
    /// The net's name.
    pub net: String,
    /// The strategies in the order of the settings.
    pub arms: Vec<Arm>,
    /// The upper bound, which is no strategy and is compared with none.
    pub upper_bound: Option<Bound>,
}

/// The upper bound on a task, and how much of its gain over random the strategies reached.
#[derive(Debug, Clone, Serialize)]
pub struct Bound {
    /// Its learning curve.
    pub arm: Arm,
    /// Area under its curve minus random's, paired by seed; `None` without random, or with fewer than 3 common seeds.
    pub gain: Option<Estimate>,
    /// The strategies that went as far, the largest share first; empty where the bound is not surely ahead of random.
    pub shares: Vec<Share>,
}

/// How much of what was possible a strategy reached.
#[derive(Debug, Clone, Serialize)]
pub struct Share {
    /// The strategy's name.
    pub strategy: String,
    /// Seeds that it, random and the bound have.
    pub seeds: usize,
    /// Its area minus random's by the bound's area minus random's, 1 for all of it.
    pub share: Estimate,
}

/// A strategy on a task: its learning curve and what follows from it.
#[derive(Debug, Clone, Serialize)]
pub struct Arm {
    /// The strategy's name.
    pub strategy: String,
    /// The seeds that reached the end, the largest label count of any of its seeds; ascending. All numbers below are of these.
    pub seeds: Vec<u64>,
    /// The learning curve, up to the end.
    pub points: Vec<Point>,
    /// Area under the learning curve of the metric, 1 for a perfect learner; `None` for a curve of one point, and for one that ends before
    /// that of another strategy of the task, as areas over different ranges say nothing about each other.
    pub area: Option<Estimate>,
    /// Labels against random; `None` for random itself, without it, or with fewer than 3 common seeds.
    pub versus_random: Option<Versus>,
    /// Mean seconds of a whole run.
    pub seconds: Seconds,
    /// Mean number of labels of each class after the initial set.
    pub bought: Vec<f64>,
    /// The test set class by class at the end; empty if a seed did not record it.
    pub classes: Vec<ClassFigures>,
    /// The commonest confusions at the end, as (true class, predicted class, test samples added up over the seeds); empty if a seed
    /// did not record them.
    pub confused: Vec<(u16, u16, u32)>,
}

/// A class of the test set. All shares are means over the seeds that have them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassFigures {
    /// How many test samples are of it.
    pub support: u32,
    /// The share of its samples that are found; `None` without any.
    pub recall: Option<f64>,
    /// The share right of what is predicted to be of it; `None` if nothing ever is.
    pub precision: Option<f64>,
    /// The harmonic mean of both, 0 where none is found; `None` without any samples.
    pub f1: Option<f64>,
}

impl Arm {
    /// The saving against random, and the label count where the comparison ends.
    fn saving(&self) -> Option<(&Saving, usize)> {
        let versus = self.versus_random.as_ref()?;
        Some((versus.saving.as_ref()?, versus.labels))
    }
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// From the lower to the upper end; `None` where there are too few seeds to tell.
    pub interval: Option<(f64, f64)>,
}

/// A point of a learning curve.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Labels so far.
    pub labels: usize,
    /// The metric on the test set, a share of 1; what follows is about it.
    pub value: Estimate,
    /// Accuracy on the test set, a share of 1.
    pub accuracy: Estimate,
    /// Mean recall of the classes; `None` if a seed did not record it.
    pub balanced_accuracy: Option<Estimate>,
    /// Mean F1 of the classes; `None` if a seed did not record it.
    pub macro_f1: Option<Estimate>,
    /// Mean seconds (train, query, predict) from the start of the run to the end of this round.
    pub seconds: f64,
    /// The metric minus that of random at as many labels, paired by seed; `None` in round 0, where both are the same.
    /// With fewer than 5 seeds its outcome is 0: the accuracies of a small test set are often equally far apart with each of a
    /// few seeds, which a t-test takes for certainty.
    pub difference: Option<Difference>,
}

/// A paired difference, and what is made of it.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Its mean over seeds.
    pub mean: Estimate,
    /// Two-sided paired t-test.
    pub p: f64,
    /// The same by Holm's method.
    pub p_holm: f64,
    /// 1: better than random, -1: worse, 0: no evidence, at 5 % after Holm, or too few seeds.
    pub outcome: i8,
}

/// A strategy against random, by the metric.
#[derive(Debug, Clone, Serialize)]
pub struct Versus {
    /// Seeds that both have at the end.
    pub seeds: usize,
    /// The label count where the comparison ends: the last that both have.
    pub labels: usize,
    /// Area under the curve minus random's, paired by seed: the one test that the verdict rests on.
    pub area: Difference,
    /// Label counts at which it wins, ties and loses; with fewer than 5 seeds all are ties.
    pub wins: usize,
    /// See `wins`.
    pub ties: usize,
    /// See `wins`.
    pub losses: usize,
    /// Labels for random's value of the metric.
    pub saving: Option<Saving>,
}

/// Labels for the value of the metric that random reaches where the comparison ends.
#[derive(Debug, Clone, Serialize)]
pub struct Saving {
    /// Random's mean value where the comparison ends, which is before random's own end if the strategy ends before.
    pub target: f64,
    /// Labels that random needs for it.
    pub random_labels: f64,
    /// Labels that the strategy needs; `None`: not reached.
    pub labels: Option<f64>,
    /// Random's labels by the strategy's: 2 means half the labels; 0 stands for not reached.
    pub ratio: Estimate,
}

/// Mean seconds of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Seconds {
    /// Training.
    pub train: f64,
    /// Asking.
    pub query: f64,
    /// Predicting the test set.
    pub predict: f64,
}

/// The pairwise penalty matrix of BADGE (Ash et al., ICLR 2020).
#[derive(Debug, Clone, Serialize)]
pub struct Penalty {
    /// Those with a comparison on every task.
    pub strategies: Vec<String>,
    /// `[i][j]`: in how many tasks (parts of them: label counts) strategy i beats j.
    pub cells: Vec<Vec<f64>>,
    /// Mean of each column: lower is better.
    pub columns: Vec<f64>,
    /// The largest value a cell can have: the number of tasks.
    pub tasks: usize,
}

/// A strategy over all tasks, with an area on each.
#[derive(Debug, Clone, Serialize)]
pub struct Across {
    /// The strategy's name.
    pub strategy: String,
    /// Interquartile mean of the areas under the curve.
    pub iqm: Estimate,
    /// Interquartile mean of the areas minus random's, paired; `None` for random, or where a task has no area of random or fewer
    /// than 3 common seeds.
    pub iqm_difference: Option<Estimate>,
}
