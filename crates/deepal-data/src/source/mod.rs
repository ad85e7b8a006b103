//! A user's own data: a folder or archive of pictures, a table, arrays. The kind is inferred from the content.
//!
//! | module | what it reads |
//! | --- | --- |
//! | `images` | folders and zip archives of pictures; `folders` says what their folders mean |
//! | `table` | CSV, TSV, JSON lines and Parquet: numbers, categories, texts, embeddings, pictures; [`Encoding`] keeps what they owe to other rows |
//! | `roles` | what each column of a table is for |
//! | `labels`, `classes` | `labels.csv`, and what labels mean |
//! | `answers` | files of answers to questions about a source: tables, Label Studio's and Prodigy's |
//! | `arrays` | `.npy`, `.npz`, safetensors, IDX, CIFAR's binary format |
//! | `manifest` | `data.toml`, which says what cannot be seen |
//! | `digest` | what a source contains, as one number |
//!
//! Every sample has an id that stays the same when others come or go: its path in the folder, or what the id column
//! says. Labels belong to ids.

mod answers;
mod arrays;
mod cells;
mod classes;
mod components;
mod decode;
mod digest;
mod duplicates;
mod encoding;
mod features;
mod files;
mod folders;
mod images;
mod inputs;
mod labels;
mod limits;
mod manifest;
mod names;
mod order;
#[cfg(test)]
mod page;
mod principal;
mod ranks;
mod roles;
mod scale;
mod sheet;
mod show;
mod spelling;
mod table;
mod table_pictures;
#[cfg(test)]
mod tests;
mod text;
mod transform;

pub use answers::Said;
pub use components::Components;
pub use decode::picture_size;
pub use duplicates::{Duplicates, NEAR};
pub use encoding::{Encoding, Feature, How};
pub use folders::ClassesFrom;
pub use inputs::Inputs;
pub use limits::{MOST_BYTES, MOST_PIXELS};
pub use manifest::{Manifest, Model};
pub use names::would_be_read;
pub use order::order_by_id;
pub use roles::Role;
pub use scale::{Scale, Scaling};
pub use sheet::{MOST_CLASSES, SHEET};
pub use show::{Encoded, Pixels, Shown};
pub use text::Vocabulary;
pub use transform::{Resize, Transform};

use crate::error::{Error, Result};
use deepal_core::{Class, Data, Dataset, Meta};
use inputs::Rows;
use order::place;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The share of labelled samples that is kept for the test where nothing says which.
const TEST_FRACTION: f64 = 0.2;

/// How a source is opened.
#[derive(Clone, Copy)]
pub struct Open<'a> {
    /// Told how many of how many samples have been looked at.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// The most bytes of decoded pictures that are kept in memory.
    pub cache_bytes: usize,
    /// The most bytes that all pictures take together while they are decoded; one that needs more is decoded alone [default: 1 GiB].
    pub memory: Option<u64>,
    /// Instead of what the manifest or the pictures say: for a pretrained net.
    pub image: Option<&'a Transform>,
    /// How many of their 16 bits pictures use, instead of what the manifest or the pictures say: for a net that learnt from others.
    pub bits: Option<u32>,
    /// How rows of a table become inputs, instead of what suits these rows: for a net that learnt from another table.
    pub encoding: Option<&'a Encoding>,
    /// Whether lists of numbers are used as they are, whatever the manifest says: for a pretrained net, which scales them itself.
    pub unscaled: bool,
}

impl std::fmt::Debug for Open<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { progress: _, cache_bytes, memory, image, bits, encoding, unscaled } = self;
        let mut text = f.debug_struct("Open");
        text.field("cache_bytes", cache_bytes)
            .field("memory", memory)
            .field("image", image)
            .field("bits", bits);
        text.field("encoding", encoding).field("unscaled", unscaled);
        text.finish_non_exhaustive()
    }
}

impl Default for Open<'_> {
    /// Up to 256 MB of pictures, and nobody watches.
    fn default() -> Self {
        Self {
            progress: &|_, _| {},
            cache_bytes: 256 << 20,
            memory: None,
            image: None,
            bits: None,
            encoding: None,
            unscaled: false,
        }
    }
}

