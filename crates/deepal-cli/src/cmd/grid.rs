//! Options of what to run, which `run` and `plan` have.

use super::model::ModelArgs;
use super::{Outcome, wrong};
use clap::Args;
use deepal::metric::Metric;
use deepal::{Device, InitialSet, Kind, Spec, StudySettings, TrainingChoice, project, strategy};
use std::path::{Path, PathBuf};

const WHAT: &str = "What to compare";
const BUDGET: &str = "Labels and rounds";
const COMPUTING: &str = "Computing";

/// What to run; the spellings of DeepAL's `demo.py` are accepted too.
#[derive(Debug, Default, Args)]
pub(crate) struct GridArgs {
    /// Data sets: your own data, or names from `deepal list datasets` [default: fashion-mini]
    #[arg(value_name = "SOURCE|NAME", conflicts_with = "dataset")]
    pub(crate) source: Vec<String>,
    /// The same as SOURCE|NAME, separated by commas
    #[arg(
        long,
        alias = "dataset_name",
        alias = "datasets",
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = WHAT
    )]
    pub(crate) dataset: Vec<String>,
    /// Strategies to compare, separated by commas; see `deepal list strategies` [default: auto,random,margin]
    ///
    /// Settings are written as in `bald(passes=50)`. A family such as `diversity` stands for its strategies, and `all` for all of
    /// them. `upper-bound` shows how much was possible: it looks at hidden labels.
    #[arg(long, alias = "strategy_name", alias = "strategies", value_name = "A,B,C", help_heading = WHAT)]
    pub(crate) strategy: Vec<String>,
    /// Compare cluster-margin, the strategy for rare classes, instead of auto
    #[arg(long, conflicts_with = "strategy", help_heading = WHAT)]
    pub(crate) rare_classes: bool,
    /// Nets, separated by commas, such as `mlp` or `head(width=64)`; see `deepal list nets` [default: each data set's own]
    #[arg(long, alias = "nets", value_name = "A,B", help_heading = WHAT)]
    pub(crate) net: Vec<String>,
    /// Seeds, separated by commas [default: 1,2,3,4,5]
    ///
    /// With the same seed, strategies share the net's first weights. They share the first labels too, unless they choose their own.
    #[arg(long, visible_alias = "seed", value_name = "A,B,C", value_delimiter = ',', help_heading = WHAT)]
    pub(crate) seeds: Vec<u64>,
    /// The measure of curves, savings and verdicts: `accuracy`, `balanced-accuracy` or `macro-f1` [default: accuracy]
    ///
    /// Use another than accuracy if classes are uneven. `balanced-accuracy` is the mean recall of the classes, `macro-f1` their mean
    /// F1. An existing run can be shown by another metric.
    #[arg(long, value_name = "METRIC", help_heading = WHAT)]
    pub(crate) metric: Option<Metric>,
    /// Read settings from a TOML file (see `experiments/`); options on the command line win
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    pub(crate) config: Option<PathBuf>,
    /// Labels before the first training [default: 20; 10000 for the paper's data sets]
    #[arg(long, alias = "n_init_labeled", value_name = "N", help_heading = BUDGET)]
    pub(crate) initial: Option<usize>,
    /// Labels added in each round [default: 40; 1000 for the paper's data sets]
    #[arg(long, alias = "n_query", value_name = "N", help_heading = BUDGET)]
    pub(crate) query: Option<usize>,
    /// Rounds after the initial one [default: 12; 10 for the paper's data sets]
    #[arg(long, alias = "n_round", value_name = "N", help_heading = BUDGET)]
    pub(crate) rounds: Option<u32>,
    /// Use only the first N training samples as the pool [default: all; 40000 for the paper's data sets]
    #[arg(long, value_name = "N", help_heading = BUDGET)]
    pub(crate) pool: Option<usize>,
    /// How the first labels are drawn: `random`, `stratified`, `one-per-class` or `strategy` [default: strategy]
    ///
    /// `strategy` lets a strategy that needs no labels, such as auto, draw them itself. Others begin at random.
    #[arg(long, value_name = "HOW", help_heading = BUDGET)]
    pub(crate) initial_set: Option<InitialSet>,
    /// Begin with K labels of each class and draw the rest at random
    #[arg(
        long,
        value_name = "K",
        conflicts_with = "initial_set",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = BUDGET,
        hide_short_help = true
    )]
    pub(crate) per_class_seed: Option<u16>,
    /// Ask for one label in each group of copies [default: 0.15]
    ///
    /// Two samples are copies if their distance is within this share of the typical distance.
    #[arg(
        long,
        value_name = "SHARE",
        num_args = 0..=1,
        default_missing_value = "0.15",
        help_heading = BUDGET,
        hide_short_help = true
    )]
    pub(crate) dedup: Option<f64>,
    /// How nets are trained: `adaptive` or `paper` [default: adaptive; paper for the paper's data sets]
    ///
    /// `adaptive` trains until the labels are learnt, which also suits few labels. `paper` trains for the reference's fixed epochs.
    #[arg(long, value_name = "HOW", help_heading = COMPUTING, hide_short_help = true)]
    pub(crate) training: Option<String>,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512), help_heading = COMPUTING)]
    pub(crate) threads: Option<u16>,
    /// Where nets are computed; only `cpu` so far [default: cpu]
    #[arg(long, value_name = "DEVICE", help_heading = COMPUTING, hide_short_help = true)]
    pub(crate) device: Option<Device>,
    /// The folder with the files of published data sets; none is downloaded then [default: $DEEPAL_DATA]
    #[arg(long, value_name = "DIR", help_heading = COMPUTING, hide_short_help = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Never download
    #[arg(long, help_heading = COMPUTING, hide_short_help = true)]
    pub(crate) offline: bool,
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
        let datasets = if self.source.is_empty() { &self.dataset } else { &self.source };
        if let Some(path) = datasets.iter().find(is_project) {
            return Err(wrong(format!(
                "`{path}` is a labelling project; write its labels with `deepal export {path} --out SOURCE/labels.csv`, then run \
                 on that SOURCE"
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
            datasets: some(datasets),
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
