//! What needs a runtime for ONNX.

use super::{Preprocess, Pretrained};
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use deepal_data::Error as DataError;
use deepal_data::datasets::Downloads;
use deepal_data::source::{Inputs, Resize, Source, Transform};
use deepal_data::stores::embeddings::EmbeddingStore;
use deepal_onnx::Extractor;
use ndarray::Array2;
use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Items that are embedded between two writes to the cache: a killed program loses at most these.
const BATCH: usize = 64;
/// Items that are embedded together at first, and then twice as many while that takes less than [`PATIENCE`].
const FIRST: usize = 8;
/// How often the progress is told at least, where the model is fast enough.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait before looking again whether a cache is free.
const WAIT: Duration = Duration::from_millis(100);
/// How pretrained nets mostly want their colours: ImageNet's mean and deviation, 0 to 255.
const IMAGENET: [[f32; 3]; 2] = [[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]];

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
    output: Option<String>,
}

/// The pretrained net in a file, with everything that is left out.
pub(super) fn resolve(path: &Path, preprocess: &Preprocess) -> Result<Pretrained> {
    let sha256 = sha256(path).context("`model`")?;
    let preset = preset(path, preprocess)?;
    let size = match preprocess.size.as_slice() {
        [] => preset.size,
        [side] => Some([*side; 2]),
        [height, width] => Some([*height, *width]),
        _ => bail!(Error::Setting("`size` takes one number or two, height and width".into())),
    };
    let output = preprocess.output.clone().or(preset.output);
    let extractor = Extractor::load(path, size.map(|[height, width]| [3, height, width]), output.as_deref())?;
    let [channels, height, width] = extractor.shape();
    let numbers = |setting: &str, given: &[f32], preset: &[f32], default: [f32; 3], as_is: f32| {
        let values = if given.is_empty() { preset } else { given };
        match values.len() {
            // A net that takes colours as they are scales them itself.
            0 if extractor.takes_bytes() => Ok(vec![as_is; channels]),
            0 if channels == 3 => Ok(default.to_vec()),
            0 => Ok(vec![default.iter().sum::<f32>() / 3.0; channels]),
            1 => Ok(vec![values[0]; channels]),
            n if n == channels => Ok(values.to_vec()),
            n => Err(Error::Setting(format!(
                "`{setting}` has {n} numbers, and the model takes {channels} channels"
            ))),
        }
    };
    let image = if (height, width) == (1, 1) {
        None
    } else {
        let image = Transform {
            size: [height, width],
            channels,
            resize: preprocess.resize.or(preset.resize).unwrap_or_default(),
            mean: numbers("mean", &preprocess.mean, &preset.mean, IMAGENET[0], 0.0)?,
            std: numbers("std", &preprocess.std, &preset.std, IMAGENET[1], 1.0)?,
        };
        image.check().map_err(|error| Error::Setting(error.to_string()))?;
        Some(image)
    };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    Ok(Pretrained { path, sha256, image, output })
}

fn preset(model: &Path, preprocess: &Preprocess) -> Result<Preset> {
    let beside = model.with_extension("toml");
    let path = match &preprocess.file {
        Some(path) => path,
        None if beside.is_file() => &beside,
        None => return Ok(Preset::default()),
    };
    let text =
        std::fs::read_to_string(path).map_err(|cause| DataError::Read { path: path.clone(), cause })?;
    let preset = toml::from_str(&text);
    preset.map_err(|error: toml::de::Error| {
        Error::Setting(format!("`{}`: {}", path.display(), error.to_string().trim_end()))
    })
}

