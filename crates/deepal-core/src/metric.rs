//! Numbers about results.

use crate::pool::Class;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The share of predictions that are right, in `[0, 1]`; 0 of nothing.
pub fn accuracy(predicted: &[Class], truth: &[Class]) -> f64 {
    let right = predicted.iter().zip(truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}

/// Mean and half-width of its 95 % interval by Student's t; no interval for a single value.
///
/// ```
/// let (mean, half) = deepal_core::metric::mean_interval(&[0.7, 0.8, 0.9]);
/// assert!((mean - 0.8).abs() < 1e-12);
/// assert!((half.unwrap() - 4.302653 * 0.1 / 3f64.sqrt()).abs() < 1e-6);
/// ```
pub fn mean_interval(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = StudentsT::new(0.0, 1.0, n - 1.0).ok().map(|t| t.inverse_cdf(0.975) * (variance / n).sqrt());
    (mean, half.filter(|half| half.is_finite()))
}

/// How many labels a learning curve needs to reach an accuracy, interpolated on straight lines between its points;
/// `None` if it never does.
///
/// `curve`: (labels, accuracy) by ascending labels.
///
/// ```
/// let curve = [(100.0, 0.5), (200.0, 0.7), (300.0, 0.8)];
/// assert_eq!(deepal_core::metric::labels_to_reach(&curve, 0.75), Some(250.0));
/// assert_eq!(deepal_core::metric::labels_to_reach(&curve, 0.4), Some(100.0));
/// assert_eq!(deepal_core::metric::labels_to_reach(&curve, 0.9), None);
/// ```
pub fn labels_to_reach(curve: &[(f64, f64)], accuracy: f64) -> Option<f64> {
    let at = curve.iter().position(|(_, a)| *a >= accuracy)?;
    let (labels, reached) = curve[at];
    match at.checked_sub(1).map(|before| curve[before]) {
        None => Some(labels),
        Some((before, a)) => Some(before + (labels - before) * (accuracy - a) / (reached - a)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_seed_has_no_interval() {
        assert_eq!(mean_interval(&[0.5]), (0.5, None));
    }

    #[test]
    fn accuracy_counts_matches() {
        let classes = |values: [u16; 4]| values.map(Class);
        assert_eq!(accuracy(&classes([0, 1, 2, 3]), &classes([0, 1, 1, 3])), 0.75);
    }
}
