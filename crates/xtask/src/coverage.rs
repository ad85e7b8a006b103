//! `cargo xtask coverage`: how often the interval of a project's accuracy covers the truth.

use crate::Result;
use crate::args::Args;
use crate::recorded::Recorded;
use crate::simulated::Simulated;
use deepal::stats::proportion_interval;
use std::fs;
use std::path::PathBuf;

/// Samples in each pool; all others tell the truth.
const POOL: usize = 900;
/// Questions in a batch, and batches.
const BATCH: usize = 50;
const BATCHES: usize = 6;

/// Simulates projects with all that people do in them, and prints the share of intervals that cover, beside what the binomial expects.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let args = Args::parse(args, &["--projects", "--audit", "--dir"])?;
    let projects = args.count("--projects", 200)?;
    let audit = args.get("--audit").map_or(Ok(0.1), str::parse)?;
    let folder = PathBuf::from(args.get("--dir").ok_or("name an empty folder with --dir")?);
    let digits = Recorded::named("digits", None)?;
    let (mut covered, mut below, mut above, mut widths, mut audited, mut expected) = (0, 0, 0, 0.0, 0, 0.0);
    for project in 0..projects {
        let at = folder.join(project.to_string());
        fs::create_dir_all(&at)?;
        let simulated = Simulated::new(&digits, &at, POOL, project as u64, |setup| {
            (setup.batch, setup.audit) = (BATCH, audit);
        })?;
        for _ in 0..BATCHES {
            simulated.round(BATCH)?;
            simulated.answer()?;
        }
        let net = simulated.round(0)?.net.ok_or("no net was trained")?;
        let truth = simulated.truth(net.as_ref())?;
        let found = simulated.project.status().accuracy;
        fs::remove_dir_all(&at)?;
        let of = found.of;
        let (low, high) = found
            .interval
            .ok_or_else(|| format!("project {project} has {of} audit samples, too few for an interval"))?;
        covered += usize::from((low..=high).contains(&truth));
        below += usize::from(truth < low);
        above += usize::from(truth > high);
        widths += high - low;
        audited += of;
        expected += expected_coverage(of, truth);
        eprintln!("{project}: {low:.3} to {high:.3} of {of} samples, truth {truth:.3}");
    }
    let percent = |n: f64| 100.0 * n / projects as f64;
    println!(
        "{projects} projects: {:.1} % of intervals cover the truth ({:.1} % expected by the binomial), {:.1} % lie above it and {:.1} % \
         below; mean width {:.3}, mean audit {:.1}",
        percent(covered as f64),
        percent(expected),
        percent(below as f64),
        percent(above as f64),
        widths / projects as f64,
        audited as f64 / projects as f64
    );
    Ok(())
}

/// How often the interval of `n` independent trials covers their probability: exact intervals cover more often than they say, as a
/// count jumps in steps.
fn expected_coverage(n: usize, probability: f64) -> f64 {
    let mut mass = (1.0 - probability).powi(n as i32);
    let mut covered = 0.0;
    for right in 0..=n {
        let covers =
            proportion_interval(right, n).is_some_and(|(low, high)| (low..=high).contains(&probability));
        covered += if covers { mass } else { 0.0 };
        mass *= (n - right) as f64 / (right + 1) as f64 * probability / (1.0 - probability);
    }
    covered
}
