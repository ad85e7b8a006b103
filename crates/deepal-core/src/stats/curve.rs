//! One number for a learning curve.

/// Area under a learning curve by trapezoids, divided by the range of the labels; `None` with fewer than 2 points.
///
/// `curve`: (labels, accuracy) by ascending labels. It is the accuracy averaged over all labels between the first and the
/// last: 1 for a perfect learner whatever the steps, and an uneven step counts by its width.
///
/// Source: Guyon, Cawley, Dror and Lemaire, "Results of the Active Learning Challenge", JMLR W&CP 16, 2011. There the labels
/// are on a logarithmic axis and the area is rescaled so that random guessing has 0; here neither is done.
///
/// ```
/// let curve = [(100.0, 0.5), (200.0, 0.7), (400.0, 0.9)];
/// let area = deepal_core::stats::area_under_curve(&curve).unwrap();
/// assert!((area - (100.0 * 0.6 + 200.0 * 0.8) / 300.0).abs() < 1e-12);
/// ```
pub fn area_under_curve(curve: &[(f64, f64)]) -> Option<f64> {
    let range = curve.last()?.0 - curve.first()?.0;
    let area: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum();
    (range > 0.0).then_some(area / range)
}

/// How many labels a learning curve needs to reach an accuracy, interpolated on straight lines between its points;
/// `None` if it never does.
///
/// `curve`: (labels, accuracy) by ascending labels. The first reach counts, also where the curve falls again.
///
/// ```
/// let curve = [(100.0, 0.5), (200.0, 0.7), (300.0, 0.8)];
/// assert_eq!(deepal_core::stats::labels_to_reach(&curve, 0.75), Some(250.0));
/// assert_eq!(deepal_core::stats::labels_to_reach(&curve, 0.4), Some(100.0));
/// assert_eq!(deepal_core::stats::labels_to_reach(&curve, 0.9), None);
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
    fn a_perfect_learner_has_1_and_numpy_agrees() {
        for labels in [vec![10.0, 20.0, 30.0], vec![1.0, 2.0, 50.0, 51.0], vec![3.0, 4.0]] {
            let curve = labels.into_iter().map(|labels| (labels, 1.0)).collect::<Vec<_>>();
            assert!((area_under_curve(&curve).unwrap() - 1.0).abs() < 1e-15);
        }
        // numpy.trapezoid, testdata/stats.py.
        let curve = [(20.0, 0.31), (25.0, 0.42), (40.0, 0.55), (100.0, 0.81), (110.0, 0.79)];
        assert!((area_under_curve(&curve).unwrap() - 0.643_333_333_333).abs() < 1e-12);
    }

    #[test]
    fn a_point_that_lies_on_the_curve_changes_nothing() {
        let few = [(0.0, 0.2), (100.0, 0.6), (200.0, 0.8)];
        let more = [(0.0, 0.2), (25.0, 0.3), (100.0, 0.6), (150.0, 0.7), (200.0, 0.8)];
        assert!((area_under_curve(&few).unwrap() - area_under_curve(&more).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn one_point_has_no_area() {
        assert_eq!((area_under_curve(&[]), area_under_curve(&[(5.0, 0.5)])), (None, None));
    }

    #[test]
    fn the_first_reach_counts() {
        let curve = [(10.0, 0.5), (20.0, 0.7), (30.0, 0.6), (40.0, 0.7)];
        assert_eq!(labels_to_reach(&curve, 0.6), Some(15.0));
        assert_eq!(labels_to_reach(&curve, 0.7), Some(20.0));
        assert_eq!(labels_to_reach(&[], 0.7), None);
    }
}
