//! Asking a strategy: where it has no opinion, file order must not be the answer.

use super::{Selection, Strategy};
use crate::error::Result;
use crate::select::random;
use crate::signals::Signals;

/// Picks `n` of the candidates by a strategy. One that ranks samples [one by one](Strategy::one_by_one) and gives all of them the same
/// score, as after labels of a single class, says nothing; the picks are then drawn by `seed` and have no scores.
///
/// ```
/// use deepal_core::{Signals, strategy};
///
/// let signals = Signals::new(100).with_probs(ndarray::Array2::from_elem((100, 4), 0.25))?;
/// let margin = strategy::build("margin")?;
/// assert_eq!(margin.select(&signals, 3, 1)?.rows, [0, 1, 2]);
/// let drawn = strategy::ask(margin.as_ref(), &signals, 3, 1)?;
/// assert!(drawn.scores.is_none() && drawn.rows != [0, 1, 2]);
/// # Ok::<(), deepal_core::Error>(())
/// ```
///
/// # Errors
/// As [`Strategy::select`].
pub fn ask(strategy: &dyn Strategy, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
    if !strategy.one_by_one() {
        return strategy.select(signals, n, seed);
    }
    let mut ranking = Ranking::new(n);
    ranking.add(strategy.select(signals, signals.len(), seed)?, signals.len());
    Ok(ranking.finish(seed))
}

/// The best of rankings of parts of a pool, each whole.
#[derive(Debug)]
pub(crate) struct Ranking {
    n: usize,
    candidates: usize,
    best: Selection,
    lowest: f64,
}

impl Ranking {
    /// Of `n` picks.
    pub(crate) fn new(n: usize) -> Self {
        let best = Selection { rows: Vec::new(), scores: Some(Vec::new()) };
        Self { n, candidates: 0, best, lowest: f64::INFINITY }
    }

    /// Adds the next part, all of its `candidates` ranked.
    pub(crate) fn add(&mut self, mut part: Selection, candidates: usize) {
        part.rows.iter_mut().for_each(|row| *row += self.candidates);
        self.candidates += candidates;
        let lowest = part.scores.as_ref().and_then(|scores| scores.last());
        self.lowest = lowest.map_or(self.lowest, |lowest| self.lowest.min(*lowest));
        let best = std::mem::replace(&mut self.best, Selection::unranked(Vec::new()));
        self.best = best.merge(part, self.n);
    }

    /// The picks: the best, or drawn if all are the same.
    pub(crate) fn finish(self, seed: u64) -> Selection {
        let highest = self.best.scores.as_ref().and_then(|scores| scores.first());
        match highest {
            Some(highest) if *highest <= self.lowest && self.candidates > self.n => {
                Selection::unranked(random(self.candidates, self.n, seed))
            }
            _ => self.best,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Class;
    use crate::seed::mix;
    use crate::signals::{Signal, Values};
    use crate::strategy;
    use ndarray::{Array1, Array2, Array3, array};

    #[test]
    fn a_ranking_of_parts_is_that_of_the_whole() {
        let probs = array![[0.9, 0.1], [0.5, 0.5], [0.6, 0.4], [0.5, 0.5], [0.7, 0.3]];
        let signals = Signals::new(5).with_probs(probs).unwrap();
        let margin = strategy::build("margin").unwrap();
        let whole = ask(margin.as_ref(), &signals, 3, 1).unwrap();
        assert_eq!(whole, margin.select(&signals, 3, 1).unwrap());
        let mut ranking = Ranking::new(3);
        for rows in [&[0, 1][..], &[2, 3], &[4]] {
            ranking.add(margin.select(&signals.of(rows), rows.len(), 1).unwrap(), rows.len());
        }
        assert_eq!(ranking.finish(1), whole);
    }

    #[test]
    fn equal_scores_are_drawn_from_all_parts_and_all_of_a_pool_stays_ranked() {
        let same = |n: usize| Selection { rows: (0..n).collect(), scores: Some(vec![0.25; n]) };
        let mut drawn = (0..40).flat_map(|seed| {
            let mut ranking = Ranking::new(2);
            (0..10).for_each(|_| ranking.add(same(10), 10));
            ranking.finish(seed).rows
        });
        assert!(drawn.any(|row| row > 80));
        let mut ranking = Ranking::new(10);
        ranking.add(same(10), 10);
        assert_eq!(ranking.finish(1), same(10));
    }

    /// What a net says that has seen one class, that has not learnt anything, or that predicts one of three classes never.
    fn uninformed(signal: Signal, n: usize, row: [f64; 3], seed: u64) -> Values<'static> {
        const LABELED: usize = 6;
        let random = |rows: usize, d: usize, salt: u64| {
            Array2::from_shape_fn((rows, d), |(i, j)| mix(seed ^ salt, (i * d + j) as u64) as f32 / 1.8e19)
        };
        match signal {
            Signal::Probs => Array2::from_shape_fn((n, 3), |(_, class)| row[class]).into(),
            Signal::McProbs { passes, .. } | Signal::MemberProbs { members: passes } => {
                Array3::from_shape_fn((passes, n, 3), |(_, _, class)| row[class]).into()
            }
            Signal::LabeledProbs => Array2::from_shape_fn((LABELED, 3), |(_, class)| row[class]).into(),
            Signal::Embeddings => random(n, 4, 1).into(),
            Signal::LabeledEmbeddings => random(LABELED, 4, 2).into(),
            Signal::Features => random(n, 4, 3).into(),
            Signal::LabeledFeatures => random(LABELED, 4, 4).into(),
            Signal::BoundaryDistance(_) => Array1::from_elem(n, f64::INFINITY).into(),
            Signal::Calibration => array![1.0, row[0]].into(),
            Signal::Labels => Array1::from_elem(LABELED, Class(0)).into(),
            Signal::HeadWeights => Array2::<f32>::zeros((3, 4)).into(),
            Signal::HeadBiases => Array1::<f32>::zeros(3).into(),
            Signal::Named(_) => unreachable!("no listed strategy has an array of its own"),
        }
    }

    /// The mean place of 96 picks is 0.5 with a standard error of 0.03 where order has no say, and near 0 where it is the answer.
    #[test]
    fn file_order_is_never_the_answer() {
        const POOL: usize = 240;
        let mut wrong = Vec::new();
        for entry in strategy::ALL {
            let strategy = strategy::build(entry.name).unwrap();
            for row in [[1.0, 0.0, 0.0], [1.0 / 3.0; 3], [0.5, 0.5, 0.0]] {
                let mut places = Vec::new();
                for seed in 0..12 {
                    let signals = strategy.needs().into_iter().chain(strategy.wants());
                    let signals = signals.fold(Signals::new(POOL), |signals, signal| {
                        signals.with(signal, uninformed(signal, POOL, row, seed)).unwrap()
                    });
                    let picks = ask(strategy.as_ref(), &signals, 8, seed).unwrap().rows;
                    places.extend(picks.into_iter().map(|pick| pick as f64 / POOL as f64));
                }
                let mean = places.iter().sum::<f64>() / places.len() as f64;
                if !(0.35..0.65).contains(&mean) {
                    wrong.push(format!("{} with {row:?}: {mean:.2}", entry.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
