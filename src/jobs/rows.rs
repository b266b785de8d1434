//! Rows that a model can be learned from: a data set that was checked, without the labels that nothing can be learned
//! of if those are to be left out.

use std::fmt;

use crate::dataset::{CheckReport, Dataset, Finding, REFUSED_BELOW_ROWS, Severity, check};
use crate::evaluation::LabelledTexts;
use crate::model::DataSource;

/// What becomes of labels with too few rows to be learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rare {
    /// The data set is refused.
    Refuse,
    /// Their rows are taken as having no label for that head.
    LeaveOut,
}

/// Rows that a model can be learned from, and what was found in them.
#[derive(Debug)]
pub struct LearnableRows {
    /// The rows with text.
    pub data: LabelledTexts,
    /// Where they are from, as the model's manifest will tell.
    pub sources: Vec<DataSource>,
    /// What was found in them.
    pub checked: CheckReport,
    /// Labels that were left out, each with its head and its number of rows.
    pub dropped: Vec<String>,
}

/// The errors for which a data set cannot be trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLearnable(pub Vec<Finding>);

impl fmt::Display for NotLearnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this data set cannot be trained on:")?;
        self.0
            .iter()
            .try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

impl std::error::Error for NotLearnable {}

impl LearnableRows {
    /// Checks a data set; `found_reading` is what had to be changed when it was read.
    ///
    /// # Errors
    /// If nothing can be learned from it.
    pub fn new(
        dataset: Dataset,
        found_reading: Vec<Finding>,
        rare: Rare,
    ) -> Result<Self, NotLearnable> {
        let mut checked = check(&dataset);
        checked.include(found_reading);
        let mut data = LabelledTexts::of(&dataset);
        let sources = DataSource::of(&dataset);
        drop(dataset);
        // A column that does not look like labels has no counts.
        let no_labels = checked
            .heads
            .iter()
            .any(|head| head.rows > 0 && head.labels.is_empty());
        let dropped = match rare {
            Rare::LeaveOut if !no_labels => drop_rare(&mut data),
            Rare::LeaveOut | Rare::Refuse => Vec::new(),
        };
        if checked.refused() && dropped.is_empty() {
            let mut findings = checked.findings;
            findings.retain(|finding| finding.severity == Severity::Error);
            return Err(NotLearnable(findings));
        }
        Ok(Self {
            data,
            sources,
            checked,
            dropped,
        })
    }
}

/// Takes labels off the rows of which there are too few, and returns them with their counts.
fn drop_rare(data: &mut LabelledTexts) -> Vec<String> {
    let mut dropped = Vec::new();
    for head in &mut data.heads {
        for label in head.distinct() {
            let own = |row: &&mut Option<String>| row.as_ref() == Some(&label);
            let rows: Vec<&mut Option<String>> = head.labels.iter_mut().filter(own).collect();
            if rows.len() < REFUSED_BELOW_ROWS {
                dropped.push(format!("{}: {label} ({} rows)", head.kind, rows.len()));
                rows.into_iter().for_each(|row| *row = None);
            }
        }
    }
    dropped
}
