//! What a run does: every setting, as written to its folder. How it is made of a file and options is in `given.rs`.

mod given;

use crate::cli::GridArgs;
use crate::data_sets::{DataSets, Origin};
use crate::exit::Usage;
use crate::words::distinct;
use anyhow::{Context, bail};
use deepal::{Budget, InitialSet, Meta, Net, Schedule, Training, datasets, nets, strategy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub(crate) use given::{data_dir, default_net};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The fewest optimiser steps in a training below which we warn.
const FEW_STEPS: usize = 250;

/// Every setting of a run: each strategy runs with each seed on each task. Together with the events it is enough to go
/// on with the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The version of the program that started the run.
    pub(crate) version: String,
    pub(crate) strategies: Vec<String>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) initial_set: InitialSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_dir: Option<PathBuf>,
    #[serde(rename = "task")]
    pub(crate) tasks: Vec<Task>,
}

/// A data set with a net, and how many labels are bought when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    pub(crate) dataset: String,
    pub(crate) net: String,
    pub(crate) pool: usize,
    pub(crate) initial: usize,
    pub(crate) query: usize,
    pub(crate) rounds: u32,
    /// The user's own data; `None` for a data set of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<Origin>,
    /// `None` for a net that is always trained to its optimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) training: Option<Training>,
}

impl Config {
    /// Settings from the file that `--config` names, and from options, which win. The user's own data are read for it.
    pub(crate) fn resolve(args: &GridArgs, data_sets: &mut DataSets) -> anyhow::Result<Self> {
        let config = given::read(args)?.resolve(data_sets)?;
        config.check()?;
        Ok(config)
    }

    /// The settings that a run folder holds.
    pub(crate) fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        let parsed = toml::from_str::<Self>(text);
        if let Some(version) = newer_version(text) {
            bail!(Usage(format!(
                "`{}` was written by deepal {version}, and this is {VERSION}; use that version, or start a new run",
                path.display()
            )));
        }
        let config = parsed.map_err(|error| broken(path, &error))?;
        config.check().with_context(|| format!("`{}`", path.display()))?;
        Ok(config)
    }

    /// Checks all that can be checked without the data.
    fn check(&self) -> anyhow::Result<()> {
        for (what, n) in
            [("task", self.tasks.len()), ("strategies", self.strategies.len()), ("seeds", self.seeds.len())]
        {
            if n == 0 {
                bail!(Usage(empty(what)));
            }
        }
        for name in &self.strategies {
            strategy::by_name(name)?;
        }
        for (i, task) in self.tasks.iter().enumerate() {
            let same = |other: &Task| (&other.dataset, &other.net) == (&task.dataset, &task.net);
            if self.tasks[..i].iter().any(same) {
                bail!(Usage(format!("`{}` with `{}` is named twice", task.dataset, task.net)));
            }
            task.check().with_context(|| task.name())?;
        }
        Ok(())
    }

    pub(crate) fn to_toml(&self) -> anyhow::Result<String> {
        let mut text = toml::to_string(self).context("cannot write the settings as TOML")?;
        text.push_str("\n# What the strategies look at, fixed in this version:\n");
        for name in &self.strategies {
            text.push_str(&format!("# {name}: {:?}\n", (strategy::by_name(name)?.build)().needs()));
        }
        Ok(text)
    }

    /// Whether a run with the settings `old` can go on with these: nothing that was asked for is left out or asked for
    /// otherwise; tasks, strategies and seeds may be new. Else the reason.
    pub(crate) fn extends(&self, old: &Self) -> Result<(), String> {
        fn left_out<T: PartialEq>(old: &[T], new: &[T]) -> bool {
            old.iter().any(|value| !new.contains(value))
        }
        if left_out(&old.strategies, &self.strategies) {
            return Err(format!("its strategies are {}", old.strategies.join(", ")));
        }
        if left_out(&old.seeds, &self.seeds) {
            return Err(format!("its seeds are {:?}", old.seeds));
        }
        if self.initial_set != old.initial_set {
            return Err("its initial_set is another".into());
        }
        match old.tasks.iter().find(|task| !self.tasks.contains(task)) {
            Some(task) if self.tasks.iter().any(|new| new.name() == task.name() && new.own != task.own) => {
                Err(format!("the samples, labels or classes of its {} were others", task.name()))
            }
            Some(task) => Err(format!(
                "its {} has pool {}, initial {}, query {}, rounds {} or another training",
                task.name(),
                task.pool,
                task.initial,
                task.query,
                task.rounds
            )),
            None => Ok(()),
        }
    }

    /// Words of warning about settings that are allowed and hardly ever wanted.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.version != VERSION {
            warnings.push(format!(
                "the run was started by deepal {}, this is {VERSION}: what is left may come out differently",
                self.version
            ));
        }
        warnings.extend(self.tasks.iter().filter_map(Task::warning));
        warnings
    }

    /// What the run is about, in a few words.
    pub(crate) fn title(&self) -> String {
        title(&self.tasks)
    }
}

