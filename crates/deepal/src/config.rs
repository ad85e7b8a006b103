//! What a run does: read from a file and options, resolved against the defaults of its data set, written to its folder.

use crate::cli::RunArgs;
use crate::exit::Usage;
use anyhow::{Context, bail};
use deepal::{Budget, Schedule, Training, datasets, nets, strategy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The fewest optimiser steps in a training below which we warn.
const FEW_STEPS: usize = 250;

/// Settings as a user may give them; what is missing has a default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The program's version; written into every run folder and not looked at here.
    #[serde(rename = "version")]
    _version: Option<String>,
    dataset: Option<String>,
    net: Option<String>,
    #[serde(default, alias = "strategy")]
    strategies: Vec<String>,
    #[serde(default, alias = "seed")]
    seeds: Vec<u64>,
    initial: Option<usize>,
    query: Option<usize>,
    rounds: Option<u32>,
    pool: Option<usize>,
    /// A name, or a [`Training`] in full.
    training: Option<toml::Value>,
    data_dir: Option<PathBuf>,
}

/// Every setting of a run. Together with the events it is enough to go on with the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The version of the program that started the run.
    pub(crate) version: String,
    pub(crate) dataset: String,
    pub(crate) net: String,
    pub(crate) strategies: Vec<String>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) initial: usize,
    pub(crate) query: usize,
    pub(crate) rounds: u32,
    pub(crate) pool: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) training: Training,
}

impl Config {
    /// Settings from the file that `--config` names, and from options, which win.
    pub(crate) fn resolve(args: &RunArgs) -> anyhow::Result<Self> {
        let mut given = match &args.config {
            None => Given::default(),
            Some(path) => read(path)?,
        };
        macro_rules! option_wins {
            ($($field:ident),*) => { $(if args.$field.is_some() { given.$field.clone_from(&args.$field); })* };
        }
        option_wins!(dataset, net, initial, query, rounds, pool);
        given.data_dir = data_dir(args).or(given.data_dir);
        if !args.strategy.is_empty() {
            given.strategies.clone_from(&args.strategy);
        }
        if !args.seeds.is_empty() {
            given.seeds.clone_from(&args.seeds);
        }
        if let Some(name) = &args.training {
            given.training = Some(toml::Value::String(name.clone()));
        }
        given.resolve()
    }

    /// The settings that a run folder holds.
    pub(crate) fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| broken(path, &error))?;
        config.check().with_context(|| format!("`{}`", path.display()))?;
        Ok(config)
    }

    /// Checks all that can be checked without the data.
    fn check(&self) -> anyhow::Result<()> {
        datasets::by_name(&self.dataset)?;
        nets::by_name(&self.net)?;
        for name in &self.strategies {
            strategy::by_name(name)?;
        }
        if self.pool == 0 {
            bail!(Usage("pool must be at least 1".into()));
        }
        self.training.check()?;
        Ok(self.budget().check(self.pool)?)
    }

    pub(crate) fn to_toml(&self) -> anyhow::Result<String> {
        let mut text = toml::to_string(self).context("cannot write the settings as TOML")?;
        text.push_str("\n# What the strategies look at, fixed in this version:\n");
        for name in &self.strategies {
            text.push_str(&format!("# {name}: {:?}\n", (strategy::by_name(name)?.build)().needs()));
        }
        Ok(text)
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget { initial: self.initial, query: self.query, rounds: self.rounds }
    }

    /// A word of warning about settings that are allowed and hardly ever wanted.
    pub(crate) fn warning(&self) -> Option<String> {
        if self.version != VERSION {
            return Some(format!(
                "the run was started by deepal {}, this is {VERSION}: what is left may come out differently",
                self.version
            ));
        }
        let Schedule::Epochs { epochs } = self.training.schedule else { return None };
        let steps = epochs.saturating_mul(self.initial.div_ceil(self.training.batch_size));
        (steps < FEW_STEPS).then(|| {
            format!(
                "{epochs} epochs over {} labels are {steps} optimiser steps, which hardly train a net; consider \
                 `--training adaptive`",
                self.initial
            )
        })
    }
}

