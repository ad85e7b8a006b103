//! What names in settings mean: the lists of strategies, nets and data sets, and your own.

use crate::error::Result;
use crate::text::other_name;
use deepal_core::{Chooser, Data, Error, Meta, Net, Spec, Strategy, UpperBound, strategy};
use deepal_nn::nets::{self, Options};
use std::fmt;
use std::sync::Arc;

type BuildStrategy = dyn Fn() -> Box<dyn Strategy> + Send + Sync;
type BuildNet = dyn Fn(&Meta, &Options) -> deepal_core::Result<Box<dyn Net>> + Send + Sync;

/// Your own strategies, nets and data sets, by name, besides those of the lists. Your names win.
///
/// ```
/// use deepal_core::{SoftmaxRegression, strategy};
/// use deepal_engine::Catalog;
///
/// let catalog = Catalog::default()
///     .with_strategy("mine", || Box::new(strategy::Margin::default()))
///     .with_net("weak", |_, _| Ok(Box::new(SoftmaxRegression::new(10.0))));
/// assert_eq!(catalog.strategy("mine")?.name(), "margin");
/// assert_eq!(catalog.strategy("bald(passes=3)")?.name(), "bald");
/// # Ok::<(), deepal_engine::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Catalog {
    strategies: Vec<(String, Arc<BuildStrategy>)>,
    nets: Vec<(String, Arc<BuildNet>)>,
    datasets: Vec<(String, Data)>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn names<T>(of: &[(String, T)]) -> Vec<&str> {
            of.iter().map(|(name, _)| name.as_str()).collect()
        }
        f.debug_struct("Catalog")
            .field("strategies", &names(&self.strategies))
            .field("nets", &names(&self.nets))
            .field("datasets", &names(&self.datasets))
            .finish()
    }
}

fn find<'a, T>(of: &'a [(String, T)], name: &str) -> Option<&'a T> {
    of.iter().rfind(|(other, _)| other == name).map(|(_, found)| found)
}

impl Catalog {
    /// The same with a strategy.
    #[must_use]
    pub fn with_strategy(
        mut self,
        name: impl Into<String>,
        build: impl Fn() -> Box<dyn Strategy> + Send + Sync + 'static,
    ) -> Self {
        self.strategies.push((name.into(), Arc::new(build)));
        self
    }

    /// The same with a net; `build` is given what the samples are, and how nets are trained and where.
    #[must_use]
    pub fn with_net(
        mut self,
        name: impl Into<String>,
        build: impl Fn(&Meta, &Options) -> deepal_core::Result<Box<dyn Net>> + Send + Sync + 'static,
    ) -> Self {
        self.nets.push((name.into(), Arc::new(build)));
        self
    }

    /// The same with a data set.
    #[must_use]
    pub fn with_dataset(mut self, name: impl Into<String>, data: Data) -> Self {
        self.datasets.push((name.into(), data));
        self
    }

    /// A strategy, by its name with settings.
    ///
    /// # Errors
    /// An unknown name, an unknown setting, or a value out of range.
    pub fn strategy(&self, text: &str) -> Result<Box<dyn Strategy>> {
        match find(&self.strategies, text) {
            Some(build) => Ok(build()),
            None => Ok(strategy::build(text).map_err(|error| self.know(error))?),
        }
    }

    /// What another word for a strategy of the list means, as a sentence.
    pub(crate) fn other_name(&self, text: &str) -> Option<String> {
        find(&self.strategies, text).map_or_else(|| other_name(text), |_| None)
    }

    /// What chooses in a study: a strategy, or the upper bound.
    ///
    /// # Errors
    /// As [`strategy`](Self::strategy).
    pub(crate) fn chooser(&self, text: &str) -> Result<Chooser> {
        if find(&self.strategies, text).is_none()
            && let Some(bound) = UpperBound::from_spec(&text.parse()?)?
        {
            return Ok(Chooser::UpperBound(bound));
        }
        Ok(self.strategy(text)?.into())
    }

    /// The text by which a strategy, or the upper bound, is known: the name of the list, without settings that are the defaults.
    ///
    /// # Errors
    /// As [`strategy`](Self::strategy).
    pub(crate) fn chooser_name(&self, spec: &Spec) -> Result<String> {
        let text = spec.to_string();
        if find(&self.strategies, &text).is_some() {
            return Ok(text);
        }
        if let Some(bound) = UpperBound::canonical(spec)? {
            return Ok(bound.to_string());
        }
        Ok(strategy::canonical(spec).map_err(|error| self.know(error))?.to_string())
    }

    /// A net, by its name with settings.
    ///
    /// # Errors
    /// An unknown name, an unknown setting, a value out of range, or samples that the net does not take.
    pub fn net(&self, text: &str, meta: &Meta, options: &Options) -> Result<Box<dyn Net>> {
        match find(&self.nets, text) {
            Some(build) => Ok(build(meta, options)?),
            None => Ok(nets::build(text, meta, options).map_err(|error| self.know(error))?),
        }
    }

    /// The text by which a net is known, and its entry if it is of the list.
    ///
    /// # Errors
    /// As [`net`](Self::net).
    pub(crate) fn net_name(&self, spec: &Spec) -> Result<(String, Option<&'static nets::Entry>)> {
        let text = spec.to_string();
        if find(&self.nets, &text).is_some() {
            return Ok((text, None));
        }
        let spec = nets::canonical(spec).map_err(|error| self.know(error))?;
        Ok((spec.to_string(), Some(nets::by_name(&spec.name)?)))
    }

    /// A data set of your own.
    pub(crate) fn dataset(&self, name: &str) -> Option<&Data> {
        find(&self.datasets, name)
    }

    /// An unknown name, with your own among the known ones.
    fn know(&self, error: Error) -> Error {
        let own: Vec<&String> = match &error {
            Error::UnknownName { kind: "strategy", .. } => {
                self.strategies.iter().map(|(name, _)| name).collect()
            }
            Error::UnknownName { kind: "net", .. } => self.nets.iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        match error {
            Error::UnknownName { kind, name, known } if !own.is_empty() => {
                let own = own.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let known = known.join(", ");
                Error::Setting {
                    what: format!("{kind} `{name}`"),
                    why: format!("is unknown; known: {own}, {known}"),
                }
            }
            error => error,
        }
    }
}
