//! [`Manifest`]: what a user says about a source, in `data.toml`.

use super::Transform;
use crate::error::{Error, Result};
use crate::files;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What each key means, as comments in TOML.
const KEYS: &str = r#"
# What could be said here; keys above [image], each once:
#
# name = "pets"                the name in results
# source = "pictures"          the folder, archive or file, relative to this file
# id = "key"                   the column, key or file (.npy, .txt) with the ids of the samples
# label = "class"              the column, key or file (.npy, IDX) with the classes, where they are part of the source
# labels = "labels.csv"        a table of ids and classes, relative to this file
# classes = ["cat", "dog"]     all classes, also those that no sample has yet
# text = "body"                the column with texts
# vocabulary = 2000            the most words that are counted in texts
# features = ["x*", "y"]       the columns or the key with the features; * stands for any letters
# split = "part"               the column that says train or test
# test_fraction = 0.2          the share of the labelled samples that is kept for the test, where nothing else says which
#
# [image]                      how pictures become inputs
# size = [32, 32]              height and width in pixels
# channels = 3                 1 for grey, 3 for colour
# resize = "crop"              a picture of another shape: "crop" its middle, "squash" all of it, "pad" with black borders
# mean = [127.5, 127.5, 127.5] what is subtracted from each channel, 0 to 255
# std = [63.75, 63.75, 63.75]  what it is divided by after that
"#;

/// What a user says about a source. Everything but the source may be left out: then it is told from what is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name in results [default: that of the source].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder, archive or file, relative to the manifest.
    pub source: PathBuf,
    /// The column (of a table) or key (of an archive of arrays) or file (`.npy`, `.txt`, one id a line) with the ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The column, key or file (`.npy`, IDX) with the classes, where they are part of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A table of ids and classes, relative to the manifest [default: `labels.csv` in the folder, if there is one].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<PathBuf>,
    /// All classes, also those that no sample has yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The column with texts, which become TF-IDF features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The most words in the vocabulary of texts [default: 2000].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<usize>,
    /// The columns or the key with the features; `*` stands for any letters [default: all other columns].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The column that says `train` or `test`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// The share of the labelled samples that is kept for the test, chosen by id, where nothing else says which
    /// [default: 0.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// How pictures become inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Transform>,
}

impl Manifest {
    /// The manifest of a source: itself if it is one (`.toml`), else the one that lies where [`path`](Self::path) says, else
    /// one that says nothing. The second is the folder that its paths are relative to.
    ///
    /// # Errors
    /// A file that cannot be read or is no manifest.
    pub fn of(source: &Path) -> Result<(Self, PathBuf)> {
        let is_manifest = source.extension().is_some_and(|extension| extension == "toml");
        let path = if is_manifest { source.to_owned() } else { Self::path(source) };
        if !is_manifest && !path.exists() {
            let manifest = Self { source: source.into(), ..Self::default() };
            return Ok((manifest, PathBuf::new()));
        }
        let text = std::fs::read_to_string(&path).map_err(Error::read(&path))?;
        let manifest = toml::from_str::<Self>(&text)
            .map_err(|error| Error::Unfit { path: path.clone(), why: error.to_string().trim_end().into() })?;
        manifest.check(&path)?;
        Ok((manifest, path.parent().unwrap_or(Path::new("")).into()))
    }

    /// Where the manifest of a source lies: `data.toml` in a folder, `SOURCE.data.toml` beside a file.
    pub fn path(source: &Path) -> PathBuf {
        if source.is_dir() { source.join("data.toml") } else { files::with_suffix(source, ".data.toml") }
    }

    fn check(&self, path: &Path) -> Result<()> {
        let wrong = |why: String| Err(Error::Unfit { path: path.into(), why });
        if let Some(fraction) = self.test_fraction.filter(|fraction| !(*fraction > 0.0 && *fraction < 1.0)) {
            return wrong(format!("test_fraction must be above 0 and below 1, got {fraction}"));
        }
        if let Some((i, class)) =
            self.classes.iter().enumerate().find(|(i, class)| self.classes[..*i].contains(class))
        {
            return wrong(format!("class `{class}` is named twice, at place {} too", i + 1));
        }
        if self.vocabulary == Some(0) {
            return wrong("vocabulary must be at least 1".into());
        }
        self.image.iter().try_for_each(Transform::check)
    }

    /// As TOML, to be edited: comments at its end say what each key means.
    ///
    /// # Errors
    /// A path that is not UTF-8.
    pub fn to_toml(&self) -> Result<String> {
        let toml = toml::to_string(self)
            .map_err(|error| Error::Unfit { path: self.source.clone(), why: error.to_string() })?;
        Ok(format!("{toml}{KEYS}"))
    }
}
