//! What more labels would gain, from a learning curve.

use super::Interval;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

/// Exponents of the power law that are tried: from hardly any progress to errors that quarter when labels double.
const EXPONENTS: (f64, f64) = (0.0, 2.0);
/// Values of each of the three parameters: error, share that stays, exponent.
const GRID: [usize; 3] = [100, 20, 20];
/// Refits scatter as if predictions of so many independent samples changed.
const INDEPENDENT: f64 = 1000.0;
/// Gains in one bin.
const BIN: f64 = 5e-4;
/// The most that an error can be.
const MOST_ERROR: f64 = 1.0 - 1e-6;
/// What is less likely than the likeliest by this power of e is left out: all of the grid together weighs less than 10⁻¹⁴ of it.
const NEGLIGIBLE: f64 = 45.0;

/// A training on a learning curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// How many labels the net learnt from.
    pub labels: f64,
    /// How many random samples that it had not learnt from it got right.
    pub right: usize,
    /// Of how many.
    pub of: usize,
    /// The share of the pool's predictions that changed since the training before, in `[0, 1]`; `None` for the first.
    pub changed: Option<f64>,
}

/// How much more labels would gain in accuracy, in `[-1, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainForecast {
    /// The expected gain.
    pub gain: f64,
    /// The 95 % interval of what it will be.
    pub interval: Interval,
}

/// Forecasts the gain in accuracy of the next `more` labels from trainings by ascending labels; `None` with fewer than two trainings,
/// without a random sample at the last one, or where `more` is not above 0.
///
/// The error after n labels is taken for `a + b · n^-c`, the inverse power law. The parameters have a uniform prior over the error now,
/// the share of it that stays for ever and c from 0 to 2; hits at random samples are binomial. The trainings are measured on
/// much the same samples, so each counts with a weight that lets all together weigh as much as the samples of the last one (a composite
/// likelihood). Accuracy changes by no more than the predictions do, so a gain above what changed over the last `more` labels is
/// ruled out. Refits scatter around the curve as if the predictions of a thousand independent samples changed, for better or worse.
///
/// Source: the curve: Figueroa, Zeng-Treitler, Kandula and Ngo, "Predicting sample size required for classification performance", BMC
/// Medical Informatics and Decision Making 12:8, 2012; the likelihood: Varin, Reid and Firth, "An overview of composite likelihood methods",
/// Statistica Sinica 21, 2011; the bound: Bloodgood and Grothendieck, "Analysis of stopping active learning based on stabilizing
/// predictions", CoNLL 2013. The prior and the scatter are ours, checked by simulation
/// (`record/2026-11-29-projects.md`).
pub fn gain_forecast(curve: &[CurvePoint], more: f64) -> Option<GainForecast> {
    let last = curve.last().filter(|last| last.of > 0 && last.labels > 0.0 && more > 0.0)?;
    let changed = change_over(curve, more)?;
    let posterior = posterior(curve, last, more, changed);
    let total = posterior.iter().sum::<f64>();
    let of = |bin: usize| (bin as f64 + 0.5) * BIN;
    let gain = posterior.iter().enumerate().map(|(bin, weight)| weight * of(bin)).sum::<f64>() / total;
    let scatter = Normal::new(0.0, scatter(changed)).ok()?;
    let below = |x: f64| {
        let bins = posterior.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        bins.map(|(bin, weight)| weight * scatter.cdf(x - of(bin))).sum::<f64>() / total
    };
    let interval = (quantile(below, 0.025), quantile(below, 0.975));
    Some(GainForecast { gain, interval })
}

