//! What the uncertainty strategies share: a score of probabilities, or of their mean over dropout passes.

/// [`Entry::details`](super::Entry::details) of the variants with dropout.
pub(super) const DROPOUT_DETAILS: &str = "Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs that many passes through the layers \
     from the first dropout on.";
/// [`Entry::source`](super::Entry::source) of the variants with dropout.
pub(super) const DROPOUT_SOURCE: &str =
    "Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017";

/// A strategy that ranks by a score of probabilities, `[n, c]` to `[n]`; with `passes` by that of their mean over dropout passes.
macro_rules! by_probs {
    ($Name:ident, $score:path) => {
        impl super::Strategy for $Name {
            fn name(&self) -> &str {
                ENTRY.name
            }

            fn needs(&self) -> Vec<crate::Signal> {
                vec![crate::Signal::Probs]
            }

            fn one_by_one(&self) -> bool {
                true
            }

            fn select(
                &self,
                signals: &crate::Signals<'_>,
                n: usize,
                _seed: u64,
            ) -> crate::Result<super::Selection> {
                Ok(super::Selection::top(&$score(&signals.probs()?), n))
            }
        }
    };
    ($Name:ident, $score:path, passes) => {
        impl super::Strategy for $Name {
            fn name(&self) -> &str {
                ENTRY_DROPOUT.name
            }

            fn needs(&self) -> Vec<crate::Signal> {
                vec![crate::Signal::McProbs { passes: self.passes }]
            }

            fn one_by_one(&self) -> bool {
                true
            }

            fn select(
                &self,
                signals: &crate::Signals<'_>,
                n: usize,
                _seed: u64,
            ) -> crate::Result<super::Selection> {
                let mean = crate::score::mean_probs(&signals.mc_probs()?);
                Ok(super::Selection::top(&$score(&mean), n))
            }
        }
    };
}

pub(super) use by_probs;
