//! Settings as a user may give them, in a file and by options, and the defaults of what is missing.

use super::{Config, Task, VERSION, broken, empty};
use crate::cli::GridArgs;
use crate::data_sets::{DataSets, Named, Origin, named};
use crate::exit::Usage;
use crate::model::{Model, ModelArgs};
use anyhow::{Context, bail};
use deepal::{InitialSet, Meta, Training, nets, strategy};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// In `nets`: each data set's own.
const DEFAULT: &str = "default";

/// The settings of a file. `datasets` × `nets` with one budget for all, or a `[[task]]` for each; what a task leaves out
/// it takes from the settings of all.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// The program's version; written into every run folder and not looked at here.
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(alias = "dataset")]
    datasets: Option<Names>,
    #[serde(alias = "net")]
    nets: Option<Names>,
    #[serde(alias = "strategy")]
    strategies: Option<Names>,
    #[serde(alias = "seed")]
    seeds: Option<Vec<u64>>,
    initial_set: Option<InitialSet>,
    initial: Option<usize>,
    query: Option<usize>,
    rounds: Option<u32>,
    pool: Option<usize>,
    /// The share of the typical distance within which samples are copies; for the user's own data.
    dedup: Option<f64>,
    /// A feature extractor, for the user's own data.
    model: Option<PathBuf>,
    /// The same, resolved, from the options.
    #[serde(skip)]
    pretrained: Option<Model>,
    /// A name, or a [`Training`] in full.
    training: Option<toml::Value>,
    data_dir: Option<PathBuf>,
    #[serde(default, rename = "task", deserialize_with = "some_tasks")]
    tasks: Vec<GivenTask>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenTask {
    dataset: Option<String>,
    net: Option<String>,
    initial: Option<usize>,
    query: Option<usize>,
    rounds: Option<u32>,
    pool: Option<usize>,
    model: Option<PathBuf>,
    training: Option<toml::Value>,
    /// In the settings of a run: where its data come from.
    own: Option<Origin>,
}

/// Tasks that are there at all: an empty list would be taken for none given.
fn some_tasks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<GivenTask>, D::Error> {
    let tasks = Vec::<GivenTask>::deserialize(deserializer)?;
    if tasks.is_empty() { Err(serde::de::Error::custom(empty("task"))) } else { Ok(tasks) }
}

/// One name, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names,
        }
    }
}

/// The settings of the file that `--config` names, with the options put over them.
pub(super) fn read(args: &GridArgs) -> anyhow::Result<Given> {
    let mut given = match &args.config {
        None => Given::default(),
        Some(path) => parse(path)?,
    };
    if !given.tasks.is_empty() && (given.datasets.is_some() || given.nets.is_some()) {
        bail!(Usage("settings have either `datasets` and `nets` or `[[task]]`, not both".into()));
    }
    given.put_names(args)?;
    macro_rules! option_wins {
        ($($field:ident),*) => { $(if let Some(value) = &args.$field {
            given.$field = Some(value.clone().into());
            given.tasks.iter_mut().for_each(|task| task.$field = Some(value.clone().into()));
        })* };
    }
    option_wins!(initial, query, rounds, pool);
    if let Some(name) = &args.training {
        given.training = Some(toml::Value::String(name.clone()));
        // A task without one takes the one of all, where its net takes any.
        given.tasks.iter_mut().for_each(|task| task.training = None);
    }
    given.dedup = args.dedup.or(given.dedup);
    given.pretrained = args.model.resolve()?;
    let per_class = args.per_class_seed.map(|k| InitialSet::PerClass(k.into()));
    given.initial_set = args.initial_set.or(per_class).or(given.initial_set);
    given.data_dir = data_dir(args.data_dir.as_deref()).or(given.data_dir);
    if !args.strategy.is_empty() {
        given.strategies = Some(Names::Many(args.strategy.clone()));
    } else if args.rare_classes {
        given.strategies = Some(Names::Many(compared(strategy::FOR_RARE_CLASSES)));
    }
    if !args.seeds.is_empty() {
        given.seeds = Some(args.seeds.clone());
    }
    Ok(given)
}

