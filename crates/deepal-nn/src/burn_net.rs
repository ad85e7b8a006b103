//! From a Burn module to a [`Net`].

use crate::adversarial;
use crate::classifier::Classifier;
use crate::convert::{to_array, to_tensor};
use crate::noise::Noise;
use crate::parallel;
use crate::state;
use crate::train::{Training, train};
use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use deepal_core::net::{Watch, check_support};
use deepal_core::seed::mix;
use deepal_core::{
    Ask, Calibration, Class, Dataset, Error, Meta, Net, Result, SampleId, Signal, Signals, StateDict,
    TrainReport, TrainedNet, score,
};
use ndarray::{Array2, Array3, Axis, concatenate, s};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// Samples about which a net of a committee is asked at once: a multiple of what it takes at once on every thread.
const PART: usize = 16 * parallel::CHUNK;

type Build<M> = Box<dyn Fn(&Device) -> M + Send + Sync>;

/// A Burn module as a [`Net`] that the loop can train and ask for every signal.
///
/// Memory outside the data set: activations of one batch or of 500 samples, and the signals asked for.
pub struct BurnNet<M> {
    net: Arc<Inner<M>>,
}

/// What a net and all that it has trained share.
struct Inner<M> {
    name: String,
    build: Build<M>,
    training: Training,
    device: Device,
    gives_calibration: bool,
    gives_head: bool,
}

/// A trained module.
struct Fitted<M> {
    net: Arc<Inner<M>>,
    /// Cloned for each query: the weights are shared, and a module may not be used by two threads.
    model: Mutex<M>,
    /// What it was trained on, for its calibration; nothing if its weights were loaded.
    labeled: Vec<(SampleId, Class)>,
}

impl<M> std::fmt::Debug for BurnNet<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BurnNet")
            .field("name", &self.net.name)
            .field("training", &self.net.training)
            .field("device", &self.net.device)
            .finish_non_exhaustive()
    }
}

impl<M: Classifier> BurnNet<M> {
    /// A net that starts each training from `build`, with Burn's generator seeded. It is computed on the CPU unless it is put
    /// [elsewhere](Self::on).
    pub fn new(name: &str, training: Training, build: impl Fn(&Device) -> M + Send + Sync + 'static) -> Self {
        Self {
            net: Arc::new(Inner {
                name: name.into(),
                build: Box::new(build),
                training,
                device: Device::flex(),
                gives_calibration: false,
                gives_head: false,
            }),
        }
    }

    /// The same, which gives its [calibration](Signal::Calibration) too. That takes four more trainings on three quarters of the labels
    /// for each query that wants it, so it is for nets that train fast.
    #[must_use]
    pub fn with_calibration(self) -> Self {
        self.with(|net| net.gives_calibration = true)
    }

    /// The same, which gives its [last layer](Classifier::last) too.
    #[must_use]
    pub fn with_head(self) -> Self {
        self.with(|net| net.gives_head = true)
    }

    /// The same on another device, such as a GPU.
    #[must_use]
    pub fn on(self, device: Device) -> Self {
        self.with(|net| net.device = device.without_autodiff())
    }

    /// A net that nothing shares yet can be changed.
    fn with(mut self, change: impl FnOnce(&mut Inner<M>)) -> Self {
        if let Some(net) = Arc::get_mut(&mut self.net) {
            change(net);
        }
        self
    }
}

impl<M: Classifier> Inner<M> {
    fn supports(&self, signal: Signal) -> bool {
        match signal {
            Signal::Calibration => self.gives_calibration,
            Signal::HeadWeights | Signal::HeadBiases => self.gives_head,
            Signal::Probs
            | Signal::McProbs { .. }
            | Signal::MemberProbs { .. }
            | Signal::Embeddings
            | Signal::LabeledEmbeddings
            | Signal::LabeledProbs
            | Signal::BoundaryDistance(_) => true,
            Signal::Labels | Signal::Features | Signal::LabeledFeatures | Signal::Named(_) => false,
        }
    }

    /// A freshly initialised module on the device with gradients.
    fn init(&self, seed: u64) -> M {
        /// Burn initialises from one generator for the whole process: whoever seeds it must be alone until done.
        static GENERATOR: Mutex<()> = Mutex::new(());
        let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        let device = self.device.clone().autodiff();
        device.seed(seed);
        let model = (self.build)(&device);
        model.visit(&mut Materialize);
        model
    }

