//! Query strategies: the trait, and the one list from which names, help, docs and tests follow.

mod adversarial;
mod alfa_mix;
mod ask;
mod auto;
mod badge;
mod bait;
mod bald;
mod batch_bald;
mod cdal;
mod clue;
mod cluster;
mod cluster_margin;
mod committee;
mod density_weighting;
mod disagreement;
mod drop_query;
mod entropy;
mod epig;
mod falcun;
mod k_center;
mod least_confidence;
mod margin;
mod max_herding;
mod names;
mod power;
mod prob_cover;
mod random;
mod ranked;
mod typiclust;
mod uncertainty_herding;
mod weighted_k_means;

use crate::error::{Error, Result};
use crate::settings::{self, Given, Setting, Settings, Spec, is_same_name};
use crate::signals::{Dim, Signal, Signals};
use ndarray::Array1;

pub use adversarial::{Bim, DeepFool};
pub use alfa_mix::AlfaMix;
pub(crate) use ask::Ranking;
pub use ask::ask;
pub use auto::{Auto, AutoLite};
pub use badge::Badge;
pub use bait::{Bait, BaitFast};
pub use bald::Bald;
pub use batch_bald::BatchBald;
pub use cdal::Cdal;
pub use clue::Clue;
pub use cluster::{KMeans, KMedians};
pub use cluster_margin::ClusterMargin;
pub use committee::{ConsensusEntropy, EnsembleBald, EnsembleVariationRatios, VoteEntropy};
pub use density_weighting::DensityWeighting;
pub use disagreement::{MeanStd, VariationRatios};
pub use drop_query::DropQuery;
pub use entropy::{Entropy, EntropyDropout};
pub use epig::Epig;
pub use falcun::Falcun;
pub use k_center::KCenter;
pub use least_confidence::{LeastConfidence, LeastConfidenceDropout};
pub use margin::{Margin, MarginDropout};
pub use max_herding::MaxHerding;
pub use names::other_name;
pub use power::{PowerBald, PowerEntropy, PowerMargin};
pub use prob_cover::ProbCover;
pub use random::Random;
pub use typiclust::TypiClust;
pub use uncertainty_herding::UncertaintyHerding;
pub use weighted_k_means::WeightedKMeans;

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

    /// Optional signals: it uses them if the net provides them.
    fn wants(&self) -> Vec<Signal> {
        vec![]
    }

    /// Whether it can pick while no net is trained: nothing is labelled, or labels of one class alone. It is then handed the inputs of
    /// the candidates as embeddings, those of the labelled samples as labelled embeddings, and nothing else.
    fn starts_cold(&self) -> bool {
        false
    }

    /// Whether it ranks samples one by one: the score of each depends on its own signals alone, not on the other candidates,
    /// `n` or the seed. A learner then hands it the candidates in parts and keeps the best, so that signals about all of
    /// them are never in memory at once.
    fn one_by_one(&self) -> bool {
        false
    }

    /// About the most bytes that [`ask`] for picks holds besides the signals, to tell beforehand whether it fits. The default suits
    /// strategies that sort one score per candidate; of those that look at passes or nets, it counts two arrays `[n, c]`.
    fn memory(&self, sizes: Sizes) -> usize {
        let looks_at_passes = self.needs().iter().any(|signal| signal.kind().shape.contains(&Dim::Passes));
        let numbers = if looks_at_passes { sizes.classes.saturating_mul(2) } else { 0 };
        sizes.candidates.saturating_mul(numbers.saturating_add(12)).saturating_mul(size_of::<f64>())
    }

    /// About the seconds that [`ask`] takes on one core of an ordinary machine, where these can be many; to tell beforehand whether one
    /// would wait. 0 where no pool that fits into the memory takes minutes.
    fn seconds(&self, sizes: Sizes) -> f64 {
        let _ = sizes;
        0.0
    }

    /// Picks `n` of the candidates, or all of them if there are fewer. Any randomness comes from `seed`.
    ///
    /// # Errors
    /// A signal it needs is missing.
    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection>;
}

/// How much there is to select from, for [`Strategy::memory`] and [`Strategy::seconds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Candidates, `n`.
    pub candidates: usize,
    /// Labelled samples, `m`.
    pub labeled: usize,
    /// Features of each, `d`; 0 where there are no embeddings.
    pub features: usize,
    /// Classes, `c`; 0 where there are no probabilities.
    pub classes: usize,
    /// Samples to pick, `k`.
    pub picks: usize,
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

/// What a strategy mostly goes by, one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Nothing
    Baseline,
    /// Probabilities of each sample
    Uncertainty,
    /// Disagreement between passes with dropout
    Bayesian,
    /// Disagreement between nets with seeds of their own
    Committee,
    /// Distances between samples
    Diversity,
    /// Gradients of the last layer
    Gradients,
    /// Uncertainty and distances
    Hybrid,
    /// The way to the decision boundary
    Adversarial,
}

impl Family {
    /// All families, in the order of lists.
    pub const ALL: [Self; 8] = [
        Self::Baseline,
        Self::Uncertainty,
        Self::Bayesian,
        Self::Committee,
        Self::Diversity,
        Self::Gradients,
        Self::Hybrid,
        Self::Adversarial,
    ];