/// The folder with data files that the user names: the option, else a `DEEPAL_DATA` that is not empty.
pub(crate) fn data_dir(option: Option<&Path>) -> Option<PathBuf> {
    let variable = || std::env::var_os("DEEPAL_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    option.map(Path::to_owned).or_else(variable)
}

fn parse(path: &Path) -> anyhow::Result<Given> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| deepal_data::Error::Read { path: path.into(), cause })
        .context("`--config`")?;
    toml::from_str(&text).map_err(|error| broken(path, &error))
}

impl Given {
    /// Puts the data sets and nets of the options in the place of the file's. A file's only task is repeated for each.
    fn put_names(&mut self, args: &GridArgs) -> anyhow::Result<()> {
        for (option, names) in [("--dataset", &args.dataset), ("--net", &args.net)] {
            let is_dataset = option == "--dataset";
            match self.tasks.as_slice() {
                _ if names.is_empty() => {}
                [] if is_dataset => self.datasets = Some(Names::Many(names.clone())),
                [] => self.nets = Some(Names::Many(names.clone())),
                [task] => {
                    let with = |name: &String| {
                        let mut task = task.clone();
                        *(if is_dataset { &mut task.dataset } else { &mut task.net }) = Some(name.clone());
                        task
                    };
                    self.tasks = names.iter().map(with).collect();
                }
                _ => bail!(Usage(format!(
                    "`{option}` cannot choose among the tasks of a file; edit its `[[task]]`"
                ))),
            }
        }
        Ok(())
    }

    /// Fills in every default.
    pub(super) fn resolve(mut self, data_sets: &mut DataSets) -> anyhow::Result<Config> {
        if self.tasks.is_empty() {
            let datasets = self.datasets.take().map_or_else(|| vec!["fashion-mini".into()], Names::list);
            let nets = self.nets.take().map_or_else(|| vec![DEFAULT.into()], Names::list);
            for (what, names) in [("datasets", &datasets), ("nets", &nets)] {
                if names.is_empty() {
                    bail!(Usage(empty(what)));
                }
            }
            let pairs = datasets.iter().flat_map(|dataset| nets.iter().map(move |net| (dataset, net)));
            let task = |(dataset, net): (&String, &String)| GivenTask {
                dataset: Some(dataset.clone()),
                net: Some(net.clone()),
                ..GivenTask::default()
            };
            self.tasks = pairs.map(task).collect();
        }
        let tasks = self
            .tasks
            .iter()
            .map(|task| task.resolve(&self, data_sets))
            .collect::<anyhow::Result<Vec<_>>>()?;
        if self.training.is_some() && tasks.iter().all(|task| task.training.is_none()) {
            bail!(Usage(always_trained(&tasks[0].net)));
        }
        let strategies = self.strategies.map_or_else(|| compared(strategy::DEFAULT), Names::list);
        let strategies =
            strategies.iter().map(|name| strategy::by_name(name).map(|entry| entry.name.to_owned()));
        Ok(Config {
            version: VERSION.into(),
            strategies: distinct("strategy", strategies.collect::<Result<_, _>>()?)?,
            seeds: distinct("seed", self.seeds.unwrap_or_else(|| vec![1, 2, 3, 4, 5]))?,
            initial_set: self.initial_set.unwrap_or_default(),
            data_dir: self.data_dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
            tasks,
        })
    }
}

impl GivenTask {
    fn resolve(&self, all: &Given, data_sets: &mut DataSets) -> anyhow::Result<Task> {
        let found = match &self.own {
            Some(origin) => Named::Own(origin.source.clone()),
            None => named(self.dataset.as_deref().unwrap_or("fashion-mini"))?,
        };
        let path = self.model.as_ref().or(all.model.as_ref());
        let of_file = || ModelArgs { model: path.cloned(), ..ModelArgs::default() }.resolve();
        let model = match (&self.own, &all.pretrained) {
            (_, Some(model)) => Some(model.clone()),
            (Some(origin), None) => origin.model.clone(),
            (None, None) => of_file()?,
        };
        let dedup = match &self.own {
            Some(origin) => origin.dedup,
            None => all.dedup,
        };
        let Defaults { dataset, own, net, paper, pool, initial, query, rounds } =
            Defaults::of(&found, model.as_ref(), dedup, data_sets)?;
        let net = self.net.as_deref().filter(|name| *name != DEFAULT).unwrap_or(net);
        let net = nets::by_name(net)?;
        let training = match self.training.as_ref().or(all.training.as_ref()) {
            Some(_) if !net.takes_training && self.training.is_some() => {
                bail!(Usage(always_trained(net.name)))
            }
            _ if !net.takes_training => None,
            Some(toml::Value::String(name)) => Some(named_training(name, net)?),
            Some(table) => Some(
                Training::deserialize(table.clone())
                    .map_err(|error| Usage(format!("training: {}", error.message())))?,
            ),
            None => Some(net.paper.filter(|_| paper).map_or_else(Training::adaptive, |paper| paper())),
        };
        Ok(Task {
            dataset,
            own,
            net: net.name.into(),
            pool: self.pool.or(all.pool).unwrap_or(pool),
            initial: self.initial.or(all.initial).unwrap_or(initial),
            query: self.query.or(all.query).unwrap_or(query),
            rounds: self.rounds.or(all.rounds).unwrap_or(rounds),
            training,
        })
    }
}

