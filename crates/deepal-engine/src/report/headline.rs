//! What the page says first: one figure, what it is of, and what is true of the other strategies.

use super::cells;
use crate::analysis::{
    Analysis, BASELINE, Saving, TaskAnalysis, Versus, list, outcomes, p_value, ratio_interval, thousands,
};
use deepal_core::metric::Metric;

/// One figure with sentences that explain it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Headline {
    /// `1.9 times fewer labels`, or `No evidence`.
    pub(super) figure: String,
    /// `1.4 to 2.5`; empty if the figure has no interval.
    pub(super) interval: String,
    /// The first is about the figure.
    pub(super) sentences: Vec<String>,
    /// What the figure rests on; empty if there is nothing to add.
    pub(super) basis: String,
    /// Whether the verdict says more.
    pub(super) is_part: bool,
}

/// A strategy and its comparison with random.
type Compared<'a> = (&'a str, &'a Versus);

impl Headline {
    pub(super) fn new(analysis: &Analysis) -> Self {
        let (tasks, counts) = outcomes(analysis);
        if tasks > 1 {
            return over_tasks(analysis, tasks, &counts);
        }
        let task = analysis.tasks.iter().find(|task| !compared(task).is_empty());
        match task {
            Some(task) => of_task(task, analysis.metric),
            None => without_comparison(analysis),
        }
    }
}

/// As in the verdict: the longest comparison and then the largest difference first.
fn compared(task: &TaskAnalysis) -> Vec<Compared<'_>> {
    let arms = task.arms.iter();
    let compared = arms.filter_map(|arm| Some((arm.strategy.as_str(), arm.versus_random.as_ref()?)));
    let mut compared = compared.collect::<Vec<_>>();
    compared.sort_by(|(_, a), (_, b)| {
        b.labels.cmp(&a.labels).then(b.area.mean.value.total_cmp(&a.area.mean.value))
    });
    compared
}

fn without_comparison(analysis: &Analysis) -> Headline {
    // Runs of random and of others are too few or too short; without either there is nothing to compare.
    let is_comparison =
        |task: &TaskAnalysis| task.arms.len() > 1 && task.arms.iter().any(|arm| arm.strategy == BASELINE);
    let figure = match analysis.tasks.iter().any(is_comparison) {
        true => "No evidence yet",
        false => "No comparison",
    };
    Headline {
        figure: figure.into(),
        sentences: analysis.verdict.iter().take(2).map(|sentence| cells::sentence(sentence)).collect(),
        is_part: analysis.verdict.len() > 2,
        ..Headline::default()
    }
}

fn of_task(task: &TaskAnalysis, metric: Metric) -> Headline {
    let compared = compared(task);
    let with = |outcome: i8| compared.iter().filter(move |(_, versus)| versus.area.outcome == outcome);
    let first = with(1).next().or_else(|| with(0).next()).or_else(|| with(-1).next());
    let Some((name, versus)) = first.copied() else { return Headline::default() };
    let mut headline = match versus.area.outcome {
        1 => won(task, name, versus, metric),
        -1 => Headline {
            figure: "Worse than random".into(),
            sentences: vec![format!("{name} differs from random by {}.", points(versus, metric))],
            ..Headline::default()
        },
        _ => Headline {
            figure: "No evidence".into(),
            sentences: vec![
                format!("The data do not show that any strategy beats {BASELINE}."),
                format!("The difference of {name} may be chance: {}.", points(versus, metric)),
            ],
            ..Headline::default()
        },
    };
    let others = |outcome: i8, words: &str| {
        let names = with(outcome).map(|(other, _)| *other).filter(|other| *other != name).collect::<Vec<_>>();
        (!names.is_empty()).then(|| format!("{words}: {}.", list(&names)))
    };
    headline.sentences.extend(others(1, "Also better than random"));
    headline.sentences.extend(others(0, "No evidence for"));
    headline.sentences.extend(others(-1, "Worse than random"));
    headline.is_part = true;
    headline.basis = format!(
        "{}: 95 % interval of {name} alone, {} seeds; {} by a paired t-test of the areas, after Holm’s method for {}.",
        task.name(),
        versus.seeds,
        p_value(versus.area.p_holm),
        crate::text::count(compared.len(), "comparison", "comparisons")
    );
    headline
}

