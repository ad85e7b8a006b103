//! Softmax regression: a real baseline for vectors and embeddings, and a [`Net`] without Burn.

use crate::calibration::Calibration;
use crate::dataset::{Dataset, Meta};
use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use crate::net::{Ask, Net, Progress, StateDict, TrainReport, TrainedNet, Watch, Weights, check_support};
use crate::score::{most_probable, softmax};
use crate::signals::{Signal, Signals};
use ndarray::{Array2, ArrayRef2, Axis, s};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

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
}

/// What a [`SoftmaxRegression`] has learnt.
#[derive(Debug)]
struct Fitted {
    net: SoftmaxRegression,
    /// `[d + 1, c]`, the bias last.
    weights: Array2<f32>,
    /// What it was trained on; nothing if its weights were loaded.
    labeled: Vec<(SampleId, Class)>,
}

impl SoftmaxRegression {
    /// A classifier with weight decay `l2`.
    pub fn new(l2: f32) -> Self {
        Self { l2 }
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
            let (weights, _) = fit(&of(&inputs, train), &of(&targets, train), self.l2, None, &mut |_| {
                ControlFlow::Continue(())
            })?;
            Ok(softmax(&of(&inputs, test).dot(&weights)))
        })
    }
}

impl Default for SoftmaxRegression {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

const NAME: &str = "softmax-regression";

/// Of a softmax regression, trained or not.
fn supports(signal: Signal) -> bool {
    match signal {
        Signal::Probs
        | Signal::Embeddings
        | Signal::LabeledEmbeddings
        | Signal::Calibration
        | Signal::LabeledProbs
        | Signal::HeadWeights
        | Signal::HeadBiases => true,
        // Its seed does not matter: the members of a committee would be one net.
        Signal::McProbs { .. }
        | Signal::MemberProbs { .. }
        | Signal::BoundaryDistance(_)
        | Signal::Labels
        | Signal::Features
        | Signal::LabeledFeatures
        | Signal::Named(_) => false,
    }
}

impl Net for SoftmaxRegression {
    fn name(&self) -> &str {
        NAME
    }

    fn supports(&self, signal: Signal) -> bool {
        supports(signal)
    }

    fn train(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        _seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(Arc<dyn TrainedNet>, TrainReport)> {
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let ids = labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let inputs = with_bias(&data.inputs(&ids)?);
        let classes = labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
        let targets = one_hot(&classes, data.meta().classes.len());
        let (weights, steps) = fit(&inputs, &targets, self.l2, None, watch)?;
        let probs = softmax(&inputs.dot(&weights));
        let right =
            probs.outer_iter().zip(labeled).filter(|(p, (_, class))| most_probable(*p) == *class).count();
        let report = TrainReport { steps, accuracy: Some(right as f64 / ids.len() as f64) };
        Ok((Arc::new(Fitted { net: self.clone(), weights, labeled: labeled.to_vec() }), report))
    }

    fn load_state_dict(&self, meta: &Meta, state: StateDict) -> Result<Arc<dyn TrainedNet>> {
        let (d, c) = (meta.n_features(), meta.classes.len());
        let mut state = Weights::new(state);
        let (weight, bias) = (state.take("weight", &[c, d])?, state.take("bias", &[c])?);
        state.finish()?;
        let mut weights = Array2::zeros((d + 1, c));
        weights.slice_mut(s![..-1, ..]).assign(&weight.reversed_axes());
        weights.slice_mut(s![-1, ..]).assign(&bias);
        Ok(Arc::new(Fitted { net: self.clone(), weights, labeled: Vec::new() }))
    }
}

impl TrainedNet for Fitted {
    fn name(&self) -> &str {
        NAME
    }

    fn supports(&self, signal: Signal) -> bool {
        supports(signal)
    }

    fn signals(&self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>> {
        check_support(NAME, supports, ask.signals)?;
        let mut signals = Signals::new(ask.unlabeled.len());
        for signal in ask.signals {
            signals = match signal {
                Signal::Probs => signals.with_probs(self.probs(data, ask.unlabeled)?)?,
                Signal::LabeledProbs => signals.with(*signal, self.probs(data, ask.labeled)?)?,
                Signal::Embeddings => signals.with_embeddings(data.inputs(ask.unlabeled)?)?,
                Signal::LabeledEmbeddings => signals.with_labeled_embeddings(data.inputs(ask.labeled)?)?,
                Signal::HeadWeights => {
                    signals.with(*signal, self.weights.slice(s![..-1, ..]).t().to_owned())?
                }
                Signal::HeadBiases => signals.with(*signal, self.weights.slice(s![-1, ..]).to_owned())?,
                Signal::Calibration => {
                    let ids = self.labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
                    let classes = self.labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
                    let n_classes = self.weights.ncols();
                    signals.with_calibration(self.net.calibrate(
                        &data.inputs(&ids)?,
                        &classes,
                        n_classes,
                        ask.seed,
                    )?)?
                }
                signal => {
                    return Err(Error::Unsupported { net: NAME.into(), signal: signal.to_string() });
                }
            };
        }
        Ok(signals)
    }

    /// `weight`, `[c, d]`, and `bias`, `[c]`.
    fn state_dict(&self) -> Result<StateDict> {
        let (weight, bias) =
            (self.weights.slice(s![..-1, ..]).reversed_axes(), self.weights.slice(s![-1, ..]));
        // In the order that the shape says, for whoever writes the values one after the other.
        let weight = weight.as_standard_layout().into_owned().into_dyn();
        Ok(vec![("weight".into(), weight), ("bias".into(), bias.to_owned().into_dyn())])
    }
}

impl Fitted {
    /// `[ids.len(), c]`
    fn probs(&self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Array2<f64>> {
        let mut probs = Array2::zeros((ids.len(), self.weights.ncols()));
        for (ids, mut probs) in ids.chunks(CHUNK).zip(probs.axis_chunks_iter_mut(Axis(0), CHUNK)) {
            probs.assign(&softmax(&with_bias(&data.inputs(ids)?).dot(&self.weights)));
        }
        Ok(probs)
    }
}

/// A softmax regression on rows in memory, with the default weight decay.
#[derive(Debug)]
pub(crate) struct Head {
    /// `[d + 1, c]`, the bias last.
    weights: Array2<f32>,
}

impl Head {
    /// Fitted to `inputs`, `[m, d]`, from the weights of `start` on, or from zero: the optimum is one, within a tolerance.
    ///
    /// # Errors
    /// None: nothing cancels it.
    pub(crate) fn fit(
        inputs: &ArrayRef2<f32>,
        labels: &[Class],
        n_classes: usize,
        start: Option<&Self>,
    ) -> Result<Self> {
        let (inputs, targets) = (with_bias(inputs), one_hot(labels, n_classes));
        let start = start.map(|head| &head.weights);
        let l2 = SoftmaxRegression::default().l2;
        let (weights, _) = fit(&inputs, &targets, l2, start, &mut |_| ControlFlow::Continue(()))?;
        Ok(Self { weights })
    }

