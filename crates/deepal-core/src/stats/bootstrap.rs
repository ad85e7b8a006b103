//! Resampling with replacement.

use super::Interval;
use crate::seed::generator;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Resamples behind every interval: the 0.1 % tail that few seeds ask for still holds about ten of them.
const RESAMPLES: usize = 10_000;

/// 95 % interval of a statistic of `n` seeds by the expanded percentile bootstrap; `None` with fewer than 2.
///
/// `statistic` gets `n` rows drawn with replacement from `0..n`, 10,000 times, and must not answer NaN; infinities are
/// ordered like other numbers. The interval reaches from quantile a to quantile 1 − a of the answers, both of them values
/// that occurred, with a = Φ(−√(n / (n − 1)) · t(0.975, n − 1)) in place of 0.025: plain percentiles are far too narrow for
/// few seeds, and these are as wide as Student's interval where the statistic is a mean. With fewer than 4 seeds even the
/// widest interval that resampling can give is narrow: see [`super::saving()`].
///
/// Source: Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015, section 5.3.
///
/// ```
/// let values = [0.1f64, 0.2, 0.4, 0.8, 1.6];
/// let median = |rows: &[usize]| {
///     let mut drawn = rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
///     drawn.sort_by(f64::total_cmp);
///     drawn[2]
/// };
/// assert_eq!(deepal_core::stats::expanded_interval(5, 1, median), Some((0.1, 1.6)));
/// ```
pub fn expanded_interval(
    n: usize,
    seed: u64,
    mut statistic: impl FnMut(&[usize]) -> f64,
) -> Option<Interval> {
    let tail = expanded_tail(n, n.checked_sub(1)?)?;
    let mut rows = vec![0; n];
    let answers = resampled(seed, |generator| {
        draw(generator, &mut rows);
        statistic(&rows)
    });
    Some((quantile(&answers, tail), quantile_from_above(&answers, tail)))
}

/// The share to cut off at either end so that 95 % remain, for `n` values with `freedom` degrees of freedom between them.
pub(super) fn expanded_tail(n: usize, freedom: usize) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, freedom as f64).ok()?.inverse_cdf(0.975);
    Some(Normal::standard().cdf(-(n as f64 / (n as f64 - 1.0)).sqrt() * t))
}

/// The answers of `statistic` to 10,000 resamples that it draws itself, ascending.
pub(super) fn resampled(seed: u64, mut statistic: impl FnMut(&mut ChaCha8Rng) -> f64) -> Vec<f64> {
    let mut generator = generator(seed);
    let mut answers = (0..RESAMPLES).map(|_| statistic(&mut generator)).collect::<Vec<_>>();
    answers.sort_by(f64::total_cmp);
    answers
}

/// Fills `rows` with rows drawn with replacement from `0..rows.len()`.
pub(super) fn draw(generator: &mut impl Rng, rows: &mut [usize]) {
    let n = rows.len();
    rows.fill_with(|| generator.random_range(0..n));
}

/// The value with a share of `share` of the ascending `answers` below it.
pub(super) fn quantile(answers: &[f64], share: f64) -> f64 {
    answers[rank(answers, share)]
}

/// The value with a share of `share` of the ascending `answers` above it.
pub(super) fn quantile_from_above(answers: &[f64], share: f64) -> f64 {
    answers[answers.len() - 1 - rank(answers, share)]
}

fn rank(answers: &[f64], share: f64) -> usize {
    ((share * answers.len() as f64) as usize).min(answers.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64], rows: &[usize]) -> f64 {
        rows.iter().map(|row| values[*row]).sum::<f64>() / rows.len() as f64
    }

    #[test]
    fn the_ends_lie_where_counting_all_resamples_puts_them() {
        // From testdata/stats.py: quantiles a ± 4 √(a (1 − a) / 10,000) of the means of all n^n resamples.
        let five = [0.71, 0.74, 0.69, 0.80, 0.75];
        let six = [0.1, 0.9, 0.3, 0.35, 0.5, 0.2];
        for seed in 0..20 {
            let (low, high) = expanded_interval(5, seed, |rows| mean_of(&five, rows)).unwrap();
            assert!(
                (0.689_999..=0.698_001).contains(&low) && (0.787_999..=0.800_001).contains(&high),
                "{low} {high}"
            );
            let (low, high) = expanded_interval(6, seed, |rows| mean_of(&six, rows)).unwrap();
            assert!(
                (0.133_333..=0.166_667).contains(&low) && (0.699_999..=0.783_334).contains(&high),
                "{low} {high}"
            );
        }
    }

    #[test]
    fn tails_are_scipys() {
        for (n, expected) in [
            (3, 6.834_137_311_9e-8),
            (5, 9.541_005_518_8e-4),
            (10, 0.008_550_639_024_4),
            (30, 0.018_753_900_278_2),
        ] {
            assert!((expanded_tail(n, n - 1).unwrap() / expected - 1.0).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn it_is_a_function_of_the_seed_and_moves_with_the_values() {
        let values = [0.1, 0.2, 0.4, 0.3, 0.6, 0.5, 0.1];
        let of = |seed, shift: f64| {
            let shifted = values.map(|value| 2.0 * value + shift);
            expanded_interval(7, seed, |rows| mean_of(&shifted, rows)).unwrap()
        };
        assert_eq!(of(3, 0.0), of(3, 0.0));
        let (a, b) = (of(3, 0.0), of(3, 1.0));
        assert!((b.0 - a.0 - 1.0).abs() < 1e-12 && (b.1 - a.1 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_has_an_interval_of_no_width_and_one_value_has_none() {
        assert_eq!(expanded_interval(5, 1, |_| 0.5), Some((0.5, 0.5)));
        assert_eq!(expanded_interval(5, 1, |_| f64::INFINITY), Some((f64::INFINITY, f64::INFINITY)));
        assert_eq!(expanded_interval(1, 1, |_| 0.5), None);
        assert_eq!(expanded_interval(0, 1, |_| 0.5), None);
    }
}
