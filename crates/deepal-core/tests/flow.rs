//! The loop from outside: pool, oracle, learner and experiment with softmax regression on made-up blobs.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_core::net::Watch;
use deepal_core::signals::Origin;
use deepal_core::{
    ActiveLearner, Annotation, Ask, Budget, Calibration, Chooser, Class, Data, Dataset, Error, Experiment,
    InMemory, InitialSet, Meta, Net, Oracle, Query, Result, Round, SampleId, Selection, Signal, Signals,
    SoftmaxRegression, Step, Strategy, TrainReport, TrainedNet, UpperBound, metric, seed::mix, strategy,
};
use ndarray::{Array1, Array2, Array3};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The names of the strategies that softmax regression can serve, or of those that it cannot.
fn names(served: bool) -> Vec<&'static str> {
    let is_served = |name: &str| {
        let of_nets = |signal: &Signal| signal.kind().origin == Origin::Net;
        build(name).needs().iter().filter(|signal| of_nets(signal)).all(|signal| net().supports(*signal))
    };
    let names = strategy::ALL.iter().map(|entry| entry.name);
    names.filter(|name| is_served(name) == served).collect()
}

const CLASSES: usize = 4;
const BUDGET: Budget = Budget { initial: 8, query: 5, rounds: 4 };

// --- Helpers ---------------------------------------------------------------------------------------------------------

/// A number in -1..1 that depends on the arguments alone.
fn noise(row: usize, column: usize) -> f32 {
    (mix(row as u64, column as u64) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
}

/// Four clouds in the plane that touch, row `i` in cloud `i % 4`.
fn blobs(rows: std::ops::Range<usize>) -> (Arc<dyn Dataset>, Vec<Class>) {
    let centers = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]];
    let labels = rows.clone().map(|row| Class((row % CLASSES) as u16)).collect::<Vec<_>>();
    let inputs = Array2::from_shape_fn((rows.len(), 2), |(i, j)| {
        let row = rows.start + i;
        centers[row % CLASSES][j] + noise(row, j) + 0.5 * noise(row, j + 2)
    });
    let classes = (0..CLASSES).map(|class| class.to_string()).collect();
    let meta = Meta { name: "blobs".into(), shape: [2, 1, 1], classes, range: vec![] };
    (Arc::new(InMemory::new(meta, inputs).unwrap()), labels)
}

fn data(pool: usize) -> Data {
    let ((train, train_labels), (test, test_labels)) = (blobs(0..pool), blobs(10_000..10_200));
    Data::new(train, train_labels, test, test_labels).unwrap()
}

fn build(name: &str) -> Box<dyn Strategy> {
    strategy::build(name).unwrap()
}

fn net() -> Box<dyn Net> {
    Box::new(SoftmaxRegression::default())
}

fn learner(data: &Data, name: &str) -> ActiveLearner {
    ActiveLearner::new(data.train.clone(), net(), build(name), 1).unwrap()
}

/// A learner that has its first `n` labels and is trained on them.
fn trained(data: &Data, name: &str, n: usize) -> ActiveLearner {
    let mut learner = learner(data, name);
    let oracle = Oracle::new(data.train_labels.clone());
    learner.update(&oracle.annotate(&learner.initial(n)).unwrap()).unwrap();
    learner.train().unwrap();
    learner
}

fn experiment<'a>(data: &'a Data, name: &str, seed: u64) -> Experiment<'a> {
    Experiment {
        data,
        net: net(),
        chooser: build(name).into(),
        seed,
        budget: BUDGET,
        initial_set: InitialSet::Random,
        stop: &|| false,
    }
}

/// The rounds of an experiment that goes on from `done`.
fn run(data: &Data, name: &str, seed: u64, done: &[Vec<SampleId>]) -> Vec<Round> {
    let mut rounds = Vec::new();
    let on = &mut |step| {
        if let Step::Done(round) = step {
            rounds.push(round);
        }
        ControlFlow::Continue(())
    };
    experiment(data, name, seed).run(done, on).unwrap();
    rounds
}

fn picks(rounds: &[Round]) -> Vec<Vec<SampleId>> {
    rounds.iter().map(|round| round.picks.clone()).collect()
}

/// A strategy made of a function of the number of candidates and the number wanted.
struct Made(fn(usize, usize) -> Vec<usize>);

