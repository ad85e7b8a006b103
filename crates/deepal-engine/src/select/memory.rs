//! Whether a selection fits into the memory, told before it starts.

use crate::error::{Error, Result, bail};
use crate::machine;
use crate::text::count;
use deepal_core::Strategy;

/// Of what is offered, so much is left for what else happens on the machine meanwhile.
const SPARE: f64 = 0.05;
/// And so many bytes, by which what the program itself holds differs from one call to the next.
const WOBBLE: f64 = 2e6;

/// What a selection will hold.
pub(crate) struct Need<'a> {
    pub(crate) strategy: &'a dyn Strategy,
    pub(crate) candidates: usize,
    pub(crate) features: usize,
    pub(crate) budget: usize,
    /// Bytes held however many candidates are looked at.
    pub(crate) fixed: usize,
    /// Bytes held for each candidate of a part that is looked at, and for each of all if all are.
    pub(crate) each: [usize; 2],
}

impl Need<'_> {
    /// Bytes held for `n` of the candidates, beyond what the program holds already.
    fn bytes(&self, n: usize) -> f64 {
        let each = self.each[usize::from(n == self.candidates)];
        let selection = self.strategy.memory(n, self.features, self.budget.min(n));
        self.fixed as f64 + (n as f64) * each as f64 + selection as f64
    }

    /// The most candidates that fit into so many bytes with some to spare, rounded down to two digits.
    fn most(&self, bytes: f64) -> usize {
        let (mut fits, mut too_many) = (0, self.candidates);
        while too_many - fits > 1 {
            let middle = fits.midpoint(too_many);
            *(if self.bytes(middle) <= bytes * (1.0 - SPARE) - WOBBLE { &mut fits } else { &mut too_many }) =
                middle;
        }
        let digits = 10_usize.pow(fits.max(1).ilog10().saturating_sub(1));
        fits / digits * digits
    }

    /// Looks whether `n` of the candidates fit into the memory: `limit` bytes for the whole program, or what the system has
    /// available.
    ///
    /// # Errors
    /// They do not; the message offers as many as do.
    pub(crate) fn check(&self, n: usize, limit: Option<f64>) -> Result<()> {
        let held = machine::held().unwrap_or_default();
        let Some(free) = limit.map(|limit| limit - held).or_else(machine::available) else { return Ok(()) };
        let need = self.bytes(n);
        if need <= free {
            return Ok(());
        }
        let name = self.strategy.name();
        let most = self.most(free);
        let remedy = match most {
            0 => {
                "not even a part of them fits; make room, or write the embeddings with fewer features".into()
            }
            most => {
                format!("`candidates = {most}` looks at a part of them that fits, drawn at random by seed")
            }
        };
        let (whose, total) = match limit {
            Some(limit) => ("`memory` allows", limit),
            None => ("the system can give", held + free),
        };
        bail!(Error::Setting(format!(
            "strategy `{name}` on {} with {} each needs about {:.0} MB and {whose} {:.0} MB; {remedy}",
            count(n, "candidate", "candidates"),
            count(self.features, "feature", "features"),
            (held + need) / 1e6,
            total / 1e6,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepal_core::strategy;

    #[test]
    fn what_is_offered_fits_and_not_much_more_does() {
        for (name, features) in [("random", 64), ("k-center", 64), ("k-means", 64), ("k-medians", 1280)] {
            let strategy = strategy::build(name).unwrap();
            let need = Need {
                strategy: strategy.as_ref(),
                candidates: 1_000_000,
                features,
                budget: 1000,
                fixed: 1_000_000,
                each: [4 * features, 0],
            };
            let bytes = 0.4 * need.bytes(1_000_000);
            let most = need.most(bytes);
            assert!(need.bytes(most) <= bytes && need.bytes(1_000_000) > bytes, "{name} {most}");
            assert!(need.bytes(most + most / 5) + WOBBLE > bytes, "{name} {most}");
            assert_eq!(need.most(999_999.0), 0, "{name}");
        }
    }
}
