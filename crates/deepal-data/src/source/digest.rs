//! [`Source::content_digest`]: what a source contains, as one number that any change of its inputs changes.

use super::Source;
use crate::datasets::Downloads;
use crate::error::{Error, Result};
use crate::files;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Stands for what a digest covers: with another list of that it changes.
const VERSION: &str = "deepal content 1";
/// A file that was written so recently is read again next time: a second change could leave size and time as they are.
const SETTLED: Duration = Duration::from_secs(2);

/// A file or a member of an archive.
struct Item<'a> {
    /// Its name in the cache.
    key: &'a str,
    /// The file on disk that it is or is in.
    path: PathBuf,
    /// The row that it is; `None` for a file of many rows.
    row: Option<usize>,
}

/// What is remembered of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    /// A SHA-256 in hexadecimal.
    digest: String,
}

/// What changes when a file is written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    /// Seconds and nanoseconds of the last change of the content.
    modified: (i64, u32),
    /// The same of the last change of content or attributes, which no program can set back; zeros where the system has none.
    changed: (i64, i64),
}

impl Source {
    /// What the inputs are made of, as a SHA-256 in hexadecimal. Compare it to notice that a source has changed although ids and
    /// labels are the same.
    ///
    /// It covers:
    /// * of pictures the ids and the bytes of each file, in the order of ids (a folder and a zip of it have the same digest);
    ///   of pictures that became embeddings the pictures, and not the net;
    /// * of tables and arrays the bytes of the file, and of the test file beside it where that is read too;
    /// * `features` and `image` of the manifest, the shape and range of inputs, and the [`Encoding`](super::Encoding).
    ///
    /// It does not cover labels, classes and split, which [`Labeled::digest`](super::Labeled::digest) stands for, nor where the
    /// source is.
    ///
    /// The SHA-256 of each file is kept in the cache folder, by path, size and times; a second look reads no file that has not
    /// changed. `progress` gets the number of files done and of all files.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub fn content_digest(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<String> {
        self.content_digest_in(Downloads::default().cache().ok().as_deref(), progress)
    }

    /// As [`content_digest`](Self::content_digest), with another cache folder or none.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub fn content_digest_in(
        &self,
        cache: Option<&Path>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<String> {
        self.look(cache, progress).map(|(digest, _)| digest)
    }

    /// The digest, and how many files had to be read for it.
    fn look(
        &self,
        cache: Option<&Path>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(String, usize)> {
        let inputs = self.original.as_ref().unwrap_or(&self.inputs);
        let items = self.items();
        let store = cache.map(|cache| store(cache, &self.path));
        let mut known = store.as_deref().and_then(load).unwrap_or_default();
        let (done, n) = (AtomicUsize::new(0), items.len());
        let look = |item: &Item<'_>| {
            let stamp = fs::metadata(&item.path).ok().and_then(|metadata| Stamp::of(&metadata));
            let kept = known.get(item.key).filter(|known| Some(known.stamp) == stamp);
            let (digest, is_read) = match (kept, item.row) {
                (Some(known), _) => (known.digest.clone(), false),
                (None, Some(row)) => (hex(&inputs.digest(row)?), true),
                (None, None) => (hex(&files::digest(&item.path)?), true),
            };
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, n);
            Ok((digest, stamp, is_read))
        };
        let looked = items.par_iter().map(look).collect::<Result<Vec<_>>>()?;
        let mut fresh = Vec::new();
        let mut hash = Sha256::new();
        add(&mut hash, VERSION.as_bytes());
        for (item, (digest, stamp, is_read)) in items.iter().zip(&looked) {
            // The name of a table says nothing.
            add(&mut hash, if item.row.is_some() { item.key.as_bytes() } else { b"" });
            add(&mut hash, digest.as_bytes());
            if let (true, Some(stamp)) = (*is_read, stamp.filter(Stamp::is_settled)) {
                fresh.push((item.key.to_owned(), Known { stamp, digest: digest.clone() }));
            }
        }
        add(&mut hash, self.settings()?.as_bytes());
        if let Some(store) = store.filter(|_| !fresh.is_empty()) {
            known.extend(fresh);
            // Without it only the next look takes longer.
            let _ = save(&store, &known);
        }
        let n_read = looked.iter().filter(|(_, _, is_read)| *is_read).count();
        Ok((hex(&hash.finalize()), n_read))
    }

    /// The files of pictures in the order of ids, or the file of all rows and what is read with it.
    fn items(&self) -> Vec<Item<'_>> {
        let inputs = self.original.as_ref().unwrap_or(&self.inputs);
        let mut rows = (0..self.ids.len()).collect::<Vec<_>>();
        rows.sort_by_key(|row| &self.ids[*row]);
        let of_row =
            |row: usize| Some(Item { key: &self.ids[row], path: inputs.on_disk(row)?, row: Some(row) });
        match rows.into_iter().map(of_row).collect::<Option<Vec<_>>>() {
            Some(items) if !items.is_empty() => items,
            _ => {
                let mut items = vec![Item { key: "file", path: self.path.clone(), row: None }];
                if self.manifest.label.is_none() {
                    items.extend(test_beside(&self.path).map(|path| Item { key: "test", path, row: None }));
                }
                items
            }
        }
    }

    /// How the bytes become inputs, as JSON.
    fn settings(&self) -> Result<String> {
        let inputs = self.original.as_ref().unwrap_or(&self.inputs);
        let Self { manifest, encoding, .. } = self;
        let settings = (&manifest.features, &manifest.image, inputs.shape(), inputs.range(), encoding);
        serde_json::to_string(&settings).map_err(|error| Error::Core(deepal_core::Error::other(error)))
    }
}

