//! Query by committee: what nets with seeds of their own disagree about.

use super::{Entry, Family, Selection, Strategy, made};
use crate::error::Result;
use crate::score::{bald, entropy, mean_probs, variation_ratios, vote_entropy};
use crate::select::random;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, ArrayRef3};

const COST: &str = "t − 1 trainings of the net, O(t·n·c)";

pub(super) static ENTRY_VOTE: Entry = Entry {
    name: "vote-entropy",
    family: Family::Committee,
    cost: COST,
    deepal: None,
    summary: "the largest entropy of the votes of several nets",
    details: "Score −Σ (v/t) ln (v/t), with v of t nets predicting a class. Few nets leave many equals: of these the one with the larger consensus entropy, so the picks have no \
              scores. The committee is the net itself and t − 1 more. Each is trained for the query on the same labels with a seed of its own. This takes t − 1 times as long as \
              one training, and can be cancelled like one. One net and [t, n, c] are in memory at a time. Softmax regression has no committee, as its seed does not matter. It is not divided by the \
              largest entropy, as some do, which changes no order.",
    source: "Dagan and Engelson, Committee-based sampling for training probabilistic classifiers, ICML 1995; Seung, Opper and Sompolinsky, Query by committee, COLT 1992",
    settings: VoteEntropy::SETTINGS,
    build: made::<VoteEntropy>,
};

pub(super) static ENTRY_CONSENSUS: Entry = Entry {
    name: "consensus-entropy",
    family: Family::Committee,
    cost: COST,
    deepal: None,
    summary: "the largest entropy of the mean probabilities of several nets",
    details: "Score H[mean p], the entropy of the consensus of t nets. The committee is that of vote-entropy, at its cost. It does not tell nets that disagree from nets that are all unsure; \
              ensemble-bald does.",
    source: "Settles, Active learning literature survey, 2009, section 3.2; Beluch, Genewein, Nürnberger and Köhler, The power of ensembles for active learning in \
             image classification, CVPR 2018",
    settings: ConsensusEntropy::SETTINGS,
    build: made::<ConsensusEntropy>,
};

pub(super) static ENTRY_BALD: Entry = Entry {
    name: "ensemble-bald",
    family: Family::Committee,
    cost: COST,
    deepal: None,
    summary: "the largest mean divergence of several nets from their consensus",
    details: "Score mean KL(p ‖ mean p) over t nets, which is H[mean p] − mean H[p], BALD with nets in the place of passes with dropout. The committee is that of vote-entropy, at its cost.",
    source: "McCallum and Nigam, Employing EM and pool-based active learning for text classification, ICML 1998; Beluch et al., CVPR 2018",
    settings: EnsembleBald::SETTINGS,
    build: made::<EnsembleBald>,
};

pub(super) static ENTRY_RATIOS: Entry = Entry {
    name: "ensemble-variation-ratios",
    family: Family::Committee,
    cost: COST,
    deepal: None,
    summary: "the largest share of several nets that do not predict the class that most predict",
    details: "Score 1 − f/t of t nets, of which f predict the most frequent class. Among equals the smaller largest mean probability counts, as less than half a net. The committee \
              is that of vote-entropy, at its cost.",
    source: "Beluch, Genewein, Nürnberger and Köhler, The power of ensembles for active learning in image classification, CVPR 2018",
    settings: EnsembleVariationRatios::SETTINGS,
    build: made::<EnsembleVariationRatios>,
};

/// The scores of candidates, `[n]`, and what decides among equals, from `[t, n, c]`.
type Score = fn(&ArrayRef3<f64>) -> (Array1<f64>, Option<Array1<f64>>);

