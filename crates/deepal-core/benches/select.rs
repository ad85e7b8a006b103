//! How long selectors and scores take, with sizes as in a round of the paper: `cargo bench -p deepal-core`.
//! `RAYON_NUM_THREADS` says how many threads.

use criterion::{Criterion, criterion_group, criterion_main};
use deepal_core::{Calibration, Signals, score, seed::mix, select, strategy};
use ndarray::{Array1, Array2, Array3, ArrayRef2};
use std::hint::black_box;

/// Samples of about normally distributed features round 100 centres.
fn embeddings(n: usize, d: usize, seed: u64) -> Array2<f32> {
    let uniform = |x: u64, y: u64| (mix(x, y) >> 40) as f32 / (1u32 << 24) as f32;
    Array2::from_shape_fn((n, d), |(i, j)| {
        let (i, j) = (mix(seed, i as u64), j as u64);
        4.0 * uniform(i % 100, j) + (0..4).map(|k| uniform(i, 4 * j + k)).sum::<f32>()
    })
}

fn logits(n: usize, c: usize, seed: u64) -> Array2<f32> {
    Array2::from_shape_fn((n, c), |(i, j)| (mix(seed, (i * c + j) as u64) % 1000) as f32 / 200.0)
}

fn selectors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("select");
    group.sample_size(10);
    let (pool, labeled) = (embeddings(30_000, 50, 1), embeddings(10_000, 50, 2));
    let none = Array2::zeros((0, 50));
    for (name, labeled) in [("30000x50+10000", &labeled), ("30000x50+0", &none)] {
        group.bench_function(format!("k-center/{name}/1000"), |b| {
            b.iter(|| select::k_center_greedy(black_box(&pool), labeled, 1000, 0));
        });
    }
    type Find = fn(&ArrayRef2<f32>, usize, u64) -> select::Clusters;
    for (name, find) in [("k-means", select::k_means as Find), ("k-medians", select::k_medians)] {
        for (rows, k) in [(&pool, 1000), (&pool, 20), (&labeled, 100)] {
            group.bench_function(format!("{name}/{}x50/{k}", rows.nrows()), |b| {
                b.iter(|| find(black_box(rows), k, 0));
            });
        }
    }
    let clusters = select::k_means(&pool, 1000, 0);
    group.bench_function("representatives/30000x50/1000", |b| {
        b.iter(|| select::representatives(black_box(&pool), &clusters));
    });
    let scores = Array1::from_shape_fn(1_000_000, |i| (mix(3, i as u64) % 100_000) as f64);
    group.bench_function("top-k/1000000/1000", |b| b.iter(|| select::top_k(black_box(&scores), 1000)));
    group.bench_function("random/1000000/1000", |b| b.iter(|| select::random(black_box(1_000_000), 1000, 0)));
    group.finish();
}

fn scores(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("score");
    group.sample_size(10);
    let logits = logits(30_000, 10, 1);
    let probs = score::softmax(&logits);
    let passes = Array3::from_shape_fn((10, 30_000, 10), |(t, i, j)| probs[[(i + t) % 30_000, j]]);
    type Score = fn(&ArrayRef2<f64>) -> Array1<f64>;
    for (name, score) in [
        ("least-confidence", score::least_confidence as Score),
        ("margin", score::margin),
        ("entropy", score::entropy),
    ] {
        group.bench_function(format!("{name}/30000x10"), |b| b.iter(|| score(black_box(&probs))));
    }
    group.bench_function("bald/10x30000x10", |b| b.iter(|| score::bald(black_box(&passes))));
    group.bench_function("softmax/30000x10", |b| b.iter(|| score::softmax(black_box(&logits))));
    group.finish();
}

/// A query of 20 with 100 labels by `auto`; accuracy 0.5, so a quarter of the pool are candidates.
fn queries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("query");
    group.sample_size(10);
    for (n, d) in [(4000, 64), (60_000, 128), (1_000_000, 64)] {
        let (pool, labeled) = (embeddings(n, d, 1), embeddings(100, d, 2));
        let probs = score::softmax(&logits(n, 10, 1));
        let signals = Signals::new(n)
            .with_probs(probs)
            .and_then(|signals| signals.with_embeddings(pool))
            .and_then(|signals| signals.with_labeled_embeddings(labeled))
            .and_then(|signals| signals.with_calibration(Calibration { temperature: 2.0, accuracy: 0.5 }));
        let (Ok(signals), Ok(auto)) = (signals, strategy::build("auto")) else { continue };
        group.bench_function(format!("auto/{n}x{d}/20"), |b| {
            b.iter(|| auto.select(black_box(&signals), 20, 1))
        });
    }
    group.finish();
}

fn short() -> Criterion {
    let half = std::time::Duration::from_millis(500);
    Criterion::default().warm_up_time(half).measurement_time(2 * half)
}

criterion_group! { name = benches; config = short(); targets = selectors, scores, queries }
criterion_main!(benches);
