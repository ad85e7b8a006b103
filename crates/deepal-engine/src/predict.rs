//! What a trained net makes of a user's own data.

use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use crate::sources;
use crate::text::count;
use crate::trained_net::{self, About};
use deepal_core::score::most_probable;
use deepal_core::{SampleId, TrainedNet};
use deepal_data::Error as DataError;
use deepal_data::csv_row;
use deepal_data::source::{Open, Source};
use ndarray::Array2;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Samples that are predicted between two pieces of the table: bounds the memory.
const PIECE: usize = 4096;

/// How predictions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV `id,class,probability`.
    Csv,
    /// JSON objects, one a line.
    JsonLines,
}

/// A trained net and the samples that it predicts.
pub struct Prediction {
    about: About,
    net: Arc<dyn TrainedNet>,
    source: Source,
    /// The rows that are predicted.
    rows: Vec<usize>,
}

impl std::fmt::Debug for Prediction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prediction").field("about", &self.about).field("source", &self.source).finish()
    }
}

/// The class of a sample, and how sure the net is.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted<'a> {
    /// The sample's id.
    pub id: &'a str,
    /// Its most probable class.
    pub class: &'a str,
    /// The probability of that class.
    pub probability: f64,
    /// The probabilities of all classes, in their order.
    pub probs: Vec<f64>,
}

impl Prediction {
    /// The net of a file and the samples of a source, which are read as the net saw those that it learnt from. `model`: where the
    /// pretrained net is now whose embeddings it learnt from.
    ///
    /// # Errors
    /// A file that is no net, a source that cannot be read, or samples that the net does not take.
    pub fn open(net: &Path, source: &Path, model: Option<PathBuf>, monitor: Monitor<'_>) -> Result<Self> {
        let (about, trained) = trained_net::read(net)?;
        let opened = open(net, source, model.as_deref(), &about, &monitor)?;
        fits(net, source, &about, &opened)?;
        let rows = (0..opened.ids.len()).collect();
        Ok(Self { about, net: trained, source: opened, rows })
    }

    /// The same for only those samples whose id is wanted.
    #[must_use]
    pub fn only(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        self.rows.retain(|row| is_wanted(&self.source.ids[*row]));
        self
    }

