//! Numbers about results.

use crate::ids::Class;

/// The share of predictions that are right, in `[0, 1]`; 0 of nothing.
pub fn accuracy(predicted: &[Class], truth: &[Class]) -> f64 {
    let right = predicted.iter().zip(truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_counts_matches() {
        let classes = |values: [u16; 4]| values.map(Class);
        assert_eq!(accuracy(&classes([0, 1, 2, 3]), &classes([0, 1, 1, 3])), 0.75);
    }
}
