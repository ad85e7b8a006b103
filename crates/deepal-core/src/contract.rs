//! What every strategy, net and data set must do, as checks that authors of their own can run in a test.
//!
//! ```
//! use deepal_core::{contract, strategy};
//!
//! contract::check_strategy(strategy::build("margin")?.as_ref()).unwrap();
//! # Ok::<(), deepal_core::Error>(())
//! ```

use crate::dataset::Dataset;
use crate::error::Error;
use crate::ids::{Class, SampleId};
use crate::net::{Ask, Net, Progress, StateDict, TrainedNet};
use crate::seed::mix;
use crate::signals::{self, Dim, Origin, Rule, Signal, Signals, Values};
use crate::strategy::{Selection, Strategy};
use ndarray::{Array, Array2, ArrayD, Dimension, ShapeBuilder};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The broken rule, in words.
pub type Violation = String;

macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

/// Checks a strategy on made-up signals: distinct rows, exact budgets (0, 1, all, more than there are), an empty pool,
/// reproducibility, finite falling scores, prefixes of ranked picks, and degenerate signals (identical rows, zeros, one-hot
/// and uniform probabilities). It is handed the signals it declares and nothing else, with and without those that it wants, and must
/// say so when one is missing; one that starts cold is also handed embeddings alone, with and without labelled ones. One
/// that ranks one by one must give a candidate the same score whatever other candidates and seed it is handed with.
///
/// # Errors
/// The first broken rule.
pub fn check_strategy(strategy: &dyn Strategy) -> Result<(), Violation> {
    for kind in [Kind::Ordinary, Kind::Identical, Kind::Zero, Kind::OneHot] {
        for n in [0, 1, 2, 37] {
            let signals = made_up(&strategy.needs(), n, LABELED, kind);
            let wanted = made_up(&[strategy.needs(), strategy.wants()].concat(), n, LABELED, kind);
            for budget in [0, 1, 5, n, n + 3] {
                check_selection(strategy, &signals, budget, kind)?;
                check_selection(strategy, &wanted, budget, kind)?;
                for labeled in [0, LABELED].into_iter().filter(|_| strategy.starts_cold()) {
                    let cold = made_up(&[Signal::Embeddings, Signal::LabeledEmbeddings], n, labeled, kind);
                    check_selection(strategy, &cold, budget, kind)?;
                }
            }
            if strategy.one_by_one() {
                check_parts(strategy, &signals, kind)?;
            }
        }
    }
    let candidates = Signals::new(3);
    if !strategy.needs().is_empty() {
        let missing = matches!(strategy.select(&candidates, 1, 0), Err(Error::MissingSignal { .. }));
        ensure!(missing, "without its signals it must return `Error::MissingSignal`");
    }
    Ok(())
}

fn check_selection(
    strategy: &dyn Strategy,
    signals: &Signals<'_>,
    budget: usize,
    kind: Kind,
) -> Result<(), Violation> {
    let n = signals.len();
    let case = format!("{budget} of {n} candidates, {kind:?} signals");
    let select = |budget| strategy.select(signals, budget, 7).map_err(|error| format!("{case}: {error}"));
    let selection = select(budget)?;
    let mut rows = selection.rows.clone();
    rows.sort_unstable();
    rows.dedup();
    ensure!(rows.len() == budget.min(n), "{case}: {} distinct rows picked", rows.len());
    ensure!(rows.len() == selection.rows.len(), "{case}: a row is picked twice");
    ensure!(rows.last().is_none_or(|row| *row < n), "{case}: a row that is no candidate");
    ensure!(select(budget)? == selection, "{case}: the same seed gave other picks");
    if let Some(scores) = &selection.scores {
        ensure!(scores.len() == selection.rows.len(), "{case}: {} scores", scores.len());
        ensure!(scores.iter().all(|score| score.is_finite()), "{case}: a score is not finite");
        ensure!(scores.is_sorted_by(|a, b| a >= b), "{case}: scores rise");
        let ties = scores.windows(2).zip(selection.rows.windows(2)).all(|(s, r)| s[0] > s[1] || r[0] < r[1]);
        ensure!(ties, "{case}: a tie went to the higher row");
        let fewer = select(budget / 2)?.rows;
        ensure!(selection.rows.starts_with(&fewer), "{case}: fewer picks are no prefix");
    }
    Ok(())
}

