//! The nets that come with `deepal`: one file each, one list.

mod cifar_cnn;
mod cnn;
mod head;
mod mlp;
mod mnist_cnn;
mod softmax_regression;
mod svhn_cnn;

use crate::burn_net::BurnNet;
use crate::classifier::Classifier;
use crate::device::Device;
use crate::train::Training;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use deepal_core::settings::{self, Given, Setting, Settings, Spec, is_same_name};
use deepal_core::{Error, Meta, Net, Result};

pub use cnn::Cnn;
pub use head::Head;
pub use mlp::Mlp;
pub use softmax_regression::Softmax;

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
    /// Its settings.
    pub settings: &'static [Setting],
    build: fn(&Meta, &Options, &Given) -> Result<Box<dyn Net>>,
}

/// Options that all nets share, besides their settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How it is trained, for those that [take it](Entry::takes_training).
    pub training: Training,
    /// Where it is computed.
    pub device: Device,
}

impl Default for Options {
    /// Until the labels are learnt, on the processor.
    fn default() -> Self {
        Self { training: Training::adaptive(), device: Device::default() }
    }
}

/// The settings of a net, over its defaults.
fn made<S: Settings>(entry: &Entry, given: &Given) -> Result<S> {
    S::from_given(&format!("net `{}`", entry.name), given)
}

impl Entry {
    /// The net for a data set.
    ///
    /// # Errors
    /// The data set's items have another shape than the net takes, or a setting that it has not or that is out of range.
    pub fn build(&self, meta: &Meta, options: &Options, given: &Given) -> Result<Box<dyn Net>> {
        match self.shape.filter(|shape| *shape != meta.shape) {
            None => (self.build)(meta, options, given),
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

/// The entry of a name, as [`is_same_name`] says.
///
/// # Errors
/// No net is called so; the message suggests the nearest name.
pub fn by_name(name: &str) -> Result<&'static Entry> {
    ALL.iter().copied().find(|entry| is_same_name(entry.name, name)).ok_or_else(|| Error::UnknownName {
        kind: "net",
        name: name.into(),
        known: ALL.iter().map(|entry| entry.name).collect(),
    })
}

/// The net of a name with settings, as in `head(width=64)`, for a data set.
///
/// # Errors
/// An unknown name, an unknown setting, a value out of range, or items of another shape than the net takes.
pub fn build(text: &str, meta: &Meta, options: &Options) -> Result<Box<dyn Net>> {
    let spec = text.parse::<Spec>()?;
    by_name(&spec.name)?.build(meta, options, &spec.settings)
}

/// The same net by the name of the list, without settings that are the defaults.
///
/// # Errors
/// An unknown name, an unknown setting, or a value out of range.
pub fn canonical(spec: &Spec) -> Result<Spec> {
    let entry = by_name(&spec.name)?;
    settings::check(&format!("net `{}`", entry.name), entry.settings, &spec.settings)?;
    Ok(spec.canonical(entry.name, entry.settings))
}

/// A [`BurnNet`] named after its entry; `init` gets the number of classes.
fn burn_net<M: Classifier>(
    entry: &Entry,
    meta: &Meta,
    options: &Options,
    init: impl Fn(usize, &burn::tensor::Device) -> M + Send + Sync + 'static,
) -> BurnNet<M> {
    let n_classes = meta.classes.len();
    let net = BurnNet::new(entry.name, options.training, move |device| init(n_classes, device));
    net.on(options.device.burn()).with_head()
}

/// An unpadded square convolution. Burn's default initialisation is PyTorch's, uniform ±1/√fan_in.
fn conv(channels: [usize; 2], kernel: usize, device: &burn::tensor::Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel]).init(device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepal_core::settings::{Range, Value};
    use deepal_core::{Class, Dataset, InMemory, SampleId, TrainedNet, contract};
    use ndarray::Array2;
    use std::ops::ControlFlow;
    use std::sync::Arc;

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

    fn quick() -> Options {
        Options { training: Training::epochs(1, 0.01, 0.5), ..Options::default() }
    }

    fn trained(net: &dyn Net, data: &InMemory, labeled: &[(SampleId, Class)]) -> Arc<dyn TrainedNet> {
        net.train(data, labeled, 1, &mut |_| ControlFlow::Continue(())).unwrap().0
    }

    #[test]
    fn every_net_passes_the_contract() {
        for entry in ALL {
            let (data, labeled) = noise_images(entry.shape.unwrap_or([5, 1, 1]), 40);
            let net = build(entry.name, data.meta(), &quick()).unwrap();
            assert_eq!(net.name(), entry.name);
            contract::check_net(net.as_ref(), &data, &labeled).unwrap();
        }
    }

    #[test]
    fn a_wrong_shape_is_explained() {
        let (data, _) = noise_images([3, 8, 8], 2);
        let error = build("mnist-cnn", data.meta(), &quick()).err().unwrap().to_string();
        assert!(error.contains("an item of data set `noise` must be [1, 28, 28]"), "{error}");
    }

    /// Trap D2: the reference takes the number of classes from the labels of the pool.
    #[test]
    fn d2_a_class_without_a_label_keeps_its_column() {
        let (data, labeled) = noise_images([5, 1, 1], 40);
        let two = labeled.into_iter().filter(|(_, class)| class.0 < 2).collect::<Vec<_>>();
        for entry in ALL.iter().filter(|entry| entry.shape.is_none()) {
            let net = trained(build(entry.name, data.meta(), &quick()).unwrap().as_ref(), &data, &two);
            assert_eq!(net.predict_proba(&data, &SampleId::first(3)).unwrap().dim(), (3, 10));
        }
    }

    /// A setting from which nothing follows is none.
    #[test]
    fn every_setting_is_described_and_changes_the_net() {
        for entry in ALL {
            let (data, labeled) = noise_images(entry.shape.unwrap_or([5, 1, 1]), 40);
            let probs = |given: Given| {
                let net = entry.build(data.meta(), &quick(), &given).unwrap();
                trained(net.as_ref(), &data, &labeled).predict_proba(&data, &SampleId::first(40)).unwrap()
            };
            let default = probs(Given::new());
            for setting in entry.settings {
                let name = format!("{}: {}", entry.name, setting.name);
                assert!(setting.about.len() > 10 && setting.source.len() > 3, "{name}");
                let with = |value: Value| probs([(setting.name.to_owned(), value)].into());
                let other = match setting.range {
                    Range::Integer(least, _) => Value::Integer(least + 2),
                    Range::Number(least, most) => Value::Number(0.9 * least + 0.1 * most),
                    Range::Positive(most) => Value::Number(most.min(0.3)),
                };
                assert_ne!(with(other), default, "{name}: nothing follows from it");
                assert_eq!(with((setting.default)()), default, "{name}: the default is another");
            }
            let unknown = format!("{}(no-such=1)", entry.name);
            let error = build(&unknown, data.meta(), &quick()).err().unwrap().to_string();
            assert!(error.contains("has no setting `no-such`"), "{error}");
        }
    }
}
