//! NumPy arrays (`.npy`) of numbers: floats of 16, 32 or 64 bits, whole numbers and booleans, either byte order, C or Fortran
//! order; and [`Matrix`], which stays in its file.

use crate::error::{Error, Result};
use crate::files;
use crate::formats::element::Element;
use crate::formats::stored::{Bytes, Extent, Place, Stored};
use deepal_core::Class;
use ndarray::{Array, Array1, Array2, Array3, ArrayD, ArrayView2, Dimension, IxDyn, aview2};
use ndarray_npy::WriteNpyExt;
use ndarray_npy::npy::header::Header;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest header that is looked at, as NumPy does: a parser of nested brackets must not run out of stack.
const HEADER: usize = 10_000;

/// Reads a matrix, `[n, d]`, of any numbers as `f64`.
///
/// # Errors
/// A file that cannot be read, is no `.npy` file, is truncated or too long, or holds no numbers, rows of none, or another number
/// of dimensions.
pub fn read_2d(path: &Path) -> Result<Array2<f64>> {
    array(&floats(path, 2)?)
}

/// Reads three dimensions, `[t, n, c]`, of any numbers as `f64`.
///
/// # Errors
/// As [`read_2d`].
pub fn read_3d(path: &Path) -> Result<Array3<f64>> {
    array(&floats(path, 3)?)
}

/// Reads a matrix, `[n, d]`, of any numbers as `f32`.
///
/// # Errors
/// As [`read_2d`], and a finite value too large for `f32`, by its row.
pub fn read_2d_f32(path: &Path) -> Result<Array2<f32>> {
    narrowed(&floats(path, 2)?)
}

/// Reads a vector, `[n]`, as `f32`; `f64` values are narrowed.
///
/// # Errors
/// As [`read_2d_f32`].
pub fn read_1d_f32(path: &Path) -> Result<Array1<f32>> {
    narrowed(&floats(path, 1)?)
}

/// The shape of an array in a file.
///
/// # Errors
/// A file that cannot be read, or is no `.npy` file.
pub fn peek(path: &Path) -> Result<Vec<usize>> {
    Ok(open(path)?.shape)
}

/// Reads the entries of an array of so many `dimensions` whose place along `axis` is one of `rows`, which ascend, as `f64`; no more than
/// these are in memory at once.
///
/// # Errors
/// As [`read_2d`], or a row that is not there.
pub fn read_rows(path: &Path, dimensions: usize, axis: usize, rows: &[usize]) -> Result<ArrayD<f64>> {
    let stored = floats(path, dimensions)?;
    let n = stored.shape.get(axis).copied().unwrap_or_default();
    if rows.last().is_some_and(|last| *last >= n) {
        return Err(stored.wrong(format!("has {n} rows, which are fewer than are asked for")));
    }
    let inner = stored.shape[axis + 1..].iter().product::<usize>();
    let mut shape = stored.shape.clone();
    shape[axis] = rows.len();
    let mut at = vec![None; n];
    rows.iter().enumerate().for_each(|(new, old)| at[*old] = Some(new));
    let mut values = stored.zeros::<f64>(shape.iter().product())?;
    stored.each(|place, value| {
        let (outer, within) = (place / inner / n, place % inner);
        if let Some(row) = at[place / inner % n] {
            values[(outer * rows.len() + row) * inner + within] = value;
        }
    })?;
    Array::from_shape_vec(IxDyn(&shape), values).map_err(|cause| stored.wrong(cause.to_string()))
}

/// Reads classes, `[m]` or `[m, 1]`, whole numbers from 0 to 65,535 of any type.
///
/// # Errors
/// A file that cannot be read, is no `.npy` file, or holds anything else, such as names.
pub fn read_classes(path: &Path) -> Result<Vec<Class>> {
    let stored = open(path)?;
    let wrong = |found: String| {
        let expected = "one dimension of classes, whole numbers from 0 to 65,535".into();
        Error::Array { path: path.into(), expected, found }
    };
    if !matches!(stored.shape[..], [_] | [_, 1]) {
        return Err(wrong(format!("shape {:?}", stored.shape)));
    }
    if !stored.element.is_number() {
        let first = stored.texts()?.into_iter().flatten().next().unwrap_or_default();
        return Err(wrong(format!(
            "names such as `{first}`, of which it is not known which numbers they stand for: make them the numbers of the columns \
             of the probabilities, from 0 on"
        )));
    }
    let is_none = |value: f64| value.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&value);
    if let Some((row, value)) = stored.first(is_none)? {
        return Err(wrong(format!("{value} in row {row}")));
    }
    let mut classes = stored.zeros::<u16>(stored.len())?;
    stored.each(|place, value| classes[place] = value as u16)?;
    Ok(classes.into_iter().map(Class).collect())
}

