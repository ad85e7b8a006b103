//! NumPy arrays (`.npy`) of floats: `f32` or `f64`, either byte order, C or Fortran order.

use crate::error::{Error, Result};
use ndarray::{Array, Array2, Array3, Dimension, IxDyn, ShapeBuilder};
use ndarray_npy::ReadableElement;
use ndarray_npy::npy::header::Header;
use std::path::Path;

/// Reads a matrix, `[n, d]`, as `f64`; `f32` values are widened.
///
/// # Errors
/// A file that cannot be read, is no `.npy` file, is truncated or too long, or holds another type than `f32` and
/// `f64` or another number of dimensions.
pub fn read_2d(path: &Path) -> Result<Array2<f64>> {
    Ok(read(path)?.widened())
}

/// Reads three dimensions, `[t, n, c]`, as `f64`; `f32` values are widened.
///
/// # Errors
/// As [`read_2d`].
pub fn read_3d(path: &Path) -> Result<Array3<f64>> {
    Ok(read(path)?.widened())
}

/// Reads a matrix, `[n, d]`, as `f32`; `f64` values are narrowed.
///
/// # Errors
/// As [`read_2d`], and a finite value too large for `f32`, by its row.
pub fn read_2d_f32(path: &Path) -> Result<Array2<f32>> {
    let wide = match read(path)? {
        Floats::Single(array) => return Ok(array),
        Floats::Double(array) => array,
    };
    let narrow = wide.mapv(|value| value as f32);
    let overflow =
        (narrow.indexed_iter().zip(&wide)).find(|((_, f32), f64)| f64.is_finite() && !f32.is_finite());
    match overflow {
        Some((((row, _), _), value)) => {
            let (expected, found) =
                ("values that fit into float32".into(), format!("{value:e} in row {row}"));
            Err(Error::Array { path: path.into(), expected, found })
        }
        None => Ok(narrow),
    }
}

/// An array as it is in the file.
enum Floats<D> {
    Single(Array<f32, D>),
    Double(Array<f64, D>),
}

impl<D: Dimension> Floats<D> {
    fn widened(self) -> Array<f64, D> {
        match self {
            Self::Single(array) => array.mapv(f64::from),
            Self::Double(array) => array,
        }
    }
}

fn read<D: Dimension>(path: &Path) -> Result<Floats<D>> {
    let error = |expected: String, found: String| Error::Array { path: path.into(), expected, found };
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let mut body = &bytes[..];
    let header = Header::from_reader(&mut body)
        .map_err(|cause| error("a `.npy` file".into(), format!("another header ({cause})")))?;
    let dimensions = D::NDIM.unwrap_or_default();
    if header.shape.len() != dimensions {
        return Err(error(format!("{dimensions} dimensions"), format!("shape {:?}", header.shape)));
    }
    let descriptor = header.type_descriptor.as_string().map_or("", String::as_str);
    let single = match descriptor {
        "<f4" | ">f4" => true,
        "<f8" | ">f8" => false,
        _ => return Err(error("float32 or float64".into(), format!("{}", header.type_descriptor))),
    };
    // The length is checked before anything of that length is asked of the memory.
    let width = if single { 4 } else { 8 };
    let wanted = header.shape.iter().try_fold(width, |size: usize, n| size.checked_mul(*n));
    if wanted != Some(body.len()) {
        let wanted = wanted.map_or("more bytes than there can be".into(), |wanted| format!("{wanted} bytes"));
        let expected = format!("{wanted} for shape {:?}", header.shape);
        return Err(error(expected, format!("{} bytes", body.len())));
    }
    let found = |cause: String| error("an array as its header says".into(), cause);
    Ok(if single {
        Floats::Single(array(&header, body).map_err(found)?)
    } else {
        Floats::Double(array(&header, body).map_err(found)?)
    })
}

/// The body in C order; the error is text.
fn array<T: ReadableElement + Clone, D: Dimension>(
    header: &Header,
    body: &[u8],
) -> Result<Array<T, D>, String> {
    let len = header.shape.iter().product();
    let values =
        T::read_to_end_exact_vec(body, &header.type_descriptor, len).map_err(|cause| cause.to_string())?;
    let shape = IxDyn(&header.shape).set_f(header.layout.is_fortran());
    let array = Array::from_shape_vec(shape, values).map_err(|cause| cause.to_string())?;
    let array = array.into_dimensionality::<D>().map_err(|cause| cause.to_string())?;
    Ok(array.as_standard_layout().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use ndarray_npy::WriteNpyExt;
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
        let cases: [(&str, Vec<u8>, &[&str]); 11] = [
            ("int64", npy("'<i8'", "False", "(2, 3)", &body), &["float32 or float64", "<i8"]),
            ("float16", npy("'<f2'", "False", "(2, 3)", &body[..12]), &["float32 or float64", "<f2"]),
            ("bool", npy("'|b1'", "False", "(2, 3)", &body[..6]), &["float32 or float64", "|b1"]),
            ("structure", npy("[('a', '<f8')]", "False", "(2, 3)", &body), &["float32 or float64", "'a'"]),
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
}
