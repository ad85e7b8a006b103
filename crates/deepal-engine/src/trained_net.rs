//! A trained net in a file: which net it is, and what it must be fed.

use crate::config::Task;
use crate::error::{Context, Result, bail};
use crate::pretrained::Pretrained;
use deepal_core::{Meta, StateDict, TrainedNet};
use deepal_data::Error as DataError;
use deepal_data::source::{Encoding, Source, Transform};
use deepal_data::stores::weights;
use deepal_nn::nets::{self, Options};
use deepal_nn::{Device, Training};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All that there is to know of a net besides its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name, with settings.
    pub net: String,
    /// How it was trained.
    pub training: Option<Training>,
    /// The data set that it learnt from.
    pub dataset: String,
    /// The names of its classes.
    pub classes: Vec<String>,
    /// The shape of its inputs.
    pub shape: [usize; 3],
    /// How pictures become its inputs, where they do.
    pub image: Option<Transform>,
    /// How many of their 16 bits the pictures used that it learnt from, if some had 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// What makes embeddings for it.
    pub model: Option<Moved>,
    /// How rows of a table become its inputs, or those of `model`, where they owe something to the rows that it learnt from.
    pub encoding: Option<Encoding>,
    /// The ids of the samples that it learnt from, sorted; empty where they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learnt_from: Vec<String>,
}

/// How samples of a user's own data become inputs, besides their shape.
#[derive(Debug, Clone, Default)]
pub struct Preparation {
    /// How pictures become inputs.
    pub image: Option<Transform>,
    /// How many of their 16 bits pictures use, if some have 16.
    pub bits: Option<u32>,
    /// How rows of a table become inputs.
    pub encoding: Option<Encoding>,
}

/// A pretrained net that may have moved: its content says which it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// Its file's name.
    pub name: String,
    /// Of its files, one after the other, in hexadecimal.
    pub sha256: String,
    /// Where it was.
    pub path: PathBuf,
    /// How pictures become its inputs; `None` for a net of vectors.
    pub image: Option<Transform>,
    /// The output that holds the features; `None`: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl From<&Pretrained> for Moved {
    fn from(model: &Pretrained) -> Self {
        let Pretrained { path, sha256, image, output } = model.clone();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, sha256, path, image, output }
    }
}

impl Moved {
    /// The model where it is now, or else where it was.
    ///
    /// # Errors
    /// It is not there, or another one is.
    pub fn find(&self, now: Option<&Path>) -> Result<Pretrained> {
        let Self { name, sha256, path, image, output } = self;
        let path = now.unwrap_or(path);
        if now.is_none() && !path.is_file() {
            let why = "is gone, and the net learnt from its embeddings; say with `model` where it is now";
            bail!(DataError::Unfit { path: path.into(), why: why.into() });
        }
        let found = Pretrained::sha256(path)?;
        if found != *sha256 {
            let why = format!(
                "is another model than the one whose embeddings were learnt from, `{name}`: its SHA-256 is {found}, and that of \
                 `{name}` {sha256}; say with `model` where that is"
            );
            bail!(DataError::Unfit { path: path.into(), why });
        }
        Ok(Pretrained { path: path.into(), sha256: found, image: image.clone(), output: output.clone() })
    }
}

impl About {
    /// The net of a task that learnt from samples as `meta` says, made into inputs as `preparation` says.
    pub fn new(task: &Task, meta: &Meta, preparation: Preparation) -> Self {
        let Preparation { image, bits, encoding } = preparation;
        let model = task.own.as_ref().and_then(|own| own.model.as_ref()).map(Moved::from);
        let image = image.or_else(|| of_range(meta)).filter(|_| model.is_none());
        Self {
            net: task.net.clone(),
            training: task.training,
            dataset: task.dataset.clone(),
            classes: meta.classes.clone(),
            shape: meta.shape,
            image,
            bits,
            model,
            encoding,
            learnt_from: Vec::new(),
        }
    }

    /// A net that learnt from samples of a source; `model` is the pretrained net whose embeddings they were, if they were.
    pub fn of_source(source: &Source, net: &str, training: Training, model: Option<&Pretrained>) -> Self {
        let meta = source.meta();
        let image = source.manifest.image.clone().or_else(|| of_range(&meta)).filter(|_| model.is_none());
        Self {
            net: net.into(),
            training: Some(training),
            dataset: source.name.clone(),
            shape: meta.shape,
            classes: meta.classes,
            image,
            bits: source.manifest.bits,
            model: model.map(Moved::from),
            encoding: source.encoding.clone(),
            learnt_from: Vec::new(),
        }
    }

