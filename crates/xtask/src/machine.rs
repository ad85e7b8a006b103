//! Where and of what figures are: machine, commit, compiler.

use crate::Result;
use crate::process::output;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One Markdown list item for each of machine, commit and compiler.
pub(crate) fn describe(threads: usize) -> Result<String> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = std::thread::available_parallelism()?;
    let git = |args: &[&str]| output(Command::new("git").current_dir(root()).args(args));
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = if git(&["status", "--porcelain"])?.is_empty() { "" } else { ", with changes" };
    let rustc = output(Command::new("rustc").arg("--version"))?;
    Ok(format!(
        "- machine: {model}, {threads} of {cores} cores\n- commit: {}{changed}\n- {}\n",
        commit.trim(),
        rustc.trim()
    ))
}
