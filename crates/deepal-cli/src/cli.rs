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
use crate::help;
use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// Deep active learning: a good classifier for the fewest labels
#[derive(Debug, Parser)]
#[command(name = "deepal", version, after_long_help = help::ALL)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a labelling project for your own data
    ///
    /// A project is a folder with one SQLite file that keeps every answer. Labels that the source already has are imported.
    ///
    /// After that, `deepal label` opens a page to label on. Without a browser, `deepal select` asks questions and `deepal label --from`
    /// imports the answers. `deepal train` trains the net, and `deepal status` shows how good it is.
    #[command(after_help = help::INIT)]
    Init(Box<InitArgs>),
    /// Label your own data on a page in the browser
    ///
    /// The samples that teach a net the most come first.
    ///
    /// Creates a project beside the source, or continues the existing one. Prints the address of the page; only this machine can open
    /// it. Each answer is on disk before it is confirmed. Nets train meanwhile. With `--from` it imports a file of answers instead.
    #[command(after_help = help::LABEL)]
    Label(Box<LabelArgs>),
    /// Train a net on all labels of a project or source
    ///
    /// Writes the net to a file for `deepal predict`.
    #[command(after_help = help::TRAIN)]
    Train(TrainArgs),
    /// Show a project's labels, accuracy and next step
    #[command(after_help = help::STATUS)]
    Status(StatusArgs),
    /// Compare strategies on data whose labels are known
    ///
    /// Shows which strategy gets the best classifier for the fewest labels.
    ///
    /// Without options it runs a demo: auto, random and margin on 5,000 embedded Fashion-MNIST images, 20 to 500 labels, five seeds.
    /// Several data sets and nets make a grid, which may also come from a file (`--config`).
    ///
    /// Writes a run folder with every setting and pick, and a report. Open report.html in a browser.
    #[command(after_help = help::RUN)]
    Run(Box<RunArgs>),
    /// Estimate the jobs, time and memory of a run
    ///
    /// Takes the options of `deepal run` and measures small pieces of the work.
    #[command(after_help = help::PLAN)]
    Plan(Box<GridArgs>),
    /// Predict each sample's class and probability
    ///
    /// The net comes from `deepal train` or `deepal export`. For a project without `--net`, the newest net predicts the samples that
    /// have no label.
    ///
    /// Writes CSV `id,class,probability`. If some samples have labels that the net did not learn from, the accuracy on them goes to
    /// stderr.
    #[command(after_help = help::PREDICT)]
    Predict(PredictArgs),
    /// Write a report about one or more runs
    ///
    /// One page shows curves, savings, tests, times and pictures of what was asked.
    #[command(after_help = help::REPORT)]
    Report(ReportArgs),
    /// Pick what to label next
    ///
    /// There are three uses:
    ///
    /// 1. Your own data (SOURCE). It trains a net on the labelled samples and picks among the rest. `auto` needs no label to begin
    ///    with, nor do strategies that use embeddings alone, such as k-means. Put the answers into `labels.csv` (`id,label`) in the
    ///    folder, and run the command again. If the data have a project, it asks a batch of questions by the project's settings. A
    ///    part of them is drawn at random. It repeats the same questions until they are answered.
    ///
    /// 2. A table (`--table`) that has a column of probabilities or embeddings.
    ///
    /// 3. Arrays (`--probs`, `--embeddings` and others) that you made with another tool.
    ///
    /// Writes CSV `rank,id,row,score` in pick order. Ranks start at 1, rows at 0. A higher score is labelled first. The score is empty
    /// if the strategy does not rank. Arrays have no id. A project adds `asked_by,class,probability`.
    #[command(after_help = help::SELECT, override_usage = "\
