//! How far a net's probabilities can be trusted, measured by cross-validation on its own labelled samples.

use crate::error::Result;
use crate::ids::Class;
use crate::score::margin;
use crate::seed::mix;
use crate::select;
use ndarray::{Array1, Array2, ArrayRef2, Axis};
use rayon::prelude::*;

/// Parts of the labelled samples, of which each is predicted by a net trained on the others.
const FOLDS: usize = 4;
/// With fewer labels nothing can be measured.
const FEWEST: usize = 6;
/// Used then: such nets are far too sure of themselves.
const UNKNOWN_TEMPERATURE: f64 = 4.0;
/// Temperatures tried, geometric from 0.05 to 20.
const TEMPERATURES: usize = 25;

/// Rows of probabilities at once.
const CHUNK: usize = 1024;

/// What cross-validation says of a net's probabilities.
///
/// The labelled samples are not a fair sample of the pool: a strategy chose them, mostly hard ones. So the accuracy is too low (0.69
/// where it was 0.81, in a prototype); it may steer a strategy and must not be shown as the net's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The temperature `T` with the least negative log-likelihood of `p^(1/T)`, normalised (Guo et al., On calibration of modern neural
    /// networks, ICML 2017); above 1 where the net is too sure of itself. From 0.05 to 20.
    pub temperature: f64,
    /// The share of labelled samples that nets trained on others get right.
    pub accuracy: f64,
}

impl Calibration {
    /// Four-fold stratified cross-validation. `predict` is handed the positions of labelled samples to train on and of those to predict,
    /// and returns probabilities, `[predicted, c]`. With fewer than 6 labels it is not called: the temperature is then 4, the accuracy
    /// that of guessing.
    ///
    /// # Errors
    /// Those of `predict`.
    pub fn measure(
        labels: &[Class],
        n_classes: usize,
        seed: u64,
        mut predict: impl FnMut(&[usize], &[usize]) -> Result<Array2<f64>>,
    ) -> Result<Self> {
        if labels.len() < FEWEST {
            return Ok(Self { temperature: UNKNOWN_TEMPERATURE, accuracy: 1.0 / n_classes.max(1) as f64 });
        }
        let fold = folds(labels, seed);
        let mut held_out = Array2::<f64>::zeros((labels.len(), n_classes));
        for this in 0..FOLDS {
            let (test, train) = (0..labels.len()).partition::<Vec<_>, _>(|at| fold[*at] == this);
            let probs = predict(&train, &test)?;
            test.iter().zip(probs.outer_iter()).for_each(|(at, row)| held_out.row_mut(*at).assign(&row));
        }
        let is_right = |at: &usize| crate::score::most_probable(held_out.row(*at)) == labels[*at];
        let right = (0..labels.len()).filter(is_right).count();
        let temperature = |i: usize| 0.05 * 400f64.powf(i as f64 / (TEMPERATURES - 1) as f64);
        let loss = |i: usize| negative_log_likelihood(&held_out, labels, temperature(i));
        let (best, _) = (0..TEMPERATURES)
            .map(|i| (i, loss(i)))
            .fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best });
        Ok(Self { temperature: temperature(best), accuracy: right as f64 / labels.len() as f64 })
    }

    /// Probabilities at the temperature: `p^(1/T)`, normalised, `[n, c]`.
    #[must_use]
    pub fn apply(&self, probs: &ArrayRef2<f64>) -> Array2<f64> {
        let mut scaled = probs.to_owned();
        for mut row in scaled.outer_iter_mut() {
            // Relative to the largest, so that nothing but what is negligible underflows.
            let largest = row.iter().copied().fold(0.0, f64::max);
            row.mapv_inplace(|p| (p / largest).powf(1.0 / self.temperature));
            let sum = row.sum();
            row /= sum;
        }
        scaled
    }
}

impl Calibration {
    /// [`score::margin`](crate::score::margin) at the temperature, `[n]`, without a copy of all probabilities.
    pub(crate) fn margin(&self, probs: &ArrayRef2<f64>) -> Array1<f64> {
        let chunks = probs.axis_chunks_iter(Axis(0), CHUNK).into_par_iter();
        chunks.flat_map_iter(|probs| margin(&self.apply(&probs))).collect::<Vec<_>>().into()
    }
}

/// The fold of each label: those of a class are dealt out in a random order, going on from class to class.
fn folds(labels: &[Class], seed: u64) -> Vec<usize> {
    let order = select::random(labels.len(), labels.len(), mix(seed, FOLDS as u64));
    let mut dealt = order;
    dealt.sort_by_key(|at| labels[*at].0);
    let mut folds = vec![0; labels.len()];
    dealt.into_iter().enumerate().for_each(|(i, at)| folds[at] = i % FOLDS);
    folds
}

