//! The share of what was possible.

use super::{Interval, SEEDS_FOR_SAVING_INTERVAL, expanded_interval, mean};

/// The mean of `part` by the mean of `whole`, one number for each of the same seeds, with a 95 % interval of the ratio; `None` without
/// seeds, or where the mean of `whole` is not above 0.
///
/// The interval resamples seeds, the same ones for both ([`expanded_interval`]). There is none with fewer than
/// [`SEEDS_FOR_SAVING_INTERVAL`] seeds, and none where resamples of `whole` are often not above 0: the ratio then has no end.
///
/// ```
/// use deepal_core::stats::share;
///
/// assert_eq!(share(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 6.0, 8.0], 1), Some((0.5, Some((0.5, 0.5)))));
/// ```
pub fn share(part: &[f64], whole: &[f64], seed: u64) -> Option<(f64, Option<Interval>)> {
    let n = part.len().min(whole.len());
    let ratio = |rows: &[usize]| {
        let sum = |of: &[f64]| rows.iter().map(|row| of[*row]).sum::<f64>();
        let whole = sum(whole);
        if whole > 0.0 { sum(part) / whole } else { f64::INFINITY }
    };
    if n == 0 || mean(&whole[..n]) <= 0.0 {
        return None;
    }
    let interval = if n < SEEDS_FOR_SAVING_INTERVAL { None } else { expanded_interval(n, seed, ratio) };
    let interval = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
    Some((ratio(&(0..n).collect::<Vec<_>>()), interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generator;
    use rand::RngExt;
    use rayon::prelude::*;

    #[test]
    fn it_is_the_ratio_of_means_and_not_the_mean_of_ratios() {
        let (found, _) = share(&[1.0, 1.0, 4.0], &[1.0, 3.0, 8.0], 1).unwrap();
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        assert_eq!(share(&[], &[], 1), None);
        assert_eq!(share(&[1.0], &[-1.0], 1), None);
        let few = share(&[1.0, 2.0], &[2.0, 2.0], 1).unwrap();
        assert_eq!(few, (0.75, None), "too few seeds for an interval");
        assert_eq!(share(&[1.0; 5], &[1.0, 1.0, 1.0, 1.0, -3.9], 1).unwrap().1, None);
    }

    /// Gains of a bound and of a strategy with noise that both have in a seed, and noise of their own.
    #[test]
    fn the_interval_holds_the_true_share() {
        for (seeds, truth) in [(5, 0.5), (5, -0.2), (10, 0.9), (10, 1.1)] {
            let held = (0..300u64).into_par_iter().filter(|repetition| {
                let mut generator = generator(crate::seed::mix(*repetition, seeds as u64));
                let mut normal = || (0..12).map(|_| generator.random_range(-0.5..0.5)).sum::<f64>();
                let shared = (0..seeds).map(|_| 0.01 * normal()).collect::<Vec<_>>();
                let mut gains =
                    |mean: f64| shared.iter().map(|s| mean + s + 0.01 * normal()).collect::<Vec<f64>>();
                let (whole, part) = (gains(0.06), gains(0.06 * truth));
                let (low, high) = share(&part, &whole, *repetition).unwrap().1.unwrap();
                (low..=high).contains(&truth)
            });
            let held = held.count() as f64 / 300.0;
            assert!(held >= 0.9, "{held} of {truth} with {seeds} seeds");
        }
    }
}