    /// What the net is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Predicts all samples and hands them out in pieces; how many, of those that the net has not learnt from, have the class that
    /// their label says.
    ///
    /// # Errors
    /// Samples that cannot be read, or what `each` fails with.
    pub fn each(
        &self,
        monitor: Monitor<'_>,
        mut each: impl FnMut(&[Predicted<'_>]) -> Result<()>,
    ) -> Result<usize> {
        let n = self.rows.len();
        let data = self.source.dataset((0..self.source.ids.len()).collect());
        let (mut right, mut done) = (0, 0);
        for rows in self.rows.chunks(PIECE) {
            let ids = rows.iter().map(|row| SampleId::from(*row)).collect::<Vec<_>>();
            let probs = self.net.predict_proba(data.as_ref(), &ids)?;
            let piece = self.piece(&ids, &probs);
            right += ids.iter().zip(&piece).filter(|(id, predicted)| self.is_right(**id, predicted)).count();
            each(&piece)?;
            done += ids.len();
            monitor.progress("predicting", done, n);
        }
        Ok(right)
    }

    /// Predicts all samples as a table, handed out piece by piece; with `probs` the probabilities of all classes too. How many,
    /// of those that the net has not learnt from, have the class that their label says.
    ///
    /// # Errors
    /// As [`each`](Self::each).
    pub fn table(
        &self,
        form: Form,
        probs: bool,
        monitor: Monitor<'_>,
        write: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        let classes = &self.about.classes;
        if form == Form::Csv {
            let columns = ["id", "class", "probability"].map(String::from).into_iter();
            let classes = classes.iter().filter(|_| probs).map(|class| format!("p_{class}"));
            write(&csv_row(columns.chain(classes)))?;
        }
        self.each(monitor, |piece| {
            let mut bytes = Vec::new();
            for Predicted { id, class, probability, probs: all } in piece {
                if form == Form::JsonLines {
                    let mut row = json!({ "id": id, "class": class, "probability": probability });
                    if probs {
                        let probs = classes.iter().cloned().zip(all.iter().map(|p| Value::from(*p)));
                        row["probs"] = Value::Object(probs.collect::<Map<_, _>>());
                    }
                    bytes.extend(row.to_string().into_bytes());
                    bytes.push(b'\n');
                } else {
                    let all = all.iter().filter(|_| probs).map(f64::to_string);
                    let row = [(*id).to_owned(), (*class).to_owned(), probability.to_string()];
                    bytes.extend(csv_row(row.into_iter().chain(all)));
                }
            }
            write(&bytes)
        })
    }

    /// How often the net is right on samples that it has not learnt from, in a sentence, if the source says it; `right` is what
    /// [`each`](Self::each) found.
    pub fn accuracy(&self, right: usize) -> Option<String> {
        let with_label = self.rows.iter().copied().filter(|row| self.source.labels[*row].is_some());
        let (learnt, others) = with_label.partition::<Vec<_>, _>(|row| self.is_learnt(*row));
        let labeled = others.len();
        if labeled == 0 {
            let why = "no accuracy: the net has learnt from all samples that have a label";
            return (!learnt.is_empty()).then(|| why.into());
        }
        if let Some(unknown) = self.source.classes.iter().find(|class| !self.about.classes.contains(class)) {
            return Some(format!("no accuracy: `{unknown}` is none of the classes of the net"));
        }
        Some(format!(
            "accuracy {:.1} % on the {} with a label{}",
            100.0 * right as f64 / labeled as f64,
            count(labeled, "sample", "samples"),
            if learnt.is_empty() { "" } else { " that it has not learnt from" }
        ))
    }

    /// The samples with their probabilities, `[n, c]`.
    fn piece(&self, ids: &[SampleId], probs: &Array2<f64>) -> Vec<Predicted<'_>> {
        let one = |(id, probs): (&SampleId, ndarray::ArrayView1<'_, f64>)| {
            let best = most_probable(probs).index();
            Predicted {
                id: &self.source.ids[id.index()],
                class: &self.about.classes[best],
                probability: probs[best],
                probs: probs.to_vec(),
            }
        };
        ids.iter().zip(probs.outer_iter()).map(one).collect()
    }

    /// Whether the net has learnt from a sample, by its id.
    fn is_learnt(&self, row: usize) -> bool {
        self.about.learnt_from.binary_search(&self.source.ids[row]).is_ok()
    }

    fn is_right(&self, id: SampleId, predicted: &Predicted<'_>) -> bool {
        if self.is_learnt(id.index()) {
            return false;
        }
        let label = self.source.labels[id.index()];
        let label = label.and_then(|class| self.source.classes.get(class.index()));
        label.is_some_and(|label| label == predicted.class)
    }
}

/// The samples as the net saw those that it learnt from.
fn open(
    net: &Path,
    source: &Path,
    model: Option<&Path>,
    about: &About,
    monitor: &Monitor<'_>,
) -> Result<Source> {
    let model = match (&about.model, model) {
        (Some(model), now) => Some(model.find(now)?),
        (None, Some(_)) => bail!(Error::Setting(format!(
            "`model` is not needed: the net in `{}` learnt from samples, not from embeddings; leave it out",
            net.display()
        ))),
        (None, None) => None,
    };
    let (image, encoding) = (about.image.as_ref(), about.encoding.as_ref());
    // A net without encoding learnt from inputs as they are.
    let open = Open { image, bits: about.bits, encoding, unscaled: encoding.is_none(), ..Open::default() };
    sources::open(source, model.as_ref(), None, &open, monitor)
        .with_context(|| format!("the net in `{}` learnt from `{}`", net.display(), about.dataset))
}

/// Checks that the samples are what the net takes.
fn fits(net: &Path, path: &Path, about: &About, source: &Source) -> Result<()> {
    let wrong = |why: String| DataError::Unfit { path: path.into(), why };
    let shape = source.inputs.shape();
    if shape != about.shape {
        bail!(wrong(format!(
            "has samples of the shape {shape:?}, and the net in `{}` takes {:?}, as `{}` has them",
            net.display(),
            about.shape,
            about.dataset
        )));
    }
    if source.encoding != about.encoding {
        bail!(wrong(format!(
            "has columns that must be scaled or counted, and the net in `{}` learnt from inputs as they are; name the one \
             column with lists of {} numbers as `features` in data.toml",
            net.display(),
            shape[0]
        )));
    }
    Ok(())
}
