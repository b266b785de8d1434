//! The file formats a data set may come in, and how a path tells them apart.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::DatasetError;
use super::error::FORMAT_OPTION;
use crate::ticket::UnknownWord;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values with a header line, quoted as in RFC 4180.
    Csv,
    /// Tab-separated values with a header line, quoted like CSV.
    Tsv,
    /// JSON objects one after the other, usually one a line; or one array of objects.
    Jsonl,
    /// Apache Parquet with plain (not nested) columns.
    Parquet,
    /// A Zendesk ticket export: `{"tickets": […]}`, an array of tickets, or tickets one a line.
    Zendesk,
}

impl Format {
    const NAMES: &'static [&'static str] = &["csv", "tsv", "jsonl", "parquet", "zendesk"];

    /// The format's name on the command line and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Zendesk => "zendesk",
        }
    }

    /// The format a path's extension stands for. A Zendesk export is not told from other JSON by
    /// its name and must be asked for.
    ///
    /// # Errors
    ///
    /// [`DatasetError::UnknownFormat`] where the extension is none of `.csv`, `.tsv`, `.jsonl`,
    /// `.ndjson`, `.json` and `.parquet`, in any case.
    pub fn of_path(path: &Path) -> Result<Self, DatasetError> {
        let extension = path
            .extension()
            .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("tsv") => Ok(Self::Tsv),
            Some("jsonl" | "ndjson" | "json") => Ok(Self::Jsonl),
            Some("parquet") => Ok(Self::Parquet),
            other => Err(DatasetError::UnknownFormat {
                path: path.to_owned(),
                compressed: matches!(other, Some("gz" | "zst" | "bz2" | "xz" | "zip")),
                option: FORMAT_OPTION,
            }),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            "jsonl" | "ndjson" | "json" => Ok(Self::Jsonl),
            "parquet" => Ok(Self::Parquet),
            "zendesk" => Ok(Self::Zendesk),
            _ => Err(UnknownWord {
                what: "format",
                word: word.to_owned(),
                known: Self::NAMES,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_to_their_formats() {
        for &name in Format::NAMES {
            assert_eq!(name.parse::<Format>().unwrap().as_str(), name);
        }
        assert_eq!(
            "xlsx".parse::<Format>().unwrap_err().to_string(),
            "unknown format 'xlsx': use one of csv, tsv, jsonl, parquet, zendesk"
        );
    }

    #[test]
    fn the_extension_decides() {
        let of = |path: &str| Format::of_path(Path::new(path)).ok();
        assert_eq!(of("a/b.CSV"), Some(Format::Csv));
        assert_eq!(of("b.ndjson"), Some(Format::Jsonl));
        assert_eq!(of("b.parquet"), Some(Format::Parquet));
        assert_eq!(of("b"), None);
        let error = Format::of_path(Path::new("b.csv.gz")).unwrap_err();
        assert!(error.to_string().contains("decompress"), "{error}");
    }
}