impl Strategy for Made {
    fn name(&self) -> &str {
        "made-up"
    }
    fn needs(&self) -> Vec<Signal> {
        Vec::new()
    }
    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection> {
        Ok(Selection::unranked((self.0)(signals.len(), n)))
    }
}

/// What a net was trained on, with the seed.
type Trainings = Arc<Mutex<Vec<(Vec<(SampleId, Class)>, u64)>>>;

/// Softmax regression that remembers its trainings.
struct Witness(SoftmaxRegression, Trainings);

impl Net for Witness {
    fn name(&self) -> &str {
        "witness"
    }
    fn supports(&self, signal: Signal) -> bool {
        self.0.supports(signal)
    }
    fn train(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(Arc<dyn TrainedNet>, TrainReport)> {
        self.1.lock().unwrap().push((labeled.to_vec(), seed));
        self.0.train(data, labeled, seed, watch)
    }
}

fn witness() -> (Box<dyn Net>, Trainings) {
    let trainings = Trainings::default();
    (Box::new(Witness(SoftmaxRegression::default(), trainings.clone())), trainings)
}

fn answer(id: u32, class: impl Into<Option<u16>>) -> Annotation {
    Annotation { id: SampleId(id), class: class.into().map(Class) }
}

// --- Experiments -----------------------------------------------------------------------------------------------------

#[test]
fn every_strategy_that_the_net_serves_learns_what_is_there() {
    let data = data(150);
    for name in names(true) {
        let rounds = run(&data, name, 1, &[]);
        let mut seen = [false; 150];
        for (number, round) in rounds.iter().enumerate() {
            assert_eq!((round.round as usize, round.labels), (number, 8 + 5 * number));
            assert_eq!(round.picks.len(), if number == 0 { 8 } else { 5 });
            assert_eq!(round.test.accuracy(), round.accuracy);
            assert_eq!(round.test.actual.iter().sum::<u32>() as usize, data.test_labels.len());
            assert_eq!(round.errors.is_some(), number == 4, "of the last round alone");
            for pick in &round.picks {
                assert!(!std::mem::replace(&mut seen[pick.index()], true), "{name} asks for {pick:?} twice");
            }
        }
        assert_eq!(rounds.len(), 5);
        assert!(rounds[4].accuracy > 0.6, "chance is 0.25, {name} gets {}", rounds[4].accuracy);
    }
}

#[test]
fn the_same_experiment_comes_out_the_same_and_another_seed_differs() {
    let data = data(150);
    let random = run(&data, "random", 1, &[]);
    for name in names(true) {
        let rounds = run(&data, name, 1, &[]);
        assert_eq!(run(&data, name, 1, &[]), rounds, "{name}");
        assert_ne!(run(&data, name, 2, &[])[0].picks, rounds[0].picks, "{name}");
        assert_eq!(rounds[0], random[0], "{name} does not share the initial round");
        assert!(name == "random" || rounds[1].picks != random[1].picks, "{name} picks at random");
    }
}

#[test]
fn an_experiment_resumed_after_any_round_ends_as_if_it_had_not_stopped() {
    let data = data(150);
    for name in names(true) {
        let rounds = run(&data, name, 1, &[]);
        for k in 0..=rounds.len() {
            assert_eq!(run(&data, name, 1, &picks(&rounds[..k])), rounds[k..], "{name} after {k} rounds");
        }
    }
}

/// The rounds of the upper bound with few batches.
fn bound(data: &Data, seed: u64, done: &[Vec<SampleId>]) -> Vec<Round> {
    let mut rounds = Vec::new();
    let on = &mut |step| {
        if let Step::Done(round) = step {
            rounds.push(round);
        }
        ControlFlow::Continue(())
    };
    let chooser = Chooser::UpperBound(UpperBound { batches: 20, ..UpperBound::default() });
    Experiment { chooser, ..experiment(data, "random", seed) }.run(done, on).unwrap();
    rounds
}

#[test]
fn the_upper_bound_resumes_begins_like_random_and_is_ahead_of_it() {
    let data = data(300);
    let rounds = bound(&data, 1, &[]);
    for k in 0..=rounds.len() {
        assert_eq!(bound(&data, 1, &picks(&rounds[..k])), rounds[k..], "after {k} rounds");
    }
    let mean =
        |rounds: Vec<Round>| rounds.iter().map(|round| round.accuracy).sum::<f64>() / rounds.len() as f64;
    let (mut of_bound, mut of_random) = (0.0, 0.0);
    for seed in 1..=8 {
        let random = run(&data, "random", seed, &[]);
        let rounds = bound(&data, seed, &[]);
        assert_eq!(rounds[0], random[0]);
        assert!(rounds.iter().all(|round| round.scores.is_none()));
        of_bound += mean(rounds) / 8.0;
        of_random += mean(random) / 8.0;
    }
    assert!(of_bound > of_random + 0.01, "{of_bound} and {of_random}");
}

#[test]
fn a_resumed_experiment_repeats_the_last_training_and_no_other() {
    let data = data(150);
    let trainings_after = |done: &[Vec<SampleId>]| {
        let (net, trainings) = witness();
        let experiment = Experiment { net, ..experiment(&data, "margin", 1) };
        experiment.run(done, &mut |_| ControlFlow::Continue(())).unwrap();
        let trainings = trainings.lock().unwrap();
        trainings.clone()
    };
    let (all, done) = (trainings_after(&[]), picks(&run(&data, "margin", 1, &[])));
    assert_eq!(all.len(), 5);
    for k in 1..5 {
        assert_eq!(trainings_after(&done[..k]), all[k - 1..], "after {k} rounds, by labels and seeds");
    }
    assert_eq!(trainings_after(&done), [], "nothing is left to do");
}

#[test]
fn an_experiment_stopped_at_any_step_tells_of_finished_rounds_only_and_can_go_on() {
    let data = data(150);
    let whole = run(&data, "entropy", 1, &[]);
    for stop in 1..=4 * whole.len() {
        let (mut steps, mut rounds) = (0, Vec::new());
        let on = &mut |step| {
            steps += 1;
            match step {
                Step::Query => assert_eq!(steps % 4, 1),
                Step::Train => assert_eq!(steps % 4, 2),
                Step::Test => assert_eq!(steps % 4, 3),
                Step::Done(round) => rounds.push(round),
            }
            if steps == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        experiment(&data, "entropy", 1).run(&[], on).unwrap();
        assert_eq!(steps, stop, "it goes on when it was told to stop");
        assert_eq!(rounds, whole[..stop / 4], "stopped at step {stop}");
        assert_eq!(run(&data, "entropy", 1, &picks(&rounds)), whole[rounds.len()..]);
    }
}

/// Within any training too, and what is finished by then is what it would have been.
#[test]
fn an_experiment_stopped_within_a_training_tells_of_finished_rounds_only_and_can_go_on() {
    let data = data(150);
    let whole = run(&data, "entropy", 1, &[]);
    let until = |most: usize| {
        let (asked, mut rounds) = (AtomicUsize::new(0), Vec::new());
        let stop = || asked.fetch_add(1, Ordering::Relaxed) + 1 >= most;
        let on = &mut |step| {
            if let Step::Done(round) = step {
                rounds.push(round);
            }
            ControlFlow::Continue(())
        };
        Experiment { stop: &stop, ..experiment(&data, "entropy", 1) }.run(&[], on).unwrap();
        (rounds, asked.into_inner())
    };
    let (rounds, steps) = until(usize::MAX);
    assert_eq!(rounds, whole);
    for most in (1..steps).step_by(steps / 7) {
        let (rounds, asked) = until(most);
        assert_eq!(asked, most, "it goes on when it was told to stop");
        assert!(rounds.len() < whole.len());
        assert_eq!(rounds, whole[..rounds.len()], "stopped at step {most}");
        assert_eq!(run(&data, "entropy", 1, &picks(&rounds)), whole[rounds.len()..]);
    }
}

#[test]
fn an_experiment_that_cannot_be_is_refused_before_its_first_step() {
    let (small, big) = (data(20), data(150));
    let refusal = |experiment: Experiment<'_>, done: &[Vec<SampleId>]| {
        let error = experiment.run(done, &mut |step| panic!("it begins with {step:?}")).unwrap_err();
        error.to_string()
    };
    assert!(refusal(experiment(&small, "random", 1), &[]).contains("pool has 20 samples"));
    for name in names(false) {
        assert!(refusal(experiment(&big, name, 1), &[]).contains("`softmax-regression` cannot provide"));
    }
    let unknown = [vec![SampleId(150)]];
    assert!(
        refusal(experiment(&big, "random", 1), &unknown).contains("sample 150 is not in the pool of 150")
    );
}

#[test]
fn a_budget_with_a_size_that_cannot_be_is_refused() {
    let budget = |initial, query, rounds| Budget { initial, query, rounds };
    let max = usize::MAX;
    for (budget, pool, words) in [
        (budget(0, 1, 1), 100, "initial must be at least 1"),
        (budget(1, 0, 1), 100, "query must be at least 1"),
        (budget(1, 1, 0), 100, "rounds must be at least 1"),
        (budget(0, 0, 0), 0, "must be at least 1"),
        (budget(50, 10, 6), 109, "asks for 110 labels (50 + 6 rounds of 10), but the pool has 109 samples"),
        (budget(1, 1, 1), 0, "but the pool has 0 samples"),
        (budget(1, max, 1), 100, "but the pool has 100 samples"),
        (budget(max, 1, 1), 100, "lower rounds, query or initial"),
        (budget(1, 2, u32::MAX), 100, "lower rounds, query or initial"),
        (budget(max, max, u32::MAX), 100, "lower rounds, query or initial"),
    ] {
        let error = budget.check(pool).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }));
        assert!(error.to_string().contains(words), "{budget:?}: {error}");
    }
    budget(50, 10, 6).check(110).unwrap();
    budget(1, 1, 1).check(2).unwrap();
}