deepal select <SOURCE|PROJECT> [--budget N] [OPTIONS]
       deepal select --table TABLE --embeddings COLUMN --budget N [OPTIONS]
       deepal select --probs P.npy --budget N [OPTIONS]")]
    Select(Box<SelectArgs>),
    /// Show how `deepal` understands your own data
    #[command(subcommand, after_help = help::DATA)]
    Data(DataCommand),
    /// Compute embeddings with a pretrained ONNX model
    ///
    /// Results are cached, so an interrupted command resumes.
    #[command(after_help = help::EMBED)]
    Embed(EmbedArgs),
    /// Write the labels of a run or project for other tools
    ///
    /// Formats are CSV, JSON lines, folders of pictures, and files for Label Studio, Hugging Face's `datasets` and COCO's tools.
    ///
    /// Each label has the id of its sample in your own data, or its number in a published data set.
    #[command(after_help = help::EXPORT)]
    Export(ExportArgs),
    /// List the strategies, data sets or nets, with their settings
    #[command(after_help = help::LIST)]
    List {
        /// What to list
        what: What,
    },
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
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

    /// The commands with those inside them, each with its name in full.
    fn all(command: &clap::Command, name: &str) -> Vec<(String, clap::Command)> {
        let inside = command.get_subcommands().filter(|inside| inside.get_name() != "help");
        let inside = inside.flat_map(|inside| all(inside, &format!("{name} {}", inside.get_name())));
        std::iter::once((name.to_owned(), command.clone())).chain(inside).collect()
    }

    #[test]
    fn every_command_has_examples_that_are_understood() {
        use clap::CommandFactory;
        for (name, command) in all(&Cli::command(), "deepal") {
            let text = command.get_after_help().or(command.get_after_long_help()).unwrap().to_string();
            let (_, examples) = text.split_once("Examples:\n").unwrap();
            let lines =
                examples.lines().map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>();
            assert!(!lines.is_empty(), "{name}");
            for line in lines {
                assert!(line.starts_with(&name) && line.len() < 79, "{line}");
                let words = line.split(['#', '>']).next().unwrap().split_whitespace();
                Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }

    /// A list of more than a dozen options has headings, and each option is short in `-h`.
    #[test]
    fn options_are_under_headings_and_short() {
        use clap::CommandFactory;
        for (name, command) in all(&Cli::command(), "deepal") {
            let options =
                command.get_arguments().filter(|option| !option.is_positional()).collect::<Vec<_>>();
            let plain = options.iter().filter(|option| option.get_help_heading().is_none()).count();
            assert!(plain <= 8, "{name} has {plain} options without a heading");
            for option in options {
                let help = option.get_help().unwrap().to_string();
                let sentence = help.split(" [").next().unwrap();
                let words = sentence.split_whitespace().count();
                assert!(words <= 20, "{name} --{}: {words} words: {help}", option.get_id());
            }
            let mut paragraph = command.get_about().unwrap().to_string();
            paragraph += &command.get_long_about().map_or(String::new(), |about| format!("\n{about}"));
            for sentence in paragraph.split(['.', ':', '\n']) {
                assert!(sentence.split_whitespace().count() <= 20, "{name}: {sentence}");
            }
        }
    }

    /// `-o` is `--out`, `--seed` is `--seeds`, and a source is described by the same words everywhere.
    #[test]
    fn the_same_option_is_the_same_everywhere() {
        use clap::CommandFactory;
        let commands = all(&Cli::command(), "deepal");
        let mut sources = std::collections::BTreeSet::new();
        for (name, command) in &commands {
            for option in command.get_arguments() {
                match option.get_long() {
                    Some("out") => assert_eq!(option.get_short(), Some('o'), "{name}"),
                    Some(one @ ("seed" | "seeds")) => {
                        let other = if one == "seed" { "seeds" } else { "seed" };
                        assert!(
                            option.get_all_aliases().unwrap_or_default().contains(&other),
                            "{name} --{one}"
                        );
                    }
                    _ => assert_ne!(option.get_short(), Some('o'), "{name}"),
                }
                if option.get_value_names().is_some_and(|names| names[0].contains("SOURCE")) {
                    sources.insert((
                        option.get_value_names().unwrap()[0].to_string(),
                        option.get_help().unwrap().to_string(),
                    ));
                }
            }
        }
        assert_eq!(sources.len(), 4, "alone, or a project, a run or a published one: {sources:?}");
    }

    #[test]
    fn deepals_own_command_line_is_accepted() {
        let line = "deepal run --n_round 10 --n_query 1000 --n_init_labeled 10000 --dataset_name MNIST \
                    --strategy_name RandomSampling --seed 1";
        let Some(Command::Run(args)) = Cli::parse_from(line.split_whitespace()).command else {
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