/// A ratio that is surely above 1 is the figure; else the gain that the test is about.
fn won(task: &TaskAnalysis, name: &str, versus: &Versus, metric: Metric) -> Headline {
    let needed = versus
        .saving
        .as_ref()
        .and_then(|saving| Some((saving, reached(task, name, versus, saving, metric)?)));
    let ratio =
        needed.as_ref().and_then(|(saving, _)| saving.ratio.interval.map(|of| (saving.ratio.value, of)));
    let sentences = needed.map(|(_, sentence)| sentence).into_iter();
    // As far above 1 as one digit shows.
    match ratio.filter(|(_, (low, _))| *low >= 1.05) {
        Some((value, interval)) => Headline {
            figure: format!("{value:.1} times fewer labels"),
            interval: ratio_interval(interval),
            sentences: sentences.collect(),
            ..Headline::default()
        },
        None => {
            let gain = format!(
                "{name} has a higher {} than random, averaged over the learning curve.",
                metric.words()
            );
            Headline {
                figure: format!("{} points of {}", cells::signed(versus.area.mean.value), metric.words()),
                interval: versus.area.mean.interval.map(cells::signed_interval).unwrap_or_default(),
                sentences: std::iter::once(gain).chain(sentences).collect(),
                ..Headline::default()
            }
        }
    }
}

/// `auto reached random’s final accuracy of 80.4 % with 261 labels; random needed 500.`
fn reached(
    task: &TaskAnalysis,
    name: &str,
    versus: &Versus,
    saving: &Saving,
    metric: Metric,
) -> Option<String> {
    let (labels, random) = (thousands(saving.labels?), thousands(saving.random_labels));
    let (words, target) = (metric.words(), cells::share(saving.target));
    let target = match task.random_goes_beyond(versus.labels) {
        true => format!("{target} %, random’s {words} at {} labels,", thousands(versus.labels as f64)),
        false => format!("random’s final {words} of {target} %"),
    };
    Some(format!("{name} reached {target} with {labels} labels; random needed {random}."))
}

/// `+3.0 points (−2.9 to +8.9) of mean accuracy over the learning curve`.
fn points(versus: &Versus, metric: Metric) -> String {
    let mean = versus.area.mean;
    let interval = mean.interval.map(|interval| format!(" ({})", cells::signed_interval(interval)));
    format!(
        "{} points{} of mean {} over the learning curve",
        cells::signed(mean.value),
        interval.unwrap_or_default(),
        metric.words()
    )
}

/// Counts of tasks are the figure: the tests are of single tasks.
fn over_tasks(analysis: &Analysis, tasks: usize, counts: &[(String, [usize; 3])]) -> Headline {
    let Some((name, [wins, losses, neither])) = counts.first() else { return Headline::default() };
    let figure = match (wins, losses, neither) {
        (0, _, 0) => "Worse than random".into(),
        (0, ..) => "No evidence".into(),
        (_, 1.., _) => format!("Better on {wins}, worse on {losses} of {tasks} tasks"),
        _ => format!("Better on {wins} of {tasks} tasks"),
    };
    let mut sentences = Vec::new();
    if *wins == 0 {
        sentences.push(format!(
            "The data do not show that any strategy beats {BASELINE} on any of the {tasks} tasks."
        ));
    } else {
        let worse = if *losses > 0 { format!(" It lost on {losses}.") } else { String::new() };
        let rest = if *neither > 0 { format!(" On {neither} there is no evidence.") } else { String::new() };
        sentences.push(format!("{name} beat random on {wins} of {tasks} tasks.{worse}{rest}"));
        let across = analysis.across.iter().find(|across| across.strategy == *name);
        if let Some(difference) = across.and_then(|across| across.iqm_difference) {
            let interval = difference.interval.map(cells::signed_interval);
            let interval = interval.map(|interval| format!(", {interval}")).unwrap_or_default();
            sentences.push(format!(
                "Averaged over the tasks, its gain is {} points{interval} (interquartile mean of the areas).",
                cells::signed(difference.value)
            ));
        }
    }
    let others = counts.iter().skip(usize::from(*wins > 0));
    let lost = others.filter(|(_, [wins, losses, _])| losses > wins);
    let lost = lost.map(|(name, [_, losses, _])| format!("{name} on {losses}")).collect::<Vec<_>>();
    if !lost.is_empty() {
        sentences.push(format!(
            "Worse than random: {}.",
            list(&lost.iter().map(String::as_str).collect::<Vec<_>>())
        ));
    }
    Headline {
        figure,
        interval: String::new(),
        sentences,
        is_part: true,
        basis: "A task is a data set with a net. Each has its own tests, by Holm’s method over all of them."
            .into(),
    }
}
