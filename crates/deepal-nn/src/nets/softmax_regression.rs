//! Softmax regression, the core's own net.

use super::{Entry, made};
use deepal_core::SoftmaxRegression;
use deepal_core::settings::Settings;

pub(super) static ENTRY: Entry = Entry {
    name: "softmax-regression",
    summary: "a linear classifier with weight decay, trained near its optimum; the embedding is the input; no dropout",
    shape: None,
    paper: None,
    takes_training: false,
    settings: Softmax::SETTINGS,
    build: |_meta, _options, given| {
        let Softmax { penalty } = made(&ENTRY, given)?;
        Ok(Box::new(SoftmaxRegression::new(penalty as f32)))
    },
};

deepal_core::settings! {
    /// Settings of the net `softmax-regression`.
    pub struct Softmax {
        /// The weight decay `l`: the loss is the mean cross-entropy plus `l / 2 · ‖W‖²`.
        penalty: f64 = 1e-3, Number(0.0, 1e6), "our own";
    }
}