/// A strategy of committees: a type of settings, its entry, and its score.
macro_rules! committee {
    ($(#[$doc:meta])* $Name:ident, $ENTRY:ident, $score:expr) => {
        crate::settings! {
            $(#[$doc])*
            pub struct $Name {
                /// Nets in the committee.
                members: usize = 5, Integer(2, 100), "Beluch et al., CVPR 2018";
            }
        }

        impl Strategy for $Name {
            fn name(&self) -> &str {
                $ENTRY.name
            }

            fn needs(&self) -> Vec<Signal> {
                vec![Signal::MemberProbs { members: self.members }]
            }

            // Not `one_by_one`: the committee would be trained anew for each part of the pool.

            fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
                let score: Score = $score;
                let (scores, of_equals) = score(&signals.member_probs()?);
                Ok(pick(&scores, of_equals.as_ref(), n, seed))
            }
        }
    };
}

committee!(
    /// Picks by the entropy of votes.
    VoteEntropy,
    ENTRY_VOTE,
    |probs| (vote_entropy(probs), Some(entropy(&mean_probs(probs))))
);
committee!(
    /// Picks by the entropy of the consensus.
    ConsensusEntropy,
    ENTRY_CONSENSUS,
    |probs| (entropy(&mean_probs(probs)), None)
);
committee!(
    /// Picks by the divergence from the consensus.
    EnsembleBald,
    ENTRY_BALD,
    |probs| (bald(probs), None)
);
committee!(
    /// Picks by the variation ratios of nets.
    EnsembleVariationRatios,
    ENTRY_RATIOS,
    |probs| (variation_ratios(probs), None)
);

/// The `n` highest; drawn by `seed` if all are equal, as file order must not be the answer.
fn pick(scores: &Array1<f64>, of_equals: Option<&Array1<f64>>, n: usize, seed: u64) -> Selection {
    let is_flat = |scores: &Array1<f64>| scores.iter().all(|score| *score == scores[0]);
    if is_flat(scores) && of_equals.is_none_or(is_flat) {
        return Selection::unranked(random(scores.len(), n, seed));
    }
    let Some(of_equals) = of_equals else { return Selection::top(scores, n) };
    let mut rows = (0..scores.len()).collect::<Vec<_>>();
    rows.sort_by(|a, b| {
        let by = |scores: &Array1<f64>| scores[*b].total_cmp(&scores[*a]);
        by(scores).then_with(|| by(of_equals)).then(a.cmp(b))
    });
    rows.truncate(n);
    Selection::unranked(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::{Array3, array};

    fn picks(strategy: &dyn Strategy, members: &Array3<f64>, n: usize, seed: u64) -> Vec<usize> {
        let members = members.view();
        let signals =
            Signals::new(members.dim().1).with(Signal::MemberProbs { members: 0 }, members).unwrap();
        strategy.select(&signals, n, seed).unwrap().rows
    }

    fn made_up(case: u64, t: usize, n: usize, c: usize) -> Array3<f64> {
        let mut members = Array3::from_shape_fn((t, n, c), |(i, j, k)| {
            (mix(case, ((i * n + j) * c + k) as u64) % 1000) as f64 + 1.0
        });
        for mut row in members.rows_mut() {
            let sum = row.sum();
            row /= sum;
        }
        members
    }

    /// Votes counted and compared pair by pair, without any entropy function of the crate.
    #[test]
    fn picks_are_those_of_the_definitions() {
        for case in 0..40 {
            let (t, n, c) = (2 + case as usize % 6, 30, 2 + case as usize % 4);
            let members = made_up(case, t, n, c);
            let shannon =
                |p: &[f64]| p.iter().map(|p| if *p > 0.0 { -p * p.log2() } else { 0.0 }).sum::<f64>();
            let vote = |i: usize, j: usize| {
                (0..c).fold(0, |best, k| if members[[i, j, k]] > members[[i, j, best]] { k } else { best })
            };
            let shares = |j: usize| {
                (0..c)
                    .map(|k| (0..t).filter(|i| vote(*i, j) == k).count() as f64 / t as f64)
                    .collect::<Vec<_>>()
            };
            let mean = |j: usize| {
                (0..c).map(|k| (0..t).map(|i| members[[i, j, k]]).sum::<f64>() / t as f64).collect::<Vec<_>>()
            };
            let divergence = |j: usize| {
                let of = |i: usize| {
                    (0..c).map(|k| members[[i, j, k]] * (members[[i, j, k]] / mean(j)[k]).ln()).sum::<f64>()
                };
                (0..t).map(of).sum::<f64>() / t as f64
            };
            let check = |strategy: &dyn Strategy, of: &dyn Fn(usize) -> (f64, f64)| {
                let found = picks(strategy, &members, n, 1);
                for pair in found.windows(2) {
                    let (a, b) = (of(pair[0]), of(pair[1]));
                    assert!(
                        a.0 > b.0 + 1e-9 || ((a.0 - b.0).abs() < 1e-9 && a.1 >= b.1 - 1e-9),
                        "{}, case {case}: {a:?} {b:?}",
                        strategy.name()
                    );
                }
            };
            check(&VoteEntropy::default(), &|j| (shannon(&shares(j)), shannon(&mean(j))));
            check(&ConsensusEntropy::default(), &|j| (shannon(&mean(j)), 0.0));
            check(&EnsembleBald::default(), &|j| (divergence(j), 0.0));
            let mode = |j: usize| shares(j).into_iter().fold(0.0, f64::max);
            check(&EnsembleVariationRatios::default(), &|j| {
                (1.0 - mode(j), 1.0 - mean(j).into_iter().fold(0.0, f64::max))
            });
        }
    }

    /// Fault of several: the entropy of mean probabilities in the place of that of votes.
    #[test]
    fn votes_are_counted_and_not_averaged() {
        // All nets vote alike though unsure, and are sure though they disagree.
        let alike = [0.51, 0.49];
        let members = Array3::from_shape_fn((4, 2, 2), |(i, j, k)| {
            if j == 0 { alike[k] } else { [[0.9, 0.1], [0.1, 0.9]][i % 2][k] }
        });
        assert_eq!(vote_entropy(&members), array![0.0, 2f64.ln()]);
        assert_eq!(picks(&VoteEntropy::default(), &members, 1, 1), [1]);
        assert_eq!(picks(&EnsembleBald::default(), &members, 1, 1), [1]);
    }

    /// Many nets vote alike: file order must not decide among them, nor where all is equal.
    #[test]
    fn equal_votes_are_ordered_by_the_consensus_and_equal_rows_are_drawn() {
        let sure = Array3::from_shape_fn((3, 40, 2), |(_, j, k)| {
            let p = 0.99 - 0.01 * j as f64;
            if k == 0 { p } else { 1.0 - p }
        });
        assert_eq!(picks(&VoteEntropy::default(), &sure, 3, 1), [39, 38, 37]);
        let same = Array3::from_elem((3, 40, 2), 0.5);
        let drawn = |seed| picks(&VoteEntropy::default(), &same, 4, seed);
        assert!(drawn(1) != drawn(2) && drawn(1) != [0, 1, 2, 3]);
        assert_eq!(picks(&VoteEntropy::default(), &Array3::zeros((0, 0, 0)), 4, 1), []);
    }
}
