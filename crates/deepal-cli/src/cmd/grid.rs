//! Options of what to run, which `run` and `plan` have.

use super::model::ModelArgs;
use super::{Outcome, wrong};
use clap::Args;
use deepal::metric::Metric;
use deepal::{Device, InitialSet, Kind, Spec, StudySettings, TrainingChoice, project, strategy};
use std::path::{Path, PathBuf};

/// What to run; the spellings of DeepAL's `demo.py` are accepted too.
#[derive(Debug, Default, Args)]
pub(crate) struct GridArgs {
    /// Data sets of the list (see `deepal list datasets`) or your own folders, archives and files, separated by commas
    /// [default: fashion-mini]
    #[arg(long, alias = "dataset_name", alias = "datasets", value_name = "A,B", value_delimiter = ',')]
    pub(crate) dataset: Vec<String>,
    /// Strategies to compare, separated by commas, with settings as in `bald(passes=50)`; a family such as `diversity`, or `all` (see
    /// `deepal list strategies`); `upper-bound` beside them says how much of what is possible they reach [default: auto,random,margin]
    #[arg(long, alias = "strategy_name", alias = "strategies", value_name = "A,B,C")]
    pub(crate) strategy: Vec<String>,
    /// Seeds, separated by commas; strategies share the net of each seed, and the initial labels unless they begin with their own
    /// [default: 1,2,3,4,5]
    #[arg(long, alias = "seed", value_name = "A,B,C", value_delimiter = ',')]
    pub(crate) seeds: Vec<u64>,
    /// Labels before the first training [default: 20; 10000 for the paper's data sets]
    #[arg(long, alias = "n_init_labeled", value_name = "N")]
    pub(crate) initial: Option<usize>,
    /// How the first labels are drawn, by seed: `random`, `stratified`, `one-per-class`, or `strategy`: by the strategy itself
    /// if it needs no label for that (auto), else at random [default: strategy]
    #[arg(long, value_name = "HOW")]
    pub(crate) initial_set: Option<InitialSet>,
    /// Begin with K labels of each class, the rest at random: where classes are rare or more than the first labels
    #[arg(long, value_name = "K", conflicts_with = "initial_set", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) per_class_seed: Option<u16>,
    /// Use the strategy for data in which some classes are rare, cluster-margin, in the place of auto
    #[arg(long, conflicts_with = "strategy")]
    pub(crate) rare_classes: bool,
    /// What curves, savings and verdicts are about: `accuracy`; where classes are uneven `balanced-accuracy`, the mean recall of the
    /// classes, or `macro-f1`, their mean F1. It may change for a run that is there [default: accuracy]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<Metric>,
    /// Labels asked for in each round [default: 40; 1000 for the paper's data sets]
    #[arg(long, alias = "n_query", value_name = "N")]
    pub(crate) query: Option<usize>,
    /// Rounds after the initial one [default: 12; 10 for the paper's data sets]
    #[arg(long, alias = "n_round", value_name = "N")]
    pub(crate) rounds: Option<u32>,
    /// Use only the first N training samples as the pool [default: all; 40000 for the paper's data sets]
    #[arg(long, value_name = "N")]
    pub(crate) pool: Option<usize>,
    /// Nets, separated by commas, with settings as in `head(width=64)` (see `deepal list nets`) [default: each data set's own]
    #[arg(long, alias = "nets", value_name = "A,B")]
    pub(crate) net: Vec<String>,
    /// `paper`: the reference's fixed epochs; `adaptive`: until the labels are learnt, right for few of them too
    /// [default: adaptive; paper for the paper's data sets]
    #[arg(long, value_name = "HOW")]
    pub(crate) training: Option<String>,
    /// Read settings from a TOML file (see `experiments/`); options on the command line win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Ask for one label in each group of copies; near ones are within this share of the typical distance of two samples
    /// [default: 0.15]
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.15")]
    pub(crate) dedup: Option<f64>,
    /// The folder with the data sets' files; nothing is downloaded then [default: $DEEPAL_DATA]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Never download
    #[arg(long)]
    pub(crate) offline: bool,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) threads: Option<u16>,
    /// Where nets are computed; only `cpu` so far [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<Device>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

impl GridArgs {
    /// The settings of the file that `--config` names, with the options put over them.
    pub(crate) fn settings(&self) -> Outcome<StudySettings> {
        let of_file = match &self.config {
            None => StudySettings::default(),
            Some(path) => StudySettings::read(path).map_err(|error| match error.kind() {
                Kind::Input => error.about("`--config`"),
                _ => error,
            })?,
        };
        let is_project = |path: &&String| Path::new(path).join(project::FILE).is_file();
        if let Some(path) = self.dataset.iter().find(is_project) {
            return Err(wrong(format!(
                "`{path}` is a labelling project; write its labels into its source with `deepal export {path} --out \
                 SOURCE/labels.csv`, and name the source"
            )));
        }
        let some = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
        let specs = |texts: &[String]| -> Outcome<Option<Vec<String>>> {
            let lists = texts.iter().map(|text| Spec::list(text)).collect::<Result<Vec<_>, _>>()?;
            let names = lists.concat().iter().map(Spec::to_string).collect::<Vec<_>>();
            Ok((!names.is_empty()).then_some(names))
        };
        let per_class = self.per_class_seed.map(|k| InitialSet::PerClass(k.into()));
        let rare = self
            .rare_classes
            .then(|| [strategy::FOR_RARE_CLASSES, "random", "margin"].map(String::from).to_vec());
        of_file.with(StudySettings {
            datasets: some(&self.dataset),
            nets: specs(&self.net)?,
            strategies: specs(&self.strategy)?.or(rare),
            seeds: (!self.seeds.is_empty()).then(|| self.seeds.clone()),
            initial_set: self.initial_set.or(per_class),
            metric: self.metric,
            initial: self.initial,
            query: self.query,
            rounds: self.rounds,
            pool: self.pool,
            dedup: self.dedup,
            pretrained: self.model.resolve()?,
            training: self.training.clone().map(TrainingChoice::Named),
            device: self.device,
            data_dir: data_dir(self.data_dir.clone()),
            ..StudySettings::default()
        })
    }

    /// How many threads to use.
    pub(crate) fn threads(&self) -> usize {
        self.threads.map_or_else(deepal::threads, usize::from)
    }
}

/// The folder with data files that the user names: the option, else a `DEEPAL_DATA` that is not empty.
pub(crate) fn data_dir(option: Option<PathBuf>) -> Option<PathBuf> {
    let variable = || std::env::var_os("DEEPAL_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    option.or_else(variable)
}
