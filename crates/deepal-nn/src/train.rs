//! The training loop and its settings.

use crate::burn_net::Classifier;
use crate::convert::{to_array, to_tensor};
use crate::noise::Noise;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use deepal_core::seed::mix;
use deepal_core::{Class, Dataset, Error, Result, SampleId, TrainReport, select};
use serde::{Deserialize, Serialize};

/// How a net is trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Samples a step.
    pub batch_size: usize,
    /// When to stop.
    pub schedule: Schedule,
}

/// The optimisers in use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// Learning rate.
        learning_rate: f64,
        /// Momentum; the update is `v = momentum · v + g`, as in PyTorch.
        momentum: f64,
    },
    /// Adam (Kingma and Ba, ICLR 2015) with its default decay rates.
    Adam {
        /// Learning rate.
        learning_rate: f64,
    },
}

/// When a training is over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "until", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// After this many passes over the labelled samples, as the paper's reference does. On few labels these are few
    /// steps, and the net is hardly trained.
    Epochs {
        /// Passes over the labelled samples.
        epochs: usize,
    },
    /// At the end of the first epoch after `min_steps` optimiser steps at which the net, without dropout, gets the share
    /// `accuracy` of its labelled samples right; at the latest after `max_steps`.
    Adaptive {
        /// The least number of optimiser steps.
        min_steps: usize,
        /// The largest number of optimiser steps, rounded up to a whole epoch.
        max_steps: usize,
        /// The training accuracy wanted, in `[0, 1]`.
        accuracy: f64,
    },
}

impl Training {
    /// The schedule for labelled sets from a dozen to thousands: Adam at 0.001, batches of 32, at least 250 steps, then
    /// until 99 % training accuracy, at most 1,000 steps (or two epochs, whichever is more).
    pub fn adaptive() -> Self {
        Self {
            optimizer: Optimizer::Adam { learning_rate: 1e-3 },
            batch_size: 32,
            schedule: Schedule::Adaptive { min_steps: 250, max_steps: 1000, accuracy: 0.99 },
        }
    }

    /// A fixed number of epochs of SGD with batches of 64, as the paper's reference trains.
    pub fn epochs(epochs: usize, learning_rate: f64, momentum: f64) -> Self {
        Self {
            optimizer: Optimizer::Sgd { learning_rate, momentum },
            batch_size: 64,
            schedule: Schedule::Epochs { epochs },
        }
    }
}

impl Optimizer {
    fn init(self) -> ModuleOptimizer {
        match self {
            Optimizer::Sgd { momentum, .. } => {
                let momentum = MomentumConfig { momentum, dampening: 0.0, nesterov: false };
                SgdConfig::new().with_momentum(Some(momentum)).init()
            }
            Optimizer::Adam { .. } => AdamConfig::new().with_epsilon(1e-8).init(),
        }
    }

    fn learning_rate(self) -> f64 {
        match self {
            Optimizer::Sgd { learning_rate, .. } | Optimizer::Adam { learning_rate } => learning_rate,
        }
    }
}

/// Trains `model` with the cross-entropy of the labelled samples; order and dropout come from `seed`.
pub(crate) fn train<M: Classifier>(
    mut model: M,
    device: &Device,
    training: &Training,
    data: &dyn Dataset,
    labeled: &[(SampleId, Class)],
    seed: u64,
) -> Result<(M, TrainReport)> {
    let mut optimizer = training.optimizer.init();
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let mut steps = 0;
    for epoch in 0.. {
        let order = select::random(labeled.len(), labeled.len(), mix(seed, epoch));
        let mut loss = None;
        for batch in order.chunks(training.batch_size) {
            let (inputs, classes) = gather(data, labeled, batch, device)?;
            let rows = (0..batch.len() as u64).collect();
            let output = model.forward(inputs, &mut Noise::on(mix(seed, !(steps as u64)), rows));
            let error = cross_entropy.forward(output.logits, classes);
            let gradients = GradientsParams::from_grads(error.backward(), &model);
            model = optimizer.step(training.optimizer.learning_rate(), model, gradients);
            steps += 1;
            loss = Some(error);
        }
        if let Some(loss) = loss.map(|loss| loss.into_scalar::<f32>()).filter(|loss| !loss.is_finite()) {
            let why = format!("diverged: the loss is {loss} after {steps} steps; lower the learning rate");
            return Err(Error::Setting { what: "training".into(), why });
        }
        match training.schedule {
            Schedule::Epochs { epochs } if epoch + 1 >= epochs as u64 => {
                return Ok((model, TrainReport { steps, accuracy: None }));
            }
            Schedule::Adaptive { min_steps, max_steps, accuracy } if steps >= min_steps => {
                let reached = training_accuracy(&model, device, data, labeled)?;
                if reached >= accuracy || (steps >= max_steps && epoch > 0) {
                    return Ok((model, TrainReport { steps, accuracy: Some(reached) }));
                }
            }
            _ => {}
        }
    }
    Err(Error::NothingLabeled)
}