/// A matrix `[n, d]` of `f32` that stays in its file, looked at through a memory map where the file holds little-endian float32
/// in C order; else read into memory.
///
/// A mapped file takes memory only while there is some to spare, so it may be larger than the memory. Nobody may change it
/// meanwhile: a process that makes it shorter can end this one by a signal (SIGBUS).
#[derive(Debug)]
pub struct Matrix(Values);

#[derive(Debug)]
enum Values {
    /// Aligned `f32` of this machine, `[n, d]`.
    Mapped(Bytes, [usize; 2]),
    Held(Array2<f32>),
}

impl Matrix {
    /// The shape, `[n, d]`, of the matrix in a file, and whether it would be mapped rather than held in memory.
    ///
    /// # Errors
    /// As [`open`](Self::open), about its header.
    pub fn peek(path: &Path) -> Result<([usize; 2], bool)> {
        let stored = floats(path, 2)?;
        let is_mapped = is_native(&stored) && matches!(stored.place, Place::Plain { .. });
        Ok(([stored.shape[0], stored.shape[1]], is_mapped))
    }

    /// Opens a `.npy` file of any numbers; those that are no `f32` are made so.
    ///
    /// # Errors
    /// As [`read_2d_f32`].
    pub fn open(path: &Path) -> Result<Self> {
        let stored = floats(path, 2)?;
        if is_native(&stored) {
            let bytes = stored.bytes()?;
            if bytemuck::try_cast_slice::<u8, f32>(&bytes).is_ok() {
                return Ok(Self(Values::Mapped(bytes, [stored.shape[0], stored.shape[1]])));
            }
        }
        Ok(Self(Values::Held(narrowed(&stored)?)))
    }

    /// Its values, `[n, d]`.
    pub fn view(&self) -> ArrayView2<'_, f32> {
        match &self.0 {
            Values::Mapped(bytes, shape) => {
                // The length was checked when it was opened, so there is no other case.
                ArrayView2::from_shape(*shape, bytemuck::cast_slice(bytes))
                    .unwrap_or_else(|_| aview2::<f32, 0>(&[]))
            }
            Values::Held(values) => values.view(),
        }
    }
}

/// Whether its bytes are the values as this machine has them, in C order.
fn is_native(stored: &Stored) -> bool {
    stored.element == Element::F32 && !stored.big && !stored.fortran && cfg!(target_endian = "little")
}

/// A `.npy` file of numbers with so many dimensions, of which only the first may be empty.
fn floats(path: &Path, dimensions: usize) -> Result<Stored> {
    let stored = open(path)?;
    let error = |expected: String, found: String| Error::Array { path: path.into(), expected, found };
    if stored.shape.len() != dimensions {
        return Err(error(format!("{dimensions} dimensions"), format!("shape {:?}", stored.shape)));
    }
    if !stored.element.is_number() {
        return Err(error("numbers".into(), stored.element.name().into()));
    }
    if stored.shape[1..].contains(&0) {
        return Err(error("rows with numbers in them".into(), format!("shape {:?}", stored.shape)));
    }
    Ok(stored)
}

fn array<D: Dimension>(stored: &Stored) -> Result<Array<f64, D>> {
    let mut values = stored.zeros(stored.len())?;
    stored.each(|place, value| values[place] = value)?;
    let array = Array::from_shape_vec(IxDyn(&stored.shape), values);
    let array = array.and_then(Array::into_dimensionality::<D>);
    array.map_err(|cause| stored.wrong(cause.to_string()))
}

