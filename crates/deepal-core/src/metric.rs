//! Numbers about results: how often a net is right, over all samples and class by class.

use crate::error::{Error, Result};
use crate::ids::Class;
use crate::stats::mean;
use ndarray::{ArrayRef2, Axis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The most pairs of classes that [`Errors`] has: with up to 32 classes it has all.
const MOST_PAIRS: usize = 1000;
/// How many single samples [`Errors`] has.
const MOST_SAMPLES: usize = 12;

/// The share of predictions that are right, in `[0, 1]`; 0 of nothing.
pub fn accuracy(predicted: &[Class], truth: &[Class]) -> f64 {
    let right = predicted.iter().zip(truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}

/// What curves, comparisons and verdicts are about.
///
/// ```
/// use deepal_core::metric::Metric;
///
/// assert_eq!("macro-f1".parse::<Metric>()?, Metric::MacroF1);
/// assert_eq!(Metric::BalancedAccuracy.to_string(), "balanced-accuracy");
/// # Ok::<(), deepal_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Metric {
    /// The share of all samples that are right: [`ClassCounts::accuracy`].
    #[default]
    Accuracy,
    /// The mean recall of the classes: [`ClassCounts::balanced_accuracy`].
    BalancedAccuracy,
    /// The mean F1 of the classes: [`ClassCounts::macro_f1`].
    MacroF1,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accuracy, Self::BalancedAccuracy, Self::MacroF1];

    /// As sentences and axes name it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced accuracy",
            Self::MacroF1 => "macro-F1",
        }
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced-accuracy",
            Self::MacroF1 => "macro-f1",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == name);
        let unknown = || Error::UnknownName {
            kind: "metric",
            name: name.into(),
            known: Self::ALL.map(Self::name).to_vec(),
        };
        found.ok_or_else(unknown)
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.to_string()
    }
}

impl TryFrom<String> for Metric {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

/// Predictions counted class by class, `[c]` each: enough for recall, precision and F1 of every class, and as small as `3 c` numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCounts {
    /// Samples of each class.
    pub actual: Vec<u32>,
    /// Samples predicted to be of each class.
    pub predicted: Vec<u32>,
    /// Samples of each class that are predicted right.
    pub right: Vec<u32>,
}

impl ClassCounts {
    /// Of predictions and true classes, all below `n_classes`.
    pub fn new(predicted: &[Class], truth: &[Class], n_classes: usize) -> Self {
        let mut counts =
            Self { actual: vec![0; n_classes], predicted: vec![0; n_classes], right: vec![0; n_classes] };
        for (predicted, truth) in predicted.iter().zip(truth) {
            counts.predicted[predicted.index()] += 1;
            counts.actual[truth.index()] += 1;
            counts.right[truth.index()] += u32::from(predicted == truth);
        }
        counts
    }

    /// Of a whole confusion matrix, `[c, c]`: how many samples of a class (row) were predicted to be of a class (column).
    pub fn of_confusion(confusion: &[Vec<usize>]) -> Self {
        let n = confusion.len();
        Self {
            actual: confusion.iter().map(|row| row.iter().sum::<usize>() as u32).collect(),
            predicted: (0..n).map(|at| confusion.iter().map(|row| row[at]).sum::<usize>() as u32).collect(),
            right: (0..n).map(|at| confusion[at][at] as u32).collect(),
        }
    }

    /// How many classes there are, those without a sample too; 0 if the three lists do not belong together.
    pub fn n_classes(&self) -> usize {
        let n = self.actual.len();
        if self.predicted.len() == n && self.right.len() == n { n } else { 0 }
    }

    /// The share of all samples that are right; 0 of nothing.
    pub fn accuracy(&self) -> f64 {
        let sum = |counts: &[u32]| counts.iter().map(|n| f64::from(*n)).sum::<f64>();
        sum(&self.right) / sum(&self.actual).max(1.0)
    }

