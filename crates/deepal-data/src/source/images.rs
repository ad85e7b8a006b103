//! Folders and zip archives of pictures.

use super::decode::{DEEP, Decoded, Header, decode, header, is_picture};
use super::files::Files;
use super::folders::{Place, listed};
use super::labels::{BESIDE, Table};
use super::limits::Limits;
use super::names::is_backup;
use super::sheet::SHEET;
use super::show::Shown;
use super::transform::Picture;
use super::{Found, Inputs, Manifest, Open, Problem, Transform};
use crate::error::{Error, Result};
use ndarray::Array2;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Names of files that are to be pictures; which kind tells the content.
const PICTURES: [&str; 10] = ["bmp", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp"];
/// Files beside the pictures that are read as what they are.
const OURS: [&str; 2] = ["data.toml", BESIDE];
/// Names of pictures that cannot be decoded: some would show nothing but their small preview.
const FOREIGN: [&str; 17] = [
    "arw", "avif", "cr2", "cr3", "dng", "heic", "heif", "jp2", "jxl", "nef", "orf", "pef", "psd", "raf",
    "rw2", "srw", "svg",
];
/// The largest size of pictures that are all of one size and not made smaller.
const SMALL: usize = 64;
/// Height and width of other pictures, where nothing is said.
const SIDE: usize = 32;
/// Numbers of bits that cameras and scanners have for a value, fewer than the 16 of its file.
const DEPTHS: [u32; 4] = [8, 10, 12, 14];

/// The pictures of a folder or archive. Each is decoded once, which finds those that are damaged; `folder` is what names of other
/// files in the manifest are relative to.
pub(super) fn read(path: &Path, folder: &Path, manifest: &Manifest, open: &Open<'_>) -> Result<Found> {
    let mut problems = Vec::new();
    let mut files = Files::list(path, &mut problems)?;
    let limits = Limits::of(manifest, open);
    let mut notes = Vec::new();
    let Candidates { mut at, mut others } = candidates(&files, &limits, &mut problems, &mut notes);
    let idle = without_pictures(&files, &others, &mut notes);
    files.folders.retain(|folder| !idle.contains(folder));
    notes.append(&mut files.notes);
    let transform = match open.image.or(manifest.image.as_ref()) {
        Some(transform) => transform.clone(),
        None => {
            let headers = look(&files, &limits, &mut at, &mut problems);
            suitable(&headers, &mut notes)
        }
    };
    transform.check()?;
    let names = at.iter().map(|at| files.names[*at].as_str()).collect::<Vec<_>>();
    let place = Place::of(&names, &files.folders, !path.is_dir(), manifest);
    let table = packed_table(&files, &place.root, &limits, &mut problems)?;
    others.retain(|at| table.as_ref().is_none_or(|table| table.path != files.path(*at)));
    notes.extend(others_note(&files, &others));
    let cache = at.iter().map(|_| OnceLock::new()).collect();
    let given = open.bits.or(manifest.bits);
    let mut pictures = Pictures {
        files,
        at,
        limits,
        bits: given.unwrap_or(DEEP),
        transform,
        cache,
        room: open.cache_bytes,
        held: AtomicUsize::new(0),
    };
    let peak = pictures.drop_damaged(open.progress, &mut problems);
    if given.is_none() {
        notes.extend(pictures.stretch(&peak));
    }
    let bits = given.or(peak.iter().any(Option::is_some).then_some(pictures.bits));
    let names = pictures.at.iter().map(|at| pictures.files.names[*at].as_str()).collect::<Vec<_>>();
    let (labels, split) = names.iter().map(|name| (place.class(name), place.split(name))).unzip();
    let mut found = Found {
        kind: if path.is_dir() { "folder of pictures" } else { "archive of pictures" }.into(),
        ids: names.iter().map(|name| name[place.root.len()..].to_owned()).collect(),
        labels,
        split,
        classes: place.classes(&pictures.files.folders),
        image: Some(pictures.transform.clone()),
        bits,
        encoding: None,
        inputs: Arc::new(pictures),
        problems,
        notes,
        skipped: Vec::new(),
        n_chosen: 0,
        roles: Vec::new(),
        table,
    };
    place.settle(path, folder, manifest, &mut found)?;
    Ok(found)
}

/// The table of labels in an archive, beside its pictures or the only folder of them, `root`.
fn packed_table(
    files: &Files,
    root: &str,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Result<Option<Table>> {
    let name = format!("{root}{BESIDE}");
    let Some(at) = files.names.binary_search(&name).ok().filter(|_| !files.is_folder()) else {
        return Ok(None);
    };
    if files.sizes[at] > limits.bytes {
        problems.push(Problem { what: name, why: "is too large for a table of labels; not read".into() });
        return Ok(None);
    }
    Ok(Some(Table { path: files.path(at), packed: Some(files.read(at)?.into()) }))
}

/// The files of a source by what they seem to be; positions.
struct Candidates {
    /// Those that should be pictures.
    at: Vec<usize>,
    /// Those that are none, such as texts.
    others: Vec<usize>,
}

/// The files that should be pictures, by their names, or else by their first bytes; all others are listed.
fn candidates(
    files: &Files,
    limits: &Limits,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> Candidates {
    let (mut found, mut sheets, mut backups) =
        (Candidates { at: Vec::new(), others: Vec::new() }, Vec::new(), Vec::new());
    for (at, (name, size)) in files.names.iter().zip(&files.sizes).enumerate() {
        let file = name.rsplit('/').next().unwrap_or(name);
        let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let has = |extensions: &[&str]| extension.as_deref().is_some_and(|found| extensions.contains(&found));
        let mut problem = |why: String| problems.push(Problem { what: name.clone(), why });
        if file == SHEET {
            sheets.push(name.as_str());
        } else if is_backup(file) {
            backups.push(name.as_str());
        } else if has(&FOREIGN) {
            problem("is of a kind that cannot be decoded; make it JPEG or PNG; skipped".into());
        } else if !(OURS.contains(&name.as_str()) && files.is_folder()) {
            if !has(&PICTURES) && !files.start(at).is_ok_and(|start| is_picture(&start)) {
                found.others.push(at);
                continue;
            }
            match size {
                0 => problem("is empty; skipped".into()),
                size if *size > limits.bytes => problem(format!(
                    "is too large, {} MB, and at most {} are read; make it smaller, or set `max_bytes` in data.toml; skipped",
                    size / 1_000_000,
                    limits.bytes / 1_000_000
                )),
                _ => found.at.push(at),
            }
        }
    }
    if !sheets.is_empty() {
        let names = listed(&sheets);
        notes.push(format!("left out, as `deepal data inspect` draws files of this name: {names}"));
    }
    if !backups.is_empty() {
        notes.push(format!("left out, as their names are those of backups: {}", listed(&backups)));
    }
    found
}

/// Files that are no pictures, and what to do about a table of labels or a manifest among them.
fn others_note(files: &Files, others: &[usize]) -> Vec<String> {
    let names = others.iter().map(|at| files.names[*at].as_str()).collect::<Vec<_>>();
    let (tables, names) = names
        .into_iter()
        .partition::<Vec<_>, _>(|name| OURS.contains(&name.rsplit('/').next().unwrap_or(name)));
    let has_rows = |name: &&str| {
        let at = files.names.binary_search_by(|other| other.as_str().cmp(name));
        let start = at.ok().and_then(|at| files.start(at).ok()).unwrap_or_default();
        start.iter().position(|byte| *byte == b'\n').is_some_and(|end| end + 1 < start.len())
    };
    let tables = tables.into_iter().filter(has_rows).collect::<Vec<_>>();
    let mut notes = Vec::new();
    if !names.is_empty() {
        let one = names.len() == 1;
        let plural =
            if one { "file is no picture and no sample" } else { "files are no pictures and no samples" };
        notes.push(format!("{} {plural}: {}", names.len(), listed(&names)));
    }
    if !tables.is_empty() {
        notes.push(format!(
            "not read, as only those in the source's own folder are: {}; for labels set `labels` in data.toml",
            listed(&tables)
        ));
    }
    notes
}

/// Folders that hold files and no picture, such as annotations; they are no classes. An empty folder is none of them.
fn without_pictures(files: &Files, others: &[usize], notes: &mut Vec<String>) -> BTreeSet<String> {
    let others = others.iter().copied().collect::<BTreeSet<_>>();
    let (mut idle, mut alive) = (BTreeSet::new(), BTreeSet::new());
    for (at, name) in files.names.iter().enumerate() {
        let folders = if others.contains(&at) { &mut idle } else { &mut alive };
        let ends = name.char_indices().filter(|(_, letter)| *letter == '/').map(|(end, _)| end);
        folders.extend(ends.map(|end| &name[..end]));
    }
    let idle = idle.difference(&alive).copied().collect::<BTreeSet<_>>();
    // Of one in the other the outer one is named.
    let is_outer = |folder: &&str| folder.rsplit_once('/').is_none_or(|(outer, _)| !idle.contains(outer));
    let named = idle.iter().copied().filter(is_outer).collect::<Vec<_>>();
    if !named.is_empty() {
        notes.push(format!("folders without pictures are no classes: {}", listed(&named)));
    }
    idle.into_iter().map(str::to_owned).collect()
}

/// The headers of the files `at`; those without one are left out.
fn look(files: &Files, limits: &Limits, at: &mut Vec<usize>, problems: &mut Vec<Problem>) -> Vec<Header> {
    let found = at.par_iter().map(|at| {
        files.read(*at).map_err(|error| error.to_string()).and_then(|bytes| header(&bytes, limits))
    });
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
pub(super) fn suitable(headers: &[Header], notes: &mut Vec<String>) -> Transform {
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

/// Pictures that are decoded when they are asked for. The first that are keep their place in memory while there is room:
/// scans over all of them would only drive each other out.
struct Pictures {
    files: Files,
    /// The positions of the pictures among the files.
    at: Vec<usize>,
    limits: Limits,
    /// The bits that are used of the 16 that a picture may have.
    bits: u32,
    transform: Transform,
    /// `[channels, height, width]` of each
    cache: Vec<OnceLock<Box<[u8]>>>,
    /// Bytes that may be held, and that are.
    room: usize,
    held: AtomicUsize,
}

impl Pictures {
    /// Decodes all; those that cannot be are no samples. For each of the others: its largest value, if it has 16 bits.
    fn drop_damaged(
        &mut self,
        progress: &(dyn Fn(usize, usize) + Sync),
        problems: &mut Vec<Problem>,
    ) -> Vec<Option<u16>> {
        let (n, done) = (self.at.len(), AtomicUsize::new(0));
        let check = |row: usize| {
            let checked = self.decoded(row).and_then(|Decoded { picture, peak }| {
                // Without room to keep the result, making it would be in vain.
                if self.room > 0 {
                    self.keep(row, picture)?;
                }
                Ok(peak)
            });
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, n);
            checked.map_err(|error| match error {
                Error::Unfit { why, .. } => why,
                error => error.to_string(),
            })
        };
        let checked = (0..n).into_par_iter().map(check).collect::<Vec<_>>();
        let is_right = |row: usize| checked[row].is_ok();
        for (row, checked) in checked.iter().enumerate() {
            problems.extend(checked.as_ref().err().map(|why| skipped(&self.files.names[self.at[row]], why)));
        }
        let mut rows = 0..n;
        self.cache.retain(|_| rows.next().is_some_and(is_right));
        let mut rows = 0..n;
        self.at.retain(|_| rows.next().is_some_and(is_right));
        checked.into_iter().flatten().collect()
    }

    /// Stretches pictures of 16 bits that use fewer, by the largest value of all, and says so. `peaks` are those values, of the
    /// pictures that have them.
    fn stretch(&mut self, peaks: &[Option<u16>]) -> Option<String> {
        let peak = peaks.iter().flatten().copied().max().filter(|peak| *peak > 0)?;
        let bits = DEPTHS.into_iter().find(|bits| u32::from(peak) < 1 << bits)?;
        self.bits = bits;
        for (kept, _) in self.cache.iter_mut().zip(peaks).filter(|(_, peak)| peak.is_some()) {
            let size = kept.take().map_or(0, |pixels| pixels.len());
            self.held.fetch_sub(size, Ordering::Relaxed);
        }
        Some(format!(
            "pictures of 16 bits use only {bits} of them (the largest value is {peak}) and were stretched from 0 … {}; set `bits` \
             in data.toml to choose, 16 for none",
            (1_u32 << bits) - 1
        ))
    }

    fn decoded(&self, row: usize) -> Result<Decoded> {
        let at = self.at[row];
        decode(&self.files.read(at)?, &self.limits, self.bits)
            .map_err(|why| Error::Unfit { path: self.files.path(at), why })
    }

    /// The picture in the net's size.
    fn fitted(&self, row: usize) -> Result<Cow<'_, [u8]>> {
        match self.cache[row].get() {
            Some(pixels) => Ok(Cow::Borrowed(pixels)),
            None => self.keep(row, self.decoded(row)?.picture),
        }
    }

    /// A picture in the net's size, which is held if there is room.
    fn keep(&self, row: usize, picture: Picture) -> Result<Cow<'_, [u8]>> {
        let pixels = self.transform.fit(picture)?;
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

    fn show(&self, row: usize) -> Result<Shown> {
        Ok(Shown::of(self.decoded(row)?.picture))
    }

    fn on_disk(&self, row: usize) -> Option<PathBuf> {
        Some(self.files.on_disk(self.at[row]))
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        self.files.digest(self.at[row])
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
        let (limits, held) = (Limits::default(), AtomicUsize::new(0));
        let mut pictures = Pictures { files, at: vec![0], limits, bits: DEEP, transform, cache, room, held };
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
