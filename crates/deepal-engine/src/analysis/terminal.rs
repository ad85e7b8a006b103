//! The analysis as text for the terminal.

use super::phrases::{percent_of, ratio_interval, thousands};
use super::{Analysis, Arm, BASELINE, Estimate, Saving, TaskAnalysis};
use crate::text::{WIDTH, folded};
use deepal_core::metric::Metric;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Strategies side by side; with more, each has a line.
const SIDE_BY_SIDE: usize = 6;

/// Rows of a table where there are several.
const ROWS: usize = 12;

/// The width of `82.5 ± 1.9`, and what is between columns.
const CELL: usize = 12;

/// Tables, labels saved, verdict, warnings.
pub fn text(analysis: &Analysis) -> String {
    let several = analysis.tasks.len() > 1;
    let mut text = String::new();
    for task in &analysis.tasks {
        if several {
            let _ = writeln!(text, "{}", task.name());
        }
        text.push_str(&table(task, several, analysis.metric));
        text.push_str(&savings(task, analysis.metric));
        if several {
            text.push('\n');
        }
    }
    let is_first = text.is_empty() || several;
    paragraph(&mut text, is_first, "", &analysis.verdict);
    paragraph(&mut text, analysis.warnings.is_empty(), "warning: ", &analysis.warnings);
    text
}

/// Lines under an empty one, folded.
fn paragraph(text: &mut String, is_first: bool, start: &str, lines: &[String]) {
    if !is_first {
        text.push('\n');
    }
    for line in lines {
        let _ = writeln!(text, "{}", folded(&format!("{start}{line}")));
    }
}

/// What the numbers of a task are.
fn measure(task: &TaskAnalysis) -> String {
    let seeds = task.arms.iter().map(|arm| arm.seeds.len());
    match (seeds.clone().min().unwrap_or(0), seeds.max().unwrap_or(0)) {
        (_, 1) => "one seed".into(),
        (few, many) if few == many => format!("mean and 95 % interval over {many} seeds"),
        (few, many) => format!("mean and 95 % interval over {few} to {many} seeds"),
    }
}

/// The metric by labels and strategy.
fn table(task: &TaskAnalysis, compact: bool, metric: Metric) -> String {
    let arms = task.curves().filter(|arm| !arm.points.is_empty()).collect::<Vec<_>>();
    let labels = arms.iter().flat_map(|arm| arm.points.iter().map(|point| point.labels));
    let labels = labels.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let head = format!("{} in %, {}\n", metric.words(), measure(task));
    let wide = 7 + arms.iter().map(|arm| 2 + width(&arm.strategy)).sum::<usize>() > WIDTH;
    if arms.len() > SIDE_BY_SIDE || wide {
        return head + &by_strategy(&arms, &labels);
    }
    let rows = if compact && labels.len() > ROWS { spread(&labels, 3) } else { labels };
    head + &by_labels(&arms, &rows)
}

fn by_labels(arms: &[&Arm], labels: &[usize]) -> String {
    let mut text = format!("{:>7}", "labels");
    for arm in arms {
        let _ = write!(text, "  {:>1$}", arm.strategy, width(&arm.strategy));
    }
    text.push('\n');
    for labels in labels {
        let _ = write!(text, "{labels:>7}");
        for arm in arms {
            let _ = write!(text, "  {:>1$}", cell(arm, *labels), width(&arm.strategy));
        }
        text.push('\n');
    }
    text
}

/// A row a strategy, at as many label counts as there is room for.
fn by_strategy(arms: &[&Arm], labels: &[usize]) -> String {
    let names = arms.iter().map(|arm| arm.strategy.chars().count()).max().unwrap_or(0).max("labels".len());
    let labels = spread(labels, WIDTH.saturating_sub(names) / (CELL + 2));
    let mut text = format!("{:<names$}", "labels");
    for labels in &labels {
        let _ = write!(text, "  {labels:>CELL$}");
    }
    text.push('\n');
    for arm in arms {
        let _ = write!(text, "{:<names$}", arm.strategy);
        for labels in &labels {
            let _ = write!(text, "  {:>CELL$}", cell(arm, *labels));
        }
        text.push('\n');
    }
    text
}