fn check_parts(strategy: &dyn Strategy, signals: &Signals<'_>, kind: Kind) -> Result<(), Violation> {
    let n = signals.len();
    let scores = |signals: &Signals<'_>, seed| {
        let Selection { rows, scores } =
            strategy.select(signals, signals.len(), seed).map_err(|error| error.to_string())?;
        let mut scores = rows
            .into_iter()
            .zip(scores.ok_or("it ranks one by one, but gives no scores")?)
            .collect::<Vec<_>>();
        scores.sort_by_key(|(row, _)| *row);
        Ok::<_, Violation>(scores.into_iter().map(|(_, score)| score).collect::<Vec<_>>())
    };
    let whole = scores(signals, 7)?;
    for size in [1, 10] {
        let mut parts = Vec::new();
        for first in (0..n).step_by(size) {
            parts.extend(scores(&signals.of(&(first..n.min(first + size)).collect::<Vec<_>>()), 8)?);
        }
        let same = parts == whole;
        ensure!(
            same,
            "{n} candidates, {kind:?} signals: it ranks one by one, but in parts of {size} scores differ"
        );
    }
    Ok(())
}

/// Checks a net on a data set with some labelled samples. It must refuse to train on nothing, train to the same net from the same
/// seed, and stop when cancelled. Every signal that it supports, except boundary distances, must have the right shape. If it gives its
/// weights, the net that is loaded from them must predict the same to the bit.
///
/// # Errors
/// The first broken rule.
pub fn check_net(net: &dyn Net, data: &dyn Dataset, labeled: &[(SampleId, Class)]) -> Result<(), Violation> {
    let ids = SampleId::first(data.len());
    let labeled_ids = labeled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let words = |error: Error| error.to_string();
    let mut go_on = |_: Progress| ControlFlow::Continue(());
    let nothing = net.train(data, &[], 0, &mut go_on).err();
    ensure!(
        matches!(nothing, Some(Error::NothingLabeled)),
        "without labels it must return `Error::NothingLabeled`"
    );
    let mut calls = 0;
    let mut count = |_: Progress| {
        calls += 1;
        ControlFlow::Continue(())
    };
    let (trained, _) = net.train(data, labeled, 11, &mut count).map_err(words)?;
    ensure!(calls > 0, "it must call `watch` between two steps of a training");
    let cancelled = net.train(data, labeled, 11, &mut |_| ControlFlow::Break(())).err();
    ensure!(
        matches!(cancelled, Some(Error::Cancelled)),
        "when `watch` breaks it must return `Error::Cancelled`"
    );
    ensure!(trained.name() == net.name(), "trained it is called `{}`", trained.name());
    let first = trained.predict_proba(data, &ids).map_err(words)?;
    ensure!(first.ncols() == data.meta().classes.len(), "{} probabilities a sample", first.ncols());
    let (again, _) = net.train(data, labeled, 11, &mut go_on).map_err(words)?;
    let again = again.predict_proba(data, &ids).map_err(words)?;
    ensure!(first == again, "the same seed trained another net");
    let none = trained.predict(data, &[]).map_err(words)?;
    ensure!(none.is_empty(), "predictions about no sample");
    let of_nets = signals::ALL.iter().filter(|signal| signal.kind().origin == Origin::Net);
    for signal in of_nets.copied() {
        ensure!(
            trained.supports(signal) == net.supports(signal),
            "trained it supports other signals: {signal}"
        );
        let ask = Ask { signals: &[signal], unlabeled: &ids, labeled: &labeled_ids, seed: 5 };
        let is_slow = matches!(signal, Signal::BoundaryDistance(_));
        if !net.supports(signal) {
            let refused = matches!(trained.signals(data, &ask), Err(Error::Unsupported { .. }));
            ensure!(refused, "it must return `Error::Unsupported` for {signal}");
        } else if !is_slow {
            let given = trained.signals(data, &ask).map_err(words)?;
            let values = given.get(signal).map_err(words)?;
            let dims = signal.kind().shape.iter().zip(values.shape());
            for (dim, got) in dims {
                let wanted = match dim {
                    Dim::Candidates => ids.len(),
                    Dim::Labeled => labeled.len(),
                    Dim::Classes => data.meta().classes.len(),
                    _ => *got,
                };
                ensure!(*got == wanted, "{signal}: {got} along {} and not {wanted}", dim.letter());
            }
        }
    }
    check_head(net, trained.as_ref(), data, &ids)?;
    match trained.state_dict() {
        // It keeps its weights to itself.
        Err(Error::NoState { .. }) => Ok(()),
        Err(error) => Err(words(error)),
        Ok(state) => check_state(net, trained.as_ref(), data, state),
    }
}