/// The mean over samples at a temperature; a probability of 0 counts as the least number that is not.
fn negative_log_likelihood(probs: &Array2<f64>, labels: &[Class], temperature: f64) -> f64 {
    let of = |(row, class): (ndarray::ArrayView1<'_, f64>, &Class)| {
        let logits = row.mapv(|p| p.max(f64::MIN_POSITIVE).ln() / temperature);
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logits.mapv(|z| (z - largest).exp()).sum().ln() - logits[class.index()]
    };
    probs.outer_iter().zip(labels).map(of).sum::<f64>() / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn labels(counts: &[usize]) -> Vec<Class> {
        counts.iter().enumerate().flat_map(|(class, n)| vec![Class(class as u16); *n]).collect()
    }

    #[test]
    fn folds_are_stratified_and_of_one_size() {
        let labels = labels(&[10, 4, 1, 7]);
        let folds = folds(&labels, 3);
        for class in 0..4 {
            let of = |fold| (0..22).filter(|at| labels[*at].0 == class && folds[*at] == fold).count();
            let counts = [0, 1, 2, 3].map(of);
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        let sizes = [0, 1, 2, 3].map(|fold| folds.iter().filter(|of| **of == fold).count());
        assert_eq!(sizes.iter().sum::<usize>(), 22);
        assert!(sizes.iter().all(|size| (5..=6).contains(size)));
    }

    /// Probabilities 0.9 that are right in 7 of 10 cases are best at ln 9 / T = ln (7/3).
    #[test]
    fn the_temperature_is_that_of_the_closed_form() {
        let labels = labels(&[70, 30]);
        let predict = |train: &[usize], test: &[usize]| {
            assert!(train.len() + test.len() == 100 && test.iter().all(|at| !train.contains(at)));
            Ok(Array2::from_shape_fn((test.len(), 2), |(_, class)| [0.9, 0.1][class]))
        };
        let found = Calibration::measure(&labels, 2, 1, predict).unwrap();
        let wanted = 9f64.ln() / (7f64 / 3.0).ln(); // 2.59; the grid's steps are factors of 1.28
        assert!((found.temperature / wanted).ln().abs() <= 400f64.ln() / 48.0, "{found:?}");
        assert_eq!(found.accuracy, 0.7);
    }

    #[test]
    fn sure_and_right_is_cold_and_sure_and_wrong_is_hot() {
        let labels = labels(&[4, 4]);
        let measure = |right: f64| {
            let predict = |_: &[usize], test: &[usize]| {
                Ok(Array2::from_shape_fn((test.len(), 2), |(i, class)| {
                    if labels[test[i]].index() == class { right } else { 1.0 - right }
                }))
            };
            Calibration::measure(&labels, 2, 1, predict).unwrap()
        };
        assert_eq!(measure(0.6), Calibration { temperature: 0.05, accuracy: 1.0 });
        let wrong = measure(0.0);
        assert!(wrong.accuracy == 0.0 && (wrong.temperature - 20.0).abs() < 1e-9);
    }

    #[test]
    fn few_labels_say_nothing() {
        let never = |_: &[usize], _: &[usize]| unreachable!();
        let few = Calibration::measure(&labels(&[3, 2]), 10, 1, never).unwrap();
        assert_eq!(few, Calibration { temperature: 4.0, accuracy: 0.1 });
    }

    #[test]
    fn temperatures_flatten_and_sharpen() {
        let at = |temperature, probs: Array2<f64>| Calibration { temperature, accuracy: 0.0 }.apply(&probs);
        let probs = array![[0.8, 0.2], [1.0, 0.0], [1e-300, 1.0]];
        assert!((at(1.0, probs.clone()) - &probs).iter().all(|x| x.abs() < 1e-15));
        let flat = at(2.0, probs.clone());
        assert!((flat[[0, 0]] - 2.0 / 3.0).abs() < 1e-12 && flat[[1, 1]] == 0.0);
        assert!((at(0.5, probs)[[0, 0]] - 0.64 / 0.68).abs() < 1e-12);
        let many = Array2::from_shape_fn((3 * CHUNK + 5, 2), |(i, class)| {
            let p = 0.5 + (i % 499) as f64 / 1000.0;
            if class == 0 { p } else { 1.0 - p }
        });
        let hot = Calibration { temperature: 3.0, accuracy: 0.0 };
        assert_eq!(hot.margin(&many), margin(&hot.apply(&many)));
    }
}
