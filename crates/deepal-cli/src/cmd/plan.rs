//! `deepal plan`: what a run would take, before anything starts.

use super::grid::GridArgs;
use super::{Outcome, print};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use deepal::text::{clock, count};
use deepal::{Catalog, Estimate, InitialSet, Monitor, StudyPlan};
use std::fmt::Write;

pub(crate) fn run(args: &GridArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto, "timing pieces of the work");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let plan = StudyPlan::new(args.settings()?, &Catalog::default(), monitor)?.offline(args.offline);
    let estimate = plan.estimate(args.threads())?;
    let mut text = table(&estimate);
    let _ = writeln!(
        text,
        "\n{} on {} at once with {} each: about {}",
        count(estimate.jobs, "job", "jobs"),
        estimate.workers,
        count(estimate.threads, "thread", "threads"),
        clock(estimate.seconds.ceil() as u64)
    );
    if let Some(peak) = estimate.memory {
        let _ = writeln!(text, "peak memory: about {:.0} MB", peak / 1e6);
    }
    for warning in estimate.config.warnings() {
        let _ = writeln!(text, "warning: {warning}");
    }
    print(&text)
}

/// Labels of each task and the time of a job of each strategy.
fn table(estimate: &Estimate) -> String {
    let config = &estimate.config;
    let first = match config.initial_set {
        InitialSet::Strategy => "first labels by strategies that need none for it, else random".into(),
        InitialSet::Random => "random labels first".into(),
        InitialSet::Stratified => "stratified labels first".into(),
        InitialSet::PerClass(1) => "one label of each class first, then random ones".to_owned(),
        InitialSet::PerClass(k) => format!("{k} labels of each class first, then random ones"),
    };
    let mut text = format!("each with {}, {first}\n", count(config.seeds.len(), "seed", "seeds"));
    for (task, seconds) in config.tasks.iter().zip(&estimate.tasks) {
        let (name, labels, rounds) = (task.name(), task.budget().labels(), task.rounds + 1);
        let _ = writeln!(
            text,
            "\n{name}: {} to {labels} labels in {rounds} rounds, pool {}",
            task.initial, task.pool
        );
        match seconds {
            Err(why) => drop(writeln!(text, "  cannot be measured: {why}")),
            Ok(seconds) => {
                for (name, seconds) in config.strategies.iter().zip(seconds) {
                    let _ = writeln!(text, "  {name:<26} {:>8} a job", clock(seconds.ceil() as u64));
                }
            }
        }
    }
    text
}
