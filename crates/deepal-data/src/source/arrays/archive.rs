//! Archives of named arrays: `.npz` and safetensors. Roles are inferred from key names.

use super::{Arrays, Items, Part, column, ids, list};
use crate::error::{Error, Result};
use crate::formats::element::Element;
use crate::formats::npy;
use crate::formats::stored::{Bytes, Extent, Place, Stored};
use crate::source::{Manifest, Split};
use deepal_core::did_you_mean;
use safetensors::{Dtype, SafeTensors, tensor::TensorInfo};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

/// Keys of the features or pictures, by rank; the last means that there may be `x_test` too.
const FEATURES: [&str; 7] = ["x", "data", "features", "embeddings", "images", "inputs", "x_train"];
/// Keys of the labels, by rank; behind them `_train` and `_test` where the features have it.
const LABELS: [&str; 4] = ["y", "labels", "label", "targets"];
/// Keys of the ids, by rank.
const IDS: [&str; 3] = ["id", "ids", "names"];

/// A file of named arrays.
struct Archive {
    path: PathBuf,
    /// In the order of the file.
    keys: Vec<String>,
    members: Members,
    /// Bytes that an array may unpack to.
    most: u64,
}

enum Members {
    /// The positions in the zip archive.
    Npz(Vec<usize>),
    /// What they are, and where the first begins.
    Tensors(Vec<TensorInfo>, u64),
}

pub(super) fn read(path: &Path, folder: &Path, manifest: &Manifest) -> Result<Arrays> {
    let archive = Archive::open(path, manifest.most_unpacked())?;
    let features = archive.features(manifest)?;
    let stem = stem(features);
    let test = stem.and_then(|stem| archive.key(&format!("{stem}_test")));
    let mut arrays = Arrays { kind: archive.kind(), parts: Vec::new(), ids: None, notes: Vec::new() };
    let labels = |end: &str| LABELS.iter().find_map(|key| archive.key(&format!("{key}{end}")));
    let end = if stem.is_some() { "_train" } else { "" };
    for (key, split, end) in
        [(Some(features), test.and(Some(Split::Train)), end), (test, Some(Split::Test), "_test")]
    {
        let Some(key) = key else { continue };
        let items = Items::of(archive.stored(key)?)?;
        let labels = match (&manifest.label, labels(end)) {
            (None, Some(found)) => {
                arrays.notes.push(format!("the labels of `{key}` were read from `{found}`"));
                Some(column(&archive.stored(found)?)?)
            }
            _ => None,
        };
        arrays.parts.push(Part { items, labels, split });
    }
    arrays.notes.insert(0, format!("the samples were read from `{features}`"));
    if let Some(name) = &manifest.label {
        let mut labels = archive.named(name, folder)?;
        let n = arrays.parts.iter().map(|part| part.items.len()).sum::<usize>();
        if labels.len() != n {
            return Err(archive.wrong(format!("has {n} samples, but `{name}` has {} labels", labels.len())));
        }
        for part in arrays.parts.iter_mut().rev() {
            part.labels = Some(labels.split_off(labels.len() - part.items.len()));
        }
    }
    let id = manifest.id.as_deref().or_else(|| IDS.iter().find_map(|key| archive.key(key)));
    arrays.ids = match id {
        Some(id) => Some(ids(&path.join(id), archive.named(id, folder)?)?),
        None => None,
    };
    Ok(arrays)
}

/// What is before `_train`, if a key ends so.
fn stem(key: &str) -> Option<&str> {
    let at = key.len().checked_sub("_train".len())?;
    key.get(at..).filter(|end| end.eq_ignore_ascii_case("_train")).and(key.get(..at))
}

