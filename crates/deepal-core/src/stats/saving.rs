//! Labels saved against a baseline.

use super::{Interval, expanded_interval, labels_to_reach};
use ndarray::ArrayRef2;

/// With fewer seeds than this a saving has no interval.
pub const SEEDS_FOR_SAVING_INTERVAL: usize = 4;

/// What a strategy needs for the accuracy that the baseline has at its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saving {
    /// The baseline's mean accuracy at its end.
    pub target: f64,
    /// Labels at which the baseline's mean curve first reaches the target.
    pub baseline_labels: f64,
    /// Labels at which the strategy's mean curve first does; `None` if it never does.
    pub labels: Option<f64>,
    /// The baseline's labels by the strategy's: 2 means half the labels, 0 stands for not reached.
    pub ratio: f64,
    /// 95 % interval of the ratio; `None` with fewer than [`SEEDS_FOR_SAVING_INTERVAL`] seeds. It starts at 0 where the target
    /// may never be reached.
    pub interval: Option<Interval>,
}

/// How many times fewer labels a strategy needs for the baseline's accuracy at its end; `None` without a label count or seed.
///
/// `labels`: `[k]`, ascending; `baseline`, `strategy`: accuracies `[s, k]` of the same `s` seeds. Curves are means over the seeds.
/// The interval resamples seeds, the same ones for both, and finds target and ratio anew each time; its percentiles are
/// expanded ([`expanded_interval`]). A simulation among the tests, with power laws and curves that are flat at the end, 5 and 10
/// seeds, asks that the interval holds the true ratio in at least 90 % of 300 repetitions of each case (94 to 100 % were seen).
/// Resamples of 3 seeds cannot be as far apart as the truth may be, so these have no interval.
///
/// Sources: the ratio is the label saving of Settles, "Active Learning Literature Survey", 2009, section 6; the interval
/// Hesterberg's, The American Statistician 69(4), 2015.
///
/// ```
/// use ndarray::array;
/// let (random, margin) = (array![[0.5, 0.6, 0.7], [0.5, 0.6, 0.7]], array![[0.5, 0.7, 0.8], [0.5, 0.7, 0.8]]);
/// let saving = deepal_core::stats::saving(&[100.0, 200.0, 300.0], &random, &margin, 1).unwrap();
/// assert_eq!((saving.labels, saving.ratio), (Some(200.0), 1.5));
/// ```
pub fn saving(
    labels: &[f64],
    baseline: &ArrayRef2<f64>,
    strategy: &ArrayRef2<f64>,
    seed: u64,
) -> Option<Saving> {
    let seeds = baseline.nrows().min(strategy.nrows());
    let mut baseline_curve = curve(labels);
    let mut strategy_curve = curve(labels);
    let mut of = |rows: &[usize]| {
        average(&mut baseline_curve, baseline, rows);
        average(&mut strategy_curve, strategy, rows);
        let target = baseline_curve.last()?.1;
        let needed = labels_to_reach(&baseline_curve, target)?;
        Some((target, needed, labels_to_reach(&strategy_curve, target)))
    };
    let ratio = |baseline: f64, strategy: Option<f64>| strategy.map_or(0.0, |strategy| baseline / strategy);
    if seeds == 0 {
        return None;
    }
    let (target, baseline_labels, needed) = of(&(0..seeds).collect::<Vec<_>>())?;
    let mut resampled =
        |rows: &[usize]| of(rows).map_or(0.0, |(_, baseline, needed)| ratio(baseline, needed));
    let interval = match seeds < SEEDS_FOR_SAVING_INTERVAL {
        true => None,
        false => expanded_interval(seeds, seed, &mut resampled),
    };
    Some(Saving { target, baseline_labels, labels: needed, ratio: ratio(baseline_labels, needed), interval })
}

/// (labels, accuracy) with the accuracies still missing.
fn curve(labels: &[f64]) -> Vec<(f64, f64)> {
    labels.iter().map(|labels| (*labels, 0.0)).collect()
}