    /// What is wrong with it, for a net with so many weights.
    fn check(&self, weights: usize) -> Result<(), String> {
        // A net has a weight for each input at least, and one for each class: nothing larger is ever built.
        let inputs = self.shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        if !inputs.is_some_and(|inputs| (1..=weights).contains(&inputs)) {
            return Err(format!("has too few weights for inputs of the shape {:?}", self.shape));
        }
        if !(1..=weights).contains(&self.classes.len()) {
            return Err(format!("has too few weights for {} classes", self.classes.len()));
        }
        if let Some(image) = &self.image {
            image.check().map_err(|error| error.to_string())?;
            if image.shape() != self.shape {
                return Err(format!("makes pictures {:?} for a net of {:?}", image.shape(), self.shape));
            }
        }
        if let Some(model) = &self.model
            && let Some(image) = &model.image
        {
            image.check().map_err(|error| error.to_string())?;
        }
        if let Some(encoding) = &self.encoding {
            encoding.check()?;
            let width = encoding.width();
            if self.model.is_none() && self.shape != [width, 1, 1] {
                return Err(format!("makes {width} inputs of a row for a net of {:?}", self.shape));
            }
        }
        Ok(())
    }

    fn load(&self, state: StateDict) -> deepal_core::Result<Arc<dyn TrainedNet>> {
        let (name, classes) = (self.dataset.clone(), self.classes.clone());
        let meta = Meta { name, shape: self.shape, classes, range: Vec::new() };
        let training = self.training.unwrap_or_else(Training::adaptive);
        let options = Options { training, device: Device::default() };
        nets::build(&self.net, &meta, &options)?.load_state_dict(&meta, state)
    }
}

/// Writes a net, whole or not at all.
///
/// # Errors
/// A net that does not give its weights, or a file that cannot be written.
pub fn write(path: &Path, about: &About, net: &dyn TrainedNet) -> Result<()> {
    Ok(weights::write(path, about, &net.state_dict()?)?)
}

/// The net of a file, trained.
///
/// # Errors
/// A file that cannot be read, or that is not as it should be.
pub(crate) fn read(path: &Path) -> Result<(About, Arc<dyn TrainedNet>)> {
    let (about, state) = weights::read::<About>(path).context("`net`")?;
    let wrong = |why: String| DataError::Weights { path: path.into(), why };
    about.check(state.iter().map(|(_, array)| array.len()).sum()).map_err(wrong)?;
    let loaded = about.load(state).map_err(|error| wrong(error.to_string()))?;
    Ok((about, loaded))
}

/// How pictures become inputs in a known range, as those of the data sets of the list do.
fn of_range(meta: &Meta) -> Option<Transform> {
    let [channels, height, width] = meta.shape;
    if !matches!(channels, 1 | 3) || height < 2 || width < 2 || meta.range.len() != channels {
        return None;
    }
    let std = meta.range.iter().map(|(least, greatest)| 255.0 / (greatest - least)).collect::<Vec<_>>();
    let mean = meta.range.iter().zip(&std).map(|((least, _), std)| -least * std).collect();
    Some(Transform { mean, std, ..Transform::new([height, width], channels) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_how_bytes_become_inputs() {
        for entry in deepal_data::datasets::ALL {
            let scale = |byte: f32, channel: usize| {
                (byte / 255.0 - entry.scale.mean[channel]) / entry.scale.std[channel]
            };
            let range =
                (0..entry.shape[0]).map(|channel| (scale(0.0, channel), scale(255.0, channel))).collect();
            let meta = Meta { name: entry.name.into(), shape: entry.shape, classes: Vec::new(), range };
            let image = of_range(&meta).unwrap();
            assert_eq!(image.shape(), entry.shape);
            for (channel, (mean, std)) in image.mean.iter().zip(&image.std).enumerate() {
                for byte in [0.0, 77.0, 255.0] {
                    let (ours, theirs) = ((byte - mean) / std, scale(byte, channel));
                    assert!((ours - theirs).abs() < 1e-5, "{}: {ours} for {theirs}", entry.name);
                }
            }
        }
        let meta = Meta {
            name: "vectors".into(),
            shape: [3, 1, 1],
            classes: Vec::new(),
            range: vec![(0.0, 1.0); 3],
        };
        assert_eq!(of_range(&meta), None);
    }
}