    /// Its name, one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Uncertainty => "uncertainty",
            Self::Bayesian => "bayesian",
            Self::Committee => "committee",
            Self::Diversity => "diversity",
            Self::Gradients => "gradients",
            Self::Hybrid => "hybrid",
            Self::Adversarial => "adversarial",
        }
    }

    /// What its strategies go by, in words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Baseline => "what every other strategy has to beat",
            Self::Uncertainty => "what the net is not sure of, sample by sample",
            Self::Bayesian => "what passes with dropout disagree about",
            Self::Committee => "what several nets, trained alike with seeds of their own, disagree about",
            Self::Diversity => "samples that stand for the pool, whatever the net thinks of them",
            Self::Gradients => "samples that would change the last layer most, and in different ways",
            Self::Hybrid => "uncertain samples that differ from each other or stand for many",
            Self::Adversarial => "samples that the smallest change puts into another class",
        }
    }

    /// Its strategies, in the order of [`ALL`].
    pub fn strategies(self) -> impl Iterator<Item = &'static Entry> {
        ALL.iter().copied().filter(move |entry| entry.family == self)
    }
}

/// All there is to know about a strategy of the list.
#[derive(Debug)]
pub struct Entry {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What kind of strategy it is.
    pub family: Family,
    /// The work of a query besides the signals, in `n` candidates, `m` labelled samples, `k` picks, `c` classes, `d` features, `t` passes or nets
    /// and `r` references.
    pub cost: &'static str,
    /// Its name in DeepAL, also accepted.
    pub deepal: Option<&'static str>,
    /// What it picks, in one line.
    pub summary: &'static str,
    /// When to use it, what it costs, and every deviation from its source.
    pub details: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
    /// Makes it, with the settings given and the defaults of all others.
    ///
    /// # Errors
    /// A name that is no setting, or a value out of range.
    pub build: fn(&Given) -> Result<Box<dyn Strategy>>,
}

/// [`Entry::build`] of a strategy that is its settings.
fn made<S: Settings + Strategy>(given: &Given) -> Result<Box<dyn Strategy>> {
    let what = format!("strategy `{}`", S::default().name());
    Ok(Box::new(S::from_given(&what, given)?))
}

impl Entry {
    /// The signals that it looks at, in words.
    pub fn looks_at(&self) -> String {
        let Ok(strategy) = (self.build)(&Given::new()) else { return String::new() };
        let wants = strategy.wants().into_iter().map(|signal| format!("{signal} if the net gives it"));
        let all = strategy.needs().iter().map(ToString::to_string).chain(wants).collect::<Vec<_>>();
        if all.is_empty() { "nothing".into() } else { all.join(", ") }
    }
}

/// The default strategy's name.
pub const DEFAULT: &str = auto::ENTRY.name;

/// The name of the strategy for data with rare classes: with 500 labels of long-tailed sets it was 3.5 points ahead of the default
/// (prototype on 13 data sets).
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
    &badge::ENTRY,
    &typiclust::ENTRY,
    &prob_cover::ENTRY,
    &alfa_mix::ENTRY,
    &bait::ENTRY,
    &bait::ENTRY_FAST,
    &drop_query::ENTRY,
    &weighted_k_means::ENTRY,
    &clue::ENTRY,
    &falcun::ENTRY,
    &cdal::ENTRY,
    &density_weighting::ENTRY,
    &disagreement::ENTRY_RATIOS,
    &disagreement::ENTRY_STD,
    &power::ENTRY_BALD,
    &power::ENTRY_MARGIN,
    &power::ENTRY_ENTROPY,
    &batch_bald::ENTRY,
    &epig::ENTRY,
    &committee::ENTRY_VOTE,
    &committee::ENTRY_CONSENSUS,
    &committee::ENTRY_BALD,
    &committee::ENTRY_RATIOS,
];

/// The names of the [upper bound](crate::UpperBound), which is no strategy; the first is the one in results.
pub const UPPER_BOUND: [&str; 3] = ["upper-bound", "oracle", "greedy-oracle"];

/// Whether a name is one of the [upper bound](UPPER_BOUND), as [`is_same_name`] says, with settings or without.
pub fn is_upper_bound(name: &str) -> bool {
    let name = name.split('(').next().unwrap_or_default();
    UPPER_BOUND.iter().any(|known| is_same_name(known, name))
}

/// The entry of a name, ours or DeepAL's as [`is_same_name`] says, or of [another word](other_name) for it.
///
/// # Errors
/// No strategy is called so; the message suggests the nearest name, or says why the upper bound is none.
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
    let meant = other_name(name).unwrap_or(name);
    let called = |entry: &Entry| {
        [Some(entry.name), entry.deepal].into_iter().flatten().any(|known| is_same_name(known, meant))
    };
    if is_upper_bound(name) {
        return Err(Error::Setting {
            what: format!("`{name}`"),
            why: "is no strategy but an upper bound: it chooses by hidden labels, which only a simulated study has; compare it there, and \
                  choose a strategy here"
                .into(),
        });
    }
    ALL.iter().copied().find(|entry| called(entry)).ok_or_else(|| Error::UnknownName {
        kind: "strategy",
        name: name.into(),
        known: ALL.iter().map(|entry| entry.name).collect(),
    })
}

/// The strategy of a name, ours or DeepAL's, with settings as in `bald(passes=50)`.
///
/// # Errors
/// An unknown name, an unknown setting, or a value out of range.
pub fn build(text: &str) -> Result<Box<dyn Strategy>> {
    from_spec(&text.parse()?)
}

/// The strategy of a name with settings.
///
/// # Errors
/// As [`build`].
pub fn from_spec(spec: &Spec) -> Result<Box<dyn Strategy>> {
    (by_name(&spec.name)?.build)(&spec.settings)
}

/// The same strategy by the name of the list, without settings that are the defaults.
///
/// # Errors
/// As [`build`].
pub fn canonical(spec: &Spec) -> Result<Spec> {
    let entry = by_name(&spec.name)?;
    settings::check(&format!("strategy `{}`", entry.name), entry.settings, &spec.settings)?;
    Ok(spec.canonical(entry.name, entry.settings))
}

#[cfg(test)]
mod tests;