fn width(strategy: &str) -> usize {
    strategy.chars().count().max(CELL)
}

/// `82.5 ± 1.9`: the longer side of the interval. Both are as long unless it is skewed, or ends at 0 or 100.
fn cell(arm: &Arm, labels: usize) -> String {
    match arm.points.iter().find(|point| point.labels == labels).map(|point| point.value) {
        Some(Estimate { value, interval: Some((low, high)) }) => {
            format!("{:.1} ± {:.1}", 100.0 * value, 100.0 * (high - value).max(value - low))
        }
        Some(Estimate { value, .. }) => format!("{:.1}", 100.0 * value),
        None => String::new(),
    }
}

/// At most `n` of the values, the first and the last among them, the others evenly between.
fn spread(values: &[usize], n: usize) -> Vec<usize> {
    let n = n.max(2);
    if values.len() <= n {
        return values.to_vec();
    }
    (0..n).map(|i| values[(i * (values.len() - 1) + (n - 1) / 2) / (n - 1)]).collect()
}

/// For each other strategy, the labels it needs for what random reaches where the comparison ends.
fn savings(task: &TaskAnalysis, metric: Metric) -> String {
    let savings = task.arms.iter().filter_map(|arm| Some((arm.strategy.as_str(), arm.saving()?)));
    let savings = savings.collect::<Vec<_>>();
    if savings.is_empty() {
        return String::new();
    }
    let one = task.common_target();
    let has_interval = savings.iter().any(|(_, (saving, _))| saving.ratio.interval.is_some());
    let caution = match has_interval && savings.len() > 1 {
        true => "; each interval is for one strategy alone, not corrected for several",
        false => "",
    };
    let mut text =
        format!("\n{}\n", folded(&format!("labels for the {} (mean curves{caution})", goal(task, metric))));
    if let Some((saving, _)) = one {
        let _ = writeln!(text, "  {BASELINE:<26}{}", thousands(saving.random_labels));
    }
    for (strategy, (saving, labels)) in &savings {
        let target = match one {
            Some(_) => String::new(),
            None => {
                let labels = thousands(*labels as f64);
                format!(", for {:.1} % at {labels} labels", 100.0 * saving.target)
            }
        };
        let _ = writeln!(text, "  {strategy:<26}{}{target}", needed(saving));
    }
    text
}

/// What the labels are for.
fn goal(task: &TaskAnalysis, metric: Metric) -> String {
    let Some((saving, labels)) = task.common_target() else {
        return format!("{} that {BASELINE} reaches where each comparison ends", metric.words());
    };
    let place = match task.random_goes_beyond(labels) {
        true => format!("{} labels, where the comparison ends", thousands(labels as f64)),
        false => "its end".into(),
    };
    format!("{} that {BASELINE} reaches at {place}", percent_of(metric, saving.target))
}

/// `567, 43 % fewer than random: ratio 1.8 (1.5 to 2.1)`.
fn needed(saving: &Saving) -> String {
    let interval = saving.ratio.interval.filter(|(_, high)| *high > 0.0);
    let interval = interval.map(|interval| format!(" ({})", ratio_interval(interval))).unwrap_or_default();
    let Some(labels) = saving.labels else { return format!("not reached{interval}") };
    let saved = 100.0 * (1.0 - labels / saving.random_labels);
    let difference = match saved {
        saved if saved.abs() < 0.5 => "as many as random".into(),
        saved if saved > 0.0 => format!("{saved:.0} % fewer than random"),
        saved => format!("{:.0} % more than random", -saved),
    };
    format!("{}, {difference}: ratio {:.1}{interval}", thousands(labels), saving.ratio.value)
}
