//! The commands there are. The options of each are beside its code in `cmd/`.

use crate::cmd::data::DataCommand;
use crate::cmd::embed::EmbedArgs;
use crate::cmd::export::ExportArgs;
use crate::cmd::grid::GridArgs;
use crate::cmd::init::InitArgs;
use crate::cmd::label::LabelArgs;
use crate::cmd::list::What;
use crate::cmd::predict::PredictArgs;
use crate::cmd::report::ReportArgs;
use crate::cmd::run::RunArgs;
use crate::cmd::select::SelectArgs;
use crate::cmd::status::StatusArgs;
use crate::cmd::train::TrainArgs;
use crate::exit;
use clap::{Parser, Subcommand};

/// Deep active learning: a good classifier for the fewest labels.
#[derive(Debug, Parser)]
#[command(name = "deepal", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a labelling project for your own data: a folder with one SQLite file that keeps every answer.
    ///
    /// Labels that the source already has are imported. After that, `deepal label` opens a page to label on. Without a browser,
    /// `deepal select` asks questions and `deepal label --from` imports the answers. `deepal train` trains the net, and `deepal status` shows
    /// how good it is.
    #[command(after_help = exit::HELP)]
    Init(Box<InitArgs>),
    /// Label your own data on a page in the browser, beginning with the samples that teach a net the most.
    ///
    /// Creates a project beside the source, or continues the one that is there. Prints the address of a page that only this machine can
    /// open. Each answer is on disk before it is confirmed, and nets are trained meanwhile. With `--from` it imports a file of
    /// answers instead.
    #[command(after_help = exit::HELP)]
    Label(Box<LabelArgs>),
    /// Train a net on all labels of a project or source, and write it to a file that `deepal predict` can use.
    #[command(after_help = exit::HELP)]
    Train(TrainArgs),
    /// Show the state of a project: labels, accuracy with its interval, and what to do next.
    #[command(after_help = exit::HELP)]
    Status(StatusArgs),
    /// Compare strategies on a data set whose labels are known: which gets the best classifier for the fewest labels?
    ///
    /// Without options: auto against random and margin on 5,000 embedded Fashion-MNIST images, 20 to 500 labels, five seeds.
    /// Several data sets and nets make a grid, which may also come from a file (`--config`). Writes a run folder with every
    /// setting and pick, and a report: open report.html in a browser.
    #[command(after_help = exit::HELP)]
    Run(Box<RunArgs>),
    /// Estimate the jobs, time and memory of a `run` with the same options, measured on small pieces of the work.
    #[command(after_help = exit::HELP)]
    Plan(Box<GridArgs>),
    /// Predict the class and probability of each sample of your own data, with a net that `deepal train` or `deepal export` wrote.
    ///
    /// Writes CSV `id,class,probability`. The accuracy on labelled samples that the net has not learnt from goes to stderr. For a
    /// project without `--net`, the newest net predicts the samples that have no label.
    #[command(after_help = exit::HELP)]
    Predict(PredictArgs),
    /// Write one page about runs: curves, savings, tests, times, pictures of what was asked.
    #[command(after_help = exit::HELP)]
    Report(ReportArgs),
    /// Pick what to label next: in your own data, or among rows of arrays that you made elsewhere.
    ///
    /// For a project, it asks a batch of questions by the project's settings. A part of them is drawn at random. It asks the same questions
    /// until they are answered.
    ///
    /// For a SOURCE without a project (a folder or file as for `run --dataset`), it picks samples that have no label yet. It trains a net
    /// on the labelled samples. `auto` needs no label to begin with, nor do strategies that use embeddings alone, such as k-means. Put the
    /// answers into `labels.csv` (`id,label`) in the folder, and run the command again.
    ///
    /// Writes CSV `rank,id,row,score` in pick order. Ranks start at 1, rows at 0. A higher score is labelled first; the score is empty where
    /// the strategy does not rank. Arrays have no id; a project adds `asked_by,class,probability`.
    #[command(after_help = exit::HELP)]
    Select(Box<SelectArgs>),
    /// Show how `deepal` understands your own data.
    #[command(subcommand, after_help = exit::HELP)]
    Data(DataCommand),
    /// Compute embeddings with a pretrained ONNX model. Results are cached, so an interrupted command resumes.
    #[command(after_help = exit::HELP)]
    Embed(EmbedArgs),
    /// Write the labels of a run or project: as CSV, JSON lines, folders of pictures, or files for Label Studio, Hugging Face's `datasets`
    /// and COCO's tools.
    ///
    /// Each label has the id of its sample in your own data, or its number in a data set of the list.
    #[command(after_help = exit::HELP)]
    Export(ExportArgs),
    /// List the strategies, data sets or nets, with their settings.
    List {
        /// What to describe.
        what: What,
    },
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
