//! CLUE: clusters of the pool in which uncertain samples count more.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::score;
use crate::select::{representatives, weighted};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array2, ArrayRef2};

pub(super) static ENTRY: Entry = Entry {
    name: "clue",
    family: Family::Hybrid,
    cost: "O(k·n·d) a step",
    deepal: None,
    summary: "the sample nearest to each centre of k-means in which samples of high entropy count more",
    details: "The whole pool is clustered into n clusters with the entropy of each sample's probabilities, at a temperature, as its weight. Weights count as copies do and \
              move no sample; picks are distinct. Made for new domains without labels. If no sample has entropy, all weigh the same. O(n·k·d) time a step of the \
              clustering.",
    source: "Prabhu, Chandrasekaran, Saenko and Hoffman, Active domain adaptation via clustering uncertainty-weighted embeddings, ICCV 2021",
    settings: Clue::SETTINGS,
    build: made::<Clue>,
};

crate::settings! {
    /// Picks by CLUE.
    pub struct Clue {
        /// The temperature of the softmax: above 1 all samples count more alike, below 1 the uncertain ones count more.
        temperature: f64 = 1.0, Positive(100.0), "the authors' default; they take 0.1 on DIGITS";
    }
}

impl Strategy for Clue {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, picks: n, .. } = sizes;
        weighted::memory(candidates, features, n).saturating_add(candidates.saturating_mul(16))
    }

    /// From 100 picks of 10,000 with 64 features, which took 0.19 s.
    fn seconds(&self, sizes: Sizes) -> f64 {
        3e-9 * [sizes.candidates, sizes.picks, sizes.features].map(|size| size as f64).iter().product::<f64>()
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, embeddings) = (signals.probs()?, signals.embeddings()?);
        let weights = match self.temperature {
            1.0 => score::entropy(&probs),
            temperature => score::entropy(&at_temperature(&probs, temperature)),
        };
        let clusters = weighted::weighted_k_means(&embeddings, &weights.to_vec(), n, seed);
        Ok(Selection::unranked(representatives(&embeddings, &clusters)))
    }
}

/// The softmax of the logits divided by `temperature`, which probabilities to the power of its inverse give too.
fn at_temperature(probs: &ArrayRef2<f64>, temperature: f64) -> Array2<f64> {
    let mut probs = probs.to_owned();
    for mut row in probs.outer_iter_mut() {
        let most = row.fold(0.0, |most, p| f64::max(most, *p));
        row.mapv_inplace(|p| if p > 0.0 { ((p / most).ln() / temperature).exp() } else { 0.0 });
        let sum = row.sum();
        row /= sum;
    }
    probs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::array;

    fn logits(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 3), |(i, j)| (mix(i as u64, j as u64) % 100) as f32 / 10.0)
    }

    /// Fault of several: the temperature is ignored.
    #[test]
    fn the_temperature_is_that_of_the_softmax() {
        let logits = logits(50);
        for temperature in [0.1, 0.5, 1.0, 3.0] {
            let found = at_temperature(&score::softmax(&logits), temperature);
            for (found, logits) in found.outer_iter().zip(logits.outer_iter()) {
                let terms = logits.iter().map(|x| (f64::from(*x) / temperature).exp()).collect::<Vec<_>>();
                let sum = terms.iter().sum::<f64>();
                assert!(found.iter().zip(terms).all(|(p, term)| (p - term / sum).abs() < 1e-6));
            }
        }
        assert_eq!(at_temperature(&array![[1.0, 0.0]], 0.01), array![[1.0, 0.0]]);
    }

    /// Two heaps on a line; the weighted mean of each is next to the uncertain sample, the plain mean and that of features times weights are not.
    #[test]
    fn picks_are_nearest_to_weighted_means() {
        let embeddings = array![[0.0f32], [5.0], [10.0], [100.0], [105.0], [110.0]];
        let (sure, unsure) = ([0.999, 0.001], [0.5, 0.5]);
        let probs =
            Array2::from_shape_fn((6, 2), |(i, k)| if i == 0 || i == 5 { unsure[k] } else { sure[k] });
        let signals = Signals::new(6).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        for seed in 0..5 {
            let mut picks = Clue::default().select(&signals, 2, seed).unwrap().rows;
            picks.sort_unstable();
            assert_eq!(picks, [0, 5]);
        }
    }

    /// Fault of several: one sample is nearest to two centres and picked twice; or no entropy gives weights of 0.
    #[test]
    fn copies_and_certainty_give_distinct_samples() {
        let embeddings = Array2::from_shape_fn((40, 2), |(i, _)| (i % 3) as f32);
        let probs = Array2::from_shape_fn((40, 2), |(_, k)| k as f64);
        let signals = Signals::new(40).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        let mut picks = Clue::default().select(&signals, 10, 1).unwrap().rows;
        let heaps = picks[..3].iter().map(|row| 1 << (row % 3)).sum::<usize>();
        picks.sort_unstable();
        picks.dedup();
        assert_eq!((picks.len(), heaps), (10, 7));
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let embeddings = Array2::from_shape_fn((3000, 3), |(i, j)| (mix(j as u64, i as u64) % 1000) as f32);
        let probs = score::softmax(&logits(3000));
        let signals =
            Signals::new(3000).with_probs(probs).and_then(|s| s.with_embeddings(embeddings)).unwrap();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Clue::default().select(&signals, 30, 3).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}
