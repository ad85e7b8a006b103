//! The paper's net for CIFAR-10.

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
    name: "cifar-cnn",
    summary: "conv 3→32 k5; conv 32→32 k5, pool; conv 32→64 k5, pool; fc 1024→50 (embedding), dropout, fc 50→classes",
    shape: Some([3, 32, 32]),
    paper: Some(|| Training::epochs(20, 0.05, 0.3)),
    takes_training: true,
    settings: Cnn::SETTINGS,
    build: |meta, options, given| {
        let Cnn { dropout } = made(&ENTRY, given)?;
        let init = move |n_classes, device: &Device| CifarCnn::init(n_classes, dropout, device);
        Ok(Box::new(burn_net(&ENTRY, meta, options, init)))
    },
};

#[derive(Module, Debug)]
struct CifarCnn {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    fc1: Linear,
    fc2: Linear,
    dropout: f64,
}

impl CifarCnn {
    fn init(n_classes: usize, dropout: f64, device: &Device) -> Self {
        Self {
            conv1: conv([3, 32], 5, device),
            conv2: conv([32, 32], 5, device),
            conv3: conv([32, 64], 5, device),
            fc1: LinearConfig::new(1024, 50).init(device),
            fc2: LinearConfig::new(50, n_classes).init(device),
            dropout,
        }
    }
}

impl Classifier for CifarCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn last(&self) -> Option<&Linear> {
        Some(&self.fc2)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = inputs.reshape([-1, 3, 32, 32]);
        let blocks = [
            Block::new(&self.conv1).relu(),        // [n, 32, 28, 28]
            Block::new(&self.conv2).pool().relu(), // [n, 32, 12, 12]
            Block::new(&self.conv3).pool().relu(), // [n, 64, 4, 4]
        ];
        dense(&self.fc1, convolve(x, &blocks).flatten::<2>(1, 3)) // [n, 50]
    }

    fn head(&self, embedding: Tensor<2>, noise: &mut Noise) -> Output {
        let logits = self.fc2.forward(noise.dropout(embedding.clone(), self.dropout));
        Output { logits, embedding }
    }
}