// --- The learner -----------------------------------------------------------------------------------------------------

#[test]
fn asking_twice_gives_the_same_until_an_answer_comes() {
    let data = data(150);
    let oracle = Oracle::new(data.train_labels.clone());
    for name in names(true) {
        let mut learner = trained(&data, name, 8);
        let before = format!("{learner:?}");
        let query = learner.query(5).unwrap();
        assert_eq!(learner.query(5).unwrap(), query, "{name}");
        learner.query(60).unwrap();
        learner.predict(data.test.as_ref()).unwrap();
        assert_eq!(learner.query(5).unwrap(), query, "{name} after another question");
        assert_eq!(format!("{learner:?}"), before);
        learner.update(&oracle.annotate(&query).unwrap()).unwrap();
        let next = learner.query(5).unwrap();
        assert!(next.ids.iter().all(|id| !query.ids.contains(id)), "{name} asks for what it knows");
    }
}

#[test]
fn strategies_that_rank_give_falling_scores_and_the_others_none() {
    let data = data(150);
    for name in names(true) {
        let query = trained(&data, name, 8).query(20).unwrap();
        let ranks = build(name).one_by_one() || name == "density-weighting";
        assert_eq!(query.scores.is_some(), ranks, "{name}");
        if let Some(scores) = query.scores {
            assert!(scores.len() == 20 && scores.is_sorted_by(|a, b| a >= b), "{name}: {scores:?}");
        }
    }
}

