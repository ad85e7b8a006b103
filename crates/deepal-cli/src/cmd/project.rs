//! What commands about projects share.

use super::{Outcome, wrong};
use deepal::project::{CrossValidation, NetRecord, Project, Status};
use deepal::text::count;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Classes whose confusions are shown as a table.
const MOST_CLASSES: usize = 12;
/// Confusions that are named where there is no table of them.
const NAMED: usize = 8;

/// The folder of the project that a path means.
pub(crate) fn folder(path: &Path) -> Outcome<PathBuf> {
    Project::find(path).ok_or_else(|| {
        let path = path.display();
        wrong(format!(
            "`{path}` is no project and has none beside it; create one with `deepal init {path} --classes A,B`"
        ))
    })
}

/// Who answers, as the system calls them.
pub(crate) fn annotator() -> String {
    let of = |name: &&str| std::env::var(name).ok().filter(|name| !name.is_empty());
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(of).unwrap_or_else(|| "unknown".into())
}

/// `cat 20, dog 18`.
pub(crate) fn per_class(classes: &[String], status: &Status) -> String {
    let classes = classes.iter().zip(&status.per_class).map(|(class, n)| format!("{class} {n}"));
    classes.collect::<Vec<_>>().join(", ")
}

/// Where a project stands, in lines.
pub(crate) fn status(project: &Project) -> String {
    let (state, status) = (project.state(), project.status());
    let classes = state.class_names();
    let mut text = String::new();
    let mut line = |name: &str, what: String| text += &format!("{name:<12}{what}\n");
    line(
        "source",
        format!("{} ({})", project.setup().source.display(), count(status.n_samples, "sample", "samples")),
    );
    line("labels", format!("{}: {}", status.n_labeled, per_class(&classes, &status)));
    let asked = status.per_asked_by.iter().filter(|(_, n)| *n > 0);
    let asked = asked.map(|(by, n)| format!("{} {n}", by.name())).collect::<Vec<_>>().join(", ");
    if !asked.is_empty() {
        line("asked by", asked);
    }
    let others = [
        ("open", status.n_open),
        ("skipped", status.n_skipped),
        ("discarded", status.n_discarded),
        ("with a flag", status.n_flagged),
        ("gone from the source", status.n_gone),
    ];
    let others =
        others.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>();
    if !others.is_empty() {
        line("also", others.join(", "));
    }
    line("accuracy", status.accuracy.sentence.clone());
    if let [.., before, last] = state.trainings.as_slice() {
        let agreement =
            last.agreement.map(|share| format!("; {:.0} % of predictions stayed the same", 100.0 * share));
        let share = |(right, of): (usize, usize)| match of {
            0 => "-".into(),
            of => format!("{:.0} %", 100.0 * right as f64 / of as f64),
        };
        line(
            "last round",
            format!(
                "{} to {} labels, of the samples drawn at random {} to {} right{}",
                before.n_labeled,
                last.n_labeled,
                share(before.audit),
                share(last.audit),
                agreement.unwrap_or_default()
            ),
        );
    }
    line("forecast", status.forecast.sentence.clone());
    if let Some(net) = &state.net {
        text += &trained(&classes, net);
    }
    for advice in &status.advice {
        let _ = writeln!(text, "{:<12}{advice}", "next");
    }
    text
}

/// What is to be said of a net on all labels.
pub(crate) fn trained(classes: &[String], net: &NetRecord) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<12}{}, trained on {}",
        "net",
        net.file.display(),
        count(net.n_labeled, "label", "labels")
    );
    let Some(measured) = &net.cross_validation else { return text };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let _ = writeln!(
        text,
        "{:<12}accuracy {}, balanced {}, macro-F1 {} by cross-validation on {} labels; measured on selected samples, not the pool",
        "selected",
        percent(measured.accuracy()),
        percent(measured.balanced_accuracy()),
        percent(measured.macro_f1()),
        measured.n()
    );
    let _ = writeln!(
        text,
        "{:<12}mean confidence {} for {} right, expected calibration error {}",
        "calibration",
        percent(measured.confidence),
        percent(measured.accuracy()),
        percent(measured.calibration_error)
    );
    if measured.confusion.len() == classes.len() {
        text += &per_class_table(classes, measured);
    }
    text
}

/// Recall and precision of each class, and of few classes how often which was predicted for which.
fn per_class_table(classes: &[String], measured: &CrossValidation) -> String {
    let shown = if classes.len() > MOST_CLASSES { &[] } else { classes };
    let width = classes.iter().map(|class| class.chars().count()).max().unwrap_or(0).max(9);
    let mut text = format!("\n{:<width$}", "class");
    for column in shown.iter().map(String::as_str).chain(["answers", "recall", "precision"]) {
        let _ = write!(text, "  {column:>width$}");
    }
    text.push('\n');
    let cell =
        |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{:.1} %", 100.0 * share));
    for (row, class) in classes.iter().enumerate() {
        let counts = &measured.confusion[row];
        let _ = write!(text, "{class:<width$}");
        for n in counts.iter().take(shown.len()).copied().chain([counts.iter().sum()]) {
            let _ = write!(text, "  {n:>width$}");
        }
        let _ = writeln!(
            text,
            "  {:>width$}  {:>width$}",
            cell(measured.recall(row)),
            cell(measured.precision(row))
        );
    }
    if !shown.is_empty() {
        return text + "(a row for each class as answered, a column for each as predicted)\n";
    }
    for (answered, predicted, n) in measured.most_confused().into_iter().take(NAMED) {
        let _ = writeln!(text, "{n} of `{}` predicted as `{}`", classes[answered], classes[predicted]);
    }
    text
}
