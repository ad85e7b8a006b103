//! Settings as a user gives them, in a file or in code, and the defaults of what is missing.

use crate::catalog::Catalog;
use crate::config::{Config, Task, VERSION, broken, empty};
use crate::data::{DataSets, Named, named};
use crate::error::{Error, Result, bail};
use crate::groups::expand;
use crate::origin::Origin;
use crate::pretrained::{Preprocess, Pretrained};
use deepal_core::metric::Metric;
use deepal_core::{InitialSet, Meta, Spec, strategy};
use deepal_nn::{Device, Training, nets};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// In `nets`: each data set's own.
const DEFAULT: &str = "default";

/// What a user asks of a study; what is left out has a default. `datasets` × `nets` with one budget for all, or
/// [`tasks`](Self::tasks); what a task leaves out it takes from the settings of all. This is also what a TOML file for
/// `--config` holds.
///
/// ```
/// use deepal_engine::StudySettings;
///
/// let settings = StudySettings { strategies: Some(vec!["margin".into(), "bald(passes=5)".into()]), ..Default::default() };
/// # let _ = settings;
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudySettings {
    /// The program's version; written into every run folder and ignored here.
    pub version: Option<String>,
    /// Published data sets, data sets of the [`Catalog`], or paths of your own data [default: fashion-mini].
    #[serde(alias = "dataset", default, deserialize_with = "names")]
    pub datasets: Option<Vec<String>>,
    /// Nets, with settings as in `head(width=64)`; `default` is each data set's own [default: `default`].
    #[serde(alias = "net", default, deserialize_with = "specs")]
    pub nets: Option<Vec<String>>,
    /// Strategies, with settings as in `bald(passes=50)` [default: auto, random, margin].
    #[serde(alias = "strategy", default, deserialize_with = "specs")]
    pub strategies: Option<Vec<String>>,
    /// Seeds [default: 1 to 5].
    #[serde(alias = "seed")]
    pub seeds: Option<Vec<u64>>,
    /// Which labels come first [default: the strategy's own, if it needs none for that].
    pub initial_set: Option<InitialSet>,
    /// What curves, savings and verdicts are about [default: accuracy].
    pub metric: Option<Metric>,
    /// Labels before the first training [default: by data set].
    pub initial: Option<usize>,
    /// Labels asked for in each round [default: by data set].
    pub query: Option<usize>,
    /// Rounds after the initial one [default: by data set].
    pub rounds: Option<u32>,
    /// Training samples that make the pool [default: by data set].
    pub pool: Option<usize>,
    /// The share of the typical distance within which samples of your own data are copies, of which one is kept [default: keep all].
    pub dedup: Option<f64>,
    /// The file of a pretrained net, whose embeddings take the place of your own data [default: that of the data's manifest].
    pub model: Option<PathBuf>,
    /// The same with everything about it.
    #[serde(skip)]
    pub pretrained: Option<Pretrained>,
    /// How nets are trained [default: `paper` for the paper's data sets, else `adaptive`].
    pub training: Option<TrainingChoice>,
    /// Where nets are computed [default: cpu].
    pub device: Option<Device>,
    /// The folder with the files of published data sets [default: `DEEPAL_DATA`, else they are downloaded].
    pub data_dir: Option<PathBuf>,
    /// Data sets with nets and budgets of their own.
    #[serde(default, rename = "task", deserialize_with = "some_tasks")]
    pub tasks: Vec<TaskSettings>,
}

/// What a user asks of a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// See [`StudySettings::datasets`].
    pub dataset: Option<String>,
    /// See [`StudySettings::nets`].
    #[serde(default, deserialize_with = "spec")]
    pub net: Option<String>,
    /// See [`StudySettings::initial`].
    pub initial: Option<usize>,
    /// See [`StudySettings::query`].
    pub query: Option<usize>,
    /// See [`StudySettings::rounds`].
    pub rounds: Option<u32>,
    /// See [`StudySettings::pool`].
    pub pool: Option<usize>,
    /// See [`StudySettings::model`].
    pub model: Option<PathBuf>,
    /// See [`StudySettings::training`].
    pub training: Option<TrainingChoice>,
    /// In the settings of a run: where its data come from.
    #[serde(default)]
    pub own: Option<Origin>,
}

