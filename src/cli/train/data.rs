//! The options that name data files and their columns, shared by all commands that read them.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::classifier::HeadKind;
use crate::cli::facet_option::facet_column;
use crate::dataset::{self, Columns, Dataset, Finding, Format};
use crate::evaluation::{LabelledHead, LabelledTexts};
use crate::model::DataSource;

/// Where the texts are in files of tickets, labelled or not.
#[derive(Debug, Args)]
pub(super) struct TextArgs {
    /// Format of all files, if the extension does not tell: csv, tsv, jsonl, parquet, zendesk
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Column of the text (repeatable: joined in order) [default: subject and body, or text]
    #[arg(long, value_name = "COLUMN")]
    text: Vec<String>,
}

impl TextArgs {
    /// The texts of files whose labels do not matter; an error if there are none.
    pub(super) fn read(&self, files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
        let columns = Columns {
            text: self.text.clone(),
            ..Columns::default()
        };
        let (dataset, _) = Dataset::read(files, self.format, &columns)?;
        let texts: Vec<String> = dataset
            .examples
            .into_iter()
            .map(|example| example.text)
            .filter(|text| !text.trim().is_empty())
            .collect();
        if texts.is_empty() {
            bail!("no row has a text");
        }
        Ok(texts)
    }
}

/// Files of labelled tickets and how their columns are used.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// File of tickets: CSV, TSV, JSON lines or Parquet (repeatable)
    #[arg(long = "data", value_name = "FILE", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) texts: TextArgs,
    /// Column of the topic [default: topic, if there is one]
    #[arg(long, value_name = "COLUMN")]
    topic: Option<String>,
    /// Column of the urgency [default: urgency, if there is one]
    #[arg(long, value_name = "COLUMN")]
    urgency: Option<String>,
    /// Further label column, as NAME=COLUMN (repeatable)
    #[arg(long, value_name = "NAME=COLUMN", value_parser = facet_column)]
    facet: Vec<(String, String)>,
    /// Column of the ticket's id [default: id, if there is one]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
}

impl DataArgs {
    /// The files to read.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.data
    }

    /// Reads all files.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(super) fn read(&self) -> anyhow::Result<(Dataset, Vec<Finding>)> {
        let columns = Columns {
            text: self.texts.text.clone(),
            topic: self.topic.clone(),
            urgency: self.urgency.clone(),
            facets: self.facet.clone(),
            id: self.id.clone(),
            ..Columns::default()
        };
        Ok(Dataset::read(&self.data, self.texts.format, &columns)?)
    }

    /// Whether any file is named, where a command can do without.
    pub(super) fn is_given(&self) -> bool {
        !self.data.is_empty()
    }

    /// Whether an option names the column of a head, so that leaving it out would not be what was
    /// asked for.
    pub(super) fn asks_for(&self, kind: &HeadKind) -> bool {
        match kind {
            HeadKind::Topic => self.topic.is_some(),
            HeadKind::Urgency => self.urgency.is_some(),
            HeadKind::Facet(_) => true,
        }
    }
}

/// Indices of the examples that become the rows of [`labelled`], in order.
#[must_use]
pub(super) fn rows_with_text(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.examples.len())
        .filter(|&row| !dataset.examples[row].text.trim().is_empty())
        .collect()
}

/// The rows with text, and each head's labels.
#[must_use]
pub(super) fn labelled(dataset: &Dataset) -> LabelledTexts {
    let kept = rows_with_text(dataset);
    let heads = dataset
        .heads
        .iter()
        .map(|name| {
            let labels = dataset.labels(name);
            LabelledHead {
                kind: match name.as_str() {
                    dataset::TOPIC => HeadKind::Topic,
                    dataset::URGENCY => HeadKind::Urgency,
                    facet => HeadKind::Facet(facet.to_owned()),
                },
                labels: kept
                    .iter()
                    .map(|&row| labels[row].map(str::to_owned))
                    .collect(),
            }
        })
        .collect();
    LabelledTexts {
        texts: kept
            .iter()
            .map(|&row| dataset.examples[row].text.clone())
            .collect(),
        heads,
    }
}

/// The files as a manifest names them.
#[must_use]
pub(super) fn sources(dataset: &Dataset) -> Vec<DataSource> {
    dataset
        .sources
        .iter()
        .map(|source| DataSource {
            file: std::path::Path::new(&source.path).file_name().map_or_else(
                || source.path.clone(),
                |name| name.to_string_lossy().into_owned(),
            ),
            sha256: source.sha256.clone(),
            rows: source.rows,
        })
        .collect()
}
