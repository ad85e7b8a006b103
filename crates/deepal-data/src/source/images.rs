//! Folders and zip archives of pictures.

use super::decode::{Header, MOST_BYTES, decode, header, is_picture};
use super::files::Files;
use super::sheet::SHEET;
use super::transform::Picture;
use super::{Found, Inputs, Manifest, Open, Problem, Split, Transform};
use crate::error::{Error, Result};
use ndarray::Array2;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Names of files that are to be pictures; which kind tells the content.
const PICTURES: [&str; 10] = ["bmp", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp"];
/// Files beside the pictures that are read as what they are.
const OURS: [&str; 2] = ["data.toml", "labels.csv"];
/// Names in a sentence.
const NAMED: usize = 5;
/// Names of pictures that cannot be decoded.
const FOREIGN: [&str; 7] = ["avif", "heic", "heif", "jp2", "jxl", "psd", "svg"];
/// The largest size of pictures that are all of one size and not made smaller.
const SMALL: usize = 64;
/// Height and width of other pictures, where nothing is said.
const SIDE: usize = 32;

/// The pictures of a folder or archive. Each is decoded once, which finds those that are damaged.
pub(super) fn read(path: &Path, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let mut problems = Vec::new();
    let files = Files::list(path, &mut problems)?;
    let mut notes = Vec::new();
    let mut at = candidates(&files, &mut problems, &mut notes);
    let transform = match open.image.or(manifest.image.as_ref()) {
        Some(transform) => transform.clone(),
        None => {
            let headers = look(&files, &mut at, &mut problems);
            suitable(&headers, &mut notes)
        }
    };
    transform.check()?;
    let place = Place::of(&files, &at, path.is_dir());
    let cache = at.iter().map(|_| OnceLock::new()).collect();
    let mut pictures =
        Pictures { files, at, transform, cache, room: open.cache_bytes, held: AtomicUsize::new(0) };
    pictures.drop_damaged(open.progress, &mut problems);
    let names = pictures.at.iter().map(|at| pictures.files.names[*at].clone()).collect::<Vec<_>>();
    let (labels, split) = names.iter().map(|name| (place.class(name), place.split(name))).unzip();
    notes.extend(place.note());
    Ok(Found {
        kind: if path.is_dir() { "folder of pictures" } else { "archive of pictures" }.into(),
        ids: names.iter().map(|name| name[place.prefix.len()..].to_owned()).collect(),
        labels,
        split,
        classes: place.classes(&pictures.files.folders),
        image: Some(pictures.transform.clone()),
        encoding: None,
        inputs: Arc::new(pictures),
        problems,
        notes,
    })
}

/// The files that should be pictures, by their names, or else by their first bytes; all others are told.
fn candidates(files: &Files, problems: &mut Vec<Problem>, notes: &mut Vec<String>) -> Vec<usize> {
    let (mut candidates, mut others, mut sheets) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (name, size)) in files.names.iter().zip(&files.sizes).enumerate() {
        let file = name.rsplit('/').next().unwrap_or(name);
        let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let has = |extensions: &[&str]| extension.as_deref().is_some_and(|found| extensions.contains(&found));
        let mut problem = |why: String| problems.push(Problem { what: name.clone(), why });
        if file == SHEET {
            sheets.push(name.as_str());
        } else if has(&FOREIGN) {
            problem("is of a kind that cannot be decoded; make it JPEG or PNG; skipped".into());
        } else if !OURS.contains(&name.as_str()) {
            if !has(&PICTURES) && !files.start(at).is_ok_and(|start| is_picture(&start)) {
                others.push(name.as_str());
                continue;
            }
            match size {
                0 => problem("is empty; skipped".into()),
                size if *size > MOST_BYTES => {
                    problem(format!("is too large, {} MB; skipped", size / 1_000_000))
                }
                _ => candidates.push(at),
            }
        }
    }
    let names = |files: &[&str]| {
        let more = if files.len() > NAMED { ", …" } else { "" };
        format!("{}{more}", files[..files.len().min(NAMED)].join(", "))
    };
    if !others.is_empty() {
        let plural = if others.len() == 1 {
            "file is no picture and no sample"
        } else {
            "files are no pictures and no samples"
        };
        notes.push(format!("{} {plural}: {}", others.len(), names(&others)));
    }
    if !sheets.is_empty() {
        notes
            .push(format!("left out, as `deepal data inspect` draws files of this name: {}", names(&sheets)));
    }
    candidates
}

