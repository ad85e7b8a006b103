//! A strategy of your own against listed ones, on a folder of pictures of your own: verdict, curves and report.
//!
//! `cargo run --release --example compare_own_strategy -- FOLDER` (without one, on a folder that it makes of the digits)

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::{
    Catalog, CoreError, Monitor, Selection, Signal, Signals, Strategy, StudyPlan, StudySettings, threads,
};

#[path = "shared/digits_folder.rs"]
mod digits_folder;

/// Candidates in the middle of the probability range of the best class: neither sure nor hopeless.
struct HalfSure;

impl Strategy for HalfSure {
    fn name(&self) -> &str {
        "half-sure"
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Probs]
    }

    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection, CoreError> {
        let best =
            signals.probs()?.map_axis(deepal::ndarray::Axis(1), |p| p.fold(0.0, |a: f64, b| a.max(*b)));
        Ok(Selection::top(&best.mapv(|p| -(p - 0.5).abs()), n))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = digits_folder::given_or_made("compare")?;
    let catalog = Catalog::default().with_strategy("half-sure", || Box::new(HalfSure));
    let settings = StudySettings {
        datasets: Some(vec![folder.display().to_string()]),
        nets: Some(vec!["softmax-regression".into()]),
        strategies: Some(["half-sure", "margin", "random"].map(String::from).to_vec()),
        seeds: Some(vec![1, 2, 3]),
        ..StudySettings::default()
    };
    let mut study =
        StudyPlan::new(settings, &catalog, Monitor::silent())?.start(&folder.with_extension("run"))?;
    study.run(threads())?;
    let outputs = study.outputs()?;
    outputs.write(study.folder())?;
    for arm in &outputs.analysis.tasks[0].arms {
        let curve = arm.points.iter().map(|point| format!("{}: {:.3}", point.labels, point.accuracy.value));
        println!("{}: {}", arm.strategy, curve.collect::<Vec<_>>().join(", "));
    }
    println!("{}\n{}", outputs.analysis.verdict.join("\n"), study.folder().join("report.html").display());
    Ok(())
}
