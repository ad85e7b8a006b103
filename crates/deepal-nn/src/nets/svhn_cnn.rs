//! The paper's net for SVHN.

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
    name: "svhn-cnn",
    summary: "conv 3→32 k3; conv 32→32 k3, pool; conv 32→32 k3, channel dropout, pool; fc 1152→400; fc 400→50 (embedding), \
              dropout, fc 50→classes",
    shape: Some([3, 32, 32]),
    paper: Some(|| Training::epochs(20, 0.01, 0.5)),
    takes_training: true,
    settings: Cnn::SETTINGS,
    build: |meta, options, given| {
        let Cnn { dropout } = made(&ENTRY, given)?;
        let init = move |n_classes, device: &Device| SvhnCnn::init(n_classes, dropout, device);
        Ok(Box::new(burn_net(&ENTRY, meta, options, init)))
    },
};

#[derive(Module, Debug)]
struct SvhnCnn {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
    dropout: f64,
}

impl SvhnCnn {
    fn init(n_classes: usize, dropout: f64, device: &Device) -> Self {
        Self {
            conv1: conv([3, 32], 3, device),
            conv2: conv([32, 32], 3, device),
            conv3: conv([32, 32], 3, device),
            fc1: LinearConfig::new(1152, 400).init(device),
            fc2: LinearConfig::new(400, 50).init(device),
            fc3: LinearConfig::new(50, n_classes).init(device),
            dropout,
        }
    }
}

impl Classifier for SvhnCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn last(&self) -> Option<&Linear> {
        Some(&self.fc3)
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
        let x = noise.dropout_channels(trunk.reshape([-1, 32, 6, 6]), self.dropout);
        let x = dense(&self.fc1, x.flatten::<2>(1, 3)); // [n, 400]
        let embedding = dense(&self.fc2, x); // [n, 50]
        let logits = self.fc3.forward(noise.dropout(embedding.clone(), self.dropout));
        Output { logits, embedding }
    }
}