/// Serves every signal, from the sample's id alone and with few different values, so that many scores tie; notes how many
/// samples it is asked about at once.
struct ById(Arc<Mutex<Vec<usize>>>);

impl ById {
    fn row(id: SampleId, pass: usize) -> [f64; CLASSES] {
        let weights: [f64; CLASSES] =
            std::array::from_fn(|c| 1.0 + (mix(id.0.into(), (pass * CLASSES + c) as u64) % 4) as f64);
        weights.map(|weight| weight / weights.iter().sum::<f64>())
    }
}

impl Net for ById {
    fn name(&self) -> &str {
        "by-id"
    }
    fn supports(&self, _signal: Signal) -> bool {
        true
    }
    fn train(
        &self,
        _data: &dyn Dataset,
        _labeled: &[(SampleId, Class)],
        _seed: u64,
        _watch: &mut Watch<'_>,
    ) -> Result<(Arc<dyn TrainedNet>, TrainReport)> {
        Ok((Arc::new(ById(self.0.clone())), TrainReport { steps: 1, accuracy: None }))
    }
}

impl TrainedNet for ById {
    fn name(&self) -> &str {
        "by-id"
    }
    fn supports(&self, _signal: Signal) -> bool {
        true
    }
    fn signals(&self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>> {
        let (ids, n) = (ask.unlabeled, ask.unlabeled.len());
        self.0.lock().unwrap().push(n);
        let probs =
            |ids: &[SampleId]| Array2::from_shape_fn((ids.len(), CLASSES), |(i, c)| Self::row(ids[i], 0)[c]);
        let mut signals = Signals::new(n);
        for signal in ask.signals {
            signals = match *signal {
                Signal::Probs => signals.with_probs(probs(ids))?,
                Signal::LabeledProbs => signals.with(*signal, probs(ask.labeled))?,
                Signal::McProbs { passes, .. } => {
                    let shape = (passes, n, CLASSES);
                    signals.with_mc_probs(Array3::from_shape_fn(shape, |(t, i, c)| {
                        Self::row(ids[i], t % 2)[c]
                    }))?
                }
                Signal::MemberProbs { members } => {
                    let shape = (members, n, CLASSES);
                    let of = |(t, i, c): (usize, usize, usize)| Self::row(ids[i], t % 2)[c];
                    signals.with(*signal, Array3::from_shape_fn(shape, of))?
                }
                Signal::Embeddings => signals.with_embeddings(data.inputs(ids)?)?,
                Signal::LabeledEmbeddings => signals.with_labeled_embeddings(data.inputs(ask.labeled)?)?,
                Signal::BoundaryDistance(attack) => {
                    let distances = ids.iter().map(|id| f64::from(id.0 % 9)).collect::<Array1<_>>();
                    signals.with_boundary_distances(attack, distances)?
                }
                Signal::HeadWeights => signals.with(*signal, Array2::<f32>::ones((CLASSES, 2)))?,
                Signal::HeadBiases => signals.with(*signal, Array1::<f32>::zeros(CLASSES))?,
                Signal::Calibration => {
                    signals.with_calibration(Calibration { temperature: 1.5, accuracy: 0.6 })?
                }
                Signal::Labels | Signal::Features | Signal::LabeledFeatures | Signal::Named(_) => {
                    unreachable!("{signal} is not asked of nets")
                }
            };
        }
        Ok(signals)
    }
}

/// The same strategy, always with all candidates at once.
struct AtOnce(Box<dyn Strategy>);

impl Strategy for AtOnce {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn needs(&self) -> Vec<Signal> {
        self.0.needs()
    }
    fn wants(&self) -> Vec<Signal> {
        self.0.wants()
    }
    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        self.0.select(signals, n, seed)
    }
}

