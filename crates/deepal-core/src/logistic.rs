//! Softmax regression: a real baseline for vectors and embeddings, and a [`Net`] without Burn.

use crate::calibration::Calibration;
use crate::dataset::{Dataset, Meta};
use crate::error::{Error, Result};
use crate::net::{self, Ask, Net, StateDict, TrainReport, most_probable};
use crate::pool::{Class, SampleId};
use crate::score::softmax;
use crate::signals::{Signal, Signals};
use ndarray::{Array2, ArrayRef2, Axis, s};
use std::collections::VecDeque;

/// Steps after which we stop even if the gradient is still large.
const MAX_STEPS: usize = 1000;
/// How many of the last steps tell the curvature.
const MEMORY: usize = 20;
/// How often a step is shortened at most.
const MAX_CUTS: usize = 20;
/// The largest entry of the gradient at which we stop.
const TOLERANCE: f32 = 1e-4;
/// Samples whose inputs are held at once while predicting.
const CHUNK: usize = 4096;

/// Multinomial logistic regression, `p = softmax(x W + b)`, at the least mean cross-entropy plus `l2 / 2 · ‖W‖²`, found by
/// L-BFGS (Liu and Nocedal 1989) over all labelled samples.
///
/// Its embedding of a sample is the input itself. It has no dropout, so it gives no Monte-Carlo probabilities. Training
/// starts from zero and draws nothing: the seed does not matter. Memory: O(m·d + d·c) for `m` labelled samples.
#[derive(Debug, Clone)]
pub struct SoftmaxRegression {
    l2: f32,
    /// `[d + 1, c]`, the bias last; `None` until trained.
    weights: Option<Array2<f32>>,
    /// What it was trained on; nothing if its weights were loaded.
    labeled: Vec<(SampleId, Class)>,
}

impl SoftmaxRegression {
    /// An untrained classifier with weight decay `l2`.
    pub fn new(l2: f32) -> Self {
        Self { l2, weights: None, labeled: Vec::new() }
    }
}

impl SoftmaxRegression {
    /// Cross-validates such a classifier on samples with labels, `inputs`: `[m, d]`; the seed decides the folds.
    ///
    /// # Errors
    /// Another number of labels than of rows.
    pub fn calibrate(
        &self,
        inputs: &ArrayRef2<f32>,
        labels: &[Class],
        n_classes: usize,
        seed: u64,
    ) -> Result<Calibration> {
        if labels.len() != inputs.nrows() {
            let expected = format!("[{}, d], a row for each label", labels.len());
            let (what, got) = ("the labelled samples' inputs".into(), inputs.shape().to_vec());
            return Err(Error::Shape { what, expected, got });
        }
        let inputs = with_bias(inputs);
        let targets = one_hot(labels, n_classes);
        Calibration::measure(labels, n_classes, seed, |train, test| {
            let of = |array: &Array2<f32>, rows: &[usize]| array.select(Axis(0), rows);
            let (weights, _) = fit(&of(&inputs, train), &of(&targets, train), self.l2);
            Ok(softmax(&of(&inputs, test).dot(&weights)))
        })
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
        use Signal::{Calibration, Embeddings, LabeledEmbeddings, Probs};
        matches!(signal, Probs | Embeddings | LabeledEmbeddings | Calibration)
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
        let classes = labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
        let targets = one_hot(&classes, data.meta().classes.len());
        let (weights, steps) = fit(&inputs, &targets, self.l2);
        let probs = softmax(&inputs.dot(&weights));
        let right =
            probs.outer_iter().zip(labeled).filter(|(p, (_, class))| most_probable(*p) == *class).count();
        self.weights = Some(weights);
        self.labeled = labeled.to_vec();
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
        if ask.signals.contains(&Signal::Calibration) {
            let ids = self.labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
            let classes = self.labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
            signals = signals.with_calibration(self.calibrate(
                &data.inputs(&ids)?,
                &classes,
                weights.ncols(),
                ask.seed,
            )?)?;
        }
        Ok(signals)
    }

    /// `weight`, `[c, d]`, and `bias`, `[c]`.
    fn state_dict(&self) -> Result<StateDict> {
        let weights = self.weights.as_ref().ok_or(Error::Untrained)?;
        let (weight, bias) = (weights.slice(s![..-1, ..]).reversed_axes(), weights.slice(s![-1, ..]));
        // In the order that the shape says, for whoever writes the values one after the other.
        let weight = weight.as_standard_layout().into_owned().into_dyn();
        Ok(vec![("weight".into(), weight), ("bias".into(), bias.to_owned().into_dyn())])
    }

    fn load_state_dict(&mut self, meta: &Meta, mut state: StateDict) -> Result<()> {
        let (d, c) = (meta.n_features(), meta.classes.len());
        let (weight, bias) =
            (net::take(&mut state, "weight", &[c, d])?, net::take(&mut state, "bias", &[c])?);
        net::check_taken(&state)?;
        let mut weights = Array2::zeros((d + 1, c));
        weights.slice_mut(s![..-1, ..]).assign(&weight.reversed_axes());
        weights.slice_mut(s![-1, ..]).assign(&bias);
        self.weights = Some(weights);
        self.labeled.clear();
        Ok(())
    }
}

