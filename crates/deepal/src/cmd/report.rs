//! `deepal report`: one page about recorded runs.

use crate::analysis;
use crate::cli::ReportArgs;
use crate::config::Config;
use crate::data_sets::DataSets;
use crate::exit::Usage;
use crate::outputs::{Outputs, Record};
use anyhow::bail;
use deepal::Data;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let out = match (&args.out, args.runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [run]) => run.join("report.html"),
        (None, _) => bail!(Usage("name the page of several runs with `--out REPORT.html`".into())),
    };
    let is_page = |name: &&str| name.ends_with(".html") && !out.is_dir();
    let Some(page) = out.file_name().and_then(|name| name.to_str()).filter(is_page) else {
        bail!(Usage(format!(
            "`{}` is not the name of a page; `--out` takes one such as report.html",
            out.display()
        )));
    };
    let records = args.runs.iter().map(|folder| Record::read(folder)).collect::<anyhow::Result<Vec<_>>>()?;
    let (data, notes) = pictures(&records, args.data_dir.as_deref(), &mut DataSets::default());
    let outputs = Outputs::new(&records, page, &data, &notes)?;
    outputs.write(out.parent().unwrap_or(Path::new("")))?;
    super::print(&format!("{}\n{}\n", analysis::text(&outputs.analysis), out.display()))
}

/// The data sets of the runs, for the pictures, without downloading; those that cannot be had are told.
pub(super) fn pictures(
    records: &[Record],
    data_dir: Option<&Path>,
    data_sets: &mut DataSets,
) -> (BTreeMap<String, Data>, Vec<String>) {
    let (mut data, mut notes) = (BTreeMap::new(), Vec::new());
    for config in records.iter().map(|record| &record.config) {
        let folder = crate::config::data_dir(data_dir).or_else(|| config.data_dir.clone());
        for task in &config.tasks {
            if !data.contains_key(&task.dataset) {
                let config = Config { data_dir: folder.clone(), ..config.clone() };
                match data_sets.pictures(&config, task) {
                    Ok(loaded) => drop(data.insert(task.dataset.clone(), loaded)),
                    Err(error) => notes.push(format!("No pictures of {}: {error:#}.", task.dataset)),
                }
            }
        }
    }
    notes.dedup();
    (data, notes)
}