#[test]
fn candidates_in_parts_are_ranked_as_all_at_once() {
    let data = data(9_500);
    let oracle = Oracle::new(data.train_labels.clone());
    for entry in strategy::ALL {
        let query = |strategy: Box<dyn Strategy>, n| {
            let asked = Arc::new(Mutex::new(Vec::new()));
            let net = Box::new(ById(asked.clone()));
            let mut learner = ActiveLearner::new(data.train.clone(), net, strategy, 1).unwrap();
            learner.update(&oracle.annotate(&learner.initial(100)).unwrap()).unwrap();
            learner.train().unwrap();
            let query = learner.query(n).unwrap();
            let asked = asked.lock().unwrap().clone();
            (query, asked)
        };
        for n in [0, 7, 5_000, usize::MAX] {
            if n > 7 && !build(entry.name).one_by_one() {
                continue;
            }
            let (whole, _) = query(Box::new(AtOnce(build(entry.name))), n);
            let (parts, asked) = query(build(entry.name), n);
            assert_eq!(parts, whole, "{} for {n}", entry.name);
            match parts.scores {
                Some(_) if build(entry.name).one_by_one() => {
                    assert_eq!(asked, [4000, 4000, 1400], "{}", entry.name)
                }
                _ => assert!(asked.len() <= 1, "{} needs all at once", entry.name),
            }
        }
    }
    // A net that computes: the same with the last bit of matrix products.
    for name in ["least-confidence", "margin", "entropy"] {
        let query = |strategy| {
            let mut learner = ActiveLearner::new(data.train.clone(), net(), strategy, 1).unwrap();
            learner.update(&oracle.annotate(&learner.initial(100)).unwrap()).unwrap();
            learner.train().unwrap();
            learner.query(5_000).unwrap()
        };
        assert_eq!(query(build(name)), query(Box::new(AtOnce(build(name)))), "{name}");
    }
}