/// How nets are trained.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingChoice {
    /// By a name: `paper`, the reference's fixed epochs, or `adaptive`, until the labels are learnt.
    Named(String),
    /// In full.
    Full(Training),
}

impl<'de> Deserialize<'de> for TrainingChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(name) => Ok(Self::Named(name)),
            table => {
                let training = Training::deserialize(table);
                let wrong = |error: toml::de::Error| {
                    serde::de::Error::custom(format!("training: {}", error.message()))
                };
                training.map(Self::Full).map_err(wrong)
            }
        }
    }
}

/// Tasks that are there at all: an empty list would be taken for none given.
fn some_tasks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<TaskSettings>, D::Error> {
    let tasks = Vec::<TaskSettings>::deserialize(deserializer)?;
    if tasks.is_empty() { Err(serde::de::Error::custom(empty("task"))) } else { Ok(tasks) }
}

/// One or a list of them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn list(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(Some(OneOrMany::deserialize(deserializer)?.list()))
}

/// Names with settings, as text.
fn specs<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let specs = OneOrMany::<Spec>::deserialize(deserializer)?.list();
    Ok(Some(specs.iter().map(Spec::to_string).collect()))
}

fn spec<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Spec::deserialize(deserializer)?.to_string()))
}

impl StudySettings {
    /// The settings of a TOML file.
    ///
    /// # Errors
    /// A file that cannot be read, or that is not what it should be.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| deepal_data::Error::Read { path: path.into(), cause })?;
        toml::from_str(&text).map_err(|error| broken(path, &error))
    }

    /// These settings with others put over them: what the others say wins. Their data sets or nets take the place of these tasks, of
    /// which there may be only one then.
    ///
    /// # Errors
    /// Data sets or nets for several tasks.
    pub fn with(mut self, over: Self) -> Result<Self> {
        if !self.tasks.is_empty() && (self.datasets.is_some() || self.nets.is_some()) {
            bail!(Error::Setting(
                "settings have either `datasets` and `nets` or `[[task]]`, not both".into()
            ));
        }
        self.put_names(&over)?;
        macro_rules! wins {
            ($($field:ident),*) => { $(if let Some(value) = over.$field {
                self.$field = Some(value);
                self.tasks.iter_mut().for_each(|task| task.$field = Some(value));
            })* };
        }
        wins!(initial, query, rounds, pool);
        if over.training.is_some() {
            self.training = over.training;
            // A task without one takes the one of all, where its net takes any.
            self.tasks.iter_mut().for_each(|task| task.training = None);
        }
        self.dedup = over.dedup.or(self.dedup);
        self.model = over.model.or(self.model);
        self.pretrained = over.pretrained.or(self.pretrained);
        self.initial_set = over.initial_set.or(self.initial_set);
        self.metric = over.metric.or(self.metric);
        self.device = over.device.or(self.device);
        self.data_dir = over.data_dir.or(self.data_dir);
        self.strategies = over.strategies.or(self.strategies);
        self.seeds = over.seeds.or(self.seeds);
        Ok(self)
    }

    /// Puts other data sets and nets in the place of these. An only task is repeated for each.
    fn put_names(&mut self, over: &Self) -> Result<()> {
        for (what, names) in [("dataset", &over.datasets), ("net", &over.nets)] {
            let Some(names) = names else { continue };
            let is_dataset = what == "dataset";
            match self.tasks.as_slice() {
                [] if is_dataset => self.datasets = Some(names.clone()),
                [] => self.nets = Some(names.clone()),
                [task] => {
                    let with = |name: &String| {
                        let mut task = task.clone();
                        *(if is_dataset { &mut task.dataset } else { &mut task.net }) = Some(name.clone());
                        task
                    };
                    self.tasks = names.iter().map(with).collect();
                }
                _ => bail!(Error::Setting(format!(
                    "`{what}` cannot choose among the tasks of a file; edit its `[[task]]`"
                ))),
            }
        }
        Ok(())
    }

    /// Fills in every default. One's own data are read for it.
    pub(crate) fn resolve(mut self, data_sets: &mut DataSets<'_>, catalog: &Catalog) -> Result<Config> {
        if !self.tasks.is_empty() && (self.datasets.is_some() || self.nets.is_some()) {
            bail!(Error::Setting(
                "settings have either `datasets` and `nets` or `[[task]]`, not both".into()
            ));
        }
        self.data_dir = self.data_dir.or_else(data_dir_of_environment);
        if self.tasks.is_empty() {
            let datasets = self.datasets.take().unwrap_or_else(|| vec!["fashion-mini".into()]);
            let nets = self.nets.take().unwrap_or_else(|| vec![DEFAULT.into()]);
            for (what, names) in [("datasets", &datasets), ("nets", &nets)] {
                if names.is_empty() {
                    bail!(Error::Setting(empty(what)));
                }
            }
            let pairs = datasets.iter().flat_map(|dataset| nets.iter().map(move |net| (dataset, net)));
            let task = |(dataset, net): (&String, &String)| TaskSettings {
                dataset: Some(dataset.clone()),
                net: Some(net.clone()),
                ..TaskSettings::default()
            };
            self.tasks = pairs.map(task).collect();
        }
        let tasks = self.tasks.iter().map(|task| task.resolve(&self, data_sets, catalog));
        let (tasks, metas): (Vec<_>, Vec<_>) = tasks.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        if self.training.is_some() && tasks.iter().all(|task| task.training.is_none()) {
            bail!(Error::Setting(always_trained(&tasks[0].net)));
        }
        let strategies = self.strategies.unwrap_or_else(|| compared(strategy::DEFAULT));
        let strategies = strategies.iter().map(|text| Ok(text.parse()?)).collect::<Result<Vec<_>>>()?;
        let device = self.device.unwrap_or_default();
        let nets = tasks.iter().zip(&metas).map(|(task, meta)| {
            task.net(catalog, device, meta).map_err(|error| Error::Setting(error.to_string()))
        });
        let (strategies, notes) = expand(&strategies, &nets.collect::<Result<Vec<_>>>()?, catalog)?;
        notes.iter().for_each(|note| data_sets.note(note));
        let config = Config {
            version: VERSION.into(),
            strategies,
            seeds: distinct("seed", self.seeds.unwrap_or_else(|| vec![1, 2, 3, 4, 5]))?,
            initial_set: self.initial_set.unwrap_or_default(),
            metric: self.metric.unwrap_or_default(),
            device,
            data_dir: self.data_dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
            tasks,
        };
        config.check(catalog)?;
        Ok(config)
    }
}

