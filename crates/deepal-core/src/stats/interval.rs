//! Intervals of means.

use super::Interval;
use super::bootstrap::{draw, quantile, quantile_from_above, resampled};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// From this many values on their own shape is known well enough to be used.
const MANY: usize = 20;

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The number that a standard normal one is below with a probability of `share`.
///
/// ```
/// assert!((deepal_core::stats::normal_quantile(0.975) - 1.959963984540054).abs() < 1e-9);
/// ```
pub fn normal_quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}

/// 95 % interval of the mean of `values`; `None` with fewer than 2.
///
/// Below 20 values Student's t, from 20 on the BCa bootstrap with 10,000 resamples drawn from `seed`, which follows the
/// skew that accuracies near 1 have. Values that are all the same have an interval of no width.
///
/// Sources: Student, "The Probable Error of a Mean", Biometrika, 1908; Efron, "Better Bootstrap Confidence Intervals",
/// Journal of the American Statistical Association 82, 1987; DiCiccio and Efron, "Bootstrap Confidence Intervals",
/// Statistical Science 11, 1996.
///
/// ```
/// let (low, high) = deepal_core::stats::mean_interval(&[0.7, 0.8, 0.9], 1).unwrap();
/// assert!((high - 0.8 - 4.302653 * 0.1 / 3f64.sqrt()).abs() < 1e-6 && (low + high - 1.6).abs() < 1e-12);
/// ```
pub fn mean_interval(values: &[f64], seed: u64) -> Option<Interval> {
    if values.len() < MANY { student(values) } else { bca(values, seed) }
}

/// Student's interval of the mean, at any number of values from 2 on.
pub(super) fn student(values: &[f64]) -> Option<Interval> {
    let freedom = values.len() as f64 - 1.0;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975);
    let (mean, half) = (mean(values), t * standard_error(values));
    Some((mean - half, mean + half))
}

/// Of the mean of at least 2 values; exactly 0 where they are all the same.
pub(super) fn standard_error(values: &[f64]) -> f64 {
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return 0.0;
    }
    let (n, mean) = (values.len() as f64, mean(values));
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
}

fn bca(values: &[f64], seed: u64) -> Option<Interval> {
    let center = mean(values);
    let mut rows = vec![0; values.len()];
    let means = resampled(seed, |generator| {
        draw(generator, &mut rows);
        rows.iter().map(|row| values[*row]).sum::<f64>() / values.len() as f64
    });
    if standard_error(values) == 0.0 {
        return Some((center, center));
    }
    let normal = Normal::standard();
    // A mean that differs from the center by its rounding alone is equal to it.
    let rounding = 1e-12 * values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let below = means.iter().filter(|mean| **mean < center - rounding).count() as f64;
    let equal = means.iter().filter(|mean| (**mean - center).abs() <= rounding).count() as f64;
    let bias = normal.inverse_cdf((below + equal / 2.0) / means.len() as f64);
    // The jackknife's acceleration: a mean without one value deviates by −(value − mean) / (n − 1).
    let moment = |power| values.iter().map(|value| (value - center).powi(power)).sum::<f64>();
    let acceleration = moment(3) / (6.0 * moment(2).powf(1.5));
    let share = |z: f64| normal.cdf(bias + (bias + z) / (1.0 - acceleration * (bias + z)));
    let z = normal.inverse_cdf(0.975);
    let ends = (quantile(&means, share(-z)), quantile_from_above(&means, 1.0 - share(z)));
    (ends.0.is_finite() && ends.1.is_finite()).then_some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_students_interval() {
        // scipy.stats.t.interval, testdata/stats.py.
        let cases: [(&[f64], Interval); 3] = [
            (&[0.7, 0.9], (-0.470_620_473_617, 2.070_620_473_617)),
            (&[0.71, 0.74, 0.69, 0.8, 0.75], (0.685_761_497_079, 0.790_238_502_921)),
            (
                &[
                    0.0, 0.07, 0.14, 0.02, 0.09, 0.16, 0.04, 0.11, 0.18, 0.06, 0.13, 0.01, 0.08, 0.15, 0.03,
                    0.1, 0.17, 0.05, 0.12,
                ],
                (0.062_877_213_088, 0.117_122_786_912),
            ),
        ];
        for (values, (low, high)) in cases {
            let found = mean_interval(values, 0).unwrap();
            assert!((found.0 - low).abs() < 1e-9 && (found.1 - high).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn many_values_have_the_bca_interval() {
        // scipy.stats.bootstrap(method="BCa") of 10,000 resamples, testdata/stats.py: mean and standard deviation of the ends over
        // 200 seeds. A mean over 40 seeds must be as near as four standard deviations of such a mean.
        let skewed = (1..=24).map(|i| 1.0 - 0.3 / f64::from(i)).collect::<Vec<_>>();
        let even = (0..20).map(|i| 0.7 + 0.05 * f64::from(i).sqrt()).collect::<Vec<_>>();
        for (values, ends, deviations) in [
            (skewed, [0.911_159_000, 0.969_443_312], [0.001_125_60, 0.000_183_14]),
            (even, [0.814_354_606, 0.865_291_329], [0.000_524_94, 0.000_342_39]),
        ] {
            let found = (0..40).map(|seed| mean_interval(&values, seed).unwrap()).collect::<Vec<_>>();
            let low = mean(&found.iter().map(|interval| interval.0).collect::<Vec<_>>());
            let high = mean(&found.iter().map(|interval| interval.1).collect::<Vec<_>>());
            for ((found, end), deviation) in [low, high].into_iter().zip(ends).zip(deviations) {
                assert!((found - end).abs() < 4.0 * deviation / 40f64.sqrt(), "{found} {end}");
            }
        }
    }

    #[test]
    fn too_few_and_constant_values() {
        assert_eq!((mean_interval(&[], 0), mean_interval(&[0.5], 0)), (None, None));
        assert_eq!((mean(&[]), mean(&[0.5])), (0.0, 0.5));
        assert_eq!(mean_interval(&[0.1, 0.1, 0.1], 0), Some((mean(&[0.1; 3]), mean(&[0.1; 3]))));
        assert_eq!(mean_interval(&[0.5; 30], 0), Some((0.5, 0.5)));
    }
}
