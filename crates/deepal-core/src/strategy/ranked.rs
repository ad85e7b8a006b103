//! What the strategies share that rank samples one by one.

/// [`Entry::details`](super::Entry::details) of the variants with dropout.
pub(super) const DROPOUT_DETAILS: &str = "Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs that many passes through the layers \
     from the first dropout on.";
/// [`Entry::source`](super::Entry::source) of the variants with dropout.
pub(super) const DROPOUT_SOURCE: &str =
    "Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017";

/// A strategy that needs one signal and ranks by a score of it, `[n]`; higher = label first.
macro_rules! ranked {
    ($Name:ident, $ENTRY:ident, |$settings:ident| $signal:expr, |$signals:ident| $scores:expr) => {
        impl super::Strategy for $Name {
            fn name(&self) -> &str {
                $ENTRY.name
            }

            fn needs(&self) -> Vec<crate::Signal> {
                let $settings = self;
                vec![$signal]
            }

            fn one_by_one(&self) -> bool {
                true
            }

            fn select(
                &self,
                $signals: &crate::Signals<'_>,
                n: usize,
                _seed: u64,
            ) -> crate::Result<super::Selection> {
                Ok(super::Selection::top(&$scores, n))
            }
        }
    };
}

pub(super) use ranked;