/// A net that gives its last layer must predict by it: the softmax of `W e + b`.
fn check_head(
    net: &dyn Net,
    trained: &dyn TrainedNet,
    data: &dyn Dataset,
    ids: &[SampleId],
) -> Result<(), Violation> {
    let signals = [Signal::Probs, Signal::Embeddings, Signal::HeadWeights, Signal::HeadBiases];
    if !signals.iter().all(|signal| net.supports(*signal)) {
        return Ok(());
    }
    let words = |error: Error| error.to_string();
    let ask = Ask { signals: &signals, unlabeled: ids, labeled: &[], seed: 5 };
    let given = trained.signals(data, &ask).map_err(words)?;
    let (probs, embeddings) = (given.probs().map_err(words)?, given.embeddings().map_err(words)?);
    let (weights, biases) = (given.head_weights().map_err(words)?, given.head_biases().map_err(words)?);
    let logits = embeddings.dot(&weights.t()) + biases;
    let apart = (&crate::score::softmax(&logits) - &probs).iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let is_near = apart < 1e-4;
    ensure!(is_near, "its last layer gives other probabilities, {apart} apart");
    Ok(())
}

/// Checks that the weights of a trained net are the net.
fn check_state(
    net: &dyn Net,
    trained: &dyn TrainedNet,
    data: &dyn Dataset,
    state: StateDict,
) -> Result<(), Violation> {
    let words = |error: Error| error.to_string();
    let ids = SampleId::first(data.len());
    let before = trained.predict_proba(data, &ids).map_err(words)?;
    let names = state.iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    ensure!(names.len() == state.len(), "two of its weights have one name");
    for (fault, wrong) in faults(&state) {
        let refused = net.load_state_dict(data.meta(), wrong).is_err();
        ensure!(refused, "it must refuse weights with {fault}");
    }
    let loaded = net.load_state_dict(data.meta(), state.clone()).map_err(words)?;
    let after = loaded.predict_proba(data, &ids).map_err(words)?;
    ensure!(before == after, "with its own weights it predicts otherwise");
    ensure!(loaded.state_dict().map_err(words)? == state, "the weights are not those that it was given");
    Ok(())
}

