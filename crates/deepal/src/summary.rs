//! The table at the end of a run.

use deepal::metric::{labels_to_reach, mean_interval};
use deepal_data::run_store::Round;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The learning curves of a run, strategy by strategy.
pub(crate) struct Summary {
    pub(crate) curves: Vec<Curve>,
    seeds: usize,
}

/// Accuracy against labels, over seeds.
pub(crate) struct Curve {
    pub(crate) strategy: String,
    pub(crate) points: Vec<Point>,
}

pub(crate) struct Point {
    pub(crate) labels: usize,
    pub(crate) mean: f64,
    /// Half of the 95 % interval; `None` of a single seed.
    pub(crate) half: Option<f64>,
}

impl Summary {
    /// Of the rounds that all seeds have reached, with the strategies in the order given.
    pub(crate) fn new(rounds: &[Round], strategies: &[String]) -> Self {
        let seeds = rounds.iter().map(|round| round.seed).collect::<BTreeSet<_>>().len();
        let curve = |strategy: &String| {
            let mut by_labels = BTreeMap::<usize, Vec<f64>>::new();
            for round in rounds.iter().filter(|round| round.strategy == *strategy) {
                by_labels.entry(round.labels).or_default().push(round.accuracy);
            }
            let points =
                by_labels.into_iter().filter(|(_, values)| values.len() == seeds).map(|(labels, values)| {
                    let (mean, half) = mean_interval(&values);
                    Point { labels, mean, half }
                });
            Curve { strategy: strategy.clone(), points: points.collect() }
        };
        Self {
            curves: strategies.iter().map(curve).filter(|curve| !curve.points.is_empty()).collect(),
            seeds,
        }
    }

    /// What the numbers are.
    pub(crate) fn measure(&self) -> String {
        match self.seeds {
            1 => "one seed".into(),
            seeds => format!("mean and 95 % interval over {seeds} seeds"),
        }
    }

    /// Accuracies in per cent by labels and strategy, then the labels saved against random.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let width = |curve: &Curve| curve.strategy.chars().count().max(12);
        let _ = writeln!(text, "accuracy in %, {}", self.measure());
        let _ = write!(text, "{:>7}", "labels");
        for curve in &self.curves {
            let _ = write!(text, "  {:>1$}", curve.strategy, width(curve));
        }
        text.push('\n');
        let labels = self.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.labels));
        for labels in labels.collect::<BTreeSet<_>>() {
            let _ = write!(text, "{labels:>7}");
            for curve in &self.curves {
                let cell = match curve.points.iter().find(|point| point.labels == labels) {
                    Some(Point { mean, half: Some(half), .. }) => {
                        format!("{:.1} ± {:.1}", 100.0 * mean, 100.0 * half)
                    }
                    Some(Point { mean, .. }) => format!("{:.1}", 100.0 * mean),
                    None => String::new(),
                };
                let _ = write!(text, "  {cell:>0$}", width(curve));
            }
            text.push('\n');
        }
        text.push_str(&self.savings());
        text
    }

    /// For each other strategy, the labels it needs for the accuracy that random has at its end.
    fn savings(&self) -> String {
        if self.curves.iter().all(|curve| curve.strategy == "random") {
            return String::new();
        }
        let mean = |curve: &Curve| curve.points.iter().map(|p| (p.labels as f64, p.mean)).collect::<Vec<_>>();
        let Some(random) = self.curves.iter().find(|curve| curve.strategy == "random") else {
            return "\nno `random` among the strategies, so there is nothing to measure savings against\n"
                .into();
        };
        let (Some((_, target)), mut text) = (mean(random).last().copied(), String::new()) else {
            return String::new();
        };
        let Some(needed) = labels_to_reach(&mean(random), target) else { return text };
        let _ = writeln!(
            text,
            "\nlabels for the {:.1} % that random reaches at its end (mean curves)",
            100.0 * target
        );
        for curve in &self.curves {
            let words = match labels_to_reach(&mean(curve), target) {
                None => "not reached".into(),
                Some(labels) => {
                    let saved = 100.0 * (1.0 - labels / needed);
                    let difference = match curve.strategy.as_str() {
                        "random" => String::new(),
                        _ if saved.abs() < 0.5 => ", as many as random".into(),
                        _ if saved >= 0.0 => format!(", {saved:.0} % fewer than random"),
                        _ => format!(", {:.0} % more than random", -saved),
                    };
                    format!("{labels:.0}{difference}")
                }
            };
            let _ = writeln!(text, "  {:<26}{words}", curve.strategy);
        }
        if self.seeds < 3 {
            text.push_str("fewer than 3 seeds: a difference here may be chance\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(strategy: &str, seed: u64, round: usize, accuracy: f64) -> Round {
        Round {
            dataset: "d".into(),
            net: "n".into(),
            strategy: strategy.into(),
            seed,
            round,
            labels: 100 * (round + 1),
            picks: vec![],
            classes: vec![],
            scores: None,
            accuracy,
            train_seconds: 0.0,
            query_seconds: 0.0,
            predict_seconds: 0.0,
        }
    }

    #[test]
    fn the_table_and_the_savings_are_right() {
        let mut rounds = Vec::new();
        for (seed, shift) in [(1, -0.01), (2, 0.0), (3, 0.01)] {
            for (i, (random, margin)) in [(0.5, 0.5), (0.6, 0.7), (0.7, 0.8)].into_iter().enumerate() {
                rounds.push(round("random", seed, i, random + shift));
                rounds.push(round("margin", seed, i, margin + shift));
            }
        }
        let text = Summary::new(&rounds, &["random".into(), "margin".into()]).text();
        // The half-width is t(0.975, 2) · 0.01 / √3 = 4.3027 · 0.005774 = 0.0248.
        assert!(text.contains("    300    70.0 ± 2.5    80.0 ± 2.5\n"), "{text}");
        assert!(text.contains("margin                    200, 33 % fewer than random"), "{text}");
    }

    #[test]
    fn one_seed_shows_no_interval_and_warns() {
        let rounds = [round("random", 1, 0, 0.5), round("margin", 1, 0, 0.5)];
        let text = Summary::new(&rounds, &["random".into(), "margin".into()]).text();
        assert!(!text.contains('±') && text.contains("may be chance"), "{text}");
        let text = Summary::new(&rounds[..1], &["random".into()]).text();
        assert_eq!(text, "accuracy in %, one seed\n labels        random\n    100          50.0\n");
    }
}