#[test]
fn an_untrained_net_is_an_error_only_for_strategies_that_look_at_it() {
    let data = data(30);
    for name in names(true) {
        let mut learner = learner(&data, name);
        let query = learner.query(3);
        match name {
            "random" => assert_eq!(query.unwrap().ids.len(), 3),
            _ if build(name).starts_cold() => assert_eq!(query.unwrap().ids.len(), 3),
            // They take the inputs for embeddings.
            "k-means" | "k-medians" | "k-center" => assert_eq!(query.unwrap().ids.len(), 3),
            _ => assert!(matches!(query, Err(Error::Untrained)), "{name}: {query:?}"),
        }
        let error = learner.train().unwrap_err();
        assert!(matches!(error, Error::NothingLabeled) && error.to_string().contains("label a first set"));
        assert!(matches!(learner.predict(data.test.as_ref()), Err(Error::Untrained)));
        assert_eq!(learner.round(), 0, "a training that failed is none");
    }
}

#[test]
fn corrections_and_labels_taken_back_change_what_is_trained_on() {
    let data = data(30);
    let (net, trainings) = witness();
    let mut learner = ActiveLearner::new(data.train.clone(), net, build("margin"), 1).unwrap();
    let last = || {
        let trainings = trainings.lock().unwrap();
        trainings.last().unwrap().0.iter().map(|(id, class)| (id.0, class.0)).collect::<Vec<_>>()
    };
    for (answers, expected) in [
        (vec![answer(7, 3), answer(2, 2), answer(4, 0)], vec![(2, 2), (4, 0), (7, 3)]),
        (vec![answer(4, 1)], vec![(2, 2), (4, 1), (7, 3)]),
        (vec![answer(2, None)], vec![(4, 1), (7, 3)]),
        (vec![answer(2, None), answer(9, None)], vec![(4, 1), (7, 3)]),
        (vec![answer(2, 0), answer(2, 3)], vec![(2, 3), (4, 1), (7, 3)]),
    ] {
        learner.update(&answers).unwrap();
        learner.train().unwrap();
        assert_eq!(last(), expected, "after {answers:?}");
        let rest = learner.query(30).unwrap().ids;
        assert_eq!(rest.len(), 30 - expected.len(), "what was taken back can be asked for again");
    }
    learner.update(&[answer(2, None), answer(4, None), answer(7, None)]).unwrap();
    assert!(matches!(learner.train(), Err(Error::NothingLabeled)));
}

#[test]
fn wrong_labels_make_a_bad_net_and_their_correction_the_good_one_again() {
    let data = data(60);
    let mut learner = trained(&data, "margin", 40);
    let labeled = learner.pool().labeled();
    let mut accuracy = |turn: u16| {
        let class = |class: Class| Some(Class((class.0 + turn) % CLASSES as u16));
        let answers = labeled.iter().map(|(id, c)| Annotation { id: *id, class: class(*c) });
        learner.update(&answers.collect::<Vec<_>>()).unwrap();
        learner.train().unwrap();
        metric::accuracy(&learner.predict(data.test.as_ref()).unwrap(), &data.test_labels)
    };
    let good = accuracy(0);
    assert!(good > 0.75, "{good}");
    assert!(accuracy(1) < 0.25);
    assert_eq!(accuracy(0), good);
}

#[test]
fn bad_answers_change_nothing() {
    let data = data(30);
    let mut learner = trained(&data, "margin", 8);
    let before = learner.pool().clone();
    for (bad, words) in [
        (answer(30, 0), "sample 30 is not in the pool of 30 samples"),
        (answer(u32::MAX, None), "sample 4294967295 is not in the pool"),
        (answer(0, 4), "class 4 is not one of the 4 declared classes"),
    ] {
        let error = learner.update(&[answer(1, 1), bad, answer(2, None)]).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(*learner.pool(), before);
    }
}

#[test]
fn an_oracle_without_the_answer_says_so() {
    let query = |ids: &[u32]| Query { ids: ids.iter().copied().map(SampleId).collect(), scores: None };
    let oracle = Oracle::new(vec![Class(1), Class(0)]);
    assert_eq!(oracle.annotate(&query(&[1, 0])).unwrap(), [answer(1, 0), answer(0, 1)]);
    assert_eq!(oracle.annotate(&query(&[])).unwrap(), []);
    let error = oracle.annotate(&query(&[0, 2])).unwrap_err();
    assert!(matches!(error, Error::UnknownSample { id: SampleId(2), len: 2 }), "{error:?}");
}

