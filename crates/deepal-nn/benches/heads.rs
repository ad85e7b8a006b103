//! A round on the features of a pretrained net, 10,000 × 1,280 with 500 labels: `cargo bench -p deepal-nn --bench heads`.
//! `RAYON_NUM_THREADS` says how many threads.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to say")]

use criterion::{Criterion, criterion_group, criterion_main};
use deepal_core::seed::mix;
use deepal_core::{Ask, Class, Dataset, InMemory, Meta, SampleId, Signal};
use deepal_nn::nets;
use ndarray::Array2;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

const CANDIDATES: usize = 10_000;
const TEST: usize = 2000;
const FEATURES: usize = 1280;
const LABELS: usize = 500;

/// Features as pretrained nets give them: not negative, four of ten zero, shifted a little by the class.
fn features() -> (InMemory, Vec<(SampleId, Class)>) {
    let uniform = |key: u64, value: u64| (mix(key, value) >> 40) as f32 / (1u32 << 24) as f32;
    let inputs = Array2::from_shape_fn((CANDIDATES + TEST, FEATURES), |(i, j)| {
        let class = (i % 10) as u64;
        (uniform(1, (i * FEATURES + j) as u64) + 0.2 * uniform(class + 2, j as u64) - 0.5).max(0.0)
    });
    let classes = (0..10).map(|class| class.to_string()).collect();
    let meta = Meta { name: "features".into(), shape: [FEATURES, 1, 1], classes, range: vec![] };
    let labeled = (0..LABELS).map(|i| (SampleId::from(i), Class((i % 10) as u16))).collect();
    (InMemory::new(meta, inputs).unwrap(), labeled)
}

fn rounds(criterion: &mut Criterion) {
    let (data, labeled) = features();
    let all = SampleId::first(CANDIDATES + TEST);
    let (candidates, test) = all.split_at(CANDIDATES);
    let mut group = criterion.benchmark_group("round");
    for name in ["softmax-regression", "head"] {
        let net = nets::build(name, data.meta(), &nets::Options::default()).unwrap();
        let signals = [Signal::Probs, Signal::Embeddings];
        let ask = Ask { signals: &signals, unlabeled: candidates, labeled: &[], seed: 1 };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (net, _) = net.train(&data, &labeled, 1, &mut |_| ControlFlow::Continue(())).unwrap();
                black_box(net.signals(&data, &ask).unwrap());
                black_box(net.predict_proba(&data, test).unwrap());
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(5));
    targets = rounds
}
criterion_main!(benches);