impl Archive {
    /// The arrays of a file of which at most `most` bytes are unpacked for each.
    fn open(path: &Path, most: u64) -> Result<Self> {
        let wrong = |why: String| Error::Unfit { path: path.into(), why };
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors")) {
            let bytes = Bytes::file(path, most)?;
            let (header, metadata) = SafeTensors::read_metadata(&bytes)
                .map_err(|cause| wrong(format!("is damaged or no safetensors file: {cause}")))?;
            let keys = metadata.offset_keys();
            let infos = keys.iter().filter_map(|key| metadata.info(key)).cloned().collect();
            let members = Members::Tensors(infos, 8 + header as u64);
            return Ok(Self { path: path.into(), keys, members, most });
        }
        let mut archive = unzip(path)?;
        let (mut keys, mut positions) = (Vec::new(), Vec::new());
        for position in 0..archive.len() {
            let member =
                archive.by_index_raw(position).map_err(|cause| wrong(format!("is damaged: {cause}")))?;
            let name = member.name().map_err(|cause| wrong(format!("is damaged: {cause}")))?;
            if let Some(key) = name.strip_suffix(".npy") {
                keys.push(key.to_owned());
                positions.push(position);
            }
        }
        Ok(Self { path: path.into(), keys, members: Members::Npz(positions), most })
    }

    fn kind(&self) -> &'static str {
        match self.members {
            Members::Npz(_) => "NumPy archive",
            Members::Tensors(..) => "safetensors file",
        }
    }

    fn wrong(&self, why: String) -> Error {
        Error::Unfit { path: self.path.clone(), why }
    }

    /// The key of this name, as the archive spells it.
    fn key(&self, name: &str) -> Option<&str> {
        let exact = self.keys.iter().find(|key| *key == name);
        exact.or_else(|| self.keys.iter().find(|key| key.eq_ignore_ascii_case(name))).map(String::as_str)
    }

    /// The key of the features.
    fn features<'a>(&'a self, manifest: &'a Manifest) -> Result<&'a str> {
        match (&manifest.features[..], &self.keys[..]) {
            ([key], _) => Ok(key),
            ([], [only]) => Ok(only),
            ([], _) => FEATURES.iter().find_map(|key| self.key(key)).ok_or_else(|| {
                let known = FEATURES.join(", ");
                self.wrong(format!(
                    "has no key such as {known}; name one of its keys as `features` in data.toml: {}",
                    self.keys.join(", ")
                ))
            }),
            (keys, _) => Err(self.wrong(format!(
                "can have one key of features, but `features` in data.toml names {}: {}",
                keys.len(),
                keys.join(", ")
            ))),
        }
    }

    /// The labels or ids under a key, or in a file beside.
    fn named(&self, name: &str, folder: &Path) -> Result<Vec<Option<String>>> {
        let beside = folder.join(name);
        if !self.keys.iter().any(|key| key == name) && beside.is_file() {
            return list(&beside);
        }
        column(&self.stored(name)?)
    }

    /// The array under a key.
    fn stored(&self, key: &str) -> Result<Stored> {
        let Some(at) = self.keys.iter().position(|other| other == key) else {
            let known = self.keys.iter().map(String::as_str).collect::<Vec<_>>();
            let hint = did_you_mean(key, &known).map(|near| format!("; did you mean `{near}`?"));
            let why = format!("has no key `{key}`, only {}", known.join(", "));
            return Err(self.wrong(why + hint.as_deref().unwrap_or_default()));
        };
        match &self.members {
            Members::Npz(positions) => self.npy(key, positions[at]),
            Members::Tensors(infos, begin) => self.tensor(key, &infos[at], *begin),
        }
    }

    fn npy(&self, key: &str, index: usize) -> Result<Stored> {
        let label = self.path.join(key);
        let len = std::fs::metadata(&self.path).map_err(Error::read(&self.path))?.len();
        let mut archive = unzip(&self.path)?;
        let mut member = archive
            .by_index(index)
            .map_err(|cause| self.wrong(format!("has `{key}`, which cannot be read: {cause}")))?;
        let (header, skip) = npy::header(&label, &mut member)?;
        let path = self.path.clone();
        match member.data_start().filter(|_| member.compression() == CompressionMethod::Stored) {
            Some(start) => {
                let offset = start.saturating_add(skip);
                let there = member.size().saturating_sub(skip).min(len.saturating_sub(offset));
                npy::stored(label, &header, Place::Plain { path, offset }, Extent::Exactly(there))
            }
            None => {
                let packed = member.compressed_size().min(len);
                npy::stored(
                    label,
                    &header,
                    Place::Member { path, index, skip },
                    Extent::Packed { bytes: packed, most: self.most },
                )
            }
        }
    }

    fn tensor(&self, key: &str, info: &TensorInfo, begin: u64) -> Result<Stored> {
        let element = match info.dtype {
            Dtype::BOOL => Element::Bool,
            Dtype::U8 => Element::U8,
            Dtype::U16 => Element::U16,
            Dtype::U32 => Element::U32,
            Dtype::U64 => Element::U64,
            Dtype::I8 => Element::I8,
            Dtype::I16 => Element::I16,
            Dtype::I32 => Element::I32,
            Dtype::I64 => Element::I64,
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::BF16,
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            other => return Err(self.wrong(format!("has `{key}` of type {other}; save it as float32"))),
        };
        let (start, end) = info.data_offsets;
        let place = Place::Plain { path: self.path.clone(), offset: begin + start as u64 };
        let (shape, label) = (info.shape.clone(), self.path.join(key));
        let stored = Stored { label, element, big: false, shape, fortran: false, place };
        stored.checked(Extent::Exactly((end - start) as u64), "write or copy the file again")
    }
}

fn unzip(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).map_err(Error::read(path))?;
    ZipArchive::new(BufReader::new(file)).map_err(|cause| Error::Unfit {
        path: path.into(),
        why: format!("is damaged or no archive: {cause}"),
    })
}
