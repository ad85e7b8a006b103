//! What a study would take: [`Estimate`].

use crate::catalog::Catalog;
use crate::config::Config;
use crate::cost::Costs;
use crate::error::Result;
use crate::{jobs, machine};
use deepal_core::Data;

/// What a study would take, measured on small pieces of its work.
#[derive(Debug)]
pub struct Estimate {
    /// The settings of the study.
    pub config: Config,
    /// How many jobs there are.
    pub jobs: usize,
    /// How many of them run at once.
    pub workers: usize,
    /// The threads of each.
    pub threads: usize,
    /// For each task the seconds of a job of each strategy, or why they cannot be measured.
    pub tasks: Vec<Result<Vec<f64>, String>>,
    /// Seconds from the first job to the end of the last.
    pub seconds: f64,
    /// Bytes of memory at the peak, where the system tells.
    pub memory: Option<f64>,
}

impl Estimate {
    pub(crate) fn measure(config: Config, data: &[Data], catalog: &Catalog, threads: usize) -> Result<Self> {
        let jobs = jobs::all(&config, &[]);
        let (workers, each) = jobs::shares(threads, jobs.len());
        let before = machine::memory();
        let costs = jobs::measure(&config, data, catalog, threads, jobs.len())?;
        // The program and the data, and for each worker what one took at work; queries on whole pools come on top.
        let measured = before.zip(machine::memory()).map(|(before, after)| {
            let at_work = workers.min(config.tasks.len());
            before + (after - before).max(0.0) * workers as f64 / at_work as f64
        });
        // Jobs that cannot be measured cannot be reckoned with either.
        let known = jobs.iter().filter_map(|job| Some((job, costs[job.task].as_ref().ok()?)));
        let known = known.map(|(job, costs)| (&config.tasks[job.task], job.strategy, costs));
        let known = known.collect::<Vec<_>>();
        let seconds = known.iter().map(|(task, strategy, costs)| costs.job(task, *strategy)).collect();
        let seconds = makespan(seconds, workers);
        let memory = measured.map(|measured| {
            let bytes = known.iter().map(|(task, strategy, costs)| costs.bytes(task, *strategy));
            let mut queries = bytes.collect::<Vec<_>>();
            queries.sort_by(|a, b| b.total_cmp(a));
            measured + queries.iter().take(workers).sum::<f64>()
        });
        let of_strategies = |(task, costs): (_, &Costs)| {
            (0..config.strategies.len()).map(|strategy| costs.job(task, strategy)).collect()
        };
        let tasks = config.tasks.iter().zip(&costs).map(|(task, costs)| match costs {
            Ok(costs) => Ok(of_strategies((task, costs))),
            Err(why) => Err(why.clone()),
        });
        let tasks = tasks.collect();
        Ok(Self { jobs: jobs.len(), workers, threads: each, tasks, seconds, memory, config })
    }
}

/// When the last worker is done if each takes the longest job left (Graham, 1969: at most 4/3 of the best).
fn makespan(mut seconds: Vec<f64>, workers: usize) -> f64 {
    seconds.sort_by(|a, b| b.total_cmp(a));
    let mut busy = vec![0.0; workers];
    for job in seconds {
        busy.sort_by(f64::total_cmp);
        busy[0] += job;
    }
    busy.into_iter().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_packed_longest_first() {
        assert_eq!(makespan(vec![1.0, 2.0, 3.0, 4.0], 2), 5.0);
        assert_eq!(makespan(vec![1.0, 1.0, 1.0], 1), 3.0);
        assert_eq!(makespan(vec![], 2), 0.0);
    }
}
