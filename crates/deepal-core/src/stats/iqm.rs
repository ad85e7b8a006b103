//! The interquartile mean over tasks.

use super::bootstrap::{draw, expanded_tail, quantile, quantile_from_above, resampled};
use super::{Interval, mean};

/// Mean of the middle half: the lowest and the highest quarter of the values, rounded down, are left out; 0 of nothing.
///
/// Source: Agarwal, Schwarzer, Castro, Courville and Bellemare, "Deep Reinforcement Learning at the Edge of the Statistical
/// Precipice", NeurIPS 2021 (rliable).
///
/// ```
/// assert_eq!(deepal_core::stats::interquartile_mean(&[100.0, 1.0, 2.0, 4.0, -7.0]), (1.0 + 2.0 + 4.0) / 3.0);
/// ```
pub fn interquartile_mean(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 4;
    mean(&values[cut..values.len() - cut])
}

/// 95 % interval of the interquartile mean of all values of all tasks, one a seed; `None` where a task has fewer than 2.
///
/// The bootstrap is stratified: 10,000 times the seeds are resampled within each task. It says what other seeds would give on
/// these tasks, and nothing about other tasks.
///
/// Source: Agarwal et al., NeurIPS 2021. Deviation: the percentiles are expanded as in [`super::expanded_interval`], with the
/// number of seeds of the smallest task and the degrees of freedom of all tasks together, as the plain ones are too
/// narrow for few seeds and tasks.
pub fn interquartile_mean_interval(tasks: &[Vec<f64>], seed: u64) -> Option<Interval> {
    let smallest = tasks.iter().map(Vec::len).min().filter(|n| *n >= 2)?;
    let tail = expanded_tail(smallest, tasks.iter().map(|task| task.len() - 1).sum())?;
    let mut drawn = Vec::new();
    let mut rows = Vec::new();
    let answers = resampled(seed, |generator| {
        drawn.clear();
        for task in tasks {
            rows.resize(task.len(), 0);
            draw(generator, &mut rows);
            drawn.extend(rows.iter().map(|row| task[*row]));
        }
        interquartile_mean(&drawn)
    });
    Some((quantile(&answers, tail), quantile_from_above(&answers, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_scipys_trimmed_mean() {
        // scipy.stats.trim_mean(x, 0.25), testdata/stats.py.
        for (n, expected) in [
            (1, 0.0),
            (3, 0.345_374_569_475_212),
            (4, -0.027_770_551_013_416),
            (5, 0.279_524_083_037_259),
            (11, 0.478_206_146_939_753),
            (40, 1.931_607_907_327_311),
        ] {
            let values = (0..n).map(|i| (f64::from(i) * 1.7).sin() + 0.1 * f64::from(i)).collect::<Vec<_>>();
            assert!((interquartile_mean(&values) - expected).abs() < 1e-12, "{n}");
        }
        assert_eq!(interquartile_mean(&[]), 0.0);
    }

    #[test]
    fn its_ends_lie_where_counting_all_resamples_puts_them() {
        // All 4^4 · 3^3 resamples, with the tail ± 4 √(a (1 − a) / 10,000): testdata/stats.py.
        let tasks = [vec![0.71, 0.74, 0.69, 0.8], vec![0.91, 0.95, 0.9]];
        for seed in 0..20 {
            let (low, high) = interquartile_mean_interval(&tasks, seed).unwrap();
            assert!((0.773_999..=0.776_001).contains(&low), "{low}");
            assert!((0.851_999..=0.860_001).contains(&high), "{high}");
        }
    }

    #[test]
    fn a_task_with_one_seed_has_no_interval() {
        assert_eq!(interquartile_mean_interval(&[vec![0.5, 0.6], vec![0.7]], 1), None);
        assert_eq!(interquartile_mean_interval(&[], 1), None);
        assert_eq!(interquartile_mean_interval(&[vec![0.5; 3], vec![0.5; 4]], 1), Some((0.5, 0.5)));
    }
}
