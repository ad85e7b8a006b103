//! A net of your own in a comparison of strategies and nets.
//!
//! `cargo run --release --example compare_own_net`

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::burn;
use deepal::burn::module::Module;
use deepal::burn::nn::{Linear, LinearConfig};
use deepal::burn::tensor::{Device, Tensor};
use deepal::{
    BurnNet, Catalog, Classifier, Monitor, Noise, Output, StudyPlan, StudySettings, analysis, kernels,
};

/// One hidden layer with little dropout.
#[derive(Module, Debug)]
struct Small {
    hidden: Linear,
    last: Linear,
}

impl Classifier for Small {
    fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
        let embedding = kernels::dense(&self.hidden, inputs); // [n, 32], with ReLU
        let logits = self.last.forward(noise.dropout(embedding.clone(), 0.1)); // [n, c]
        Output { logits, embedding }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let catalog = Catalog::default().with_net("small", |meta, options| {
        let (d, c) = (meta.n_features(), meta.classes.len());
        let init = move |device: &Device| Small {
            hidden: LinearConfig::new(d, 32).init(device),
            last: LinearConfig::new(32, c).init(device),
        };
        Ok(Box::new(BurnNet::new("small", options.training, init).on(options.device.burn())))
    });
    let settings = StudySettings {
        datasets: Some(vec!["digits".into()]),
        nets: Some(["small", "mlp(hidden=32,dropout=0.1)"].map(String::from).to_vec()),
        strategies: Some(["bald(passes=5)", "margin", "random"].map(String::from).to_vec()),
        seeds: Some(vec![1, 2, 3]),
        rounds: Some(3),
        ..StudySettings::default()
    };
    let folder = std::env::temp_dir().join(format!("deepal-own-net-{}", std::process::id()));
    let mut study = StudyPlan::new(settings, &catalog, Monitor::silent())?.start(&folder)?;
    study.run(deepal::threads())?;
    println!("{}", analysis::text(&study.outputs()?.analysis));
    Ok(())
}