/// States that are wrong: one array missing, one too many, one of another shape.
fn faults(state: &StateDict) -> [(&'static str, StateDict); 3] {
    let (mut missing, mut more, mut reshaped) = (state.clone(), state.clone(), state.clone());
    missing.pop();
    more.push(("somebody's".into(), ArrayD::zeros(vec![1])));
    if let Some((_, array)) = reshaped.first_mut() {
        *array = ArrayD::zeros([array.shape(), &[2]].concat());
    }
    [("one array missing", missing), ("one too many", more), ("one of another shape", reshaped)]
}

/// Checks a data set: rows of the declared width, finite, the same whichever ids they are asked with, and an error for an
/// unknown id.
///
/// # Errors
/// The first broken rule.
pub fn check_dataset(data: &dyn Dataset) -> Result<(), Violation> {
    let words = |error: Error| error.to_string();
    let ids = SampleId::first(data.len().min(20));
    let rows = data.inputs(&ids).map_err(words)?;
    let expected = [ids.len(), data.meta().n_features()];
    ensure!(rows.shape() == expected, "inputs are {:?}, not {expected:?}", rows.shape());
    ensure!(rows.iter().all(|x| x.is_finite()), "an input is not finite");
    let backwards = ids.iter().rev().copied().collect::<Vec<_>>();
    let reversed = data.inputs(&backwards).map_err(words)?;
    ensure!(
        rows.outer_iter().eq(reversed.outer_iter().rev()),
        "a row depends on the other ids asked with it"
    );
    let unknown = data.inputs(&[SampleId::from(data.len())]);
    ensure!(unknown.is_err(), "an unknown id must be an error");
    let range = &data.meta().range;
    ensure!(range.is_empty() || range.len() == data.meta().shape[0], "{} ranges of channels", range.len());
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    Identical,
    Zero,
    OneHot,
}

/// Labelled samples in made-up signals.
const LABELED: usize = 5;

/// Signals about `n` candidates with 4 classes and 6 features, in a form and order that the table of signals gives.
fn made_up(needs: &[Signal], n: usize, labeled: usize, kind: Kind) -> Signals<'static> {
    let mut signals = Signals::new(n);
    for need in needs {
        let about = need.kind();
        let length = |dim: &Dim| match dim {
            Dim::Candidates => n,
            Dim::Labeled => labeled,
            Dim::Classes => 4,
            Dim::Features => 6,
            Dim::EncoderFeatures => 5,
            Dim::Passes => 3,
            Dim::Pair | Dim::Rest => 2,
        };
        let shape = about.shape.iter().map(length).collect::<Vec<_>>();
        let made: Values<'_> = match about.rule {
            Rule::Distributions => {
                let rows = shape[..shape.len() - 1].iter().product();
                let made = probs(rows, 4, kind).into_shape_with_order(shape);
                made.unwrap_or_else(|_| ArrayD::zeros(vec![0])).into()
            }
            Rule::Distances => {
                let mut distances = values(shape, kind).mapv(|x: f32| f64::from(x.abs()));
                if let (Kind::OneHot, Some(first)) = (kind, distances.first_mut()) {
                    *first = f64::INFINITY;
                }
                distances.into()
            }
            Rule::Calibration => ndarray::array![2.0, 0.5].into(),
            Rule::Finite => values(shape, kind).into(),
            Rule::Classes => {
                let mut next = 0;
                let class = || {
                    next += 1;
                    Class(next % 4)
                };
                ArrayD::from_shape_simple_fn(shape, class).into()
            }
        };
        signals = signals.clone().with(*need, made).unwrap_or(signals);
    }
    signals
}

/// Signals that a strategy needs and wants, made up, to try it on.
#[cfg(test)]
pub(crate) fn made_up_for(strategy: &dyn Strategy, n: usize, labeled: usize) -> Signals<'static> {
    made_up(&[strategy.needs(), strategy.wants()].concat(), n, labeled, Kind::Ordinary)
}

fn values<Sh: ShapeBuilder>(shape: Sh, kind: Kind) -> Array<f32, Sh::Dim>
where
    Sh::Dim: Dimension,
{
    let mut i = 0;
    Array::from_shape_simple_fn(shape, || {
        i += 1;
        match kind {
            Kind::Ordinary | Kind::OneHot => (mix(3, i) >> 40) as f32 / (1u32 << 23) as f32 - 1.0,
            Kind::Identical => 0.7,
            Kind::Zero => 0.0,
        }
    })
}