/// Which part of the data a sample belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The pool.
    Train,
    /// The test set.
    Test,
}

/// Something in a source that could not be used, or not as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, row or column.
    pub what: String,
    /// What is wrong with it, and what was done.
    pub why: String,
}

/// What a reader makes of one kind of source. All lists have one entry for each sample.
struct Found {
    /// What it is, in words, such as "folder of pictures".
    kind: String,
    ids: Vec<String>,
    /// The class of each, where it is known.
    labels: Vec<Option<String>>,
    /// The part of each, where the source says so.
    split: Vec<Option<Split>>,
    /// The classes that the source itself declares, in their order: sub-folders, empty ones too. Empty if it does not.
    classes: Vec<String>,
    inputs: Arc<dyn Inputs>,
    /// What the inputs of a row owe to the other rows, if they do.
    encoding: Option<Encoding>,
    /// What was skipped.
    problems: Vec<Problem>,
    /// What was done with the rest, a sentence each without its full stop, such as "3 missing values of `age` became its
    /// median, 31".
    notes: Vec<String>,
    /// How pictures become inputs, if they are pictures.
    image: Option<Transform>,
    /// How many of their 16 bits pictures use, if some have 16.
    bits: Option<u32>,
    /// The ids of samples that nobody is to be asked about again.
    skipped: Vec<String>,
    /// How many of the labels a strategy chose, as far as their table says.
    n_chosen: usize,
    /// What each column is for, of a table.
    roles: Vec<Role>,
    /// The table of labels that is packed with the source.
    table: Option<labels::Table>,
}

/// A user's own data, as understood.
#[derive(Clone)]
pub struct Source {
    /// Its name in results.
    pub name: String,
    /// The folder, archive or file that was read.
    pub path: PathBuf,
    /// What it is, in words.
    pub kind: String,
    /// The id of each sample; all are different.
    pub ids: Vec<String>,
    /// The class of each sample, where it is known.
    pub labels: Vec<Option<Class>>,
    /// The part of each sample, where that is said or chosen.
    pub split: Vec<Split>,
    /// All classes, in the order of [`Class`].
    pub classes: Vec<String>,
    /// The inputs of each sample.
    pub inputs: Arc<dyn Inputs>,
    /// What the inputs of a row owe to the other rows, such as the mean of a column. A net can only be used on inputs that were
    /// made by the one that it learnt from. `None` where each row is on its own.
    pub encoding: Option<Encoding>,
    /// What the inputs were before a pretrained net made embeddings of them.
    pub original: Option<Arc<dyn Inputs>>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// What was done with the rest, in sentences without full stop.
    pub notes: Vec<String>,
    /// The ids of samples that have an empty answer or `skip`, sorted: nobody is to be asked about them again.
    pub skipped: Vec<String>,
    /// How many of the labels a strategy chose, as far as `labels.csv` says; they are no random sample.
    pub n_chosen: usize,
    /// What each column of a table is for; empty for other sources.
    pub roles: Vec<Role>,
    /// All of this as a manifest, to be edited.
    pub manifest: Manifest,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Source({}, {}: {} samples, {} classes)",
            self.name,
            self.kind,
            self.ids.len(),
            self.classes.len()
        )
    }
}

/// Data for an experiment: those of the labelled samples.
#[derive(Debug, Clone)]
pub struct Labeled {
    /// Pool and test set with their labels.
    pub data: Data,
    /// The ids of the pool, in its order.
    pub ids: Vec<String>,
    /// Stands for the ids, labels and classes of both: a SHA-256 in hexadecimal.
    pub digest: String,
}

impl Source {
    /// Reads a source: a folder, an archive, a file, or a manifest.
    ///
    /// # Errors
    /// A source that cannot be read or understood, without any sample, with two samples of one id, or with a class that is
    /// not in the declared list.
    pub fn open(source: &Path, open: &Open<'_>) -> Result<Self> {
        let (manifest, folder) = Manifest::of(source)?;
        let path = folder.join(&manifest.source);
        let found = read(&path, &folder, &manifest, open)?;
        Self::understand(&path, &folder, manifest, found)
    }

