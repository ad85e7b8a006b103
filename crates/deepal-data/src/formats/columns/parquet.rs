//! Parquet files, row group by row group and column by column.

use super::{Column, Kept, Part, Read, Wanted, fits, list_column};
use crate::error::{Error, Result};
use crate::files::Room;
use crate::formats::element::half;
use deepal_core::caught;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

/// How many rows are decoded at once.
const ROWS: usize = 4096;

/// How many rows and features the columns have that a pattern fits, `[n, d]`, by what the file says of itself.
pub(super) fn peek(path: &Path, pattern: &str) -> Result<[usize; 2]> {
    let metadata = guarded(path, || open(path))?.metadata().clone();
    let rows = usize::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    let columns =
        columns.filter(|chunk| chunk.column_path().parts().first().is_some_and(|name| fits(pattern, name)));
    let values = columns.map(|chunk| usize::try_from(chunk.num_values()).unwrap_or_default()).sum::<usize>();
    Ok([rows, values.div_ceil(rows.max(1))])
}

/// The columns of a file; of kinds other than single values and lists of numbers, why they are not read.
pub(super) fn read(path: &Path, part: &Part<'_>) -> Result<Wanted> {
    guarded(path, || read_whole(path, part))
}

/// The library panics on some damaged files.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(read).unwrap_or_else(|| Err(Error::unfit(path, "is damaged; write or copy the file again")))
}

fn broken(path: &Path) -> impl Fn(ParquetError) -> Error {
    move |cause| Error::unfit(path, format!("is no Parquet file that can be read: {cause}"))
}

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = File::open(path).map_err(Error::read(path))?;
    SerializedFileReader::new(file).map_err(broken(path))
}

fn read_whole(path: &Path, part: &Part<'_>) -> Result<Wanted> {
    let file = open(path)?;
    let leaves = file.metadata().file_metadata().schema_descr().columns().to_vec();
    let field = |leaf: &ColumnDescriptor| leaf.path().parts().first().cloned().unwrap_or_default();
    let mut parts = HashMap::<_, usize>::new();
    leaves.iter().for_each(|leaf| *parts.entry(field(leaf)).or_default() += 1);
    let rows = |group: &RowGroupMetaData| usize::try_from(group.num_rows()).unwrap_or_default();
    let rows = file.metadata().row_groups().iter().map(rows).sum();
    let wanted = part.kept().among(rows);
    let (mut columns, mut room) = (Vec::new(), Room::default());
    for (at, leaf) in leaves.iter().enumerate() {
        let name = field(leaf);
        if !part.wants(&name) {
            if columns.last().is_none_or(|(last, _)| *last != name) {
                columns.push((name, Err(None)));
            }
            continue;
        }
        let cells = match (parts[&name], is_picture(leaf)) {
            (1, _) => Cells::of(leaf, wanted),
            // As Hugging Face's data sets keep pictures: bytes, and the path that they had.
            (2, true) => Ok(Cells::Bytes(Vec::new())),
            (2, false) if leaves.iter().any(|other| field(other) == name && is_picture(other)) => continue,
            _ => Err("nested values".into()),
        };
        let mut cells = match cells {
            Ok(cells) => cells,
            Err(kind) => {
                // One of the parts stands for the whole field.
                if columns.last().is_none_or(|(last, _)| *last != name) {
                    columns.push((name, Err(Some(kind))));
                }
                continue;
            }
        };
        let mut kept = part.kept();
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group).map_err(broken(path))?;
            let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
            let reader = group.get_column_reader(at).map_err(broken(path))?;
            cells
                .read(reader, leaf, rows, &mut kept, &mut room)
                .map_err(|cause| Error::unfit(path, format!("column `{name}` cannot be read: {cause}")))?;
        }
        let column = cells.finish(path, &name, leaf, part)?;
        columns.push((name, column));
    }
    Ok((columns, wanted))
}

