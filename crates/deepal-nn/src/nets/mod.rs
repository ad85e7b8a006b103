//! The nets that come with `deepal`: one file each, one list.

mod cifar_cnn;
mod head;
mod mlp;
mod mnist_cnn;
mod softmax_regression;
mod svhn_cnn;

use crate::burn_net::{BurnNet, Classifier};
use crate::train::Training;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::Device;
use deepal_core::{Error, Meta, Net, Result};

/// All there is to know about a net of the list.
#[derive(Debug)]
pub struct Entry {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// Its layers, in one line.
    pub summary: &'static str,
    /// The input it takes, `[channels, height, width]`; `None`: any.
    pub shape: Option<[usize; 3]>,
    /// How the paper's reference trains it; `None` for a net that is not the paper's.
    pub paper: Option<fn() -> Training>,
    /// Whether [`Training`] means anything to it; softmax regression always goes to its optimum.
    pub takes_training: bool,
    build: fn(&Meta, Training) -> Box<dyn Net>,
}

impl Entry {
    /// The net for a data set.
    ///
    /// # Errors
    /// The data set's items have another shape than the net takes.
    pub fn build(&self, meta: &Meta, training: Training) -> Result<Box<dyn Net>> {
        match self.shape.filter(|shape| *shape != meta.shape) {
            None => Ok((self.build)(meta, training)),
            Some(shape) => Err(Error::Shape {
                what: format!("for net `{}`, an item of data set `{}`", self.name, meta.name),
                expected: format!("{shape:?} (`mlp` takes any shape)"),
                got: meta.shape.to_vec(),
            }),
        }
    }
}

/// All nets.
pub static ALL: &[&Entry] = &[
    &mnist_cnn::ENTRY,
    &svhn_cnn::ENTRY,
    &cifar_cnn::ENTRY,
    &mlp::ENTRY,
    &head::ENTRY,
    &softmax_regression::ENTRY,
];

/// The entry of a name, in upper or lower case.
///
/// # Errors
/// No net is called so; the message suggests the nearest name.
pub fn by_name(name: &str) -> Result<&'static Entry> {
    ALL.iter().copied().find(|entry| entry.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::UnknownName {
            kind: "net",
            name: name.into(),
            known: ALL.iter().map(|entry| entry.name).collect(),
        }
    })
}

/// A [`BurnNet`] named after its entry; `init` gets the number of classes.
fn burn_net<M: Classifier>(
    entry: &Entry,
    meta: &Meta,
    training: Training,
    init: impl Fn(usize, &Device) -> M + Send + 'static,
) -> BurnNet<M> {
    let n_classes = meta.classes.len();
    BurnNet::new(entry.name, training, move |device| init(n_classes, device))
}

/// An unpadded square convolution. Burn's default initialisation is PyTorch's, uniform ±1/√fan_in.
fn conv(channels: [usize; 2], kernel: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel]).init(device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepal_core::{Class, InMemory, SampleId, contract};
    use ndarray::Array2;

    fn noise_images(shape: [usize; 3], n: usize) -> (InMemory, Vec<(SampleId, Class)>) {
        let classes = (0..10).map(|class| class.to_string()).collect();
        let meta = Meta { name: "noise".into(), shape, classes, range: vec![] };
        let inputs =
            Array2::from_shape_fn((n, meta.n_features()), |(i, j)| ((i * 7919 + j * 31) as f32).sin());
        (
            InMemory::new(meta, inputs).unwrap(),
            (0..n / 2).map(|i| (SampleId::from(i), Class((i % 10) as u16))).collect(),
        )
    }

    fn quick() -> Training {
        Training::epochs(1, 0.01, 0.5)
    }

    #[test]
    fn every_net_passes_the_contract() {
        for entry in ALL {
            let (data, labeled) = noise_images(entry.shape.unwrap_or([5, 1, 1]), 40);
            let mut net = entry.build(deepal_core::Dataset::meta(&data), quick()).unwrap();
            assert_eq!(net.name(), entry.name);
            contract::check_net(net.as_mut(), &data, &labeled).unwrap();
        }
    }

    #[test]
    fn a_wrong_shape_is_explained() {
        let (data, _) = noise_images([3, 8, 8], 2);
        let error =
            mnist_cnn::ENTRY.build(deepal_core::Dataset::meta(&data), quick()).err().unwrap().to_string();
        assert!(error.contains("an item of data set `noise` must be [1, 28, 28]"), "{error}");
    }

    /// Trap D2: the reference takes the number of classes from the labels of the pool.
    #[test]
    fn d2_a_class_without_a_label_keeps_its_column() {
        let (data, labeled) = noise_images([5, 1, 1], 40);
        let two = labeled.into_iter().filter(|(_, class)| class.0 < 2).collect::<Vec<_>>();
        for entry in [&mlp::ENTRY, &head::ENTRY, &softmax_regression::ENTRY] {
            let mut net = entry.build(deepal_core::Dataset::meta(&data), quick()).unwrap();
            net.train(&data, &two, 1).unwrap();
            assert_eq!(net.predict_proba(&data, &SampleId::first(3)).unwrap().dim(), (3, 10));
        }
    }
}
