//! `deepal plan`: what a run would do, before anything starts.

use crate::cli::GridArgs;
use crate::config::Config;
use crate::cost::Costs;
use crate::data_sets::DataSets;
use crate::words::{clock, count};
use crate::{jobs, machine};
use deepal::InitialSet;
use std::fmt::Write;

pub(crate) fn run(args: &GridArgs) -> anyhow::Result<()> {
    let mut data_sets = DataSets::default();
    let config = Config::resolve(args, &mut data_sets)?;
    let data = super::run::load(&config, &mut data_sets, args.offline)?;
    let threads = super::run::threads(args);
    let jobs = jobs::all(&config, &[]);
    let (workers, each) = jobs::shares(threads, jobs.len());
    let before = machine::memory();
    let costs = jobs::measure(&config, &data, threads, jobs.len())?;
    // The program and the data, and for each worker what one took at work; queries on whole pools come on top.
    let measured = before.zip(machine::memory()).map(|(before, after)| {
        let at_work = workers.min(config.tasks.len());
        before + (after - before).max(0.0) * workers as f64 / at_work as f64
    });
    // Jobs that cannot be measured cannot be reckoned with either.
    let known = jobs.iter().filter_map(|job| Some((job, costs[job.task].as_ref().ok()?)));
    let known = known.map(|(job, costs)| (&config.tasks[job.task], job.strategy, costs)).collect::<Vec<_>>();
    let seconds = known.iter().map(|(task, strategy, costs)| costs.job(task, *strategy)).collect();
    let mut text = table(&config, &costs);
    let _ = writeln!(
        text,
        "\n{} on {workers} at once with {} each: about {}",
        count(jobs.len(), "job", "jobs"),
        count(each, "thread", "threads"),
        clock(makespan(seconds, workers).ceil() as u64)
    );
    if let Some(measured) = measured {
        let mut queries =
            known.iter().map(|(task, strategy, costs)| costs.bytes(task, *strategy)).collect::<Vec<_>>();
        queries.sort_by(|a, b| b.total_cmp(a));
        let peak = measured + queries.iter().take(workers).sum::<f64>();
        let _ = writeln!(text, "peak memory: about {:.0} MB", peak / 1e6);
    }
    for warning in config.warnings() {
        let _ = writeln!(text, "warning: {warning}");
    }
    super::print(&text)
}

/// Labels of each task and the time of a job of each strategy.
fn table(config: &Config, costs: &[Result<Costs, String>]) -> String {
    let first = match config.initial_set {
        InitialSet::Strategy => "first labels by strategies that need none for it, else random".into(),
        InitialSet::Random => "random labels first".into(),
        InitialSet::Stratified => "stratified labels first".into(),
        InitialSet::PerClass(1) => "one label of each class first, then random ones".to_owned(),
        InitialSet::PerClass(k) => format!("{k} labels of each class first, then random ones"),
    };
    let mut text = format!("each with {}, {first}\n", count(config.seeds.len(), "seed", "seeds"));
    for (task, costs) in config.tasks.iter().zip(costs) {
        let (name, labels, rounds) = (task.name(), task.budget().labels(), task.rounds + 1);
        let _ = writeln!(
            text,
            "\n{name}: {} to {labels} labels in {rounds} rounds, pool {}",
            task.initial, task.pool
        );
        match costs {
            Err(why) => drop(writeln!(text, "  cannot be measured: {why}")),
            Ok(costs) => {
                for (strategy, name) in config.strategies.iter().enumerate() {
                    let seconds = costs.job(task, strategy).ceil() as u64;
                    let _ = writeln!(text, "  {name:<26} {:>8} a job", clock(seconds));
                }
            }
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