    /// Adds the signals of `wanted` that come from passes over `ids`: what lies before the first dropout is computed once
    /// for all of them.
    fn pass(
        &self,
        model: &M,
        data: &dyn Dataset,
        ids: &[SampleId],
        wanted: &[Signal],
        seed: u64,
    ) -> Result<Signals<'static>> {
        let want = |signal| wanted.contains(&signal);
        let (want_probs, want_embeddings) = (want(Signal::Probs), want(Signal::Embeddings));
        let passes = wanted.iter().find_map(|signal| match signal {
            Signal::McProbs { passes, shared } => Some((*passes, *shared)),
            _ => None,
        });
        let (passes, shared) = (passes.map(|(passes, _)| passes), passes.is_some_and(|(_, shared)| shared));
        let mut signals = Signals::new(ids.len());
        if !want_probs && !want_embeddings && passes.is_none() {
            return Ok(signals);
        }
        let (device, name) = (&self.device, &self.name);
        let parts = parallel::each(model, ids.chunks(parallel::CHUNK), |model, ids| {
            let trunk = model.trunk(to_tensor(data.inputs(ids)?, device));
            let mut part = Part::default();
            if want_probs || want_embeddings {
                let output = model.head(trunk.clone(), &mut Noise::off());
                if want_probs {
                    part.probs = score::softmax(&to_array(output.logits)?);
                }
                if want_embeddings {
                    part.embeddings = to_array(output.embedding)?;
                }
            }
            for pass in 0..passes.unwrap_or(0) as u64 {
                // One key for all is one mask for all.
                let rows = ids.iter().map(|id| if shared { 0 } else { u64::from(id.0) }).collect();
                let mut noise = Noise::on(mix(seed, pass), rows);
                let output = model.head(trunk.clone(), &mut noise);
                if !noise.was_used() {
                    // All passes would be equal, BALD 0 everywhere and the picks the first rows.
                    let signal =
                        "Monte-Carlo probabilities, as its forward calls no dropout on `noise`".into();
                    return Err(Error::Unsupported { net: name.clone(), signal });
                }
                part.mc_probs.push(score::softmax(&to_array(output.logits)?));
            }
            Ok(part)
        })?;
        if want_probs {
            signals = signals.with_probs(stack(parts.iter().map(|part| &part.probs))?)?;
        }
        if want_embeddings {
            signals = signals.with_embeddings(stack(parts.iter().map(|part| &part.embeddings))?)?;
        }
        if let Some(passes) = passes {
            let mut all = Array3::zeros((passes, ids.len(), data.meta().classes.len()));
            let mut first = 0;
            // Each part goes before the next comes, so that the passes are held once.
            for part in parts {
                let rows = first..first + part.mc_probs.first().map_or(0, Array2::nrows);
                for (mut all, pass) in all.outer_iter_mut().zip(part.mc_probs) {
                    all.slice_mut(s![rows.clone(), ..]).assign(&pass);
                }
                first = rows.end;
            }
            signals = signals.with_mc_probs(all)?;
        }
        Ok(signals)
    }

    /// A new module, trained.
    fn fit(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(M, TrainReport)> {
        let device = self.device.clone().autodiff();
        let (start, training) = (self.init(seed), self.training);
        let (model, report) = on_the_pool(|| train(start, &device, &training, data, labeled, seed, watch))?;
        Ok((model.valid(), report))
    }

    /// Cross-validates on labelled samples.
    fn calibrate(
        &self,
        data: &dyn Dataset,
        labeled: &[(SampleId, Class)],
        seed: u64,
        watch: &mut Watch<'_>,
    ) -> Result<Calibration> {
        let classes = labeled.iter().map(|(_, class)| *class).collect::<Vec<_>>();
        Calibration::measure(&classes, data.meta().classes.len(), seed, |train, test| {
            let of = |at: &[usize]| at.iter().map(|at| labeled[*at]).collect::<Vec<_>>();
            let (model, _) = self.fit(data, &of(train), seed, watch)?;
            let ids = of(test).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
            Ok(self.pass(&model, data, &ids, &[Signal::Probs], seed)?.probs()?.to_owned())
        })
    }

    /// The probabilities by the net itself and by others, trained one after the other on the same labels with seeds of their own,
    /// `[t, n, c]`.
    fn committee(
        &self,
        model: &M,
        labeled: &[(SampleId, Class)],
        data: &dyn Dataset,
        ask: &Ask<'_>,
        members: usize,
        watch: &mut Watch<'_>,
    ) -> Result<Array3<f64>> {
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let mut all = Array3::zeros((members, ask.unlabeled.len(), data.meta().classes.len()));
        for (member, mut probs) in (0..).zip(all.outer_iter_mut()) {
            let other = match member {
                0 => None,
                member => Some(self.fit(data, labeled, mix(ask.seed, member), watch)?.0),
            };
            // A net answers in parts, so that of each no more is held than what it said.
            for (ids, mut probs) in ask.unlabeled.chunks(PART).zip(probs.axis_chunks_iter_mut(Axis(0), PART))
            {
                let part =
                    self.pass(other.as_ref().unwrap_or(model), data, ids, &[Signal::Probs], ask.seed)?;
                probs.assign(&part.probs()?);
            }
        }
        Ok(all)
    }

    /// Answers with a trained module.
    fn answer(
        &self,
        model: &M,
        labeled: &[(SampleId, Class)],
        data: &dyn Dataset,
        ask: &Ask<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Signals<'static>> {
        let mut signals = self.pass(model, data, ask.unlabeled, ask.signals, ask.seed)?;
        let of_labeled = ask.signals.iter().filter_map(|signal| match signal {
            Signal::LabeledEmbeddings => Some(Signal::Embeddings),
            Signal::LabeledProbs => Some(Signal::Probs),
            _ => None,
        });
        let of_labeled = of_labeled.collect::<Vec<_>>();
        let known = self.pass(model, data, ask.labeled, &of_labeled, ask.seed)?;
        for signal in ask.signals {
            signals = match *signal {
                Signal::Probs | Signal::McProbs { .. } | Signal::Embeddings => signals,
                Signal::LabeledEmbeddings => {
                    signals.with_labeled_embeddings(known.embeddings()?.to_owned())?
                }
                Signal::LabeledProbs => signals.with(*signal, known.probs()?.to_owned())?,
                Signal::BoundaryDistance(attack) => {
                    let model = model.clone().freeze().train();
                    let distances =
                        adversarial::boundary_distances(&model, &self.device, data, ask.unlabeled, attack)?;
                    signals.with_boundary_distances(attack, distances)?
                }
                Signal::MemberProbs { members } => {
                    signals.with(*signal, self.committee(model, labeled, data, ask, members, watch)?)?
                }
                Signal::Calibration => {
                    signals.with_calibration(self.calibrate(data, labeled, ask.seed, watch)?)?
                }
                // Burn has the weights as [d, c].
                Signal::HeadWeights => match model.last() {
                    Some(last) => signals.with(*signal, to_array(last.weight.val().transpose())?)?,
                    None => return Err(self.unsupported(*signal)),
                },
                Signal::HeadBiases => match model.last() {
                    Some(last) => {
                        let zeros = || Tensor::zeros([last.weight.dims()[1]], &self.device);
                        let biases = last.bias.as_ref().map_or_else(zeros, |bias| bias.val());
                        signals.with(*signal, to_array(biases.unsqueeze::<2>())?.remove_axis(Axis(0)))?
                    }
                    None => return Err(self.unsupported(*signal)),
                },
                Signal::Labels | Signal::Features | Signal::LabeledFeatures | Signal::Named(_) => {
                    return Err(self.unsupported(*signal));
                }
            };
        }
        Ok(signals)
    }

    fn unsupported(&self, signal: Signal) -> Error {
        Error::Unsupported { net: self.name.clone(), signal: signal.to_string() }
    }
}

