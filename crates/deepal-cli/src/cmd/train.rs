//! `deepal train`: the net on all labels.

use super::{Outcome, print, project, wrong};
use crate::interrupt::{self, STOP};
use crate::progress::{ProgressMode, Terminal};
use clap::Args;
use deepal::Monitor;
use deepal::project::{Project, Setup, train_source};
use std::path::PathBuf;

/// Options of `deepal train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// A project, or a source that has labels
    #[arg(value_name = "PROJECT|SOURCE")]
    project: PathBuf,
    /// The file to write [default: net.safetensors in the project]
    #[arg(short, long, value_name = "NET.safetensors")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &TrainArgs) -> Outcome {
    let terminal = Terminal::new(ProgressMode::Auto);
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    interrupt::listen(Some("stopping"), "stopped".into())?;
    let Some(folder) = Project::find(&args.project) else {
        let out = args.out.as_ref().ok_or_else(|| {
            wrong("this source has no project, so say where to write the net with `--out NET.safetensors`")
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
        _ => ", by a net without them; the net that was written has also learnt from these".into(),
    };
    print(&format!("{:<12}{accuracy}{audit}\n{}", "accuracy", project::trained(&state.class_names(), &net)))
}
