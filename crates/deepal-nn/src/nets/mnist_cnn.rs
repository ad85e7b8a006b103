//! The paper's net for MNIST and Fashion-MNIST.

use super::{Entry, burn_net, conv};
use crate::burn_net::{Classifier, Output};
use crate::kernels::{Block, convolve, dense};
use crate::noise::Noise;
use crate::train::Training;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

pub(super) static ENTRY: Entry = Entry {
    name: "mnist-cnn",
    summary: "conv 1→10 k5, pool; conv 10→20 k5, channel dropout, pool; fc 320→50 (embedding), dropout, fc 50→classes",
    shape: Some([1, 28, 28]),
    paper: Some(|| Training::epochs(10, 0.01, 0.5)),
    takes_training: true,
    build: |meta, training| Box::new(burn_net(&ENTRY, meta, training, MnistCnn::init)),
};

#[derive(Module, Debug)]
struct MnistCnn {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
}

impl MnistCnn {
    fn init(n_classes: usize, device: &Device) -> Self {
        Self {
            conv1: conv([1, 10], 5, device),
            conv2: conv([10, 20], 5, device),
            fc1: LinearConfig::new(320, 50).init(device),
            fc2: LinearConfig::new(50, n_classes).init(device),
        }
    }
}

impl Classifier for MnistCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = inputs.reshape([-1, 1, 28, 28]);
        let blocks = [Block::new(&self.conv1).pool().relu(), Block::new(&self.conv2).pool().relu()];
        convolve(x, &blocks).flatten(1, 3) // [n, 20 · 4 · 4]
    }

    fn head(&self, trunk: Tensor<2>, noise: &mut Noise) -> Output {
        // The reference drops channels before pooling. A mask of zeros and one positive factor may as well come after: the
        // maximum is at the same place, and the results are the same to the bit.
        let x = noise.dropout_channels(trunk.reshape([-1, 20, 4, 4]), 0.5);
        let embedding = dense(&self.fc1, x.flatten::<2>(1, 3)); // [n, 50]
        let logits = self.fc2.forward(noise.dropout(embedding.clone(), 0.5));
        Output { logits, embedding }
    }
}