    /// The probabilities of rows, `[n, d]` to `[n, c]`.
    pub(crate) fn probs(&self, inputs: &ArrayRef2<f32>) -> Array2<f64> {
        softmax(&with_bias(inputs).dot(&self.weights))
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

/// Weights `[d + 1, c]`, found from `start` or from zero on, and the steps it took; an error if `watch` breaks between two of them.
///
/// The objective is convex, so the slope along a line only grows. A step is therefore judged by the slope at its end alone, which
/// stays exact where differences of the objective drown in rounding: one that ends too far up the other side is cut by the secant.
fn fit(
    inputs: &ArrayRef2<f32>,
    targets: &ArrayRef2<f32>,
    l2: f32,
    start: Option<&Array2<f32>>,
    watch: &mut Watch<'_>,
) -> Result<(Array2<f32>, usize)> {
    let zeros = || Array2::<f32>::zeros((inputs.ncols(), targets.ncols()));
    let mut weights = start.cloned().unwrap_or_else(zeros);
    let mut slopes = gradient(inputs, targets, l2, &weights);
    let mut memory = VecDeque::with_capacity(MEMORY);
    for taken in 0..MAX_STEPS {
        if watch(Progress { steps: taken, most: Some(MAX_STEPS) }).is_break() {
            return Err(Error::Cancelled);
        }
        if slopes.iter().all(|g| g.abs() < TOLERANCE) {
            return Ok((weights, taken));
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
    Ok((weights, MAX_STEPS))
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

    fn on(_: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

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
        let net = SoftmaxRegression::default();
        contract::check_net(&net, &data, &labeled).unwrap();
        assert!(net.train(&data, &labeled, 0, &mut on).unwrap().1.accuracy.unwrap() > 0.95);
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
        let (_, report) = SoftmaxRegression::default().train(&data, &labeled, 0, &mut on).unwrap();
        assert_eq!(report.accuracy, Some(1.0));
        assert!(report.steps < MAX_STEPS, "it converges");
    }

    /// More features than samples, not standardised, as embeddings are.
    #[test]
    fn wide_and_sparse_inputs_take_few_steps() {
        let value = |i: usize, j: usize| ((i * 7919 + j * 104_729 + i * j) % 97) as f32 / 16.0 - 3.0;
        let inputs = with_bias(&Array2::from_shape_fn((100, 300), |(i, j)| value(i, j).max(0.0)));
        let targets = Array2::from_shape_fn((100, 10), |(i, j)| f32::from(u8::from(i % 10 == j)));
        let (weights, steps) = fit(&inputs, &targets, 1e-3, None, &mut on).unwrap();
        assert!(gradient(&inputs, &targets, 1e-3, &weights).iter().all(|g| g.abs() < TOLERANCE));
        assert!(steps < 400, "{steps}");
    }

    /// At the optimum the gradient, computed here from the definition, is zero.
    #[test]
    fn training_ends_at_the_optimum() {
        let (data, labeled) = blobs();
        let (net, _) = SoftmaxRegression::new(0.01).train(&data, &labeled, 0, &mut on).unwrap();
        let ids = SampleId::first(60);
        let probs = net.predict_proba(&data, &ids).unwrap();
        let inputs = data.inputs(&ids).unwrap();
        let weights = &net.state_dict().unwrap()[0].1; // [c, d]
        for feature in 0..3 {
            for class in 0..3 {
                let slope = |i: usize| {
                    let x = if feature < 2 { f64::from(inputs[[i, feature]]) } else { 1.0 };
                    x * (probs[[i, class]] - f64::from(u8::from(i % 3 == class)))
                };
                let decay = if feature < 2 { 0.01 * f64::from(weights[[class, feature]]) } else { 0.0 };
                let gradient = (0..60).map(slope).sum::<f64>() / 60.0 + decay;
                assert!(gradient.abs() < 2.0 * f64::from(TOLERANCE), "{gradient}");
            }
        }
    }
}