/// `[m, c]`, 1 at the class of each.
fn one_hot(labels: &[Class], n_classes: usize) -> Array2<f32> {
    let mut targets = Array2::zeros((labels.len(), n_classes));
    labels.iter().enumerate().for_each(|(row, class)| targets[[row, class.index()]] = 1.0);
    targets
}

fn with_bias(inputs: &ArrayRef2<f32>) -> Array2<f32> {
    let mut all = Array2::ones((inputs.nrows(), inputs.ncols() + 1));
    all.slice_mut(s![.., ..-1]).assign(inputs);
    all
}

/// Weights `[d + 1, c]` and the steps it took.
///
/// The objective is convex, so the slope along a line only grows. A step is therefore judged by the slope at its end alone, which
/// stays exact where differences of the objective drown in rounding: one that ends too far up the other side is cut by the secant.
fn fit(inputs: &ArrayRef2<f32>, targets: &ArrayRef2<f32>, l2: f32) -> (Array2<f32>, usize) {
    let mut weights = Array2::<f32>::zeros((inputs.ncols(), targets.ncols()));
    let mut slopes = gradient(inputs, targets, l2, &weights);
    let mut memory = VecDeque::with_capacity(MEMORY);
    for taken in 0..MAX_STEPS {
        if slopes.iter().all(|g| g.abs() < TOLERANCE) {
            return (weights, taken);
        }
        let direction = direction(&slopes, &memory);
        let start = dot(&direction, &slopes);
        let mut length = if memory.is_empty() { 1.0 / dot(&slopes, &slopes).sqrt().max(1.0) } else { 1.0 };
        let mut cuts = 0;
        let (next, next_slopes) = loop {
            let mut next = weights.clone();
            next.scaled_add(length as f32, &direction);
            let next_slopes = gradient(inputs, targets, l2, &next);
            let end = dot(&direction, &next_slopes);
            if end <= -0.5 * start || cuts == MAX_CUTS {
                break (next, next_slopes);
            }
            length *= (start / (start - end)).max(0.1);
            cuts += 1;
        };
        let (step, change) = (&next - &weights, &next_slopes - &slopes);
        let curvature = dot(&step, &change);
        if curvature > 0.0 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back(Step { step, change, curvature });
        } else {
            memory.clear();
        }
        (weights, slopes) = (next, next_slopes);
    }
    (weights, MAX_STEPS)
}

/// Of the objective at `weights`, `[d + 1, c]`; the bias does not decay.
fn gradient(
    inputs: &ArrayRef2<f32>,
    targets: &ArrayRef2<f32>,
    l2: f32,
    weights: &Array2<f32>,
) -> Array2<f32> {
    let residual = softmax(&inputs.dot(weights)).mapv(|p| p as f32) - targets;
    let mut gradient = inputs.t().dot(&residual) / inputs.nrows() as f32;
    gradient.slice_mut(s![..-1, ..]).scaled_add(l2, &weights.slice(s![..-1, ..]));
    gradient
}

/// A step that was taken, and how the gradient changed over it.
struct Step {
    step: Array2<f32>,
    change: Array2<f32>,
    /// The product of the two, above 0.
    curvature: f64,
}

/// Downhill, by the inverse curvature that the last steps tell (the two-loop recursion).
fn direction(slopes: &Array2<f32>, memory: &VecDeque<Step>) -> Array2<f32> {
    let mut direction = -slopes;
    let mut shares = Vec::with_capacity(memory.len());
    for Step { step, change, curvature } in memory.iter().rev() {
        let share = dot(step, &direction) / curvature;
        direction.scaled_add(-share as f32, change);
        shares.push(share);
    }
    if let Some(Step { change, curvature, .. }) = memory.back() {
        direction *= (curvature / dot(change, change)) as f32;
    }
    for (Step { step, change, curvature }, share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(change, &direction) / curvature;
        direction.scaled_add((share - back) as f32, step);
    }
    direction
}

fn dot(a: &Array2<f32>, b: &Array2<f32>) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
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

    /// The curvature along such columns is large, and across them there is none: steps must not explode.
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

    /// More features than samples, not standardised, as embeddings are.
    #[test]
    fn wide_and_sparse_inputs_take_few_steps() {
        let value = |i: usize, j: usize| ((i * 7919 + j * 104_729 + i * j) % 97) as f32 / 16.0 - 3.0;
        let inputs = with_bias(&Array2::from_shape_fn((100, 300), |(i, j)| value(i, j).max(0.0)));
        let targets = Array2::from_shape_fn((100, 10), |(i, j)| f32::from(u8::from(i % 10 == j)));
        let (weights, steps) = fit(&inputs, &targets, 1e-3);
        assert!(gradient(&inputs, &targets, 1e-3, &weights).iter().all(|g| g.abs() < TOLERANCE));
        assert!(steps < 400, "{steps}");
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