/// The same samples with embeddings for inputs.
pub(super) fn embed(mut own: Source, model: &Pretrained, monitor: &Monitor<'_>) -> Result<Source> {
    let hint = model.image.as_ref().map(Transform::shape);
    monitor.progress("loading the model", 0, 1);
    let extractor = Extractor::load(&model.path, hint, model.output.as_deref())?;
    monitor.progress("loading the model", 1, 1);
    if extractor.outputs().len() > 1 {
        let others = extractor.outputs().iter().filter(|name| *name != extractor.output());
        own.notes.push(format!(
            "the output `{}` of model `{}` is used, not {}; `output` names another",
            extractor.output(),
            model.path.display(),
            others.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ));
    }
    if own.inputs.shape() != extractor.shape() {
        bail!(Error::Setting(format!(
            "the samples of `{}` have the shape {:?}, and model `{}` takes {:?}",
            own.name,
            own.inputs.shape(),
            model.path.display(),
            extractor.shape()
        )));
    }
    let mut store = open_store(&model.key()?, extractor.width(), monitor)?;
    let (n, width) = (own.ids.len(), extractor.width());
    let digests = digests(own.inputs.as_ref(), &|done| monitor.progress("looking for embeddings", done, n))?;
    let mut missing = Vec::new();
    let mut asked = std::collections::HashSet::new();
    for (row, digest) in digests.iter().enumerate() {
        if !store.contains(digest) && asked.insert(*digest) {
            missing.push(row);
        }
    }
    let mut step = FIRST;
    for (batch, rows) in missing.chunks(BATCH).enumerate() {
        let mut computed = Vec::with_capacity(rows.len() * width);
        while computed.len() < rows.len() * width {
            let at = computed.len() / width;
            monitor.progress("embedding", batch * BATCH + at, missing.len());
            let started = Instant::now();
            let piece = &rows[at..rows.len().min(at + step)];
            let embeddings = extractor.embed(&own.inputs.inputs(piece)?);
            computed.extend(embeddings.map_err(|error| name_sample(error, &model.path, piece, &own.ids))?);
            if started.elapsed() < PATIENCE {
                step = BATCH.min(2 * step);
            }
        }
        let items = rows.iter().zip(computed.chunks_exact(width));
        store.add(items.map(|(row, embedding)| (digests[*row], embedding))).with_context(|| {
            let kept = batch * BATCH;
            format!(
                "{kept} of {} embeddings were computed and are cached; run the same command again to resume",
                missing.len()
            )
        })?;
    }
    monitor.progress("embedding", missing.len(), missing.len());
    let mut embeddings = Array2::zeros((n, width));
    for (digest, mut embedding) in digests.iter().zip(embeddings.outer_iter_mut()) {
        let is_there =
            embedding.as_slice_mut().map_or(Ok(false), |embedding| store.get(digest, embedding))?;
        if !is_there {
            bail!(Error::Failed(
                "an embedding that was just written is not in the cache; run it again".into()
            ));
        }
    }
    own.notes.push(match missing.len() {
        0 => format!("loaded all {n} embeddings of {width} numbers from the cache"),
        computed => format!(
            "computed {computed} of {n} embeddings of {width} numbers, loaded the rest from the cache"
        ),
    });
    let stem = model.path.file_stem().unwrap_or_default().to_string_lossy();
    own.name = format!("{}@{stem}", own.name);
    own.original = Some(std::mem::replace(&mut own.inputs, Arc::new(embeddings)));
    Ok(own)
}

/// The cache of a net's embeddings. While another process writes to it, this waits.
fn open_store(key: &str, width: usize, monitor: &Monitor<'_>) -> Result<EmbeddingStore> {
    let cache = Downloads::default().cache()?;
    let mut is_told = false;
    loop {
        match EmbeddingStore::open(&cache, key, width) {
            Err(DataError::Locked { .. }) if !monitor.is_stopped() => {}
            opened => return Ok(opened?),
        }
        if !is_told {
            monitor.note("waiting for another command that embeds with the same model");
            is_told = true;
        }
        std::thread::sleep(WAIT);
    }
}

/// The same error, with the id of the sample whose features are not finite.
fn name_sample(error: deepal_onnx::Error, model: &Path, rows: &[usize], ids: &[String]) -> Error {
    match error {
        deepal_onnx::Error::Core(deepal_core::Error::NotFinite { row, value, .. }) if row < rows.len() => {
            let why = format!(
                "gives {value} for `{}`; check that the sample is whole and that `mean` and `std` are the model's, or remove the sample",
                ids[rows[row]]
            );
            DataError::Unfit { path: model.into(), why }.into()
        }
        error => error.into(),
    }
}

/// The digest of every item, in parallel.
fn digests(inputs: &dyn Inputs, progress: &(dyn Fn(usize) + Sync)) -> Result<Vec<[u8; 32]>> {
    let done = AtomicUsize::new(0);
    let digest = |row| {
        let digest = inputs.digest(row);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        digest
    };
    Ok((0..inputs.len()).into_par_iter().map(digest).collect::<Result<_, DataError>>()?)
}

impl Pretrained {
    /// Stands for the net and what it is fed: embeddings of another are other ones.
    fn key(&self) -> Result<String> {
        let image = self.image.as_ref().map(toml::to_string).transpose();
        let image = image.map_err(|error| Error::Failed(error.to_string()))?.unwrap_or_default();
        let output = self.output.as_ref().map(|output| format!("\noutput {output}")).unwrap_or_default();
        let hash = Sha256::digest(format!("{}\n{image}{output}", self.sha256));
        Ok(hex(&hash[..8]))
    }
}

/// Of the files of a net, one after the other, in hexadecimal.
pub(super) fn sha256(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for path in deepal_onnx::files(path)? {
        hash.update(std::fs::read(&path).map_err(|cause| DataError::Read { path, cause })?);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
