//! The options that name data files and their columns, shared by all commands that read them.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::classifier::HeadKind;
use crate::cli::facet_option::facet_column;
use crate::dataset::{Columns, Dataset, Finding, Format};

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
