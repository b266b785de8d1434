//! One self-contained page of HTML on how well a model classifies, for those who decide what may be
//! handled without a person.
//!
//! The page asks nothing of the network, needs no JavaScript to be read, and is the same bytes for
//! the same input: it has no date. Numbers are computed in this module; the templates under
//! `templates/report/` only lay them out, and escape whatever comes from the data. Tickets go by their
//! ids: no text of a ticket is on the page, and this module is never given one.

mod confusion;
mod coverage;
mod curve;
mod frame;
mod heatmap;
mod labels;
mod learning;
mod numbers;
mod page;
mod reliability;
mod summary;
mod worst;

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod sample;

pub use learning::{LearningCurve, LearningPoint};
pub use page::page;

use super::{HeadAnswers, HeadMetrics, OutOfScope};
use crate::classifier::Thresholds;

/// Everything that the page is made from.
#[derive(Debug, Clone)]
pub struct ReportInput<'a> {
    /// The model's version.
    pub version: &'a str,
    /// Where the answers come from.
    pub basis: Basis,
    /// The files that the tickets were read from.
    pub files: &'a [ReportFile],
    /// Tickets with text among them.
    pub rows: usize,
    /// What each of the rows is called: its id, or its file and line.
    pub row_names: &'a [String],
    /// The heads in the model's order.
    pub heads: Vec<HeadInput<'a>>,
    /// Precision that automated answers were to reach when the thresholds were chosen, 0 to 1.
    pub target_precision: f64,
    /// How texts that belong to no topic were taken, if there were any.
    pub out_of_scope: Option<OutOfScope>,
    /// How accuracy grew with the number of rows, if that was measured.
    pub learning_curve: Option<&'a LearningCurve>,
}

/// Where the answers on the page come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Each ticket was classified by a model that had learned from all folds but the ticket's own.
    OutOfFold {
        /// How many folds.
        folds: usize,
    },
    /// The model itself classified tickets of another file.
    HeldOut,
    /// The model classified tickets it had learned from: the measures say nothing of new ones.
    TrainedOn {
        /// A file that the model was trained on.
        file: String,
    },
}

/// A file of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name.
    pub name: String,
    /// Rows read from it.
    pub rows: usize,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// One head's answers and their measures.
#[derive(Debug, Clone, Copy)]
pub struct HeadInput<'a> {
    /// The answers.
    pub answers: &'a HeadAnswers,
    /// Their measures.
    pub metrics: &'a HeadMetrics,
    /// Thresholds in the order of the labels.
    pub thresholds: &'a [Thresholds],
}
