//! Reads Parquet files, row by row and only the columns that are used. Nested and repeated columns
//! are refused by name before anything is read.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::DatasetError;
use super::columns::Resolved;
use super::error::shorten;
use super::quiet;
use super::rows::{Record, Rows, join_text};
use super::source::digest_file;

/// Reads the file into `rows` and returns its SHA-256.
pub(super) fn read(rows: &mut Rows<'_>) -> Result<String, DatasetError> {
    let path = rows.path;
    let (sha256, length) = digest_file(path)?;
    if length == 0 {
        return Err(DatasetError::Empty {
            path: path.to_owned(),
        });
    }
    // The library checks much of a damaged file by asserting; after a panic `rows` goes unused.
    match quiet::catch(|| read_rows(rows)) {
        Ok(read) => read.map(|()| sha256),
        Err(quiet::Panicked) => {
            let whole = rows.examples.len() as u64;
            Err(DatasetError::Parquet {
                path: path.to_owned(),
                row: (whole > 0).then_some(whole + 1),
                message: "the file is damaged: write or copy it again".to_owned(),
            })
        }
    }
}

fn read_rows(rows: &mut Rows<'_>) -> Result<(), DatasetError> {
    let path = rows.path;
    let unreadable = |row: Option<u64>, error: ParquetError| failure(path, row, &error);
    let file = File::open(path).map_err(|source| DatasetError::Read {
        path: path.to_owned(),
        source,
    })?;
    let reader = SerializedFileReader::new(file).map_err(|error| unreadable(None, error))?;
    let schema = reader.metadata().file_metadata().schema();
    let names: Vec<String> = schema
        .get_fields()
        .iter()
        .map(|field| field.name().to_owned())
        .collect();
    refuse_duplicates(rows, &names)?;
    let resolved = rows.columns.resolve(path, rows.format, &names)?;
    let used = check_types(rows, schema, &resolved)?;
    let projection = Type::group_type_builder(schema.name())
        .with_fields(
            used.iter()
                .map(|&index| Arc::clone(&schema.get_fields()[index]))
                .collect(),
        )
        .build()
        .map_err(|error| unreadable(None, error))?;
    let place = resolved.within(&used);

    rows.present = resolved.heads.iter().map(Option::is_some).collect();
    let mut line = 0;
    for group in 0..reader.num_row_groups() {
        let at = |line: u64, error: ParquetError| failure(path, Some(line), &error);
        let group = reader
            .get_row_group(group)
            .map_err(|error| at(line + 1, error))?;
        check_dictionaries(group.as_ref(), &projection).map_err(|error| at(line + 1, error))?;
        let read_rows = RowIter::from_row_group(Some(projection.clone()), group.as_ref())
            .map_err(|error| at(line + 1, error))?;
        for row in read_rows {
            line += 1;
            let row = row.map_err(|error| at(line, error))?;
            rows.push(record(rows.path, &row, &place, line)?)?;
        }
    }
    if line == 0 {
        return Err(DatasetError::NoRows {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Refuses a dictionary that says it has more values than bytes: the library makes room for as many as it says, and a
/// process that is refused that much memory ends.
fn check_dictionaries(group: &dyn RowGroupReader, used: &Type) -> Result<(), ParquetError> {
    let names: Vec<&str> = used.get_fields().iter().map(|field| field.name()).collect();
    for (index, column) in group.metadata().columns().iter().enumerate() {
        let root = column.column_path().parts().first();
        if !root.is_some_and(|root| names.contains(&root.as_str())) {
            continue;
        }
        let mut pages = group.get_column_page_reader(index)?;
        while let Some(next) = pages.peek_next_page()? {
            if !next.is_dict {
                pages.skip_next_page()?;
                continue;
            }
            if let Some(Page::DictionaryPage {
                buf, num_values, ..
            }) = pages.get_next_page()?
                && num_values as usize > buf.len()
            {
                return Err(ParquetError::General(format!(
                    "a dictionary of {num_values} values has {} bytes: write or copy the file again",
                    buf.len()
                )));
            }
        }
    }
    Ok(())
}

impl Resolved {
    /// The same columns, counted within a selection of the file's.
    fn within(&self, used: &[usize]) -> Self {
        let place = |index: usize| used.binary_search(&index).unwrap_or_default();
        Self {
            text: self.text.iter().copied().map(place).collect(),
            heads: self.heads.iter().map(|head| head.map(place)).collect(),
            id: self.id.map(place),
        }
    }
}

fn failure(path: &std::path::Path, row: Option<u64>, error: &ParquetError) -> DatasetError {
    let path = path.to_owned();
    let message = match error {
        ParquetError::General(message)
        | ParquetError::NYI(message)
        | ParquetError::EOF(message) => message.clone(),
        other => other.to_string(),
    };
    // The library's own message would print the text, byte by byte.
    match row {
        Some(row) if message.starts_with("Error reading BYTE_ARRAY as String") => {
            DatasetError::ParquetUtf8 { path, row }
        }
        _ => DatasetError::Parquet {
            path,
            row,
            message: shorten(&message),
        },
    }
}

fn refuse_duplicates(rows: &Rows<'_>, names: &[String]) -> Result<(), DatasetError> {
    for (second, name) in names.iter().enumerate() {
        if let Some(first) = names[..second].iter().position(|known| known == name) {
            return Err(DatasetError::DuplicateColumn {
                path: rows.path.to_owned(),
                column: name.clone(),
                first: first + 1,
                second: second + 1,
            });
        }
    }
    Ok(())
}

/// The indices of the columns that are used, ascending, each of a type that can be.
fn check_types(
    rows: &Rows<'_>,
    schema: &Type,
    resolved: &Resolved,
) -> Result<Vec<usize>, DatasetError> {
    let labels = resolved.heads.iter().flatten().chain(&resolved.id);
    let texts = resolved.text.iter().map(|&index| (index, true));
    let mut used: Vec<(usize, bool)> = texts.chain(labels.map(|&index| (index, false))).collect();
    for &(index, is_text) in &used {
        let column = &schema.get_fields()[index];
        let (fits, expected) = match is_text {
            true => (holds_text(column), "a plain column of strings"),
            false => (
                holds_text(column) || holds_scalar(column),
                "a plain column of strings, numbers or truth values",
            ),
        };
        if !fits {
            return Err(DatasetError::ColumnType {
                path: rows.path.to_owned(),
                column: column.name().to_owned(),
                expected,
                found: describe(column),
            });
        }
    }
    used.sort_unstable();
    used.dedup_by_key(|&mut (index, _)| index);
    Ok(used.into_iter().map(|(index, _)| index).collect())
}

fn is_plain(column: &Type) -> bool {
    let info = column.get_basic_info();
    column.is_primitive() && info.has_repetition() && info.repetition() != Repetition::REPEATED
}

fn holds_text(column: &Type) -> bool {
    is_plain(column)
        && column.get_physical_type() == Physical::BYTE_ARRAY
        && matches!(
            column.get_basic_info().converted_type(),
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON | ConvertedType::NONE
        )
}

fn holds_scalar(column: &Type) -> bool {
    use ConvertedType::{INT_8, INT_16, INT_32, INT_64, NONE, UINT_8, UINT_16, UINT_32, UINT_64};
    if !is_plain(column) {
        return false;
    }
    let converted = column.get_basic_info().converted_type();
    match column.get_physical_type() {
        Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE => converted == NONE,
        Physical::INT32 => matches!(
            converted,
            NONE | INT_8 | INT_16 | INT_32 | UINT_8 | UINT_16 | UINT_32
        ),
        Physical::INT64 => matches!(converted, NONE | INT_64 | UINT_64),
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY | Physical::INT96 => false,
    }
}

fn describe(column: &Type) -> String {
    if !column.is_primitive() {
        return "a nested column".to_owned();
    }
    if !is_plain(column) {
        return "a repeated column".to_owned();
    }
    match column.get_basic_info().converted_type() {
        ConvertedType::NONE => column.get_physical_type().to_string(),
        converted => format!("{} ({converted})", column.get_physical_type()),
    }
}

fn record<'r>(
    path: &std::path::Path,
    row: &'r Row,
    place: &Resolved,
    line: u64,
) -> Result<Record<'r>, DatasetError> {
    let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
    let value = |index: usize| match fields.get(index) {
        None | Some(Field::Null) => Ok(None),
        Some(Field::Str(text)) => Ok(Some(Cow::Borrowed(text.as_str()))),
        Some(Field::Bytes(bytes)) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => Ok(Some(Cow::Borrowed(text))),
            Err(_) => Err(DatasetError::ParquetUtf8 {
                path: path.to_owned(),
                row: line,
            }),
        },
        Some(other) => Ok(Some(Cow::Owned(other.to_string()))),
    };
    let parts = place
        .text
        .iter()
        .map(|&index| value(index))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Record {
        line,
        id: place.id.map(value).transpose()?.flatten(),
        text: join_text(parts.iter().flatten().map(Cow::as_ref)),
        labels: place
            .heads
            .iter()
            .map(|head| head.map_or(Ok(None), value))
            .collect::<Result<_, _>>()?,
    })
}
