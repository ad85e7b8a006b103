//! How well nets do on labels that they have not learnt from: five folds over all labels.

use deepal_core::metric::ClassCounts;
use deepal_core::seed::mix;
use deepal_core::{Class, score, select};
use deepal_engine::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Parts of the labels, each predicted by a net that learnt from the others.
const FOLDS: usize = 5;
/// With fewer labels nothing can be said.
const FEWEST: usize = 2 * FOLDS;
/// Bins of confidence, all equally wide.
const BINS: usize = 10;

/// What cross-validation on all labels says. A strategy chose most of them, mostly hard ones, so this is not the accuracy on the pool; it
/// compares classes with each other, and confidence with what is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrossValidation {
    /// How many samples of each class (row) were predicted to be of each class (column).
    pub confusion: Vec<Vec<usize>>,
    /// The mean probability of the predicted class.
    pub confidence: f64,
    /// The expected calibration error: the mean distance of confidence and share right over ten bins of confidence, weighted by samples
    /// (Naeini, Cooper and Hauskrecht, AAAI 2015).
    pub calibration_error: f64,
}

impl CrossValidation {
    /// Five folds in which each class is spread evenly; `predict` is handed the positions of labels to learn from and of those to
    /// predict, and returns probabilities, `[predicted, c]`. `None` with fewer than ten labels, or where a part would have one class
    /// to learn from.
    ///
    /// # Errors
    /// Those of `predict`.
    pub(crate) fn measure(
        labels: &[Class],
        n_classes: usize,
        seed: u64,
        mut predict: impl FnMut(&[usize], &[usize]) -> Result<Array2<f64>>,
    ) -> Result<Option<Self>> {
        let fold = folds(labels, seed);
        let parts = (0..FOLDS).map(|this| (0..labels.len()).partition::<Vec<_>, _>(|at| fold[*at] == this));
        let parts = parts.collect::<Vec<_>>();
        let has_two = |rows: &[usize]| rows.iter().any(|at| labels[*at] != labels[rows[0]]);
        if labels.len() < FEWEST || !parts.iter().all(|(_, train)| has_two(train)) {
            return Ok(None);
        }
        let mut confusion = vec![vec![0; n_classes]; n_classes];
        let mut sure = Vec::with_capacity(labels.len());
        for (test, train) in &parts {
            let probs = predict(train, test)?;
            for (at, probs) in test.iter().zip(probs.outer_iter()) {
                let predicted = score::most_probable(probs);
                confusion[labels[*at].index()][predicted.index()] += 1;
                sure.push((probs[predicted.index()], predicted == labels[*at]));
            }
        }
        let confidence = sure.iter().map(|(p, _)| p).sum::<f64>() / sure.len() as f64;
        Ok(Some(Self { confusion, confidence, calibration_error: calibration_error(&sure) }))
    }

    /// How many labels were predicted.
    pub fn n(&self) -> usize {
        self.confusion.iter().flatten().sum()
    }

    /// The share predicted right.
    pub fn accuracy(&self) -> f64 {
        self.counts().accuracy()
    }

    /// The share of the samples of a class that are found; `None` without one.
    pub fn recall(&self, class: usize) -> Option<f64> {
        self.counts().recall(class)
    }

    /// The share right of what is predicted to be of a class; `None` if nothing is.
    pub fn precision(&self, class: usize) -> Option<f64> {
        self.counts().precision(class)
    }

    /// Each class with another that was predicted for it, and how often, the most frequent first.
    pub fn most_confused(&self) -> Vec<(usize, usize, usize)> {
        let rows = self.confusion.iter().enumerate();
        let all = rows.flat_map(|(row, counts)| counts.iter().enumerate().map(move |(at, n)| (row, at, *n)));
        let mut wrong = all.filter(|(row, at, n)| row != at && *n > 0).collect::<Vec<_>>();
        wrong.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
        wrong
    }

    /// The mean recall of the classes that have labels.
    pub fn balanced_accuracy(&self) -> f64 {
        self.counts().balanced_accuracy()
    }

    /// The mean over the classes that have labels of F1, the harmonic mean of precision and recall, which is 0 for a class never found.
    pub fn macro_f1(&self) -> f64 {
        self.counts().macro_f1()
    }

    fn counts(&self) -> ClassCounts {
        ClassCounts::of_confusion(&self.confusion)
    }
}

/// The fold of each label: those of a class are dealt out in a random order, going on from class to class.
fn folds(labels: &[Class], seed: u64) -> Vec<usize> {
    let mut dealt = select::random(labels.len(), labels.len(), mix(seed, FOLDS as u64));
    dealt.sort_by_key(|at| labels[*at]);
    let mut folds = vec![0; labels.len()];
    dealt.into_iter().enumerate().for_each(|(i, at)| folds[at] = i % FOLDS);
    folds
}

/// Of confidences, and whether each was right.
fn calibration_error(sure: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for (confidence, is_right) in sure {
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += confidence;
        bin.1 += f64::from(u8::from(*is_right));
    }
    bins.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>() / sure.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(counts: &[usize]) -> Vec<Class> {
        counts.iter().enumerate().flat_map(|(class, n)| vec![Class(class as u16); *n]).collect()
    }

    #[test]
    fn figures_are_those_of_the_definitions() {
        // scikit-learn's example by hand: 5 cats of which 4 are found, 3 dogs of which 2 are, and no ship.
        let found = CrossValidation {
            confusion: vec![vec![4, 1, 0], vec![1, 2, 0], vec![0, 0, 0]],
            confidence: 0.0,
            calibration_error: 0.0,
        };
        assert_eq!((found.n(), found.accuracy()), (8, 0.75));
        assert_eq!((found.recall(0), found.precision(1)), (Some(0.8), Some(2.0 / 3.0)));
        assert_eq!((found.recall(2), found.precision(2)), (None, None));
        assert_eq!(found.most_confused(), [(0, 1, 1), (1, 0, 1)]);
        assert!((found.balanced_accuracy() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((found.macro_f1() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn each_label_is_predicted_once_by_a_net_that_has_not_seen_it() {
        let labels = labels(&[12, 7, 3]);
        let mut seen = vec![0; labels.len()];
        let found = CrossValidation::measure(&labels, 3, 1, |train, test| {
            assert!(test.iter().all(|at| !train.contains(at)) && train.len() + test.len() == labels.len());
            test.iter().for_each(|at| seen[*at] += 1);
            // Always the first class, with 0.8.
            Ok(Array2::from_shape_fn((test.len(), 3), |(_, class)| [0.8, 0.1, 0.1][class]))
        });
        let found = found.unwrap().unwrap();
        assert!(seen.iter().all(|n| *n == 1));
        assert_eq!(found.confusion, [[12, 0, 0], [7, 0, 0], [3, 0, 0]]);
        assert!((found.confidence - 0.8).abs() < 1e-12);
        assert!((found.calibration_error - (0.8 - 12.0 / 22.0)).abs() < 1e-12);
    }

    #[test]
    fn too_little_is_none() {
        let never = |_: &[usize], _: &[usize]| unreachable!();
        assert_eq!(CrossValidation::measure(&labels(&[5, 4]), 2, 1, never).unwrap(), None);
        assert_eq!(CrossValidation::measure(&labels(&[20]), 1, 1, never).unwrap(), None);
        assert_eq!(CrossValidation::measure(&labels(&[20, 1]), 2, 1, never).unwrap(), None);
    }
}
