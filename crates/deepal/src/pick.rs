//! What to label next in a user's own data.

use crate::exit::Usage;
use crate::{progress, words};
use anyhow::{Context, bail};
use deepal::{ActiveLearner, Annotation, Query, SampleId, Signal, Signals, Strategy, Training, nets};
use deepal_data::own::{Own, Split};
use ndarray::Array2;

/// Rows of a source, the most wanted first.
#[derive(Debug, PartialEq)]
pub(crate) struct Picks {
    pub(crate) rows: Vec<usize>,
    /// For a strategy that ranks.
    pub(crate) scores: Option<Vec<f64>>,
}

/// The `n` samples without label that a strategy wants. What it needs of a net comes from `net`, trained on the samples with
/// label; a strategy that looks at embeddings alone takes the inputs for them, and needs no label, nor does one that starts cold.
///
/// # Errors
/// Another strategy without labels of two classes, or inputs that cannot be read.
pub(crate) fn pick(
    own: &Own,
    strategy: Box<dyn Strategy>,
    net: &str,
    n: usize,
    seed: u64,
) -> anyhow::Result<Picks> {
    // A test set that the source itself declares stays out; a share chosen for experiments is not held back here.
    let is_declared = own.manifest.test_fraction.is_none();
    let rows = (0..own.ids.len()).filter(|row| !is_declared || own.split[*row] == Split::Train);
    let rows = rows.collect::<Vec<_>>();
    let annotations = rows.iter().enumerate().filter_map(|(at, row)| {
        own.labels[*row].map(|class| Annotation { id: SampleId::from(at), class: Some(class) })
    });
    let annotations = annotations.collect::<Vec<_>>();
    if annotations.len() == rows.len() {
        bail!(Usage(format!("every sample of `{}` has a label already; there is nothing to ask", own.name)));
    }
    let data = own.dataset(rows.clone());
    let looks_at_inputs_alone =
        strategy.needs().iter().all(|need| matches!(need, Signal::Embeddings | Signal::LabeledEmbeddings));
    let query = if looks_at_inputs_alone {
        let is_labeled = |at: &usize| own.labels[rows[*at]].is_some();
        let (labeled, unlabeled) = (0..rows.len()).partition::<Vec<_>, _>(is_labeled);
        let inputs = |of: &[usize]| -> deepal::Result<Array2<f32>> {
            data.inputs(&of.iter().copied().map(SampleId::from).collect::<Vec<_>>())
        };
        let mut signals = Signals::new(unlabeled.len());
        if !strategy.needs().is_empty() {
            signals =
                signals.with_embeddings(inputs(&unlabeled)?)?.with_labeled_embeddings(inputs(&labeled)?)?;
        }
        let selection = strategy.select(&signals, n, seed)?;
        let ids = selection.rows.into_iter().map(|row| SampleId::from(unlabeled[row])).collect();
        Query { ids, scores: selection.scores }
    } else if annotations.is_empty() && strategy.starts_cold() {
        let net = nets::by_name(net)?.build(data.meta(), Training::adaptive())?;
        ActiveLearner::new(data, net, strategy, seed)?.query(n)?
    } else {
        let name = strategy.name().to_owned();
        let classes = annotations.iter().filter_map(|annotation| annotation.class);
        let is_blind = classes.collect::<std::collections::BTreeSet<_>>().len() < 2;
        if is_blind && !strategy.starts_cold() {
            bail!(Usage(format!(
                "strategy `{name}` looks at what a net predicts, and `{}` has labels of fewer than two classes to train one; \
                 begin with `--strategy auto`, which needs none, and put the answers into labels.csv (`id,label`)",
                own.name
            )));
        }
        let net = nets::by_name(net)?.build(data.meta(), Training::adaptive())?;
        for signal in strategy.wants().into_iter().filter(|signal| !net.supports(*signal)) {
            progress::say(&words::without(&name, signal, &format!("`{}` does not give", net.name())));
        }
        let mut learner =
            ActiveLearner::new(data, net, strategy, seed).with_context(|| format!("strategy `{name}`"))?;
        learner.update(&annotations)?;
        learner.train()?;
        learner.query(n)?
    };
    Ok(Picks { rows: query.ids.iter().map(|id| rows[id.index()]).collect(), scores: query.scores })
}