/// What was read of a column.
enum Cells {
    Numbers(Vec<f64>),
    Singles(Vec<f32>),
    Integers(Vec<Option<i64>>),
    Unsigned(Vec<Option<u64>>),
    Booleans(Vec<Option<bool>>),
    Text(Vec<Option<Vec<u8>>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Lists { values: Vec<f32>, lengths: Vec<Option<usize>>, wanted: usize },
}

impl Cells {
    /// Nothing yet of a column of this kind, of which so many rows are wanted; or its kind, if it is none of ours.
    fn of(leaf: &ColumnDescriptor, wanted: usize) -> Result<Self, String> {
        let is_list = leaf.max_rep_level() == 1;
        let is_nested = leaf.max_rep_level() > 1 || leaf.path().parts().len() > if is_list { 3 } else { 1 };
        let logical = leaf.logical_type_ref();
        let is_half = matches!(logical, Some(LogicalType::Float16)) && leaf.type_length() == 2;
        if is_nested {
            return Err("nested values".into());
        }
        match leaf.physical_type() {
            _ if is_decimal(leaf) && is_list => Err("lists of DECIMAL".into()),
            _ if is_decimal(leaf) => Ok(Self::Numbers(Vec::new())),
            Type::INT96 if !is_list => Ok(Self::Numbers(Vec::new())),
            Type::INT96 => Err("lists of INT96".into()),
            Type::FIXED_LEN_BYTE_ARRAY if !is_half => Err("FIXED_LEN_BYTE_ARRAY".into()),
            Type::BYTE_ARRAY if is_list => Err("lists of BYTE_ARRAY".into()),
            _ if is_list => Ok(Self::Lists { values: Vec::new(), lengths: Vec::new(), wanted }),
            Type::BYTE_ARRAY => Ok(Self::Text(Vec::new())),
            Type::BOOLEAN => Ok(Self::Booleans(Vec::new())),
            Type::INT32 | Type::INT64 if is_unsigned(leaf) => Ok(Self::Unsigned(Vec::new())),
            Type::INT32 | Type::INT64 => Ok(Self::Integers(Vec::new())),
            Type::FLOAT | Type::FIXED_LEN_BYTE_ARRAY => Ok(Self::Singles(Vec::new())),
            Type::DOUBLE => Ok(Self::Numbers(Vec::new())),
        }
    }

