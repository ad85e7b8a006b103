//! `deepal select`: what to label next, in a source, a table or arrays.

use super::formulas::FormulaArgs;
use super::model::ModelArgs;
use super::{Outcome, ending, print_bytes, project, wrong};
use crate::interrupt::STOP;
use crate::progress::{ProgressMode, Terminal};
use crate::say::say;
use clap::Args;
use deepal::files::write_atomically;
use deepal::project::Project;
use deepal::text::count;
use deepal::{
    ArrayFiles, Catalog, Monitor, PickFrom, SelectOptions, Signal, SourceChoice, TableColumns, strategy,
};
use std::path::{Path, PathBuf};

const OWN: &str = "Your own data";
const TABLE: &str = "A table";
const ARRAYS: &str = "Arrays, or columns of the table";

/// Options of `deepal select`.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    #[arg(value_name = "SOURCE|PROJECT", help = super::SOURCE_OR_PROJECT, conflicts_with_all = [
        "probs", "logits", "mc_probs", "member_probs", "embeddings", "labeled_embeddings", "features", "labeled_features", "head_weights", "head_biases",
    ])]
    pub(crate) source: Option<PathBuf>,
    /// How many to pick [default: a batch of the project; needed without a project]
    #[arg(long, value_name = "N", required_unless_present = "source")]
    pub(crate) budget: Option<usize>,
    /// The strategy, such as `margin` or `bald(passes=50)`; see `deepal list strategies` [default: auto]
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<String>,
    /// Use cluster-margin, the strategy for rare classes
    #[arg(long, conflicts_with = "strategy")]
    pub(crate) rare_classes: bool,
    /// The seed of strategies that draw at random [default: 1]
    #[arg(long, alias = "seeds", value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// The file to write: .csv, .jsonl or .parquet; .csv for a project [default: CSV to standard output]
    #[arg(short, long, value_name = "PICKS.csv")]
    pub(crate) out: Option<PathBuf>,
    /// The net to train on the labels; see `deepal list nets` [default: softmax-regression on vectors, mlp on pictures]
    #[arg(long, value_name = "NAME", requires = "source", help_heading = OWN)]
    pub(crate) net: Option<String>,
    /// Ask for one label in each group of copies [default: 0.15]
    ///
    /// Two samples are copies if their distance is within this share of the typical distance.
    #[arg(
        long,
        value_name = "SHARE",
        num_args = 0..=1,
        default_missing_value = "0.15",
        requires = "source",
        help_heading = OWN
    )]
    pub(crate) dedup: Option<f64>,
    /// A page to look at what a project asks, with a table `id,label` beside it
    ///
    /// Fill in the table and import it with `deepal label --from`.
    #[arg(long, value_name = "PICKS.html", requires = "source", help_heading = OWN)]
    pub(crate) sheet: Option<PathBuf>,
    /// A table with a row for each sample: .csv, .tsv, .jsonl or .parquet
    ///
    /// `--probs` and `--embeddings` then name its columns: a column of lists, or several columns by a pattern such as 'p_*'.
    #[arg(
        long,
        value_name = "TABLE",
        conflicts_with_all = ["source", "mc_probs", "member_probs", "labeled_embeddings"],
        help_heading = TABLE
    )]
    pub(crate) table: Option<PathBuf>,
    /// The column with the samples' ids; with it, the order of rows does not change the picks
    #[arg(long, value_name = "COLUMN", requires = "table", help_heading = TABLE)]
    pub(crate) id: Option<String>,
    /// The column with labels; rows that have one are not picked
    #[arg(long, value_name = "COLUMN", requires = "table", help_heading = TABLE)]
    pub(crate) label: Option<String>,
    /// Class probabilities of the candidates, [n, c]
    #[arg(long, value_name = "P.npy", help_heading = ARRAYS)]
    pub(crate) probs: Option<PathBuf>,
    /// Class scores before softmax, instead of probabilities, [n, c]
    #[arg(long, value_name = "Z.npy", conflicts_with = "probs", help_heading = ARRAYS)]
    pub(crate) logits: Option<PathBuf>,
    /// Embeddings of the candidates, [n, d]
    #[arg(long, value_name = "E.npy", help_heading = ARRAYS)]
    pub(crate) embeddings: Option<PathBuf>,
    /// Embeddings of the labelled samples, [m, d] [default: nothing is labelled]
    #[arg(long, value_name = "L.npy", help_heading = ARRAYS)]
    pub(crate) labeled_embeddings: Option<PathBuf>,
    /// Classes of the labelled samples, from 0, [m]
    ///
    /// With them `auto` checks by cross-validation how far a classifier on embeddings can be trusted.
    #[arg(long, value_name = "Y.npy", requires = "labeled_embeddings", help_heading = ARRAYS)]
    pub(crate) labels: Option<PathBuf>,
    /// Class probabilities of stochastic passes, [t, n, c]
    #[arg(long, value_name = "M.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) mc_probs: Option<PathBuf>,
    /// Class probabilities of several nets, [t, n, c]
    #[arg(long, value_name = "K.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) member_probs: Option<PathBuf>,
    /// Class probabilities of the labelled samples, [m, c]
    #[arg(long, value_name = "Q.npy", requires = "labeled_embeddings", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) labeled_probs: Option<PathBuf>,
    /// Weights of the last layer, [c, d]
    #[arg(long, value_name = "W.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) head_weights: Option<PathBuf>,
    /// Biases of the last layer, [c]
    #[arg(long, value_name = "B.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) head_biases: Option<PathBuf>,
    /// Features of the candidates by a fixed encoder, [n, e]
    #[arg(long, value_name = "F.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) features: Option<PathBuf>,
    /// Features of the labelled samples by a fixed encoder, [m, e]
    #[arg(long, value_name = "G.npy", help_heading = ARRAYS, hide_short_help = true)]
    pub(crate) labeled_features: Option<PathBuf>,
    /// Look at only N candidates, drawn at random by seed: for pools that are too large
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..),
        conflicts_with = "source",
        help_heading = ARRAYS
    )]
    pub(crate) candidates: Option<u64>,
    /// Refuse what needs more memory than this, in MB [default: what the system has, on Linux]
    ///
    /// Of a source, it limits the pictures that are being decoded: to a quarter of it. Mapped files do not count, as the system takes their
    /// pages back.
    #[arg(
        long,
        value_name = "MB",
        value_parser = clap::value_parser!(u64).range(1..),
        hide_short_help = true
    )]
    pub(crate) memory: Option<u64>,
    #[command(flatten)]
    pub(crate) formulas: FormulaArgs,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