impl Stamp {
    /// `None` where the system knows no time of the last change.
    fn of(metadata: &Metadata) -> Option<Self> {
        let modified = match metadata.modified().ok()?.duration_since(UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
            Err(before) => {
                (-i64::try_from(before.duration().as_secs()).ok()?, before.duration().subsec_nanos())
            }
        };
        Some(Self { size: metadata.len(), modified, changed: changed(metadata) })
    }

    /// Whether the last change was long enough ago that another one would show in the time.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let settled = now.saturating_sub(SETTLED).as_secs();
        i64::try_from(settled).is_ok_and(|settled| self.modified.0 < settled)
    }
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_metadata: &Metadata) -> (i64, i64) {
    (0, 0)
}

/// MNIST's test pictures, which are read with those for training.
fn test_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    if !name.contains("idx") || !name.contains("train") {
        return None;
    }
    let names = ["t10k", "test"].map(|test| name.replacen("train", test, 1));
    let names = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    names.map(|name| path.with_file_name(name)).find(|path| path.is_file())
}

/// The file that remembers the digests of a source.
fn store(cache: &Path, source: &Path) -> PathBuf {
    let real = fs::canonicalize(source).unwrap_or_else(|_| source.to_owned());
    cache.join("digests").join(hex(&Sha256::digest(real.as_os_str().as_encoded_bytes())))
}

/// What is remembered; `None` if nothing is, or if the file is not as it was written.
fn load(store: &Path) -> Option<BTreeMap<String, Known>> {
    let text = fs::read_to_string(store).ok()?;
    let (sum, text) = text.split_once('\n')?;
    (sum == hex(&Sha256::digest(text))).then_some(())?;
    serde_json::from_str(text).ok()
}

/// Its checksum in the first line, then JSON.
fn save(store: &Path, known: &BTreeMap<String, Known>) -> Result<()> {
    let other = |error| Error::Core(deepal_core::Error::other(error));
    let text = serde_json::to_string(known).map_err(other)?;
    if let Some(folder) = store.parent() {
        files::private_folder(folder)?;
    }
    files::write_atomically(store, format!("{}\n{text}", hex(&Sha256::digest(&text))).as_bytes())
}

