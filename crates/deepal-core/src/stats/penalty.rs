//! Who beats whom.

use super::paired_t_test;
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, s};

/// With fewer common seeds two strategies are not compared.
const SEEDS: usize = 3;

/// BADGE's pairwise penalties over tasks: the cells `[a, a]` and the means of their columns `[a]`, for `a` strategies.
///
/// `tasks`: accuracies `[a, k, s]` of `a` strategies at `k` label counts with `s` seeds, NaN where there is none. The first
/// label count is the initial set, which all strategies share; it is passed over. Cell `[i, j]` grows by 1 / L at each
/// label count at which strategy i beats j in a task where the two can be compared at L of them, so a cell is at most the number of
/// tasks. To beat is a paired t-test over the seeds that both have, at least three, with |t| > t(0.975, seeds − 1), 2.776 for
/// five. A lower mean of a column is better; the diagonal's 0 is part of it.
///
/// Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
/// Bounds", ICLR 2020, section 4. Deviation: they look at label counts that double, up to where random has 99 % of its final accuracy; here
/// every one after the initial set counts.
///
/// ```
/// use ndarray::array;
/// let task = array![[[0.5, 0.5, 0.5], [0.8, 0.9, 0.8]], [[0.5, 0.5, 0.5], [0.7, 0.8, 0.7]]];
/// let (cells, columns) = deepal_core::stats::penalty_matrix(&[task]);
/// assert_eq!((cells, columns), (array![[0.0, 1.0], [0.0, 0.0]], array![0.0, 0.5]));
/// ```
pub fn penalty_matrix(tasks: &[Array3<f64>]) -> (Array2<f64>, Array1<f64>) {
    let strategies = tasks.iter().map(|task| task.dim().0).max().unwrap_or(0);
    let mut cells = Array2::zeros((strategies, strategies));
    for task in tasks {
        let (strategies, label_counts, _) = task.dim();
        for (i, j) in (0..strategies).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let tests = (1..label_counts).map(|k| beats(task.slice(s![i, k, ..]), task.slice(s![j, k, ..])));
            let wins = tests.flatten().collect::<Vec<_>>();
            for win in &wins {
                let share = 1.0 / wins.len() as f64;
                match win {
                    Some(true) => cells[[i, j]] += share,
                    Some(false) => cells[[j, i]] += share,
                    None => {}
                }
            }
        }
    }
    let columns = cells.mean_axis(Axis(0)).unwrap_or_default();
    (cells, columns)
}

/// Whether `a` beats `b`, or `b` beats `a`, or neither; `None` with fewer than [`SEEDS`] common seeds.
#[expect(clippy::option_option, reason = "not comparable is something else than comparable and neither wins")]
fn beats(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Option<Option<bool>> {
    let differences = a.iter().zip(b).map(|(a, b)| a - b).filter(|d| !d.is_nan()).collect::<Vec<_>>();
    let test = paired_t_test(&differences).filter(|_| differences.len() >= SEEDS)?;
    Some((test.p < 0.05).then_some(test.mean > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, stack};

    /// Accuracies `[3, 4, 5]`: the formula that testdata/stats.py has too.
    fn task(scale: f64) -> Array3<f64> {
        Array3::from_shape_fn((3, 4, 5), |(i, k, s)| {
            let (i, k, s) = (i as f64, k as f64, s as f64);
            0.5 + scale * 0.01 * i * k + 0.02 * (3.0 * i + 5.0 * k + 7.0 * s * (i + 1.0)).sin()
        })
    }

    #[test]
    fn cells_are_those_of_numpy() {
        // ttest_rel and a loop, testdata/stats.py.
        let (cells, columns) = penalty_matrix(&[task(1.0), task(3.0)]);
        let expected =
            Array2::from_shape_vec((3, 3), vec![0.0, 0.0, 0.0, 4.0 / 3.0, 0.0, 0.0, 5.0 / 3.0, 1.0, 0.0])
                .unwrap();
        assert!((&cells - &expected).iter().all(|d| d.abs() < 1e-12), "{cells}");
        assert!(
            (&columns - &Array1::from(vec![1.0, 1.0 / 3.0, 0.0])).iter().all(|d| d.abs() < 1e-12),
            "{columns}"
        );
    }

    #[test]
    fn the_first_label_count_and_missing_values_do_not_count() {
        let better = array![[0.9, 0.9, 0.9], [0.8, 0.9, 0.7], [0.9, f64::NAN, 0.8]];
        let worse = array![[0.5, 0.6, 0.7], [0.2, 0.3, 0.1], [0.4, 0.5, f64::NAN]];
        let (cells, _) = penalty_matrix(&[stack![Axis(0), better, worse]]);
        assert_eq!(cells, array![[0.0, 1.0], [0.0, 0.0]], "the last has one common seed and is no test");
        let two = array![[[0.5, 0.5], [0.8, 0.9]], [[0.5, 0.5], [0.7, 0.8]]];
        assert_eq!(penalty_matrix(&[two]).0, Array2::zeros((2, 2)), "two seeds are no test");
        let (cells, columns) = penalty_matrix(&[]);
        assert_eq!((cells.dim(), columns.len()), ((0, 0), 0));
    }
}
