//! Picks in a user's own data.

use super::memory::check_classes;
use super::{SelectOptions, Selected, ask, is_of_net, say_if_drawn};
use crate::catalog::Catalog;
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use crate::pretrained::Pretrained;
use crate::sources;
use crate::study_settings::default_net;
use deepal_core::signals::Dim;
use deepal_core::{ActiveLearner, Annotation, PART, SampleId, Selection, Signal, Strategy, provide};
use deepal_data::source::{Open, Source, Split, order_by_id};
use deepal_nn::nets::Options;
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Classes that are named one by one.
const LISTED: usize = 12;

/// A user's own data, and what looks at them.
#[derive(Debug, Clone, Default)]
pub struct SourceChoice {
    /// A folder or zip of pictures, a table, a file of arrays, or a manifest.
    pub path: PathBuf,
    /// The net that is trained on what is labelled, with settings [default: softmax-regression on vectors, mlp on pictures].
    pub net: Option<String>,
    /// How nets are trained, and where.
    pub options: Options,
    /// Keep one of the copies within this share of the typical distance of two samples.
    pub dedup: Option<f64>,
    /// A pretrained net whose embeddings take the place of the samples [default: that of the source's manifest].
    pub model: Option<Pretrained>,
}

pub(super) fn select(
    choice: &SourceChoice,
    strategy: Box<dyn Strategy>,
    options: &SelectOptions,
    catalog: &Catalog,
    monitor: &Monitor<'_>,
) -> Result<Selected> {
    if let Some(net) = &choice.net {
        catalog.net_name(&net.parse()?)?;
    }
    let model = Pretrained::of(&choice.path, choice.model.as_ref())?;
    // A part for pictures while they are decoded, the rest for what is kept of them.
    let memory = options.memory.map(|bytes| bytes as u64 / 4);
    let open = Open { memory, ..Open::default() };
    let cache_bytes = memory.map_or(open.cache_bytes, |bytes| open.cache_bytes.min(bytes as usize));
    let open = Open { cache_bytes, ..open };
    let source = sources::open(&choice.path, model.as_ref(), choice.dedup, &open, monitor)?;
    let net = choice.net.as_deref().unwrap_or(default_net(&source.meta()));
    let selection = pick(&source, strategy, net, &choice.options, options, catalog, monitor)?;
    Ok(Selected { selection, ids: Some(source.ids) })
}

/// How many of the samples are labelled, and with what.
fn labels_in_words(source: &Source, rows: &[usize]) -> String {
    let mut counts = vec![0; source.classes.len()];
    for class in rows.iter().filter_map(|row| source.labels[*row]) {
        counts[class.index()] += 1;
    }
    let of_classes = source.classes.iter().zip(&counts).take(LISTED);
    let mut words = of_classes.map(|(class, n)| format!("{class} {n}")).collect::<Vec<_>>();
    words.extend((counts.len() > LISTED).then(|| format!("and {} more classes", counts.len() - LISTED)));
    format!("{} of {} labelled: {}", counts.iter().sum::<usize>(), rows.len(), words.join(", "))
}

/// The samples without label that a strategy wants. What it needs of a net comes from `net`, trained on the samples with label, its
/// embeddings too; while labels are of fewer than two classes there is no net, and inputs stand for embeddings. Net and strategy see the
/// samples in the order of their ids, see [`order_by_id`].
///
/// # Errors
/// Without labels of two classes, a strategy that looks at more than embeddings; or inputs that cannot be read.
fn pick(
    source: &Source,
    strategy: Box<dyn Strategy>,
    net: &str,
    net_options: &Options,
    options: &SelectOptions,
    catalog: &Catalog,
    monitor: &Monitor<'_>,
) -> Result<Selection> {
    // A test set that the source itself declares stays out; a share chosen for experiments is not held back here.
    let is_declared = source.manifest.test_fraction.is_none();
    // What was answered with nothing or `skip` is not asked again.
    let skipped = source.skipped.iter().map(String::as_str).collect::<HashSet<_>>();
    let rows = (0..source.ids.len()).filter(|row| {
        (!is_declared || source.split[*row] == Split::Train) && !skipped.contains(source.ids[*row].as_str())
    });
    let mut rows = rows.collect::<Vec<_>>();
    order_by_id(&mut rows, &source.ids);
    let annotations = rows.iter().enumerate().filter_map(|(at, row)| {
        source.labels[*row].map(|class| Annotation { id: SampleId::from(at), class: Some(class) })
    });
    let annotations = annotations.collect::<Vec<_>>();
    if annotations.len() == rows.len() {
        bail!(Error::Setting(format!(
            "every sample of `{}` has a label already; there is nothing to ask",
            source.name
        )));
    }
    if !annotations.is_empty() {
        monitor.note(&labels_in_words(source, &rows));
    }
    let name = strategy.name().to_owned();
    let needs = strategy.needs();
    let looks_at_net = needs.iter().any(is_of_net);
    let looks_further =
        |need: &Signal| is_of_net(need) && !matches!(need, Signal::Embeddings | Signal::LabeledEmbeddings);
    let classes = annotations.iter().filter_map(|annotation| annotation.class);
    let can_train = classes.collect::<BTreeSet<_>>().len() > 1;
    if needs.iter().any(looks_further) && !can_train && !strategy.starts_cold() {
        bail!(Error::Setting(format!(
            "strategy `{name}` needs a trained net, and `{}` has labels of fewer than two classes; begin with strategy `auto` and \
             put the answers into labels.csv (`id,label`)",
            source.name
        )));
    }
    let data = source.dataset(rows.clone());
    let net = catalog.net(net, data.meta(), net_options)?;
    if can_train && needs.iter().any(|need| need.kind().shape.contains(&Dim::Classes)) {
        let held = if strategy.one_by_one() { rows.len().min(PART) } else { rows.len() };
        check_classes(data.meta(), held, options.memory)?;
    }
    let learner = ActiveLearner::new(data.clone(), net, strategy, options.seed);
    let mut learner = learner.with_context(|| format!("strategy `{name}`"))?;
    learner.update(&annotations)?;
    if can_train && looks_at_net {
        learner.adopt(learner.training()?.run(&mut monitor.watch())?);
        // It may be over before the last step.
        monitor.progress("training", 1, 1);
    }
    if needs.iter().any(looks_further) {
        let query = learner.query_watched(options.budget, &mut monitor.watch())?;
        say_if_drawn(learner.strategy(), query.scores.is_none(), monitor);
        return Ok(Selection {
            rows: query.ids.iter().map(|id| rows[id.index()]).collect(),
            scores: query.scores,
        });
    }
    // The seed as it is, so that these strategies draw as they do from tables with the same ids.
    let (labeled, unlabeled) = (learner.pool().labeled(), learner.pool().unlabeled());
    let trained = learner.trained().ok().map(Arc::as_ref);
    let signals = {
        let watch = &mut monitor.watch();
        provide(data.as_ref(), trained, &needs, &unlabeled, &labeled, options.seed, watch)?
    };
    let selection = ask(learner.strategy(), &signals, options, monitor)?;
    let row = |at: usize| rows[unlabeled[at].index()];
    Ok(Selection { rows: selection.rows.into_iter().map(row).collect(), scores: selection.scores })
}
