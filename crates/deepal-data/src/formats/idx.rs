//! IDX files, the format of MNIST: a magic number, the dimensions, then bytes; plain or gzip, told by the bytes.
//!
//! The format is described at the foot of MNIST's home page, <http://yann.lecun.com/exdb/mnist/>: all numbers are
//! big-endian `u32`, the third byte of the magic is the element type (8 = unsigned byte), the fourth the number
//! of dimensions.

use crate::error::{Error, Result};
use crate::files;
use crate::formats::element::Element;
use crate::formats::stored::{Extent, Place, Stored};
use std::io::Read;
use std::path::Path;

const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;

/// The images of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// How many there are.
    pub n: usize,
    /// Rows of pixels in each.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// The bytes, `[n, height, width]` in row-major order.
    pub pixels: Vec<u8>,
}

/// Reads a file of images (magic `0x0803`).
///
/// # Errors
/// A file that cannot be read, is no IDX file of images, or whose body is not exactly as long as it says.
pub fn read_images(path: &Path) -> Result<IdxImages> {
    images(path, files::read(path)?)
}

/// Reads a file of labels (magic `0x0801`): `[n]`.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(path: &Path) -> Result<Vec<u8>> {
    labels(path, files::read(path)?)
}

/// An array of any type and any number of dimensions, unpacked to at most `most` bytes.
///
/// # Errors
/// As [`read_images`].
pub(crate) fn open(path: &Path, most: u64) -> Result<Stored> {
    let wrong = |why: &str| Error::Unfit { path: path.into(), why: why.into() };
    let len = std::fs::metadata(path).map_err(Error::read(path))?.len();
    let (mut file, is_packed) = files::open_packed(path)?;
    let mut number = || -> Result<[u8; 4]> {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes)
            .map_err(|_| wrong("is damaged or no IDX file: its header ends too early"))?;
        Ok(bytes)
    };
    let [0, 0, element, dimensions] = number()? else {
        return Err(wrong("is no IDX file, which begins with two zeros"));
    };
    let element = match element {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        other => return Err(wrong(&format!("has the element type {other:#04x}, which IDX does not know"))),
    };
    let shape =
        (0..dimensions).map(|_| Ok(u32::from_be_bytes(number()?) as usize)).collect::<Result<Vec<_>>>()?;
    let (skip, path) = (4 + 4 * u64::from(dimensions), path.to_owned());
    let (place, extent) = match is_packed {
        true => (Place::Gzip { path: path.clone(), skip }, Extent::Packed { bytes: len, most }),
        false => {
            (Place::Plain { path: path.clone(), offset: skip }, Extent::Exactly(len.saturating_sub(skip)))
        }
    };
    Stored { label: path, element, big: true, shape, fortran: false, place }
        .checked(extent, "write or copy the file again")
}

/// Images from unpacked bytes; `path` is for the errors.
pub(crate) fn images(path: &Path, bytes: Vec<u8>) -> Result<IdxImages> {
    let ([n, height, width], pixels) = body(path, bytes, IMAGES)?;
    Ok(IdxImages { n, height, width, pixels })
}

/// Labels from unpacked bytes; `path` is for the errors.
pub(crate) fn labels(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>> {
    Ok(body::<1>(path, bytes, LABELS)?.1)
}

/// The dimensions and the body of a file of `D` dimensions.
fn body<const D: usize>(path: &Path, mut bytes: Vec<u8>, magic: u32) -> Result<([usize; D], Vec<u8>)> {
    let header = 4 * (1 + D);
    let number = |at: usize| {
        let digits = bytes.get(4 * at..4 * at + 4)?;
        Some(digits.iter().fold(0_u32, |number, digit| number << 8 | u32::from(*digit)))
    };
    match number(0) {
        Some(found) if found == magic => {}
        Some(found) => {
            return Err(Error::corrupt(path, format!("IDX magic {magic:#010x}"), format!("{found:#010x}")));
        }
        None => return Err(Error::corrupt(path, "an IDX file", format!("{} bytes", bytes.len()))),
    }
    let sizes = (1..=D).map_while(number).map(|size| size as usize).collect::<Vec<_>>();
    let Ok(sizes) = <[usize; D]>::try_from(sizes) else {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::corrupt(path, format!("an IDX header of {header} bytes"), found));
    };
    let found = bytes.len() - header;
    let expected = sizes.iter().map(|size| *size as u128).product::<u128>();
    if expected != found as u128 {
        let expected = format!("{expected} bytes for {sizes:?} after the header");
        return Err(Error::corrupt(path, expected, format!("{found} bytes")));
    }
    bytes.drain(..header);
    Ok((sizes, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// Two images of 1×3 pixels.
    const TWO: [u8; 22] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<IdxImages> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let images = read_images(file.path());
        if let Err(error) = &images {
            let (text, path) = (error.to_string(), file.path().display().to_string());
            assert!(text.contains(&path) && text.contains("expected") && text.contains("found"), "{text}");
        }
        images
    }

    #[test]
    fn plain_and_packed_are_told_apart_by_their_bytes() {
        let expected = IdxImages { n: 2, height: 1, width: 3, pixels: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(read(&TWO).unwrap(), expected);
        assert_eq!(read(&gzip(&TWO)).unwrap(), expected);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let packed = gzip(&TWO);
        for end in 0..TWO.len() {
            assert!(read(&TWO[..end]).is_err(), "cut at {end}");
        }
        for end in 0..packed.len() {
            assert!(read(&packed[..end]).is_err(), "packed, cut at {end}");
        }
    }

    #[test]
    fn a_longer_body_another_magic_and_damaged_gzip_are_errors() {
        assert!(read(&[&TWO[..], &[0]].concat()).is_err());
        assert!(read(&gzip(&[&TWO[..], &[0]].concat())).is_err());
        assert!(read(&[&gzip(&TWO)[..], b"tail"].concat()).is_err());
        let mut damaged = gzip(&TWO);
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(read(&damaged).is_err(), "the checksum of gzip is looked at");
        let labels = [0, 0, 8, 1, 0, 0, 0, 1, 7];
        assert!(read(&labels).unwrap_err().to_string().contains("0x00000801"));
        let huge = [&[0, 0, 8, 3][..], &[0xff; 12]].concat();
        assert!(read(&huge).is_err());
    }
}
