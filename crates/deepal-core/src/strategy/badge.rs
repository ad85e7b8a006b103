//! BADGE: gradients that are long and different.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::select::gradients::gradient_seeds;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};

pub(super) static ENTRY: Entry = Entry {
    name: "badge",
    family: Family::Gradients,
    cost: "O(k·n·(c + d))",
    deepal: None,
    summary: "gradients of the last layer that are long and far apart: uncertain and diverse at once",
    details: "The gradient that a sample would have if its most probable class were true is (p − onehot) ⊗ embedding. The longest is first, then \
              each is drawn with a probability in proportion to its squared distance to the nearest pick (k-means++), as the authors' code does; \
              the paper's k-means++ would draw the first uniformly. Gradients are never written out: O(n·(c + d)) time a pick, O(n) memory, where \
              other implementations hold n·c·d numbers. The origin is no centre. Samples whose gradients equal those of picks, as of a net that is \
              certain of everything, are drawn uniformly.",
    source: "Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep batch active learning by diverse, uncertain gradient lower bounds, ICLR 2020",
    settings: Badge::SETTINGS,
    build: made::<Badge>,
};

crate::settings! {
    /// Picks by BADGE.
    pub struct Badge {
        /// A number put beside each embedding, as the input of the biases: 1 adds the gradient of the biases, 0 leaves it out.
        bias: f64 = 0.0, Number(0.0, 1000.0), "the authors' code takes the gradient of the weights alone";
    }
}

impl Strategy for Badge {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs, Signal::Embeddings]
    }

    /// Of each its predicted class, squared length and distance, twice while rows are drawn.
    fn memory(&self, sizes: Sizes) -> usize {
        sizes.candidates.saturating_mul(5 * size_of::<f64>())
    }

    /// From 100 picks of 10,000 with 64 features and 10 classes, which took 0.1 s.
    fn seconds(&self, sizes: Sizes) -> f64 {
        let width = sizes.features.saturating_add(sizes.classes);
        1.4e-9 * [sizes.candidates, sizes.picks, width].map(|size| size as f64).iter().product::<f64>()
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (probs, embeddings) = (signals.probs()?, signals.embeddings()?);
        Ok(Selection::unranked(gradient_seeds(&probs, &embeddings, self.bias, n, seed)))
    }
}
