//! The paper's net for MNIST and Fashion-MNIST.

use super::cnn::Cnn;
use super::{Entry, burn_net, conv, made};
use crate::classifier::{Classifier, Output};
use crate::kernels::{Block, convolve, dense};
use crate::noise::Noise;
use crate::train::Training;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use deepal_core::settings::Settings;

pub(super) static ENTRY: Entry = Entry {
    name: "mnist-cnn",
    summary: "conv 1→10 k5, pool; conv 10→20 k5, channel dropout, pool; fc 320→50 (embedding), dropout, fc 50→classes",
    shape: Some([1, 28, 28]),
    paper: Some(|| Training::epochs(10, 0.01, 0.5)),
    takes_training: true,
    settings: Cnn::SETTINGS,
    build: |meta, options, given| {
        let Cnn { dropout } = made(&ENTRY, given)?;
        let init = move |n_classes, device: &Device| MnistCnn::init(n_classes, dropout, device);
        Ok(Box::new(burn_net(&ENTRY, meta, options, init)))
    },
};

#[derive(Module, Debug)]
struct MnistCnn {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    dropout: f64,
}

impl MnistCnn {
    fn init(n_classes: usize, dropout: f64, device: &Device) -> Self {
        Self {
            conv1: conv([1, 10], 5, device),
            conv2: conv([10, 20], 5, device),
            fc1: LinearConfig::new(320, 50).init(device),
            fc2: LinearConfig::new(50, n_classes).init(device),
            dropout,
        }
    }
}

impl Classifier for MnistCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn last(&self) -> Option<&Linear> {
        Some(&self.fc2)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = inputs.reshape([-1, 1, 28, 28]);
        let blocks = [Block::new(&self.conv1).pool().relu(), Block::new(&self.conv2).pool().relu()];
        convolve(x, &blocks).flatten(1, 3) // [n, 20 · 4 · 4]
    }

    fn head(&self, trunk: Tensor<2>, noise: &mut Noise) -> Output {
        // The reference drops channels before pooling. A mask of zeros and one positive factor may as well come after: the
        // maximum is at the same place, and the results are the same to the bit.
        let x = noise.dropout_channels(trunk.reshape([-1, 20, 4, 4]), self.dropout);
        let embedding = dense(&self.fc1, x.flatten::<2>(1, 3)); // [n, 50]
        let logits = self.fc2.forward(noise.dropout(embedding.clone(), self.dropout));
        Output { logits, embedding }
    }
}