impl Task {
    pub(crate) fn name(&self) -> String {
        format!("{} with {}", self.dataset, self.net)
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget { initial: self.initial, query: self.query, rounds: self.rounds }
    }

    /// The names of its classes, in their order.
    ///
    /// # Errors
    /// A data set that is not of the list.
    pub(crate) fn classes(&self) -> anyhow::Result<Vec<String>> {
        Ok(match &self.own {
            Some(origin) => origin.classes.clone(),
            None => datasets::by_name(&self.dataset)?.classes.iter().map(ToString::to_string).collect(),
        })
    }

    /// The net, untrained.
    pub(crate) fn net(&self, meta: &Meta) -> deepal::Result<Box<dyn Net>> {
        nets::by_name(&self.net)?.build(meta, self.training.unwrap_or_else(Training::adaptive))
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.own.is_none() {
            datasets::by_name(&self.dataset)?;
        }
        nets::by_name(&self.net)?;
        if self.pool == 0 {
            bail!(Usage("pool must be at least 1".into()));
        }
        self.training.iter().try_for_each(Training::check)?;
        Ok(self.budget().check(self.pool)?)
    }

    fn warning(&self) -> Option<String> {
        let training = self.training?;
        let Schedule::Epochs { epochs } = training.schedule else { return None };
        let steps = epochs.saturating_mul(self.initial.div_ceil(training.batch_size));
        (steps < FEW_STEPS).then(|| {
            format!(
                "{epochs} epochs over {} labels are {steps} optimiser steps, which hardly train a net; consider \
                 `--training adaptive`",
                self.initial
            )
        })
    }
}

/// What tasks are about, in a few words.
pub(crate) fn title(tasks: &[Task]) -> String {
    let datasets = distinct(tasks.iter().map(|task| &task.dataset));
    let nets = distinct(tasks.iter().map(|task| &task.net));
    format!("{} with {}", datasets.join(", "), nets.join(", "))
}

fn empty(what: &str) -> String {
    format!("an empty grid: `{what}` is an empty list; name at least one, or leave it out")
}

/// The version in a run's settings, if it is later than ours.
fn newer_version(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    // Without what may follow the numbers, as in 1.0.0-beta.1.
    let numbers = |version: &str| {
        let numbers = version.split(['-', '+']).next().unwrap_or_default();
        numbers.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok()
    };
    let Version { version } = toml::from_str(text).ok()?;
    (numbers(&version)? > numbers(VERSION)?).then_some(version)
}

