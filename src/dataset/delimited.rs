//! Reads CSV and TSV: a header line, then rows of as many fields, quoted as in RFC 4180. One row
//! is held at a time.

use std::borrow::Cow;
use std::io;

use csv::{ByteRecord, ReaderBuilder};

use super::columns::Resolved;
use super::lines::LineReader;
use super::rows::{Record, Rows, join_text};
use super::source::{SourceReader, read_error};
use super::{DatasetError, Format};

const BUFFER_BYTES: usize = 1 << 16;

/// Reads the file into `rows` and returns its SHA-256.
pub(super) fn read(rows: &mut Rows<'_>) -> Result<String, DatasetError> {
    let path = rows.path;
    let delimiter = match rows.format {
        Format::Tsv => b'\t',
        Format::Csv | Format::Jsonl | Format::Parquet | Format::Zendesk => b',',
    };
    let lines = LineReader::new(SourceReader::open(path)?, delimiter);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(lines);
    let mut record = ByteRecord::new();
    let mut line;

    if !next(rows, &mut reader, &mut record)? {
        return Err(DatasetError::Empty {
            path: path.to_owned(),
        });
    }
    let header = header(rows, &record)?;
    let resolved = rows.columns.resolve(path, rows.format, &header)?;
    rows.present = resolved.heads.iter().map(Option::is_some).collect();
    line = start(&mut reader, &record);

    while next(rows, &mut reader, &mut record)? {
        line = start(&mut reader, &record);
        if record.len() != header.len() {
            return Err(misshapen(rows, &mut reader, record, line, header.len()));
        }
        rows.push(fields(&record, &resolved, line))?;
    }
    if reader.get_ref().is_inside_quotes() {
        return Err(DatasetError::UnclosedQuote {
            path: path.to_owned(),
            line,
        });
    }
    let source = reader.into_inner().into_inner();
    source.finish().map_err(|error| read_error(path, error))
}

type Reader = csv::Reader<LineReader<SourceReader>>;

fn next(
    rows: &Rows<'_>,
    reader: &mut Reader,
    record: &mut ByteRecord,
) -> Result<bool, DatasetError> {
    reader.read_byte_record(record).map_err(|error| {
        let error = match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        };
        read_error(rows.path, error)
    })
}

fn start(reader: &mut Reader, record: &ByteRecord) -> u64 {
    let offset = record.position().map_or(0, csv::Position::byte);
    reader.get_mut().line_of_record_at(offset)
}

/// Why a row has too many or too few fields: an open quote if it swallowed the rest of the file.
fn misshapen(
    rows: &Rows<'_>,
    reader: &mut Reader,
    mut record: ByteRecord,
    line: u64,
    expected: usize,
) -> DatasetError {
    let path = rows.path.to_owned();
    let found = record.len();
    match next(rows, reader, &mut record) {
        Ok(false) if reader.get_ref().is_inside_quotes() => {
            DatasetError::UnclosedQuote { path, line }
        }
        _ => DatasetError::Ragged {
            path,
            line,
            expected,
            found,
        },
    }
}

/// The column names, trimmed; two may not be the same.
fn header(rows: &Rows<'_>, record: &ByteRecord) -> Result<Vec<String>, DatasetError> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    for field in record {
        let name = text(field).trim().to_owned();
        let known = names.iter().position(|known| *known == name);
        if let (Some(first), false) = (known, name.is_empty()) {
            return Err(DatasetError::DuplicateColumn {
                path: rows.path.to_owned(),
                column: name,
                first: first + 1,
                second: names.len() + 1,
            });
        }
        names.push(name);
    }
    Ok(names)
}

fn fields<'r>(record: &'r ByteRecord, resolved: &Resolved, line: u64) -> Record<'r> {
    let field = |index: usize| text(record.get(index).unwrap_or_default());
    let parts: Vec<Cow<'_, str>> = resolved.text.iter().map(|&index| field(index)).collect();
    Record {
        line,
        id: resolved.id.map(field),
        text: join_text(parts.iter().map(Cow::as_ref)),
        labels: resolved
            .heads
            .iter()
            .map(|column| column.map(field))
            .collect(),
    }
}

/// The source has been found to be UTF-8 and delimiters are ASCII, so nothing is replaced here.
fn text(field: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(field)
}