pub(crate) fn run(args: &SelectArgs) -> Outcome {
    let project = args.source.as_deref().and_then(Project::find);
    if let Some(out) = &args.out {
        let formats: &[_] = if project.is_some() { &["csv"] } else { &["csv", "jsonl", "parquet"] };
        ending("--out", out, formats)?;
    }
    if let Some(folder) = project {
        return of_project(args, &folder);
    }
    if args.sheet.is_some() {
        return Err(wrong("`--sheet` is for projects; create one with `deepal init SOURCE --classes A,B`"));
    }
    let Some(budget) = args.budget else {
        return Err(wrong("say how many to pick with `--budget N`; only a project has a default"));
    };
    let from = args.from()?;
    let options = args.options(budget);
    let terminal = Terminal::new(ProgressMode::Auto, "choosing samples");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let selected = deepal::select(&from, &options, &Catalog::default(), monitor)?;
    match &args.out {
        Some(path) if args.formulas.no_formulas && is_csv(path) => {
            Ok(write_atomically(path, &args.formulas.rows(&selected.csv()))?)
        }
        Some(path) => selected.write(path),
        None => print_bytes(&args.formulas.rows(&selected.csv())),
    }
}

/// The questions of a project: those that are open, or the next batch.
fn of_project(args: &SelectArgs, folder: &Path) -> Outcome {
    if args.net.is_some()
        || args.strategy.is_some()
        || args.rare_classes
        || args.dedup.is_some()
        || args.seed.is_some()
        || args.memory.is_some()
        || args.model.model.is_some()
    {
        return Err(wrong(format!(
            "the project `{}` has its own net, strategy, seed and model; omit `--net`, `--strategy`, `--rare-classes`, `--dedup`, \
             `--seed`, `--memory` and `--model`",
            folder.display()
        )));
    }
    let terminal = Terminal::new(ProgressMode::Auto, "choosing samples");
    let hear = |news: deepal::News<'_>| terminal.hear(&news);
    let monitor = Monitor { hear: &hear, stop: &STOP };
    let opened = Project::open(folder, monitor)?;
    match opened.ask(args.budget, monitor)? {
        None => {
            let open = opened.open_questions().len();
            say(&format!(
                "{} of the last batch still without an answer",
                count(open, "question", "questions")
            ));
        }
        Some(done) => {
            match &done.batch.fallback {
                Some(why) => say(why),
                None if done.training.is_some() => {
                    let per_class = project::per_class(&opened.state().class_names(), &opened.status());
                    let labels = count(done.batch.n_labeled, "label", "labels");
                    say(&format!(
                        "trained on {labels} (all but the audit's); labels of each class: {per_class}"
                    ));
                }
                None => {}
            }
            if done.batch.questions.is_empty() {
                say("no question is left; train the net with `deepal train`");
            }
        }
    }
    if let Some(page) = &args.sheet {
        let table = page.with_extension("csv");
        let (html, csv) = opened.sheet()?;
        if table == *page {
            return Err(wrong("`--sheet` names a page such as picks.html; its table is picks.csv"));
        }
        let is_same = || std::fs::read(&table).is_ok_and(|there| there == csv);
        if table.exists() && !is_same() && !opened.knows(&table)? {
            return Err(wrong(format!(
                "`{}` has answers that the project does not have; import them with `deepal label {} --from {0}`, or remove the file",
                table.display(),
                args.source.as_deref().unwrap_or(folder).display()
            )));
        }
        write_atomically(page, html.as_bytes())?;
        write_atomically(&table, &csv)?;
        say(&format!(
            "look at {}, fill in {}, then run `deepal label {} --from {}`",
            page.display(),
            table.display(),
            args.source.as_deref().unwrap_or(folder).display(),
            table.display()
        ));
    }
    match &args.out {
        Some(path) => Ok(write_atomically(path, &args.formulas.rows(&opened.questions_csv()))?),
        None if args.sheet.is_some() => Ok(()),
        None => print_bytes(&args.formulas.rows(&opened.questions_csv())),
    }
}

