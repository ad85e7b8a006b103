//! [`Manifest`]: what a user says about a source, in `data.toml`.

use super::{ClassesFrom, Resize, Scaling, Transform};
use crate::error::{Error, Result};
use crate::files;
use crate::formats::columns::Layout;
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
# classes_from = "labels"      "folders": sub-folders are classes; "labels": they are dates or batches, and classes are in `labels`
# text = "body"                the column with texts
# vocabulary = 2000            the most words that are counted in texts
# components = 128             principal components of texts, or those of categories that count fully; 0 leaves them as they are
# features = ["x*", "y"]       the columns or the key with the features; * stands for any letters
# split = "part"               the column that says train or test
# scale = "even"               lists of numbers: "even" divides all by one number, "standard" each by its deviation, "none" neither; given, no column becomes ranks
# missing = ["-1", "unknown"]  more words that mean a missing value; numbers among them count for labels alone
# separator = ";"              what is between the cells of a text table, one character
# decimal = ","                the sign before decimals in a text table, "." or ","
# heading = true               whether the first row of a text table holds the columns' names
# test_fraction = 0.2          the share of the labelled samples that is kept for the test, where nothing else says which
# bits = 12                    how many of its 16 bits a picture uses; fewer are stretched
# max_pixels = 100000000       the most pixels of a picture; larger ones are skipped
# max_bytes = 268435456        the most bytes of a picture's file, unpacked; larger ones are skipped
# max_unpacked = 4294967296    the most bytes that a packed table (.gz) or array (.gz, .npz) may become
#
# [image]                      how pictures become inputs
# size = [32, 32]              height and width in pixels
# channels = 3                 1 for grey, 3 for colour
# resize = "crop"              a picture of another shape: "crop" its middle, "squash" all of it, "pad" with black borders
# mean = [127.5, 127.5, 127.5] what is subtracted from each channel, 0 to 255
# std = [63.75, 63.75, 63.75]  what it is divided by after that
#
# [model]                      a pretrained net whose embeddings nets see in the place of the samples
# file = "features.onnx"       relative to this file; beside it size, resize, mean, std as of [image] and output, where the net does not say them
"#;

/// What a user says about a source. Everything but the source is optional; the rest is inferred.
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
    /// Where the classes of pictures come from [default: folders, unless their names or the labels say otherwise].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes_from: Option<ClassesFrom>,
    /// The column with texts, which become TF-IDF features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The most words in the vocabulary of texts [default: 2000].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<usize>,
    /// How many principal components texts become, or of a table of categories how many count fully; 0: none [default: up to 128 of
    /// texts; of categories those that vary more than by chance].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<usize>,
    /// The columns or the key with the features; `*` stands for any letters [default: all other columns].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The column that says `train` or `test`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// How lists of numbers are shifted and scaled [default: to mean 0, all divided by one number].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scaling>,
    /// More words that mean a missing value. Numbers among them, such as -1, count for labels alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What is between the cells of a text table, one character of ASCII [default: as it shows].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// The sign before decimals in a text table, `.` or `,` [default: as it shows].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// Whether the first row of a text table holds the columns' names [default: as it shows].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<bool>,
    /// The share of the labelled samples that is kept for the test, chosen by id, where nothing else says which
    /// [default: 0.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// How many of their 16 bits pictures use, 8 to 16 [default: as many as the largest value of all needs].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// The most pixels of a picture [default: [`MOST_PIXELS`](super::MOST_PIXELS)].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pixels: Option<u64>,
    /// The most bytes of a picture's file, unpacked if it is in an archive [default: [`MOST_BYTES`](super::MOST_BYTES)].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The most bytes that a packed table or array may become [default: [`MOST_UNPACKED`](crate::files::MOST_UNPACKED)].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unpacked: Option<u64>,
    /// How pictures become inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Transform>,
    /// A pretrained net whose embeddings nets see in the place of the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
}

/// A pretrained net, and how it wants its pictures where that is not its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its file, relative to the manifest.
    pub file: PathBuf,
    /// Height and width of pictures, or one number for both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub size: Vec<usize>,
    /// What is subtracted from each channel, 0 to 255.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f32>,
    /// What each channel is divided by after that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f32>,
    /// What becomes of a picture of another shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Which output holds the features, of a net with several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Manifest {
    /// The manifest of a source: itself if it is one (`.toml`), else the one that lies where [`path`](Self::path) says, else
    /// one that says nothing. The second is the folder that its paths are relative to.
    ///
    /// # Errors
    /// A file that cannot be read, is no manifest, or is a link that leads out of the source.
    pub fn of(source: &Path) -> Result<(Self, PathBuf)> {
        let is_manifest = source.extension().is_some_and(|extension| extension == "toml");
        let path = if is_manifest { source.to_owned() } else { Self::path(source) };
        if !is_manifest && !path.exists() {
            let manifest = Self { source: source.into(), ..Self::default() };
            return Ok((manifest, PathBuf::new()));
        }
        if !is_manifest && source.is_dir() && files::leads_out(&path, source) {
            return Err(Error::unfit(
                path,
                "is a link that leads out of the source, which is not followed; put the file itself there, or name it as the source",
            ));
        }
        let text = files::read_text(&path)?;
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
        if let Some(bits) = self.bits.filter(|bits| !(8..=16).contains(bits)) {
            return wrong(format!("bits must be 8 to 16, got {bits}"));
        }
        for (key, most) in [
            ("max_pixels", self.max_pixels),
            ("max_bytes", self.max_bytes),
            ("max_unpacked", self.max_unpacked),
        ] {
            if most == Some(0) {
                return wrong(format!("{key} must be at least 1"));
            }
        }
        if let Some(decimal) = self.decimal.filter(|decimal| !matches!(decimal, '.' | ',')) {
            return wrong(format!("decimal must be \".\" or \",\", got \"{decimal}\""));
        }
        self.layout().map(drop).map_err(|_| {
            let why = "separator must be one character of ASCII other than a quote or a line's end".into();
            Error::Unfit { path: path.into(), why }
        })?;
        self.image.iter().try_for_each(Transform::check)
    }

    /// How its text tables are written, as far as that is said.
    pub(super) fn layout(&self) -> Result<Layout> {
        let byte = |separator: char| {
            let byte =
                u8::try_from(separator).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte));
            byte.ok_or_else(|| Error::unfit(&self.source, "cannot have this separator"))
        };
        let separator = self.separator.map(byte).transpose()?;
        let (decimal, heading, missing) = (self.decimal, self.heading, self.missing.clone());
        Ok(Layout { separator, decimal, heading, missing, max_unpacked: self.max_unpacked })
    }

    /// The most bytes that a packed file may become.
    pub(super) fn most_unpacked(&self) -> u64 {
        self.max_unpacked.unwrap_or(files::MOST_UNPACKED)
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
