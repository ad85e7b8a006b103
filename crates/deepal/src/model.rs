//! Pretrained nets: their options, and a source with embeddings for its inputs.

use crate::exit::Usage;
use crate::progress::{self, Counter};
use anyhow::{Context, bail};
use clap::Args;
use deepal::Source;
use deepal_data::own::{Inputs, Open, Own, Resize, Transform};
use deepal_data::{EmbeddingStore, Error};
use deepal_onnx::Extractor;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Items that are embedded between two writes to the cache: a killed program loses at most these.
const BATCH: usize = 64;
/// How pretrained nets mostly want their colours: ImageNet's mean and deviation, 0 to 255.
const IMAGENET: [[f32; 3]; 2] = [[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]];

/// A pretrained net, and how it wants its pictures.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pretrained net")]
pub(crate) struct ModelArgs {
    /// A feature extractor in ONNX; what it makes of the samples, computed once and kept, is what nets then see
    #[arg(long, value_name = "FEATURES.onnx")]
    pub(crate) model: Option<PathBuf>,
    /// A TOML file with `size`, `mean`, `std` or `resize` for pictures; options win [default: FEATURES.toml beside the model,
    /// if there is one]
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(crate) preprocess: Option<PathBuf>,
    /// Height and width of pictures, for a model that takes any
    #[arg(long, value_name = "H,W", value_delimiter = ',', requires = "model")]
    pub(crate) size: Vec<usize>,
    /// What is subtracted from each channel, 0 to 255; one number or three [default: ImageNet's, 123.675,116.28,103.53]
    #[arg(
        long,
        value_name = "R,G,B",
        value_delimiter = ',',
        allow_negative_numbers = true,
        requires = "model"
    )]
    pub(crate) mean: Vec<f32>,
    /// What each channel is divided by after that [default: ImageNet's, 58.395,57.12,57.375]
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "model")]
    pub(crate) std: Vec<f32>,
    /// What becomes of a picture of another shape: its middle, all of it stretched, or all of it with borders [default: crop]
    #[arg(long, value_name = "HOW", requires = "model")]
    pub(crate) resize: Option<ResizeName>,
}

/// [`Resize`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ResizeName {
    /// The largest part in the middle that has the shape
    Crop,
    /// All of it, stretched
    Squash,
    /// All of it, with black borders
    Pad,
}

/// What a preset file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    size: Option<[usize; 2]>,
    #[serde(default)]
    mean: Vec<f32>,
    #[serde(default)]
    std: Vec<f32>,
    resize: Option<Resize>,
}

/// A pretrained net as settings keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    pub(crate) path: PathBuf,
    /// Of its files, one after the other, in hexadecimal.
    pub(crate) sha256: String,
    /// How pictures become its inputs; `None` for a net of vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<Transform>,
}

impl ModelArgs {
    /// The net that the options name, with everything that they leave out.
    pub(crate) fn resolve(&self) -> anyhow::Result<Option<Model>> {
        let Some(path) = &self.model else { return Ok(None) };
        let sha256 = sha256(path).context("`--model`")?;
        let preset = self.preset(path)?;
        let size = match self.size.as_slice() {
            [] => preset.size,
            [side] => Some([*side; 2]),
            [height, width] => Some([*height, *width]),
            _ => bail!(Usage("`--size` takes one number or two, height and width".into())),
        };
        let extractor = Extractor::load(path, size.map(|[height, width]| [3, height, width]))?;
        let [channels, height, width] = extractor.shape();
        let numbers = |option: &str, given: &[f32], preset: &[f32], default: [f32; 3]| {
            let values = if given.is_empty() { preset } else { given };
            match values.len() {
                0 if channels == 3 => Ok(default.to_vec()),
                0 => Ok(vec![default.iter().sum::<f32>() / 3.0; channels]),
                1 => Ok(vec![values[0]; channels]),
                n if n == channels => Ok(values.to_vec()),
                n => Err(Usage(format!(
                    "`--{option}` has {n} numbers, and the model takes {channels} channels"
                ))),
            }
        };
        let image = if (height, width) == (1, 1) {
            None
        } else {
            let image = Transform {
                size: [height, width],
                channels,
                resize: self.resize.map(Into::into).or(preset.resize).unwrap_or_default(),
                mean: numbers("mean", &self.mean, &preset.mean, IMAGENET[0])?,
                std: numbers("std", &self.std, &preset.std, IMAGENET[1])?,
            };
            image.check().map_err(|error| Usage(error.to_string()))?;
            Some(image)
        };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Ok(Some(Model { path, sha256, image }))
    }

    fn preset(&self, model: &Path) -> anyhow::Result<Preset> {
        let beside = model.with_extension("toml");
        let path = match &self.preprocess {
            Some(path) => path,
            None if beside.is_file() => &beside,
            None => return Ok(Preset::default()),
        };
        let text =
            std::fs::read_to_string(path).map_err(|cause| Error::Read { path: path.clone(), cause })?;
        let preset = toml::from_str(&text);
        Ok(preset
            .map_err(|error| Usage(format!("`{}`: {}", path.display(), error.to_string().trim_end())))?)
    }
}

