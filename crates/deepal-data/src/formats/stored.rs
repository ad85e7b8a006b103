//! [`Stored`]: an array where it lies in a file, of any type and order; mapped or streamed, never more than once in memory.

use crate::error::{Error, Result};
use crate::files;
use crate::formats::element::Element;
use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// How many bytes are read at a time; whole elements of every number type.
const BLOCK: usize = 1 << 16;
/// The longest side of an array that has no elements: more would be rows of nothing that take memory all the same.
const MOST_OF_NOTHING: usize = 1 << 24;
/// The most bytes that one packed byte can become (deflate's limit).
const RATIO: u64 = 1032;

/// An array where it lies in a file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The file, with the member's name in an archive; for errors.
    pub(crate) label: PathBuf,
    pub(crate) element: Element,
    /// Whether its bytes are big-endian.
    pub(crate) big: bool,
    pub(crate) shape: Vec<usize>,
    /// Whether the first dimension changes fastest.
    pub(crate) fortran: bool,
    pub(crate) place: Place,
}

/// Where an array's bytes begin.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// As they are, from an offset.
    Plain { path: PathBuf, offset: u64 },
    /// In a gzip file, behind some unpacked bytes.
    Gzip { path: PathBuf, skip: u64 },
    /// In a packed member of a zip archive, behind some unpacked bytes.
    Member { path: PathBuf, index: usize, skip: u64 },
}

/// How many bytes there are for an array.
pub(crate) enum Extent {
    /// So many.
    Exactly(u64),
    /// So many packed bytes; how much they become shows when they are read.
    Packed {
        bytes: u64,
        /// The most that they may become.
        most: u64,
    },
}

/// Bytes in memory, or in a file that is looked at through a memory map.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped { map: Mmap, start: usize, len: usize },
    Held(Vec<u8>),
}

impl Bytes {
    /// All of a file: mapped as it is, or unpacked to at most so many bytes if it is gzip.
    pub(crate) fn file(path: &Path, most: u64) -> Result<Self> {
        if files::open_packed(path)?.1 {
            return Ok(Self::Held(files::read_within(path, most)?));
        }
        match map(&File::open(path).map_err(Error::read(path))?) {
            Ok(map) => Ok(Self::Mapped { start: 0, len: map.len(), map }),
            Err(_) => Ok(Self::Held(files::read_within(path, most)?)),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped { map, start, len } => &map[*start..*start + *len],
            Self::Held(bytes) => bytes,
        }
    }
}

/// A file through a memory map. Another process that makes the file shorter meanwhile can end this one (SIGBUS).
fn map(file: &File) -> io::Result<Mmap> {
    #[expect(unsafe_code, reason = "the one way to look at a file that is larger than the memory")]
    // SAFETY: the map is only read, and only as bytes or floats, for which every pattern of bits is a value. What is left is
    // another process that changes the file meanwhile: values would change, or, if the file is cut, this process would be
    // ended by a signal. No lock can rule that out everywhere, so it is said where maps are offered.
    unsafe {
        Mmap::map(file)
    }
}

impl Stored {
    /// Checks that the file has as many bytes as the shape says, before anything of that size is asked of the memory; the
    /// remedy is for the error.
    pub(crate) fn checked(self, extent: Extent, remedy: &str) -> Result<Self> {
        // Sides of nothing make no array of any size: they are looked at without those.
        let full =
            self.shape.iter().try_fold(self.element.size().max(1), |size, n| size.checked_mul((*n).max(1)));
        let is_too_large = full.is_none_or(|full| full > isize::MAX as usize);
        if self.element.size() == 0 && self.len_or_none().is_none_or(|len| len > 0) {
            return Err(self.wrong(format!(
                "has shape {:?} of strings without letters, which say nothing; {remedy}",
                self.shape
            )));
        }
        let is_empty = self.shape.contains(&0);
        if is_empty && (is_too_large || self.shape.iter().any(|n| *n > MOST_OF_NOTHING)) {
            return Err(
                self.wrong(format!("has shape {:?}, which has no number in it; {remedy}", self.shape))
            );
        }
        let wanted = self.len_or_none().and_then(|len| len.checked_mul(self.element.size()));
        let fits = |wanted: usize| match extent {
            Extent::Exactly(bytes) => wanted as u64 == bytes,
            Extent::Packed { bytes, .. } => {
                wanted as u64 <= bytes.saturating_mul(RATIO).saturating_add(BLOCK as u64)
            }
        };
        if let Extent::Packed { most, .. } = extent
            && wanted.is_some_and(|wanted| wanted as u64 > most && fits(wanted))
        {
            return Err(self.wrong(files::too_much(most)));
        }
        if wanted.is_some_and(fits) {
            return Ok(self);
        }
        let wanted = wanted.map_or("more bytes than there can be".into(), |wanted| format!("{wanted} bytes"));
        let found = match extent {
            Extent::Exactly(bytes) => format!("has {bytes} bytes"),
            Extent::Packed { bytes, .. } => format!("has {bytes} packed bytes"),
        };
        Err(self.wrong(format!(
            "{found} where shape {:?} of {} needs {wanted}; {remedy}",
            self.shape,
            self.element.name()
        )))
    }

