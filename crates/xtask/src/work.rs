//! Our side of the measurements: one work, in the process that was started for it.

use crate::process::{Measured, peak_mb};
use crate::sample::{best, normals};
use crate::{Result, scaling};
use deepal::datasets::Downloads;
use deepal::formats::npy;
use deepal::seed::mix;
use deepal::signals::{Dim, Rule, Values};
use deepal::{
    ActiveLearner, Annotation, Ask, Catalog, Class, Data, Dataset, InMemory, Meta, Monitor, Net, Oracle,
    SampleId, Schedule, SelectOptions, Signal, Training, datasets, metric, nets, select, select_arrays,
    strategy,
};
use ndarray::{Array1, s};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Does the work of that name and prints what it has measured. `argument` is the folder of MNIST or of arrays; for
/// `scale-SELECTOR` it is the size of the pool.
pub(crate) fn run(name: &str, argument: &str) -> Result<()> {
    let folder = Path::new(argument);
    let measured = match name.split_once('-') {
        Some(("train", net)) => train(net)?,
        Some(("infer", net)) => infer(net)?,
        Some(("round", strategy)) => round(folder, strategy)?,
        Some(("query", strategy)) => query(folder, strategy)?,
        Some(("select", strategy)) => pick(folder, strategy)?,
        Some(("scale", selector)) => scaling::work(selector, argument.parse()?)?,
        _ => match name {
            "k-center" => k_center(folder)?,
            "k-means" => k_means(folder)?,
            // Named after their strategies.
            _ => query(folder, name)?,
        },
    };
    let measured = Measured { peak_mb: peak_mb("self"), ..measured };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// A net of the paper with random images and labels, in memory.
struct Bench {
    entry: &'static nets::Entry,
    data: InMemory,
    labeled: Vec<(SampleId, Class)>,
}

impl Bench {
    fn new(net: &str) -> Result<Self> {
        let entry = nets::by_name(&format!("{net}-cnn"))?;
        let n = match net {
            "mnist" => 10_240,
            "svhn" => 5_120,
            _ => 2_560,
        };
        let shape = entry.shape.ok_or("a net of the paper has a shape")?;
        let classes = (0..10).map(|class| class.to_string()).collect();
        let meta = Meta { name: "noise".into(), shape, classes, range: vec![] };
        let inputs = normals(n, meta.n_features(), 1);
        let class = |id: &SampleId| Class((mix(2, id.0.into()) % 10) as u16);
        let labeled = SampleId::first(n).iter().map(|id| (*id, class(id))).collect();
        Ok(Self { entry, data: InMemory::new(meta, inputs)?, labeled })
    }

    fn build(&self, epochs: usize) -> Result<Box<dyn Net>> {
        let training = Training { schedule: Schedule::Epochs { epochs }, ..paper(self.entry)? };
        let options = nets::Options { training, ..Default::default() };
        Ok(nets::build(self.entry.name, self.data.meta(), &options)?)
    }
}

fn paper(entry: &nets::Entry) -> Result<Training> {
    Ok(entry.paper.ok_or("a net of the paper has its training")?())
}

fn train(net: &str) -> Result<Measured> {
    let bench = Bench::new(net)?;
    let net = bench.build(2)?;
    let two_epochs = || net.train(&bench.data, &bench.labeled, 1, &mut |_| ControlFlow::Continue(()));
    two_epochs()?;
    let images = Some(2.0 * bench.data.len() as f64);
    Ok(Measured { seconds: best(5, two_epochs), images, ..Measured::default() })
}

fn infer(net: &str) -> Result<Measured> {
    let bench = Bench::new(net)?;
    let net = bench.build(1)?;
    let (net, _) = net.train(&bench.data, &bench.labeled[..64], 1, &mut |_| ControlFlow::Continue(()))?;
    let unlabeled = SampleId::first(bench.data.len());
    let ask = Ask { signals: &[Signal::Probs], unlabeled: &unlabeled, labeled: &[], seed: 1 };
    let predict = || net.signals(&bench.data, &ask);
    predict()?;
    let images = Some(bench.data.len() as f64);
    Ok(Measured { seconds: best(5, predict), images, ..Measured::default() })
}

/// MNIST in `folder`, with the pool of the paper's reference program.
pub(crate) fn mnist(folder: &Path) -> Result<Data> {
    let source = Downloads { data_dir: Some(folder.into()), ..Downloads::default() };
    Ok((datasets::by_name("mnist")?.load)(&source)?.with_pool(40_000)?)
}

/// A learner with 10,000 random labels, not trained yet.
fn learner(data: &Data, strategy: &str) -> Result<ActiveLearner> {
    let entry = nets::by_name("mnist-cnn")?;
    let options = nets::Options { training: paper(entry)?, ..Default::default() };
    let net = nets::build(entry.name, data.train.meta(), &options)?;
    let strategy = strategy::build(strategy)?;
    let mut learner = ActiveLearner::new(data.train.clone(), net, strategy, 1)?;
    let labels: Vec<Annotation> =
        Oracle::new(data.train_labels.clone()).annotate(&learner.initial(10_000))?;
    learner.update(&labels)?;
    Ok(learner)
}

/// Training, query and test of one round.
fn round(folder: &Path, strategy: &str) -> Result<Measured> {
    let data = mnist(folder)?;
    let mut learner = learner(&data, strategy)?;
    let start = Instant::now();
    learner.train()?;
    learner.query(1000)?;
    let accuracy = metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
    let seconds = start.elapsed().as_secs_f64();
    if accuracy < 0.9 {
        return Err(format!("the net has not learnt: accuracy {accuracy}").into());
    }
    Ok(Measured { seconds, ..Measured::default() })
}

/// The query alone, after the training.
fn query(folder: &Path, strategy: &str) -> Result<Measured> {
    let data = mnist(folder)?;
    let mut learner = learner(&data, strategy)?;
    learner.train()?;
    let start = Instant::now();
    learner.query(1000)?;
    Ok(Measured { seconds: start.elapsed().as_secs_f64(), ..Measured::default() })
}

/// A pick from arrays in memory, of the signals that the strategy needs.
fn pick(folder: &Path, name: &str) -> Result<Measured> {
    let mut arrays: Vec<(Signal, Values<'static>)> = Vec::new();
    let mut n = 0;
    for signal in strategy::build(name)?.needs() {
        let kind = signal.kind();
        let file = folder.join(format!("{}.npy", kind.option.ok_or("it looks at what no array tells")?));
        let values: Values<'static> = match (signal, kind.rule, kind.shape.len()) {
            (Signal::McProbs { passes: t, .. } | Signal::MemberProbs { members: t }, ..) => {
                let all = npy::read_3d(&file)?;
                all.slice(s![..t.min(all.dim().0), .., ..]).to_owned().into()
            }
            (_, Rule::Classes, _) => Array1::from(npy::read_classes(&file)?).into(),
            (_, Rule::Finite, 1) => npy::read_1d_f32(&file)?.into(),
            (_, Rule::Finite, _) => npy::read_2d_f32(&file)?.into(),
            _ => npy::read_2d(&file)?.into(),
        };
        let axis = kind.shape.iter().position(|dim| *dim == Dim::Candidates);
        n = axis.map_or(n, |axis| values.shape()[axis]);
        arrays.push((signal, values));
    }
    let options = SelectOptions { strategy: name.into(), ..SelectOptions::new((n / 5).min(100)) };
    let start = Instant::now();
    select_arrays(arrays, &options, &Catalog::default(), Monitor::silent())?;
    Ok(Measured { seconds: start.elapsed().as_secs_f64(), ..Measured::default() })
}

fn k_center(folder: &Path) -> Result<Measured> {
    let points = npy::read_2d_f32(&folder.join("candidates.npy"))?;
    let labeled = npy::read_2d_f32(&folder.join("labeled.npy"))?;
    let start = Instant::now();
    select::k_center_greedy(&points, &labeled, 1000, 1);
    Ok(Measured { seconds: start.elapsed().as_secs_f64(), ..Measured::default() })
}

fn k_means(folder: &Path) -> Result<Measured> {
    let points = npy::read_2d_f32(&folder.join("candidates.npy"))?;
    let start = Instant::now();
    let clusters = select::k_means(&points, 1000, 1);
    let seconds = start.elapsed().as_secs_f64();
    // Added up here in double precision: what is compared should not be taken from what is measured.
    let cost = points.outer_iter().zip(&clusters.assignment).map(|(row, cluster)| {
        let center = clusters.centers.row(*cluster);
        row.iter().zip(center).map(|(x, c)| f64::from(x - c).powi(2)).sum::<f64>()
    });
    Ok(Measured { seconds, cost: Some(cost.sum()), ..Measured::default() })
}
