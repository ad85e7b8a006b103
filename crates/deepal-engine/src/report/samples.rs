//! Analyses to try the report on, made up but of the shape of real ones.

use super::Report;
use crate::analysis::{
    Across, Analysis, Arm, ClassFigures, Difference, Estimate, Penalty, Point, Saving, Seconds, TaskAnalysis,
    Versus,
};
use deepal_core::Data;
use deepal_core::metric::{Errors, Metric, Mistake};
use deepal_data::stores::run::{RoundRecord, Started};
use deepal_data::{datasets, datasets::Downloads};
use std::collections::BTreeMap;

pub(super) const THIRTEEN: [&str; 13] = [
    "random",
    "least-confidence",
    "margin",
    "entropy",
    "least-confidence-dropout",
    "margin-dropout",
    "entropy-dropout",
    "bald",
    "k-means",
    "k-medians",
    "k-center",
    "deepfool",
    "bim",
];

/// Everything that a report borrows.
pub(super) struct Sample {
    analysis: Analysis,
    rounds: Vec<RoundRecord>,
    started: Vec<Started>,
    settings: Vec<(String, String)>,
    classes: BTreeMap<String, Vec<String>>,
    data: BTreeMap<String, Data>,
    notes: Vec<String>,
}

impl Sample {
    pub(super) fn report<'a>(&'a self, title: &'a str) -> Report<'a> {
        let Self { analysis, rounds, started, settings, classes, data, notes } = self;
        Report { title, analysis, rounds, started, settings, classes, data, notes }
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Analysis)) {
        change(&mut self.analysis);
    }
}

/// Runs of some strategies on data sets with nets, of a number of seeds.
pub(super) fn sample(tasks: &[(&str, &str)], strategies: &[&str], seeds: u64) -> Sample {
    let compared = strategies.len() > 1 && seeds > 2;
    let mut data = BTreeMap::new();
    for (name, _) in tasks {
        let found = datasets::by_name(name).ok().and_then(|entry| (entry.load)(&Downloads::default()).ok());
        data.extend(found.map(|found| ((*name).to_owned(), found)));
    }
    let analysis = Analysis {
        metric: Metric::Accuracy,
        tasks: tasks.iter().enumerate().map(|(at, task)| made_up(at, task, strategies, seeds)).collect(),
        penalty: compared.then(|| penalty(strategies, tasks.len())),
        across: if tasks.len() > 1 { across(strategies) } else { Vec::new() },
        verdict: vec![
            "Of 3 strategies compared with random, margin is better, with 1.42 times fewer labels.".into(),
            "No evidence for the others at 5 % after Holm’s method.".into(),
        ],
        warnings: vec![format!("{seeds} seeds: intervals are wide, and a difference may be chance.")],
    };
    let rounds =
        tasks.iter().flat_map(|task| strategies.iter().flat_map(|name| rounds(*task, name, &data))).collect();
    let start = |unix_seconds| Started {
        version: "0.1.0".into(),
        machine: "AMD EPYC 7B13, 4 cores, Linux".into(),
        threads: 4,
        unix_seconds,
    };
    let text = "dataset = \"fashion-mini\"\nnet = \"mlp\"\ninitial = 40\n".to_owned();
    Sample {
        analysis,
        rounds,
        started: vec![start(1_795_000_000), start(1_795_007_000)],
        settings: vec![("001-fashion-mini".into(), text)],
        classes: data.iter().map(|(name, data)| (name.clone(), data.train.meta().classes.clone())).collect(),
        data,
        notes: Vec::new(),
    }
}

/// A number from 0 to 1 that looks like chance.
fn chance(a: usize, b: usize, c: usize) -> f64 {
    let x = (12.9898 * a as f64 + 78.233 * b as f64 + 37.719 * c as f64).sin() * 43_758.545_3;
    x - x.floor()
}

