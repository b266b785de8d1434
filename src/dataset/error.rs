//! Why a data set cannot be read: which file, which line, and what to do about it. Every case is
//! input the user has to change, not a fault of the program.

use std::path::PathBuf;

/// The option that gives the format of files.
pub(super) const FORMAT_OPTION: &str = "--format";

/// Unusable input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// No file was named.
    #[error("no data file given: name at least one")]
    NoFiles,
    /// Two heads of the same name, or a name that cannot be used.
    #[error("facet '{name}' {problem}: choose another name")]
    FacetName {
        /// The name as given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A `tags:` or `custom_field:` column where the file is not a Zendesk export.
    #[error(
        "'{column}' is a field of a Zendesk export: add `{option} zendesk`, or name a column of {path}"
    )]
    NotZendesk {
        /// The file.
        path: PathBuf,
        /// The column as given.
        column: String,
        /// The option that gives the format.
        option: &'static str,
    },
    /// The extension says nothing about the format.
    #[error("{path}: unknown kind of file: {}", if *.compressed { "decompress it first".to_owned() } else {
        format!("use .csv, .tsv, .jsonl, .ndjson, .json or .parquet, or give the format by `{}`", .option)
    })]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Whether the extension is that of a compressed file.
        compressed: bool,
        /// The option that gives the format.
        option: &'static str,
    },
    /// The file cannot be opened or read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("{path}: the file is empty: it needs a header and rows, or records")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file has a header, or an empty list, but no rows.
    #[error("{path}: the file has no rows: only its header or an empty list is there")]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// The file is in UTF-16, as spreadsheets like to write.
    #[error(
        "{path}: the file is in UTF-16: save it again as UTF-8 (in a spreadsheet: \"CSV UTF-8\")"
    )]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// A byte that is not UTF-8.
    #[error(
        "{path}:{line}: byte 0x{byte:02x} at byte column {column} is not UTF-8: save the file as \
         UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 (if that is how it was written)"
    )]
    InvalidUtf8 {
        /// The file.
        path: PathBuf,
        /// 1-based line.
        line: u64,
        /// 1-based column, in bytes.
        column: u64,
        /// The first byte that does not fit.
        byte: u8,
    },
    /// A NUL byte, or an escaped one.
    #[error("{path}:{line}: NUL byte{}: this is no clean text; export it again or remove the byte",
        .column.map(|column| format!(" at byte column {column}")).unwrap_or_default())]
    NulByte {
        /// The file.
        path: PathBuf,
        /// 1-based line or Parquet row.
        line: u64,
        /// 1-based column in bytes; none where it was written as an escape, or in Parquet.
        column: Option<u64>,
    },
    /// Two columns of the same name.
    #[error(
        "{path}: columns {first} and {second} are both called '{column}': rename or remove one"
    )]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
        /// 1-based number of the first.
        first: usize,
        /// 1-based number of the second.
        second: usize,
    },
    /// A column that was asked for is not there.
    #[error("{path}: no column '{column}' (for {purpose}): {}the columns are {}",
        .nearest.as_ref().map(|near| format!("did you mean '{near}'? ")).unwrap_or_default(),
        list(.columns))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// What the column was to be used for.
        purpose: String,
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
        /// The most similar of them, if one is similar.
        nearest: Option<String>,
    },
    /// No column was given for the text and none has a usual name.
    #[error("{path}: which column holds the text? Name it by `--text`: the columns are {}", list(.columns))]
    NoTextColumn {
        /// The file.
        path: PathBuf,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A row with more or fewer fields than the header.
    #[error(
        "{path}:{line}: the header has {expected} fields, the row that starts here {found}: look \
         for a missing quote or an unquoted delimiter"
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// 1-based line where the row starts.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
    },
    /// A quoted field that runs to the end of the file.
    #[error(
        "{path}:{line}: a quote in the row that starts here is never closed: close it or double it"
    )]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// 1-based line where the row starts.
        line: u64,
    },
    /// A record that is not JSON.
    #[error("{path}:{line}: the record that starts here is not valid JSON: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// 1-based line where the record starts.
        line: u64,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A record that is JSON but not an object.
    #[error("{path}:{line}: expected a JSON object with a key for each column, found {found}")]
    NotAnObject {
        /// The file.
        path: PathBuf,
        /// 1-based line where the record starts.
        line: u64,
        /// What is there instead.
        found: &'static str,
    },
    /// A value of a type that cannot be used.
    #[error("{path}:{line}: '{column}' must be {expected}, found {found}")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// 1-based line where the record starts.
        line: u64,
        /// The column.
        column: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// An urgency that is none of the four words.
    #[error(
        "{path}:{line}: unknown urgency '{word}': use one of low, normal, high, urgent, or leave it empty"
    )]
    UnknownUrgency {
        /// The file.
        path: PathBuf,
        /// 1-based line where the record starts, or Parquet row.
        line: u64,
        /// The word found, shortened if long.
        word: String,
    },
    /// A Parquet file the library cannot read.
    #[error("{path}: not a readable Parquet file{}: {message}",
        .row.map(|row| format!(" (row {row})")).unwrap_or_default())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// 1-based row, where known.
        row: Option<u64>,
        /// What the library says, shortened.
        message: String,
    },
    /// A Parquet value that is not UTF-8.
    #[error(
        "{path}: row {row} holds text that is not UTF-8: write the file again with UTF-8 strings"
    )]
    ParquetUtf8 {
        /// The file.
        path: PathBuf,
        /// 1-based row.
        row: u64,
    },
    /// A Parquet column of a type that cannot be used.
    #[error("{path}: column '{column}' must be {expected}, found {found}")]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

/// How many column names a message lists.
const LISTED_COLUMNS: usize = 30;

fn list(columns: &[String]) -> String {
    let mut text = columns
        .iter()
        .take(LISTED_COLUMNS)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if columns.len() > LISTED_COLUMNS {
        text.push_str(&format!(" and {} more", columns.len() - LISTED_COLUMNS));
    }
    text
}

/// The first characters of `text`, for a message.
pub(super) fn shorten(text: &str) -> String {
    const KEPT: usize = 60;
    let mut short: String = text.chars().take(KEPT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_column_names_those_there_are() {
        let error = DatasetError::MissingColumn {
            path: "a.csv".into(),
            purpose: "topic".into(),
            column: "topik".into(),
            columns: vec!["text".into(), "topic".into()],
            nearest: Some("topic".into()),
        };
        assert_eq!(
            error.to_string(),
            "a.csv: no column 'topik' (for topic): did you mean 'topic'? the columns are text, topic"
        );
    }

    #[test]
    fn a_long_list_of_columns_is_cut() {
        let columns: Vec<String> = (0..33).map(|n| format!("c{n}")).collect();
        assert!(list(&columns).ends_with("c29 and 3 more"));
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("größe"), "größe");
        assert_eq!(shorten(&"ß".repeat(61)), format!("{}…", "ß".repeat(60)));
    }
}
