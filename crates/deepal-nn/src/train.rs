//! The training loop and its settings.

use crate::classifier::Classifier;
use crate::convert::{to_array, to_tensor};
use crate::kernels::{Adam, Sgd};
use crate::noise::Noise;
use crate::parallel::CHUNK;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use deepal_core::net::{Progress, Watch};
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
    /// Until the labels are learnt: at the end of the first epoch after `min_steps` optimiser steps at which the net,
    /// without dropout, gets the share `accuracy` of its labelled samples right; at the latest after `max_steps` and
    /// `epochs` epochs. Then the learning rate falls linearly to zero over `cooldown` times as many steps again, which
    /// takes the noise of the last batches out of the result.
    Adaptive {
        /// The least number of optimiser steps.
        min_steps: usize,
        /// The number of optimiser steps after which it does not matter whether `accuracy` is reached.
        max_steps: usize,
        /// The number of epochs before which `max_steps` does not count: large labelled sets have long epochs.
        epochs: usize,
        /// The training accuracy wanted, in `[0, 1]`.
        accuracy: f64,
        /// The steps with a falling learning rate, as a share of those before.
        cooldown: f64,
    },
}

impl Training {
    /// The schedule for labelled sets from a dozen to thousands: Adam at 0.001, batches of 32, at least 250 steps, until
    /// 99 % training accuracy or 2,000 steps (on large sets 10 epochs, if that is more), and half as many steps with a
    /// falling learning rate.
    pub fn adaptive() -> Self {
        Self {
            optimizer: Optimizer::Adam { learning_rate: 1e-3 },
            batch_size: 32,
            schedule: Schedule::Adaptive {
                min_steps: 250,
                max_steps: 2000,
                epochs: 10,
                accuracy: 0.99,
                cooldown: 0.5,
            },
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

impl Training {
    /// Checks that it can train at all.
    ///
    /// # Errors
    /// Names the first setting outside its range.
    pub fn check(&self) -> Result<()> {
        let mut rules = vec![
            ("batch_size", self.batch_size >= 1, "at least 1"),
            (
                "learning_rate",
                self.optimizer.learning_rate().is_finite() && self.optimizer.learning_rate() > 0.0,
                "above 0",
            ),
        ];
        if let Optimizer::Sgd { momentum, .. } = self.optimizer {
            rules.push(("momentum", (0.0..1.0).contains(&momentum), "at least 0 and below 1"));
        }
        match self.schedule {
            Schedule::Epochs { epochs } => {
                rules.push(("epochs", (1..1_000_000).contains(&epochs), "between 1 and 999999"))
            }
            Schedule::Adaptive { min_steps, max_steps, epochs: _, accuracy, cooldown } => rules.extend([
                ("max_steps", max_steps >= min_steps.max(1), "at least 1 and min_steps"),
                ("accuracy", (0.0..=1.0).contains(&accuracy), "between 0 and 1"),
                ("cooldown", (0.0..=100.0).contains(&cooldown), "between 0 and 100"),
            ]),
        }
        match rules.into_iter().find(|(_, holds, _)| !holds) {
            Some((what, _, range)) => {
                Err(Error::Setting { what: format!("training: {what}"), why: format!("must be {range}") })
            }
            None => Ok(()),
        }
    }
}

impl Training {
    /// The most steps that a training on so many labels can take.
    fn most_steps(&self, labels: usize) -> usize {
        let epoch = labels.div_ceil(self.batch_size);
        match self.schedule {
            Schedule::Epochs { epochs } => epochs.saturating_mul(epoch),
            Schedule::Adaptive { max_steps, epochs, cooldown, .. } => {
                // The schedule is looked at between epochs.
                let most = max_steps.next_multiple_of(epoch.max(1)).max(epochs.saturating_mul(epoch));
                most + (most as f64 * cooldown).ceil() as usize
            }
        }
    }
}

impl Optimizer {
    fn init(self) -> ModuleOptimizer {
        match self {
            Optimizer::Sgd { momentum, .. } => Sgd { momentum: momentum as f32 }.into(),
            Optimizer::Adam { .. } => Adam.into(),
        }
    }

    fn learning_rate(self) -> f64 {
        match self {
            Optimizer::Sgd { learning_rate, .. } | Optimizer::Adam { learning_rate } => learning_rate,
        }
    }
}

/// Trains `model` with the cross-entropy of the labelled samples; order and dropout come from `seed`. `watch` is called between two
/// steps and cancels by breaking.
pub(crate) fn train<M: Classifier>(
    mut model: M,
    device: &Device,
    training: &Training,
    data: &dyn Dataset,
    labeled: &[(SampleId, Class)],
    seed: u64,
    watch: &mut Watch<'_>,
) -> Result<(M, TrainReport)> {
    training.check()?;
    let most = training.most_steps(labeled.len());
    let mut optimizer = training.optimizer.init();
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let mut steps = 0;
    let mut cooling: Option<Cooling> = None;
    for epoch in 0.. {
        let order = select::random(labeled.len(), labeled.len(), mix(seed, epoch));
        let mut loss = None;
        let mut batches = order.chunks(training.batch_size);
        let mut next = batches.next().map(|batch| gather(data, labeled, batch, device));
        while let Some(batch) = next {
            let (inputs, classes) = batch?;
            if watch(Progress { steps, most: Some(most) }).is_break() {
                return Err(Error::Cancelled);
            }
            let rate =
                training.optimizer.learning_rate() * cooling.map_or(1.0, |cooling| cooling.factor(steps));
            let step = || {
                let rows = (0..classes.dims()[0] as u64).collect();
                let output = model.forward(inputs, &mut Noise::on(mix(seed, !(steps as u64)), rows));
                let error = cross_entropy.forward(output.logits, classes);
                let gradients = GradientsParams::from_grads(error.backward(), &model);
                (optimizer.step(rate, model, gradients), error)
            };
            // An idle thread prepares the next batch meanwhile.
            let after = || batches.next().map(|batch| gather(data, labeled, batch, device));
            let ((stepped, error), after) = rayon::join(step, after);
            model = stepped;
            steps += 1;
            loss = Some(error);
            next = after.filter(|_| cooling.is_none_or(|cooling| steps < cooling.to));
        }
        if let Some(loss) = loss.map(|loss| loss.into_scalar::<f32>()).filter(|loss| !loss.is_finite()) {
            let why = format!("diverged: the loss is {loss} after {steps} steps; lower the learning rate");
            return Err(Error::Setting { what: "training".into(), why });
        }
        match training.schedule {
            Schedule::Epochs { epochs } if epoch + 1 >= epochs as u64 => {
                return Ok((model, TrainReport { steps, accuracy: None }));
            }
            Schedule::Adaptive { min_steps, max_steps, epochs, accuracy, cooldown } => {
                if cooling.is_none() && steps >= min_steps {
                    let learnt = training_accuracy(&model, device, data, labeled)? >= accuracy;
                    let enough = steps >= max_steps && epoch + 1 >= epochs as u64;
                    cooling = (learnt || enough).then(|| Cooling::new(steps, cooldown));
                }
                if cooling.is_some_and(|cooling| steps >= cooling.to) {
                    let accuracy = Some(training_accuracy(&model, device, data, labeled)?);
                    return Ok((model, TrainReport { steps, accuracy }));
                }
            }
            Schedule::Epochs { .. } => {}
        }
    }
    Err(Error::NothingLabeled)
}

/// The steps during which the learning rate falls to zero.
#[derive(Clone, Copy)]
struct Cooling {
    from: usize,
    to: usize,
}

impl Cooling {
    fn new(steps: usize, cooldown: f64) -> Self {
        Self { from: steps, to: steps + (steps as f64 * cooldown).ceil() as usize }
    }

    /// From 1 at the first of its steps towards 0 after the last.
    fn factor(self, step: usize) -> f64 {
        (self.to - step) as f64 / (self.to - self.from) as f64
    }
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
    for chunk in labeled.chunks(CHUNK) {
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
        let options = nets::Options { training, ..Default::default() };
        let net = nets::build("mlp", data.meta(), &options).unwrap();
        let (mut calls, mut most) = (0, 0);
        let watch = &mut |progress: Progress| {
            assert_eq!(progress.steps, calls, "once a step");
            (calls, most) = (calls + 1, progress.most.unwrap());
            std::ops::ControlFlow::Continue(())
        };
        let (_, report) = net.train(&data, &labeled, 1, watch).unwrap();
        assert!(report.steps == calls && calls <= most, "{calls} of {most}");
        report
    }

    /// Trap D16: a fixed number of epochs is a handful of steps on a small labelled set.
    #[test]
    fn d16_the_adaptive_schedule_trains_on_twenty_labels() {
        assert_eq!(report(20, Training::epochs(10, 0.01, 0.5)).steps, 10);
        let adaptive = report(20, Training::adaptive());
        assert_eq!(adaptive.steps, 375, "250, and half as many to cool down");
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
        let schedule = |epochs| Schedule::Adaptive {
            min_steps: 5,
            max_steps: 40,
            epochs,
            accuracy: 1.0,
            cooldown: 0.25,
        };
        // Two steps an epoch: 40 steps are 20 epochs.
        for (epochs, steps) in [(10, 50), (30, 75)] {
            let training = Training { schedule: schedule(epochs), ..Training::adaptive() };
            let options = nets::Options { training, ..Default::default() };
            let net = nets::build("mlp", data.meta(), &options).unwrap();
            let (_, report) =
                net.train(&data, &labeled, 1, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
            assert_eq!(report.steps, steps);
        }
    }
}