impl<M: Classifier> Net for BurnNet<M> {
    fn name(&self) -> &str {
        &self.net.name
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
        if labeled.is_empty() {
            return Err(Error::NothingLabeled);
        }
        let (model, report) = self.net.fit(data, labeled, seed, watch)?;
        let (net, model, labeled) = (self.net.clone(), Mutex::new(model), labeled.to_vec());
        Ok((Arc::new(Fitted { net, model, labeled }), report))
    }

    fn load_state_dict(&self, _meta: &Meta, state: StateDict) -> Result<Arc<dyn TrainedNet>> {
        let model = Mutex::new(state::load(self.net.init(0).valid(), state)?);
        Ok(Arc::new(Fitted { net: self.net.clone(), model, labeled: Vec::new() }))
    }
}

impl<M: Classifier> Fitted<M> {
    fn model(&self) -> M {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<M: Classifier> TrainedNet for Fitted<M> {
    fn name(&self) -> &str {
        &self.net.name
    }

    fn supports(&self, signal: Signal) -> bool {
        self.net.supports(signal)
    }

    fn signals(&self, data: &dyn Dataset, ask: &Ask<'_>) -> Result<Signals<'static>> {
        self.signals_watched(data, ask, &mut |_| ControlFlow::Continue(()))
    }

    fn signals_watched(
        &self,
        data: &dyn Dataset,
        ask: &Ask<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Signals<'static>> {
        check_support(&self.net.name, |signal| self.net.supports(signal), ask.signals)?;
        let (net, model, labeled) = (&self.net, self.model(), &self.labeled);
        on_the_pool(move || net.answer(&model, labeled, data, ask, watch))
    }

    fn state_dict(&self) -> Result<StateDict> {
        state::of(&self.model())
    }
}

/// Runs `work` on a thread of rayon's pool: its thousands of short parallel steps would otherwise be handed over one by one.
fn on_the_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

/// What the net says about some of the samples; empty what was not asked.
#[derive(Default)]
struct Part {
    probs: Array2<f64>,
    embeddings: Array2<f32>,
    /// One for each pass
    mc_probs: Vec<Array2<f64>>,
}

fn stack<'a, T: Clone + Default + 'a>(chunks: impl Iterator<Item = &'a Array2<T>>) -> Result<Array2<T>> {
    let views = chunks.map(|chunk| chunk.view()).collect::<Vec<_>>();
    if views.is_empty() {
        return Ok(Array2::default((0, 0)));
    }
    concatenate(Axis(0), &views).map_err(Error::other)
}

/// Initialises every parameter, which Burn otherwise does when it is first read.
struct Materialize;

impl ModuleVisitor for Materialize {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let _ = param.val();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Output;
    use burn::module::Module;
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::tensor::activation::relu;
    use deepal_core::net::Progress;
    use deepal_core::{ActiveLearner, Annotation, InMemory};

    #[derive(Module, Debug)]
    struct Normed {
        first: Linear,
        norm: BatchNorm,
        last: Linear,
    }

    impl Classifier for Normed {
        fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
            let embedding = relu(self.norm.forward(self.first.forward(inputs)));
            Output { logits: self.last.forward(noise.dropout(embedding.clone(), 0.5)), embedding }
        }
    }

    fn normed() -> BurnNet<Normed> {
        BurnNet::new("normed", Training::epochs(5, 0.05, 0.9), |device| Normed {
            first: LinearConfig::new(3, 16).init(device),
            norm: BatchNormConfig::new(16).init(device),
            last: LinearConfig::new(16, 2).init(device),
        })
    }

    fn on(_: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn trained(net: &dyn Net, data: &InMemory, labeled: &[(SampleId, Class)]) -> Arc<dyn TrainedNet> {
        net.train(data, labeled, 1, &mut on).unwrap().0
    }

    fn data() -> (InMemory, Vec<(SampleId, Class)>) {
        let classes = ["a", "b"].map(String::from).to_vec();
        let meta = Meta { name: "waves".into(), shape: [3, 1, 1], classes, range: vec![] };
        let inputs = Array2::from_shape_fn((90, 3), |(i, j)| ((i * 31 + j * 7) as f32).sin() * 2.0 + 1.0);
        let labeled = (0..90).map(|i| (SampleId::from(i), Class(u16::from(inputs[[i, 0]] > 1.0)))).collect();
        (InMemory::new(meta, inputs).unwrap(), labeled)
    }

    /// Fault of several: members that share a seed are one net, and agree about everything.
    #[test]
    fn a_committee_is_the_net_and_others_with_seeds_of_their_own() {
        let (data, labeled) = data();
        let net = trained(&normed(), &data, &labeled[..20]);
        let ids = SampleId::first(90);
        let ask = |members, seed| {
            let signals = &[Signal::MemberProbs { members }];
            let ask = Ask { signals, unlabeled: &ids, labeled: &[], seed };
            net.signals(&data, &ask).unwrap().member_probs().unwrap().to_owned()
        };
        let three = ask(3, 7);
        assert_eq!(three.dim(), (3, 90, 2));
        assert_eq!(three.index_axis(Axis(0), 0), net.predict_proba(&data, &ids).unwrap());
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            assert_ne!(three.index_axis(Axis(0), a), three.index_axis(Axis(0), b));
        }
        assert_eq!(ask(3, 7), three, "the same seed gives the same committee");
        assert_eq!(ask(2, 7), three.slice(ndarray::s![..2, .., ..]), "a smaller one is part of it");
        assert_ne!(ask(2, 8).index_axis(Axis(0), 1), three.index_axis(Axis(0), 1));
        // Nobody knows what a net from a file was trained on.
        let loaded = normed().load_state_dict(data.meta(), net.state_dict().unwrap()).unwrap();
        let signals = &[Signal::MemberProbs { members: 2 }];
        let asked = loaded.signals(&data, &Ask { signals, unlabeled: &ids, labeled: &[], seed: 1 });
        assert!(matches!(asked, Err(Error::NothingLabeled)));
    }

    /// Trainings for a query are cancelled like others, and a query that was cancelled can be asked again.
    #[test]
    fn a_committee_and_a_cross_validation_can_be_cancelled_within_a_query() {
        let (data, labeled) = data();
        let net = || Box::new(normed().with_calibration());
        let data = Arc::new(data);
        for name in
            ["vote-entropy", "consensus-entropy", "ensemble-bald", "ensemble-variation-ratios", "auto"]
        {
            let strategy = deepal_core::strategy::build(name).unwrap();
            let mut learner = ActiveLearner::new(data.clone(), net(), strategy, 1).unwrap();
            let some =
                labeled.iter().step_by(3).map(|(id, class)| Annotation { id: *id, class: Some(*class) });
            learner.update(&some.collect::<Vec<_>>()).unwrap();
            learner.train().unwrap();
            let mut steps = 0;
            let whole = learner
                .query_watched(4, &mut |_| {
                    steps += 1;
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert!(steps > 8, "{name}: {steps} steps of several trainings");
            for most in [1, steps / 2, steps] {
                let mut calls = 0;
                let cancelled = learner.query_watched(4, &mut |_| {
                    calls += 1;
                    if calls < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                assert!(matches!(cancelled, Err(Error::Cancelled)), "{name}: {cancelled:?}");
                assert_eq!(calls, most, "{name}: it went on");
            }
            assert_eq!(learner.query(4).unwrap(), whole, "{name}");
        }
    }

    fn passes(net: &dyn TrainedNet, data: &InMemory, ids: &[SampleId], passes: usize) -> Array3<f64> {
        let ask = Ask {
            signals: &[Signal::McProbs { passes, shared: false }],
            unlabeled: ids,
            labeled: &[],
            seed: 3,
        };
        net.signals(data, &ask).unwrap().mc_probs().unwrap().to_owned()
    }

    /// Trap D3: the reference puts the whole net into training mode for its passes, so that batch-norm uses the statistics
    /// of the batch and moves its running ones.
    #[test]
    fn d3_monte_carlo_passes_leave_batch_norm_frozen() {
        let (data, labeled) = data();
        let net = trained(&normed(), &data, &labeled);
        let net = net.as_ref();
        let ids = SampleId::first(90);
        let before = net.predict_proba(&data, &ids).unwrap();
        let all = passes(net, &data, &ids, 4);
        assert_ne!(all.index_axis(Axis(0), 0), all.index_axis(Axis(0), 1), "dropout is on");
        let few = passes(net, &data, &ids[40..43], 4);
        let difference = &few - &all.slice(ndarray::s![.., 40..43, ..]);
        assert!(difference.iter().all(|x| x.abs() < 1e-6), "a sample's passes do not depend on its batch");
        let mean = score::mean_probs(&passes(net, &data, &ids, 400));
        assert!(
            (&mean - &before).iter().map(|x| x.abs()).sum::<f64>() / 180.0 < 0.1,
            "passes scatter round the prediction"
        );
        assert_eq!(net.predict_proba(&data, &ids).unwrap(), before, "nothing was moved");
        let ask = Ask {
            signals: &[Signal::BoundaryDistance(deepal_core::Attack::Bim { eps: 0.1, max_steps: 20 })],
            unlabeled: &ids,
            labeled: &[],
            seed: 3,
        };
        net.signals(&data, &ask).unwrap();
        assert_eq!(net.predict_proba(&data, &ids).unwrap(), before, "nor by attacks");
    }

    /// Joint distributions of several samples are those of one net a pass only if all lose the same units.
    #[test]
    fn shared_passes_drop_the_same_units_for_all_samples() {
        let (data, labeled) = data();
        let net = trained(&normed(), &data, &labeled);
        let rows = data.inputs(&SampleId::first(2)).unwrap();
        // 700 copies of one sample, in two batches.
        let copies = ndarray::Array2::from_shape_fn((700, 3), |(_, j)| rows[[0, j]]);
        let copies = InMemory::new(data.meta().clone(), copies).unwrap();
        let ids = SampleId::first(700);
        let distinct = |shared| {
            let ask = Ask {
                signals: &[Signal::McProbs { passes: 3, shared }],
                unlabeled: &ids,
                labeled: &[],
                seed: 3,
            };
            let probs = net.signals(&copies, &ask).unwrap().mc_probs().unwrap().to_owned();
            probs.outer_iter().map(|pass| pass.outer_iter().any(|row| row != pass.row(0))).collect::<Vec<_>>()
        };
        assert_eq!(distinct(true), [false; 3]);
        assert_eq!(distinct(false), [true; 3]);
    }

    /// The shape of the trunk's result is the net's own, so passes through it are compared with whole ones.
    #[test]
    fn passes_behind_a_trunk_give_what_whole_passes_give() {
        #[derive(Module, Debug)]
        struct Split {
            first: Linear,
            last: Linear,
        }
        impl Classifier for Split {
            fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
                self.head(self.trunk(inputs), noise)
            }
            fn trunk(&self, inputs: Tensor<2>) -> Tensor<2> {
                self.first.forward(inputs)
            }
            fn head(&self, trunk: Tensor<2>, noise: &mut Noise) -> Output {
                let embedding = relu(noise.dropout(trunk, 0.3));
                Output { logits: self.last.forward(noise.dropout(embedding.clone(), 0.5)), embedding }
            }
        }
        /// The same without a trunk.
        #[derive(Module, Debug)]
        struct Whole {
            split: Split,
        }
        impl Classifier for Whole {
            fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
                self.split.forward(inputs, noise)
            }
        }
        let init = |device: &Device| Split {
            first: LinearConfig::new(3, 16).init(device),
            last: LinearConfig::new(16, 2).init(device),
        };
        let (data, labeled) = data();
        let training = Training::epochs(3, 0.05, 0.9);
        let split = BurnNet::new("split", training, init);
        let whole = BurnNet::new("whole", training, move |device| Whole { split: init(device) });
        let ids = SampleId::first(90);
        let ask = Ask {
            signals: &[Signal::McProbs { passes: 5, shared: false }],
            unlabeled: &ids,
            labeled: &[],
            seed: 3,
        };
        let (split, whole) = (trained(&split, &data, &labeled), trained(&whole, &data, &labeled));
        let split = split.signals(&data, &ask).unwrap().mc_probs().unwrap().to_owned();
        assert_eq!(split, whole.signals(&data, &ask).unwrap().mc_probs().unwrap());
    }

    /// Trap P2 of DeepAL+: nets without any dropout, whose passes are all the same.
    #[test]
    fn p2_a_net_without_dropout_gives_no_monte_carlo_signal() {
        #[derive(Module, Debug)]
        struct Silent {
            last: Linear,
        }
        impl Classifier for Silent {
            fn forward(&self, inputs: Tensor<2>, _noise: &mut Noise) -> Output {
                Output { logits: self.last.forward(inputs.clone()), embedding: inputs }
            }
        }
        let (data, labeled) = data();
        let net = BurnNet::new("silent", Training::epochs(1, 0.1, 0.0), |device| Silent {
            last: LinearConfig::new(3, 2).init(device),
        });
        let net = trained(&net, &data, &labeled);
        let ids = SampleId::first(5);
        let ask = Ask {
            signals: &[Signal::McProbs { passes: 3, shared: false }],
            unlabeled: &ids,
            labeled: &[],
            seed: 3,
        };
        assert!(net.signals(&data, &ask).unwrap_err().to_string().contains("no dropout on `noise`"));
    }

    #[test]
    fn it_passes_the_contract() {
        let (data, labeled) = data();
        deepal_core::contract::check_net(&normed(), &data, &labeled).unwrap();
    }

    #[test]
    fn a_training_that_diverges_says_so() {
        let (data, labeled) = data();
        let net = normed().with(|net| net.training = Training::epochs(50, 1e20, 0.9));
        let error = net.train(&data, &labeled, 1, &mut on).err().unwrap().to_string();
        assert!(error.contains("diverged") && error.contains("lower the learning rate"), "{error}");
    }

    /// PyTorch's `reset_parameters`: uniform in ±1/√fan_in for weights and biases, of layers and convolutions.
    #[test]
    fn initialisation_is_uniform_within_one_over_root_fan_in() {
        #[derive(Module, Debug)]
        struct Layers {
            linear: Linear,
            conv: Conv2d,
        }
        impl Classifier for Layers {
            fn forward(&self, inputs: Tensor<2>, _noise: &mut Noise) -> Output {
                Output { logits: inputs.clone(), embedding: inputs }
            }
        }
        let net = BurnNet::new("layers", Training::adaptive(), |device| Layers {
            linear: LinearConfig::new(400, 300).init(device),
            conv: Conv2dConfig::new([16, 300], [5, 5]).init(device),
        });
        let model = net.net.init(5);
        let values = |x: Tensor<1>| x.into_data().try_into_vec::<f32>().unwrap();
        let parameters = [
            (values(model.linear.weight.val().flatten(0, 1)), 400.0),
            (values(model.linear.bias.clone().unwrap().val()), 400.0),
            (values(model.conv.weight.val().flatten(0, 3)), 400.0),
            (values(model.conv.bias.clone().unwrap().val()), 400.0),
        ];
        for (values, fan_in) in parameters {
            let bound = 1.0 / f32::sqrt(fan_in);
            assert!(values.iter().all(|x| x.abs() <= bound));
            assert!(values.iter().any(|x| *x > 0.97 * bound) && values.iter().any(|x| *x < -0.97 * bound));
            let variance = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
            assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.15, "{variance}");
        }
        let again = net.net.init(5).linear.weight.val().into_data();
        assert_eq!(model.linear.weight.val().into_data(), again, "the same seed gives the same net");
        assert_ne!(net.net.init(6).linear.weight.val().into_data(), again);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let classes = (0..10).map(|class| class.to_string()).collect();
        let meta = Meta { name: "noise".into(), shape: [1, 28, 28], classes, range: vec![] };
        let inputs = Array2::from_shape_fn((150, 784), |(i, j)| ((i * 7919 + j * 31) as f32).sin());
        let data = InMemory::new(meta.clone(), inputs).unwrap();
        let labeled = (0..100).map(|i| (SampleId(i), Class((i % 10) as u16))).collect::<Vec<_>>();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let training = Training::epochs(2, 0.01, 0.5);
                let options = crate::nets::Options { training, ..Default::default() };
                let net = crate::nets::build("mnist-cnn", &meta, &options).unwrap();
                let net = trained(net.as_ref(), &data, &labeled);
                let signals =
                    [Signal::Probs, Signal::McProbs { passes: 2, shared: false }, Signal::Embeddings];
                let ids = SampleId::first(150);
                let ask = Ask { signals: &signals, unlabeled: &ids, labeled: &[], seed: 3 };
                let signals = net.signals(&data, &ask).unwrap();
                (
                    signals.probs().unwrap().to_owned(),
                    signals.mc_probs().unwrap().to_owned(),
                    signals.embeddings().unwrap().to_owned(),
                )
            })
        };
        assert_eq!(with(1), with(2));
        assert_eq!(with(1), with(3));
    }
}
