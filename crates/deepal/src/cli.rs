//! The command line: what may be given. What it means is decided in `config.rs` and `cmd/`.

use crate::cmd::data::DataCommand;
use crate::cmd::embed::EmbedArgs;
use crate::cmd::export::ExportArgs;
use crate::cmd::predict::PredictArgs;
use crate::exit;
use crate::model::ModelArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use deepal::InitialSet;
use std::path::PathBuf;

/// Deep active learning: a good classifier for the fewest labels.
#[derive(Debug, Parser)]
#[command(name = "deepal", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compare strategies on a data set whose labels are known: which gets the best classifier for the fewest labels?
    ///
    /// Without options: auto against random and margin on 5,000 embedded Fashion-MNIST images, 20 to 500 labels, five seeds.
    /// Several data sets and nets make a grid, which may also come from a file (`--config`). Writes a run folder with every
    /// setting and pick, and a report: open report.html in a browser.
    #[command(after_help = exit::HELP)]
    Run(Box<RunArgs>),
    /// Say what `run` would do with the same options: jobs, time and memory, measured on small pieces of the work.
    #[command(after_help = exit::HELP)]
    Plan(Box<GridArgs>),
    /// Say the class of every sample of your own data, and how sure the net is, with a net that `deepal export` wrote.
    ///
    /// Writes CSV `id,class,probability`. If the samples have labels of the net's classes, its accuracy goes to stderr.
    #[command(after_help = exit::HELP)]
    Predict(PredictArgs),
    /// Write one page about runs: curves, savings, tests, times, pictures of what was asked.
    #[command(after_help = exit::HELP)]
    Report(ReportArgs),
    /// Pick what to label next: in your own data, or among rows of arrays that you made elsewhere.
    ///
    /// Of a SOURCE, a folder or file as for `run --dataset`, it picks samples that have no label yet. What a strategy needs of
    /// a net comes from one that is trained on those that have; `auto` needs no label to begin with, nor do strategies of embeddings
    /// alone, such as k-means. Put the answers into `labels.csv` (`id,label`) in the folder and ask again.
    ///
    /// Writes CSV `rank,id,row,score` in pick order (without the id for arrays): rank from 1, row from 0, a higher score is
    /// labelled first; the score is empty where the strategy does not rank.
    #[command(after_help = exit::HELP)]
    Select(Box<SelectArgs>),
    /// Look at your own data as `deepal` understands them.
    #[command(subcommand, after_help = exit::HELP)]
    Data(DataCommand),
    /// Turn samples into embeddings with a pretrained net, once: what was computed is kept, and a stopped command goes on.
    #[command(after_help = exit::HELP)]
    Embed(EmbedArgs),
    /// Write the labels that a run bought as CSV, JSON lines, folders of pictures, or files for Label Studio, Hugging Face's
    /// `datasets` and COCO's tools.
    ///
    /// Each label has the id of its sample in your own data, or its number in a data set of the list.
    #[command(after_help = exit::HELP)]
    Export(ExportArgs),
    /// Describe the strategies, data sets or nets there are.
    List {
        /// What to describe.
        what: What,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    Strategies,
    Datasets,
    Nets,
}

/// What to run; the spellings of DeepAL's `demo.py` are accepted too.
#[derive(Debug, Default, Args)]
pub(crate) struct GridArgs {
    /// Data sets of the list (see `deepal list datasets`) or your own folders, archives and files, separated by commas
    /// [default: fashion-mini]
    #[arg(long, alias = "dataset_name", alias = "datasets", value_name = "A,B", value_delimiter = ',')]
    pub(crate) dataset: Vec<String>,
    /// Strategies to compare, separated by commas (see `deepal list strategies`) [default: auto,random,margin]
    #[arg(long, alias = "strategy_name", alias = "strategies", value_name = "A,B,C", value_delimiter = ',')]
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
    /// Labels asked for in each round [default: 40; 1000 for the paper's data sets]
    #[arg(long, alias = "n_query", value_name = "N")]
    pub(crate) query: Option<usize>,
    /// Rounds after the initial one [default: 12; 10 for the paper's data sets]
    #[arg(long, alias = "n_round", value_name = "N")]
    pub(crate) rounds: Option<u32>,
    /// Use only the first N training samples as the pool [default: all; 40000 for the paper's data sets]
    #[arg(long, value_name = "N")]
    pub(crate) pool: Option<usize>,
    /// Nets, separated by commas (see `deepal list nets`) [default: each data set's own]
    #[arg(long, alias = "nets", value_name = "A,B", value_delimiter = ',')]
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
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// Options of `deepal run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The run folder; one that has a run goes on with what is missing [default: runs/FILE of `--config FILE.toml`, else
    /// the next free runs/NNN-DATASET]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with the interrupted run in a folder, as if it had not been interrupted
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "dataset", "strategy", "seeds", "initial", "initial_set", "query", "rounds", "pool", "net", "training", "config",
        "out", "model", "dedup", "per_class_seed", "rare_classes",
    ])]
    pub(crate) resume: Option<PathBuf>,
    /// What to show on stderr meanwhile
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: ProgressMode,
    /// Also write TensorBoard event files below a folder, at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) tensorboard: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// One JSON object a line
    Json,
    /// Nothing but warnings and errors
    None,
}

