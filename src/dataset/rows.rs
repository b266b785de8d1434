//! Turns the fields of one record after another into examples: joins the text, cleans labels,
//! checks urgency words, and keeps a note of what it had to change. The formats' readers feed it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::columns::{Columns, HeadColumn, URGENCY};
use super::error::shorten;
use super::{DatasetError, Example, Finding, Format, Location, Locations, Severity};
use crate::ticket::Urgency;

/// What is read from one file.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) path: &'a Path,
    pub(super) format: Format,
    pub(super) columns: &'a Columns,
    pub(super) heads: Vec<HeadColumn>,
    /// Whether the file has a column for each head.
    pub(super) present: Vec<bool>,
    pub(super) examples: Vec<Example>,
    file: usize,
    notes: BTreeMap<(Severity, String), Locations>,
}

/// The fields of a record that are used.
#[derive(Debug)]
pub(super) struct Record<'r> {
    /// 1-based line or row.
    pub(super) line: u64,
    pub(super) id: Option<Cow<'r, str>>,
    /// Already joined.
    pub(super) text: String,
    /// One for each head, as written.
    pub(super) labels: Vec<Option<Cow<'r, str>>>,
}

impl<'a> Rows<'a> {
    /// Nothing read yet from the file with this index.
    pub(super) fn new(
        path: &'a Path,
        format: Format,
        columns: &'a Columns,
        file: usize,
    ) -> Result<Self, DatasetError> {
        let heads = columns.heads(format)?;
        Ok(Self {
            path,
            format,
            columns,
            present: vec![false; heads.len()],
            heads,
            examples: Vec::new(),
            file,
            notes: BTreeMap::new(),
        })
    }

    /// Adds a record.
    pub(super) fn push(&mut self, record: Record<'_>) -> Result<(), DatasetError> {
        let Record {
            line,
            id,
            text,
            labels,
        } = record;
        self.refuse_nul(line, &text)?;
        let mut cleaned = Vec::with_capacity(labels.len());
        for (head, label) in labels.into_iter().enumerate() {
            let label = match label {
                Some(label) => self.clean_label(line, head, &label)?,
                None => None,
            };
            cleaned.push(label);
        }
        self.examples.push(Example {
            file: self.file,
            line,
            id: id.map(Cow::into_owned).filter(|id| !id.is_empty()),
            text,
            labels: cleaned,
        });
        Ok(())
    }

    /// Remembers something about a line that does not stop the reading.
    pub(super) fn note(&mut self, severity: Severity, message: String, line: u64) {
        let path = self.path;
        self.notes
            .entry((severity, message))
            .or_default()
            .add(|| Location {
                path: path.display().to_string(),
                line,
            });
    }

    /// The examples and what was noted.
    pub(super) fn finish(self) -> (Vec<Example>, Vec<Finding>) {
        let findings = self
            .notes
            .into_iter()
            .map(|((severity, message), locations)| Finding::new(severity, message).at(locations))
            .collect();
        (self.examples, findings)
    }

    fn clean_label(
        &mut self,
        line: u64,
        head: usize,
        written: &str,
    ) -> Result<Option<String>, DatasetError> {
        let name = self.heads[head].name.clone();
        self.refuse_nul(line, written)?;
        let label = written.trim();
        if label.is_empty() {
            return Ok(None);
        }
        if label.len() < written.len() {
            let message = format!("{name} labels with white space around them are read without it");
            self.note(Severity::Warning, message, line);
        }
        if name != URGENCY || self.columns.any_urgency {
            return Ok(Some(label.to_owned()));
        }
        match label.to_lowercase().parse::<Urgency>() {
            Ok(urgency) => Ok(Some(urgency.as_str().to_owned())),
            Err(_) => Err(DatasetError::UnknownUrgency {
                path: self.path.to_owned(),
                line,
                word: shorten(label),
            }),
        }
    }

    fn refuse_nul(&self, line: u64, text: &str) -> Result<(), DatasetError> {
        if text.contains('\0') {
            return Err(DatasetError::NulByte {
                path: self.path.to_owned(),
                line,
                column: None,
            });
        }
        Ok(())
    }
}

/// Joins the parts of a text like a ticket's subject and body: each trimmed, empty ones left out,
/// a line break between.
pub(super) fn join_text<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let parts: Vec<&str> = parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(labels: [Option<&str>; 2]) -> Result<(Vec<Option<String>>, Vec<Finding>), String> {
        let columns = Columns::default();
        let mut rows = Rows::new(Path::new("a.csv"), Format::Csv, &columns, 0).unwrap();
        rows.push(Record {
            line: 7,
            id: None,
            text: "hello".into(),
            labels: labels.map(|label| label.map(Cow::Borrowed)).into(),
        })
        .map_err(|error| error.to_string())?;
        let (examples, findings) = rows.finish();
        Ok((examples[0].labels.clone(), findings))
    }

    #[test]
    fn labels_are_trimmed_and_empty_ones_are_none() {
        let (labels, findings) = push([Some(" billing "), Some(" ")]).unwrap();
        assert_eq!(labels, [Some("billing".to_owned()), None]);
        assert_eq!(
            findings[0].to_string(),
            "warning: topic labels with white space around them are read without it (a.csv:7)"
        );
    }

    #[test]
    fn urgency_is_one_of_four_words_in_any_case() {
        assert_eq!(
            push([None, Some("HIGH")]).unwrap().0[1].as_deref(),
            Some("high")
        );
        let message = push([None, Some("P1")]).unwrap_err();
        assert!(
            message.starts_with("a.csv:7: unknown urgency 'P1'"),
            "{message}"
        );
    }

    #[test]
    fn text_is_joined_like_a_ticket() {
        assert_eq!(join_text([" Late\r\n", "", "Where? "]), "Late\nWhere?");
        assert_eq!(join_text([" "]), "");
    }
}
