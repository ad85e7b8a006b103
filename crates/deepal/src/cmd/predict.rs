//! `deepal predict`: what a trained net makes of a user's own data.

use crate::exit::Usage;
use crate::net_file::{self, About};
use crate::progress::{self, Counter};
use crate::words::count;
use crate::{cmd, model};
use anyhow::{Context, bail};
use clap::Args;
use deepal::net::most_probable;
use deepal::{Net, SampleId};
use deepal_data::own::{Open, Own};
use deepal_data::{Error, csv_row, write_in_pieces};
use ndarray::Array2;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Samples that are predicted between two pieces of the table: bounds the memory.
const PIECE: usize = 4096;

/// Options of `deepal predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A folder or zip of pictures, a table, a file of arrays, or a data.toml
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// The net, as `deepal export RUN --net` wrote it
    #[arg(long, value_name = "NET.safetensors")]
    net: PathBuf,
    /// Where the pretrained net is now whose embeddings it learnt from [default: where it was then]
    #[arg(long, value_name = "FEATURES.onnx")]
    model: Option<PathBuf>,
    /// The table to write; JSON lines if its name ends so [default: standard output, as CSV]
    #[arg(short, long, value_name = "P.csv|P.jsonl")]
    out: Option<PathBuf>,
    /// The probabilities of all classes too: columns `p_CLASS`, or an object `probs`
    #[arg(long)]
    probs: bool,
}

pub(crate) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let (about, mut net) = net_file::read(&args.net)?;
    let own = open(args, &about)?;
    fits(args, &about, &own)?;
    let is_jsonl = args.out.as_ref().is_some_and(|out| {
        out.extension().is_some_and(|extension| extension == "jsonl" || extension == "ndjson")
    });
    let table = Table { about: &about, own: &own, is_jsonl, probs: args.probs };
    let right = match &args.out {
        Some(path) => {
            let mut right = 0;
            write_in_pieces::<anyhow::Error>(path, |write| {
                right = table.make(net.as_mut(), &mut |piece| Ok(write(piece)?))?;
                Ok(())
            })?;
            right
        }
        None => table.make(net.as_mut(), &mut cmd::print_bytes)?,
    };
    if let Some(sentence) = accuracy(&about, &own, right) {
        progress::say(&sentence);
    }
    Ok(())
}

/// The samples as the net saw those that it learnt from.
fn open(args: &PredictArgs, about: &About) -> anyhow::Result<Own> {
    let model = match (&about.model, &args.model) {
        (Some(model), now) => Some(model.find(now.as_deref())?),
        (None, Some(_)) => bail!(Usage(format!(
            "`--model` has nothing to do: the net in `{}` learnt from the samples and not from embeddings",
            args.net.display()
        ))),
        (None, None) => None,
    };
    let (image, encoding) = (about.image.as_ref(), about.encoding.as_ref());
    let own = model::open(&args.source, model.as_ref(), &Open { image, encoding, ..Open::default() });
    let own =
        own.with_context(|| format!("the net in `{}` learnt from `{}`", args.net.display(), about.dataset))?;
    model::tell(&own);
    Ok(own)
}

/// Checks that the samples are what the net takes.
fn fits(args: &PredictArgs, about: &About, own: &Own) -> anyhow::Result<()> {
    let wrong = |why: String| Error::Own { path: args.source.clone(), why };
    let shape = own.inputs.shape();
    if shape != about.shape {
        bail!(wrong(format!(
            "has samples of the shape {shape:?}, and the net in `{}` takes {:?}, as `{}` has them",
            args.net.display(),
            about.shape,
            about.dataset
        )));
    }
    if own.encoding != about.encoding {
        bail!(wrong(format!(
            "has columns that must be scaled or counted, and the net in `{}` learnt from inputs as they are; name the one \
             column with lists of {} numbers as `features` in data.toml",
            args.net.display(),
            shape[0]
        )));
    }
    Ok(())
}

/// How often the net is right, if the source says it.
fn accuracy(about: &About, own: &Own, right: usize) -> Option<String> {
    let labeled = own.labels.iter().flatten().count();
    if labeled == 0 {
        return None;
    }
    if let Some(unknown) = own.classes.iter().find(|class| !about.classes.contains(class)) {
        return Some(format!("no accuracy: `{unknown}` is none of the classes of the net"));
    }
    Some(format!(
        "accuracy {:.1} % on the {} with a label",
        100.0 * right as f64 / labeled as f64,
        count(labeled, "sample", "samples")
    ))
}

struct Table<'a> {
    about: &'a About,
    own: &'a Own,
    is_jsonl: bool,
    probs: bool,
}

impl Table<'_> {
    /// Hands out the table piece by piece, and says how many labels were met.
    fn make(
        &self,
        net: &mut dyn Net,
        write: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<usize> {
        if !self.is_jsonl {
            write(&self.header())?;
        }
        let n = self.own.ids.len();
        let data = self.own.dataset((0..n).collect());
        let counter = Counter::new("predicting");
        let mut right = 0;
        for first in (0..n).step_by(PIECE) {
            let ids = (first..n.min(first + PIECE)).map(SampleId::from).collect::<Vec<_>>();
            let probs = net.predict_proba(data.as_ref(), &ids)?;
            right += self.write(&ids, &probs, write)?;
            counter.show(first + ids.len(), n);
        }
        counter.end();
        Ok(right)
    }

    fn header(&self) -> Vec<u8> {
        let columns = ["id", "class", "probability"].map(String::from).into_iter();
        let classes = self.about.classes.iter().filter(|_| self.probs).map(|class| format!("p_{class}"));
        csv_row(columns.chain(classes))
    }

    /// The rows of some samples with their probabilities, `[n, c]`; how many have that class by their label.
    fn write(
        &self,
        ids: &[SampleId],
        probs: &Array2<f64>,
        write: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<usize> {
        let (mut piece, mut right) = (Vec::new(), 0);
        for (id, probs) in ids.iter().zip(probs.outer_iter()) {
            let (name, best) = (&self.own.ids[id.index()], most_probable(probs));
            let (class, probability) = (&self.about.classes[best.index()], probs[best.index()]);
            let label = self.own.labels[id.index()].and_then(|class| self.own.classes.get(class.index()));
            right += usize::from(label == Some(class));
            if self.is_jsonl {
                let mut row = json!({ "id": name, "class": class, "probability": probability });
                if self.probs {
                    let probs = self.about.classes.iter().cloned().zip(probs.iter().map(|p| Value::from(*p)));
                    row["probs"] = Value::Object(probs.collect::<Map<_, _>>());
                }
                piece.extend(row.to_string().into_bytes());
                piece.push(b'\n');
            } else {
                let all = probs.iter().filter(|_| self.probs).map(f64::to_string);
                let row = [name.clone(), class.clone(), probability.to_string()];
                piece.extend(csv_row(row.into_iter().chain(all)));
            }
        }
        write(&piece)?;
        Ok(right)
    }
}
