//! `deepal data inspect`: what is understood of a source.

use super::{Outcome, print, wrong};
use crate::help;
use crate::progress::{ProgressMode, Terminal};
use crate::say::say;
use clap::{Args, Subcommand};
use deepal::files::write_atomically;
use deepal::source::{Duplicates, MOST_CLASSES, Manifest, Open, SHEET, Source, Split, would_be_read};
use deepal::text::count;
use deepal::{DataError, News};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Problems that are listed one by one.
const LISTED: usize = 20;
/// Samples of a group of copies that are named.
const NAMED: usize = 5;
/// Classes that are listed with their counts.
const CLASSES: usize = 200;
/// Letters of the longest bar.
const BAR: usize = 30;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Show what is understood of a source
    ///
    /// Draws a contact sheet of its pictures and writes its manifest, which you may edit.
    #[command(after_help = help::INSPECT)]
    Inspect(InspectArgs),
}

/// Options of `deepal data inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[arg(value_name = "SOURCE", help = super::SOURCE)]
    source: PathBuf,
    /// The picture to draw, with samples of each class [default: contact-sheet.png]
    #[arg(long, value_name = "SHEET.png")]
    sheet: Option<PathBuf>,
    /// Also look for copies and junk [default: 0.15]
    ///
    /// Two samples are copies if their distance is within this share of the typical distance.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.15")]
    dedup: Option<f64>,
    /// The manifest to write; an existing file is replaced [default: data.toml in a folder, SOURCE.data.toml beside a file]
    ///
    /// By default an existing manifest is kept.
    #[arg(long, value_name = "DATA.toml")]
    manifest: Option<PathBuf>,
}

pub(crate) fn run(command: &DataCommand) -> Outcome {
    let DataCommand::Inspect(args) = command;
    let sheet = args.sheet.as_deref().unwrap_or(Path::new(SHEET));
    if would_be_read(sheet, &args.source) && sheet.file_name() != Some(SHEET.as_ref()) {
        return Err(wrong(format!(
            "`--sheet {}` is inside the source and would become a sample; name a file outside, or `{SHEET}`",
            sheet.display()
        )));
    }
    let terminal = Terminal::new(ProgressMode::Auto, "reading the data");
    let progress = |done, total| terminal.hear(&News::Progress { what: "reading samples", done, total });
    let mut own = Source::open(&args.source, &Open { progress: &progress, ..Open::default() })?;
    let found = args.dedup.map(|share| own.duplicates(share, &|_, _| ())).transpose()?;
    let notes = found.as_ref().map(|found| found.notes(&own));
    own.notes.extend(notes.into_iter().flatten());
    let mut text = describe(&own);
    text.extend(found.map(|found| copies(&own, &found)));
    if let Some(bytes) = own.contact_sheet()? {
        let classes = own.labels.iter().flatten().collect::<BTreeSet<_>>().len();
        let rows = match classes {
            n if n > MOST_CLASSES => format!("a row for each of the first {MOST_CLASSES} of {n} classes"),
            _ => "a row for each class".into(),
        };
        match write_atomically(sheet, &bytes) {
            Ok(()) => drop(writeln!(text, "contact sheet: {}, {rows}", sheet.display())),
            Err(error) if args.sheet.is_some() => return Err(error.into()),
            // What was found is worth more than a sheet that nobody asked for.
            Err(error) => {
                say(&format!("warning: no contact sheet: {error}; name another file with `--sheet`"))
            }
        }
    }
    text.push_str(&manifest(&own, args)?);
    print(&text)
}

fn describe(own: &Source) -> String {
    let mut text = format!("{}: {}, {}\n", own.name, own.kind, count(own.ids.len(), "sample", "samples"));
    let shape = own.inputs.shape();
    let _ = match &own.manifest.image {
        Some(image) => writeln!(text, "inputs: {image}"),
        None => writeln!(text, "inputs: vectors of {}", count(shape.iter().product(), "number", "numbers")),
    };
    if let [first, .., last] = own.ids.as_slice() {
        let _ = writeln!(text, "ids: {first} … {last}");
    }
    text.push_str(&roles(own));
    text.push_str(&balance(own));
    for note in &own.notes {
        let _ = writeln!(text, "note: {note}");
    }
    for problem in own.problems.iter().take(LISTED) {
        let _ = writeln!(text, "problem: {} {}", problem.what, problem.why);
    }
    match own.problems.len() {
        0 => text.push_str("no problems\n"),
        n if n > LISTED => drop(writeln!(text, "and {} more problems", n - LISTED)),
        _ => {}
    }
    text
}

