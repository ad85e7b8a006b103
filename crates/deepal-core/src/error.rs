//! What can go wrong in the core, each with the name of the thing and what to do about it.

use crate::ids::{Class, SampleId};

/// A result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the core. Messages are lower-case fragments that fit after "error: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is in no list.
    #[error("unknown {kind} `{name}`{}; known: {}", hint(.name, .known), .known.join(", "))]
    UnknownName {
        /// What was looked up: `strategy`, `dataset`, `net`.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: Vec<&'static str>,
    },
    /// An array of another shape than its role asks for.
    #[error("{what} must be {expected}, got {got:?}")]
    Shape {
        /// The array's role.
        what: String,
        /// The shape wanted, such as `[n, c]`.
        expected: String,
        /// The shape given.
        got: Vec<usize>,
    },
    /// NaN or infinity where a number is needed.
    #[error("{what}: {value} in row {row}; remove the row or repair what made it")]
    NotFinite {
        /// The array's role.
        what: &'static str,
        /// The first row with such a value.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A row that is not a probability distribution.
    #[error("{what}: row {row} is not a distribution ({why})")]
    NotProbabilities {
        /// The array's role.
        what: &'static str,
        /// The first bad row.
        row: usize,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A strategy was not given a signal that it looks at.
    #[error("{signal} were not given, and the strategy needs them")]
    MissingSignal {
        /// The missing signal.
        signal: String,
    },
    /// A net cannot provide a signal that is asked of it.
    #[error("net `{net}` cannot provide {signal}; pick another net, or a strategy that does not need them")]
    Unsupported {
        /// The net's name.
        net: String,
        /// The signal.
        signal: String,
    },
    /// A net whose weights cannot be kept or brought back.
    #[error(
        "the weights of net `{net}` cannot be kept; give it `Net::state_dict` and `Net::load_state_dict`, or take a net of \
         the list"
    )]
    NoState {
        /// The net's name.
        net: String,
    },
    /// A sample id outside the data set.
    #[error("sample {} is not in the pool of {len} samples", .id.0)]
    UnknownSample {
        /// The id.
        id: SampleId,
        /// How many samples there are.
        len: usize,
    },
    /// A class outside the declared list.
    #[error("class {} is not one of the {n_classes} declared classes", .class.0)]
    UnknownClass {
        /// The class.
        class: Class,
        /// How many are declared.
        n_classes: usize,
    },
    /// Something was asked of a net before it was trained.
    #[error("the net is not trained yet; label a first set (`initial`), `update` and `train` before `query`")]
    Untrained,
    /// A training was cancelled.
    #[error("the training was cancelled")]
    Cancelled,
    /// No labelled sample to train on.
    #[error("no labelled samples to train on; label a first set before `train`")]
    NothingLabeled,
    /// A setting outside its range.
    #[error("{what} {why}")]
    Setting {
        /// The setting's name.
        what: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// An error of somebody's own data set, net or strategy.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps the error of a custom data set, net or strategy.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

#[doc(hidden)]
/// The entry of `known` nearest to `name`, if any is near enough to be a slip of the hand.
pub fn did_you_mean<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let similarity = |other: &str| strsim::jaro_winkler(&name, &other.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) > 0.85).then_some(best)
}

pub(crate) fn hint(name: &str, known: &[&str]) -> String {
    did_you_mean(name, known).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_nonsense_is_not() {
        let known = ["margin", "entropy", "k-center"];
        assert_eq!(did_you_mean("margn", &known), Some("margin"));
        assert_eq!(did_you_mean("Kcenter", &known), Some("k-center"));
        assert_eq!(did_you_mean("zzz", &known), None);
        assert_eq!(did_you_mean("badge", &["bald"]), None, "another method is no slip of the hand");
    }
}
