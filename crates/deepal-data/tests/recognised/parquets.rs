//! Parquet: compressions, decimals, timestamps, pictures.

use super::*;
use deepal_data::formats::columns::Columns;
use parquet::basic::{BrotliLevel, Compression};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type, Int96,
    Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// The cells of a column, all there.
enum Cells {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Bytes(Vec<Vec<u8>>),
    Fixed(Vec<Vec<u8>>),
}

fn parquet_file(schema: &str, compression: Compression, columns: &[Cells]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let bytes = |cells: &[Vec<u8>]| cells.iter().cloned().map(ByteArray::from).collect::<Vec<_>>();
    for cells in columns {
        let mut column = group.next_column().unwrap().unwrap();
        match cells {
            Cells::Int32(cells) => column.typed::<Int32Type>().write_batch(cells, None, None),
            Cells::Int64(cells) => column.typed::<Int64Type>().write_batch(cells, None, None),
            Cells::Int96(cells) => column.typed::<Int96Type>().write_batch(cells, None, None),
            Cells::Bytes(cells) => column.typed::<ByteArrayType>().write_batch(&bytes(cells), None, None),
            Cells::Fixed(cells) => {
                let cells = bytes(cells).into_iter().map(FixedLenByteArray::from).collect::<Vec<_>>();
                column.typed::<FixedLenByteArrayType>().write_batch(&cells, None, None)
            }
        }
        .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn columns(bytes: &[u8]) -> Columns {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    fs::write(&path, bytes).unwrap();
    Columns::read(&path).unwrap()
}

#[test]
fn parquet_of_every_compression_with_decimals_and_timestamps() {
    let schema = "message m { required int32 a (DECIMAL(5,2)); required int64 b (DECIMAL(18,3)); required binary c (DECIMAL(20,1)); \
                  required fixed_len_byte_array(4) d (DECIMAL(9,4)); required int64 e (TIMESTAMP(MICROS,true)); required int96 f; }";
    let mut old = Int96::new();
    // Noon of the first day of 1970, by the Julian calendar's number.
    old.set_data(
        ((12_u64 * 3600 * 1_000_000_000) & 0xffff_ffff) as u32,
        ((12_u64 * 3600 * 1_000_000_000) >> 32) as u32,
        2_440_588,
    );
    let cells = || {
        [
            Cells::Int32(vec![150, -1]),
            Cells::Int64(vec![1_234_567, 0]),
            Cells::Bytes(vec![vec![0x01, 0x00], vec![0xff]]),
            Cells::Fixed(vec![12_500_i32.to_be_bytes().into(), (-2_500_i32).to_be_bytes().into()]),
            Cells::Int64(vec![1_700_000_000_000_000, 7]),
            Cells::Int96(vec![old, old]),
        ]
    };
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
    ] {
        let table = columns(&parquet_file(schema, compression, &cells()));
        let row = table.matrix(&["a", "b", "c", "d", "e", "f"]).unwrap();
        assert_eq!(row.row(0).to_vec(), [1.5, 1234.567, 25.6, 1.25, 1.7e15, 43_200.0], "{compression:?}");
        assert_eq!(row.row(1).to_vec()[..5], [-0.01, 0.0, -0.1, -0.25, 7.0]);
    }
}

#[test]
fn pictures_in_a_column_are_pictures_and_other_bytes_are_named() {
    let pictures = (0..6).map(png).collect::<Vec<_>>();
    let paths = || Cells::Bytes((0..6).map(|i| format!("{i}.png").into_bytes()).collect());
    let labels = || Cells::Int64((0..6).map(|i| i % 2).collect());
    let plain = "message m { required binary image; required int64 label; }";
    let nested = "message m { required group image { required binary bytes; required binary path (UTF8); } required int64 label; }";
    let plain = parquet_file(plain, Compression::SNAPPY, &[Cells::Bytes(pictures.clone()), labels()]);
    let nested =
        parquet_file(nested, Compression::SNAPPY, &[Cells::Bytes(pictures.clone()), paths(), labels()]);
    for bytes in [plain, nested] {
        let own = open("x.parquet", &bytes, "").unwrap();
        assert_eq!((own.kind.as_str(), own.inputs.shape()), ("table of pictures", [3, 6, 8]));
        assert_eq!(own.classes, ["0", "1"]);
        let red = own.inputs.inputs(&[5, 0]).unwrap().column(0).to_vec();
        assert_eq!(red, [(5.0 - 127.5) / 63.75, -127.5 / 63.75]);
        assert_eq!(own.inputs.file(3).unwrap(), Some(pictures[3].clone()));
    }
    let mut damaged = pictures.clone();
    damaged[2].truncate(40);
    let schema = "message m { required binary image; required int64 label; }";
    let own =
        open("x.parquet", parquet_file(schema, Compression::SNAPPY, &[Cells::Bytes(damaged), labels()]), "")
            .unwrap();
    assert_eq!((own.ids.join(" "), own.inputs.len()), ("row-1 row-2 row-4 row-5 row-6".into(), 5));
    has(&problems(&own), &["row 3", "skipped"]);
    let other = Cells::Bytes((0..6).map(|i| vec![0xff, i]).collect());
    let text = error("x.parquet", parquet_file(schema, Compression::SNAPPY, &[other, labels()]), "");
    has(&text, &["no column to learn from", "`image` (it has bytes that are no pictures)"]);
}
