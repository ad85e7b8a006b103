//! What the rounds of runs say about the strategies: the numbers behind the table, `summary.json` and the report.

mod across;
mod compare;
mod runs;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod verdict;
mod warnings;
mod words;

use deepal_data::run_store::Round;
use serde::Serialize;

pub(crate) use table::csv;
pub(crate) use text::text;

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
pub(crate) struct Analysis {
    /// One for each data set and net.
    pub(crate) tasks: Vec<Task>,
    /// Who beats whom, over all tasks; `None` with fewer than 3 seeds or fewer than 2 strategies.
    pub(crate) penalty: Option<Penalty>,
    /// Each strategy over all tasks; empty with fewer than 2 tasks.
    pub(crate) across: Vec<Across>,
    /// The answer in sentences, the most important first.
    pub(crate) verdict: Vec<String>,
    /// What weakens the comparison, in sentences.
    pub(crate) warnings: Vec<String>,
}

impl Analysis {
    /// Of `rounds` in any order, with the strategies in the order given; others are passed over.
    pub(crate) fn new(rounds: &[Round], strategies: &[String]) -> Self {
        let runs = runs::group(rounds, strategies);
        let tasks = compare::tasks(&runs);
        let mut analysis = Self {
            penalty: across::penalty(&runs, strategies),
            across: across::across(&runs, strategies),
            tasks,
            verdict: Vec::new(),
            warnings: Vec::new(),
        };
        analysis.verdict = verdict::sentences(&analysis);
        analysis.warnings = warnings::sentences(&analysis, &runs);
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

impl Task {
    /// As sentences name it.
    pub(crate) fn name(&self) -> String {
        task_name(&self.dataset, &self.net)
    }
}

fn task_name(dataset: &str, net: &str) -> String {
    format!("{dataset} with {net}")
}

/// A data set with a net.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Task {
    pub(crate) dataset: String,
    pub(crate) net: String,
    /// The strategies in the order of the settings.
    pub(crate) arms: Vec<Arm>,
}

/// A strategy on a task.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Arm {
    pub(crate) strategy: String,
    /// The seeds with at least one round, ascending.
    pub(crate) seeds: Vec<u64>,
    /// The learning curve, at the label counts that all of its seeds have reached.
    pub(crate) points: Vec<Point>,
    /// Area under the learning curve, 1 for a perfect learner; `None` for a curve of one point.
    pub(crate) area: Option<Estimate>,
    /// Labels against random; `None` for random itself, without it, or with fewer than 3 common seeds.
    pub(crate) versus_random: Option<Versus>,
    /// Mean seconds of a whole run.
    pub(crate) seconds: Seconds,
    /// Mean labels bought of each class after the initial set.
    pub(crate) bought: Vec<f64>,
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    /// `None` where there are too few seeds to tell.
    pub(crate) interval: Option<(f64, f64)>,
}

/// A point of a learning curve.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Point {
    pub(crate) labels: usize,
    pub(crate) accuracy: Estimate,
    /// Mean seconds (train, query, predict) from the start of the run to the end of this round.
    pub(crate) seconds: f64,
    /// The accuracy minus that of random at as many labels, paired by seed; `None` in round 0, where both are the same.
    pub(crate) difference: Option<Difference>,
}

/// A paired difference, and what is made of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Difference {
    pub(crate) mean: Estimate,
    /// Two-sided paired t-test.
    pub(crate) p: f64,
    /// The same by Holm's method.
    pub(crate) p_holm: f64,
    /// 1: better than random, -1: worse, 0: no evidence, at 5 % after Holm.
    pub(crate) outcome: i8,
}

/// A strategy against random.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Versus {
    /// Seeds that both have.
    pub(crate) seeds: usize,
    /// Area under the curve minus random's, paired by seed: the one test that the verdict rests on.
    pub(crate) area: Difference,
    /// Label counts at which it wins, ties and loses.
    pub(crate) wins: usize,
    pub(crate) ties: usize,
    pub(crate) losses: usize,
    pub(crate) saving: Option<Saving>,
}

/// Labels for the accuracy that random reaches at its end.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Saving {
    /// Random's mean accuracy at its end.
    pub(crate) target: f64,
    /// Labels that random needs for it.
    pub(crate) random_labels: f64,
    /// Labels that the strategy needs; `None`: not reached.
    pub(crate) labels: Option<f64>,
    /// Random's labels by the strategy's: 2 means half the labels; 0 stands for not reached.
    pub(crate) ratio: Estimate,
}

/// Mean seconds of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Seconds {
    pub(crate) train: f64,
    pub(crate) query: f64,
    pub(crate) predict: f64,
}

/// The pairwise penalty matrix of BADGE (Ash et al., ICLR 2020).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Penalty {
    pub(crate) strategies: Vec<String>,
    /// `[i][j]`: in how many tasks (parts of them: label counts) strategy i beats j.
    pub(crate) cells: Vec<Vec<f64>>,
    /// Mean of each column: lower is better.
    pub(crate) columns: Vec<f64>,
    /// The largest value a cell can have: the number of tasks.
    pub(crate) tasks: usize,
}

/// A strategy over all tasks.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Across {
    pub(crate) strategy: String,
    /// Interquartile mean of the areas under the curve.
    pub(crate) iqm: Estimate,
    /// Interquartile mean of the areas minus random's, paired; `None` for random or without it.
    pub(crate) iqm_difference: Option<Estimate>,
}
