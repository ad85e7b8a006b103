//! [`Signal`] names an array, and [`Kind`] says what it is: the table of signals.

use crate::ids::Class;
use std::fmt;

/// A kind of array about the unlabelled samples, the *candidates*.
///
/// Shapes: `n` candidates, `m` labelled samples, `c` classes, `d` features, `t` stochastic passes or nets, `e` features of a fixed encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// Predicted class probabilities, `[n, c]`.
    Probs,
    /// Class probabilities of `passes` forward passes with dropout on and batch-norm frozen, `[t, n, c]`.
    McProbs {
        /// The number of passes, `t`.
        passes: usize,
        /// Whether a pass drops the same units for all candidates, as what is said of several together needs: one pass is then one
        /// net. Else each candidate has units of its own.
        shared: bool,
    },
    /// Class probabilities by a committee of `members` nets that differ in their seeds alone, `[t, n, c]`: the net itself, and others trained
    /// like it for the query.
    MemberProbs {
        /// The number of nets, `t`.
        members: usize,
    },
    /// Features of the candidates, the input of the last layer, `[n, d]`.
    Embeddings,
    /// The same of the labelled samples, `[m, d]`.
    LabeledEmbeddings,
    /// How far the input must move for the predicted class to change, `[n]`; infinity where it never did.
    BoundaryDistance(Attack),
    /// How far the probabilities can be trusted, from cross-validation on the labelled samples: a temperature and an accuracy, `[2]`.
    /// Slow-to-train nets do not provide it.
    Calibration,
    /// The classes of the labelled samples, `[m]`.
    Labels,
    /// Predicted class probabilities of the labelled samples, `[m, c]`.
    LabeledProbs,
    /// The weights of the last layer, `[c, d]`.
    HeadWeights,
    /// Its biases, `[c]`.
    HeadBiases,
    /// Features of the candidates by a fixed encoder, which do not change while nets learn, `[n, e]`: the inputs, if these are vectors.
    Features,
    /// The same of the labelled samples, `[m, e]`.
    LabeledFeatures,
    /// A signal of your own, of any shape whose first axis is the candidates, `[n, ...]`.
    Named(&'static str),
}

/// How [`Signal::BoundaryDistance`] is measured, in the units of the net's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attack {
    /// The basic iterative method (Kurakin, Goodfellow and Bengio, ICLR workshop 2017).
    Bim {
        /// The length of a step in each coordinate.
        eps: f32,
        /// Steps after which a sample counts as never flipped.
        max_steps: usize,
    },
    /// DeepFool (Moosavi-Dezfooli, Fawzi and Frossard, CVPR 2016).
    DeepFool {
        /// Steps after which a sample counts as never flipped.
        max_steps: usize,
        /// How far to step beyond the estimated boundary, as a share of the whole perturbation.
        overshoot: f32,
    },
}

/// Everything about a signal but its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in messages, a plural.
    pub name: &'static str,
    /// The option of `deepal select` that reads it, and with `_` for `-` the keyword in Python; `None` if it does not come from files.
    pub option: Option<&'static str>,
    /// Its axes.
    pub shape: &'static [Dim],
    /// What its numbers must be.
    pub rule: Rule,
    /// Who provides it in the loop.
    pub origin: Origin,
}

/// What an axis of a signal counts. Axes of one name have one length in all signals of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// `n`
    Candidates,
    /// `m`
    Labeled,
    /// `c`
    Classes,
    /// `d`, of a net's embeddings
    Features,
    /// `e`, of a fixed encoder
    EncoderFeatures,
    /// `t`, of passes or of nets
    Passes,
    /// Two numbers
    Pair,
    /// Any number of axes
    Rest,
}

/// What the numbers of a signal must be; the type in memory follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Rows of `f64` along the last axis that sum to 1
    Distributions,
    /// `f64`, not NaN, not negative; infinity is allowed
    Distances,
    /// A temperature above 0 and an accuracy from 0 to 1, `f64`
    Calibration,
    /// Finite `f32`
    Finite,
    /// Classes
    Classes,
}

/// Who provides a signal in the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The trained net
    Net,
    /// The data set
    Data,
    /// The pool
    Pool,
}

