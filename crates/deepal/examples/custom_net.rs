//! A net of your own: any Burn module whose forward returns logits and embedding.
//!
//! `cargo run --release --example custom_net`

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::burn;
use deepal::burn::module::Module;
use deepal::burn::nn::conv::{Conv2d, Conv2dConfig};
use deepal::burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use deepal::burn::tensor::{Device, Tensor, activation::relu};
use deepal::datasets::{self, Downloads};
use deepal::{ActiveLearner, BurnNet, Classifier, Noise, Oracle, Output, Training, metric, strategy};

/// A convolution with batch normalisation, for the 8 × 8 digits.
#[derive(Module, Debug)]
struct SmallCnn {
    conv: Conv2d,
    norm: BatchNorm,
    hidden: Linear,
    last: Linear,
}

impl SmallCnn {
    fn init(device: &Device) -> Self {
        Self {
            conv: Conv2dConfig::new([1, 16], [3, 3]).init(device),
            norm: BatchNormConfig::new(16).init(device),
            hidden: LinearConfig::new(16 * 6 * 6, 64).init(device),
            last: LinearConfig::new(64, 10).init(device),
        }
    }
}

impl Classifier for SmallCnn {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        let x = inputs.reshape([-1, 1, 8, 8]);
        let x = relu(self.norm.forward(self.conv.forward(x))); // [n, 16, 6, 6]
        let embedding = relu(self.hidden.forward(x.flatten::<2>(1, 3))); // [n, 64]
        // Dropout through `noise` is on in training and in the passes of `bald` and the `-dropout` strategies.
        let logits = self.last.forward(noise.dropout(embedding.clone(), 0.3)); // [n, 10]
        Output { logits, embedding }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = (datasets::by_name("digits")?.load)(&Downloads::default())?;
    let oracle = Oracle::new(data.train_labels.clone());
    let net = BurnNet::new("small-cnn", Training::adaptive(), SmallCnn::init);
    let strategy = strategy::build("bald(passes=20)")?;
    let mut learner = ActiveLearner::new(data.train.clone(), Box::new(net), strategy, 1)?;
    learner.update(&oracle.annotate(&learner.initial(30))?)?;
    learner.train()?;
    for _round in 1..=3 {
        let query = learner.query(30)?;
        learner.update(&oracle.annotate(&query)?)?;
        let report = learner.train()?;
        let accuracy = metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
        let labels = learner.pool().n_labeled();
        println!("{labels} labels: {:.1} % on the test set after {} steps", 100.0 * accuracy, report.steps);
    }
    Ok(())
}
