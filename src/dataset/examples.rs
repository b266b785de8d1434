//! Labelled tickets that come one after another, from a caller in place of a file. They become the data set that a
//! file of JSON lines would be which holds them in the form of [`ExampleFields::line`]: its checksum is that of the
//! file, and places in it are the file's lines, so the example at index 0 is on line 1.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::rows::{Record, Rows, join_text};
use super::{Columns, Dataset, DatasetError, Finding, Format, Source, TOPIC, URGENCY};
use crate::checksum::hex;
use crate::ticket::Urgency;

/// Names that no facet can have: they are fields of every example.
const FIELDS: [&str; 6] = ["id", "subject", "body", "text", TOPIC, URGENCY];

/// One labelled ticket. What is empty is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExampleFields {
    /// The ticket's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Its body.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The label of its topic.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// Its urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// Its labels for facets, by the facet's name.
    #[serde(flatten)]
    pub facets: BTreeMap<String, String>,
}

impl ExampleFields {
    /// The example as a line of JSON, line break included: its fields in the order of this type, without those that are
    /// not given.
    ///
    /// # Errors
    /// Never in practice: all fields are texts.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}

/// Examples that are collected.
#[derive(Debug)]
pub struct Examples {
    name: String,
    facets: Vec<String>,
    examples: Vec<ExampleFields>,
    digest: Sha256,
    bytes: u64,
}

impl Examples {
    /// None yet. `name` is what the data set's file is called; `facets` are those that examples may have labels for.
    ///
    /// # Errors
    /// If a facet has no name, one that is taken, or is given twice.
    pub fn new(name: &str, facets: &[String]) -> Result<Self, DatasetError> {
        let taken = facets.iter().find(|facet| FIELDS.contains(&facet.as_str()));
        if let Some(name) = taken {
            return Err(DatasetError::FacetName {
                name: name.clone(),
                problem: "has a name that is taken",
            });
        }
        columns(facets).heads(Format::Jsonl)?;
        Ok(Self {
            name: name.to_owned(),
            facets: facets.to_vec(),
            examples: Vec::new(),
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The length of the file that would hold them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds one. A label for a facet that was not named is not used.
    ///
    /// # Errors
    /// Never in practice: see [`ExampleFields::line`].
    pub fn push(&mut self, example: ExampleFields) -> Result<(), serde_json::Error> {
        let line = example.line()?;
        self.digest.update(line.as_bytes());
        self.bytes += line.len() as u64;
        self.examples.push(example);
        Ok(())
    }

    /// The data set, and what had to be changed in it.
    ///
    /// # Errors
    /// If there is no example, or one cannot be used: then as the file's reader would say it.
    pub fn finish(self) -> Result<(Dataset, Vec<Finding>), DatasetError> {
        let path = Path::new(&self.name);
        if self.examples.is_empty() {
            return Err(DatasetError::NoRows {
                path: path.to_owned(),
            });
        }
        let columns = columns(&self.facets);
        let mut rows = Rows::new(path, Format::Jsonl, &columns, 0)?;
        let names: Vec<String> = rows.heads.iter().map(|head| head.name.clone()).collect();
        // A facet that was named is a head even where no example has a label for it: then that is an error to tell.
        rows.present = names
            .iter()
            .map(|name| self.facets.contains(name))
            .collect();
        for (line, mut example) in (1..).zip(self.examples) {
            let labels: Vec<Option<String>> = names
                .iter()
                .map(|name| match name.as_str() {
                    TOPIC => Some(std::mem::take(&mut example.topic)),
                    URGENCY => example.urgency.map(|level| level.as_str().to_owned()),
                    facet => example.facets.remove(facet),
                })
                .map(|label| label.filter(|label| !label.is_empty()))
                .collect();
            for (present, label) in rows.present.iter_mut().zip(&labels) {
                *present |= label.is_some();
            }
            rows.push(Record {
                line,
                id: Some(Cow::Owned(example.id)),
                text: join_text([example.subject.as_str(), example.body.as_str()]),
                labels: labels
                    .into_iter()
                    .map(|label| label.map(Cow::Owned))
                    .collect(),
            })?;
        }
        let present = rows.present.clone();
        let (examples, findings) = rows.finish();
        let mut dataset = Dataset {
            sources: vec![Source {
                sha256: hex(&self.digest.finalize()),
                rows: examples.len(),
                path: self.name,
            }],
            examples,
            heads: names,
        };
        dataset.keep_heads(&present);
        Ok((dataset, findings))
    }
}

/// The columns of a file that holds such examples.
fn columns(facets: &[String]) -> Columns {
    Columns {
        facets: facets
            .iter()
            .map(|facet| (facet.clone(), facet.clone()))
            .collect(),
        ..Columns::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn example(id: &str, body: &str, topic: &str, mood: &str) -> ExampleFields {
        let facets = [("mood".to_owned(), mood.to_owned())];
        ExampleFields {
            id: id.to_owned(),
            body: body.to_owned(),
            topic: topic.to_owned(),
            facets: facets.into_iter().filter(|(_, v)| !v.is_empty()).collect(),
            ..ExampleFields::default()
        }
    }

    fn examples() -> Vec<ExampleFields> {
        let urgent = ExampleFields {
            subject: " Late ".to_owned(),
            urgency: Some(Urgency::High),
            ..example("a", "Where is it?\n", "delivery", "")
        };
        let blank = example("", "\"quoted\" größe", " billing ", "glad");
        vec![urgent, blank, example("c", "", "", "")]
    }

    fn collected(facets: &[String]) -> Examples {
        let mut collected = Examples::new("examples.jsonl", facets).unwrap();
        for example in examples() {
            collected.push(example).unwrap();
        }
        collected
    }

    #[test]
    fn examples_become_what_the_file_with_their_lines_is() {
        let facets = ["mood".to_owned()];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("examples.jsonl");
        let lines: Vec<String> = examples().iter().map(|own| own.line().unwrap()).collect();
        assert_eq!(
            lines[1],
            "{\"body\":\"\\\"quoted\\\" größe\",\"topic\":\" billing \",\"mood\":\"glad\"}\n"
        );
        fs::write(&file, lines.concat()).unwrap();
        let (mut read, _) = Dataset::read(&[file], None, &columns(&facets)).unwrap();
        read.sources[0].path = "examples.jsonl".to_owned();
        let collected = collected(&facets);
        assert_eq!(collected.bytes(), lines.concat().len() as u64);
        let (dataset, findings) = collected.finish().unwrap();
        assert_eq!(dataset, read);
        assert_eq!(dataset.heads, ["topic", "urgency", "mood"]);
        assert_eq!(
            findings[0].to_string(),
            "warning: topic labels with white space around them are read without it (examples.jsonl:2)"
        );
    }

    #[test]
    fn a_facet_that_was_not_named_is_no_head() {
        let (dataset, _) = collected(&[]).finish().unwrap();
        assert_eq!(dataset.heads, ["topic", "urgency"]);
    }

    #[test]
    fn facets_have_names_of_their_own() {
        for name in ["topic", "id", "text", ""] {
            assert!(
                Examples::new("examples", &[name.to_owned()]).is_err(),
                "{name}"
            );
        }
        let twice = ["mood".to_owned(), "mood".to_owned()];
        assert!(Examples::new("examples", &twice).is_err());
    }

    #[test]
    fn no_example_is_no_data_set() {
        let none = Examples::new("examples.jsonl", &[]).unwrap();
        assert!(none.is_empty());
        assert!(none.finish().is_err());
    }
}
