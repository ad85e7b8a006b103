//! Texts of the help that are no option's: what to do first, examples of each command, exit codes.

/// What `deepal` alone says.
pub(crate) const WELCOME: &str = "\
Deep active learning: a good classifier for the fewest labels.

Label your own pictures, or the rows of a table, on a page in the browser:
  deepal label photos/

Compare strategies on data whose labels are known:
  deepal run

Pick what to label next, and label it with your own tools:
  deepal select photos/ --budget 20

All commands:             deepal --help
One command, examples:    deepal label --help
";

/// The exit codes, for `deepal --help`.
pub(crate) const ALL: &str = "\
Examples:
  deepal label photos/                  # label your own pictures
  deepal run                            # compare strategies on a demo
  deepal select photos/ --budget 20     # pick what to label next

Exit codes:
  0    success
  1    a job failed
  2    wrong option or setting
  3    input missing or unfit
  4    output not writable
  5    download failed
  130  interrupted; `deepal run --resume DIR` continues a run";

pub(crate) const INIT: &str = "\
Examples:
  deepal init photos/ --classes cat,dog,ship
  deepal init reviews.csv                   # classes from the labels it has
  deepal init photos/ --model net.onnx      # a pretrained net";

pub(crate) const LABEL: &str = "\
Examples:
  deepal label photos/                      # add classes on the page
  deepal label photos/ --classes cat,dog,ship
  deepal label photos/ --from answers.csv   # import answers, no page";

pub(crate) const TRAIN: &str = "\
Examples:
  deepal train photos/                      # a net for the project
  deepal train labelled.csv -o net.safetensors";

pub(crate) const STATUS: &str = "\
Examples:
  deepal status photos/";

pub(crate) const RUN: &str = "\
Examples:
  deepal run                                # the demo
  deepal run photos/                        # your own labelled data
  deepal run digits --strategy auto,random,badge --seeds 1,2,3
  deepal run --config experiments/quick.toml
  deepal run --resume runs/001-digits       # after an interruption";

pub(crate) const PLAN: &str = "\
Examples:
  deepal plan digits --strategy auto,random,badge
  deepal plan --config experiments/paper.toml";

pub(crate) const PREDICT: &str = "\
Examples:
  deepal predict photos/ -o rest.csv        # what has no label yet
  deepal predict new/ --net net.safetensors -o new.csv
  deepal predict new.csv --net net.safetensors --probs";

pub(crate) const REPORT: &str = "\
Examples:
  deepal report runs/001-digits             # into the run folder
  deepal report runs/001-digits runs/002-mnist -o both";

pub(crate) const SELECT: &str = "\
Examples:
  deepal select photos/ --budget 20 -o next.csv
  deepal select photos/ --sheet next.html   # of a project: a page to look at
  deepal select --table pool.parquet --id name --embeddings vector --budget 20
  deepal select --probs probs.npy --strategy margin --budget 100";

pub(crate) const DATA: &str = "\
Examples:
  deepal data inspect photos/";

pub(crate) const INSPECT: &str = "\
Examples:
  deepal data inspect photos/
  deepal data inspect reviews.csv --dedup   # look for copies too";

pub(crate) const EMBED: &str = "\
Examples:
  deepal embed photos/ --model net.onnx -o photos.npy";

pub(crate) const EXPORT: &str = "\
Examples:
  deepal export photos/ -o labels.csv       # the labels of a project
  deepal export photos/ --format label-studio -o tasks.json
  deepal export runs/001-digits --strategy margin --seed 1
  deepal export runs/001-digits --strategy auto --seed 1 --net n.safetensors";

pub(crate) const LIST: &str = "\
Examples:
  deepal list strategies
  deepal list nets";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  deepal completions bash > ~/.local/share/bash-completion/completions/deepal
  deepal completions zsh > ~/.zfunc/_deepal
  deepal completions fish > ~/.config/fish/completions/deepal.fish
  deepal completions powershell >> $PROFILE";