/// Options of `deepal report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run folders; those of one data set and net must have the same settings
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// The page to write; `figures/`, `summary.csv`, `summary.json` and two Parquet tables go beside it [default: report.html in the run
    /// folder, if there is only one]
    #[arg(short, long, value_name = "REPORT.html")]
    pub(crate) out: Option<PathBuf>,
    /// The folder with the data sets' files, for the pictures of what was asked [default: as in the run]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Options of `deepal select`.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// A folder or zip of pictures, a table, a file of arrays, or a data.toml
    #[arg(value_name = "SOURCE", conflicts_with_all = ["probs", "logits", "mc_probs", "embeddings", "labeled_embeddings"])]
    pub(crate) source: Option<PathBuf>,
    /// The net to train on what is labelled (see `deepal list nets`) [default: softmax-regression on vectors, mlp on
    /// pictures]
    #[arg(long, value_name = "NAME", requires = "source")]
    pub(crate) net: Option<String>,
    /// Ask for one label in each group of copies; near ones are within this share of the typical distance of two samples
    /// [default: 0.15]
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.15", requires = "source")]
    pub(crate) dedup: Option<f64>,
    /// The strategy (see `deepal list strategies`) [default: auto]
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<String>,
    /// Use the strategy for data in which some classes are rare, cluster-margin
    #[arg(long, conflicts_with = "strategy")]
    pub(crate) rare_classes: bool,
    /// How many rows to pick; all of them if there are fewer
    #[arg(long, value_name = "N")]
    pub(crate) budget: usize,
    /// A table (.csv, .tsv, .jsonl, .parquet) with a row for each sample; `--probs` and `--embeddings` then name its columns, one of
    /// lists or several by a pattern such as 'p_*'
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["source", "mc_probs", "labeled_embeddings"])]
    pub(crate) table: Option<PathBuf>,
    /// The column of the table with the samples' ids
    #[arg(long, value_name = "COLUMN", requires = "table")]
    pub(crate) id: Option<String>,
    /// The column of the table with labels: rows that have one are labelled already and no candidates
    #[arg(long, value_name = "COLUMN", requires = "table")]
    pub(crate) label: Option<String>,
    /// Look at only N of the candidates, drawn at random by seed: for pools that are too large
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "source")]
    pub(crate) candidates: Option<u64>,
    /// The memory to stay within, in MB; more is refused before it starts [default: what the system has, on Linux]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "source")]
    pub(crate) memory: Option<u64>,
    /// Class probabilities of the candidates, [n, c]
    #[arg(long, value_name = "P.npy")]
    pub(crate) probs: Option<PathBuf>,
    /// The same before softmax, [n, c]
    #[arg(long, value_name = "Z.npy", conflicts_with = "probs")]
    pub(crate) logits: Option<PathBuf>,
    /// Class probabilities of stochastic passes, [t, n, c]
    #[arg(long, value_name = "M.npy")]
    pub(crate) mc_probs: Option<PathBuf>,
    /// Embeddings of the candidates, [n, d]
    #[arg(long, value_name = "E.npy")]
    pub(crate) embeddings: Option<PathBuf>,
    /// Embeddings of samples labelled already, [m, d]; without it, none are
    #[arg(long, value_name = "L.npy")]
    pub(crate) labeled_embeddings: Option<PathBuf>,
    /// Their classes, from 0, [m]: with them `auto` checks by cross-validation how far a classifier on embeddings can be trusted
    #[arg(long, value_name = "Y.npy", requires = "labeled_embeddings")]
    pub(crate) labels: Option<PathBuf>,
    /// The seed of strategies that draw at random
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The file to write: .csv, .jsonl or .parquet [default: CSV to standard output]
    #[arg(long, value_name = "PICKS.csv")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn deepals_own_command_line_is_accepted() {
        let line = "deepal run --n_round 10 --n_query 1000 --n_init_labeled 10000 --dataset_name MNIST \
                    --strategy_name RandomSampling --seed 1";
        let Command::Run(args) = Cli::parse_from(line.split_whitespace()).command else {
            panic!("not a run")
        };
        assert_eq!(
            (args.grid.rounds, args.grid.query, args.grid.initial),
            (Some(10), Some(1000), Some(10_000))
        );
        assert_eq!(
            (args.grid.dataset, args.grid.strategy, args.grid.seeds),
            (vec!["MNIST".into()], vec!["RandomSampling".into()], vec![1])
        );
    }
}