    /// The share of the samples of a class that are found; `None` for a class without a sample.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.right[class], self.actual[class])
    }

    /// The share right of what is predicted to be of a class; `None` if nothing is.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.right[class], self.predicted[class])
    }

    /// F1, the harmonic mean of precision and recall: 0 for a class that is never found, `None` for one without a sample
    /// (van Rijsbergen, Information Retrieval, 1979).
    pub fn f1(&self, class: usize) -> Option<f64> {
        let (actual, predicted) = (self.actual[class], self.predicted[class]);
        let both = f64::from(actual) + f64::from(predicted);
        (actual > 0).then(|| 2.0 * f64::from(self.right[class]) / both)
    }

    /// The mean recall of the classes that have samples; 0 without any (Brodersen et al., ICPR 2010).
    pub fn balanced_accuracy(&self) -> f64 {
        mean(&(0..self.n_classes()).filter_map(|class| self.recall(class)).collect::<Vec<_>>())
    }

    /// The mean F1 of the classes that have samples; 0 without any (Opitz and Burst, "Macro F1 and Macro F1", 2019: the mean of F1s).
    pub fn macro_f1(&self) -> f64 {
        mean(&(0..self.n_classes()).filter_map(|class| self.f1(class)).collect::<Vec<_>>())
    }

    /// A metric of them.
    pub fn metric(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Accuracy => self.accuracy(),
            Metric::BalancedAccuracy => self.balanced_accuracy(),
            Metric::MacroF1 => self.macro_f1(),
        }
    }
}

fn share(part: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / f64::from(of))
}

/// What a net gets wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// The confusion matrix off its diagonal, the commonest pairs first, as `(true class, predicted class, samples)`. At most
    /// 1,000 pairs, so complete up to 32 classes.
    pub confused: Vec<(u16, u16, u32)>,
    /// The samples of which the net is surest and wrong, the surest first; at most 12.
    pub worst: Vec<Mistake>,
}

/// A sample that a net gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// Its place among the samples.
    pub sample: u32,
    /// Its class.
    pub actual: u16,
    /// The class predicted for it.
    pub predicted: u16,
    /// The probability of that class.
    pub probability: f64,
}