    /// How many elements it has, if that is a number.
    fn len_or_none(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1_usize, |len, n| len.checked_mul(*n))
            .or(self.shape.contains(&0).then_some(0))
    }

    /// An error about it.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> Error {
        Error::Unfit { path: self.label.clone(), why: why.into() }
    }

    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its bytes in C order: mapped where they lie so, else read.
    pub(crate) fn bytes(&self) -> Result<Bytes> {
        match &self.place {
            Place::Plain { path, offset } if !self.fortran => self.mapped(path, *offset),
            _ => self.read(),
        }
    }

    fn mapped(&self, path: &Path, offset: u64) -> Result<Bytes> {
        let file = File::open(path).map_err(Error::read(path))?;
        // Some file systems cannot be mapped.
        let Ok(map) = map(&file) else { return self.read() };
        let (start, len) = (offset as usize, self.len() * self.element.size());
        match start.checked_add(len) {
            Some(end) if end <= map.len() => Ok(Bytes::Mapped { map, start, len }),
            _ => Err(self.wrong("became shorter while it was read")),
        }
    }

    fn read(&self) -> Result<Bytes> {
        let size = self.element.size();
        let mut bytes = self.zeros(self.len() * size)?;
        if size == 0 {
            return Ok(Bytes::Held(bytes));
        }
        let mut index = 0;
        self.blocks(|block| {
            if self.fortran {
                for item in block.chunks_exact(size) {
                    bytes[self.place(index) * size..][..size].copy_from_slice(item);
                    index += 1;
                }
            } else {
                bytes[index..][..block.len()].copy_from_slice(block);
                index += block.len();
            }
        })?;
        Ok(Bytes::Held(bytes))
    }

    /// Zeros, if there is so much memory.
    pub(crate) fn zeros<T: bytemuck::Zeroable>(&self, len: usize) -> Result<Vec<T>> {
        files::fits((len * size_of::<T>()) as u64).map_err(|why| self.wrong(why))?;
        bytemuck::allocation::try_zeroed_vec(len)
            .map_err(|()| self.wrong(format!("needs {} bytes of memory", len * size_of::<T>())))
    }

    /// Tells each number and its place in C order, in the order of the file, holding a small part of it at a time.
    pub(crate) fn each(&self, mut each: impl FnMut(usize, f64)) -> Result<()> {
        let mut index = 0;
        self.blocks(|block| {
            self.element.numbers(self.big, block, |number| {
                each(self.place(index), number);
                index += 1;
            });
        })
    }

    /// The first number in C order that is wrong, and its place.
    pub(crate) fn first(&self, is_wrong: impl Fn(f64) -> bool) -> Result<Option<(usize, f64)>> {
        let (mut index, mut first) = (0, None::<(usize, f64)>);
        self.blocks(|block| {
            // Without a branch for each number, as there is hardly ever a wrong one.
            let mut is_any = false;
            self.element.numbers(self.big, block, |number| is_any |= is_wrong(number));
            let mut at = index;
            index += block.len() / self.element.size();
            if is_any {
                self.element.numbers(self.big, block, |number| {
                    let place = self.place(at);
                    if is_wrong(number) && first.is_none_or(|(first, _)| place < first) {
                        first = Some((place, number));
                    }
                    at += 1;
                });
            }
        })?;
        Ok(first)
    }

    /// The place in C order of the element that has this one in the file.
    fn place(&self, mut index: usize) -> usize {
        if !self.fortran {
            return index;
        }
        let (mut place, mut step) = (0, self.len());
        for n in &self.shape {
            step /= n;
            place += index % n * step;
            index /= n;
        }
        place
    }

    /// Passes over the bytes of the array, blocks of whole elements, and checks that there are neither fewer nor more.
    fn blocks(&self, mut each: impl FnMut(&[u8])) -> Result<()> {
        let size = self.element.size().max(1);
        let mut left = self.len() * self.element.size();
        let mut block = vec![0; left.min(BLOCK.next_multiple_of(size))];
        self.body(&mut |body: &mut dyn Read| {
            while left > 0 {
                let part = left.min(block.len());
                body.read_exact(&mut block[..part])?;
                each(&block[..part]);
                left -= part;
            }
            // Archives check their sums when the end is read.
            match body.read(&mut [0])? {
                0 => Ok(()),
                _ => Err(io::Error::other("more bytes than its shape says")),
            }
        })
        .map_err(|cause| self.broken(cause))
    }

    /// Hands over the bytes, from the first of the array on.
    fn body(&self, pass: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
        let skipped =
            |body: &mut dyn Read, skip: u64| io::copy(&mut body.take(skip), &mut io::sink()).map(|_| ());
        match &self.place {
            Place::Plain { path, offset } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(*offset))?;
                pass(&mut file.take((self.len() * self.element.size()) as u64))
            }
            Place::Gzip { path, skip } => {
                // No more is read than the shape says, which was compared with the limit.
                let mut body = files::open_packed(path).map_err(io::Error::other)?.0;
                skipped(&mut body, *skip)?;
                pass(&mut body)
            }
            Place::Member { path, index, skip } => {
                let mut archive = zip::ZipArchive::new(io::BufReader::new(File::open(path)?))?;
                let mut body = archive.by_index(*index)?;
                skipped(&mut body, *skip)?;
                pass(&mut body)
            }
        }
    }

    /// A failure while it is read: the file's fault when its bytes make no sense, else the system's.
    fn broken(&self, cause: io::Error) -> Error {
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => self.wrong("ends too early; write or copy the file again"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                self.wrong(format!("is damaged: {cause}; write or copy the file again"))
            }
            _ => Error::Read { path: self.label.clone(), cause },
        }
    }

    /// Each element as text; `None` is a float that is not a number.
    ///
    /// # Errors
    /// An element that is no text and no whole number, by its row.
    pub(crate) fn texts(&self) -> Result<Vec<Option<String>>> {
        let size = self.element.size();
        if size == 0 {
            return Ok(vec![Some(String::new()); self.len()]);
        }
        let text = |(row, item): (usize, &[u8])| {
            let mut number = 0.0;
            self.element.numbers(self.big, item, |x| number = x);
            match self.element.text(self.big, item) {
                _ if number.is_nan() => Ok(None),
                Some(text) => Ok(Some(text)),
                None if self.element.is_float() => {
                    Err(self.wrong(format!("has {number} in row {row}, which is no whole number")))
                }
                None => Err(self.wrong(format!("has a string in row {row} that is not UTF-8"))),
            }
        };
        self.bytes()?.chunks_exact(size).enumerate().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// More than one block of a Fortran array, plain and packed, against its index computed by hand.
    #[test]
    fn fortran_order_is_undone_over_several_blocks() {
        let [a, b, c] = [13_i64, 110, 17];
        let mut values = Vec::new();
        for (k, j, i) in (0..c).flat_map(|k| (0..b).flat_map(move |j| (0..a).map(move |i| (k, j, i)))) {
            values.extend(((i * b + j) * c + k).to_be_bytes());
        }
        assert!(values.len() > 2 * BLOCK && !values.len().is_multiple_of(BLOCK));
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&[b"12345", &values[..]].concat()).unwrap();
        let packed = packed.finish().unwrap();
        let plain = [b"123", &values[..]].concat();
        for (bytes, place) in [
            (plain, Place::Plain { path: path.clone(), offset: 3 }),
            (packed, Place::Gzip { path: path.clone(), skip: 5 }),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let shape = vec![a as usize, b as usize, c as usize];
            let stored =
                Stored { label: path.clone(), element: Element::I64, big: true, shape, fortran: true, place };
            let expected = (0..a * b * c).flat_map(i64::to_be_bytes).collect::<Vec<_>>();
            assert!(*stored.bytes().unwrap() == expected[..]);
            stored.each(|place, number| assert_eq!(number, place as f64)).unwrap();
            // The last block holds numbers above 1000 too, but the file's first is not C order's.
            assert_eq!(stored.first(|number| number > 1000.0).unwrap(), Some((1001, 1001.0)));
            assert_eq!(stored.first(|number| number < 0.0).unwrap(), None);
        }
    }

    #[test]
    fn fewer_or_more_packed_bytes_than_the_shape_says_are_errors() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&[0; 100]).unwrap();
        std::fs::write(&path, packed.finish().unwrap()).unwrap();
        let read_within = |n: usize, most: u64| {
            let place = Place::Gzip { path: path.clone(), skip: 0 };
            let (element, shape) = (Element::U8, vec![n]);
            let stored = Stored { label: path.clone(), element, big: false, shape, fortran: false, place };
            stored.checked(Extent::Packed { bytes: 30, most }, "")?.bytes().map(|bytes| bytes.len())
        };
        let read = |n| read_within(n, u64::MAX);
        assert_eq!(read(100).unwrap(), 100);
        assert_eq!(read_within(100, 100).unwrap(), 100);
        let text = read_within(100, 99).unwrap_err().to_string();
        assert!(text.contains("more than 99 bytes") && text.contains("`max_unpacked`"), "{text}");
        assert!(read(101).unwrap_err().to_string().contains("ends too early"));
        assert!(read(99).unwrap_err().to_string().contains("more bytes than its shape says"));
        // Deflate cannot make so much of 30 bytes, so the memory is not asked for it.
        assert!(read(1 << 40).unwrap_err().to_string().contains("has 30 packed bytes"));
    }
}
