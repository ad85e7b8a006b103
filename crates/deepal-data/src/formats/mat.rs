//! SVHN's cropped digits: MATLAB v5 files with `X`, `[32, 32, 3, n]` bytes, and `y`, `[n, 1]`, in which 10 is the
//! digit 0; see <http://ufldl.stanford.edu/housenumbers/>.
//!
//! Only what these files hold is read: whole arrays of numbers, plain or compressed ("MAT-File Format", MathWorks). Other arrays are
//! passed over.

use crate::error::{Error, Result};
use crate::files;
use flate2::read::ZlibDecoder;
use std::io::Read;
use std::path::Path;

const SIDE: usize = 32;
const CHANNELS: usize = 3;

/// The descriptive text, the version and the byte order in front of the first array.
const HEADER: usize = 128;
/// Bytes that an array may have: 2 GiB.
const MOST: u64 = 1 << 31;

// Types of elements, from "MAT-File Format", table 1-1.
const UINT8: u32 = 2;
const DOUBLE: u32 = 9;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

// Classes of arrays, from table 1-3.
const DOUBLE_CLASS: u8 = 6;
const UINT8_CLASS: u8 = 9;
/// In the second byte of an array's flags.
const COMPLEX: u8 = 0x08;

/// The classes of arrays that hold numbers, `mxDOUBLE_CLASS` to `mxUINT64_CLASS` (table 1-3); the others are
/// cells, structures, objects, text and sparse arrays.
const NUMERIC: std::ops::RangeInclusive<u8> = 6..=15;

/// The images and labels of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SvhnImages {
    /// The pixels, `[n, 3, 32, 32]` in row-major order.
    pub pixels: Vec<u8>,
    /// The digits, `[n]`; 0 is 0.
    pub labels: Vec<u8>,
}

/// Reads `train_32x32.mat` or `test_32x32.mat`.
///
/// # Errors
/// A file that cannot be read or is no intact little-endian MATLAB v5 file, `X` and `y` missing or of another
/// shape or type, and labels outside 1..=10.
pub fn read(path: &Path) -> Result<SvhnImages> {
    let arrays = arrays(path, &files::read(path)?)?;
    let array = |name: &str| {
        let missing = || Error::corrupt(path, format!("an array `{name}`"), "none of that name");
        arrays.iter().find(|array| array.name == name).ok_or_else(missing)
    };
    let x = array("X")?;
    let columns = match (x.class, x.kind) {
        (UINT8_CLASS, UINT8) if !x.is_complex => &x.data,
        _ => return Err(Error::corrupt(path, "`X` of type uint8", "another type")),
    };
    let &[SIDE, SIDE, CHANNELS, n] = &x.size[..] else {
        return Err(Error::corrupt(path, "`X` of shape [32, 32, 3, n]", format!("{:?}", x.size)));
    };
    let y = array("y")?;
    if y.size != [n, 1] {
        return Err(Error::corrupt(path, format!("`y` of shape [{n}, 1]"), format!("{:?}", y.size)));
    }
    // Doubles that are small whole numbers are stored as bytes.
    let digits = match (y.class, y.kind) {
        (UINT8_CLASS | DOUBLE_CLASS, UINT8) if !y.is_complex => {
            y.data.iter().map(|byte| f64::from(*byte)).collect()
        }
        (DOUBLE_CLASS, DOUBLE) if !y.is_complex => {
            let (numbers, _) = y.data.as_chunks();
            numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect::<Vec<_>>()
        }
        _ => return Err(Error::corrupt(path, "`y` of type uint8 or double", "another type")),
    };
    let labels = digits.iter().enumerate().map(|(row, value)| match value {
        10.0 => Ok(0),
        value if (1.0..10.0).contains(value) && value.fract() == 0.0 => Ok(*value as u8),
        value => Err(Error::corrupt(path, "labels 1..=10 in `y`", format!("{value} in row {row}"))),
    });
    Ok(SvhnImages { labels: labels.collect::<Result<_>>()?, pixels: row_major(columns) })
}

/// From MATLAB's order, in which the row index runs fastest, `[n][c][w][h]`, to `[n][c][h][w]`.
fn row_major(columns: &[u8]) -> Vec<u8> {
    let mut pixels = vec![0; columns.len()];
    for (channel, columns) in pixels.chunks_exact_mut(SIDE * SIDE).zip(columns.chunks_exact(SIDE * SIDE)) {
        for (at, pixel) in channel.iter_mut().enumerate() {
            *pixel = columns[at % SIDE * SIDE + at / SIDE];
        }
    }
    pixels
}

/// An array of numbers.
struct Numbers {
    name: String,
    class: u8,
    is_complex: bool,
    size: Vec<usize>,
    /// The type of the numbers in the file.
    kind: u32,
    /// As many as the sizes say.
    data: Vec<u8>,
}

