//! The test set class by class, where a strategy ends.

use super::ClassFigures;
use super::runs::ArmRuns;
use deepal_core::metric::ClassCounts;
use deepal_core::stats;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The figures of each class at the end of runs that all reached it; none if a seed has recorded other classes, or none.
pub(super) fn figures(runs: &ArmRuns<'_>) -> Vec<ClassFigures> {
    let counts = runs.at(runs.end()).map(|round| round.test.as_deref());
    let Some(counts) = counts.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let Some(first) = counts.first() else { return Vec::new() };
    if counts.iter().any(|other| other.n_classes() != first.n_classes()) {
        return Vec::new();
    }
    let mean = |of: &dyn Fn(&ClassCounts) -> Option<f64>| {
        let values = counts.iter().filter_map(|counts| of(counts)).collect::<Vec<_>>();
        (!values.is_empty()).then(|| stats::mean(&values))
    };
    let figures = |class| ClassFigures {
        support: first.actual[class],
        recall: mean(&|counts| counts.recall(class)),
        precision: mean(&|counts| counts.precision(class)),
        f1: mean(&|counts| counts.f1(class)),
    };
    (0..first.n_classes()).map(figures).collect()
}

/// The confusions at the end of runs that all reached it, added up, the commonest first; none if a seed recorded none.
pub(super) fn confused(runs: &ArmRuns<'_>) -> Vec<(u16, u16, u32)> {
    let errors = runs.at(runs.end()).map(|round| round.errors.as_deref());
    let Some(errors) = errors.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let mut pairs = BTreeMap::<_, u32>::new();
    for (actual, predicted, n) in errors.into_iter().flat_map(|errors| &errors.confused) {
        *pairs.entry((*actual, *predicted)).or_default() += n;
    }
    let mut pairs =
        pairs.into_iter().map(|((actual, predicted), n)| (actual, predicted, n)).collect::<Vec<_>>();
    pairs.sort_by_key(|(_, _, n)| Reverse(*n));
    pairs
}

#[cfg(test)]
mod tests {
    use crate::analysis::{Analysis, csv, text};
    use deepal_core::Class;
    use deepal_core::metric::{ClassCounts, Errors, Metric};
    use deepal_data::stores::run::RoundRecord;
    use ndarray::Array2;

    /// 180 samples of a common class and 20 of a rare one, so many of each found.
    fn round(strategy: &str, seed: u64, round: usize, found: [u32; 2]) -> RoundRecord {
        let truth = (0..200).map(|at| Class(u16::from(at >= 180))).collect::<Vec<_>>();
        let is_found = |at: u32| if at < 180 { at < found[0] } else { at - 180 < found[1] };
        let predicted = (0..200).map(|at| Class(u16::from((at >= 180) == is_found(at)))).collect::<Vec<_>>();
        let test = ClassCounts::new(&predicted, &truth, 2);
        assert_eq!(test.right, found);
        RoundRecord {
            dataset: "d".into(),
            net: "n".into(),
            strategy: strategy.into(),
            seed,
            round,
            labels: 100 * (round + 1),
            picks: vec![],
            classes: vec![0, 1],
            scores: None,
            accuracy: test.accuracy(),
            train_seconds: 1.0,
            query_seconds: 1.0,
            predict_seconds: 1.0,
            test: Some(Box::new(test)),
            errors: (round == 3).then(|| Box::new(Errors::new(&predicted, &Array2::zeros((200, 2)), &truth))),
        }
    }

    /// `common` finds ever more of the common class and ever fewer of the rare one.
    fn rounds() -> Vec<RoundRecord> {
        let of_seed = |seed: u64| {
            (0..4).flat_map(move |k| {
                let (gain, noise) = (k as u32, (seed % 3) as u32);
                let random = round("random", seed, k, [150 + gain + noise, 12 + gain]);
                [random, round("common", seed, k, [150 + 9 * gain + noise, 12 - 3 * gain])]
            })
        };
        (1..=5).flat_map(of_seed).collect()
    }

    fn analysis(rounds: &[RoundRecord], metric: Metric) -> Analysis {
        Analysis::new(rounds, &["random", "common"].map(String::from), metric)
    }

    #[test]
    fn macro_f1_turns_the_verdict_that_accuracy_gives() {
        let rounds = rounds();
        let verdict = |metric| analysis(&rounds, metric).verdict.concat();
        let accuracy = verdict(Metric::Accuracy);
        assert!(
            accuracy.starts_with("On d with n, common beat random: area under the curve +"),
            "{accuracy}"
        );
        let f1 = verdict(Metric::MacroF1);
        let start = "On d with n, common lost to random: area under the macro-F1 curve -";
        assert!(f1.starts_with(start) && f1.contains("random's final macro-F1 of "), "{f1}");
        let balanced = verdict(Metric::BalancedAccuracy);
        assert!(balanced.contains("lost to random: area under the balanced accuracy curve -"), "{balanced}");
    }