/// The headers of the files `at`; those without one are left out.
fn look(files: &Files, at: &mut Vec<usize>, problems: &mut Vec<Problem>) -> Vec<Header> {
    let found = at
        .par_iter()
        .map(|at| files.read(*at).map_err(|error| error.to_string()).and_then(|bytes| header(&bytes)));
    let found = found.collect::<Vec<_>>();
    let (mut kept, mut headers) = (Vec::new(), Vec::new());
    for (at, header) in at.iter().zip(found) {
        match header {
            Ok(header) => {
                kept.push(*at);
                headers.push(header);
            }
            Err(why) => problems.push(skipped(&files.names[*at], &why)),
        }
    }
    *at = kept;
    headers
}

fn skipped(name: &str, why: &str) -> Problem {
    Problem { what: name.into(), why: format!("{why}; skipped") }
}

/// Small pictures of one size stay as they are, all others become small squares; grey if all are.
fn suitable(headers: &[Header], notes: &mut Vec<String>) -> Transform {
    let sizes = headers.iter().map(|header| [header.height, header.width]).collect::<BTreeSet<_>>();
    let channels = if headers.iter().all(|header| header.is_grey) { 1 } else { 3 };
    let size = match (sizes.len(), sizes.first()) {
        (1, Some(size)) if size.iter().all(|side| *side <= SMALL) => *size,
        (_, Some(_)) => {
            let area = |size: &&[usize; 2]| size[0] * size[1];
            let end = |size: Option<&[usize; 2]>| size.map_or(String::new(), |[h, w]| format!("{w}×{h}"));
            let (least, greatest) = (end(sizes.iter().min_by_key(area)), end(sizes.iter().max_by_key(area)));
            let many = if sizes.len() == 1 {
                format!("of {least}")
            } else {
                format!("of {} sizes, {least} to {greatest}", sizes.len())
            };
            notes.push(format!(
                "the pictures are {many}: a net sees the largest square in the middle, resized to {SIDE}×{SIDE}; see \
                 `[image]` in data.toml"
            ));
            [SIDE; 2]
        }
        _ => [SIDE; 2],
    };
    Transform::new(size, channels)
}

/// What folders mean.
struct Place {
    /// The start of all names, which says nothing: the only folder of an archive, with its `/`.
    prefix: String,
    /// Whether all first folders say which part a picture belongs to.
    has_splits: bool,
    /// Whether there is a test folder, so that a validation folder is not the test set.
    has_test: bool,
    /// Whether some pictures lie in class folders and some do not.
    is_mixed: bool,
}

impl Place {
    fn of(files: &Files, at: &[usize], is_folder: bool) -> Self {
        let names = || at.iter().map(|at| files.names[*at].as_str());
        let first = |name: &str| name.split_once('/').map(|(folder, _)| folder.to_owned());
        let tops = names().map(first).collect::<BTreeSet<_>>();
        let mut prefix = String::new();
        if let (false, 1, Some(Some(top))) = (is_folder, tops.len(), tops.first())
            && part(top).is_none()
        {
            prefix = format!("{top}/");
        }
        let tops = names().map(|name| first(&name[prefix.len()..])).collect::<BTreeSet<_>>();
        let folders = || tops.iter().flatten();
        let has_splits = folders().next().is_some() && folders().all(|top| part(top).is_some());
        let has_test = folders().any(|top| part(top) == Some(Part::Test));
        let is_mixed = tops.len() > 1 && tops.contains(&None);
        Self { prefix, has_splits, has_test, is_mixed }
    }

    /// The folders of a picture that say its part and its class.
    fn folders<'a>(&self, name: &'a str) -> (Option<&'a str>, Option<&'a str>) {
        let mut folders = name[self.prefix.len()..].split('/').collect::<Vec<_>>();
        folders.pop();
        let mut folders = folders.into_iter();
        let part = if self.has_splits { folders.next() } else { None };
        (part, folders.next())
    }

    fn class(&self, name: &str) -> Option<String> {
        self.folders(name).1.map(str::to_owned)
    }

    fn split(&self, name: &str) -> Option<Split> {
        Some(match part(self.folders(name).0?)? {
            Part::Test => Split::Test,
            Part::Validation if !self.has_test => Split::Test,
            Part::Train | Part::Validation => Split::Train,
        })
    }

    /// Class folders, those without pictures too.
    fn classes(&self, folders: &BTreeSet<String>) -> Vec<String> {
        let below = folders.iter().filter(|folder| folder.starts_with(&self.prefix));
        // With a name after it, a folder is where something lies.
        let classes = below.filter_map(|folder| self.class(&format!("{folder}/x")));
        classes.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn note(&self) -> Option<String> {
        self.is_mixed.then(|| {
            "pictures in sub-folders are taken as labelled with the folder's name, those beside the folders as unlabelled"
                .into()
        })
    }
}