/// The weight of gains in bins of [`BIN`] from 0 up, after all trainings.
fn posterior(curve: &[CurvePoint], last: &CurvePoint, more: f64, most: f64) -> Vec<f64> {
    let n_hits = curve.iter().map(|point| point.of).sum::<usize>();
    let weight = last.of as f64 / n_hits as f64;
    let [errors, stays, exponents] = GRID.map(|n| move |i: usize| (i as f64 + 0.5) / n as f64);
    let errors = (0..GRID[0]).map(errors).map(|error| (error, error.ln())).collect::<Vec<_>>();
    let hits = curve.iter().filter(|point| point.of > 0).map(|point| Hits::new(point, weight));
    let hits = hits.collect::<Vec<_>>();
    let of_exponent = |i: usize| {
        let exponent = EXPONENTS.0 + exponents(i) * (EXPONENTS.1 - EXPONENTS.0);
        let (mut found, mut most_likely) = (Vec::new(), f64::NEG_INFINITY);
        for stay in (0..GRID[1]).map(stays) {
            let shape = |labels: f64| stay + (1.0 - stay) * (labels / last.labels).powf(-exponent);
            let lost = 1.0 - shape(last.labels + more);
            let shaped = hits.iter().map(|hits| (hits, shape(hits.labels))).collect::<Vec<_>>();
            let shaped = shaped.iter().map(|(hits, shape)| (*hits, *shape, shape.ln())).collect::<Vec<_>>();
            for (error, of_error) in errors.iter().filter(|(error, _)| error * lost <= most) {
                if let Some(log) = likelihood(&shaped, *error, *of_error, most_likely - NEGLIGIBLE) {
                    most_likely = most_likely.max(log);
                    found.push((error * lost, log));
                }
            }
        }
        found
    };
    let found = (0..GRID[2]).into_par_iter().map(of_exponent).collect::<Vec<_>>().concat();
    let most_likely = found.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
    let mut bins = vec![0.0; (1.0 / BIN) as usize + 1];
    found.iter().for_each(|(gain, log)| bins[(gain / BIN) as usize] += (log - most_likely).exp());
    bins
}

/// The random samples of a training, each counted with a weight.
struct Hits {
    labels: f64,
    wrong: f64,
    right: f64,
    /// Their log-likelihood at their own share of errors: none is more.
    most: f64,
}

impl Hits {
    fn new(point: &CurvePoint, weight: f64) -> Self {
        let [wrong, right] = [point.of - point.right, point.right].map(|count| weight * count as f64);
        let of = |count: f64| if count > 0.0 { count * (count / (wrong + right)).ln() } else { 0.0 };
        Self { labels: point.labels, wrong, right, most: of(wrong) + of(right) }
    }
}

/// The log-likelihood of all trainings, each with its shape and the logarithm of that, given the error now and its logarithm; `None` as soon
/// as it is sure to be below `least`.
fn likelihood(shaped: &[(&Hits, f64, f64)], error: f64, of_error: f64, least: f64) -> Option<f64> {
    let mut bound = shaped.iter().map(|(hits, ..)| hits.most).sum::<f64>();
    let mut log = 0.0;
    for (hits, shape, of_shape) in shaped {
        if log + bound < least {
            return None;
        }
        let error = error * shape;
        let of_wrong = if error < MOST_ERROR { of_error + of_shape } else { MOST_ERROR.ln() };
        log += hits.wrong * of_wrong + hits.right * (-error.min(MOST_ERROR)).ln_1p();
        bound -= hits.most;
    }
    Some(log)
}

/// How far refits lie from the curve, as a standard deviation.
fn scatter(changed: f64) -> f64 {
    (changed / INDEPENDENT).sqrt().max(BIN)
}

/// The share of predictions that changed over the last `more` labels, or over all if there were fewer, scaled up to as many.
fn change_over(curve: &[CurvePoint], more: f64) -> Option<f64> {
    let (mut labels, mut changed) = (0.0, 0.0);
    for pair in curve.windows(2).rev() {
        if labels >= more {
            break;
        }
        changed += pair[1].changed?;
        labels += pair[1].labels - pair[0].labels;
    }
    (labels > 0.0).then(|| (changed * more / labels).clamp(BIN, 1.0))
}