    fn understand(path: &Path, folder: &Path, manifest: Manifest, mut found: Found) -> Result<Self> {
        let wrong = |why: String| Error::Unfit { path: path.into(), why };
        if found.ids.is_empty() {
            let skipped = found.problems.first().map(|first| {
                format!(" ({} skipped, the first: `{}` {})", found.problems.len(), first.what, first.why)
            });
            return Err(wrong(format!("holds no sample that can be read{}", skipped.unwrap_or_default())));
        }
        if let Some(id) = duplicate(&found.ids) {
            return Err(wrong(format!(
                "two samples have the id `{id}`; ids must be different, name another id column"
            )));
        }
        labels::put(path, folder, &manifest, &mut found)?;
        let classes = classes::of(path, &manifest, &mut found)?;
        if classes.len() > usize::from(u16::MAX) {
            return Err(wrong(format!("has {} classes; at most {} are possible", classes.len(), u16::MAX)));
        }
        let labels = classes::to_positions(path, &found, &classes)?;
        let split = split(&manifest, &found);
        let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
        let name = manifest.name.clone().or_else(|| stem.map(|stem| stem.to_string_lossy().into_owned()));
        let name = name.unwrap_or_else(|| "data".into());
        let chosen = found.split.iter().all(Option::is_none) && labels.iter().any(Option::is_some);
        let test_fraction = manifest.test_fraction.or(chosen.then_some(TEST_FRACTION));
        let image = manifest.image.clone().or(found.image);
        let bits = found.bits.or(manifest.bits);
        // A list of what happens to be labelled now would refuse the classes that come later.
        let are_final = !manifest.classes.is_empty() || !found.classes.is_empty();
        let declared = if are_final { classes.clone() } else { Vec::new() };
        let manifest =
            Manifest { name: Some(name.clone()), classes: declared, test_fraction, image, bits, ..manifest };
        found.problems.sort();
        found.skipped.sort();
        found.skipped.dedup();
        let Found { kind, ids, inputs, encoding, problems, notes, skipped, n_chosen, roles, .. } = found;
        Ok(Self {
            name,
            path: path.into(),
            kind,
            ids,
            labels,
            split,
            classes,
            inputs,
            encoding,
            original: None,
            problems,
            notes,
            skipped,
            n_chosen,
            roles,
            manifest,
        })
    }

    /// The shape and classes of its samples.
    pub fn meta(&self) -> Meta {
        Meta {
            name: self.name.clone(),
            shape: self.inputs.shape(),
            classes: self.classes.clone(),
            range: self.inputs.range(),
        }
    }

    /// Some of its samples, as a data set.
    pub fn dataset(&self, rows: Vec<usize>) -> Arc<dyn Dataset> {
        Arc::new(Rows { meta: self.meta(), inputs: self.inputs.clone(), rows })
    }

    /// Its labelled samples as pool and test set, for an experiment with hidden labels. The pool is in an order that follows
    /// from the ids alone, so that the first part of it is a random one, and not one class of a sorted folder.
    ///
    /// # Errors
    /// Fewer than two classes, or no labelled sample in one of the parts.
    pub fn labeled(&self) -> Result<Labeled> {
        let wrong = |why: &str| Error::Unfit { path: self.manifest.source.clone(), why: why.into() };
        if self.labels.iter().all(Option::is_none) {
            return Err(wrong(
                "has no label, so there is nothing to compare strategies by; `deepal select` picks what to label first",
            ));
        }
        if self.classes.len() < 2 {
            return Err(wrong(&format!(
                "has fewer than two classes, only `{}`; if others have no label yet, declare all of them as `classes` in data.toml",
                self.classes.join(", ")
            )));
        }
        let part = |part: Split| {
            let mut rows = (0..self.ids.len()).filter(|row| self.split[*row] == part).collect::<Vec<_>>();
            order_by_id(&mut rows, &self.ids);
            let labeled = rows.into_iter().filter_map(|row| Some((row, self.labels[row]?)));
            labeled.unzip::<_, _, Vec<_>, Vec<_>>()
        };
        let ((train, train_labels), (test, test_labels)) = (part(Split::Train), part(Split::Test));
        if train.is_empty() || test.is_empty() {
            return Err(wrong(
                "has no labelled sample in the pool or none in the test set; see `test_fraction` in data.toml",
            ));
        }
        let ids = train.iter().map(|row| self.ids[*row].clone()).collect();
        let digest = self.digest(&[&train, &test]);
        let data = Data::new(self.dataset(train), train_labels, self.dataset(test), test_labels)?;
        Ok(Labeled { data, ids, digest })
    }

