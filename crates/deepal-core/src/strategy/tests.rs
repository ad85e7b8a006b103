//! What every strategy of the list must do.

use super::*;
use crate::contract;
use crate::ids::Class;
use crate::seed::mix;
use crate::settings::{Range, Value};
use crate::signals::{Dim, Rule, Values};
use ndarray::{ArrayD, Dimension};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn every_name_of_deepal_is_accepted() {
    for name in [
        "RandomSampling",
        "LeastConfidence",
        "MarginSampling",
        "EntropySampling",
        "LeastConfidenceDropout",
        "MarginSamplingDropout",
        "EntropySamplingDropout",
        "KMeansSampling",
        "KCenterGreedy",
        "BALDDropout",
        "AdversarialBIM",
        "AdversarialDeepFool",
    ] {
        assert_eq!(by_name(name).unwrap().deepal, Some(name));
    }
}

/// Trap D13: the reference's active learning by learning weighs its rewards wrongly. It is none of the paper's
/// strategies and must not be offered before it is right.
#[test]
fn d13_no_bandit_over_strategies_is_offered() {
    for name in ["albl", "ActiveLearningByLearning"] {
        assert!(by_name(name).is_err());
    }
}

#[test]
fn entries_are_whole_and_names_unique() {
    for (i, entry) in ALL.iter().enumerate() {
        assert!(ALL[i + 1..].iter().all(|other| other.name != entry.name && other.summary != entry.summary));
        assert!(entry.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        assert_eq!(build(entry.name).unwrap().name(), entry.name);
        for text in [entry.summary, entry.details, entry.source] {
            assert!(text.len() > 10 && text.trim() == text && !text.contains("  "));
        }
    }
}

#[test]
fn every_strategy_passes_the_contract() {
    for entry in ALL {
        contract::check_strategy(build(entry.name).unwrap().as_ref()).unwrap();
    }
}

/// Values of a setting that are not its default.
fn others(setting: &Setting) -> Vec<Value> {
    let values = match setting.range {
        Range::Integer(least, most) => [least, least + 1, least + 6, most].map(Value::Integer).to_vec(),
        Range::Number(least, most) => [least, f64::midpoint(least, most), most].map(Value::Number).to_vec(),
        Range::Positive(most) => [1e-3, 0.1, 1.0, most].map(|x| x.min(most)).map(Value::Number).to_vec(),
    };
    values.into_iter().filter(|value| *value != (setting.default)()).collect()
}

/// A setting that changes neither what a strategy looks at nor what it picks, nor is documented, is none.
#[test]
fn every_setting_is_described_and_has_an_effect() {
    for entry in ALL {
        let outcome = |given: Given| {
            let strategy = (entry.build)(&given).unwrap();
            let signals = contract::made_up_for(strategy.as_ref(), 300, 12);
            let picks = |seed| strategy.select(&signals, 9, seed).unwrap().rows;
            (strategy.needs(), [1, 2, 3].map(picks))
        };
        let default = outcome(Given::new());
        for setting in entry.settings {
            let name = format!("{}: {}", entry.name, setting.name);
            assert!(setting.about.len() > 10 && setting.source.len() > 3, "{name}");
            let values = others(setting);
            let differs =
                |value: &Value| outcome([(setting.name.to_owned(), value.clone())].into()) != default;
            assert!(values.iter().any(differs), "{name}: nothing follows from it");
            let given = [(setting.name.to_owned(), (setting.default)())].into();
            assert_eq!(outcome(given), default, "{name}: the default is another");
            let spec =
                Spec { name: entry.name.into(), settings: [(setting.name.into(), values[0].clone())].into() };
            assert_eq!(canonical(&spec.to_string().parse().unwrap()).unwrap(), spec, "{name}");
        }
        let unknown = [("no-such".to_owned(), Value::Integer(1))].into();
        assert!((entry.build)(&unknown).err().unwrap().to_string().contains(entry.name));
    }
}

/// Every setting of every strategy at the ends of its range.
#[test]
fn extreme_settings_pass_the_contract() {
    for entry in ALL {
        for setting in entry.settings {
            for value in others(setting) {
                let given = [(setting.name.to_owned(), value.clone())].into();
                let strategy = (entry.build)(&given).unwrap();
                let checked = contract::check_strategy(strategy.as_ref());
                assert_eq!(checked, Ok(()), "{}: {} = {value}", entry.name, setting.name);
            }
        }
    }
}

/// A pool that a strategy may meet: how many candidates, labelled samples and classes, and its numbers by row and column.
#[derive(Clone, Copy)]
struct Pool {
    n: usize,
    labeled: usize,
    classes: usize,
    features: fn(usize, usize) -> f32,
    /// Before they are divided by their sum.
    probs: fn(usize, usize) -> f64,
    label: fn(usize) -> u16,
}

const ORDINARY: Pool = Pool {
    n: 60,
    labeled: 9,
    classes: 4,
    features: |i, j| (mix(1, (i * 31 + j) as u64) >> 40) as f32 / (1 << 23) as f32 - 1.0,
    probs: |i, k| (mix(2, (i * 17 + k) as u64) >> 40) as f64 + 1.0,
    label: |i| i as u16 % 4,
};

impl Pool {
    /// What a strategy needs of it and wants, without the signals that `leaves_out` names.
    fn signals(self, strategy: &dyn Strategy, leaves_out: &[Signal]) -> Signals<'static> {
        let mut signals = Signals::new(self.n);
        let asked = strategy.needs().into_iter().chain(strategy.wants());
        for signal in asked.filter(|signal| !leaves_out.iter().any(|other| other.is_like(*signal))) {
            let kind = signal.kind();
            let length = |dim: &Dim| match dim {
                Dim::Candidates => self.n,
                Dim::Labeled => self.labeled,
                Dim::Classes => self.classes,
                Dim::Features => 5,
                Dim::EncoderFeatures => 3,
                Dim::Passes => 4,
                Dim::Pair | Dim::Rest => 2,
            };
            let shape = kind.shape.iter().map(length).collect::<Vec<_>>();
            // Of three axes the first is that of passes, which differ.
            let at = |index: &ndarray::IxDyn| match index.slice() {
                [pass, row, column] => (row + 1000 * pass, *column),
                [row, column] => (*row, *column),
                other => (other[0], 0),
            };
            let values: Values<'_> = match kind.rule {
                Rule::Finite => ArrayD::from_shape_fn(shape, |i| (self.features)(at(&i).0, at(&i).1)).into(),
                Rule::Classes => ArrayD::from_shape_fn(shape, |i| Class((self.label)(i[0]))).into(),
                Rule::Calibration => ndarray::array![1.5, 0.5].into(),
                Rule::Distances => ArrayD::from_shape_fn(shape, |i| (self.probs)(i[0], 0)).into(),
                Rule::Distributions => {
                    let mut probs = ArrayD::from_shape_fn(shape, |i| (self.probs)(at(&i).0, at(&i).1));
                    probs.rows_mut().into_iter().for_each(|mut row| row /= row.sum());
                    probs.into()
                }
            };
            signals = signals.with(signal, values).unwrap();
        }
        signals
    }
}

