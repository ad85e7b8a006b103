//! Softmax regression: a real baseline for vectors and embeddings, and a [`Net`] without Burn.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::net::{Ask, Net, TrainReport, most_probable};
use crate::pool::{Class, SampleId};
use crate::score::softmax;
use crate::seed::mix;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, Array2, ArrayRef2, Axis, s};

/// Gradient steps after which we stop even if the gradient is still large.
const MAX_STEPS: usize = 1000;
/// The largest entry of the gradient at which we stop.
const TOLERANCE: f32 = 1e-4;
/// Samples whose inputs are held at once while predicting.
const CHUNK: usize = 4096;

/// Multinomial logistic regression, `p = softmax(x W + b)`, by accelerated full-batch gradient descent (Nesterov 1983) on
/// the mean cross-entropy plus `l2 / 2 · ‖W‖²`.
///
/// Its embedding of a sample is the input itself. It has no dropout, so it gives no Monte-Carlo probabilities. Training
/// starts from zero and draws nothing: the seed does not matter. Memory: O(m·d) for `m` labelled samples.
#[derive(Debug, Clone)]
pub struct SoftmaxRegression {
    l2: f32,
    /// `[d + 1, c]`, the bias last; `None` until trained.
    weights: Option<Array2<f32>>,
}

impl SoftmaxRegression {
    /// An untrained classifier with weight decay `l2`.
    pub fn new(l2: f32) -> Self {
        Self { l2, weights: None }
    }
}

impl Default for SoftmaxRegression {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Net for SoftmaxRegression {
    fn name(&self) -> &str {
        "softmax-regression"
    }

    fn supports(&self, signal: Signal) -> bool {
        matches!(signal, Signal::Probs | Signal::Embeddings | Signal::LabeledEmbeddings)
    }

    fn train(
        &mut self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        _seed: u64,
    ) -> Result<TrainReport> {
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let ids = labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let inputs = with_bias(&data.inputs(&ids)?);
        let mut targets = Array2::<f32>::zeros((ids.len(), data.meta().classes.len()));
        for (row, (_, class)) in labeled.iter().enumerate() {
            targets[[row, class.index()]] = 1.0;
        }
        let (weights, steps) = fit(&inputs, &targets, self.l2);
        let probs = softmax(&inputs.dot(&weights));
        let right =
            probs.outer_iter().zip(labeled).filter(|(p, (_, class))| most_probable(*p) == *class).count();
        self.weights = Some(weights);
        Ok(TrainReport { steps, accuracy: Some(right as f64 / ids.len() as f64) })
    }

