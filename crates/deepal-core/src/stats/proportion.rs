//! Intervals of shares that are counted.

use super::Interval;
use statrs::distribution::{Beta, ContinuousCDF};

/// The exact 95 % interval of a probability of which `of` independent trials were `right` times right: it covers the truth in at least
/// 95 % of cases. `None` without a trial, or with more right than there are.
///
/// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934,
/// by quantiles of the beta distribution.
///
/// ```
/// let (low, high) = deepal_core::stats::proportion_interval(8, 10).unwrap();
/// assert!((low - 0.4439).abs() < 1e-4 && (high - 0.9748).abs() < 1e-4);
/// ```
pub fn proportion_interval(right: usize, of: usize) -> Option<Interval> {
    let wrong = of.checked_sub(right).filter(|_| of > 0)?;
    let quantile =
        |a: usize, b: usize, share: f64| Some(Beta::new(a as f64, b as f64).ok()?.inverse_cdf(share));
    let low = if right == 0 { 0.0 } else { quantile(right, wrong + 1, 0.025)? };
    let high = if wrong == 0 { 1.0 } else { quantile(right + 1, wrong, 0.975)? };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    #[test]
    fn ends_are_those_of_the_closed_forms() {
        for n in [1_usize, 5, 20, 44, 300] {
            // All right: the lower end is where n successes have a probability of 2.5 %.
            let low = 0.025f64.powf(1.0 / n as f64);
            let (found, one) = proportion_interval(n, n).unwrap();
            assert!((found - low).abs() < 1e-9 && one == 1.0, "{n}: {found} {low}");
            let (zero, high) = proportion_interval(0, n).unwrap();
            assert!((high - (1.0 - low)).abs() < 1e-9 && zero == 0.0, "{n}: {high}");
        }
        assert_eq!((proportion_interval(0, 0), proportion_interval(3, 2)), (None, None));
    }

    /// The definition: at the lower end so many or more are right in 2.5 % of cases, at the upper end so many or fewer.
    #[test]
    fn tails_of_the_binomial_are_a_fortieth() {
        for (right, of) in [(1, 20), (8, 10), (37, 44), (90, 100), (299, 300), (1500, 2000)] {
            let (low, high) = proportion_interval(right, of).unwrap();
            let tail = |p: f64, most: u64| Binomial::new(p, of as u64).unwrap().cdf(most);
            assert!((1.0 - tail(low, right as u64 - 1) - 0.025).abs() < 1e-8, "{right} of {of}: {low}");
            assert!((tail(high, right as u64) - 0.025).abs() < 1e-8, "{right} of {of}: {high}");
        }
    }
}