/// As `f32`; a finite value that does not fit is an error.
fn narrowed<D: Dimension>(stored: &Stored) -> Result<Array<f32, D>> {
    let columns = stored.shape.iter().skip(1).product::<usize>();
    let overflows = |value: f64| value.is_finite() && !(value as f32).is_finite();
    if let Some((place, value)) = stored.first(overflows)? {
        let (expected, found) =
            ("values that fit into float32".into(), format!("{value:e} in row {}", place / columns));
        return Err(Error::Array { path: stored.label.clone(), expected, found });
    }
    let mut values = stored.zeros::<f32>(stored.len())?;
    stored.each(|place, value| values[place] = value as f32)?;
    let array = Array::from_shape_vec(IxDyn(&stored.shape), values);
    array.and_then(|array| array.into_dimensionality()).map_err(|cause| stored.wrong(cause.to_string()))
}

/// A `.npy` file, packed by gzip or not.
///
/// # Errors
/// A file that cannot be read, is no `.npy` file, holds Python objects or structures, or is shorter or longer than it says.
pub(crate) fn open(path: &Path) -> Result<Stored> {
    open_within(path, files::MOST_UNPACKED)
}

/// As [`open`], unpacked to at most so many bytes.
pub(crate) fn open_within(path: &Path, most: u64) -> Result<Stored> {
    let len = std::fs::metadata(path).map_err(Error::read(path))?.len();
    let (mut file, is_packed) = files::open_packed(path)?;
    let (header, skip) = header(path, &mut file)?;
    let path = path.to_owned();
    if is_packed {
        stored(path.clone(), &header, Place::Gzip { path, skip }, Extent::Packed { bytes: len, most })
    } else {
        stored(
            path.clone(),
            &header,
            Place::Plain { path, offset: skip },
            Extent::Exactly(len.saturating_sub(skip)),
        )
    }
}

/// Reads the header of an array and tells how many bytes it is long; `label` is for errors.
pub(crate) fn header(label: &Path, file: &mut dyn Read) -> Result<(Header, u64)> {
    let error = |found: String| Error::Array { path: label.into(), expected: "a `.npy` file".into(), found };
    let mut bytes = Vec::new();
    file.take(12).read_to_end(&mut bytes).map_err(Error::read(label))?;
    let len = match &bytes[..] {
        [_, _, _, _, _, _, 1, _, a, b, ..] => 10 + usize::from(u16::from_le_bytes([*a, *b])),
        [_, _, _, _, _, _, _, _, a, b, c, d] => {
            (u32::from_le_bytes([*a, *b, *c, *d]) as usize).saturating_add(12)
        }
        _ => 12,
    };
    if bytes.starts_with(b"\x93NUMPY") && len > HEADER {
        return Err(error(format!("a header of {len} bytes")));
    }
    let rest = len.min(HEADER).saturating_sub(bytes.len());
    file.take(rest as u64).read_to_end(&mut bytes).map_err(Error::read(label))?;
    let header =
        Header::from_reader(&mut &bytes[..]).map_err(|cause| error(format!("another header ({cause})")))?;
    Ok((header, len as u64))
}

/// An array as its header says.
pub(crate) fn stored(label: PathBuf, header: &Header, place: Place, extent: Extent) -> Result<Stored> {
    let descriptor = header.type_descriptor.as_string().map_or("", String::as_str);
    let Some((element, big)) = Element::of_numpy(descriptor) else {
        let found = match descriptor {
            "|O" => "Python objects, which cannot be read: make them an array of float32 or of strings first"
                .into(),
            "<V2" | "|V2" | ">V2" => {
                format!("`{descriptor}`, perhaps bfloat16, which NumPy does not know: make it float32 first")
            }
            _ => header.type_descriptor.to_string(),
        };
        return Err(Error::Array { path: label, expected: "numbers or strings".into(), found });
    };
    let (shape, fortran) = (header.shape.clone(), header.layout.is_fortran());
    Stored { label, element, big, shape, fortran, place }.checked(extent, "write it again with `numpy.save`")
}

