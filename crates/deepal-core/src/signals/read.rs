//! The arrays of [`Signals`] by their names.

use super::Signals;
use super::kind::{Attack, Signal};
use super::values::Values;
use crate::calibration::Calibration;
use crate::error::{Error, Result};
use crate::ids::Class;
use ndarray::{ArrayView, ArrayView1, ArrayView2, ArrayView3, Dimension, Ix1, IxDyn};

impl Signals<'_> {
    /// The probabilities, `[n, c]`, each row summing to 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn probs(&self) -> Result<ArrayView2<'_, f64>> {
        self.double(Signal::Probs)
    }

    /// The probabilities of each pass, `[t, n, c]`, t ≥ 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn mc_probs(&self) -> Result<ArrayView3<'_, f64>> {
        self.double(Signal::McProbs { passes: 0, shared: false })
    }

    /// The probabilities of each net of a committee, `[t, n, c]`, t ≥ 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn member_probs(&self) -> Result<ArrayView3<'_, f64>> {
        self.double(Signal::MemberProbs { members: 0 })
    }

    /// The candidates' embeddings, `[n, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::Embeddings)
    }

    /// The labelled samples' embeddings, `[m, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::LabeledEmbeddings)
    }

    /// The distances to the decision boundary, `[n]`, not NaN, not negative.
    ///
    /// # Errors
    /// They were not given.
    pub fn boundary_distances(&self) -> Result<ArrayView1<'_, f64>> {
        // They are kept as one signal, whichever attack measured them.
        self.double(Signal::BoundaryDistance(Attack::Bim { eps: 0.0, max_steps: 0 })).map_err(|error| {
            match error {
                Error::MissingSignal { .. } => Error::MissingSignal { signal: "boundary distances".into() },
                other => other,
            }
        })
    }

    /// What cross-validation says of the probabilities.
    ///
    /// # Errors
    /// It was not given.
    pub fn calibration(&self) -> Result<Calibration> {
        let numbers = self.double::<Ix1>(Signal::Calibration)?;
        Ok(Calibration { temperature: numbers[0], accuracy: numbers[1] })
    }

    /// The classes of the labelled samples, `[m]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labels(&self) -> Result<ArrayView1<'_, Class>> {
        match self.get(Signal::Labels)? {
            Values::Classes(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: Signal::Labels.to_string() }),
        }
    }

    /// The probabilities of the labelled samples, `[m, c]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_probs(&self) -> Result<ArrayView2<'_, f64>> {
        self.double(Signal::LabeledProbs)
    }

    /// The weights of the last layer, `[c, d]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn head_weights(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::HeadWeights)
    }

    /// The biases of the last layer, `[c]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn head_biases(&self) -> Result<ArrayView1<'_, f32>> {
        self.single(Signal::HeadBiases)
    }

    /// The candidates' features by a fixed encoder, `[n, e]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn features(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::Features)
    }

    /// The labelled samples' features by a fixed encoder, `[m, e]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_features(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::LabeledFeatures)
    }

    /// A signal of your own, `[n, ...]`.
    ///
    /// # Errors
    /// It was not given.
    pub fn named(&self, name: &'static str) -> Result<ArrayView<'_, f32, IxDyn>> {
        self.single(Signal::Named(name))
    }

    fn double<D: Dimension>(&self, signal: Signal) -> Result<ArrayView<'_, f64, D>> {
        match self.get(signal)? {
            Values::Double(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: signal.to_string() }),
        }
    }

    fn single<D: Dimension>(&self, signal: Signal) -> Result<ArrayView<'_, f32, D>> {
        match self.get(signal)? {
            Values::Single(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: signal.to_string() }),
        }
    }
}
