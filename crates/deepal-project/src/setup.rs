//! What a project is about.

use deepal_core::Meta;
use deepal_engine::{Catalog, Error, Pretrained, Result, default_net};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The most of the questions that may be drawn at random.
const MOST_AUDIT: f64 = 0.5;

/// What a project is about and how it asks; stored in the project, the same for its whole life but for the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The user's data, an absolute path.
    pub source: PathBuf,
    /// The names of the classes at the start; those of the source if empty. Later ones are events.
    pub classes: Vec<String>,
    /// The net, with settings as in `head(width=64)` [default: softmax-regression on vectors, mlp on pictures].
    pub net: Option<String>,
    /// The strategy, with settings as in `bald(passes=50)`.
    pub strategy: String,
    /// A pretrained net whose embeddings take the place of the samples.
    pub model: Option<Pretrained>,
    /// How many questions a batch has.
    pub batch: usize,
    /// The share of questions that are drawn at random, for an accuracy that is true: 0 to 0.5.
    pub audit: f64,
    /// The seed of all that is random.
    pub seed: u64,
}

impl Setup {
    /// A project about a source with the default strategy, batches of 20, a tenth drawn at random, seed 1.
    pub fn new(source: impl Into<PathBuf>, classes: Vec<String>) -> Self {
        Self {
            source: source.into(),
            classes,
            net: None,
            strategy: deepal_core::strategy::DEFAULT.into(),
            model: None,
            batch: 20,
            audit: 0.1,
            seed: 1,
        }
    }

    /// The name of the net for such samples.
    pub(crate) fn net_name(&self, meta: &Meta) -> &str {
        self.net.as_deref().unwrap_or(default_net(meta))
    }

    /// Checks all of it, for such samples.
    pub(crate) fn check(&self, meta: &Meta) -> Result<()> {
        let wrong = |why: String| Err(Error::Setting(why));
        if self.batch == 0 {
            return wrong("`batch` is 0; a batch has one question at least".into());
        }
        if !(0.0..=MOST_AUDIT).contains(&self.audit) {
            return wrong(format!("`audit` is {}, and must be a share from 0 to {MOST_AUDIT}", self.audit));
        }
        for (at, class) in self.classes.iter().enumerate() {
            check_name(class)?;
            if self.classes[..at].contains(class) {
                return wrong(format!("the class `{class}` is named twice"));
            }
        }
        let catalog = Catalog::default();
        let strategy = catalog.strategy(&self.strategy)?;
        let net = catalog.net(self.net_name(meta), meta, &deepal_nn::nets::Options::default())?;
        Ok(deepal_core::net::check_support(net.name(), |signal| net.supports(signal), &strategy.needs())?)
    }
}

/// Checks that a class can be called so.
pub(crate) fn check_name(class: &str) -> Result<()> {
    if class.is_empty() || class.trim() != class || class.chars().any(char::is_control) {
        return Err(Error::Setting(format!(
            "`{}` is no name of a class: it must have a letter, and no spaces around it",
            class.escape_debug()
        )));
    }
    Ok(())
}
