//! `deepal plan`: what a run would do, before anything starts.

use crate::cli::GridArgs;
use crate::config::Config;
use crate::cost::Costs;
use crate::jobs::{self, Job};
use crate::progress::clock;
use std::fmt::Write;

pub(crate) fn run(args: &GridArgs) -> anyhow::Result<()> {
    let config = Config::resolve(args)?;
    let data = super::run::load(&config, args.offline)?;
    let threads = super::run::threads(args);
    let jobs = jobs::all(&config, &[]);
    let costs = jobs::measure(&config, &data, threads, jobs.len())?;
    // The program, the data and the nets at work; queries on whole pools come on top.
    let measured = memory_stats::memory_stats().map(|memory| memory.physical_mem as f64);
    let (workers, each) = jobs::shares(threads, jobs.len());
    let seconds = |job: &Job| {
        let task = &config.tasks[job.task];
        (0..=task.rounds as usize).map(|round| costs[job.task].round(task, job.strategy, round)).sum::<f64>()
    };
    let mut text = table(&config, &costs, &seconds);
    let total = makespan(jobs.iter().map(seconds).collect(), workers);
    let _ = writeln!(
        text,
        "\n{} on {} at once with {} each: about {}",
        super::run::count(jobs.len(), "job", "jobs"),
        workers,
        super::run::count(each, "thread", "threads"),
        clock(total.ceil() as u64)
    );
    if let Some(measured) = measured {
        let mut queries = jobs
            .iter()
            .map(|job| costs[job.task].bytes(&config.tasks[job.task], job.strategy))
            .collect::<Vec<_>>();
        queries.sort_by(|a, b| b.total_cmp(a));
        let peak = measured + queries.iter().take(workers).sum::<f64>();
        let _ = writeln!(text, "peak memory: about {:.0} MB", peak / 1e6);
    }
    for warning in config.warnings() {
        let _ = writeln!(text, "warning: {warning}");
    }
    super::print(&text)
}

/// Labels, jobs and time of each strategy on each task.
fn table(config: &Config, costs: &[Costs], seconds: &dyn Fn(&Job) -> f64) -> String {
    let seeds = config.seeds.len();
    let mut text = format!("each with {}, {} labels first\n", super::run::count(seeds, "seed", "seeds"), {
        match config.initial_set {
            deepal::InitialSet::Random => "random",
            deepal::InitialSet::Stratified => "stratified",
            deepal::InitialSet::OnePerClass => "one of each class and random",
        }
    });
    for (task, _) in config.tasks.iter().enumerate().zip(costs) {
        let (index, task) = task;
        let _ = writeln!(
            text,
            "\n{}: {} to {} labels in {} rounds, pool {}",
            task.name(),
            task.initial,
            task.budget().labels(),
            task.rounds + 1,
            task.pool
        );
        for (strategy, name) in config.strategies.iter().enumerate() {
            let job = Job { task: index, strategy, seed: 0, done: Vec::new() };
            let _ = writeln!(text, "  {name:<26} {:>8} a job", clock(seconds(&job).ceil() as u64));
        }
    }
    text
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