/// Whether picks are written as CSV to a file of this name.
fn is_csv(path: &Path) -> bool {
    !matches!(path.extension().and_then(|extension| extension.to_str()), Some("jsonl" | "parquet"))
}

impl SelectArgs {
    fn options(&self, budget: usize) -> SelectOptions {
        let default = if self.rare_classes { strategy::FOR_RARE_CLASSES } else { strategy::DEFAULT };
        SelectOptions {
            strategy: self.strategy.clone().unwrap_or_else(|| default.into()),
            budget,
            seed: self.seed.unwrap_or(1),
            candidates: self.candidates.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            memory: self.memory.map(|megabytes| 1e6 * megabytes as f64),
        }
    }

    /// What is picked from.
    fn from(&self) -> Outcome<PickFrom> {
        if let Some(path) = &self.source {
            let model = self.model.resolve()?;
            let (path, net, dedup) = (path.clone(), self.net.clone(), self.dedup);
            return Ok(PickFrom::Source(SourceChoice { path, net, dedup, model, ..SourceChoice::default() }));
        }
        if self.model.model.is_some() {
            return Err(wrong("`--model` needs a SOURCE to embed"));
        }
        if let Some(path) = &self.table {
            let column =
                |option: &Option<PathBuf>| option.as_ref().map(|name| name.to_string_lossy().into_owned());
            return Ok(PickFrom::Table(TableColumns {
                path: path.clone(),
                id: self.id.clone(),
                label: self.label.clone(),
                probs: column(&self.probs),
                embeddings: column(&self.embeddings),
            }));
        }
        let given = [
            (Signal::Probs, &self.probs),
            (Signal::McProbs { passes: 0, shared: false }, &self.mc_probs),
            (Signal::MemberProbs { members: 0 }, &self.member_probs),
            (Signal::Embeddings, &self.embeddings),
            (Signal::LabeledEmbeddings, &self.labeled_embeddings),
            (Signal::Labels, &self.labels),
            (Signal::LabeledProbs, &self.labeled_probs),
            (Signal::HeadWeights, &self.head_weights),
            (Signal::HeadBiases, &self.head_biases),
            (Signal::Features, &self.features),
            (Signal::LabeledFeatures, &self.labeled_features),
        ];
        let files = given.into_iter().filter_map(|(signal, path)| Some((signal, path.clone()?))).collect();
        Ok(PickFrom::Arrays(ArrayFiles { files, logits: self.logits.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// Every signal that the table reads from files has its option here, by the name that the table gives it.
    #[test]
    fn every_signal_that_comes_from_files_has_an_option() {
        let command = crate::cli::Cli::command();
        let select = command.find_subcommand("select").unwrap();
        for signal in deepal::signals::ALL {
            // Arrays of one's own are for strategies of one's own, which the program has none of.
            let Some(option) = signal.kind().option.filter(|option| *option != "array") else { continue };
            let found = select.get_arguments().find(|argument| argument.get_long() == Some(option));
            let help = found.unwrap_or_else(|| panic!("no `--{option}`")).get_help().unwrap().to_string();
            assert!(help.contains(&signal.letters()), "`--{option}` lacks its shape: {help}");
        }
    }
}
