//! A multilayer perceptron for vectors, embeddings and small images.

use super::{Entry, burn_net};
use crate::burn_net::{Classifier, Output};
use crate::kernels::dense;
use crate::noise::Noise;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

pub(super) static ENTRY: Entry = Entry {
    name: "mlp",
    summary: "fc inputs→128; fc 128→64 (embedding), dropout, fc 64→classes; for items of any shape",
    shape: None,
    paper: None,
    takes_training: true,
    build: |meta, training| {
        let n_features = meta.n_features();
        Box::new(burn_net(&ENTRY, meta, training, move |n_classes, device| {
            Mlp::init(n_features, n_classes, device)
        }))
    },
};

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Mlp {
    fn init(n_features: usize, n_classes: usize, device: &Device) -> Self {
        Self {
            fc1: LinearConfig::new(n_features, 128).init(device),
            fc2: LinearConfig::new(128, 64).init(device),
            fc3: LinearConfig::new(64, n_classes).init(device),
        }
    }
}

impl Classifier for Mlp {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = dense(&self.fc1, inputs); // [n, 128]
        dense(&self.fc2, x) // [n, 64]
    }

    fn head(&self, embedding: Tensor<2>, noise: &mut Noise) -> Output {
        let logits = self.fc3.forward(noise.dropout(embedding.clone(), 0.5));
        Output { logits, embedding }
    }
}
