//! Query strategies: the trait, and the one list from which names, help, docs and tests follow.

mod adversarial;
mod auto;
mod bald;
mod by_probs;
mod cluster;
mod cluster_margin;
mod entropy;
mod k_center;
mod least_confidence;
mod margin;
mod max_herding;
mod random;
mod uncertainty_herding;

use crate::error::{Error, Result};
use crate::signals::{Signal, Signals};
use ndarray::Array1;

/// Passes of the Monte-Carlo dropout strategies, as in the paper's reference set-up.
const PASSES: usize = 10;

/// A rule that says which candidates are worth a label.
///
/// It is handed exactly the signals it declares, so it is a function of arrays: it can be tested from a literal, run on
/// files (`deepal select`), and cannot see a hidden label or refit a net. The paper's `Strategy.query`, `.update` and
/// `.train` are methods of [`ActiveLearner`](crate::ActiveLearner).
#[diagnostic::on_unimplemented(note = "see `examples/custom_strategy.rs` for a strategy in a few lines")]
pub trait Strategy: Send + Sync {
    /// Its name, as on the command line.
    fn name(&self) -> &str;

    /// The signals it looks at; a learner checks them against the net before training starts.
    fn needs(&self) -> Vec<Signal>;

    /// Signals that it uses if the net has them, and does without if not.
    fn wants(&self) -> Vec<Signal> {
        vec![]
    }

    /// Whether it can pick before anything is labelled and any net is trained. It is then handed the net's inputs as embeddings, no
    /// labelled embedding and nothing else.
    fn starts_cold(&self) -> bool {
        false
    }

    /// Whether it ranks samples one by one: the score of each depends on its own signals alone, not on the other candidates,
    /// `n` or the seed. A learner then hands it the candidates in parts and keeps the best, so that signals about all of
    /// them are never in memory at once.
    fn one_by_one(&self) -> bool {
        false
    }

    /// About the most bytes that [`select`](Self::select) holds besides the signals, to pick `n` of `candidates` with `features`
    /// each; for programs that tell beforehand whether it fits. As it stands it is right for one that sorts a score for each.
    fn memory(&self, candidates: usize, features: usize, n: usize) -> usize {
        let _ = (features, n);
        candidates.saturating_mul(2 * size_of::<f64>())
    }

    /// Picks `n` of the candidates, or all of them if there are fewer. Any randomness comes from `seed`.
    ///
    /// # Errors
    /// A signal it needs is missing.
    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection>;
}

/// What a strategy picked.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Distinct row numbers of candidates, in pick order.
    pub rows: Vec<usize>,
    /// The picked rows' scores, for a strategy that ranks: finite, falling, higher = label first.
    pub scores: Option<Vec<f64>>,
}

impl Selection {
    /// The `n` highest of `scores`, one for each candidate; ties go to the lower row.
    pub fn top(scores: &Array1<f64>, n: usize) -> Self {
        let rows = crate::select::top_k(scores, n);
        let scores = rows.iter().map(|row| scores[*row]).collect();
        Self { rows, scores: Some(scores) }
    }

    /// The `n` highest of two rankings of different candidates of one pool; ties go to the lower row.
    pub(crate) fn merge(self, other: Self, n: usize) -> Self {
        let ranked = |selection: Self| selection.rows.into_iter().zip(selection.scores.unwrap_or_default());
        let mut both = ranked(self).chain(ranked(other)).collect::<Vec<_>>();
        both.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        both.truncate(n);
        let (rows, scores) = both.into_iter().unzip();
        Self { rows, scores: Some(scores) }
    }

    /// Picks of a strategy that chooses a set and does not rank.
    pub fn unranked(rows: Vec<usize>) -> Self {
        Self { rows, scores: None }
    }
}

/// All there is to know about a strategy of the list.
#[derive(Debug)]
pub struct Entry {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// Its name in DeepAL, also accepted.
    pub deepal: Option<&'static str>,
    /// What it picks, in one line.
    pub summary: &'static str,
    /// When to use it, what it costs, and every deviation from its source.
    pub details: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Makes it, with the settings of the paper's reference set-up.
    pub build: fn() -> Box<dyn Strategy>,
}

