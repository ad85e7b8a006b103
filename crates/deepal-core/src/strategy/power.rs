//! Stochastic batches: samples drawn in proportion to a power of their score.

use super::{Entry, Family, Selection, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::select::draws::in_proportion;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

/// [`Entry::source`] of all.
const SOURCE: &str = "Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic batch acquisition: a simple baseline for deep active learning, TMLR 2023";

macro_rules! by_power {
    ($Name:ident, $ENTRY:ident, $name:literal, $family:ident, $cost:literal, $summary:literal, $details:literal, $doc:literal,
     { $($setting:tt)* }, $needs:expr, $scores:expr) => {
        pub(super) static $ENTRY: Entry = Entry {
            name: $name,
            family: Family::$family,
            cost: $cost,
            deepal: None,
            summary: $summary,
            details: $details,
            source: SOURCE,
            settings: $Name::SETTINGS,
            build: made::<$Name>,
        };

        crate::settings! {
            #[doc = $doc]
            pub struct $Name {
                /// The power of the score: near 0 draws at random, a large one ranks.
                power: f64 = 1.0, Positive(1000.0), "Kirsch et al., 2023: β = 1";
                $($setting)*
            }
        }

        impl Strategy for $Name {
            fn name(&self) -> &str {
                $ENTRY.name
            }

            fn needs(&self) -> Vec<Signal> {
                let needs: fn(&Self) -> Signal = $needs;
                vec![needs(self)]
            }

            fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
                let scores: fn(&Signals<'_>) -> Result<Vec<f64>> = $scores;
                Ok(Selection::unranked(in_proportion(&scores(signals)?, self.power, n, seed)))
            }
        }
    };
}

by_power!(
    PowerBald,
    ENTRY_BALD,
    "power-bald",
    Bayesian,
    "t passes, O(t·n·c)",
    "drawn in proportion to a power of bald's score, so that a batch does not repeat itself",
    "Each pick is drawn without replacement with a probability in proportion to the power of H[mean p] − mean H[p]: the largest of power · ln score plus Gumbel noise. Costs nothing \
     beside bald. Samples of score 0 come last, at random.",
    "Picks in proportion to a power of bald's score.",
    {
        /// Forward passes with dropout on.
        passes: usize = 10, Integer(1, 10_000), "as of bald";
    },
    |power| Signal::McProbs { passes: power.passes, shared: false },
    |signals| Ok(score::bald(&signals.mc_probs()?).to_vec())
);

by_power!(
    PowerMargin,
    ENTRY_MARGIN,
    "power-margin",
    Uncertainty,
    "O(n·c)",
    "drawn in proportion to a power of margin's score, so that a batch does not repeat itself",
    "Each pick is drawn without replacement with a probability in proportion to the power of 1 − (p₁ − p₂): the largest of power · ln score plus Gumbel noise. Samples of score 0 come last, at random. \
     The paper draws by BALD, entropy and others, not by margins.",
    "Picks in proportion to a power of margin's score.",
    {},
    |_| Signal::Probs,
    |signals| Ok(score::margin(&signals.probs()?).to_vec())
);

by_power!(
    PowerEntropy,
    ENTRY_ENTROPY,
    "power-entropy",
    Uncertainty,
    "O(n·c)",
    "drawn in proportion to a power of the entropy, so that a batch does not repeat itself",
    "Each pick is drawn without replacement with a probability in proportion to the power of −Σ p ln p: the largest of power · ln score plus Gumbel noise. Samples of score 0 come last, at random.",
    "Picks in proportion to a power of the entropy.",
    {},
    |_| Signal::Probs,
    |signals| Ok(score::entropy(&signals.probs()?).to_vec())
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::build;
    use ndarray::array;

    /// The first draw of each, against the share of each score by hand; Pearson's chi-square, 13.8 is the 99.9 % point at 2 degrees.
    #[test]
    fn draws_are_in_proportion_to_the_power_of_the_score() {
        let probs = array![[0.5, 0.5], [0.9, 0.1], [0.7, 0.3], [1.0, 0.0]];
        let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
        let passes = array![
            [[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [1.0, 0.0]],
            [[0.0, 1.0], [0.1, 0.9], [0.9, 0.1], [1.0, 0.0]]
        ];
        let bald = [2f64.ln(), 2f64.ln() - entropy(0.1), entropy(0.7) - (2f64.ln() + entropy(0.9)) / 2.0];
        let signals = Signals::new(4).with_probs(probs).and_then(|s| s.with_mc_probs(passes)).unwrap();
        for (text, scores) in [
            ("power-margin", [1.0, 0.2, 0.6]),
            ("power-margin(power=2)", [1.0, 0.04, 0.36]),
            ("power-entropy", [2f64.ln(), entropy(0.9), entropy(0.7)]),
            ("power-bald", bald),
        ] {
            let strategy = build(text).unwrap();
            let mut counts = [0.0; 4];
            for seed in 0..10_000 {
                counts[strategy.select(&signals, 1, seed).unwrap().rows[0]] += 1.0;
            }
            let total = scores.iter().sum::<f64>();
            let terms = scores.iter().zip(counts).map(|(x, count)| {
                let expected = 10_000.0 * x / total;
                (count - expected).powi(2) / expected
            });
            let chi_square = terms.sum::<f64>();
            assert!(chi_square < 13.8 && counts[3] == 0.0, "{text}: {chi_square}, {counts:?}");
        }
    }

    /// Trap O5: baal draws without a seed, and from all at random when fewer scores than picks are above 0.
    #[test]
    fn o5_all_that_have_a_score_come_before_the_others() {
        let probs = array![[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.6, 0.4], [1.0, 0.0]];
        let signals = Signals::new(5).with_probs(probs).unwrap();
        let picks = |seed| PowerEntropy::default().select(&signals, 4, seed).unwrap().rows;
        for seed in 0..20 {
            let mut first = picks(seed)[..2].to_vec();
            first.sort_unstable();
            assert_eq!((first, picks(seed)), (vec![1, 3], picks(seed)));
        }
    }
}
