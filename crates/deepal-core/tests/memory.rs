//! What strategies hold, counted by the allocator, against what they state.
#![expect(clippy::unwrap_used, reason = "tests")]

use deepal_core::seed::mix;
use deepal_core::settings::{Setting, Value};
use deepal_core::signals::{Dim, Rule, Values};
use deepal_core::{Class, Signal, Signals, Sizes, strategy};
use ndarray::ArrayD;
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What threads and lists of them take, whatever the pool.
const ROUND: usize = 1 << 18;

fn signals(asked: &[Signal], sizes: Sizes) -> Signals<'static> {
    asked.iter().fold(Signals::new(sizes.candidates), |signals, signal| {
        let length = |dim: &Dim| match (dim, signal) {
            (Dim::Candidates, _) => sizes.candidates,
            (Dim::Labeled, _) => sizes.labeled,
            (Dim::Classes, _) => sizes.classes,
            (Dim::Features | Dim::EncoderFeatures, _) => sizes.features,
            (Dim::Passes, Signal::McProbs { passes, .. } | Signal::MemberProbs { members: passes }) => {
                *passes
            }
            _ => 2,
        };
        let shape = signal.kind().shape.iter().map(length).collect::<Vec<_>>();
        let mut next = 0;
        let mut random = || {
            next += 1;
            (mix(1, next) >> 40) as f64 / (1u64 << 24) as f64
        };
        let values: Values<'_> = match signal.kind().rule {
            Rule::Finite => ArrayD::from_shape_simple_fn(shape, || random() as f32 - 0.5).into(),
            Rule::Classes => ArrayD::from_shape_fn(shape, |i| Class((i[0] % sizes.classes) as u16)).into(),
            Rule::Calibration => ndarray::array![1.5, 0.5].into(),
            Rule::Distances => ArrayD::from_shape_simple_fn(shape, random).into(),
            Rule::Distributions => {
                let mut probs = ArrayD::from_shape_simple_fn(shape, || random() + 1e-3);
                probs.rows_mut().into_iter().for_each(|mut row| row /= row.sum());
                probs.into()
            }
        };
        signals.with(*signal, values).unwrap()
    })
}

/// For every strategy of the list, with what it needs and what it wants besides.
#[test]
fn no_strategy_holds_more_than_it_states() {
    let sizes = Sizes { candidates: 20_000, labeled: 200, features: 16, classes: 6, picks: 40 };
    let mut wrong = Vec::new();
    for entry in strategy::ALL {
        let has_many =
            |setting: &Setting| setting.name == "passes" && (setting.default)() == Value::Integer(100);
        let name = match entry.settings.iter().any(has_many) {
            // With a hundred passes of noise these would take minutes and show no more.
            true => format!("{}(passes=6)", entry.name),
            false => entry.name.to_owned(),
        };
        let strategy = strategy::build(&name).unwrap();
        let signals = signals(&[strategy.needs(), strategy.wants()].concat(), sizes);
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        strategy::ask(strategy.as_ref(), &signals, sizes.picks, 1).unwrap();
        let (held, stated) = (HEAP.peak_usage() - before, strategy.memory(sizes));
        println!("{}: {held} held, {stated} stated", entry.name);
        if held > stated + ROUND {
            wrong.push(format!("{}: {held} held, {stated} stated", entry.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