/// One of each kind, for lists, help and tests.
pub static ALL: &[Signal] = &[
    Signal::Probs,
    Signal::McProbs { passes: 3, shared: false },
    Signal::MemberProbs { members: 3 },
    Signal::Embeddings,
    Signal::LabeledEmbeddings,
    Signal::BoundaryDistance(Attack::Bim { eps: 0.05, max_steps: 100 }),
    Signal::Calibration,
    Signal::Labels,
    Signal::LabeledProbs,
    Signal::HeadWeights,
    Signal::HeadBiases,
    Signal::Features,
    Signal::LabeledFeatures,
    Signal::Named("array"),
];

impl Signal {
    /// The table of signals.
    pub const fn kind(self) -> Kind {
        use Dim::{Candidates, Classes, EncoderFeatures, Features, Labeled, Pair, Passes, Rest};
        const fn row(
            name: &'static str,
            option: Option<&'static str>,
            shape: &'static [Dim],
            rule: Rule,
            origin: Origin,
        ) -> Kind {
            Kind { name, option, shape, rule, origin }
        }
        use Origin::{Data, Net, Pool};
        use Rule::{Distances, Distributions, Finite};
        match self {
            Self::Probs => row("probabilities", Some("probs"), &[Candidates, Classes], Distributions, Net),
            Self::McProbs { .. } => row(
                "Monte-Carlo probabilities",
                Some("mc-probs"),
                &[Passes, Candidates, Classes],
                Distributions,
                Net,
            ),
            Self::MemberProbs { .. } => row(
                "committee probabilities",
                Some("member-probs"),
                &[Passes, Candidates, Classes],
                Distributions,
                Net,
            ),
            Self::Embeddings => row("embeddings", Some("embeddings"), &[Candidates, Features], Finite, Net),
            Self::LabeledEmbeddings => {
                row("labelled embeddings", Some("labeled-embeddings"), &[Labeled, Features], Finite, Net)
            }
            Self::BoundaryDistance(Attack::Bim { .. }) => {
                row("boundary distances by BIM", None, &[Candidates], Distances, Net)
            }
            Self::BoundaryDistance(Attack::DeepFool { .. }) => {
                row("boundary distances by DeepFool", None, &[Candidates], Distances, Net)
            }
            Self::Calibration => row("calibration", None, &[Pair], Rule::Calibration, Net),
            Self::Labels => row("labels", Some("labels"), &[Labeled], Rule::Classes, Pool),
            Self::LabeledProbs => {
                row("labelled probabilities", Some("labeled-probs"), &[Labeled, Classes], Distributions, Net)
            }
            Self::HeadWeights => {
                row("weights of the last layer", Some("head-weights"), &[Classes, Features], Finite, Net)
            }
            Self::HeadBiases => row("biases of the last layer", Some("head-biases"), &[Classes], Finite, Net),
            Self::Features => {
                row("encoder features", Some("features"), &[Candidates, EncoderFeatures], Finite, Data)
            }
            Self::LabeledFeatures => row(
                "labelled encoder features",
                Some("labeled-features"),
                &[Labeled, EncoderFeatures],
                Finite,
                Data,
            ),
            Self::Named(_) => row("arrays", Some("array"), &[Candidates, Rest], Finite, Net),
        }
    }

    /// Whether both are the same array, whatever their settings.
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Named(a), Self::Named(b)) => a == b,
            (Self::BoundaryDistance(_), Self::BoundaryDistance(_)) => true,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }

    /// Bytes in memory for so many of each axis.
    pub fn bytes(self, count: impl Fn(Dim) -> usize) -> usize {
        let kind = self.kind();
        let number = match kind.rule {
            Rule::Distributions | Rule::Distances | Rule::Calibration => size_of::<f64>(),
            Rule::Finite => size_of::<f32>(),
            Rule::Classes => size_of::<Class>(),
        };
        kind.shape.iter().fold(number, |bytes, dim| bytes.saturating_mul(count(*dim)))
    }

    /// Its axes in letters, such as `[n, c]`.
    pub fn letters(self) -> String {
        let letters = self.kind().shape.iter().map(|dim| dim.letter()).collect::<Vec<_>>();
        format!("[{}]", letters.join(", "))
    }
}

impl Dim {
    /// The letter that stands for it in shapes.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Candidates => "n",
            Self::Labeled => "m",
            Self::Classes => "c",
            Self::Features => "d",
            Self::EncoderFeatures => "e",
            Self::Passes => "t",
            Self::Pair => "2",
            Self::Rest => "...",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "the array `{name}`"),
            signal => f.write_str(signal.kind().name),
        }
    }
}
