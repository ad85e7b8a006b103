//! A multilayer perceptron for vectors, embeddings and small images.

use super::{Entry, burn_net, made};
use crate::classifier::{Classifier, Output};
use crate::kernels::dense;
use crate::noise::Noise;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use deepal_core::settings::Settings;

pub(super) static ENTRY: Entry = Entry {
    name: "mlp",
    summary: "fc inputs→128; fc 128→64 (embedding), dropout, fc 64→classes; for items of any shape",
    shape: None,
    paper: None,
    takes_training: true,
    settings: Mlp::SETTINGS,
    build: |meta, options, given| {
        let (n_features, settings) = (meta.n_features(), made::<Mlp>(&ENTRY, given)?);
        let init = move |n_classes, device: &Device| Layers::init(n_features, n_classes, &settings, device);
        Ok(Box::new(burn_net(&ENTRY, meta, options, init)))
    },
};

deepal_core::settings! {
    /// Settings of the net `mlp`.
    pub struct Mlp {
        /// Units of the first hidden layer.
        hidden: usize = 128, Integer(1, 65_536), "our own";
        /// Units of the second, the size of an embedding.
        embedding: usize = 64, Integer(1, 65_536), "our own";
        /// The probability that a unit is dropped in training and Monte-Carlo passes.
        dropout: f64 = 0.5, Number(0.0, 0.95), "Srivastava et al., JMLR 2014";
    }
}

#[derive(Module, Debug)]
struct Layers {
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
    dropout: f64,
}

impl Layers {
    fn init(n_features: usize, n_classes: usize, settings: &Mlp, device: &Device) -> Self {
        Self {
            fc1: LinearConfig::new(n_features, settings.hidden).init(device),
            fc2: LinearConfig::new(settings.hidden, settings.embedding).init(device),
            fc3: LinearConfig::new(settings.embedding, n_classes).init(device),
            dropout: settings.dropout,
        }
    }
}

impl Classifier for Layers {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        self.head(self.trunk(inputs), noise)
    }

    fn last(&self) -> Option<&Linear> {
        Some(&self.fc3)
    }

    fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
        let x = dense(&self.fc1, inputs); // [n, hidden]
        dense(&self.fc2, x) // [n, embedding]
    }

    fn head(&self, embedding: Tensor<2>, noise: &mut Noise) -> Output {
        let logits = self.fc3.forward(noise.dropout(embedding.clone(), self.dropout));
        Output { logits, embedding }
    }
}