fn broken(path: &Path, error: &toml::de::Error) -> anyhow::Error {
    Usage(format!("`{}`: {}", path.display(), error.to_string().trim_end())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(args: GridArgs) -> Config {
        Config::resolve(&args, &mut DataSets::default()).unwrap()
    }

    #[test]
    fn the_papers_data_sets_bring_the_papers_set_up() {
        let config = resolve(GridArgs {
            dataset: vec!["MNIST".into(), "CIFAR10".into()],
            strategy: vec!["EntropySampling".into()],
            ..GridArgs::default()
        });
        let [task, cifar] = config.tasks.as_slice() else { panic!("{config:?}") };
        assert_eq!((task.dataset.as_str(), task.net.as_str(), task.pool), ("mnist", "mnist-cnn", 40_000));
        assert_eq!((task.initial, task.query, task.rounds), (10_000, 1_000, 10));
        assert_eq!(config.strategies, ["entropy"]);
        assert_eq!(task.training, Some(Training::epochs(10, 0.01, 0.5)));
        assert_eq!(cifar.training, Some(Training::epochs(20, 0.05, 0.3)));
        assert!(config.warnings().is_empty());
    }

    #[test]
    fn what_is_written_is_read_back() {
        for training in ["paper", "adaptive"] {
            let net = vec!["mnist-cnn".into()];
            let config = resolve(GridArgs { net, training: Some(training.into()), ..GridArgs::default() });
            assert_eq!(Config::parse(&config.to_toml().unwrap(), Path::new("config.toml")).unwrap(), config);
        }
    }

    #[test]
    fn few_labels_with_fixed_epochs_are_warned_about() {
        let net = vec!["mnist-cnn".into()];
        let config = resolve(GridArgs { net, training: Some("paper".into()), ..GridArgs::default() });
        assert!(config.warnings()[0].contains("10 optimiser steps"));
        assert!(resolve(GridArgs::default()).warnings().is_empty());
    }

    #[test]
    fn the_shipped_experiments_are_what_they_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        for (name, tasks, strategies, seeds, labels) in
            [("quick", 4, 4, 10, 200), ("paper", 4, 12, 5, 20_000), ("low-budget", 3, 6, 5, 200)]
        {
            let config = Some(folder.join(name).with_extension("toml"));
            let config = resolve(GridArgs { config, ..GridArgs::default() });
            let sizes = (config.tasks.len(), config.strategies.len(), config.seeds.len());
            assert_eq!(sizes, (tasks, strategies, seeds), "{name}");
            assert!(config.tasks.iter().all(|task| task.budget().labels() == labels), "{name}");
            if name == "paper" {
                let paper = |task: &Task| {
                    task.training == nets::by_name(&task.net).unwrap().paper.map(|paper| paper())
                };
                assert!(config.tasks.iter().all(paper));
            }
        }
    }

    #[test]
    fn a_run_may_grow_and_nothing_else() {
        let old = resolve(GridArgs::default());
        let more = Config { seeds: vec![5, 4, 3, 2, 1, 6], ..old.clone() };
        assert_eq!((more.extends(&old), old.extends(&old)), (Ok(()), Ok(())));
        assert!(old.extends(&more).unwrap_err().contains("[5, 4, 3, 2, 1, 6]"));
        let mut longer = old.clone();
        longer.tasks[0].rounds += 1;
        assert!(longer.extends(&old).unwrap_err().contains("rounds 12"));
        let fewer = Config { strategies: vec!["margin".into()], ..old.clone() };
        assert!(fewer.extends(&old).unwrap_err().contains("random, margin"));
        let stratified = Config { initial_set: InitialSet::Stratified, ..old.clone() };
        assert!(stratified.extends(&old).is_err());
    }

    #[test]
    fn a_later_version_is_told_from_an_earlier_one() {
        let newer = |version| newer_version(&format!("version = \"{version}\"\nunheard_of = 1")).is_some();
        assert!(newer("0.10.0") && newer("99.0.0") && newer("0.1.1") && newer("0.2.0-beta.1"));
        assert!(!newer("0.0.9") && !newer(VERSION) && !newer("nonsense"));
    }
}