#[test]
fn more_than_is_left_is_all_that_is_left_and_of_nothing_nothing() {
    let data = data(30);
    let oracle = Oracle::new(data.train_labels.clone());
    for name in names(true) {
        let mut learner = trained(&data, name, 25);
        for n in [5, 6, 1000, usize::MAX] {
            let mut ids = learner.query(n).unwrap().ids;
            ids.sort();
            assert_eq!(ids, learner.pool().unlabeled(), "{name} is asked for {n} of 5");
        }
        assert_eq!(learner.query(0).unwrap().ids, [], "{name}");
        let rest = learner.query(5).unwrap();
        learner.update(&oracle.annotate(&rest).unwrap()).unwrap();
        for n in [0, 1, usize::MAX] {
            let query = learner.query(n).unwrap();
            assert!(query.ids.is_empty() && query.scores.is_none_or(|scores| scores.is_empty()), "{name}");
            assert!(learner.initial(n).ids.is_empty(), "{name}");
        }
        learner.train().unwrap();
    }
}

#[test]
fn a_data_set_without_samples_gives_empty_queries() {
    let (train, labels) = blobs(0..0);
    let data = Data { train, train_labels: labels.into(), ..data(1) };
    for name in names(true) {
        let mut learner = learner(&data, name);
        assert_eq!(learner.initial(3).ids, []);
        assert_eq!(learner.query(3).unwrap().ids, [], "{name}");
        assert!(matches!(learner.train(), Err(Error::NothingLabeled)));
    }
}

#[test]
fn a_strategy_that_breaks_the_rules_is_caught_and_named() {
    let data = data(30);
    let rules: [fn(usize, usize) -> Vec<usize>; 5] = [
        |_, n| vec![0; n],
        |candidates, n| (candidates..candidates + n).collect(),
        |_, n| (0..n - 1).collect(),
        |_, n| (0..n + 1).collect(),
        |_, _| vec![],
    ];
    for (i, rule) in rules.into_iter().enumerate() {
        let made = Box::new(Made(rule));
        let learner = ActiveLearner::new(data.train.clone(), net(), made, 1).unwrap();
        let error = learner.query(4).unwrap_err().to_string();
        assert!(error.contains("`made-up`") && error.contains("4 distinct rows below 30"), "{i}: {error}");
        assert_eq!(learner.pool().n_labeled(), 0);
        // In an experiment, after the initial round.
        let mut rounds = 0;
        let on = &mut |step| {
            rounds += usize::from(matches!(step, Step::Done(_)));
            ControlFlow::Continue(())
        };
        let experiment =
            Experiment { chooser: Chooser::Strategy(Box::new(Made(rule))), ..experiment(&data, "random", 1) };
        assert!(experiment.run(&[], on).unwrap_err().to_string().contains("`made-up`"));
        assert_eq!(rounds, 1);
    }
    let good = Box::new(Made(|candidates, n| (0..n.min(candidates)).rev().collect()));
    let learner = ActiveLearner::new(data.train.clone(), net(), good, 1).unwrap();
    assert_eq!(learner.query(3).unwrap().ids, [SampleId(2), SampleId(1), SampleId(0)]);
}

#[test]
fn a_net_that_cannot_serve_the_strategy_is_refused_at_once() {
    let data = data(30);
    for name in names(false) {
        let error = ActiveLearner::new(data.train.clone(), net(), build(name), 1).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("net `softmax-regression` cannot provide"), "{error}");
    }
    assert!(names(false).len() > 3);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Whatever is answered in whatever order: a query is of unlabelled samples, distinct and as many as asked for.
    #[test]
    fn a_query_never_asks_for_what_is_known(
        answers in prop::collection::vec((0..30u32, prop::option::of(0..CLASSES as u16)), 1..80),
        n in 0..40usize,
        name in prop::sample::select(names(true)),
    ) {
        let data = data(30);
        let mut learner = learner(&data, name);
        for (id, class) in answers {
            learner.update(&[answer(id, class)]).unwrap();
        }
        let (labeled, unlabeled) = (learner.pool().labeled(), learner.pool().unlabeled());
        prop_assert_eq!(labeled.len() + unlabeled.len(), 30);
        if labeled.is_empty() {
            prop_assert!(learner.train().is_err());
            return Ok(());
        }
        learner.train().unwrap();
        let mut ids = learner.query(n).unwrap().ids;
        prop_assert!(ids.iter().all(|id| unlabeled.contains(id)));
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), n.min(unlabeled.len()));
    }
}

