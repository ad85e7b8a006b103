//! `deepal train`: the net on all labels.

use super::{Outcome, ending, print, project, wrong};
use crate::interrupt::{self, STOP};
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::{Project, Setup, train_source};
use std::path::PathBuf;

/// Options of `deepal train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    #[arg(value_name = "SOURCE|PROJECT", help = super::SOURCE_OR_PROJECT)]
    project: PathBuf,
    /// The file to write [default: net.safetensors in the project]
    #[arg(short, long, value_name = "NET.safetensors")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &TrainArgs) -> Outcome {
    if let Some(out) = &args.out {
        ending("--out", out, &["safetensors"])?;
    }
    let terminal = Terminal::new(ProgressMode::Auto, "training the net");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    interrupt::listen(Some("stopping"), "stopped".into())?;
    let Some(folder) = Project::find(&args.project) else {
        let out = args.out.as_ref().ok_or_else(|| {
            wrong("say where to write the net with `--out NET.safetensors`; only a project has a default")
        })?;
        let (classes, net) = train_source(&Setup::new(&args.project, Vec::new()), out, monitor)?;
        return print(&project::trained(&classes, &net));
    };
    let open = Project::open(&folder, monitor)?;
    let out = args.out.clone().unwrap_or_else(|| open.net_file());
    let net = open.train(&out, monitor)?;
    let (state, accuracy) = (open.state(), open.status().accuracy.sentence);
    let audit = match state.trainings.last().map_or(0, |training| training.audit.1) {
        0 => String::new(),
        _ => "; measured with a net that has not learnt from them, unlike the one written".into(),
    };
    print(&format!("{:<12}{accuracy}{audit}\n{}", "accuracy", project::trained(&state.class_names(), &net)))
}
