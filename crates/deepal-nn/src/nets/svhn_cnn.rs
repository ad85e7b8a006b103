//! The paper's net for SVHN.

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
    name: "svhn-cnn",
    summary: "conv 3→32 k3; conv 32→32 k3, pool; conv 32→32 k3, channel dropout, pool; fc 1152→400; fc 400→50 (embedding), \
              dropout, fc 50→classes",
    shape: Some([3, 32, 32]),
    paper: Some(|| Training::epochs(20, 0.01, 0.5)),
    takes_training: true,
    build: |meta, training| Box::new(burn_net(&ENTRY, meta, training, SvhnCnn::init)),
};

#[derive(Module, Debug)]
struct SvhnCnn {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl SvhnCnn {
    fn init(n_classes: usize, device: &Device) -> Self {
        Self {
            conv1: conv([3, 32], 3, device),
            conv2: conv([32, 32], 3, device),
            conv3: conv([32, 32], 3, device),
            fc1: LinearConfig::new(1152, 400).init(device),
            fc2: LinearConfig::new(400, 50).init(device),
            fc3: LinearConfig::new(50, n_classes).init(device),
        }
    }
}

impl Classifier for SvhnCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = inputs.reshape([-1, 3, 32, 32]);
        let blocks = [
            Block::new(&self.conv1).relu(),        // [n, 32, 30, 30]
            Block::new(&self.conv2).pool().relu(), // [n, 32, 14, 14]
            Block::new(&self.conv3).pool().relu(), // [n, 32, 6, 6]
        ];
        convolve(x, &blocks).flatten(1, 3)
    }

    fn head(&self, trunk: Tensor<2>, noise: &mut Noise) -> Output {
        // Before pooling in the reference; the same to the bit, as in `mnist_cnn.rs`.
        let x = noise.dropout_channels(trunk.reshape([-1, 32, 6, 6]), 0.5);
        let x = dense(&self.fc1, x.flatten::<2>(1, 3)); // [n, 400]
        let embedding = dense(&self.fc2, x); // [n, 50]
        let logits = self.fc3.forward(noise.dropout(embedding.clone(), 0.5));
        Output { logits, embedding }
    }
}
