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