/// The inputs `[b, d]` and classes `[b]` of some labelled samples.
fn gather(
    data: &dyn Dataset,
    labeled: &[(SampleId, Class)],
    batch: &[usize],
    device: &Device,
) -> Result<(Tensor<2>, Tensor<1, Int>)> {
    let ids = batch.iter().map(|i| labeled[*i].0).collect::<Vec<_>>();
    let classes = batch.iter().map(|i| i32::from(labeled[*i].1.0)).collect::<Vec<_>>();
    let inputs = to_tensor(data.inputs(&ids)?, device);
    Ok((inputs, Tensor::from_data(TensorData::new(classes, [batch.len()]), device)))
}

fn training_accuracy<M: Classifier>(
    model: &M,
    device: &Device,
    data: &dyn Dataset,
    labeled: &[(SampleId, Class)],
) -> Result<f64> {
    let model = model.valid();
    let device = device.clone().without_autodiff();
    let mut right = 0;
    for chunk in labeled.chunks(crate::burn_net::CHUNK) {
        let ids = chunk.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let output = model.forward(to_tensor(data.inputs(&ids)?, &device), &mut Noise::off());
        let logits = to_array(output.logits)?;
        for (row, (_, class)) in logits.outer_iter().zip(chunk) {
            right += usize::from(row.iter().all(|logit| *logit <= row[class.index()]));
        }
    }
    Ok(right as f64 / labeled.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets;
    use deepal_core::{InMemory, Meta};
    use ndarray::Array2;

    fn vectors(n: usize) -> (InMemory, Vec<(SampleId, Class)>) {
        let classes = ["a", "b"].map(String::from).to_vec();
        let meta = Meta { name: "vectors".into(), shape: [4, 1, 1], classes, range: vec![] };
        let inputs = Array2::from_shape_fn((n, 4), |(i, j)| ((i * 131 + j * 17) as f32).sin());
        let labeled = (0..n).map(|i| (SampleId::from(i), Class(u16::from(inputs[[i, 1]] > 0.0)))).collect();
        (InMemory::new(meta, inputs).unwrap(), labeled)
    }

    fn report(n: usize, training: Training) -> TrainReport {
        let (data, labeled) = vectors(n);
        let mut net = nets::by_name("mlp").unwrap().build(data.meta(), training).unwrap();
        net.train(&data, &labeled, 1).unwrap()
    }

    /// Trap D16: a fixed number of epochs is a handful of steps on a small labelled set.
    #[test]
    fn d16_the_adaptive_schedule_trains_on_twenty_labels() {
        assert_eq!(report(20, Training::epochs(10, 0.01, 0.5)).steps, 10);
        let adaptive = report(20, Training::adaptive());
        assert!(adaptive.steps >= 250);
        assert!(adaptive.accuracy.unwrap() >= 0.99);
    }

    #[test]
    fn epochs_are_whole_and_counted() {
        assert_eq!(report(130, Training::epochs(4, 0.01, 0.5)), TrainReport { steps: 12, accuracy: None });
    }

    #[test]
    fn the_adaptive_schedule_ends_even_if_the_labels_cannot_be_learnt() {
        let (data, mut labeled) = vectors(60);
        labeled.iter_mut().for_each(|(id, class)| *class = Class((mix(1, id.0.into()) % 2) as u16));
        let schedule = Schedule::Adaptive { min_steps: 5, max_steps: 40, accuracy: 1.1 };
        let training = Training { schedule, ..Training::adaptive() };
        let mut net = nets::by_name("mlp").unwrap().build(data.meta(), training).unwrap();
        assert_eq!(net.train(&data, &labeled, 1).unwrap().steps, 40);
    }
}
