//! `cargo xtask coverage`: how often the interval of a project's accuracy covers the truth.

use crate::Result;
use crate::args::Args;
use deepal::project::{Action, Answer, Project, Setup};
use deepal::source::Open;
use deepal::{Class, Dataset, Monitor, SampleId, Source, datasets, seed, select};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Samples in each pool; all others tell the truth.
const POOL: usize = 900;
/// Questions in a batch, and batches.
const BATCH: usize = 50;
const BATCHES: usize = 6;

/// Simulates projects with all that people do in them, and prints the share of intervals that cover.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let args = Args::parse(args, &["--projects", "--dir"])?;
    let projects = args.count("--projects", 200)?;
    let folder = PathBuf::from(args.get("--dir").ok_or("name an empty folder with --dir")?);
    let data = (datasets::by_name("digits")?.load)(&datasets::Downloads::default())?;
    let digits = Digits {
        inputs: [inputs(data.train.as_ref())?, inputs(data.test.as_ref())?].concat(),
        classes: data.train_labels.iter().chain(data.test_labels.iter()).copied().collect(),
        names: data.train.meta().classes.clone(),
    };
    let (mut covered, mut below, mut above, mut widths, mut audited) = (0, 0, 0, 0.0, 0);
    for project in 0..projects {
        let at = folder.join(project.to_string());
        fs::create_dir_all(&at)?;
        let found = simulate(&digits, &at, project as u64)?;
        fs::remove_dir_all(&at)?;
        let Some((low, high)) = found.interval else {
            return Err(
                format!("project {project} has {} audit samples, too few for an interval", found.of).into()
            );
        };
        covered += usize::from((low..=high).contains(&found.truth));
        below += usize::from(found.truth < low);
        above += usize::from(found.truth > high);
        widths += high - low;
        audited += found.of;
        eprintln!("{project}: {low:.3} to {high:.3} of {} samples, truth {:.3}", found.of, found.truth);
    }
    let share = |n: usize| 100.0 * n as f64 / projects as f64;
    println!(
        "{projects} projects: {:.1} % of intervals cover the truth, {:.1} % lie above it and {:.1} % below; mean width {:.3}, \
         mean audit {:.1}",
        share(covered),
        share(below),
        share(above),
        widths / projects as f64,
        audited as f64 / projects as f64
    );
    Ok(())
}

struct Digits {
    inputs: Vec<Vec<f32>>,
    classes: Vec<Class>,
    names: Vec<String>,
}

struct Found {
    interval: Option<(f64, f64)>,
    of: usize,
    truth: f64,
}

fn inputs(data: &dyn Dataset) -> Result<Vec<Vec<f32>>> {
    Ok(data.inputs(&SampleId::first(data.len()))?.outer_iter().map(|row| row.to_vec()).collect())
}

/// One project from the first question to the last answer.
fn simulate(digits: &Digits, folder: &Path, project: u64) -> Result<Found> {
    let n = digits.classes.len();
    let order = select::random(n, n, seed::mix(project, 1));
    let (pool, others) = order.split_at(POOL);
    let source = write(digits, pool, &folder.join("pool.csv"))?;
    let setup = Setup { batch: BATCH, seed: project, ..Setup::new(&source, digits.names.clone()) };
    let project = Project::create(&Project::folder_for(&source), &setup, Monitor::silent())?;
    let mut last = None;
    for batch in 0..=BATCHES {
        let done = project.work().run(if batch < BATCHES { BATCH } else { 0 }, Monitor::silent())?;
        project.adopt(&done)?;
        let answers = project.open_questions().into_iter().map(|question| {
            let sample = question.id.parse::<usize>()?;
            Ok(Answer {
                id: question.id,
                action: Action::Label { class: u32::from(digits.classes[sample].0) },
                asked_by: question.asked_by,
                annotator: "hidden labels".into(),
                millis: None,
            })
        });
        project.answer_all(&answers.collect::<Result<Vec<_>>>()?)?;
        last = done.net;
    }
    let accuracy = project.status().accuracy;
    let net = last.ok_or("no net was trained")?;
    let encoding = project.source().encoding.clone();
    let others_source = write(digits, others, &folder.join("others.csv"))?;
    let open = Open { encoding: encoding.as_ref(), unscaled: encoding.is_none(), ..Open::default() };
    let opened = Source::open(&others_source, &open)?;
    let predicted =
        net.predict(opened.dataset((0..others.len()).collect()).as_ref(), &SampleId::first(others.len()))?;
    let right =
        others.iter().zip(&predicted).filter(|(sample, class)| digits.classes[**sample] == **class).count();
    Ok(Found { interval: accuracy.interval, of: accuracy.of, truth: right as f64 / others.len() as f64 })
}

/// Writes samples as a table without labels.
fn write(digits: &Digits, samples: &[usize], path: &Path) -> Result<PathBuf> {
    let mut table = "id".to_owned();
    for feature in 0..digits.inputs[0].len() {
        write!(table, ",f{feature}")?;
    }
    table.push('\n');
    for sample in samples {
        table += &sample.to_string();
        for x in &digits.inputs[*sample] {
            write!(table, ",{x}")?;
        }
        table.push('\n');
    }
    fs::write(path, table)?;
    Ok(path.into())
}