fn probs(n: usize, c: usize, kind: Kind) -> Array2<f64> {
    let mut probs = match kind {
        Kind::Ordinary => values((n, c), kind).mapv(|x: f32| f64::from(x.abs()) + 1e-3),
        Kind::Identical => Array2::from_shape_fn((n, c), |(_, j)| j as f64 + 1.0),
        Kind::Zero => Array2::ones((n, c)),
        Kind::OneHot => Array2::from_shape_fn((n, c), |(i, j)| f64::from(u8::from(i * 7 % c == j))),
    };
    for mut row in probs.outer_iter_mut() {
        let sum = row.sum();
        row /= sum;
    }
    probs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{InMemory, Meta};
    use crate::error::Result;
    use crate::logistic::SoftmaxRegression;
    use crate::net::{TrainReport, Watch};
    use crate::score;
    use ndarray::Array1;
    use std::sync::Arc;

    /// A strategy with a fault.
    struct Faulty(fn(&Signals<'_>, usize, u64) -> Vec<usize>);

    impl Strategy for Faulty {
        fn name(&self) -> &str {
            "faulty"
        }
        fn needs(&self) -> Vec<Signal> {
            vec![Signal::Probs]
        }
        fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
            signals.probs()?;
            Ok(Selection::unranked((self.0)(signals, n, seed)))
        }
    }

    #[test]
    fn faults_are_found() {
        let fault = |picks| check_strategy(&Faulty(picks)).unwrap_err();
        assert!(fault(|_, n, _| vec![0; n]).contains("distinct rows"));
        assert!(
            fault(|signals, n, _| (0..n.min(signals.len())).map(|i| i + 1).collect())
                .contains("no candidate")
        );
        assert!(fault(|signals, n, _| (0..signals.len() + n).take(n).collect()).contains("distinct rows"));
        check_strategy(&Faulty(|signals, n, _| (0..n.min(signals.len())).collect())).unwrap();
    }

    /// Ranks, it says, one by one.
    struct Ranks(fn(&Signals<'_>, u64) -> Option<Array1<f64>>);

    impl Strategy for Ranks {
        fn name(&self) -> &str {
            "ranks"
        }
        fn needs(&self) -> Vec<Signal> {
            vec![
                Signal::Probs,
                Signal::McProbs { passes: 3, shared: false },
                Signal::Embeddings,
                Signal::LabeledEmbeddings,
            ]
        }
        fn one_by_one(&self) -> bool {
            true
        }
        fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
            signals.mc_probs()?;
            let count = n.min(signals.len());
            Ok(match (self.0)(signals, seed) {
                Some(scores) => Selection::top(&scores, n),
                None => Selection::unranked((0..count).collect()),
            })
        }
    }

    #[test]
    fn scores_that_depend_on_other_candidates_or_the_seed_are_found() {
        check_strategy(&Ranks(|signals, _| Some(score::margin(&signals.probs().unwrap())))).unwrap();
        let fault = |scores| check_strategy(&Ranks(scores)).unwrap_err();
        assert!(fault(|_, _| None).contains("gives no scores"));
        assert!(
            fault(|signals, _| {
                let scores = score::margin(&signals.probs().unwrap());
                let sum = scores.sum();
                Some(scores / sum.max(1e-9))
            })
            .contains("in parts of 1 scores differ")
        );
        assert!(
            fault(|signals, seed| Some(score::margin(&signals.probs().unwrap()) * (seed + 1) as f64))
                .contains("scores differ")
        );
    }

    /// Its weights go out and in again with a fault.
    struct Lossy {
        net: SoftmaxRegression,
        fault: fn(StateDict) -> StateDict,
    }

    impl Net for Lossy {
        fn name(&self) -> &str {
            self.net.name()
        }
        fn supports(&self, signal: Signal) -> bool {
            self.net.supports(signal)
        }
        fn train(
            &self,
            data: &dyn Dataset,
            labeled: &[(SampleId, Class)],
            seed: u64,
            watch: &mut Watch<'_>,
        ) -> Result<(Arc<dyn TrainedNet>, TrainReport)> {
            self.net.train(data, labeled, seed, watch)
        }
        fn load_state_dict(&self, meta: &Meta, state: StateDict) -> Result<Arc<dyn TrainedNet>> {
            self.net.load_state_dict(meta, (self.fault)(state))
        }
    }

    #[test]
    fn weights_that_do_not_come_back_are_found() {
        let classes = ["a", "b"].map(String::from).to_vec();
        let meta = Meta { name: "line".into(), shape: [2, 1, 1], classes, range: vec![] };
        let inputs = Array2::from_shape_fn((20, 2), |(i, j)| (i * (j + 1)) as f32 * 0.1);
        let data = InMemory::new(meta, inputs).unwrap();
        let labeled = (0..20).map(|i| (SampleId(i), Class(u16::from(i > 7)))).collect::<Vec<_>>();
        let check = |fault| check_net(&Lossy { net: SoftmaxRegression::default(), fault }, &data, &labeled);
        check(|state| state).unwrap();
        let rounded = check(|state| {
            let round =
                |(name, array): (String, ArrayD<f32>)| (name, array.mapv(|x| (64.0 * x).round() / 64.0));
            state.into_iter().map(round).collect()
        });
        assert!(rounded.unwrap_err().contains("predicts otherwise"));
        let lenient = check(|state| state.into_iter().take(2).collect());
        assert!(lenient.unwrap_err().contains("must refuse"));
    }
}
