//! `cargo xtask scaling`: time and memory of selectors against the size of the pool.

use crate::args::Args;
use crate::plot::{self, Curve, thousands};
use crate::process::{Measured, measure, ours};
use crate::sample::{best, normals, uniform};
use crate::{Result, machine};
use deepal::{score, select};
use ndarray::Array2;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const SELECTORS: [&str; 5] = ["random", "margin", "k-center", "k-means", "k-medians"];
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const BUDGET: usize = 100;
const FEATURES: usize = 64;
const CLASSES: usize = 10;
const LABELED: usize = 1000;

/// Measures, prints the table and writes `scaling.csv` and `scaling.svg`.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let args = Args::parse(args, &["--out", "--threads"])?;
    let threads = args.count("--threads", 2)?;
    let folder = Path::new(args.get("--out").unwrap_or("."));
    fs::create_dir_all(folder)?;
    let mut curves = Vec::new();
    for selector in SELECTORS {
        let mut points = Vec::new();
        for n in SIZES {
            let measured = measure(&mut ours(&format!("scale-{selector}"), &n.to_string())?, threads)?;
            eprintln!("{selector} of {n}: {:.4} s", measured.seconds);
            points.push((n, measured));
        }
        curves.push(Curve { selector, points });
    }
    println!(
        "{}- {BUDGET} picks, {FEATURES} features; margin with {CLASSES} classes, k-center with {LABELED} labelled\n",
        machine::describe(threads)?
    );
    println!("{}", table(&curves)?);
    fs::write(folder.join("scaling.csv"), csv(&curves)?)?;
    fs::write(folder.join("scaling.svg"), plot::svg(&curves))?;
    Ok(())
}

fn table(curves: &[Curve]) -> Result<String> {
    let mut table = String::from("| selector |");
    for n in SIZES {
        write!(table, " {} |", thousands(n))?;
    }
    write!(
        table,
        " exponent | memory at {} |\n|{}\n",
        thousands(SIZES[2]),
        " --- |".repeat(SIZES.len() + 3)
    )?;
    for Curve { selector, points } in curves {
        write!(table, "| {selector} |")?;
        for (_, measured) in points {
            // Three digits, be they microseconds or minutes.
            let decimals = (2 - measured.seconds.log10().floor() as i32).clamp(0, 7) as usize;
            write!(table, " {:.decimals$} s |", measured.seconds)?;
        }
        let peak = points.last().and_then(|(_, measured)| measured.peak_mb);
        let peak = peak.map_or("-".into(), |peak| format!("{peak:.0} MB"));
        writeln!(table, " {:.2} | {peak} |", exponent(points))?;
    }
    Ok(table)
}

fn csv(curves: &[Curve]) -> Result<String> {
    let mut csv = String::from("selector,n,seconds,peak_mb\n");
    for Curve { selector, points } in curves {
        for (n, measured) in points {
            let peak = measured.peak_mb.map_or(String::new(), |peak| format!("{peak:.1}"));
            writeln!(csv, "{selector},{n},{:.7},{peak}", measured.seconds)?;
        }
    }
    Ok(csv)
}

/// The exponent of n in the time: the slope of log time against log n by least squares.
fn exponent(points: &[(usize, Measured)]) -> f64 {
    let logs = || points.iter().map(|(n, measured)| ((*n as f64).ln(), measured.seconds.ln()));
    let mean = |of: fn((f64, f64)) -> f64| logs().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|(x, _)| x), mean(|(_, y)| y));
    logs().map(|(a, b)| (a - x) * (b - y)).sum::<f64>() / logs().map(|(a, _)| (a - x).powi(2)).sum::<f64>()
}

/// One selection from a pool of `n`, in this process.
pub(crate) fn work(selector: &str, n: usize) -> Result<Measured> {
    let seconds = match selector {
        "random" => timed(|| select::random(n, BUDGET, 1)),
        "margin" => {
            let probs = simplex(n, CLASSES);
            timed(|| select::top_k(&score::margin(&probs), BUDGET))
        }
        "k-center" => {
            let (points, labeled) = (normals(n, FEATURES, 1), normals(LABELED, FEATURES, 2));
            timed(|| select::k_center_greedy(&points, &labeled, BUDGET, 1))
        }
        "k-means" => {
            let points = normals(n, FEATURES, 1);
            timed(|| select::representatives(&points, &select::k_means(&points, BUDGET, 1)))
        }
        "k-medians" => {
            let points = normals(n, FEATURES, 1);
            timed(|| select::representatives(&points, &select::k_medians(&points, BUDGET, 1)))
        }
        _ => return Err(format!("no selector is called `{selector}`").into()),
    };
    Ok(Measured { seconds, ..Measured::default() })
}

/// The seconds of the fastest of 5 selections, or of the first if it takes more than one.
fn timed(select: impl Fn() -> Vec<usize>) -> f64 {
    let first = best(1, &select);
    if first < 1.0 { first.min(best(4, &select)) } else { first }
}

/// Probabilities drawn uniformly, `[n, c]`: exponential numbers divided by their sum.
fn simplex(n: usize, c: usize) -> Array2<f64> {
    let mut probs = Array2::from_shape_fn((n, c), |(i, j)| -uniform(1, i * c + j).ln());
    for mut row in probs.outer_iter_mut() {
        row /= row.sum();
    }
    probs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_is_its_exponent() {
        let seconds = |n: usize| Measured { seconds: 3e-9 * (n as f64).powf(1.5), ..Measured::default() };
        assert!((exponent(&SIZES.map(|n| (n, seconds(n)))) - 1.5).abs() < 1e-9);
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!([7, 1000, 1_000_000].map(thousands), ["7", "1,000", "1,000,000"]);
    }
}
