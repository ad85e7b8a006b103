//! Which samples may be asked for what: those held back for the audit, and those of a test set.

use deepal_core::{seed, select};
use deepal_data::source::{Source, Split};
use sha2::{Digest, Sha256};

/// The samples held back: a share of all that depends on seed and id alone, so it stays the same when others come or go.
#[derive(Debug)]
pub(crate) struct Reserve {
    /// Where each sample stands in an order that is random by seed.
    places: Vec<u64>,
    is_audit: Vec<bool>,
    /// Of a test set that the source itself declares.
    is_test: Vec<bool>,
}

impl Reserve {
    pub(crate) fn of(source: &Source, seed: u64, share: f64) -> Self {
        let places = source.ids.iter().map(|id| place(seed, id)).collect::<Vec<_>>();
        let is_declared = source.manifest.test_fraction.is_none();
        let is_test = source.split.iter().map(|split| is_declared && *split == Split::Test);
        let below = share * 2f64.powi(64);
        let is_audit = places.iter().map(|place| (*place as f64) < below).collect();
        Self { is_test: is_test.collect(), is_audit, places }
    }

    /// Whether only the audit may ask for it.
    pub(crate) fn is_audit(&self, row: usize) -> bool {
        self.is_audit[row]
    }

    /// Whether it is neither asked for nor learnt from.
    pub(crate) fn is_test(&self, row: usize) -> bool {
        self.is_test[row]
    }

    /// Brings rows into the order of the draw.
    pub(crate) fn sort(&self, rows: &mut [usize]) {
        rows.sort_by_key(|row| (self.places[*row], *row));
    }
}

/// A number that is uniform over ids and seeds.
fn place(seed: u64, id: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(id);
    let bytes = hash.finalize();
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// How many of the next `n` questions are drawn at random, so that of all `asked` and these a share of `share` is.
pub(crate) fn quota(share: f64, asked: usize, audited: usize, n: usize) -> usize {
    let wanted = (share * (asked + n) as f64).round() as usize;
    wanted.saturating_sub(audited).min(n)
}

/// Puts audit samples among the strategy's picks, at places that are random by seed; both keep their order.
pub(crate) fn mix<T>(picks: Vec<T>, audit: Vec<T>, seed: u64) -> Vec<T> {
    let n = picks.len() + audit.len();
    let mut is_audit = vec![false; n];
    select::random(n, audit.len(), seed::mix(seed, n as u64)).into_iter().for_each(|at| is_audit[at] = true);
    let (mut picks, mut audit) = (picks.into_iter(), audit.into_iter());
    is_audit.into_iter().filter_map(|is_audit| if is_audit { audit.next() } else { picks.next() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_uniform_and_of_the_id_alone() {
        let share = |seed: u64| {
            let below = (0..10_000).filter(|i| place(seed, &format!("{i}.png")) < u64::MAX / 10).count();
            below as f64 / 10_000.0
        };
        // Four standard deviations of a share of a tenth.
        assert!(
            (share(1) - 0.1).abs() < 0.012 && (share(2) - 0.1).abs() < 0.012,
            "{} {}",
            share(1),
            share(2)
        );
        assert_ne!(place(1, "a"), place(2, "a"));
    }

    #[test]
    fn the_quota_is_a_share_of_all_questions_however_small_the_batches() {
        for n in [1, 3, 7, 20] {
            let (mut asked, mut audited) = (0, 0);
            while asked < 400 {
                audited += quota(0.1, asked, audited, n);
                asked += n;
                assert!((audited as f64 - 0.1 * asked as f64).abs() <= 0.5, "{audited} of {asked}");
            }
        }
        assert_eq!((quota(0.0, 100, 0, 20), quota(0.5, 0, 0, 1), quota(0.1, 0, 30, 20)), (0, 1, 0));
    }

    #[test]
    fn both_keep_their_order_at_places_that_differ_by_seed() {
        let mixed = |seed| mix(vec![1, 2, 3, 4, 5, 6, 7, 8], vec![-1, -2], seed);
        let orders = (0..20).map(mixed).collect::<Vec<_>>();
        for order in &orders {
            assert!(
                order.iter().filter(|x| **x > 0).is_sorted()
                    && order.iter().filter(|x| **x < 0).is_sorted_by(|a, b| a > b)
            );
            assert_eq!(order.len(), 10);
        }
        assert!(orders.iter().any(|order| *order != orders[0]));
    }
}
