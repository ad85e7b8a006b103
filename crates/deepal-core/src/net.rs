//! What the loop needs of a classifier.

use crate::dataset::{Dataset, Meta};
use crate::error::{Error, Result};
use crate::pool::{Class, SampleId};
use crate::signals::{Signal, Signals};
use ndarray::{Array2, ArrayD, ArrayView1};

/// What a net has learnt: its arrays by name, such as `fc1.weight`.
pub type StateDict = Vec<(String, ArrayD<f32>)>;

/// A classifier that can be refitted and can give signals about samples.
///
/// Any Burn module becomes one through `deepal_nn::BurnNet`; [`SoftmaxRegression`](crate::SoftmaxRegression) is one
/// without Burn.
#[diagnostic::on_unimplemented(
    note = "wrap a Burn module with `deepal_nn::BurnNet`; see `examples/custom_net.rs`"
)]
pub trait Net: Send {
    /// Its name, as on the command line.
    fn name(&self) -> &str;

    /// Whether it can provide a signal.
    fn supports(&self, signal: Signal) -> bool;

    /// Fits anew on the labelled samples, forgetting what it was. The same seed gives the same net.
    ///
    /// # Errors
    /// No labelled sample, or inputs that cannot be read.
    fn train(&mut self, data: &dyn Dataset, labeled: &[(SampleId, Class)], seed: u64) -> Result<TrainReport>;

    /// Computes all the signals asked for.
    ///
    /// # Errors
    /// The net is not trained, does not support a signal, or inputs cannot be read.
    fn signals(&mut self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>>;

    /// The probabilities of samples, `[ids.len(), c]`.
    ///
    /// # Errors
    /// The net is not trained, or inputs cannot be read.
    fn predict_proba(&mut self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Array2<f64>> {
        let ask = Ask { signals: &[Signal::Probs], unlabeled: ids, labeled: &[], seed: 0 };
        Ok(self.signals(data, &ask)?.probs()?.to_owned())
    }

    /// The most probable class of samples; ties go to the lower class.
    ///
    /// # Errors
    /// As [`predict_proba`](Net::predict_proba).
    fn predict(&mut self, data: &dyn Dataset, ids: &[SampleId]) -> Result<Vec<Class>> {
        Ok(self.predict_proba(data, ids)?.outer_iter().map(most_probable).collect())
    }

    /// What it has learnt, enough to predict the same to the bit. Names and shapes are PyTorch's, such as `fc1.weight`,
    /// `[outputs, inputs]`.
    ///
    /// # Errors
    /// The net is not trained, or is of a kind that does not give its weights.
    fn state_dict(&self) -> Result<StateDict> {
        Err(Error::NoState { net: self.name().into() })
    }

    /// Becomes the net that gave `state`, for samples of the shape and classes of `meta`. On an error it stays what it was.
    ///
    /// # Errors
    /// An array that is missing, too many, or of another shape; or a net of a kind that takes no weights.
    fn load_state_dict(&mut self, meta: &Meta, state: StateDict) -> Result<()> {
        let (_, _) = (meta, state);
        Err(Error::NoState { net: self.name().into() })
    }
}

/// The array of a name, taken out of a state.
///
/// # Errors
/// There is none, or it has another shape.
pub fn take(state: &mut StateDict, name: &str, shape: &[usize]) -> Result<ArrayD<f32>> {
    let at = state.iter().position(|(other, _)| other == name).ok_or_else(|| Error::Setting {
        what: "the weights".into(),
        why: format!("lack `{name}`; they are those of another net"),
    })?;
    let (name, array) = state.swap_remove(at);
    if array.shape() != shape {
        let (what, expected) = (format!("weights `{name}`"), format!("{shape:?}"));
        return Err(Error::Shape { what, expected, got: array.shape().to_vec() });
    }
    Ok(array)
}

/// Checks that everything in a state was taken.
///
/// # Errors
/// Names what is left.
pub fn check_taken(state: &StateDict) -> Result<()> {
    match state.first() {
        None => Ok(()),
        Some((name, _)) => Err(Error::Setting {
            what: "the weights".into(),
            why: format!("have `{name}`, which the net has not; they are those of another net"),
        }),
    }
}

/// The position of the largest probability, the first of equals.
pub fn most_probable(probs: ArrayView1<'_, f64>) -> Class {
    let larger = |best: (usize, f64), (i, p): (usize, &f64)| if *p > best.1 { (i, *p) } else { best };
    Class(probs.iter().enumerate().fold((0, f64::MIN), larger).0 as u16)
}

/// What is asked of [`Net::signals`].
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The signals wanted.
    pub signals: &'a [Signal],
    /// The candidates, one row each.
    pub unlabeled: &'a [SampleId],
    /// The samples of [`Signal::LabeledEmbeddings`].
    pub labeled: &'a [SampleId],
    /// The seed of dropout masks.
    pub seed: u64,
}

impl Ask<'_> {
    /// Checks that `net` can provide everything asked.
    ///
    /// # Errors
    /// Names the first signal that it cannot.
    pub fn check(&self, net: &dyn Net) -> Result<()> {
        match self.signals.iter().find(|signal| !net.supports(**signal)) {
            Some(signal) => Err(Error::Unsupported { net: net.name().into(), signal: signal.to_string() }),
            None => Ok(()),
        }
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
