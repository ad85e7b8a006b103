//! What the loop needs of a classifier: a [`Net`] trains, the [`TrainedNet`] that comes out answers.

use crate::dataset::{Dataset, Meta};
use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use crate::score::most_probable;
use crate::signals::{Origin, Signal, Signals};
use ndarray::{Array2, ArrayD};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a net has learnt: its arrays by name, such as `fc1.weight`.
pub type StateDict = Vec<(String, ArrayD<f32>)>;

/// Called between two steps of a training; breaking cancels it.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Optimiser steps done.
    pub steps: usize,
    /// The most that there will be, where that is known.
    pub most: Option<usize>,
}

/// A classifier that can be fitted: its layers and how they are trained. It never changes; what it learns is a [`TrainedNet`].
///
/// Any Burn module becomes one through `deepal_nn::BurnNet`; [`SoftmaxRegression`](crate::SoftmaxRegression) is one
/// without Burn.
#[diagnostic::on_unimplemented(
    note = "wrap a Burn module with `deepal_nn::BurnNet`; see `examples/custom_net.rs`"
)]
pub trait Net: Send + Sync {
    /// Its name, as on the command line.
    fn name(&self) -> &str;

    /// Whether it can provide a signal once it is trained.
    fn supports(&self, signal: Signal) -> bool;

    /// Fits it on the labelled samples, from scratch. The same seed gives the same net. Calls `watch` between two steps.
    ///
    /// # Errors
    /// No labelled sample, inputs that cannot be read, or [`Error::Cancelled`] if `watch` broke.
    fn train(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(Arc<dyn TrainedNet>, TrainReport)>;

    /// The trained net that gave `state`, for samples of the shape and classes of `meta`.
    ///
    /// # Errors
    /// An array that is missing, too many, or of another shape; or a net of a kind that takes no weights.
    fn load_state_dict(&self, meta: &Meta, state: StateDict) -> Result<Arc<dyn TrainedNet>> {
        let (_, _) = (meta, state);
        Err(Error::NoState { net: self.name().into() })
    }
}

/// What a net has learnt: immutable, so that one thread may ask it while another trains the next.
pub trait TrainedNet: Send + Sync {
    /// The name of its net.
    fn name(&self) -> &str;

    /// Whether it can provide a signal; as its net says.
    fn supports(&self, signal: Signal) -> bool;

    /// Computes all the signals asked for.
    ///
    /// # Errors
    /// A signal that it does not support, or inputs that cannot be read.
    fn signals(&self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>>;

    /// The same; a net that trains others for it, as for a committee, calls `watch` between two steps of theirs.
    ///
    /// # Errors
    /// As [`signals`](Self::signals), or [`Error::Cancelled`] if `watch` broke.
    fn signals_watched(
        &self,
        data: &dyn Dataset,
        ask: &Ask<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Signals<'static>> {
        let _ = watch;
        self.signals(data, ask)
    }

    /// The probabilities of samples, `[ids.len(), c]`.
    ///
    /// # Errors
    /// Inputs that cannot be read.
    fn predict_proba(&self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Array2<f64>> {
        let ask = Ask { signals: &[Signal::Probs], unlabeled: ids, labeled: &[], seed: 0 };
        Ok(self.signals(data, &ask)?.probs()?.to_owned())
    }

    /// The most probable class of samples; ties go to the lower class.
    ///
    /// # Errors
    /// As [`predict_proba`](Self::predict_proba).
    fn predict(&self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Vec<Class>> {
        Ok(self.predict_proba(data, ids)?.outer_iter().map(most_probable).collect())
    }

    /// What it has learnt, enough to predict the same to the bit. Names and shapes are PyTorch's, such as `fc1.weight`,
    /// `[outputs, inputs]`.
    ///
    /// # Errors
    /// A net of a kind that does not give its weights.
    fn state_dict(&self) -> Result<StateDict> {
        Err(Error::NoState { net: self.name().into() })
    }
}

/// A net's weights, from which arrays are taken by name; see [`finish`](Self::finish).
#[derive(Debug)]
pub struct Weights(StateDict);

impl Weights {
    /// The arrays of a state.
    pub fn new(state: StateDict) -> Self {
        Self(state)
    }

    /// Takes the array of a name.
    ///
    /// # Errors
    /// There is none, or it has another shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<ArrayD<f32>> {
        let at = self.0.iter().position(|(other, _)| other == name).ok_or_else(|| Error::Setting {
            what: "the weights".into(),
            why: format!("lack `{name}`; they are those of another net"),
        })?;
        let (name, array) = self.0.swap_remove(at);
        if array.shape() != shape {
            let (what, expected) = (format!("weights `{name}`"), format!("{shape:?}"));
            return Err(Error::Shape { what, expected, got: array.shape().to_vec() });
        }
        Ok(array)
    }

    /// Checks that every array was taken.
    ///
    /// # Errors
    /// Names one that is left.
    pub fn finish(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::Setting {
                what: "the weights".into(),
                why: format!("have `{name}`, which the net has not; they are those of another net"),
            }),
        }
    }
}

/// What is asked of [`TrainedNet::signals`].
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The signals wanted.
    pub signals: &'a [Signal],
    /// The candidates, one row each.
    pub unlabeled: &'a [SampleId],
    /// The samples of the signals about labelled ones.
    pub labeled: &'a [SampleId],
    /// The seed of dropout masks.
    pub seed: u64,
}

/// Checks that a net can provide those of the signals that come from nets.
///
/// # Errors
/// Names the first that it cannot.
pub fn check_support(net: &str, supports: impl Fn(Signal) -> bool, signals: &[Signal]) -> Result<()> {
    let of_nets = signals.iter().filter(|signal| signal.kind().origin == Origin::Net);
    match of_nets.copied().find(|signal| !supports(*signal)) {
        Some(signal) => Err(Error::Unsupported { net: net.into(), signal: signal.to_string() }),
        None => Ok(()),
    }
}

/// How a training went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainReport {
    /// Optimiser steps taken.
    pub steps: usize,
    /// Share of the labelled samples that the net gets right; `None` where it was not measured.
    pub accuracy: Option<f64>,
}