impl Given {
    fn resolve(self) -> anyhow::Result<Config> {
        let dataset = datasets::by_name(self.dataset.as_deref().unwrap_or("fashion-mini"))?;
        let net = nets::by_name(self.net.as_deref().unwrap_or(dataset.default_net))?;
        // The paper's four data sets come with the set-up of its reference program.
        let paper = dataset.paper;
        let (initial, query, rounds) = if paper { (10_000, 1_000, 10) } else { (100, 100, 9) };
        let pool = if paper { dataset.n_train.min(40_000) } else { dataset.n_train };
        let training = match self.training {
            Some(_) if !net.takes_training => {
                bail!(Usage(format!(
                    "net `{}` is always trained to its optimum; leave `training` out",
                    net.name
                )))
            }
            Some(toml::Value::String(name)) => named_training(&name, net)?,
            Some(table) => Training::deserialize(table)
                .map_err(|error| Usage(format!("training: {}", error.message())))?,
            None => net.paper.filter(|_| paper).map_or_else(Training::adaptive, |paper| paper()),
        };
        let strategies =
            if self.strategies.is_empty() { vec!["random".into(), "margin".into()] } else { self.strategies };
        let strategies =
            strategies.iter().map(|name| strategy::by_name(name).map(|entry| entry.name.to_owned()));
        let seeds = if self.seeds.is_empty() { vec![1, 2, 3] } else { self.seeds };
        let config = Config {
            version: VERSION.into(),
            dataset: dataset.name.into(),
            net: net.name.into(),
            strategies: distinct("strategy", strategies.collect::<Result<_, _>>()?)?,
            seeds: distinct("seed", seeds)?,
            initial: self.initial.unwrap_or(initial),
            query: self.query.unwrap_or(query),
            rounds: self.rounds.unwrap_or(rounds),
            pool: self.pool.unwrap_or(pool),
            data_dir: self.data_dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
            training,
        };
        config.check()?;
        Ok(config)
    }
}

/// The folder with data files that the user names: the option, else a `DEEPAL_DATA` that is not empty.
pub(crate) fn data_dir(args: &RunArgs) -> Option<PathBuf> {
    let variable = || std::env::var_os("DEEPAL_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    args.data_dir.clone().or_else(variable)
}

fn read(path: &Path) -> anyhow::Result<Given> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| deepal_data::Error::Read { path: path.into(), cause })
        .context("`--config`")?;
    toml::from_str(&text).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &toml::de::Error) -> anyhow::Error {
    Usage(format!("`{}`: {}", path.display(), error.to_string().trim_end())).into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_data_sets_bring_the_papers_set_up() {
        let args = RunArgs {
            dataset: Some("MNIST".into()),
            strategy: vec!["EntropySampling".into()],
            ..RunArgs::default()
        };
        let config = Config::resolve(&args).unwrap();
        assert_eq!(
            (config.dataset.as_str(), config.net.as_str(), config.pool),
            ("mnist", "mnist-cnn", 40_000)
        );
        assert_eq!((config.initial, config.query, config.rounds), (10_000, 1_000, 10));
        assert_eq!(config.strategies, ["entropy"]);
        assert_eq!(config.training, Training::epochs(10, 0.01, 0.5));
        assert!(config.warning().is_none());
    }

    #[test]
    fn what_is_written_is_read_back() {
        for training in ["paper", "adaptive"] {
            let net = Some("mnist-cnn".into());
            let args = RunArgs { net, training: Some(training.into()), ..RunArgs::default() };
            let config = Config::resolve(&args).unwrap();
            assert_eq!(Config::parse(&config.to_toml().unwrap(), Path::new("config.toml")).unwrap(), config);
        }
    }

    #[test]
    fn few_labels_with_fixed_epochs_are_warned_about() {
        let net = Some("mnist-cnn".into());
        let args = RunArgs { net, training: Some("paper".into()), ..RunArgs::default() };
        assert!(Config::resolve(&args).unwrap().warning().unwrap().contains("20 optimiser steps"));
        assert!(Config::resolve(&RunArgs::default()).unwrap().warning().is_none());
    }
}