/// Every strategy of the list picks from each of these pools, as many distinct samples as it can.
#[test]
fn pools_that_say_little_are_picked_from_by_every_strategy() {
    let pools = [
        ("an ordinary one", ORDINARY),
        ("one class", Pool { classes: 1, label: |_| 0, ..ORDINARY }),
        ("one label", Pool { labeled: 1, ..ORDINARY }),
        ("no label", Pool { labeled: 0, ..ORDINARY }),
        ("classes without labels", Pool { label: |_| 2, ..ORDINARY }),
        ("fewer candidates than picks", Pool { n: 3, ..ORDINARY }),
        ("constant features", Pool { features: |_, _| 0.7, ..ORDINARY }),
        (
            "one feature that is constant",
            Pool { features: |i, j| if j == 0 { 3.0 } else { (ORDINARY.features)(i, j) }, ..ORDINARY },
        ),
        (
            "copies everywhere",
            Pool {
                features: |i, j| (ORDINARY.features)(i % 3, j),
                probs: |i, k| (ORDINARY.probs)(i % 3, k),
                ..ORDINARY
            },
        ),
        (
            "candidates that are copies of what is labelled",
            Pool { features: |i, j| (ORDINARY.features)(i % 9, j), ..ORDINARY },
        ),
    ];
    let mut wrong = Vec::new();
    for entry in ALL {
        let strategy = build(entry.name).unwrap();
        for (what, pool) in pools {
            let signals = pool.signals(strategy.as_ref(), &[]);
            let picked = catch_unwind(AssertUnwindSafe(|| ask(strategy.as_ref(), &signals, 12, 1)));
            let is_right = matches!(&picked, Ok(Ok(selection)) if {
                let mut rows = selection.rows.clone();
                rows.sort_unstable();
                rows.dedup();
                rows.len() == pool.n.min(12) && rows.iter().all(|row| *row < pool.n)
            });
            if !is_right {
                wrong.push(format!("{}, {what}: {picked:?}", entry.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// While nothing is labelled, a strategy that starts cold needs embeddings alone; else what is missing is named.
#[test]
fn each_signal_that_is_missing_is_named_by_every_strategy() {
    for entry in ALL {
        let strategy = build(entry.name).unwrap();
        for need in strategy.needs() {
            let signals = ORDINARY.signals(strategy.as_ref(), &[need]);
            let outcome = ask(strategy.as_ref(), &signals, 5, 1);
            // A strategy does not ask whose attack it was.
            let name = match need {
                Signal::BoundaryDistance(_) => "boundary distances".into(),
                need => need.to_string(),
            };
            let is_named = matches!(&outcome, Err(Error::MissingSignal { signal }) if *signal == name);
            let may_lack = strategy.starts_cold() && need == Signal::Probs;
            assert!(is_named || (may_lack && outcome.is_ok()), "{} without {need}: {outcome:?}", entry.name);
        }
    }
}

/// What is stated grows with the pool, and says no more than there can be.
#[test]
fn every_strategy_states_its_memory_by_every_size() {
    for entry in ALL {
        let strategy = build(entry.name).unwrap();
        let stated = |candidates| {
            strategy.memory(Sizes { candidates, labeled: 1000, features: 64, classes: 10, picks: 1000 })
        };
        assert!(stated(0) < stated(10_000) && stated(10_000) < stated(1_000_000), "{}", entry.name);
        let most = usize::MAX;
        let all = Sizes { candidates: most, labeled: most, features: most, classes: most, picks: most };
        assert_eq!(strategy.memory(all), most, "{}", entry.name);
    }
}
