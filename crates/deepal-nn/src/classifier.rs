//! What a Burn module must do to become a net: [`Classifier`].

use crate::noise::Noise;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

/// A classifier as a Burn module.
///
/// ```
/// use burn::module::Module;
/// use burn::nn::{Linear, LinearConfig};
/// use burn::tensor::{Device, Tensor, activation::relu};
/// use deepal_nn::{Classifier, Noise, Output};
///
/// #[derive(Module, Debug)]
/// struct TwoLayers {
///     hidden: Linear,
///     last: Linear,
/// }
///
/// impl Classifier for TwoLayers {
///     fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
///         let embedding = relu(self.hidden.forward(inputs)); // [n, 16]
///         let logits = self.last.forward(noise.dropout(embedding.clone(), 0.5)); // [n, 3]
///         Output { logits, embedding }
///     }
/// }
///
/// let device = Device::default();
/// let net = TwoLayers { hidden: LinearConfig::new(4, 16).init(&device), last: LinearConfig::new(16, 3).init(&device) };
/// let output = net.forward(Tensor::zeros([5, 4], &device), &mut Noise::off());
/// assert_eq!(output.logits.dims(), [5, 3]);
/// ```
#[diagnostic::on_unimplemented(note = "see `examples/custom_net.rs` for a net in a few lines")]
pub trait Classifier: Module + 'static {
    /// Class scores and features of a batch.
    ///
    /// Dropout is called on `noise` (`noise.dropout(x, 0.5)`), which is on in training and Monte-Carlo passes. A net that
    /// uses Burn's own `Dropout` layer works too, but has no Monte-Carlo signals to give, and its masks come from a
    /// generator that all nets of the process share.
    ///
    /// # Shapes
    /// - inputs: `[n, channels · height · width]`, reshape as needed
    /// - logits: `[n, c]`, before softmax; embedding: `[n, d]`, the input of the last layer
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output;

    /// The part of [`forward`](Self::forward) before its first dropout, if the net can say where that is: Monte-Carlo passes
    /// then compute it once for each sample and only [`head`](Self::head) again. Such a net writes `forward` as
    /// `self.head(self.trunk(inputs), noise)`.
    ///
    /// # Shapes
    /// - inputs: `[n, channels · height · width]`, result: `[n, any]`
    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        inputs
    }

    /// The last layer, if it is one that turns the embedding into logits: for strategies that look at its weights.
    fn last(&self) -> Option<&Linear> {
        None
    }

    /// What is left of [`forward`](Self::forward) after [`trunk`](Self::trunk).
    ///
    /// # Shapes
    /// - trunk: `[n, any]`; the output is that of `forward`
    fn head(&self, trunk: Tensor<2>, noise: &mut Noise) -> Output {
        self.forward(trunk, noise)
    }
}

/// What a [`Classifier`] says about a batch.
#[derive(Debug, Clone)]
pub struct Output {
    /// Class scores before softmax, `[n, c]`.
    pub logits: Tensor<2>,
    /// The input of the last layer, before dropout, `[n, d]`.
    pub embedding: Tensor<2>,
}
