//! A strategy of your own: declare the signals you look at, turn them into rows.
//!
//! `cargo run --release --example custom_strategy`

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::datasets::{self, Downloads};
use deepal::{
    ActiveLearner, CoreError, Oracle, Selection, Signal, Signals, Strategy, contract, metric, nets, score,
    seed, strategy,
};

/// PowerBALD's idea (Kirsch et al., TMLR 2023) on margins: rank by log score plus Gumbel noise, so that a batch is not
/// filled with near copies of the most uncertain sample.
struct NoisyMargin;

impl Strategy for NoisyMargin {
    fn name(&self) -> &str {
        "noisy-margin"
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs]
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection, CoreError> {
        let mut scores = score::margin(&signals.probs()?);
        for (row, score) in scores.indexed_iter_mut() {
            let uniform = (seed::mix(seed, row as u64) >> 11) as f64 / (1u64 << 53) as f64;
            let gumbel = -(-(uniform + 1e-18).ln()).ln();
            *score = (*score + 1e-12).ln() + gumbel;
        }
        Ok(Selection::top(&scores, n))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The same battery of checks that every built-in strategy passes.
    contract::check_strategy(&NoisyMargin)?;

    let data = (datasets::by_name("digits")?.load)(&Downloads::default())?;
    let oracle = Oracle::new(data.train_labels.clone());
    let strategies: [Box<dyn Strategy>; 2] = [strategy::build("random")?, Box::new(NoisyMargin)];
    for strategy in strategies {
        let name = strategy.name().to_owned();
        let net = nets::build("mlp", data.train.meta(), &nets::Options::default())?;
        let mut learner = ActiveLearner::new(data.train.clone(), net, strategy, 1)?;
        learner.update(&oracle.annotate(&learner.initial(20))?)?;
        learner.train()?;
        for _round in 1..=4 {
            let query = learner.query(20)?;
            learner.update(&oracle.annotate(&query)?)?;
            learner.train()?;
        }
        let accuracy = metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
        println!("{name}: {:.1} % with {} labels", 100.0 * accuracy, learner.pool().n_labeled());
    }
    Ok(())
}