/// What a data set brings along.
struct Defaults {
    dataset: String,
    own: Option<Origin>,
    net: &'static str,
    /// Whether it is one of the paper's four data sets, which come with the set-up of its reference program.
    paper: bool,
    pool: usize,
    initial: usize,
    query: usize,
    rounds: u32,
}

impl Defaults {
    fn of(
        found: &Named,
        model: Option<&Model>,
        dedup: Option<f64>,
        data_sets: &mut DataSets,
    ) -> anyhow::Result<Self> {
        let dataset = match found {
            Named::Own(source) => return Self::of_own(source, model, dedup, data_sets),
            Named::Listed(dataset) if model.is_none() && dedup.is_none() => dataset,
            Named::Listed(dataset) => bail!(Usage(format!(
                "`--model` and `--dedup` are for your own data, and `{}` is a data set of the list; name a folder or file",
                dataset.name
            ))),
        };
        let paper = dataset.paper;
        let (initial, query, rounds) = if paper { (10_000, 1_000, 10) } else { (20, 40, 12) };
        Ok(Self {
            dataset: dataset.name.into(),
            own: None,
            net: dataset.default_net,
            paper,
            pool: if paper { dataset.n_train.min(40_000) } else { dataset.n_train },
            initial,
            query,
            rounds,
        })
    }

    /// 20 to 200 labels, or half of a small pool.
    fn of_own(
        source: &Path,
        model: Option<&Model>,
        dedup: Option<f64>,
        data_sets: &mut DataSets,
    ) -> anyhow::Result<Self> {
        let opened = data_sets.own(source, model, dedup)?;
        let train = &opened.labeled.data.train;
        let step = (train.len() / 20).clamp(1, 20);
        Ok(Self {
            dataset: opened.name,
            own: Some(opened.origin),
            net: default_net(train.meta()),
            paper: false,
            pool: train.len(),
            initial: step,
            query: step,
            rounds: if train.len() < 10 { 1 } else { 9 },
        })
    }
}

/// A strategy, with those that it has to beat.
fn compared(name: &str) -> Vec<String> {
    vec![name.into(), "random".into(), "margin".into()]
}

/// The net for a user's own data.
pub(crate) fn default_net(meta: &Meta) -> &'static str {
    if meta.shape[1..] == [1, 1] { "softmax-regression" } else { "mlp" }
}

fn always_trained(net: &str) -> String {
    format!("net `{net}` is always trained to its optimum; leave `training` out")
}

fn named_training(name: &str, net: &nets::Entry) -> anyhow::Result<Training> {
    match (name, net.paper) {
        ("adaptive", _) => Ok(Training::adaptive()),
        ("paper", Some(paper)) => Ok(paper()),
        ("paper", None) => {
            bail!(Usage(format!(
                "net `{}` is not the paper's, so `--training paper` says nothing about it",
                net.name
            )))
        }
        _ => {
            let (kind, known) = ("training", vec!["paper", "adaptive"]);
            bail!(deepal::Error::UnknownName { kind, name: name.into(), known })
        }
    }
}

fn distinct<T: PartialEq + std::fmt::Display>(what: &str, values: Vec<T>) -> anyhow::Result<Vec<T>> {
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            bail!(Usage(format!("{what} `{value}` is named twice")));
        }
    }
    Ok(values)
}