impl From<ResizeName> for Resize {
    fn from(name: ResizeName) -> Self {
        match name {
            ResizeName::Crop => Self::Crop,
            ResizeName::Squash => Self::Squash,
            ResizeName::Pad => Self::Pad,
        }
    }
}

/// The samples of a source, told on the way. With a model their inputs are its embeddings, and the name is `NAME@MODEL`; what
/// `open` says of pictures is then the model's to say.
pub(crate) fn open(source: &Path, model: Option<&Model>, open: &Open<'_>) -> anyhow::Result<Own> {
    let counter = Counter::new("reading samples");
    let progress = |done, total| counter.show(done, total);
    let open = match model {
        Some(model) => Open { progress: &progress, cache_bytes: 0, image: model.image.as_ref(), ..*open },
        None => Open { progress: &progress, ..*open },
    };
    let own = Own::open(source, &open)?;
    counter.end();
    match model {
        Some(model) => embed(own, model),
        None => Ok(own),
    }
}

/// The same without copies of other samples and without constant ones; `share`: how near copies are, see
/// [`Own::duplicates`].
pub(crate) fn without_copies(mut own: Own, share: f64) -> anyhow::Result<Own> {
    let counter = Counter::new("looking for copies");
    let found = own.duplicates(share, &|done, total| counter.show(done, total)).context("`--dedup`")?;
    counter.end();
    own.notes.extend(found.notes(&own));
    Ok(own.without(&found))
}

/// The same samples with embeddings for inputs.
fn embed(mut own: Own, model: &Model) -> anyhow::Result<Own> {
    let extractor = Extractor::load(&model.path, model.image.as_ref().map(Transform::shape))?;
    if own.inputs.shape() != extractor.shape() {
        bail!(Usage(format!(
            "the samples of `{}` have the shape {:?}, and model `{}` takes {:?}",
            own.name,
            own.inputs.shape(),
            model.path.display(),
            extractor.shape()
        )));
    }
    let mut store = EmbeddingStore::open(&Source::default().cache()?, &model.key()?, extractor.width())?;
    let (n, width) = (own.ids.len(), extractor.width());
    let counter = Counter::new("looking for embeddings");
    let digests = digests(own.inputs.as_ref(), &|done| counter.show(done, n))?;
    counter.end();
    let mut missing = Vec::new();
    let mut asked = std::collections::HashSet::new();
    for (row, digest) in digests.iter().enumerate() {
        if !store.contains(digest) && asked.insert(*digest) {
            missing.push(row);
        }
    }
    let counter = Counter::new("embedding");
    for (batch, rows) in missing.chunks(BATCH).enumerate() {
        let embeddings = extractor.embed(&own.inputs.inputs(rows)?)?;
        let items = rows.iter().zip(embeddings.outer_iter());
        let items = items.filter_map(|(row, embedding)| Some((digests[*row], embedding.to_slice()?)));
        store.add(items).with_context(|| {
            let kept = batch * BATCH;
            format!(
                "{kept} of {} embeddings were computed and are kept, the same command goes on",
                missing.len()
            )
        })?;
        counter.show(batch * BATCH + rows.len(), missing.len());
    }
    counter.end();
    let mut embeddings = Array2::zeros((n, width));
    for (digest, mut embedding) in digests.iter().zip(embeddings.outer_iter_mut()) {
        let is_there =
            embedding.as_slice_mut().map_or(Ok(false), |embedding| store.get(digest, embedding))?;
        anyhow::ensure!(is_there, "an embedding that was just written is not in the cache; run it again");
    }
    own.notes.push(format!(
        "{} of {n} embeddings of {width} numbers were computed, the others were in the cache",
        missing.len()
    ));
    let stem = model.path.file_stem().unwrap_or_default().to_string_lossy();
    own.name = format!("{}@{stem}", own.name);
    own.original = Some(std::mem::replace(&mut own.inputs, Arc::new(embeddings)));
    Ok(own)
}

/// The digest of every item, in parallel.
fn digests(inputs: &dyn Inputs, progress: &(dyn Fn(usize) + Sync)) -> anyhow::Result<Vec<[u8; 32]>> {
    use rayon::prelude::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let done = AtomicUsize::new(0);
    let digest = |row| {
        let digest = inputs.digest(row);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        digest
    };
    Ok((0..inputs.len()).into_par_iter().map(digest).collect::<Result<_, _>>()?)
}

impl Model {
    /// Stands for the net and what it is fed: embeddings of another are other ones.
    fn key(&self) -> anyhow::Result<String> {
        let image = self.image.as_ref().map(toml::to_string).transpose()?.unwrap_or_default();
        let hash = Sha256::digest(format!("{}\n{image}", self.sha256));
        Ok(hex(&hash[..8]))
    }
}

/// Of the files of a net, one after the other, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for path in deepal_onnx::files(path)? {
        hash.update(std::fs::read(&path).map_err(|cause| Error::Read { path, cause })?);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tells what was noticed in a source.
pub(crate) fn tell(own: &Own) {
    for note in &own.notes {
        progress::say(&format!("{}: {note}", own.name));
    }
    if let Some(first) = own.problems.first() {
        progress::say(&format!(
            "warning: {} in {} could not be used, the first: {} {}; `deepal data inspect` lists all",
            crate::words::count(own.problems.len(), "item", "items"),
            own.name,
            first.what,
            first.why
        ));
    }
}