/// The folder with data files that the environment names: a `DEEPAL_DATA` that is not empty.
pub(crate) fn data_dir_of_environment() -> Option<PathBuf> {
    std::env::var_os("DEEPAL_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

impl TaskSettings {
    /// The task, and what its samples are.
    fn resolve(
        &self,
        all: &StudySettings,
        data_sets: &mut DataSets<'_>,
        catalog: &Catalog,
    ) -> Result<(Task, Meta)> {
        let found = match &self.own {
            Some(origin) => Named::Source(origin.source.clone()),
            None => named(self.dataset.as_deref().unwrap_or("fashion-mini"), catalog)?,
        };
        let path = self.model.as_ref().or(all.model.as_ref());
        let pretrained = match (&self.own, &all.pretrained) {
            (_, Some(pretrained)) => Some(pretrained.clone()),
            (Some(origin), None) => origin.model.clone(),
            (None, None) => path.map(|path| Pretrained::open(path, &Preprocess::default())).transpose()?,
        };
        let pretrained = match &found {
            Named::Source(source) if self.own.is_none() => Pretrained::of(source, pretrained.as_ref())?,
            _ => pretrained,
        };
        let dedup = match &self.own {
            Some(origin) => origin.dedup,
            None => all.dedup,
        };
        let Defaults { dataset, own, net, paper, pool, initial, query, rounds, meta } =
            Defaults::of(&found, pretrained.as_ref(), dedup, data_sets)?;
        let net = self.net.as_deref().filter(|name| *name != DEFAULT).unwrap_or(net);
        let (net, entry) = catalog.net_name(&net.parse()?)?;
        let takes_training = entry.is_none_or(|entry| entry.takes_training);
        let paper_training = entry.and_then(|entry| entry.paper);
        let training = match self.training.as_ref().or(all.training.as_ref()) {
            Some(_) if !takes_training && self.training.is_some() => {
                bail!(Error::Setting(always_trained(&net)))
            }
            _ if !takes_training => None,
            Some(TrainingChoice::Named(name)) => Some(named_training(name, &net, entry)?),
            Some(TrainingChoice::Full(training)) => Some(*training),
            None => Some(paper_training.filter(|_| paper).map_or_else(Training::adaptive, |paper| paper())),
        };
        let task = Task {
            dataset,
            own,
            net,
            pool: self.pool.or(all.pool).unwrap_or(pool),
            initial: self.initial.or(all.initial).unwrap_or(initial),
            query: self.query.or(all.query).unwrap_or(query),
            rounds: self.rounds.or(all.rounds).unwrap_or(rounds),
            training,
        };
        Ok((task, meta))
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
    meta: Meta,
}

impl Defaults {
    fn of(
        found: &Named,
        pretrained: Option<&Pretrained>,
        dedup: Option<f64>,
        data_sets: &mut DataSets<'_>,
    ) -> Result<Self> {
        let for_sources = |name: &str| {
            Error::Setting(format!(
                "`model` and `dedup` are for your own data, and `{name}` is a published data set; name a folder or file"
            ))
        };
        let is_plain = pretrained.is_none() && dedup.is_none();
        let dataset = match found {
            Named::Source(source) => {
                let opened = data_sets.source(source, pretrained, dedup)?;
                let (name, train) = (opened.name, &opened.labeled.data.train);
                return Ok(Self::of_pool(name, Some(opened.origin), train.len(), train.meta()));
            }
            Named::Listed(dataset) if !is_plain => bail!(for_sources(dataset.name)),
            Named::Given(name, _) if !is_plain => bail!(for_sources(name)),
            Named::Given(name, data) => {
                return Ok(Self::of_pool(name.clone(), None, data.train.len(), data.train.meta()));
            }
            Named::Listed(dataset) => dataset,
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
            meta: Meta {
                name: dataset.name.into(),
                shape: dataset.shape,
                classes: dataset.classes.iter().map(ToString::to_string).collect(),
                range: Vec::new(),
            },
        })
    }

    /// 20 to 200 labels, or half of a small pool.
    fn of_pool(dataset: String, own: Option<Origin>, pool: usize, meta: &Meta) -> Self {
        let step = (pool / 20).clamp(1, 20);
        let (initial, query, rounds) = (step, step, if pool < 10 { 1 } else { 9 });
        let (net, meta) = (default_net(meta), meta.clone());
        Self { dataset, own, net, paper: false, pool, initial, query, rounds, meta }
    }
}

/// A strategy, with those that it has to beat.
pub(crate) fn compared(name: &str) -> Vec<String> {
    vec![name.into(), "random".into(), "margin".into()]
}

/// The net for a user's own data where none is named.
pub fn default_net(meta: &Meta) -> &'static str {
    if meta.shape[1..] == [1, 1] { "softmax-regression" } else { "mlp" }
}

fn always_trained(net: &str) -> String {
    format!("net `{net}` is always trained to its optimum; leave `training` out")
}

fn named_training(name: &str, net: &str, entry: Option<&nets::Entry>) -> Result<Training> {
    match (name, entry.and_then(|entry| entry.paper)) {
        ("adaptive", _) => Ok(Training::adaptive()),
        ("paper", Some(paper)) => Ok(paper()),
        ("paper", None) => {
            bail!(Error::Setting(format!(
                "training `paper` is for the paper's nets, and `{net}` is none of them; use `adaptive`"
            )))
        }
        _ => {
            let (kind, known) = ("training", vec!["paper", "adaptive"]);
            bail!(deepal_core::Error::UnknownName { kind, name: name.into(), known })
        }
    }
}

fn distinct<T: PartialEq + std::fmt::Display>(what: &str, values: Vec<T>) -> Result<Vec<T>> {
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            bail!(Error::Setting(format!("{what} `{value}` is named twice")));
        }
    }
    Ok(values)
}
