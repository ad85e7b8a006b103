//! Numbers of heavy tails by their ranks.

use super::encoding::How;
use deepal_core::stats::normal_quantile;

/// From so many times the squared variance on, a fourth moment is that of heavy tails; a normal distribution has 3.
const HEAVY: f64 = 10.0;
/// The most values that are kept of a column.
const MOST: usize = 200;

/// Whether outliers rule the variance of numbers: `values`, with mean 0 and deviation 1.
pub(super) fn are_heavy(values: impl ExactSizeIterator<Item = f64>) -> bool {
    let n = values.len() as f64;
    values.map(|x| x.powi(4)).sum::<f64>() > HEAVY * n
}

/// What makes numbers normal quantiles of their ranks, equal ones of their middle rank. Missing ones become `median`. Of many
/// values 200 are kept.
pub(super) fn fit(mut numbers: Vec<f64>, median: f64) -> How {
    numbers.iter_mut().filter(|number| number.is_nan()).for_each(|number| *number = median);
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len() as f64;
    let (mut ranks, mut below) = (Vec::new(), 0);
    for equal in numbers.chunk_by(|a, b| a == b) {
        let share = (below as f64 + equal.len() as f64 / 2.0) / n;
        below += equal.len();
        ranks.push((equal[0], share));
    }
    let (last, step) = (ranks.len() - 1, 1.0 / MOST as f64);
    let mut next = 0.0;
    let mut is_kept = |(at, (_, share)): &(usize, (f64, f64))| {
        let is_kept = last < MOST || *share >= next || *at == last;
        if is_kept {
            next = share + step;
        }
        is_kept
    };
    let kept = ranks.into_iter().enumerate().filter(|rank| is_kept(rank));
    How::Ranks { median, ranks: kept.map(|(_, (value, share))| (value, normal_quantile(share))).collect() }
}

/// The input of a number: between two known ones in between, beyond all as the last. `ranks` ascend.
pub(super) fn input(ranks: &[(f64, f64)], number: f64) -> f64 {
    let after = match ranks.binary_search_by(|(value, _)| value.total_cmp(&number)) {
        Ok(at) => return ranks[at].1,
        Err(after) => after,
    };
    match (after.checked_sub(1).and_then(|before| ranks.get(before)), ranks.get(after)) {
        (Some((a, from)), Some((b, to))) => from + (to - from) * ((number - a) / (b - a)),
        (Some((_, input)), None) | (None, Some((_, input))) => *input,
        (None, None) => 0.0,
    }
}

/// Whether values and inputs ascend and are numbers.
pub(super) fn are_right(ranks: &[(f64, f64)]) -> bool {
    !ranks.is_empty()
        && ranks.iter().all(|(value, input)| value.is_finite() && input.is_finite())
        && ranks.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(numbers: &[f64]) -> Vec<(f64, f64)> {
        match fit(numbers.to_vec(), 5.0) {
            How::Ranks { ranks, .. } => ranks,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn equal_numbers_have_their_middle_rank_and_missing_ones_the_medians() {
        let found = ranks(&[0.0, 9.0, f64::NAN, 0.0]);
        // Shares 1/4, 2.5/4 and 3.5/4; quantiles by scipy.stats.norm.ppf.
        let expected = [(0.0, -0.674_489_750_196), (5.0, 0.318_639_363_964), (9.0, 1.150_349_380_376)];
        assert_eq!(found.len(), 3);
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-9, "{found:?}");
        }
        assert!(are_right(&found));
        assert!((input(&found, 7.0) - (0.318_639_363_964 + 1.150_349_380_376) / 2.0).abs() < 1e-9);
        for (number, same) in [(-1e9, 0.0), (0.0, 0.0), (9.0, 9.0), (1e9, 9.0)] {
            assert_eq!(input(&found, number), input(&found, same));
        }
    }

    #[test]
    fn of_many_numbers_a_few_are_kept_and_the_rest_lies_between() {
        let numbers = (0..5000).map(|i| f64::from(i).exp2().min(f64::from(i) * 1e3)).collect::<Vec<_>>();
        let found = ranks(&numbers);
        assert!((150..=MOST + 2).contains(&found.len()), "{}", found.len());
        for (i, number) in numbers.iter().enumerate().take(4970).skip(30).step_by(7) {
            let exact = normal_quantile((i as f64 + 0.5) / 5000.0);
            assert!((input(&found, *number) - exact).abs() < 0.05, "{i}");
        }
    }

    #[test]
    fn heavy_tails_are_those_of_a_large_fourth_moment() {
        let normal = (1..1000).map(|i| normal_quantile(f64::from(i) / 1000.0));
        assert!(!are_heavy(normal.collect::<Vec<_>>().into_iter()));
        // One of 101 numbers is 10, the others are -0.1: the moment is 99.
        let outlier = (0..101).map(|i| if i == 0 { 10.0 } else { -0.1 });
        assert!(are_heavy(outlier.collect::<Vec<_>>().into_iter()));
    }
}
