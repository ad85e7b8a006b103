//! What a study does: every setting, as written to its folder. How it is made of a file and options is in `study_settings.rs`.

use crate::catalog::Catalog;
use crate::error::{Context, Error, Result, bail};
use crate::origin::Origin;
use crate::text::{count, distinct};
use deepal_core::metric::Metric;
use deepal_core::{Budget, Chooser, InitialSet, Meta, Net, Spec, UpperBound};
use deepal_data::datasets;
use deepal_nn::nets::Options;
use deepal_nn::{Device, Schedule, Training};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The fewest optimiser steps in a training below which we warn.
const FEW_STEPS: usize = 250;

/// Every setting of a study: each strategy runs with each seed on each task. Together with the recorded events it is enough to resume
/// the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of the program that started the run.
    pub version: String,
    /// Strategies, with settings where they differ from the defaults.
    pub strategies: Vec<String>,
    /// Seeds; all that is random in a job follows from its seed.
    pub seeds: Vec<u64>,
    /// Which labels come first.
    pub initial_set: InitialSet,
    /// What curves, savings and verdicts are about. It is a way to look at the record: another one changes no training.
    #[serde(default)]
    pub metric: Metric,
    /// Where nets are computed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub device: Device,
    /// The folder with the files of published data sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Data sets with nets.
    #[serde(rename = "task")]
    pub tasks: Vec<Task>,
}

/// A data set with a net, and how many labels each round asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The name of the data set.
    pub dataset: String,
    /// The net, with settings where they differ from the defaults.
    pub net: String,
    /// Training samples that make the pool, the first ones.
    pub pool: usize,
    /// Labels before the first training.
    pub initial: usize,
    /// Labels asked for in each round after it.
    pub query: usize,
    /// Rounds after the initial one.
    pub rounds: u32,
    /// The user's own data; `None` for a data set of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Origin>,
    /// `None` for a net that is always trained to its optimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
}

fn is_default(device: &Device) -> bool {
    *device == Device::default()
}

impl Config {
    /// The settings that a run folder holds.
    pub(crate) fn parse(text: &str, path: &Path, catalog: &Catalog) -> Result<Self> {
        let parsed = toml::from_str::<Self>(text);
        if let Some(version) = newer_version(text) {
            bail!(Error::Setting(format!(
                "`{}` was written by deepal {version}, and this is {VERSION}; use that version, or start a new run",
                path.display()
            )));
        }
        let config = parsed.map_err(|error| broken(path, &error))?;
        config.check(catalog).with_context(|| format!("`{}`", path.display()))?;
        Ok(config)
    }

    /// Checks all that can be checked without the data.
    pub(crate) fn check(&self, catalog: &Catalog) -> Result<()> {
        for (what, n) in
            [("task", self.tasks.len()), ("strategies", self.strategies.len()), ("seeds", self.seeds.len())]
        {
            if n == 0 {
                bail!(Error::Setting(empty(what)));
            }
        }
        let mut bounds = 0;
        for name in &self.strategies {
            bounds += usize::from(matches!(catalog.chooser(name)?, Chooser::UpperBound(_)));
        }
        if bounds > 1 || bounds == self.strategies.len() {
            bail!(Error::Setting(format!(
                "`{}` is a reference for strategies: name it once, besides at least one strategy",
                UpperBound::NAME
            )));
        }
        for (i, task) in self.tasks.iter().enumerate() {
            let same = |other: &Task| (&other.dataset, &other.net) == (&task.dataset, &task.net);
            if self.tasks[..i].iter().any(same) {
                bail!(Error::Setting(format!("`{}` with `{}` is named twice", task.dataset, task.net)));
            }
            task.check(catalog).with_context(|| task.name())?;
        }
        Ok(())
    }

    pub(crate) fn to_toml(&self, catalog: &Catalog) -> Result<String> {
        let text = toml::to_string(self);
        let mut text =
            text.map_err(|error| Error::Failed(format!("cannot write the settings as TOML: {error}")))?;
        text.push_str("\n# What the strategies look at, fixed in this version:\n");
        for name in &self.strategies {
            text.push_str(&format!("# {name}: {:?}\n", catalog.chooser(name)?.needs()));
        }
        Ok(text)
    }