impl Errors {
    /// Of predictions, their probabilities `[n, c]` and the true classes.
    pub fn new(predicted: &[Class], probs: &ArrayRef2<f64>, truth: &[Class]) -> Self {
        let (mut pairs, mut worst) = (BTreeMap::<_, u32>::new(), Vec::new());
        for (at, (probs, (predicted, truth))) in
            probs.axis_iter(Axis(0)).zip(predicted.iter().zip(truth)).enumerate()
        {
            if predicted != truth {
                *pairs.entry((truth.0, predicted.0)).or_default() += 1;
                let (actual, probability) = (truth.0, probs[predicted.index()]);
                worst.push(Mistake { sample: at as u32, actual, predicted: predicted.0, probability });
            }
        }
        let confused = pairs.into_iter().map(|((actual, predicted), n)| (actual, predicted, n));
        let mut confused = confused.collect::<Vec<_>>();
        // Both sorts are stable: ties stay in the order of classes and of samples.
        confused.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
        confused.truncate(MOST_PAIRS);
        worst.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        worst.truncate(MOST_SAMPLES);
        Self { confused, worst }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::most_probable;
    use ndarray::Array2;

    /// Numbers that look like chance, from 0 to below `n`.
    fn draws(len: usize, n: u16, seed: u64) -> Vec<Class> {
        (0..len as u64).map(|at| Class((crate::seed::mix(seed, at) % u64::from(n)) as u16)).collect()
    }

    #[test]
    fn accuracy_counts_matches() {
        let classes = |values: [u16; 4]| values.map(Class);
        assert_eq!(accuracy(&classes([0, 1, 2, 3]), &classes([0, 1, 1, 3])), 0.75);
    }

    /// Each figure once more by its definition, sample by sample.
    #[test]
    fn figures_of_classes_are_those_of_the_definitions() {
        for (seed, n_classes, drawn) in [(1, 2, 2), (2, 5, 5), (3, 7, 4), (4, 3, 1)] {
            // Some classes are never predicted, and some have no sample.
            let (truth, predicted) = (draws(200, drawn, seed), draws(200, n_classes, seed + 100));
            let counts = ClassCounts::new(&predicted, &truth, n_classes.into());
            let (mut recalls, mut f1s) = (Vec::new(), Vec::new());
            for class in 0..n_classes {
                let of = |classes: &[Class], at: usize| classes[at].0 == class;
                let number = |is: &dyn Fn(usize) -> bool| (0..200).filter(|at| is(*at)).count() as f64;
                let found = number(&|at| of(&truth, at) && of(&predicted, at));
                let missed = number(&|at| of(&truth, at) && !of(&predicted, at));
                let wrong = number(&|at| !of(&truth, at) && of(&predicted, at));
                let ratio = |part: f64, of: f64| (of > 0.0).then(|| part / of);
                let (recall, precision) = (ratio(found, found + missed), ratio(found, found + wrong));
                assert_eq!(counts.recall(class.into()), recall);
                assert_eq!(counts.precision(class.into()), precision);
                if let Some(recall) = recall {
                    let precision = precision.unwrap_or(0.0);
                    let sum = recall + precision;
                    let f1 = if sum > 0.0 { 2.0 * recall * precision / sum } else { 0.0 };
                    assert!((counts.f1(class.into()).unwrap() - f1).abs() < 1e-12);
                    recalls.push(recall);
                    f1s.push(f1);
                } else {
                    assert_eq!(counts.f1(class.into()), None);
                }
            }
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            assert_eq!(counts.metric(Metric::Accuracy), accuracy(&predicted, &truth));
            assert!((counts.metric(Metric::BalancedAccuracy) - mean(&recalls)).abs() < 1e-12);
            assert!((counts.metric(Metric::MacroF1) - mean(&f1s)).abs() < 1e-12);
        }
    }

    #[test]
    fn uneven_classes_are_where_accuracy_misleads() {
        // 95 common and 5 rare samples, all called common.
        let truth = (0..100).map(|at| Class(u16::from(at >= 95))).collect::<Vec<_>>();
        let counts = ClassCounts::new(&[Class(0); 100], &truth, 2);
        assert_eq!((counts.accuracy(), counts.balanced_accuracy()), (0.95, 0.5));
        assert!((counts.macro_f1() - 95.0 / 195.0).abs() < 1e-12, "2 · 95 / (95 + 100), and 0");
        assert_eq!((counts.precision(1), counts.f1(1)), (None, Some(0.0)));
    }

    #[test]
    fn a_matrix_and_samples_are_counted_alike() {
        let (truth, predicted) = (draws(300, 4, 5), draws(300, 5, 6));
        let mut matrix = vec![vec![0; 5]; 5];
        truth.iter().zip(&predicted).for_each(|(row, column)| matrix[row.index()][column.index()] += 1);
        assert_eq!(ClassCounts::of_confusion(&matrix), ClassCounts::new(&predicted, &truth, 5));
    }

    #[test]
    fn errors_are_the_matrix_without_its_diagonal_and_the_surest_samples() {
        let n = 400;
        let probs = Array2::from_shape_fn((n, 6), |(i, j)| {
            (crate::seed::mix(7, (6 * i + j) as u64) % 1000) as f64 / 1000.0
        });
        let predicted = probs.outer_iter().map(most_probable).collect::<Vec<_>>();
        let truth = draws(n, 6, 8);
        let errors = Errors::new(&predicted, &probs, &truth);
        for (actual, wrong, count) in &errors.confused {
            let is_it = |at: &usize| truth[*at].0 == *actual && predicted[*at].0 == *wrong;
            assert_eq!((0..n).filter(is_it).count() as u32, *count);
            assert_ne!(actual, wrong);
        }
        let all = errors.confused.iter().map(|(_, _, n)| *n).sum::<u32>();
        assert!(errors.confused.windows(2).all(|pair| pair[0].2 >= pair[1].2));
        let mut by_hand = (0..n).filter(|at| predicted[*at] != truth[*at]).collect::<Vec<_>>();
        assert_eq!(all as usize, by_hand.len());
        let sure = |at: usize| probs[[at, predicted[at].index()]];
        by_hand.sort_by(|a, b| sure(*b).total_cmp(&sure(*a)).then(a.cmp(b)));
        let worst = errors.worst.iter().map(|mistake| mistake.sample as usize).collect::<Vec<_>>();
        assert_eq!(worst, by_hand[..12]);
        assert!(errors.worst.iter().all(|m| m.probability == sure(m.sample as usize)));
    }

    #[test]
    fn a_thousand_classes_stay_small() {
        let (truth, predicted) = (draws(2000, 1000, 9), draws(2000, 1000, 10));
        let errors = Errors::new(&predicted, &Array2::zeros((2000, 1000)), &truth);
        assert_eq!((errors.confused.len(), errors.worst.len()), (MOST_PAIRS, MOST_SAMPLES));
    }

    #[test]
    fn names_are_read_back_and_others_are_refused() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse::<Metric>().unwrap(), metric);
        }
        let error = "macro-f2".parse::<Metric>().unwrap_err().to_string();
        assert!(error.contains("macro-f2") && error.contains("did you mean `macro-f1`"), "{error}");
    }
}
