//! `deepal init`: a labelling project about a user's own data.

use super::model::ModelArgs;
use super::{Outcome, print};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::{Project, Wanted};
use deepal::text::count;
use std::path::PathBuf;

/// Options of `deepal init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[arg(value_name = "SOURCE", help = super::SOURCE)]
    source: PathBuf,
    /// The names of the classes [default: those of the source]
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    classes: Vec<String>,
    /// The strategy, such as `margin` or `bald(passes=50)`; see `deepal list strategies` [default: auto]
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The net; see `deepal list nets` [default: softmax-regression on vectors, mlp on pictures]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// Questions in a batch
    #[arg(long, value_name = "N", default_value_t = 20)]
    batch: usize,
    /// The share of questions drawn at random to measure the accuracy, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    audit: f64,
    /// The seed of everything random
    #[arg(long, alias = "seeds", value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder of the project [default: SOURCE.deepal beside the source]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &InitArgs) -> Outcome {
    let wanted = Wanted {
        classes: args.classes.clone(),
        net: args.net.clone(),
        strategy: args.strategy.clone(),
        model: args.model.resolve()?,
        batch: Some(args.batch),
        audit: Some(args.audit),
        seed: Some(args.seed),
    };
    let folder = args.project.clone().unwrap_or_else(|| Project::folder_for(&args.source));
    let terminal = Terminal::new(ProgressMode::Auto, "reading the data");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let project = wanted.create(&folder, &args.source, Monitor { hear: &hear, stop: &STOP })?;
    let status = project.status();
    print(&format!(
        "{}: {}, {}, {}; next: `deepal label {}`\n",
        folder.display(),
        count(status.n_samples, "sample", "samples"),
        count(status.per_class.len(), "class", "classes"),
        count(status.n_labeled, "label", "labels"),
        args.project.as_ref().unwrap_or(&args.source).display()
    ))
}