    /// Adds a row group.
    fn read(
        &mut self,
        reader: ColumnReader,
        leaf: &ColumnDescriptor,
        rows: usize,
        kept: &mut Kept<'_>,
        room: &mut Room,
    ) -> Result<(), ParquetError> {
        // Decimals are whole numbers of such parts.
        let parts = 10_f64.powi(leaf.type_scale().clamp(0, 300));
        match (self, reader) {
            (Self::Numbers(cells), ColumnReader::Int32ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f64::NAN, |x| f64::from(*x) / parts))
                })
            }
            (Self::Numbers(cells), ColumnReader::Int64ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f64::NAN, |x| *x as f64 / parts))
                })
            }
            (Self::Numbers(cells), ColumnReader::ByteArrayColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f64::NAN, |x| big_endian(x.data()) / parts))
                })
            }
            (Self::Numbers(cells), ColumnReader::FixedLenByteArrayColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f64::NAN, |x| big_endian(x.data()) / parts))
                })
            }
            // An old kind of timestamp, in seconds since 1970.
            (Self::Numbers(cells), ColumnReader::Int96ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f64::NAN, |x| x.to_millis() as f64 / 1000.0))
                })
            }
            (Self::Numbers(cells), ColumnReader::DoubleColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.copied().unwrap_or(f64::NAN)))
            }
            (Self::Singles(cells), ColumnReader::FloatColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.copied().unwrap_or(f32::NAN)))
            }
            (Self::Singles(cells), ColumnReader::FixedLenByteArrayColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| {
                    cells.push(x.map_or(f32::NAN, |x| float16(x.data())))
                })
            }
            (Self::Booleans(cells), ColumnReader::BoolColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.copied()))
            }
            (Self::Integers(cells), ColumnReader::Int32ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.map(|x| i64::from(*x))))
            }
            (Self::Integers(cells), ColumnReader::Int64ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.copied()))
            }
            (Self::Unsigned(cells), ColumnReader::Int32ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.map(|x| u64::from(*x as u32))))
            }
            (Self::Unsigned(cells), ColumnReader::Int64ColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.map(|x| *x as u64)))
            }
            (Self::Text(cells) | Self::Bytes(cells), ColumnReader::ByteArrayColumnReader(reader)) => {
                singles(reader, leaf, rows, kept, room, |x| cells.push(x.map(|x| x.data().to_vec())))
            }
            (Self::Lists { values, lengths, wanted }, reader) => {
                let mut is_kept = false;
                let mut add = |x: Option<f32>, is_first: bool, is_list: bool, is_item: bool| {
                    if is_first {
                        is_kept = kept.next();
                        if is_kept {
                            lengths.push(is_list.then_some(0));
                            // Lists that are all as long as the first need just this much, and no copy to grow.
                            if lengths.len() == 2
                                && let Some(Some(width)) = lengths.first()
                            {
                                let _ = values.try_reserve_exact(wanted.saturating_mul(*width));
                            }
                        }
                    }
                    if let (true, Some(Some(length))) = (is_kept && is_item, lengths.last_mut()) {
                        *length += 1;
                        values.push(x.unwrap_or(f32::NAN));
                    }
                    is_kept
                };
                let is_unsigned = is_unsigned(leaf);
                match reader {
                    ColumnReader::BoolColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| f32::from(u8::from(*x)), &mut add)
                    }
                    ColumnReader::Int32ColumnReader(reader) if is_unsigned => {
                        lists(reader, leaf, rows, room, |x| *x as u32 as f32, &mut add)
                    }
                    ColumnReader::Int32ColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| *x as f32, &mut add)
                    }
                    ColumnReader::Int64ColumnReader(reader) if is_unsigned => {
                        lists(reader, leaf, rows, room, |x| *x as u64 as f32, &mut add)
                    }
                    ColumnReader::Int64ColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| *x as f32, &mut add)
                    }
                    ColumnReader::FloatColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| *x, &mut add)
                    }
                    ColumnReader::DoubleColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| *x as f32, &mut add)
                    }
                    ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                        lists(reader, leaf, rows, room, |x| float16(x.data()), &mut add)
                    }
                    _ => Err(other_kind()),
                }
            }
            _ => Err(other_kind()),
        }
    }

    fn finish(self, path: &Path, name: &str, leaf: &ColumnDescriptor, part: &Part<'_>) -> Result<Read> {
        Ok(Ok(match self {
            Self::Numbers(numbers) => Column::Numbers(numbers),
            Self::Singles(numbers) => Column::Singles(numbers),
            Self::Integers(integers) => Column::Integers(integers),
            Self::Unsigned(integers) => Column::Unsigned(integers),
            Self::Booleans(booleans) => Column::Booleans(booleans),
            Self::Lists { values, lengths, .. } => list_column(path, name, &lengths, values, part)?,
            Self::Bytes(cells) => Column::Bytes(cells),
            // Bytes of no known kind are texts if all are.
            Self::Text(cells) if leaf.converted_type() == ConvertedType::NONE && !are_texts(&cells) => {
                Column::Bytes(cells)
            }
            Self::Text(cells) => {
                let text = |(row, cell): (usize, Option<Vec<u8>>)| {
                    cell.map(String::from_utf8).transpose().map_err(|_| row)
                };
                // Turned into texts where they are.
                let texts = cells.into_iter().enumerate().map(text).collect::<Result<Vec<_>, usize>>();
                Column::Text(texts.map_err(|row| {
                    let row = 1 + part.rows.map_or(row, |rows| rows[row]);
                    Error::unfit(
                        path,
                        format!("column `{name}` is not UTF-8 in row {row}; write it as UTF-8"),
                    )
                })?)
            }
        }))
    }
}

fn are_texts(cells: &[Option<Vec<u8>>]) -> bool {
    cells.iter().flatten().all(|cell| std::str::from_utf8(cell).is_ok())
}

