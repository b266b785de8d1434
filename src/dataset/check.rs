//! Looks through a data set before a model is learnt from it: what there is, what looks wrong, and
//! what makes training pointless. Reports counts and places, never a customer's words.

mod labels;
mod texts;

use serde::Serialize;

use super::error::shorten;
use super::{Dataset, Finding, Locations, Severity, Source};

/// A label with fewer rows than this is named in a warning: its figures will be shaky.
pub const WARNED_BELOW_ROWS: usize = 50;

/// A label with fewer rows than this is refused: each of five folds needs one.
pub const REFUSED_BELOW_ROWS: usize = 5;

/// How many labels of a head a report lists; the rest is only counted.
pub const LISTED_LABELS: usize = 1_000;

/// How many labels a message names; the rest is only counted.
const NAMED_LABELS: usize = 20;

/// What a data set holds and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Number of records.
    pub rows: usize,
    /// The files.
    pub sources: Vec<Source>,
    /// The heads, in the data set's order.
    pub heads: Vec<HeadReport>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

/// What a head can learn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadReport {
    /// The head's name.
    pub head: String,
    /// Number of records with a text and a label for this head.
    pub rows: usize,
    /// Its labels, the most frequent first, equals by name; at most [`LISTED_LABELS`], and none
    /// where they do not look like labels.
    pub labels: Vec<LabelCount>,
    /// How many labels there are beyond `labels`.
    pub more_labels: usize,
}

impl HeadReport {
    /// Whether the column holds few enough different values to be labels, not texts.
    fn looks_like_labels(&self) -> bool {
        self.more_labels == 0 || !self.labels.is_empty()
    }
}

/// A label and how many records teach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// Number of records with a text and this label.
    pub rows: usize,
}

impl LabelCount {
    /// The label as messages name it: its first 60 characters.
    #[must_use]
    pub fn short_label(&self) -> String {
        shorten(&self.label)
    }
}

impl CheckReport {
    /// Whether training on these data is refused.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Takes in what was found elsewhere, such as in reading; the worst stay first.
    pub fn include(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by_key(|finding| finding.severity);
    }
}

/// Looks through a data set.
#[must_use]
pub fn check(dataset: &Dataset) -> CheckReport {
    let mut report = CheckReport {
        rows: dataset.examples.len(),
        sources: dataset.sources.clone(),
        heads: Vec::with_capacity(dataset.heads.len()),
        findings: Vec::new(),
    };
    let mut findings = Vec::new();
    if dataset.heads.is_empty() {
        findings.push(Finding::new(
            Severity::Error,
            "no label column: name one by --topic, --urgency or --facet",
        ));
    }
    for head in 0..dataset.heads.len() {
        let (counts, found) = labels::check(dataset, head);
        report.heads.push(counts);
        findings.extend(found);
    }
    let labelled: Vec<usize> = (0..report.heads.len())
        .filter(|&head| report.heads[head].looks_like_labels())
        .collect();
    findings.extend(texts::check(dataset, &labelled));
    report.include(findings);
    report
}

/// The places of some rows, in their order.
fn locations(dataset: &Dataset, rows: impl IntoIterator<Item = usize>) -> Locations {
    let mut rows: Vec<usize> = rows.into_iter().collect();
    rows.sort_unstable();
    let mut locations = Locations::default();
    for row in rows {
        locations.add(|| dataset.location(&dataset.examples[row]));
    }
    locations
}

/// ` and 3 more`, or nothing.
fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        _ => format!(" and {count} more"),
    }
}

/// `1 text`, `2 texts`.
fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
