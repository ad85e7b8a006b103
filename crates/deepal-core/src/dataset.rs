//! Where inputs come from: [`Dataset`], its [`Meta`], and [`Data`], a published set with its hidden labels.

use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use ndarray::Array2;
use std::sync::Arc;

/// The inputs of some samples. There is no way to ask it for a label.
///
/// The paper's `handler` is [`inputs`](Dataset::inputs): what comes out is what a net takes in.
pub trait Dataset: Send + Sync {
    /// What the samples are.
    fn meta(&self) -> &Meta;

    /// How many samples there are.
    fn len(&self) -> usize;

    /// The preprocessed inputs of `ids`, one row each: `[ids.len(), meta().n_features()]`.
    ///
    /// # Errors
    /// An unknown id, or a sample that cannot be read.
    fn inputs(&self, ids: &[SampleId]) -> Result<Array2<f32>>;

    /// Features of `ids` by a fixed encoder, which do not change while nets learn, `[ids.len(), e]`: the inputs, if these are vectors.
    ///
    /// # Errors
    /// Samples that are no vectors and have no such features, an unknown id, or a sample that cannot be read.
    fn features(&self, ids: &[SampleId]) -> Result<Array2<f32>> {
        match self.meta().shape {
            [_, 1, 1] => self.inputs(ids),
            _ => Err(Error::Setting {
                what: format!("data set `{}`", self.meta().name),
                why: "has pictures and no features of a fixed encoder; compute embeddings with a pretrained net first"
                    .into(),
            }),
        }
    }

    /// Whether there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the samples of a data set are.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// The set's name, as on the command line.
    pub name: String,
    /// The shape of one item: `[channels, height, width]`; a vector of `d` numbers is `[d, 1, 1]`.
    pub shape: [usize; 3],
    /// The declared classes, in the order of [`Class`].
    pub classes: Vec<String>,
    /// For each channel the least and the greatest valid input value; empty when there are no such limits.
    /// Adversarial perturbations are clipped to it.
    pub range: Vec<(f32, f32)>,
}

impl Meta {
    /// The numbers in one item: `channels · height · width`.
    pub fn n_features(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A labelled set as published: the paper's `Data` with `X_train`, `Y_train`, `X_test`, `Y_test`.
///
/// Learners get [`train`](Data::train) alone; the labels go to an oracle.
#[derive(Clone)]
pub struct Data {
    /// The training inputs, the pool.
    pub train: Arc<dyn Dataset>,
    /// The hidden labels of the pool.
    pub train_labels: Arc<[Class]>,
    /// The test inputs.
    pub test: Arc<dyn Dataset>,
    /// The test labels.
    pub test_labels: Arc<[Class]>,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Data({}: {} + {})", self.train.meta().name, self.train.len(), self.test.len())
    }
}

impl Data {
    /// Joins inputs and labels.
    ///
    /// # Errors
    /// As many labels as inputs are needed, each of a declared class; training and test items must be of one shape and have
    /// the same classes.
    pub fn new(
        train: Arc<dyn Dataset>,
        train_labels: Vec<Class>,
        test: Arc<dyn Dataset>,
        test_labels: Vec<Class>,
    ) -> Result<Self> {
        for (what, data, labels) in [("train", &train, &train_labels), ("test", &test, &test_labels)] {
            if data.len() != labels.len() {
                let expected = format!("one for each of the {} samples", data.len());
                return Err(Error::Shape {
                    what: format!("{what} labels"),
                    expected,
                    got: vec![labels.len()],
                });
            }
            let n_classes = data.meta().classes.len();
            if let Some(&class) = labels.iter().find(|class| class.index() >= n_classes) {
                return Err(Error::UnknownClass { class, n_classes });
            }
        }
        let (a, b) = (train.meta(), test.meta());
        if a.shape != b.shape || a.classes != b.classes {
            return Err(Error::Setting {
                what: "the test set".into(),
                why: format!(
                    "must be like the training set: items of {:?} and {} classes against {:?} and {}",
                    a.shape,
                    a.classes.len(),
                    b.shape,
                    b.classes.len()
                ),
            });
        }
        Ok(Self { train, train_labels: train_labels.into(), test, test_labels: test_labels.into() })
    }

    /// The same data with only the first `n` training samples as the pool.
    ///
    /// # Errors
    /// More than there are, or none.
    pub fn with_pool(self, n: usize) -> Result<Self> {
        if n == 0 || n > self.train.len() {
            let why =
                format!("must be between 1 and {}, the size of the training set, got {n}", self.train.len());
            return Err(Error::Setting { what: "pool".into(), why });
        }
        let train_labels = self.train_labels[..n].into();
        Ok(Self { train: Arc::new(First { data: self.train, n }), train_labels, ..self })
    }
}

/// The first `n` samples of a data set.
struct First {
    data: Arc<dyn Dataset>,
    n: usize,
}

impl Dataset for First {
    fn meta(&self) -> &Meta {
        self.data.meta()
    }

    fn len(&self) -> usize {
        self.n
    }

    fn inputs(&self, ids: &[SampleId]) -> Result<Array2<f32>> {
        match ids.iter().find(|id| id.index() >= self.n) {
            Some(&id) => Err(Error::UnknownSample { id, len: self.n }),
            None => self.data.inputs(ids),
        }
    }

    fn features(&self, ids: &[SampleId]) -> Result<Array2<f32>> {
        match ids.iter().find(|id| id.index() >= self.n) {
            Some(&id) => Err(Error::UnknownSample { id, len: self.n }),
            None => self.data.features(ids),
        }
    }
}

/// Inputs held in memory as they are fed to the net: embeddings, tables, anything small.
#[derive(Debug, Clone)]
pub struct InMemory {
    meta: Meta,
    inputs: Array2<f32>,
}

impl InMemory {
    /// A data set of the rows of `inputs`, `[n, d]`.
    ///
    /// # Errors
    /// A width other than `meta.n_features()`, or a value that is not finite.
    pub fn new(meta: Meta, inputs: Array2<f32>) -> Result<Self> {
        if inputs.ncols() != meta.n_features() {
            let expected = format!("[n, {}]", meta.n_features());
            return Err(Error::Shape { what: "inputs".into(), expected, got: inputs.shape().to_vec() });
        }
        for (row, values) in inputs.outer_iter().enumerate() {
            if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
                return Err(Error::NotFinite { what: "inputs", row, value: value.into() });
            }
        }
        Ok(Self { meta, inputs })
    }
}

impl Dataset for InMemory {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn len(&self) -> usize {
        self.inputs.nrows()
    }

    fn inputs(&self, ids: &[SampleId]) -> Result<Array2<f32>> {
        let rows = ids.iter().map(|id| id.index()).collect::<Vec<_>>();
        match rows.iter().position(|row| *row >= self.len()) {
            Some(at) => Err(Error::UnknownSample { id: ids[at], len: self.len() }),
            None => Ok(self.inputs.select(ndarray::Axis(0), &rows)),
        }
    }
}