/// Fills in the mean accuracies of `rows`.
fn average(curve: &mut [(f64, f64)], accuracies: &ArrayRef2<f64>, rows: &[usize]) {
    curve.iter_mut().for_each(|(_, mean)| *mean = 0.0);
    for row in rows {
        curve.iter_mut().zip(accuracies.row(*row)).for_each(|((_, mean), accuracy)| *mean += accuracy);
    }
    curve.iter_mut().for_each(|(_, mean)| *mean /= rows.len() as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generator;
    use ndarray::{Array2, array};
    use rand::RngExt;
    use rayon::prelude::*;

    const LABELS: [f64; 10] = [100., 200., 300., 400., 500., 600., 700., 800., 900., 1000.];

    /// Accuracies `[s, 10]` on the curve `truth(saving · labels)`, with noise that a seed has in all rounds and noise of
    /// each round, both nearly normal: twelve uniform numbers added up.
    fn simulated(truth: fn(f64) -> f64, saving: f64, of_seeds: &[f64], noise: f64, seed: u64) -> Array2<f64> {
        let mut generator = generator(seed);
        let mut normal = || (0..12).map(|_| generator.random_range(-0.5..0.5)).sum::<f64>();
        Array2::from_shape_fn((of_seeds.len(), 10), |(s, k)| {
            truth(saving * LABELS[k]) + of_seeds[s] + noise * normal()
        })
    }

    /// How often in 300 repetitions the interval holds the true ratio.
    fn coverage(truth: fn(f64) -> f64, ratio: f64, seeds: usize, noise: f64) -> f64 {
        let held = (0..300u64).into_par_iter().filter(|repetition| {
            let seed = |what: u64| crate::seed::mix(*repetition, what);
            let shared = simulated(|_| 0.0, 1.0, &vec![0.0; seeds], 0.005, seed(0)).column(0).to_vec();
            let random = simulated(truth, 1.0, &shared, noise, seed(1));
            let other = simulated(truth, ratio, &shared, noise, seed(2));
            let (low, high) = saving(&LABELS, &random, &other, seed(3)).unwrap().interval.unwrap();
            (low..=high).contains(&ratio)
        });
        held.count() as f64 / 300.0
    }

    #[test]
    fn the_interval_holds_the_true_ratio() {
        let power: fn(f64) -> f64 = |labels| 1.0 - 0.5 * (labels / 100.0).powf(-0.5);
        let flat: fn(f64) -> f64 = |labels| 0.95 - 0.45 * (-(labels - 100.0) / 120.0).exp();
        for truth in [power, flat] {
            for seeds in [5, 10] {
                for (ratio, noise) in [(1.0, 0.01), (1.5, 0.005), (2.0, 0.01)] {
                    let held = coverage(truth, ratio, seeds, noise);
                    assert!(held >= 0.9, "{held} of ratio {ratio} with {seeds} seeds");
                }
            }
        }
    }

    #[test]
    fn not_reached_is_a_ratio_of_0() {
        let (random, poor) = (array![[0.5, 0.7], [0.5, 0.8]], array![[0.5, 0.6], [0.5, 0.6]]);
        let found = saving(&[10.0, 20.0], &random, &poor, 1).unwrap();
        assert_eq!((found.target, found.labels, found.ratio, found.interval), (0.75, None, 0.0, None));
        let four = |row: [f64; 2]| Array2::from_shape_fn((4, 2), |(_, k)| row[k]);
        let found = saving(&[10.0, 20.0], &four([0.5, 0.7]), &four([0.5, 0.6]), 1).unwrap();
        assert_eq!(found.interval, Some((0.0, 0.0)));
    }

    #[test]
    fn a_baseline_against_itself_saves_nothing() {
        let random =
            array![[0.5, 0.7, 0.8], [0.4, 0.8, 0.8], [0.5, 0.6, 0.9], [0.5, 0.7, 0.8], [0.5, 0.6, 0.9]];
        let found = saving(&[10.0, 20.0, 30.0], &random, &random, 1).unwrap();
        assert_eq!((found.ratio, found.interval), (1.0, Some((1.0, 1.0))));
    }

    #[test]
    fn without_labels_or_seeds_there_is_no_saving() {
        let empty = Array2::zeros((3, 0));
        assert_eq!(saving(&[], &empty, &empty, 1), None);
        let empty = Array2::zeros((0, 2));
        assert_eq!(saving(&[1.0, 2.0], &empty, &empty, 1), None);
    }
}