/// What each column of a table is for, the features in one line; `?` marks what is not sure.
fn roles(own: &Source) -> String {
    let mut text = String::new();
    let is_plain = |role: &&deepal::source::Role| role.role == "feature" && role.is_sure;
    for role in own.roles.iter().filter(|role| !is_plain(role)) {
        let mark = if role.is_sure || role.is_said { "" } else { "?" };
        let why = if role.why.is_empty() { String::new() } else { format!(": {}", role.why) };
        let _ = writeln!(text, "column `{}`: {}{mark}{why}", role.column, role.role);
    }
    let features = own.roles.iter().filter(is_plain).map(|role| role.column.as_str()).collect::<Vec<_>>();
    if !features.is_empty() {
        let more = if features.len() > LISTED { ", …" } else { "" };
        let _ = writeln!(text, "features: {}{more}", features[..features.len().min(LISTED)].join(", "));
    }
    text
}

/// The samples that are copies of each other, a line for each group; the first stands for the rest.
fn copies(own: &Source, found: &Duplicates) -> String {
    let mut groups = BTreeMap::<usize, Vec<&str>>::new();
    for (row, representative) in found.representative.iter().enumerate() {
        let group = groups.entry(*representative).or_insert_with(|| vec![&own.ids[*representative]]);
        if row != *representative {
            group.push(&own.ids[row]);
        }
    }
    groups.retain(|_, group| group.len() > 1);
    let mut text = String::new();
    for group in groups.values().take(LISTED) {
        let more = if group.len() > NAMED { ", …" } else { "" };
        let _ = writeln!(text, "copies: {}{more}", group[..group.len().min(NAMED)].join(", "));
    }
    if groups.len() > LISTED {
        let _ = writeln!(text, "and {} more groups of copies", groups.len() - LISTED);
    }
    text
}

/// How many labels each class has in the pool and in the test set.
fn balance(own: &Source) -> String {
    let mut counts = vec![[0, 0]; own.classes.len()];
    for (label, split) in own.labels.iter().zip(&own.split) {
        if let Some(class) = label {
            counts[class.index()][usize::from(*split == Split::Test)] += 1;
        }
    }
    let most = counts.iter().map(|[train, _]| *train).max().unwrap_or_default().max(1);
    let shown = own.classes.iter().zip(&counts).take(CLASSES);
    let width = shown.clone().map(|(class, _)| class.chars().count()).max().unwrap_or_default().clamp(5, 40);
    let mut text = String::new();
    if !own.classes.is_empty() {
        let _ = writeln!(text, "\n{:<width$} {:>8} {:>8}", "class", "pool", "test");
    }
    for (class, [train, test]) in shown {
        let bar = "█".repeat((train * BAR).div_ceil(most));
        let _ = writeln!(text, "{class:<width$} {train:>8} {test:>8} {bar}");
    }
    if counts.len() > CLASSES {
        let _ = writeln!(text, "and {} more classes", counts.len() - CLASSES);
    }
    let unlabeled = own.labels.iter().filter(|label| label.is_none()).count();
    let _ = writeln!(text, "without label: {unlabeled}\n");
    text
}

/// Writes the manifest and says where.
fn manifest(own: &Source, args: &InspectArgs) -> Outcome<String> {
    let default = Manifest::path(&args.source);
    let is_manifest = args.source.extension().is_some_and(|extension| extension == "toml");
    let path = match &args.manifest {
        Some(path) => path,
        None if is_manifest || default.exists() => {
            let used = if is_manifest { &args.source } else { &default };
            return Ok(format!("manifest: {}, unchanged\n", used.display()));
        }
        None => &default,
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let source = if is_manifest { own.manifest.source.clone() } else { relative(&args.source, folder) };
    let manifest = Manifest { source, ..own.manifest.clone() };
    match write_atomically(path, manifest.to_toml()?.as_bytes()) {
        Ok(()) => Ok(format!("manifest: {}; edit it if something is wrong\n", path.display())),
        Err(DataError::Write { cause, .. }) if args.manifest.is_none() => Ok(format!(
            "manifest: none, `{}` cannot be written ({cause}); name another file with `--manifest` and use that as the SOURCE\n",
            path.display()
        )),
        Err(error) => Err(error.into()),
    }
}

/// A source as its manifest in `folder` names it.
fn relative(source: &Path, folder: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
    let (source, folder) =
        (absolute(source), absolute(if folder == Path::new("") { Path::new(".") } else { folder }));
    match source.strip_prefix(&folder) {
        Ok(rest) if rest == Path::new("") => ".".into(),
        Ok(rest) => rest.into(),
        Err(_) => source,
    }
}