    /// Whether a run with the settings `old` can go on with these: nothing that was asked for is left out or asked for
    /// otherwise; tasks, strategies and seeds may be new, and the metric another. Else the reason.
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
        let is_asked = |task: &&Task| self.tasks.iter().any(|new| new.is(task));
        match old.tasks.iter().find(|task| !is_asked(task)) {
            Some(task)
                if self.tasks.iter().any(|new| {
                    let content = |task: &Task| task.own.as_ref().and_then(|own| own.content.clone());
                    new.name() == task.name() && content(task).is_some() && content(new) != content(task)
                }) =>
            {
                Err(format!(
                    "the contents of its {} (features, pictures, or how they are read) were others, so results cannot be compared",
                    task.name()
                ))
            }
            Some(task) if self.tasks.iter().any(|new| new.name() == task.name() && !new.has_own_of(task)) => {
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
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.version != VERSION {
            warnings.push(format!(
                "the run was started by deepal {}, this is {VERSION}: what is left may come out differently",
                self.version
            ));
        }
        warnings.extend(self.tasks.iter().filter_map(Task::warning));
        warnings.extend(self.chosen_labels());
        warnings
    }

    /// Words of warning about labels that are no random sample, of each source once.
    pub(crate) fn chosen_labels(&self) -> Vec<String> {
        let mut warnings = self.tasks.iter().filter_map(Task::chosen_labels).collect::<Vec<_>>();
        warnings.dedup();
        warnings
    }

    /// What the run is about, in a few words.
    pub fn title(&self) -> String {
        title(&self.tasks)
    }
}

impl Task {
    /// The data set with the net, in words.
    pub fn name(&self) -> String {
        format!("{} with {}", self.dataset, self.net)
    }

    /// How many labels are bought when.
    pub fn budget(&self) -> Budget {
        Budget { initial: self.initial, query: self.query, rounds: self.rounds }
    }

    /// The names of its classes, in their order.
    ///
    /// # Errors
    /// A data set that is not of the list.
    pub(crate) fn classes(&self, catalog: &Catalog) -> Result<Vec<String>> {
        if let Some(origin) = &self.own {
            return Ok(origin.classes.clone());
        }
        if let Some(data) = catalog.dataset(&self.dataset) {
            return Ok(data.train.meta().classes.clone());
        }
        Ok(datasets::by_name(&self.dataset)?.classes.iter().map(ToString::to_string).collect())
    }

    /// The net, not trained.
    pub(crate) fn net(&self, catalog: &Catalog, device: Device, meta: &Meta) -> Result<Box<dyn Net>> {
        let training = self.training.unwrap_or_else(Training::adaptive);
        catalog.net(&self.net, meta, &Options { training, device })
    }

    /// Whether it asks for what was recorded.
    fn is(&self, recorded: &Self) -> bool {
        self.has_own_of(recorded)
            && Self { own: None, ..self.clone() } == Self { own: None, ..recorded.clone() }
    }

    /// Whether its data are those that were recorded.
    fn has_own_of(&self, recorded: &Self) -> bool {
        match (&self.own, &recorded.own) {
            (Some(own), Some(recorded)) => own.is(recorded),
            (own, recorded) => own == recorded,
        }
    }

    fn check(&self, catalog: &Catalog) -> Result<()> {
        if self.own.is_none() && catalog.dataset(&self.dataset).is_none() {
            datasets::by_name(&self.dataset)?;
        }
        catalog.net_name(&self.net.parse::<Spec>()?)?;
        if self.pool == 0 {
            bail!(Error::Setting("pool must be at least 1".into()));
        }
        self.training.iter().try_for_each(Training::check)?;
        Ok(self.budget().check(self.pool)?)
    }

    fn chosen_labels(&self) -> Option<String> {
        let chosen = self.own.as_ref()?.chosen;
        let labels = count(chosen, "label", "labels");
        (chosen > 0).then(|| {
            format!(
                "a strategy chose {labels} of `{}`, so pool and test set are no random sample; label samples drawn at random to \
                 compare strategies",
                self.dataset
            )
        })
    }

