//! Labelled tickets out of files: CSV, TSV, JSON, Parquet and Zendesk exports become one
//! [`Dataset`], and [`check()`] says whether a model can be learnt from it. What cannot be read is
//! an error with file, line and remedy; what can be read but looks wrong is a [`Finding`].
//!
//! Knows nothing of models, and prints nothing.

mod check;
mod columnar;
mod columns;
mod delimited;
mod error;
mod examples;
mod finding;
mod format;
mod json;
mod lines;
mod quiet;
mod rows;
mod source;
mod zendesk;

pub use check::{
    CheckReport, HeadReport, LISTED_LABELS, LabelCount, REFUSED_BELOW_ROWS, WARNED_BELOW_ROWS,
    check,
};
pub use columns::{Columns, TOPIC, URGENCY};
pub use error::DatasetError;
pub use examples::{ExampleFields, Examples};
pub use finding::{Finding, Location, Locations, NAMED_LOCATIONS, Severity};
pub use format::Format;

use std::path::{Path, PathBuf};

use serde::Serialize;

/// Labelled texts and where they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    /// The records, in the order of the files and of the rows in them.
    pub examples: Vec<Example>,
    /// Names of the heads any file has a column for: topic, urgency, then the facets by name.
    pub heads: Vec<String>,
    /// The files, in the order given.
    pub sources: Vec<Source>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Index into [`Dataset::sources`].
    pub file: usize,
    /// 1-based line where the record starts; the 1-based row number in a Parquet file.
    pub line: u64,
    /// The record's own id, where it has one.
    pub id: Option<String>,
    /// The text, without white space around it; may be empty.
    pub text: String,
    /// One for each of [`Dataset::heads`], without white space around it and never empty.
    pub labels: Vec<Option<String>>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its path, as it was given.
    pub path: String,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Number of records in it.
    pub rows: usize,
}

/// Each head's name and whether a file has a column for it.
type HeadColumns = Vec<(String, bool)>;

impl Dataset {
    /// Reads the files one after the other into one data set. `format` goes for all of them; where
    /// it is not given, each file's extension decides. The findings are what had to be changed in
    /// reading.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] at the first thing that makes a file unusable.
    pub fn read(
        paths: &[PathBuf],
        format: Option<Format>,
        columns: &Columns,
    ) -> Result<(Self, Vec<Finding>), DatasetError> {
        if paths.is_empty() {
            return Err(DatasetError::NoFiles);
        }
        let mut dataset = Self::default();
        let mut findings = Vec::new();
        let mut present = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            let format = match format {
                Some(format) => format,
                None => Format::of_path(path)?,
            };
            let (file, noted) = dataset.read_file(index, path, format, columns)?;
            findings.extend(noted);
            present.resize(file.len(), false);
            dataset.heads = file
                .into_iter()
                .zip(&mut present)
                .map(|((name, has), present)| {
                    *present |= has;
                    name
                })
                .collect();
        }
        dataset.keep_heads(&present);
        Ok((dataset, findings))
    }

    /// Every record's text.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.examples
            .iter()
            .map(|example| example.text.as_str())
            .collect()
    }

    /// Every record's label for a head; all none where there is no such head.
    #[must_use]
    pub fn labels(&self, head: &str) -> Vec<Option<&str>> {
        let index = self.heads.iter().position(|name| name == head);
        self.examples
            .iter()
            .map(|example| example.label(index?))
            .collect()
    }

    /// Where a record starts.
    #[must_use]
    pub fn location(&self, example: &Example) -> Location {
        Location {
            path: self
                .sources
                .get(example.file)
                .map(|source| source.path.clone())
                .unwrap_or_default(),
            line: example.line,
        }
    }

    /// Adds a file's records; returns each head's name and whether the file has a column for it.
    fn read_file(
        &mut self,
        index: usize,
        path: &Path,
        format: Format,
        columns: &Columns,
    ) -> Result<(HeadColumns, Vec<Finding>), DatasetError> {
        let mut rows = rows::Rows::new(path, format, columns, index)?;
        let sha256 = match format {
            Format::Csv | Format::Tsv => delimited::read(&mut rows)?,
            Format::Jsonl | Format::Zendesk => json::read(&mut rows)?,
            Format::Parquet => columnar::read(&mut rows)?,
        };
        if rows.examples.is_empty() {
            return Err(DatasetError::NoRows {
                path: path.to_owned(),
            });
        }
        let heads = rows
            .heads
            .iter()
            .map(|head| head.name.clone())
            .zip(rows.present.iter().copied())
            .collect();
        let (examples, findings) = rows.finish();
        self.sources.push(Source {
            path: path.display().to_string(),
            sha256,
            rows: examples.len(),
        });
        match self.examples.is_empty() {
            true => self.examples = examples,
            false => self.examples.extend(examples),
        }
        Ok((heads, findings))
    }

    /// Drops the heads no file has a column for.
    fn keep_heads(&mut self, present: &[bool]) {
        if present.iter().all(|&present| present) {
            return;
        }
        let mut kept = present.iter();
        self.heads.retain(|_| kept.next().is_some_and(|&kept| kept));
        for example in &mut self.examples {
            let mut kept = present.iter();
            example
                .labels
                .retain(|_| kept.next().is_some_and(|&kept| kept));
        }
    }
}

impl Example {
    /// The label for the head at this index of [`Dataset::heads`].
    #[must_use]
    pub fn label(&self, head: usize) -> Option<&str> {
        self.labels.get(head)?.as_deref()
    }
}
