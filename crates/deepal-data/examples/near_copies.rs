//! How well copies are told from different images: the first 10,000 of a data set, each four times with Gaussian noise.
//!
//! `cargo run --release -p deepal-data --example near_copies -- FOLDER mnist fashion-mnist cifar10`

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal_core::{InMemory, SampleId, duplicates, seed::mix};
use deepal_data::datasets::{self, Downloads};
use std::time::Instant;

/// Images, and how often each is there.
const IMAGES: usize = 10_000;
const TIMES: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let (folder, names) = arguments.split_first().ok_or("name a folder and data sets")?;
    let source = Downloads { data_dir: Some(folder.into()), ..Downloads::default() };
    println!("data,share,precision,recall,groups,joined_without_copies,seconds");
    for name in names {
        let train = (datasets::by_name(name)?.load)(&source)?.train;
        let images = train.inputs(&SampleId::first(IMAGES))?;
        let rows = (0..IMAGES * TIMES).map(|row| row / TIMES).collect::<Vec<_>>();
        let mut copies = images.select(ndarray::Axis(0), &rows);
        copies.iter_mut().zip(0..).for_each(|(x, i)| *x += 0.1 * normal(i));
        let alone = InMemory::new(train.meta().clone(), images)?;
        let copies = InMemory::new(train.meta().clone(), copies)?;
        let unit = duplicates::typical_distance(&copies, 0)?;
        for share in [0.05, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3] {
            let start = Instant::now();
            let leaders = duplicates::groups(&copies, share * unit, 0, &|_, _| {})?;
            let seconds = start.elapsed().as_secs_f64();
            let joined = leaders.iter().enumerate().filter(|(row, leader)| row != *leader);
            let (right, wrong) =
                joined.partition::<Vec<_>, _>(|(row, leader)| row / TIMES == *leader / TIMES);
            let joined = right.len() + wrong.len();
            let alone = duplicates::groups(&alone, share * unit, 0, &|_, _| {})?;
            let false_joins = alone.iter().enumerate().filter(|(row, leader)| row != *leader).count();
            println!(
                "{name},{share},{:.4},{:.4},{},{false_joins},{seconds:.1}",
                right.len() as f64 / joined.max(1) as f64,
                right.len() as f64 / (IMAGES * (TIMES - 1)) as f64,
                leaders.len() - joined
            );
        }
    }
    Ok(())
}

/// A standard normal number (Box and Muller 1958).
fn normal(i: u64) -> f32 {
    let uniform = |key| ((mix(key, i) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    ((-2.0 * uniform(1).ln()).sqrt() * (std::f64::consts::TAU * uniform(2)).cos()) as f32
}