    fn warning(&self) -> Option<String> {
        let training = self.training?;
        let Schedule::Epochs { epochs } = training.schedule else { return None };
        let steps = epochs.saturating_mul(self.initial.div_ceil(training.batch_size));
        (steps < FEW_STEPS).then(|| {
            format!(
                "{epochs} epochs over {} labels are {steps} optimiser steps, which hardly train a net; consider \
                 `training` `adaptive`",
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

pub(crate) fn empty(what: &str) -> String {
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

pub(crate) fn broken(path: &Path, error: &toml::de::Error) -> Error {
    Error::Setting(format!("`{}`: {}", path.display(), error.to_string().trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataSets;
    use crate::monitor::Monitor;
    use crate::study_settings::{StudySettings, TrainingChoice};
    use deepal_nn::nets;

    fn resolve(settings: StudySettings) -> Config {
        settings.resolve(&mut DataSets::new(Monitor::silent()), &Catalog::default()).unwrap()
    }

    fn with_net(net: &str, training: &str) -> StudySettings {
        let training = Some(TrainingChoice::Named(training.into()));
        StudySettings { nets: Some(vec![net.into()]), training, ..StudySettings::default() }
    }

    #[test]
    fn the_papers_data_sets_bring_the_papers_set_up() {
        let config = resolve(StudySettings {
            datasets: Some(vec!["MNIST".into(), "CIFAR10".into()]),
            strategies: Some(vec!["EntropySampling".into()]),
            ..StudySettings::default()
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
            let config = resolve(with_net("mnist-cnn", training));
            let catalog = Catalog::default();
            let text = config.to_toml(&catalog).unwrap();
            assert_eq!(Config::parse(&text, Path::new("config.toml"), &catalog).unwrap(), config);
        }
    }

    #[test]
    fn settings_of_earlier_versions_are_about_accuracy() {
        let catalog = Catalog::default();
        let config = resolve(StudySettings { metric: Some(Metric::MacroF1), ..StudySettings::default() });
        let text = config.to_toml(&catalog).unwrap();
        assert!(text.contains("metric = \"macro-f1\"\n"), "{text}");
        let parse = |text: &str| Config::parse(text, Path::new("config.toml"), &catalog);
        assert_eq!(parse(&text).unwrap(), config);
        let old = text.replace("metric = \"macro-f1\"\n", "");
        assert_eq!(parse(&old).unwrap().metric, Metric::Accuracy);
        let wrong = parse(&text.replace("macro-f1", "macro-f2")).unwrap_err().to_string();
        assert!(wrong.contains("did you mean `macro-f1`"), "{wrong}");
    }

    #[test]
    fn labels_that_a_strategy_chose_are_warned_of_once() {
        let mut config = resolve(StudySettings::default());
        let origin = crate::Origin {
            source: "photos".into(),
            samples: String::new(),
            classes: Vec::new(),
            content: None,
            chosen: 12,
            dedup: None,
            model: None,
        };
        config.tasks[0].own = Some(origin);
        config.tasks.push(Task { net: "softmax-regression".into(), ..config.tasks[0].clone() });
        let [warning] = &config.warnings()[..] else { panic!("{:?}", config.warnings()) };
        assert!(warning.starts_with("a strategy chose 12 labels of `fashion-mini`"), "{warning}");
    }

    #[test]
    fn few_labels_with_fixed_epochs_are_warned_about() {
        let config = resolve(with_net("mnist-cnn", "paper"));
        assert!(config.warnings()[0].contains("10 optimiser steps"));
        assert!(resolve(StudySettings::default()).warnings().is_empty());
    }

    #[test]
    fn the_shipped_experiments_are_what_they_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        for (name, tasks, strategies, seeds, labels) in [
            ("quick", 4, 4, 10, 200),
            ("features", 1, 12, 10, 210),
            ("paper", 4, 12, 5, 20_000),
            ("low-budget", 3, 6, 5, 200),
        ] {
            let file = folder.join(name).with_extension("toml");
            let config = resolve(StudySettings::read(&file).unwrap());
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
    fn the_upper_bound_is_a_reference_beside_strategies() {
        let with = |names: &[&str]| {
            let strategies = Some(names.iter().map(ToString::to_string).collect());
            let settings = StudySettings { strategies, ..StudySettings::default() };
            settings.resolve(&mut DataSets::new(Monitor::silent()), &Catalog::default())
        };
        let config = with(&["random", "oracle", "margin"]).unwrap();
        assert_eq!(config.strategies, ["random", "upper-bound", "margin"]);
        for names in [&["oracle"][..], &["random", "oracle", "upper-bound(batches=5)"]] {
            assert!(with(names).unwrap_err().to_string().contains("besides at least one strategy"));
        }
    }

    #[test]
    fn a_run_may_grow_and_nothing_else() {
        let old = resolve(StudySettings::default());
        let more = Config { seeds: vec![5, 4, 3, 2, 1, 6], ..old.clone() };
        assert_eq!((more.extends(&old), old.extends(&old)), (Ok(()), Ok(())));
        assert!(old.extends(&more).unwrap_err().contains("[5, 4, 3, 2, 1, 6]"));
        let mut longer = old.clone();
        longer.tasks[0].rounds += 1;
        assert!(longer.extends(&old).unwrap_err().contains("rounds 12"));
        let fewer = Config { strategies: vec!["margin".into()], ..old.clone() };
        assert!(fewer.extends(&old).unwrap_err().contains("random, margin"));
        let other = Config { metric: Metric::MacroF1, ..old.clone() };
        assert_eq!((other.extends(&old), old.extends(&other)), (Ok(()), Ok(())), "a way to look at it");
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