/// Where a distribution function on `[-1, 1]` reaches a share.
fn quantile(below: impl Fn(f64) -> f64, share: f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        if below(middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generator;
    use rand::RngExt;

    fn point(labels: f64, right: usize, of: usize, changed: Option<f64>) -> CurvePoint {
        CurvePoint { labels, right, of, changed }
    }

    /// Of one training with hits the error now has a beta distribution, and the mean is a product of means.
    #[test]
    fn the_mean_is_that_of_the_closed_form() {
        for (right, of, labels, more) in [(15, 20, 200.0, 90.0), (40, 44, 400.0, 90.0), (0, 3, 50.0, 100.0)] {
            let curve = [point(labels / 2.0, 0, 0, None), point(labels, right, of, Some(1.0))];
            let found = gain_forecast(&curve, more).unwrap();
            let error = (of - right + 1) as f64 / (of + 2) as f64;
            let ratio = 1.0_f64 + more / labels;
            let left = (1.0 - ratio.powi(-2)) / (2.0 * ratio.ln());
            let expected = error * 0.5 * (1.0 - left);
            assert!((found.gain - expected).abs() < 5e-4, "{right} of {of}: {} {expected}", found.gain);
        }
    }

    /// The same posterior by draws from the prior, weighted by the likelihood; the scatter drawn too.
    #[test]
    fn mean_and_interval_are_those_of_a_monte_carlo_posterior() {
        let curve = [
            point(100.0, 6, 10, None),
            point(150.0, 11, 15, Some(0.12)),
            point(200.0, 17, 20, Some(0.05)),
            point(250.0, 20, 25, Some(0.06)),
        ];
        let (more, changed) = (100.0, 0.11);
        let mut draws = generator(7);
        let mut uniform = || draws.random_range(0.0..1.0_f64);
        let mut drawn = Vec::new();
        for _ in 0..200_000 {
            let (error, stay, exponent) = (uniform(), uniform(), 2.0 * uniform());
            let error_at = |labels: f64| error * (stay + (1.0 - stay) * (labels / 250.0).powf(-exponent));
            let gain = error - error_at(350.0);
            let hits = curve.iter().map(|point| {
                let error = error_at(point.labels).min(1.0 - 1e-6);
                (1.0 - error).powf(point.right as f64) * error.powf((point.of - point.right) as f64)
            });
            let weight = if gain > changed { 0.0 } else { hits.product::<f64>().powf(25.0 / 70.0) };
            let scatter =
                scatter(changed) * (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
            drawn.push((gain + scatter, gain, weight));
        }
        let total = drawn.iter().map(|(.., weight)| weight).sum::<f64>();
        let mean = drawn.iter().map(|(_, gain, weight)| gain * weight).sum::<f64>() / total;
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
        let quantile = |share: f64| {
            let mut sum = 0.0;
            drawn
                .iter()
                .find(|(.., weight)| {
                    sum += weight;
                    sum >= share * total
                })
                .unwrap()
                .0
        };
        let found = gain_forecast(&curve, more).unwrap();
        assert!((found.gain - mean).abs() < 1e-3, "{found:?} {mean}");
        let (low, high) = (quantile(0.025), quantile(0.975));
        assert!(
            (found.interval.0 - low).abs() < 2e-3 && (found.interval.1 - high).abs() < 2e-3,
            "{found:?} {low} {high}"
        );
    }

    /// The posterior of before, with every logarithm of every point of the grid.
    fn whole_posterior(curve: &[CurvePoint], last: &CurvePoint, more: f64, most: f64) -> Vec<f64> {
        let weight = last.of as f64 / curve.iter().map(|point| point.of).sum::<usize>() as f64;
        let at = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let mut found = Vec::new();
        for cell in 0..GRID.iter().product::<usize>() {
            let (error, rest) = (at(cell % GRID[0], GRID[0]), cell / GRID[0]);
            let (stay, exponent) = (at(rest % GRID[1], GRID[1]), 2.0 * at(rest / GRID[1], GRID[2]));
            let shape = |labels: f64| stay + (1.0 - stay) * (labels / last.labels).powf(-exponent);
            let gain = error * (1.0 - shape(last.labels + more));
            let log = curve.iter().filter(|point| point.of > 0).map(|point| {
                let error = (error * shape(point.labels)).min(1.0 - 1e-6);
                (point.of - point.right) as f64 * error.ln() + point.right as f64 * (1.0 - error).ln()
            });
            if gain <= most {
                found.push((gain, weight * log.sum::<f64>()));
            }
        }
        let likeliest = found.iter().fold(f64::NEG_INFINITY, |likeliest, (_, log)| likeliest.max(*log));
        let mut bins = vec![0.0; (1.0 / BIN) as usize + 1];
        found.iter().for_each(|(gain, log)| bins[(gain / BIN) as usize] += (log - likeliest).exp());
        bins
    }

    /// What is left out is nothing.
    #[test]
    fn nothing_is_lost_by_what_is_left_out() {
        for (trainings, of, share, changed) in [
            (3, 4, 0.5, 1.0),
            (40, 30, 0.9, 0.05),
            (300, 400, 0.93, 0.02),
            (30, 500, 1.0, 0.3),
            (5, 90, 0.0, 1.0),
        ] {
            let right =
                |at: usize| (f64::from(of) * share * (0.8 + 0.2 * at as f64 / trainings as f64)) as usize;
            let curve = (1..=trainings)
                .map(|at| {
                    point(
                        40.0 * at as f64,
                        right(at),
                        (of as usize * at).div_ceil(trainings).max(right(at)),
                        Some(changed),
                    )
                })
                .collect::<Vec<_>>();
            let last = curve[trainings - 1];
            let mean = |bins: Vec<f64>| {
                let total = bins.iter().sum::<f64>();
                let mean =
                    bins.iter().enumerate().map(|(bin, weight)| weight * bin as f64).sum::<f64>() / total;
                (mean, total)
            };
            let most = change_over(&curve, 100.0).unwrap();
            let (found, expected) = (
                mean(posterior(&curve, &last, 100.0, most)),
                mean(whole_posterior(&curve, &last, 100.0, most)),
            );
            assert!(
                (found.0 - expected.0).abs() < 1e-9 / BIN && (found.1 / expected.1 - 1.0).abs() < 1e-9,
                "{trainings}: {found:?} {expected:?}"
            );
        }
    }

    #[test]
    fn many_hits_on_a_power_law_bring_its_gain_back() {
        let error = |labels: f64| 0.05 + 2.0 * labels.powf(-0.5);
        let hits = |labels: f64| (4000.0 * (1.0 - error(labels))) as usize;
        let curve =
            (1..=8).map(|at| point(50.0 * f64::from(at), hits(50.0 * f64::from(at)), 4000, Some(0.1)));
        let found = gain_forecast(&curve.collect::<Vec<_>>(), 100.0).unwrap();
        let gain = error(400.0) - error(500.0);
        assert!((found.gain - gain).abs() < 3e-3, "{found:?} {gain}");
    }

    #[test]
    fn where_no_prediction_changes_nothing_is_gained() {
        let curve = [point(100.0, 5, 10, None), point(200.0, 10, 20, Some(0.0))];
        let found = gain_forecast(&curve, 100.0).unwrap();
        assert!(found.gain.abs() < 1e-3 && found.interval.0 > -3e-3 && found.interval.1 < 3e-3, "{found:?}");
    }

    #[test]
    fn less_is_gained_where_fewer_are_wrong_and_where_more_labels_are_there() {
        let gain = |labels: f64, right| {
            gain_forecast(&[point(labels / 2.0, 0, 0, None), point(labels, right, 40, Some(0.2))], 90.0)
                .unwrap()
        };
        assert!(gain(200.0, 38).gain < gain(200.0, 30).gain);
        assert!(gain(800.0, 30).gain < gain(200.0, 30).gain);
        assert!(gain(200.0, 40).interval.1 > gain(200.0, 40).gain);
    }

    #[test]
    fn too_little_is_none() {
        let (first, last) = (point(100.0, 5, 10, None), point(200.0, 0, 0, Some(0.1)));
        assert_eq!(gain_forecast(&[], 100.0), None);
        assert_eq!(gain_forecast(&[first], 100.0), None);
        assert_eq!(gain_forecast(&[first, last], 100.0), None);
        assert_eq!(gain_forecast(&[first, point(200.0, 3, 5, Some(0.1))], 0.0), None);
    }
}