/// Whether it is the bytes of a picture beside its path.
fn is_picture(leaf: &ColumnDescriptor) -> bool {
    let parts = leaf.path().parts();
    leaf.physical_type() == Type::BYTE_ARRAY
        && leaf.max_rep_level() == 0
        && parts.len() == 2
        && parts[1] == "bytes"
}

fn is_decimal(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), Some(LogicalType::Decimal { .. }))
        || leaf.converted_type() == ConvertedType::DECIMAL
}

/// A whole number of any length, in two's complement.
fn big_endian(bytes: &[u8]) -> f64 {
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let digits = bytes
        .iter()
        .fold(0.0, |number, byte| number * 256.0 + f64::from(if is_negative { !byte } else { *byte }));
    if is_negative { -digits - 1.0 } else { digits }
}

fn is_unsigned(leaf: &ColumnDescriptor) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    matches!(leaf.logical_type_ref(), Some(LogicalType::Integer(integer)) if !integer.is_signed)
        || matches!(leaf.converted_type(), UINT_8 | UINT_16 | UINT_32 | UINT_64)
}

fn float16(bytes: &[u8]) -> f32 {
    bytes.try_into().map_or(f32::NAN, |bytes| half(u16::from_le_bytes(bytes)) as f32)
}

fn other_kind() -> ParquetError {
    ParquetError::General("its values are of another kind than the file says".into())
}

/// Hands over each single value of a row group that is wanted.
fn singles<T: DataType>(
    reader: ColumnReaderImpl<T>,
    leaf: &ColumnDescriptor,
    rows: usize,
    kept: &mut Kept<'_>,
    room: &mut Room,
    mut each: impl FnMut(Option<&T::T>),
) -> Result<(), ParquetError> {
    let mut add = |value: Option<&T::T>| {
        let bytes = size_of::<T::T>() + value.map_or(0, |value| value.as_bytes().len());
        room.add(bytes as u64).map_err(ParquetError::General)?;
        each(value);
        Ok::<_, ParquetError>(())
    };
    records(reader, rows, |values, definitions, _| {
        let mut values = values.iter();
        if leaf.max_def_level() == 0 {
            values.filter(|_| kept.next()).try_for_each(|value| add(Some(value)))
        } else {
            let is_there = |level: &i16| *level == leaf.max_def_level();
            for level in definitions {
                let value = if is_there(level) { values.next() } else { None };
                if kept.next() {
                    add(value)?;
                }
            }
            Ok(())
        }
    })
}

/// Hands over each place of the lists of a row group: the value, whether it is the first of its row, whether there is a list,
/// and whether there is an item, be it null. `each` says whether it kept the value.
fn lists<T: DataType>(
    reader: ColumnReaderImpl<T>,
    leaf: &ColumnDescriptor,
    rows: usize,
    room: &mut Room,
    number: impl Fn(&T::T) -> f32,
    each: &mut impl FnMut(Option<f32>, bool, bool, bool) -> bool,
) -> Result<(), ParquetError> {
    let most = leaf.max_def_level();
    // From this level on there is an item, one below there is an empty list.
    let item = if leaf.self_type().is_optional() { most - 1 } else { most };
    records(reader, rows, |values, definitions, repetitions| {
        let mut values = values.iter();
        for (definition, repetition) in definitions.iter().zip(repetitions) {
            let value = if *definition == most { values.next().map(&number) } else { None };
            if each(value, *repetition == 0, *definition >= item - 1, *definition >= item) {
                // A quarter of the number, as lists are reserved at once and never copied.
                room.add(1).map_err(ParquetError::General)?;
            }
        }
        Ok(())
    })
}

/// Hands over the values, definition levels and repetition levels of a row group, some rows at a time.
fn records<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    mut each: impl FnMut(&[T::T], &[i16], &[i16]) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
    let mut left = rows;
    while left > 0 {
        values.clear();
        definitions.clear();
        repetitions.clear();
        let wanted = left.min(ROWS);
        let (read, _, _) =
            reader.read_records(wanted, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if read == 0 {
            return Err(ParquetError::General(format!("{left} of {rows} rows of a row group are missing")));
        }
        each(&values, &definitions, &repetitions)?;
        left -= read;
    }
    Ok(())
}
