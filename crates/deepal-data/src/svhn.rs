//! SVHN's cropped digits: MATLAB v5 files with `X`, `[32, 32, 3, n]` bytes, and `y`, `[n, 1]`, in which 10 is the
//! digit 0; see <http://ufldl.stanford.edu/housenumbers/>.
//!
//! `matfile` reads the numbers. Before that the structure of the file is checked here, because `matfile` 0.5
//! takes a truncated file for a shorter one, prints what it does not know to the standard output, and overflows
//! on absurd sizes. It is handed nothing but whole, unpacked, numeric arrays.

use crate::error::{Error, Result};
use crate::files;
use flate2::read::ZlibDecoder;
use matfile::{MatFile, NumericData};
use std::io::Read;
use std::path::Path;

const SIDE: usize = 32;
const CHANNELS: usize = 3;

/// The descriptive text, the version and the byte order in front of the first array.
const HEADER: usize = 128;

// Types of elements, from "MAT-File Format", table 1-1.
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

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
    let plain = checked(path, &files::read(path)?)?;
    let arrays = MatFile::parse(&plain[..]).map_err(|error| Error::corrupt(path, "numeric arrays", error))?;
    drop(plain);
    let array = |name: &str| {
        let missing = || Error::corrupt(path, format!("an array `{name}`"), "none of that name");
        arrays.find_by_name(name).ok_or_else(missing)
    };

    let x = array("X")?;
    let NumericData::UInt8 { real: columns, imag: None } = x.data() else {
        return Err(Error::corrupt(path, "`X` of type uint8", "another type"));
    };
    let &[SIDE, SIDE, CHANNELS, n] = &x.size()[..] else {
        return Err(Error::corrupt(path, "`X` of shape [32, 32, 3, n]", format!("{:?}", x.size())));
    };
    let y = array("y")?;
    if y.size()[..] != [n, 1] {
        return Err(Error::corrupt(path, format!("`y` of shape [{n}, 1]"), format!("{:?}", y.size())));
    }
    let digits = match y.data() {
        NumericData::UInt8 { real, imag: None } => real.iter().map(|value| f64::from(*value)).collect(),
        NumericData::Double { real, imag: None } => real.clone(),
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

/// The same file with its compressed arrays unpacked and all but its numeric arrays left out.
fn checked(path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
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
    let mut plain = bytes[..HEADER].to_vec();
    let mut rest = &bytes[HEADER..];
    while !rest.is_empty() {
        let element = Element::read(path, &mut rest)?;
        match element.kind {
            COMPRESSED => {
                let mut unpacked = Vec::new();
                let mut decoder = ZlibDecoder::new(element.body);
                decoder.read_to_end(&mut unpacked).map_err(|cause| files::broken(path, cause))?;
                let inner = Element::read(path, &mut &unpacked[..])?;
                if inner.kind == MATRIX && is_numeric(path, inner.body)? {
                    plain.extend(inner.whole);
                }
            }
            MATRIX if is_numeric(path, element.body)? => plain.extend(element.whole),
            _ => {}
        }
        // The padding that the last array of a file or of compressed data may lack.
        plain.resize(plain.len().next_multiple_of(8), 0);
    }
    Ok(plain)
}

/// Whether an array holds numbers; if so, all its parts are checked to be as long as they say.
fn is_numeric(path: &Path, mut body: &[u8]) -> Result<bool> {
    let flags = Element::read(path, &mut body)?;
    if !flags.body.first().is_some_and(|class| NUMERIC.contains(class)) {
        return Ok(false);
    }
    let sizes = Element::read(path, &mut body)?;
    let sizes =
        sizes.body.chunks_exact(4).map(|size| i32::from_le_bytes([size[0], size[1], size[2], size[3]]));
    let sizes = sizes.collect::<Vec<_>>();
    // `matfile` multiplies the sizes as i32.
    let product = sizes.iter().try_fold(1_i32, |product, size| product.checked_mul(*size));
    if product.is_none() || sizes.iter().any(|size| *size < 0) {
        return Err(Error::corrupt(path, "an array below 2 GiB", format!("one of shape {sizes:?}")));
    }
    while !body.is_empty() {
        Element::read(path, &mut body)?;
    }
    Ok(true)
}

/// A tagged piece of a MATLAB file.
struct Element<'a> {
    kind: u32,
    body: &'a [u8],
    /// The body with its tag and padding.
    whole: &'a [u8],
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
        Ok(Self { kind, body, whole: &all[..end] })
    }
}
