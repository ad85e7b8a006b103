//! `cargo xtask forecast`: how often the forecast of a project's next labels covers what they gain.

use crate::Result;
use crate::args::Args;
use crate::recorded::Recorded;
use crate::simulated::Simulated;
use deepal::project::{Forecast, NEXT};
use std::fs;
use std::path::{Path, PathBuf};

/// Samples in each pool, at most half of all; all others tell the truth.
const POOL: usize = 2000;
/// Questions in a batch.
const BATCH: usize = 20;
/// The numbers of answers at which the forecast is asked for.
const ASKED_AT: [usize; 4] = [100, 200, 300, 400];
/// The data sets where none is named.
const NAMES: [&str; 2] = ["digits", "fashion-mini"];

/// A forecast and what came of it.
struct Case {
    gain: f64,
    interval: (f64, f64),
    truth: f64,
}

/// Plays projects and prints, for each data set, the share of forecasts that cover the true gain.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let args = Args::parse(args, &["--projects", "--first", "--data", "--dir"])?;
    let projects = args.count("--projects", 10)?;
    let first = args.get("--first").map_or(Ok(0), str::parse::<u64>)?;
    let data =
        args.get("--data").map(PathBuf::from).or_else(|| std::env::var_os("DEEPAL_DATA").map(Into::into));
    let folder = PathBuf::from(args.get("--dir").ok_or("name an empty folder with --dir")?);
    let names = if args.names.is_empty() { &NAMES[..] } else { &args.names };
    let mut all = Vec::new();
    for name in names {
        let recorded = Recorded::named(name, data.as_deref())?;
        let mut cases = Vec::new();
        for seed in (first..).take(projects) {
            let at = folder.join(format!("{name}-{seed}"));
            fs::create_dir_all(&at)?;
            cases.extend(play(&recorded, &at, seed)?);
            fs::remove_dir_all(&at)?;
        }
        print(name, projects, &cases);
        all.extend(cases);
    }
    print("all", projects * names.len(), &all);
    Ok(())
}

/// One project; `None` where it was too early to say.
fn play(recorded: &Recorded, folder: &Path, seed: u64) -> Result<Vec<Option<Case>>> {
    let pool = POOL.min(recorded.hidden.len() / 2);
    let simulated = Simulated::new(recorded, folder, pool, seed, |setup| setup.batch = BATCH)?;
    let (mut asked, mut cases) = (Vec::<(usize, f64, Forecast)>::new(), Vec::new());
    for answers in (0..=ASKED_AT[ASKED_AT.len() - 1] + NEXT).step_by(BATCH) {
        let done = simulated.round(BATCH)?;
        if let (Some(net), Some(training)) = (&done.net, &done.training) {
            let truth = simulated.truth(net.as_ref())?;
            let status = simulated.project.status();
            eprintln!(
                "{},{seed},{answers},{},{},{},{},{truth:.4}",
                recorded.name,
                training.n_labeled,
                training.audit.0,
                training.audit.1,
                training.agreement.map_or(String::new(), |agreement| format!("{agreement:.4}")),
            );
            if let Some((_, before, forecast)) = asked.iter().find(|(at, ..)| at + NEXT == answers) {
                let said = forecast.gain.zip(forecast.interval);
                cases.push(said.map(|(gain, interval)| Case { gain, interval, truth: truth - before }));
            }
            if ASKED_AT.contains(&answers) {
                asked.push((answers, truth, status.forecast));
            }
        }
        simulated.answer()?;
    }
    Ok(cases)
}

fn print(name: &str, projects: usize, cases: &[Option<Case>]) {
    let said = cases.iter().flatten().collect::<Vec<_>>();
    let share = |is: &dyn Fn(&Case) -> bool| {
        100.0 * said.iter().filter(|case| is(case)).count() as f64 / said.len().max(1) as f64
    };
    let mean = |of: &dyn Fn(&Case) -> f64| {
        100.0 * said.iter().map(|case| of(case)).sum::<f64>() / said.len().max(1) as f64
    };
    println!(
        "{name}: {projects} projects, {} forecasts ({} too early): {:.1} % of intervals cover the true gain, {:.1} % lie above it and \
         {:.1} % below; mean width {:.2} points, mean forecast {:.2}, mean truth {:.2}, mean error {:.2}",
        said.len(),
        cases.len() - said.len(),
        share(&|case| (case.interval.0..=case.interval.1).contains(&case.truth)),
        share(&|case| case.truth < case.interval.0),
        share(&|case| case.truth > case.interval.1),
        mean(&|case| case.interval.1 - case.interval.0),
        mean(&|case| case.gain),
        mean(&|case| case.truth),
        mean(&|case| (case.gain - case.truth).abs())
    );
}
