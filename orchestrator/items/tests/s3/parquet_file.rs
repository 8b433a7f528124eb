//! Parquet files, made without arrow.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Two rows, with a column of each kind.
pub(crate) fn small() -> Vec<u8> {
    let schema = "message people {
        required int32 id;
        optional binary name (utf8);
        required boolean is_known;
        required double height;
        required float share;
        required int32 born (date);
        required int64 seen (timestamp_millis);
        required int64 price (decimal(10, 2));
        optional binary raw;
        optional group tags (list) { repeated group list { optional binary element (utf8); } }
        optional group address { required int64 number; }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let mut file = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut file, schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let text = |text: &str| ByteArray::from(text);
    macro_rules! column {
        ($type:ty, $values:expr, $definitions:expr, $repetitions:expr) => {
            let mut column = group.next_column().unwrap().unwrap();
            column
                .typed::<$type>()
                .write_batch($values, $definitions, $repetitions)
                .unwrap();
            column.close().unwrap();
        };
    }
    column!(Int32Type, &[1, 2], None, None);
    column!(ByteArrayType, &[text("Ada")], Some(&[1, 0]), None);
    column!(BoolType, &[true, false], None, None);
    column!(DoubleType, &[1.75, f64::NAN], None, None);
    column!(FloatType, &[0.1, 2.0], None, None);
    column!(Int32Type, &[0, 19_000], None, None);
    column!(Int64Type, &[0, 1_700_000_000_123], None, None);
    column!(Int64Type, &[12_345, -5], None, None);
    column!(
        ByteArrayType,
        &[ByteArray::from(vec![0xff, 0]), text("plain")],
        Some(&[1, 1]),
        None
    );
    column!(
        ByteArrayType,
        &[text("x"), text("y")],
        Some(&[3, 3, 0]),
        Some(&[0, 1, 0])
    );
    column!(Int64Type, &[7], Some(&[1, 0]), None);
    group.close().unwrap();
    writer.close().unwrap();
    file
}

/// So many rows in several row groups.
pub(crate) fn long(rows: usize) -> Vec<u8> {
    let schema = Arc::new(parse_message_type("message rows { required int64 n; }").unwrap());
    let properties = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    let mut file = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut file, schema, Arc::new(properties.build())).unwrap();
    let numbers: Vec<i64> = (0..).take(rows).collect();
    for numbers in numbers.chunks(700) {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(numbers, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    file
}