    #[test]
    fn all_numbers_are_of_the_metric_and_say_so() {
        let rounds = rounds();
        let found = analysis(&rounds, Metric::MacroF1);
        // F1 of a class by its definition; of the last round of random.
        let f1 = |right: f64, actual: f64, predicted: f64| 2.0 * right / (actual + predicted);
        let by_hand = (1..=5_u32).map(|seed| {
            let (common, rare) = (f64::from(153 + seed % 3), 15.0);
            let (of_common, of_rare) = (common + 20.0 - rare, rare + 180.0 - common);
            f64::midpoint(f1(common, 180.0, of_common), f1(rare, 20.0, of_rare))
        });
        let mean = by_hand.sum::<f64>() / 5.0;
        let [random, common] = &found.tasks[0].arms[..] else { panic!("{found:?}") };
        let end = random.points.last().unwrap();
        assert!((end.value.value - mean).abs() < 1e-12 && end.macro_f1 == Some(end.value));
        assert!((end.accuracy.value - 0.846).abs() < 1e-12, "168 and 1.2 on average, of 200");
        let words = text(&found);
        assert!(words.starts_with("macro-F1 in %, mean and 95 % interval over 5 seeds\n"), "{words}");
        assert!(words.contains(&format!("{:.1} ± ", 100.0 * mean)), "{words}");
        let goal = format!("labels for the macro-F1 of {:.1} % that random reaches at its end", 100.0 * mean);
        assert!(words.contains(&goal), "{words}");
        let table = String::from_utf8(csv(&found)).unwrap();
        assert!(table.lines().skip(1).all(|row| row.ends_with(",macro-f1")), "{table}");
        assert!(table.lines().nth(1).unwrap().contains(&format!(",{},", end.value.value)), "{table}");
        let area = common.versus_random.as_ref().unwrap().area.mean.value;
        let between = |k: usize| common.points[k].value.value - random.points[k].value.value;
        let trapezoids = (0..3).map(|k| f64::midpoint(between(k), between(k + 1))).sum::<f64>() / 3.0;
        assert!((area - trapezoids).abs() < 1e-12);
    }

    #[test]
    fn classes_are_averaged_and_confusions_added_up_over_the_seeds() {
        let found = analysis(&rounds(), Metric::Accuracy);
        let arm = &found.tasks[0].arms[0];
        let [common, rare] = &arm.classes[..] else { panic!("{arm:?}") };
        assert_eq!((common.support, rare.support, rare.recall), (180, 20, Some(0.75)));
        assert!((common.recall.unwrap() - (5.0 * 153.0 + 6.0) / 900.0).abs() < 1e-12);
        assert_eq!(arm.confused, [(0, 1, 5 * 27 - 6), (1, 0, 25)]);
        let json = serde_json::from_slice::<serde_json::Value>(&found.json().unwrap()).unwrap();
        assert_eq!(json["metric"], "accuracy");
        assert_eq!(json["tasks"][0]["arms"][0]["classes"][1]["recall"], 0.75);
    }

    #[test]
    fn a_seed_without_counts_takes_the_classes_and_leaves_the_accuracy() {
        let mut rounds = rounds();
        rounds.iter_mut().filter(|round| round.seed == 2).for_each(|round| round.test = None);
        let found = analysis(&rounds, Metric::Accuracy);
        let arm = &found.tasks[0].arms[0];
        assert!(arm.classes.is_empty() && arm.points[3].macro_f1.is_none());
        assert!((arm.points[3].accuracy.value - 0.846).abs() < 1e-12);
    }

    #[test]
    fn uneven_classes_are_warned_of_where_accuracy_is_all_that_is_looked_at() {
        let warned = |rounds: &[RoundRecord], metric| {
            let warnings = analysis(rounds, metric).warnings;
            warnings
                .iter()
                .any(|warning| warning.contains("the commonest class has 180 test samples and the rarest 18"))
        };
        let mut rounds = rounds();
        assert!(!warned(&rounds, Metric::Accuracy), "20 samples are not so rare");
        for round in &mut rounds {
            round.test.as_mut().unwrap().actual[1] = 18;
        }
        assert!(warned(&rounds, Metric::Accuracy) && !warned(&rounds, Metric::MacroF1));
    }
}