/// The arrays of numbers in a file.
fn arrays(path: &Path, bytes: &[u8]) -> Result<Vec<Numbers>> {
    if bytes.starts_with(b"\x89HDF") || bytes.starts_with(b"MATLAB 7.3") {
        return Err(Error::corrupt(path, "a MATLAB v5 file", "one of v7.3; save it with `-v6` or `-v7`"));
    }
    match bytes.get(HEADER - 4..HEADER) {
        Some([0, 1, b'I', b'M']) => {}
        Some([1, 0, b'M', b'I']) => {
            return Err(Error::corrupt(path, "little-endian numbers", "big-endian ones"));
        }
        _ => return Err(Error::corrupt(path, "a MATLAB v5 file", "another header")),
    }
    let mut arrays = Vec::new();
    let mut rest = &bytes[HEADER..];
    while !rest.is_empty() {
        let element = Element::read(path, &mut rest)?;
        match element.kind {
            COMPRESSED => {
                let mut unpacked = Vec::new();
                let mut decoder = ZlibDecoder::new(element.body);
                Read::by_ref(&mut decoder)
                    .take(MOST)
                    .read_to_end(&mut unpacked)
                    .map_err(|cause| files::broken(path, cause))?;
                let inner = Element::read(path, &mut &unpacked[..])?;
                if inner.kind == MATRIX {
                    arrays.extend(numbers(path, inner.body)?);
                }
            }
            MATRIX => arrays.extend(numbers(path, element.body)?),
            _ => {}
        }
    }
    Ok(arrays)
}

/// The array in the body of an element; `None` if it holds no numbers.
fn numbers(path: &Path, mut body: &[u8]) -> Result<Option<Numbers>> {
    let flags = Element::read(path, &mut body)?.body;
    let (Some(&class), Some(flags)) = (flags.first(), flags.get(1)) else { return Ok(None) };
    if !NUMERIC.contains(&class) {
        return Ok(None);
    }
    let (sizes, _) = Element::read(path, &mut body)?.body.as_chunks();
    let sizes = sizes.iter().map(|size| i32::from_le_bytes(*size)).collect::<Vec<_>>();
    let wrong = || Error::corrupt(path, "an array below 2 GiB", format!("one of shape {sizes:?}"));
    let size = sizes.iter().map(|size| usize::try_from(*size).map_err(|_| wrong()));
    let size = size.collect::<Result<Vec<_>>>()?;
    let product = size.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    let count = product.filter(|count| (*count as u64) < MOST).ok_or_else(wrong)?;
    let name = String::from_utf8_lossy(Element::read(path, &mut body)?.body).into_owned();
    let Element { kind, body: data } = Element::read(path, &mut body)?;
    let bytes = match kind {
        1 | UINT8 => 1,
        3 | 4 => 2,
        5..=7 => 4,
        _ => 8,
    };
    if data.len() != count * bytes {
        let found = format!("{} bytes in `{name}`", data.len());
        return Err(Error::corrupt(path, format!("{count} numbers of {bytes} bytes"), found));
    }
    let is_complex = flags & COMPLEX != 0;
    Ok(Some(Numbers { name, class, is_complex, size, kind, data: data.to_vec() }))
}

/// A tagged piece of a MATLAB file.
struct Element<'a> {
    kind: u32,
    body: &'a [u8],
}

impl<'a> Element<'a> {
    /// Takes the next element off `rest`.
    fn read(path: &Path, rest: &mut &'a [u8]) -> Result<Self> {
        let all = *rest;
        let cut = |wanted: usize| {
            Error::corrupt(path, format!("an element of {wanted} bytes"), format!("{} bytes", all.len()))
        };
        let number = |at: usize| {
            let digits = all.get(at..at + 4).ok_or_else(|| cut(8))?;
            Ok::<u32, Error>(digits.iter().rev().fold(0, |number, digit| number << 8 | u32::from(*digit)))
        };
        let tag = number(0)?;
        // A tag with something in its upper half is a small element: its size is there and its body in the tag.
        let (kind, start, size, padded) = match tag >> 16 {
            0 => {
                let size = number(4)? as usize;
                // Compressed elements are not padded.
                (tag, 8, size, if tag == COMPRESSED { size } else { size.next_multiple_of(8) })
            }
            size @ 1..=4 => (tag & 0xffff, 4, size as usize, 4),
            size => return Err(Error::corrupt(path, "an element of at most 4 bytes", format!("{size}"))),
        };
        // The last element of an array or a file may lack its padding.
        let end = (start + padded).min(all.len());
        let body = all.get(start..start + size).ok_or_else(|| cut(start + size))?;
        *rest = &all[end..];
        Ok(Self { kind, body })
    }
}
