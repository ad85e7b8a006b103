//! An order of samples that follows from their ids alone.

use sha2::{Digest, Sha256};

/// Sorts rows into an order that their ids alone decide, as good as random. Strategies see samples in this order, so neither the
/// order of a table's rows nor that of names decides what is picked.
///
/// ```
/// let ids = ["a", "b", "c"].map(String::from);
/// let other = ["c", "a", "b"].map(String::from);
/// let sorted = |ids: &[String]| {
///     let mut rows = vec![0, 1, 2];
///     deepal_data::source::order_by_id(&mut rows, ids);
///     rows.iter().map(|row| ids[*row].clone()).collect::<Vec<_>>()
/// };
/// assert_eq!(sorted(&ids), sorted(&other));
/// ```
///
/// # Panics
/// A row without an id.
pub fn order_by_id(rows: &mut [usize], ids: &[String]) {
    rows.sort_by_cached_key(|row| place(&ids[*row]));
}

/// A number that an id alone decides, as good as random.
pub(super) fn place(id: &str) -> u64 {
    Sha256::digest(id.as_bytes())[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