impl Entry {
    /// The signals that it looks at, in words.
    pub fn looks_at(&self) -> String {
        let strategy = (self.build)();
        let wants = strategy.wants().into_iter().map(|signal| format!("{signal} if the net gives it"));
        let all = strategy.needs().iter().map(ToString::to_string).chain(wants).collect::<Vec<_>>();
        if all.is_empty() { "nothing".into() } else { all.join(", ") }
    }
}

/// The name of the strategy for who does not name one.
pub const DEFAULT: &str = auto::ENTRY.name;

/// The name of the strategy for who expects some classes to be rare: with 500 labels of long-tailed sets it was 3.5 points ahead of the
/// default (prototype on 13 data sets).
pub const FOR_RARE_CLASSES: &str = cluster_margin::ENTRY.name;

/// All strategies: the default, those of the paper in its order, others.
pub static ALL: &[&Entry] = &[
    &auto::ENTRY,
    &auto::ENTRY_LITE,
    &random::ENTRY,
    &least_confidence::ENTRY,
    &margin::ENTRY,
    &entropy::ENTRY,
    &least_confidence::ENTRY_DROPOUT,
    &margin::ENTRY_DROPOUT,
    &entropy::ENTRY_DROPOUT,
    &bald::ENTRY,
    &cluster::ENTRY_MEANS,
    &cluster::ENTRY_MEDIANS,
    &k_center::ENTRY,
    &adversarial::ENTRY_BIM,
    &adversarial::ENTRY_DEEPFOOL,
    &uncertainty_herding::ENTRY,
    &max_herding::ENTRY,
    &cluster_margin::ENTRY,
];

/// The entry of a name, ours or DeepAL's, in upper or lower case.
///
/// # Errors
/// No strategy is called so; the message suggests the nearest name.
///
/// ```
/// use deepal_core::strategy;
///
/// assert_eq!(strategy::by_name("MarginSampling")?.name, "margin");
/// let error = strategy::by_name("margn").unwrap_err();
/// assert!(error.to_string().contains("did you mean `margin`?"));
/// # Ok::<(), deepal_core::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<&'static Entry> {
    let called = |entry: &Entry| {
        [Some(entry.name), entry.deepal].iter().flatten().any(|n| n.eq_ignore_ascii_case(name))
    };
    ALL.iter().copied().find(|entry| called(entry)).ok_or_else(|| Error::UnknownName {
        kind: "strategy",
        name: name.into(),
        known: ALL.iter().map(|entry| entry.name).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_deepal_is_accepted() {
        for name in [
            "RandomSampling",
            "LeastConfidence",
            "MarginSampling",
            "EntropySampling",
            "LeastConfidenceDropout",
            "MarginSamplingDropout",
            "EntropySamplingDropout",
            "KMeansSampling",
            "KCenterGreedy",
            "BALDDropout",
            "AdversarialBIM",
            "AdversarialDeepFool",
        ] {
            assert_eq!(by_name(name).unwrap().deepal, Some(name));
        }
    }

    /// Trap D13: the reference's active learning by learning weighs its rewards wrongly. It is none of the paper's
    /// strategies and must not be offered before it is right.
    #[test]
    fn d13_no_bandit_over_strategies_is_offered() {
        for name in ["albl", "ActiveLearningByLearning"] {
            assert!(by_name(name).is_err());
        }
    }

    #[test]
    fn entries_are_whole_and_names_unique() {
        for (i, entry) in ALL.iter().enumerate() {
            assert!(
                ALL[i + 1..].iter().all(|other| other.name != entry.name && other.summary != entry.summary)
            );
            assert!(entry.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            assert_eq!((entry.build)().name(), entry.name);
            for text in [entry.summary, entry.details, entry.source] {
                assert!(text.len() > 10 && text.trim() == text && !text.contains("  "));
            }
        }
    }

    #[test]
    fn every_strategy_passes_the_contract() {
        for entry in ALL {
            crate::contract::check_strategy((entry.build)().as_ref()).unwrap();
        }
    }
}