fn made_up(at: usize, (dataset, net): &(&str, &str), strategies: &[&str], seeds: u64) -> TaskAnalysis {
    let interval = |value: f64, half: f64| {
        let interval = (seeds > 1).then_some((value - half, value + half));
        Estimate { value, interval }
    };
    // A tenth of each class is taken for the next one.
    let class = |class: usize| ClassFigures {
        support: 100,
        recall: Some(0.9),
        precision: (class != 3).then_some(0.9),
        f1: Some(0.9),
    };
    let arm = |(number, strategy): (usize, &&str)| {
        let gain = if *strategy == "random" { 0.0 } else { 0.03 * (chance(at, number, 1) - 0.2) };
        let slow = 1.0 + 4.0 * chance(number, at, 2);
        let accuracy = |round: usize| {
            let grown = 1.0 - (-(round as f64) / 6.0).exp();
            0.62 + (0.22 + gain) * grown + 0.008 * (chance(at, number, round) - 0.5)
        };
        let outcome = |round: usize| if gain > 0.012 && round > 4 { 1 } else { -i8::from(gain < -0.004) };
        let difference =
            |mean, outcome| Difference { mean: interval(mean, 0.006), p: 0.004, p_holm: 0.012, outcome };
        let points = (0..=15).map(|round| Point {
            labels: 40 + 20 * round,
            value: interval(accuracy(round), 0.014 - 0.0004 * round as f64),
            accuracy: interval(accuracy(round), 0.014 - 0.0004 * round as f64),
            balanced_accuracy: Some(interval(accuracy(round) - 0.02, 0.015)),
            macro_f1: Some(interval(accuracy(round) - 0.03, 0.015)),
            seconds: slow * (1.0 + round as f64) * (1.0 + round as f64 / 20.0),
            difference: (round > 0).then(|| difference(gain, outcome(round))),
        });
        let ratio = 1.0 + 20.0 * gain;
        let saving = Saving {
            target: 0.82,
            random_labels: 340.0,
            labels: (ratio > 0.95).then_some(340.0 / ratio),
            ratio: interval(if ratio > 0.95 { ratio } else { 0.0 }, 0.12),
        };
        let saving = Saving {
            ratio: Estimate {
                value: saving.ratio.value,
                interval: saving.ratio.interval.map(|(low, high)| (low.max(0.0), high)),
            },
            ..saving
        };
        let versus = Versus {
            seeds: 5,
            labels: 340,
            area: difference(gain, outcome(9)),
            wins: 9,
            ties: 6,
            losses: 0,
            saving: Some(saving),
        };
        Arm {
            strategy: (*strategy).to_owned(),
            seeds: (1..=seeds).collect(),
            points: points.collect(),
            area: Some(interval(0.76 + gain, 0.005)),
            versus_random: (seeds > 2 && *strategy != "random").then_some(versus),
            seconds: Seconds { train: 20.0, query: 4.0 * slow, predict: 1.5 },
            bought: (0..10).map(|class| 10.0 + 40.0 * chance(number, class, at)).collect(),
            classes: (0..10).map(class).collect(),
            confused: confused(seeds),
        }
    };
    TaskAnalysis {
        dataset: (*dataset).into(),
        net: (*net).into(),
        arms: strategies.iter().enumerate().map(arm).collect(),
        upper_bound: None,
    }
}

/// A tenth of each class is taken for the next one.
fn confused(seeds: u64) -> Vec<(u16, u16, u32)> {
    (0..10).map(|class| (class, (class + 1) % 10, 10 * seeds as u32)).collect()
}

fn penalty(strategies: &[&str], tasks: usize) -> Penalty {
    let n = strategies.len();
    let cell = |i, j| if i == j { 0.0 } else { tasks as f64 * chance(i, j, 3) * 0.8 };
    let cells = (0..n).map(|i| (0..n).map(|j| cell(i, j)).collect()).collect::<Vec<Vec<f64>>>();
    let columns = (0..n).map(|j| cells.iter().map(|row| row[j]).sum::<f64>() / n as f64).collect();
    Penalty { strategies: strategies.iter().map(ToString::to_string).collect(), cells, columns, tasks }
}

fn across(strategies: &[&str]) -> Vec<Across> {
    let one = |(at, strategy): (usize, &&str)| {
        let value = 0.75 + 0.02 * chance(at, 5, 5);
        let difference = Estimate { value: value - 0.755, interval: Some((value - 0.765, value - 0.75)) };
        Across {
            strategy: (*strategy).to_owned(),
            iqm: Estimate { value, interval: Some((value - 0.01, value + 0.012)) },
            iqm_difference: (*strategy != "random").then_some(difference),
        }
    };
    strategies.iter().enumerate().map(one).collect()
}

/// The first two rounds of the first seed.
fn rounds((dataset, net): (&str, &str), strategy: &str, data: &BTreeMap<String, Data>) -> Vec<RoundRecord> {
    let mistake = |sample: u32| {
        let actual = data.get(dataset)?.test_labels.get(sample as usize)?.0;
        Some(Mistake { sample, actual, predicted: (actual + 1) % 10, probability: 0.876 })
    };
    let worst = [5, 7].into_iter().filter_map(mistake).collect::<Vec<_>>();
    let round = |round: usize| RoundRecord {
        dataset: dataset.into(),
        net: net.into(),
        strategy: strategy.into(),
        seed: 1,
        round,
        labels: 40 + 20 * round,
        picks: (0..20).map(|at| (1_400.0 * chance(at, strategy.len(), round)) as u32).collect(),
        classes: Vec::new(),
        scores: None,
        accuracy: 0.7,
        train_seconds: 1.0,
        query_seconds: 0.2,
        predict_seconds: 0.1,
        test: None,
        errors: (round == 1).then(|| Box::new(Errors { confused: confused(1), worst: worst.clone() })),
    };
    vec![round(0), round(1)]
}

/// The same with other names: every string that comes from data.
pub(super) fn renamed(sample: Sample, name: &str) -> Sample {
    let Sample { mut analysis, mut rounds, mut started, classes, data, .. } = sample;
    for task in &mut analysis.tasks {
        task.dataset = name.into();
        task.net = name.into();
        task.arms.iter_mut().for_each(|arm| arm.strategy = name.into());
    }
    if let Some(penalty) = &mut analysis.penalty {
        penalty.strategies.iter_mut().for_each(|strategy| *strategy = name.into());
    }
    analysis.across.iter_mut().for_each(|across| across.strategy = name.into());
    analysis.verdict = vec![name.into()];
    analysis.warnings = vec![name.into()];
    rounds.iter_mut().for_each(|round| round.strategy = name.into());
    started.iter_mut().for_each(|started| (started.machine, started.version) = (name.into(), name.into()));
    Sample {
        analysis,
        rounds,
        started,
        settings: vec![(name.into(), name.into())],
        classes,
        data,
        notes: vec![name.into()],
    }
}