/// Adds a part so that parts of other lengths make another number.
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Manifest, Open, Transform};
    use std::fs::File;

    fn open(path: &Path) -> Source {
        Source::open(path, &Open::default()).unwrap()
    }

    struct Looked {
        digest: String,
        n_read: usize,
    }

    fn look(source: &Source, cache: &Path) -> Looked {
        let (digest, n_read) = source.look(Some(cache), &|_, _| {}).unwrap();
        Looked { digest, n_read }
    }

    /// Writes a file as if long ago.
    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        let old = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }

    fn png(value: u8) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::GrayImage::from_pixel(3, 2, image::Luma([value]));
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// Two classes with two pictures each, and a folder for the cache.
    fn pictures() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("pool");
        for (value, name) in (0..).zip(["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]) {
            write(&root.join(name), &png(40 * value));
        }
        let cache = folder.path().join("cache");
        (folder, root, cache)
    }

    #[test]
    fn a_second_look_reads_nothing_and_a_touch_changes_nothing() {
        let (_folder, root, cache) = pictures();
        let own = open(&root);
        let first = look(&own, &cache);
        assert_eq!((first.n_read, first.digest.len()), (4, 64));
        let second = look(&own, &cache);
        assert_eq!((second.n_read, &second.digest), (0, &first.digest));
        let now = SystemTime::now();
        File::options().write(true).open(root.join("cat/1.png")).unwrap().set_modified(now).unwrap();
        let touched = look(&own, &cache);
        assert_eq!((touched.n_read, &touched.digest), (1, &first.digest));
        assert_eq!(look(&own, &cache).n_read, 1, "what is new is not trusted yet");
        assert_eq!(own.content_digest_in(None, &|_, _| {}).unwrap(), first.digest, "without a cache");
    }

    #[test]
    fn a_changed_byte_or_a_replaced_picture_is_another_source() {
        let (folder, root, cache) = pictures();
        let before = look(&open(&root), &cache).digest;
        // The same size and, for who only looks at that, the same time.
        let mut bytes = png(0);
        let end = bytes.len() - 1;
        bytes[end] ^= 1;
        write(&root.join("cat/1.png"), &bytes);
        let own = open(&root);
        assert_eq!(own.ids.len(), 4);
        let changed = look(&own, &cache).digest;
        write(&root.join("cat/1.png"), &png(7));
        let replaced = look(&open(&root), &cache).digest;
        write(&root.join("cat/1.png"), &png(0));
        assert_eq!(look(&open(&root), &cache).digest, before);
        let swapped = [("cat/1.png", png(40)), ("cat/2.png", png(0))];
        swapped.iter().for_each(|(name, bytes)| write(&root.join(name), bytes));
        let swapped = look(&open(&root), &cache).digest;
        let digests = [before, changed, replaced, swapped];
        assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{digests:?}");
        drop(folder);
    }

    #[test]
    fn a_moved_folder_and_a_zip_of_it_have_the_same_content() {
        use std::io::Write;
        let (folder, root, cache) = pictures();
        let before = look(&open(&root), &cache).digest;
        let mut zip = zip::ZipWriter::new(File::create(folder.path().join("pool.zip")).unwrap());
        for name in ["dog/2.png", "cat/1.png", "cat/2.png", "dog/1.png"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(root.join(name)).unwrap()).unwrap();
        }
        zip.finish().unwrap();
        let zip = folder.path().join("pool.zip");
        File::options().write(true).open(&zip).unwrap().set_modified(UNIX_EPOCH).unwrap();
        let packed = look(&open(&zip), &cache);
        assert_eq!((packed.n_read, &packed.digest), (4, &before));
        assert_eq!(look(&open(&zip), &cache).n_read, 0);
        let moved = folder.path().join("elsewhere");
        fs::rename(&root, &moved).unwrap();
        assert_eq!(look(&open(&moved), &cache).digest, before);
    }

    #[test]
    fn a_broken_cache_is_no_answer() {
        let (_folder, root, cache) = pictures();
        let own = open(&root);
        let before = look(&own, &cache).digest;
        let store = store(&cache, &root);
        let text = fs::read_to_string(&store).unwrap();
        for broken in [
            String::new(),
            text.replacen("\"digest\":\"", "\"digest\":\"0", 1),
            text[..text.len() / 2].into(),
        ] {
            assert_ne!(broken, text);
            fs::write(&store, broken).unwrap();
            let looked = look(&own, &cache);
            assert_eq!((looked.n_read, &looked.digest), (4, &before));
        }
        fs::remove_dir_all(&cache).unwrap();
        fs::write(&cache, "a file where the folder should be").unwrap();
        assert_eq!(look(&own, &cache).digest, before);
    }

    #[test]
    fn how_bytes_become_inputs_belongs_to_the_content() {
        let (_folder, root, cache) = pictures();
        let of = |manifest: Manifest| {
            let own = Source { manifest, ..open(&root) };
            look(&own, &cache).digest
        };
        let plain = || open(&root).manifest;
        let image = Some(Transform::new([9, 9], 1));
        assert_ne!(of(plain()), of(Manifest { image, ..plain() }));
        assert_ne!(of(plain()), of(Manifest { features: vec!["x".into()], ..plain() }));
        assert_eq!(of(plain()), of(Manifest { name: Some("other".into()), classes: Vec::new(), ..plain() }));
        let labels = Source { labels: vec![None; 4], ..open(&root) };
        assert_eq!(look(&labels, &cache).digest, of(plain()), "labels have a digest of their own");
    }

    #[test]
    fn a_table_is_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, cache) = (folder.path().join("pool.csv"), folder.path().join("cache"));
        let table = |cell: &str| format!("key,a,b,label\nr1,0.5,3.5,x\nr2,{cell},1.25,y\nr3,9.75,2.5,x\n");
        write(&path, table("2.5").as_bytes());
        let first = look(&open(&path), &cache);
        assert_eq!(first.n_read, 1);
        let again = look(&open(&path), &cache);
        assert_eq!((again.n_read, &again.digest), (0, &first.digest));
        write(&path, table("2.6").as_bytes());
        assert_ne!(look(&open(&path), &cache).digest, first.digest);
        let other = folder.path().join("renamed.csv");
        write(&other, table("2.5").as_bytes());
        assert_eq!(look(&open(&other), &cache).digest, first.digest);
    }
}