    fn signals(&mut self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>> {
        ask.check(self)?;
        let weights = self.weights.as_ref().ok_or(Error::Untrained)?;
        let mut signals = Signals::new(ask.unlabeled.len());
        if ask.signals.contains(&Signal::Probs) {
            let mut probs = Array2::zeros((ask.unlabeled.len(), weights.ncols()));
            for (ids, mut probs) in
                ask.unlabeled.chunks(CHUNK).zip(probs.axis_chunks_iter_mut(Axis(0), CHUNK))
            {
                probs.assign(&softmax(&with_bias(&data.inputs(ids)?).dot(weights)));
            }
            signals = signals.with_probs(probs)?;
        }
        if ask.signals.contains(&Signal::Embeddings) {
            signals = signals.with_embeddings(data.inputs(ask.unlabeled)?)?;
        }
        if ask.signals.contains(&Signal::LabeledEmbeddings) {
            signals = signals.with_labeled_embeddings(data.inputs(ask.labeled)?)?;
        }
        Ok(signals)
    }
}

fn with_bias(inputs: &ArrayRef2<f32>) -> Array2<f32> {
    let mut all = Array2::ones((inputs.nrows(), inputs.ncols() + 1));
    all.slice_mut(s![.., ..-1]).assign(inputs);
    all
}

/// Weights `[d + 1, c]` and the steps it took.
fn fit(inputs: &ArrayRef2<f32>, targets: &ArrayRef2<f32>, l2: f32) -> (Array2<f32>, usize) {
    let m = inputs.nrows() as f32;
    // The gradient's Lipschitz constant is at most half the largest eigenvalue of XᵀX / m (Böhning 1992), plus l2.
    let step = 1.0 / (0.5 * 1.01 * largest_eigenvalue(inputs) / m + l2);
    let mut weights = Array2::<f32>::zeros((inputs.ncols(), targets.ncols()));
    let mut ahead = weights.clone();
    let mut momentum = 1.0f32;
    for taken in 0..MAX_STEPS {
        let residual = softmax(&inputs.dot(&ahead)).mapv(|p| p as f32) - targets;
        let mut gradient = inputs.t().dot(&residual) / m;
        let decay = ahead.slice(s![..-1, ..]).mapv(|w| l2 * w);
        gradient.slice_mut(s![..-1, ..]).zip_mut_with(&decay, |g, d| *g += d);
        if gradient.iter().all(|g| g.abs() < TOLERANCE) {
            return (ahead, taken);
        }
        let next = &ahead - &(gradient * step);
        let next_momentum = (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) / 2.0;
        ahead = &next + &((&next - &weights) * ((momentum - 1.0) / next_momentum));
        (weights, momentum) = (next, next_momentum);
    }
    (weights, MAX_STEPS)
}

/// Of XᵀX, by power iteration.
fn largest_eigenvalue(inputs: &ArrayRef2<f32>) -> f32 {
    // Hashes, so that no ordinary data are orthogonal to the start.
    let mut vector =
        Array1::from_shape_fn(inputs.ncols(), |i| (mix(1, i as u64) >> 40) as f32 / (1u32 << 24) as f32);
    let mut value = 0.0;
    for _ in 0..30 {
        let image = inputs.t().dot(&inputs.dot(&vector));
        value = image.dot(&image).sqrt();
        if value == 0.0 {
            break;
        }
        vector = image / value;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::dataset::{InMemory, Meta};

    fn blobs() -> (InMemory, Vec<(SampleId, Class)>) {
        let inputs = Array2::from_shape_fn((60, 2), |(i, j)| {
            let center = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]][i % 3][j];
            center + ((i * 13 + j * 7) as f32).sin() * 0.8
        });
        let classes = ["a", "b", "c"].map(String::from).to_vec();
        let meta = Meta { name: "blobs".into(), shape: [2, 1, 1], classes, range: vec![] };
        let labeled = (0..60).map(|i| (SampleId(i), Class((i % 3) as u16))).collect();
        (InMemory::new(meta, inputs).unwrap(), labeled)
    }

    #[test]
    fn it_passes_the_contract_and_separates_blobs() {
        let (data, labeled) = blobs();
        let mut net = SoftmaxRegression::default();
        contract::check_net(&mut net, &data, &labeled).unwrap();
        assert!(net.train(&data, &labeled, 0).unwrap().accuracy.unwrap() > 0.95);
    }

    /// From a start of ones the power iteration would miss the large eigenvalue of such columns, and steps would explode.
    #[test]
    fn columns_that_cancel_out_train_too() {
        let inputs = Array2::from_shape_fn((40, 2), |(i, j)| {
            let x = if i % 2 == 0 { 10.0 } else { -10.0 };
            if j == 0 { x } else { -x }
        });
        let classes = ["a", "b"].map(String::from).to_vec();
        let meta = Meta { name: "opposites".into(), shape: [2, 1, 1], classes, range: vec![] };
        let data = InMemory::new(meta, inputs).unwrap();
        let labeled = (0..40).map(|i| (SampleId(i), Class((i % 2) as u16))).collect::<Vec<_>>();
        let report = SoftmaxRegression::default().train(&data, &labeled, 0).unwrap();
        assert_eq!(report.accuracy, Some(1.0));
        assert!(report.steps < MAX_STEPS, "it converges");
    }

    /// At the optimum the gradient, computed here from the definition, is zero.
    #[test]
    fn training_ends_at_the_optimum() {
        let (data, labeled) = blobs();
        let mut net = SoftmaxRegression::new(0.01);
        net.train(&data, &labeled, 0).unwrap();
        let ids = SampleId::first(60);
        let probs = net.predict_proba(&data, &ids).unwrap();
        let inputs = data.inputs(&ids).unwrap();
        let weights = net.weights.unwrap();
        for feature in 0..3 {
            for class in 0..3 {
                let slope = |i: usize| {
                    let x = if feature < 2 { f64::from(inputs[[i, feature]]) } else { 1.0 };
                    x * (probs[[i, class]] - f64::from(u8::from(i % 3 == class)))
                };
                let decay = if feature < 2 { 0.01 * f64::from(weights[[feature, class]]) } else { 0.0 };
                let gradient = (0..60).map(slope).sum::<f64>() / 60.0 + decay;
                assert!(gradient.abs() < 2.0 * f64::from(TOLERANCE), "{gradient}");
            }
        }
    }
}
