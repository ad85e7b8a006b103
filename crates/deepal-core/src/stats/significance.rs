//! Tests of differences.

use super::Interval;
use super::interval::{mean, standard_error, student};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What a paired t-test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedTest {
    /// Mean of the differences.
    pub mean: f64,
    /// Student's 95 % interval of that mean: it excludes 0 where `p` is below 0.05.
    pub interval: Interval,
    /// Student's statistic; infinite where all differences are the same and not 0.
    pub t: f64,
    /// Two-sided, in `[0, 1]`.
    pub p: f64,
}

/// Two-sided paired t-test of `differences`, one for each pair; `None` with fewer than 2.
///
/// Differences that are all the same have no variance, which the test divides by: all 0 give t = 0 and p = 1, all the same and
/// not 0 give an infinite t and p = 0.
///
/// Source: Student, "The Probable Error of a Mean", Biometrika, 1908.
///
/// ```
/// let test = deepal_core::stats::paired_t_test(&[0.01, 0.02, 0.03]).unwrap();
/// assert!((test.t - 12f64.sqrt()).abs() < 1e-9 && (test.p - 0.074180).abs() < 1e-6);
/// ```
pub fn paired_t_test(differences: &[f64]) -> Option<PairedTest> {
    let interval = student(differences)?;
    let (mean, error) = (mean(differences), standard_error(differences));
    let t = if mean == 0.0 { 0.0 } else { mean / error };
    let student = StudentsT::new(0.0, 1.0, differences.len() as f64 - 1.0).ok()?;
    let p = if t.is_infinite() { 0.0 } else { (2.0 * student.cdf(-t.abs())).min(1.0) };
    Some(PairedTest { mean, interval, t, p })
}

/// p-values adjusted for their number, in the order given: one below 0.05 keeps the chance of any false find at 5 %.
///
/// Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
///
/// ```
/// assert_eq!(deepal_core::stats::holm(&[0.04, 0.01, 0.5]), [0.08, 0.03, 0.5]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order = (0..p.len()).collect::<Vec<_>>();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut adjusted, mut largest) = (vec![0.0; p.len()], 0.0f64);
    for (rank, at) in order.into_iter().enumerate() {
        largest = largest.max(p[at] * (p.len() - rank) as f64).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_test_is_scipys() {
        // scipy.stats.ttest_rel, testdata/stats.py.
        let cases: [(&[f64], [f64; 4]); 4] = [
            (&[0.01, 0.02], [3.0, 0.204_832_764_699_13, -0.048_531_023_680_87, 0.078_531_023_680_87]),
            (
                &[0.012, 0.02, -0.003, 0.017, 0.008],
                [2.688_264_458_578_53, 0.054_756_587_052_16, -0.000_354_262_386_816, 0.021_954_262_386_82],
            ),
            (
                &[-0.5, -0.52, -0.49, -0.51, -0.5, -0.5, -0.5],
                [-139.870_616_906_068, 9.007_312_913_1e-12, -0.511_654_180_644_689, -0.494_060_105_069_597],
            ),
            (
                &[0.1, -0.2, 0.3, -0.1, 0.05, -0.13, 0.0, 0.02, -0.04, 0.01],
                [
                    0.022_908_774_353_668_7,
                    0.982_222_919_357_38,
                    -0.097_746_319_985_291,
                    0.099_746_319_985_291,
                ],
            ),
        ];
        for (differences, [t, p, low, high]) in cases {
            let test = paired_t_test(differences).unwrap();
            for (found, expected) in
                [(test.t, t), (test.p, p), (test.interval.0, low), (test.interval.1, high)]
            {
                assert!((found - expected).abs() < 1e-9 * expected.abs().max(1e-3), "{found} {expected}");
            }
        }
    }

    #[test]
    fn no_variance_is_certainty_or_nothing() {
        let none = paired_t_test(&[0.0; 4]).unwrap();
        assert_eq!(none, PairedTest { mean: 0.0, interval: (0.0, 0.0), t: 0.0, p: 1.0 });
        let same = paired_t_test(&[-0.1; 3]).unwrap();
        assert_eq!((same.t, same.p, same.interval), (f64::NEG_INFINITY, 0.0, (same.mean, same.mean)));
        assert_eq!(paired_t_test(&[0.1, -0.1]).unwrap().p, 1.0);
    }

    #[test]
    fn one_pair_is_no_test() {
        assert_eq!((paired_t_test(&[0.1]), paired_t_test(&[])), (None, None));
    }

    #[test]
    fn holm_is_the_definition() {
        // By the definition in loops, testdata/stats.py.
        let found = holm(&[0.01, 0.04, 0.03, 0.005, 0.9, 0.03]);
        for (found, expected) in found.iter().zip([0.05, 0.12, 0.12, 0.03, 0.9, 0.12]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
        assert_eq!(holm(&[0.2]), [0.2]);
        assert_eq!(holm(&[0.6, 1.0, 0.0]), [1.0, 1.0, 0.0]);
    }
}
