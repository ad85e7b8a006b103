//! The page of `deepal label`: which project it is about, and how it is served.

use super::model::ModelArgs;
use super::project::annotator;
use super::{Outcome, print, wrong};
use crate::interrupt;
use crate::progress::Terminal;
use crate::say::say;
use clap::Args;
use deepal::Monitor;
use deepal::project::{Differs, Project, Wanted};
use deepal_label::{Serve, serve};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Options of the page.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// The names of the classes, in the order of their keys [default: those of the source, or add them on the page]
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    classes: Vec<String>,
    /// The strategy, such as `margin` or `bald(passes=50)`; see `deepal list strategies` [default: auto]
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The net; see `deepal list nets` [default: softmax-regression on vectors, mlp on pictures]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// Questions in a batch [default: 20]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// The folder of the project [default: SOURCE.deepal beside the source]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The port of the page [default: 8321, or the next that is free]
    #[arg(long, value_name = "PORT", help_heading = "Page")]
    port: Option<u16>,
    /// The address to listen at; any but loopback lets other machines in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "Page")]
    host: IpAddr,
    /// Print the address without opening a browser
    #[arg(long, help_heading = "Page")]
    no_browser: bool,
    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(path: &Path, args: &PageArgs, terminal: &Terminal, monitor: Monitor<'_>) -> Outcome {
    interrupt::listen(Some("stopping; every answer is on disk"), "stopped at once".into())?;
    let project = args.project(path, monitor)?;
    let folder = project.folder().display().to_string();
    let options = Serve { host: args.host, port: args.port, annotator: annotator() };
    let ready = |url: &str| {
        terminal.rest();
        drop(print(&format!("{url}\n")));
        say(&format!(
            "Label in the browser at this address. Answers go to {folder}; no request leaves this machine. Ctrl+C stops the page, and \
             the same command resumes."
        ));
        if !args.no_browser {
            open(url);
        }
    };
    serve(project, &options, &ready, monitor)
}

impl PageArgs {
    /// The project that is there, or a new one. Options that say something else than the project that is there are refused.
    fn project(&self, path: &Path, monitor: Monitor<'_>) -> Outcome<Project> {
        let wanted = Wanted {
            classes: self.classes.clone(),
            net: self.net.clone(),
            strategy: self.strategy.clone(),
            model: self.model.resolve()?,
            batch: self.batch,
            ..Wanted::default()
        };
        let (project, differs) = wanted.open_or_create(path, self.project.as_deref(), monitor)?;
        match differs {
            None => Ok(project),
            Some(Differs { setting, there }) => Err(wrong(format!(
                "the project `{}` has {there}; omit `--{setting}`, or start another project with `--project`{}",
                project.folder().display(),
                if setting == "classes" { "; the page adds classes" } else { "" }
            ))),
        }
    }
}

/// Opens the browser where there is one. The address is on the terminal too, so nothing is said if that fails.
fn open(url: &str) {
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/c", "start", ""]);
        command
    } else if has_display {
        Command::new("xdg-open")
    } else {
        return;
    };
    drop(command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn());
}