/// What the name of a first folder says.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Train,
    Validation,
    Test,
}

fn part(folder: &str) -> Option<Part> {
    match folder.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "val" | "valid" | "validation" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// Pictures that are decoded when they are asked for. The first that are keep their place in memory while there is room:
/// scans over all of them would only drive each other out.
struct Pictures {
    files: Files,
    /// The positions of the pictures among the files.
    at: Vec<usize>,
    transform: Transform,
    /// `[channels, height, width]` of each
    cache: Vec<OnceLock<Box<[u8]>>>,
    /// Bytes that may be held, and that are.
    room: usize,
    held: AtomicUsize,
}

impl Pictures {
    /// Decodes all; those that cannot be are no samples.
    fn drop_damaged(&mut self, progress: &(dyn Fn(usize, usize) + Sync), problems: &mut Vec<Problem>) {
        let (n, done) = (self.at.len(), AtomicUsize::new(0));
        let check = |row: usize| {
            // Without room to keep the result, making it would be in vain.
            let checked =
                if self.room == 0 { self.decoded(row).map(drop) } else { self.fitted(row).map(drop) };
            let error = checked.err().map(|error| match error {
                Error::Unfit { why, .. } => why,
                error => error.to_string(),
            });
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, n);
            error
        };
        let errors = (0..n).into_par_iter().map(check).collect::<Vec<_>>();
        let damaged = |row: usize| errors[row].is_some();
        for (row, why) in errors.iter().enumerate() {
            problems.extend(why.as_ref().map(|why| skipped(&self.files.names[self.at[row]], why)));
        }
        let mut rows = 0..n;
        self.cache.retain(|_| rows.next().is_some_and(|row| !damaged(row)));
        let mut rows = 0..n;
        self.at.retain(|_| rows.next().is_some_and(|row| !damaged(row)));
    }

    fn decoded(&self, row: usize) -> Result<Picture> {
        let at = self.at[row];
        decode(&self.files.read(at)?).map_err(|why| Error::Unfit { path: self.files.path(at), why })
    }

    /// The picture in the net's size.
    fn fitted(&self, row: usize) -> Result<Cow<'_, [u8]>> {
        if let Some(pixels) = self.cache[row].get() {
            return Ok(Cow::Borrowed(pixels));
        }
        let pixels = self.transform.fit(self.decoded(row)?)?;
        let size = pixels.len();
        let give_back = || self.held.fetch_sub(size, Ordering::Relaxed);
        if self.held.fetch_add(size, Ordering::Relaxed) + size > self.room {
            give_back();
            return Ok(Cow::Owned(pixels));
        }
        // Another thread may have been faster: then these are not kept.
        match self.cache[row].set(pixels.into_boxed_slice()) {
            Ok(()) => {}
            Err(_) => drop(give_back()),
        }
        Ok(self.cache[row].get().map_or(Cow::Borrowed(&[]), |pixels| Cow::Borrowed(pixels)))
    }
}

impl Inputs for Pictures {
    fn shape(&self) -> [usize; 3] {
        self.transform.shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.transform.range()
    }

    fn len(&self) -> usize {
        self.at.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let width = self.transform.shape().iter().product::<usize>();
        let mut inputs = vec![0.0; rows.len() * width];
        inputs.par_chunks_exact_mut(width).zip(rows).try_for_each(|(inputs, row)| {
            self.transform.scale(&self.fitted(*row)?, inputs);
            Ok::<_, Error>(())
        })?;
        Array2::from_shape_vec((rows.len(), width), inputs)
            .map_err(|error| deepal_core::Error::other(error).into())
    }

    fn file(&self, row: usize) -> Result<Option<Vec<u8>>> {
        self.files.read(self.at[row]).map(Some)
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(self.files.read(self.at[row])?).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    /// Two threads that decode the same picture at once keep one of them, and count one.
    #[test]
    fn what_is_held_is_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        image::RgbImage::new(8, 8).save(folder.path().join("x.png")).unwrap();
        let files = Files::list(folder.path(), &mut Vec::new()).unwrap();
        let transform = Transform::new([8, 8], 3);
        let (cache, room) = (vec![OnceLock::new()], 1 << 20);
        let mut pictures = Pictures { files, at: vec![0], transform, cache, room, held: AtomicUsize::new(0) };
        for _ in 0..200 {
            pictures.cache = vec![OnceLock::new()];
            pictures.held = AtomicUsize::new(0);
            let barrier = Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        barrier.wait();
                        assert_eq!(pictures.fitted(0).unwrap().len(), 192);
                    });
                }
            });
            assert_eq!(pictures.held.load(Ordering::Relaxed), 192);
        }
    }
}
