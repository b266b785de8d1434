//! Parquet files are read by row, and refused by column or row.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;
use triage::dataset::{Columns, Dataset};

use crate::{columns, failure, labels, lines, read};

/// Writes rows of text, topic and number, two row groups.
fn parquet_file(folder: &TempDir, schema: &str, texts: &[&[u8]]) -> PathBuf {
    compressed_file(folder, schema, texts, Compression::UNCOMPRESSED)
}

fn compressed_file(
    folder: &TempDir,
    schema: &str,
    texts: &[&[u8]],
    compression: Compression,
) -> PathBuf {
    let path = folder.path().join("a.parquet");
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(compression);
    let properties = Arc::new(properties.build());
    let mut writer =
        SerializedFileWriter::new(File::create(&path).unwrap(), schema, properties).unwrap();
    for half in texts.chunks(texts.len().div_ceil(2).max(1)) {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = half.iter().map(|t| ByteArray::from(t.to_vec())).collect();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let present: Vec<i16> = (0..half.len()).map(|row| i16::from(row != 1)).collect();
        let topics: Vec<ByteArray> = present
            .iter()
            .filter(|&&p| p == 1)
            .map(|_| "cards".into())
            .collect();
        column
            .typed::<ByteArrayType>()
            .write_batch(&topics, Some(&present), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let numbers: Vec<i64> = (0..).take(half.len()).collect();
        column
            .typed::<Int64Type>()
            .write_batch(&numbers, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    path
}

const SCHEMA: &str = "message m { required binary text (UTF8); optional binary topic (UTF8); required int64 number; }";

#[test]
fn parquet_is_read_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = parquet_file(&folder, SCHEMA, &[b"one", b"two", b"three"]);
    let dataset = read(&path, &columns(&[], None, &[("n", "number")]));
    assert_eq!(dataset.texts(), ["one", "two", "three"]);
    assert_eq!(dataset.heads, ["topic", "n"]);
    assert_eq!(labels(&dataset), ["cards 0", "- 1", "cards 0"]);
    assert_eq!(lines(&dataset), [1, 2, 3]);
}

#[test]
fn parquet_columns_of_other_types_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = parquet_file(&folder, SCHEMA, &[b"one"]);
    let message = |columns: &Columns| {
        Dataset::read(std::slice::from_ref(&path), None, columns)
            .unwrap_err()
            .to_string()
    };
    let wrong = message(&columns(&["number"], None, &[]));
    assert!(
        wrong.ends_with("column 'number' must be a plain column of strings, found INT64"),
        "{wrong}"
    );
    let missing = message(&columns(&[], Some("Topics"), &[]));
    assert!(
        missing.contains("did you mean 'topic'? the columns are text, topic, number"),
        "{missing}"
    );
}

#[test]
fn parquet_text_that_is_not_utf8_names_the_row() {
    for schema in [SCHEMA, &SCHEMA.replace("text (UTF8)", "text")] {
        let folder = tempfile::tempdir().unwrap();
        let path = parquet_file(&folder, schema, &[b"one", b"two", b"\xff\xfe", b"four"]);
        let error = Dataset::read(&[path], None, &Columns::default()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("row 3 holds text that is not UTF-8"),
            "{message}"
        );
    }
}

#[test]
fn a_damaged_parquet_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = parquet_file(&folder, SCHEMA, &[b"one", b"two"]);
    let bytes = std::fs::read(path).unwrap();
    let message = failure("a.parquet", &bytes[..bytes.len() - 9], &Columns::default());
    assert!(
        message.starts_with("a.parquet: not a readable Parquet file"),
        "{message}"
    );
    let message = failure("a.parquet", "text,topic\nx,y\n", &Columns::default());
    assert!(
        message.starts_with("a.parquet: not a readable Parquet file"),
        "{message}"
    );
    assert!(failure("a.parquet", "", &Columns::default()).contains("is empty"));
    let empty = parquet_file(&folder, SCHEMA, &[]);
    let error = Dataset::read(&[empty], None, &Columns::default()).unwrap_err();
    assert!(error.to_string().contains("no rows"), "{error}");
}

#[test]
fn no_damaged_byte_of_a_parquet_file_gets_further_than_an_error() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let folder = tempfile::tempdir().unwrap();
        let texts: [&[u8]; 4] = [b"one", b"two", b"three", b"four"];
        let path = compressed_file(&folder, SCHEMA, &texts, compression);
        let good = std::fs::read(&path).unwrap();
        let mut refused = 0;
        for at in 0..good.len() {
            for mask in [0x01, 0x40, 0xff] {
                let mut damaged = good.clone();
                damaged[at] ^= mask;
                std::fs::write(&path, damaged).unwrap();
                // A panic would end the test here.
                match Dataset::read(std::slice::from_ref(&path), None, &Columns::default()) {
                    Ok(_) => {}
                    Err(error) => {
                        assert!(error.to_string().contains("a.parquet"), "{error}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > good.len(), "{refused} of {}", good.len() * 3);
    }
}