    /// The ids and classes of parts, as one number.
    fn digest(&self, parts: &[&[usize]]) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        self.classes.iter().for_each(|class| add(class));
        for part in parts {
            add("");
            for row in *part {
                add(&self.ids[*row]);
                add(self.labels[*row]
                    .and_then(|class| self.classes.get(class.index()))
                    .map_or("", String::as_str));
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Which reader it is for.
fn read(path: &Path, folder: &Path, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let metadata = std::fs::metadata(path).map_err(Error::read(path))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_table = matches!(extension, Some("csv" | "tsv" | "jsonl" | "ndjson" | "parquet"));
    let is_array = matches!(extension, Some("npy" | "npz" | "safetensors" | "bin")) || name.contains("idx");
    let fits = |encoding: &&Encoding| match encoding {
        Encoding::Array { .. } => is_array && !is_table,
        Encoding::Columns(_) | Encoding::Text(_) | Encoding::Components { .. } => is_table,
    };
    if let Some(encoding) = open.encoding.filter(|encoding| metadata.is_dir() || !fits(encoding)) {
        let expected = match encoding {
            Encoding::Array { width, .. } => {
                format!("is no array, and one of {width} numbers a row is expected")
            }
            _ => {
                let columns = encoding.columns().join(", ");
                format!("is no table, and one with these columns is expected: {columns}")
            }
        };
        return Err(Error::unfit(path, expected));
    }
    let is_pictures = metadata.is_dir() || extension == Some("zip");
    if manifest.classes_from == Some(ClassesFrom::Folders) && !is_pictures {
        return Err(Error::unfit(path, "has no folders; leave `classes_from` in data.toml out"));
    }
    if metadata.is_dir() {
        return images::read(path, folder, manifest, open);
    }
    if metadata.len() == 0 {
        return Err(Error::Unfit { path: path.into(), why: "is empty".into() });
    }
    match extension {
        Some("npz" | "zip" | "parquet") if crate::files::open_packed(path)?.1 => Err(Error::Unfit {
            path: path.into(),
            why: "is gzipped, and its format is compressed already; unpack it with `gunzip`".into(),
        }),
        Some("zip") => images::read(path, folder, manifest, open),
        Some("7z" | "bz2" | "rar" | "tar" | "tgz" | "xz" | "zst") => Err(Error::unfit(
            path,
            "is packed in a way that cannot be read; unpack it and name the folder, or pack it as .zip",
        )),
        _ if is_table => table::read(path, manifest, open),
        _ if is_array => arrays::read(path, folder, manifest, open),
        _ => Err(Error::Unfit {
            path: path.into(),
            why: "is of no known kind; known are a folder or zip of pictures, .csv, .tsv, .jsonl, .parquet, .npy, .npz, \
                  .safetensors, IDX and CIFAR's .bin, or a data.toml that names one"
                .into(),
        }),
    }
}

/// An id that two samples have.
fn duplicate(ids: &[String]) -> Option<&str> {
    let mut sorted = ids.iter().map(String::as_str).collect::<Vec<_>>();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// The part of each sample. One that the source says nothing of belongs to the pool if others are said to be the test set;
/// else a share of the labelled ones is the test set, by a hash of the id, so that it stays when others come or go.
fn split(manifest: &Manifest, found: &Found) -> Vec<Split> {
    if found.split.contains(&Some(Split::Test)) {
        return found.split.iter().map(|split| split.unwrap_or(Split::Train)).collect();
    }
    let fraction = manifest.test_fraction.unwrap_or(TEST_FRACTION);
    let part = |(id, label): (&String, &Option<String>)| {
        let share = place(id) as f64 / u64::MAX as f64;
        if label.is_some() && share < fraction { Split::Test } else { Split::Train }
    };
    found.ids.iter().zip(&found.labels).map(part).collect()
}