// --- Asking while a net trains ---------------------------------------------------------------------------------------

#[test]
fn a_learner_answers_by_the_old_net_until_the_new_one_is_adopted() {
    let data = data(150);
    let oracle = Oracle::new(data.train_labels.clone());
    let mut learner = trained(&data, "margin", 8);
    let before = learner.query(5).unwrap();
    learner.update(&oracle.annotate(&before).unwrap()).unwrap();
    let job = learner.training().unwrap();
    let (started, wait) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let thread = std::thread::spawn(move || {
        let mut steps = 0;
        job.run(&mut move |_| {
            if steps == 0 {
                started.0.send(()).unwrap();
                wait.1.recv().unwrap();
            }
            steps += 1;
            ControlFlow::Continue(())
        })
    });
    started.1.recv().unwrap();
    // The training is under way and stands still: queries and answers go on.
    let meanwhile = learner.query(5).unwrap();
    assert!(meanwhile.ids.iter().all(|id| !before.ids.contains(id)));
    learner.update(&oracle.annotate(&meanwhile).unwrap()).unwrap();
    wait.0.send(()).unwrap();
    learner.adopt(thread.join().unwrap().unwrap());
    assert_eq!(learner.round(), 2);
    // The same as if the answers given meanwhile had come after the training.
    let mut other = trained(&data, "margin", 8);
    other.update(&oracle.annotate(&before).unwrap()).unwrap();
    other.train().unwrap();
    other.update(&oracle.annotate(&meanwhile).unwrap()).unwrap();
    assert_eq!(learner.query(9).unwrap(), other.query(9).unwrap());
}

#[test]
fn a_cancelled_training_changes_nothing() {
    let data = data(150);
    let learner = trained(&data, "margin", 20);
    let before = learner.query(5).unwrap();
    let mut calls = 0;
    let cancelled = learner.training().unwrap().run(&mut |progress| {
        calls += 1;
        if progress.steps >= 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(cancelled, Err(Error::Cancelled)) && calls == 4);
    assert_eq!((learner.query(5).unwrap(), learner.round()), (before, 1));
}

/// Looks at what neither net nor pool gives by default.
struct LooksAt(Vec<Signal>, Mutex<Vec<Vec<usize>>>);

impl Strategy for LooksAt {
    fn name(&self) -> &str {
        "looks-at"
    }
    fn needs(&self) -> Vec<Signal> {
        self.0.clone()
    }
    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection> {
        for signal in &self.0 {
            self.1.lock().unwrap().push(signals.get(*signal)?.shape().to_vec());
        }
        Ok(Selection::unranked((0..n).collect()))
    }
}

#[test]
fn every_signal_reaches_a_strategy_in_its_shape() {
    let data = data(50);
    let asked = vec![
        Signal::Probs,
        Signal::Embeddings,
        Signal::LabeledEmbeddings,
        Signal::Labels,
        Signal::LabeledProbs,
        Signal::HeadWeights,
        Signal::HeadBiases,
        Signal::Features,
        Signal::LabeledFeatures,
        Signal::Calibration,
    ];
    struct Shared(Arc<LooksAt>);
    impl Strategy for Shared {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn needs(&self) -> Vec<Signal> {
            self.0.needs()
        }
        fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
            self.0.select(signals, n, seed)
        }
    }
    let looks = Arc::new(LooksAt(asked, Mutex::default()));
    let mut learner =
        ActiveLearner::new(data.train.clone(), net(), Box::new(Shared(looks.clone())), 1).unwrap();
    let oracle = Oracle::new(data.train_labels.clone());
    learner.update(&oracle.annotate(&learner.initial(12)).unwrap()).unwrap();
    assert!(matches!(learner.query(2), Err(Error::Untrained)));
    learner.train().unwrap();
    learner.query(2).unwrap();
    let shapes = looks.1.lock().unwrap().clone();
    let expected: [&[usize]; 10] =
        [&[38, 4], &[38, 2], &[12, 2], &[12], &[12, 4], &[4, 2], &[4], &[38, 2], &[12, 2], &[2]];
    assert_eq!(shapes, expected);
}