/// The bytes of a `.npy` file with a matrix, `[n, d]`.
///
/// # Errors
/// None that can be foreseen.
pub fn to_npy(matrix: &Array2<f32>) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128 + 4 * matrix.len());
    matrix.write_npy(&mut bytes).map_err(deepal_core::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use tempfile::NamedTempFile;

    fn file(bytes: &[u8]) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    /// A version 1.0 file as `numpy.save` lays it out.
    fn npy(descriptor: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': {descriptor}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let len = u16::try_from(text.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), body].concat()
    }

    fn f32s(values: &[f32], big: bool) -> Vec<u8> {
        values.iter().flat_map(|x| if big { x.to_be_bytes() } else { x.to_le_bytes() }).collect()
    }

    fn f64s(values: &[f64], big: bool) -> Vec<u8> {
        values.iter().flat_map(|x| if big { x.to_be_bytes() } else { x.to_le_bytes() }).collect()
    }

    #[test]
    fn both_widths_byte_orders_and_memory_orders_give_the_same_matrix() {
        let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]];
        let (rows, columns) = ([1., 2., 3., 4., 5., 6.5], [1., 4., 2., 5., 3., 6.5]);
        for (order, values) in [("False", rows), ("True", columns)] {
            for (sign, big) in [('<', false), ('>', true)] {
                let wide = npy(&format!("'{sign}f8'"), order, "(2, 3)", &f64s(&values, big));
                let narrow =
                    npy(&format!("'{sign}f4'"), order, "(2, 3)", &f32s(&values.map(|x| x as f32), big));
                for file in [file(&wide), file(&narrow)] {
                    assert_eq!(read_2d(file.path()).unwrap(), expected, "{order} {sign}");
                    let single = read_2d_f32(file.path()).unwrap();
                    assert_eq!(single, expected.mapv(|x| x as f32), "{order} {sign}");
                    assert!(single.is_standard_layout());
                }
            }
        }
    }

    #[test]
    fn three_dimensions_in_fortran_order() {
        let body = f64s(&[0., 4., 2., 6., 1., 5., 3., 7.], false);
        let file = file(&npy("'<f8'", "True", "(2, 2, 2)", &body));
        let expected = array![[[0., 1.], [2., 3.]], [[4., 5.], [6., 7.]]];
        assert_eq!(read_3d(file.path()).unwrap(), expected);
    }

    #[test]
    fn what_the_writer_of_ndarray_npy_writes_is_read_and_may_be_empty() {
        for matrix in [array![[0.5], [f64::NAN]], Array2::zeros((0, 4))] {
            let mut bytes = Vec::new();
            matrix.write_npy(&mut bytes).unwrap();
            let read = read_2d(file(&bytes).path()).unwrap();
            assert_eq!((read.dim(), read.first()), (matrix.dim(), matrix.first()));
        }
    }

    #[test]
    fn other_types_shapes_lengths_and_files_are_errors_that_say_so() {
        let body = [0; 48];
        let cases: [(&str, Vec<u8>, &[&str]); 13] = [
            ("strings", npy("'<U2'", "False", "(2, 3)", &body), &["expected numbers", "strings"]),
            ("bfloat16", npy("'<V2'", "False", "(2, 3)", &body[..12]), &["perhaps bfloat16", "float32"]),
            ("rows of none", npy("'<f4'", "False", "(4294967296, 0)", &[]), &["[4294967296, 0]"]),
            ("a few rows of none", npy("'<f4'", "False", "(4, 0)", &[]), &["rows with numbers", "[4, 0]"]),
            ("no letters", npy("'|S0'", "False", "(1152921504606846976,)", &[]), &["without letters"]),
            ("structure", npy("[('a', '<f8')]", "False", "(2, 3)", &body), &["numbers or strings", "'a'"]),
            ("vector", npy("'<f8'", "False", "(6,)", &body), &["2 dimensions", "[6]"]),
            ("cube", npy("'<f8'", "False", "(2, 3, 1)", &body), &["2 dimensions", "[2, 3, 1]"]),
            ("truncated", npy("'<f8'", "False", "(2, 3)", &body[..47]), &["48 bytes", "47 bytes"]),
            ("too long", npy("'<f8'", "False", "(2, 2)", &body), &["32 bytes", "48 bytes"]),
            ("absurd", npy("'<f8'", "False", "(4611686018427387904, 3)", &body), &["more bytes"]),
            ("large", npy("'<f8'", "False", "(1000000000, 1000000)", &body), &["48 bytes"]),
            ("text", b"a,b\n1,2\n".to_vec(), &["a `.npy` file", "magic"]),
        ];
        for (name, bytes, words) in cases {
            let file = file(&bytes);
            let text = read_2d(file.path()).unwrap_err().to_string();
            let path = file.path().display().to_string();
            assert!(text.contains(&path), "{name}: {text}");
            assert!(words.iter().all(|word| text.contains(word)), "{name}: {text}");
        }
        assert!(matches!(read_2d(Path::new("no/such.npy")), Err(Error::Read { .. })));
    }

    #[test]
    fn numbers_of_every_type_are_the_same_matrix() {
        let expected = array![[0.0_f32, 1.0], [2.0, 3.0]];
        let with = |descriptor: &str, body: &[u8]| file(&npy(descriptor, "False", "(2, 2)", body));
        let shorts = |shorts: [u16; 4]| shorts.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
        let files = [
            with("'<f2'", &shorts([0, 0x3c00, 0x4000, 0x4200])),
            with("'<i8'", &[0_i64, 1, 2, 3].iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()),
            with("'<u2'", &shorts([0, 1, 2, 3])),
            with("'|u1'", &[0, 1, 2, 3]),
        ];
        for file in &files {
            assert_eq!(read_2d_f32(file.path()).unwrap(), expected);
            assert_eq!(Matrix::open(file.path()).unwrap().view(), expected);
            assert_eq!(read_2d(file.path()).unwrap(), expected.mapv(f64::from));
            assert_eq!(Matrix::peek(file.path()).unwrap(), ([2, 2], false));
        }
        assert_eq!(read_2d(with("'|b1'", &[0, 1, 1, 0]).path()).unwrap(), array![[0.0, 1.0], [1.0, 0.0]]);
    }

    #[test]
    fn names_are_never_numbers_of_classes() {
        let names = file(&npy("'|S3'", "False", "(3,)", b"catdogcat"));
        let text = read_classes(names.path()).unwrap_err().to_string();
        assert!(text.contains("names such as `cat`") && text.contains("from 0 on"), "{text}");
        let numbers = file(&npy("'<i2'", "False", "(2, 1)", &[1, 0, 0, 0]));
        assert_eq!(read_classes(numbers.path()).unwrap(), [Class(1), Class(0)]);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let whole = npy("'>f4'", "False", "(1, 2)", &[0; 8]);
        for end in 0..whole.len() {
            assert!(read_2d(file(&whole[..end]).path()).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn narrowing_keeps_infinity_and_refuses_what_overflows() {
        let body = f64s(&[1.0, f64::INFINITY, f64::NAN, -1e300], false);
        let fits = file(&npy("'<f8'", "False", "(1, 3)", &body[..24]));
        assert_eq!(read_2d_f32(fits.path()).unwrap()[[0, 1]], f32::INFINITY);
        let overflows = file(&npy("'<f8'", "False", "(4, 1)", &body));
        let text = read_2d_f32(overflows.path()).unwrap_err().to_string();
        assert!(text.contains("-1e300 in row 3"), "{text}");
    }

    #[test]
    fn a_native_matrix_is_mapped_and_any_other_gives_the_same_values() {
        let (rows, columns) = ([1., 2., 3., 4., 5., 6.5], [1., 4., 2., 5., 3., 6.5]);
        let expected = array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.5]];
        // As NumPy, this writer pads the header, so that values are aligned.
        let mut padded = Vec::new();
        expected.write_npy(&mut padded).unwrap();
        let odd = npy("'<f4'", "False", "(2, 3)", &f32s(&rows, false));
        assert_ne!(odd.len() % 4, 0);
        let files = [
            padded,
            odd,
            npy("'>f4'", "False", "(2, 3)", &f32s(&rows, true)),
            npy("'<f4'", "True", "(2, 3)", &f32s(&columns, false)),
            npy("'<f8'", "False", "(2, 3)", &f64s(&rows.map(f64::from), false)),
        ];
        let is_mapped = files.map(|bytes| {
            let file = file(&bytes);
            let matrix = Matrix::open(file.path()).unwrap();
            assert_eq!(matrix.view(), expected);
            matches!(matrix.0, Values::Mapped(..))
        });
        assert_eq!(is_mapped, [true, false, false, false, false]);
    }
}
