//! Softmax regression, the core's own net.

use super::Entry;
use deepal_core::SoftmaxRegression;

pub(super) static ENTRY: Entry = Entry {
    name: "softmax-regression",
    summary: "a linear classifier with weight decay, trained near its optimum; the embedding is the input; no dropout",
    shape: None,
    paper: None,
    takes_training: false,
    build: |_meta, _training| Box::new(SoftmaxRegression::default()),
};
