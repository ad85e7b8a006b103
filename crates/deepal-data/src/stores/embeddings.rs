//! [`EmbeddingStore`]: embeddings that were computed before, kept by content, so that none is computed twice.

use crate::error::{Error, Result};
use crate::files::private_folder;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The first bytes of a file: what it is and its version.
const MAGIC: &[u8; 8] = b"deepalE1";
/// Bytes of an item's digest.
const DIGEST: usize = 32;

/// The embeddings of one pretrained net, by the SHA-256 of what they are of. It is a file that only ever grows: a magic
/// number, the width as `u32`, then for each item its digest and its embedding, little-endian `f32`. The end that a killed
/// process did not finish is dropped.
///
/// Memory: 40 bytes for each item in the file, and the embeddings asked for.
#[derive(Debug)]
pub struct EmbeddingStore {
    path: PathBuf,
    file: File,
    width: usize,
    /// The position of each item's embedding in the file.
    places: HashMap<[u8; DIGEST], u64>,
    /// The whole records of the file, in bytes.
    len: u64,
}

impl EmbeddingStore {
    /// The store of a net, which `key` stands for, with embeddings of `width` numbers; `cache`: the cache folder.
    ///
    /// # Errors
    /// A folder that cannot be written, a store that another process is writing to, or one of another width.
    pub fn open(cache: &Path, key: &str, width: usize) -> Result<Self> {
        let folder = cache.join("embeddings");
        private_folder(&folder)?;
        let path = folder.join(key);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(&path)
            .map_err(Error::write(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path }),
            Err(TryLockError::Error(cause)) => return Err(Error::Write { path, cause }),
        }
        let mut store = Self { path, file, width, places: HashMap::new(), len: 0 };
        store.read()?;
        Ok(store)
    }

    /// Bytes of a record.
    fn record(&self) -> u64 {
        (DIGEST + 4 * self.width) as u64
    }

    fn read(&mut self) -> Result<()> {
        let size = self.file.metadata().map_err(Error::read(&self.path))?.len();
        let mut start = MAGIC.to_vec();
        start.extend((self.width as u32).to_le_bytes());
        self.len = start.len() as u64;
        if size < self.len {
            self.cut(0)?;
            return self.file.write_all(&start).map_err(Error::write(&self.path));
        }
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        let mut found = vec![0; start.len()];
        reader.read_exact(&mut found).map_err(Error::read(&self.path))?;
        if found != start {
            let why = "holds no embeddings of this width; delete it".into();
            return Err(Error::Unfit { path: self.path.clone(), why });
        }
        let mut record = vec![0; self.record() as usize];
        let mut places = HashMap::new();
        let mut len = self.len;
        for _ in 0..(size - self.len) / self.record() {
            reader.read_exact(&mut record).map_err(Error::read(&self.path))?;
            let mut digest = [0; DIGEST];
            digest.copy_from_slice(&record[..DIGEST]);
            places.insert(digest, len + DIGEST as u64);
            len += self.record();
        }
        (self.places, self.len) = (places, len);
        if len < size { self.cut(len) } else { Ok(()) }
    }

    fn cut(&self, len: u64) -> Result<()> {
        self.file.set_len(len).map_err(Error::write(&self.path))
    }

    /// Whether the embedding of an item is there.
    pub fn contains(&self, digest: &[u8; 32]) -> bool {
        self.places.contains_key(digest)
    }

    /// Puts the embedding of an item into `embedding`, `[width]`; whether it is there.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn get(&mut self, digest: &[u8; 32], embedding: &mut [f32]) -> Result<bool> {
        use std::io::{Seek, SeekFrom};
        let Some(place) = self.places.get(digest) else { return Ok(false) };
        let mut bytes = vec![0; 4 * self.width];
        let read = self.file.seek(SeekFrom::Start(*place)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(Error::read(&self.path))?;
        for (value, bytes) in embedding.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Ok(true)
    }

    /// Adds the embeddings of some items; when this returns, a killed process does not lose them.
    ///
    /// # Errors
    /// A disk that is full or fails: what was there before is kept.
    pub fn add<'a>(&mut self, items: impl IntoIterator<Item = ([u8; 32], &'a [f32])>) -> Result<()> {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for (digest, embedding) in items {
            places.push((digest, self.len + (bytes.len() + DIGEST) as u64));
            bytes.extend(digest);
            bytes.extend(embedding.iter().flat_map(|value| value.to_le_bytes()));
        }
        if let Err(cause) = self.file.write_all(&bytes) {
            let _ = self.cut(self.len);
            return Err(Error::Write { path: self.path.clone(), cause });
        }
        self.len += bytes.len() as u64;
        self.places.extend(places);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn digest(i: u8) -> [u8; 32] {
        [i; 32]
    }

    fn get(store: &mut EmbeddingStore, i: u8) -> Option<[f32; 2]> {
        let mut embedding = [0.0; 2];
        store.get(&digest(i), &mut embedding).unwrap().then_some(embedding)
    }

    #[test]
    fn what_is_added_is_there_again_also_after_a_cut_at_any_byte() {
        let cache = tempfile::tempdir().unwrap();
        let path = cache.path().join("embeddings/key");
        {
            let mut store = EmbeddingStore::open(cache.path(), "key", 2).unwrap();
            assert_eq!(get(&mut store, 1), None);
            store.add([(digest(1), &[1.0, -2.5][..]), (digest(2), &[3.0, 4.0])]).unwrap();
            assert_eq!(get(&mut store, 2), Some([3.0, 4.0]));
            let second = EmbeddingStore::open(cache.path(), "key", 2).unwrap_err();
            assert!(matches!(second, Error::Locked { .. }));
        }
        let whole = fs::read(&path).unwrap();
        for end in 0..=whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let mut store = EmbeddingStore::open(cache.path(), "key", 2).unwrap();
            let records = end.saturating_sub(12) / 40;
            assert_eq!(get(&mut store, 1), (records > 0).then_some([1.0, -2.5]), "cut at {end}");
            assert_eq!(get(&mut store, 2), (records > 1).then_some([3.0, 4.0]), "cut at {end}");
            store.add([(digest(7), &[7.0, 8.0][..])]).unwrap();
            assert_eq!(get(&mut store, 7), Some([7.0, 8.0]));
            drop(store);
            assert_eq!(fs::read(&path).unwrap().len(), 12 + 40 * (records + 1));
        }
    }

    #[test]
    fn another_width_or_file_is_refused() {
        let cache = tempfile::tempdir().unwrap();
        drop(EmbeddingStore::open(cache.path(), "key", 2).unwrap());
        let error = EmbeddingStore::open(cache.path(), "key", 3).unwrap_err().to_string();
        assert!(error.contains("no embeddings of this width"), "{error}");
        fs::write(cache.path().join("embeddings/key"), "something else entirely").unwrap();
        assert!(EmbeddingStore::open(cache.path(), "key", 2).is_err());
    }
}
