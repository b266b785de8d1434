//! The rows of a fit: texts and, for each head, the labels that are known.

use std::collections::BTreeMap;

use crate::classifier::HeadKind;
use crate::classifier::head::urgency_labels;
use crate::dataset::{self, Dataset};

/// Texts with the labels of each head.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledTexts {
    /// One text a row.
    pub texts: Vec<String>,
    /// The heads to train or to measure.
    pub heads: Vec<LabelledHead>,
}

/// Indices of the examples that become the rows of [`LabelledTexts::of`], in order.
#[must_use]
pub fn rows_with_text(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.examples.len())
        .filter(|&row| !dataset.examples[row].text.trim().is_empty())
        .collect()
}

impl LabelledTexts {
    /// The rows with text, and each head's labels.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        let kept = rows_with_text(dataset);
        let heads = dataset.heads.iter().map(|name| {
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
        });
        Self {
            texts: kept
                .iter()
                .map(|&row| dataset.examples[row].text.clone())
                .collect(),
            heads: heads.collect(),
        }
    }
}

/// The labels of one head.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledHead {
    /// Which head.
    pub kind: HeadKind,
    /// One label a row; `None` where the row has none for this head.
    pub labels: Vec<Option<String>>,
}

impl LabelledHead {
    /// The distinct labels in the order that the model gives them: urgency by level, all others
    /// alphabetically.
    #[must_use]
    pub fn distinct(&self) -> Vec<String> {
        let counts: BTreeMap<&str, usize> =
            self.labels
                .iter()
                .flatten()
                .fold(BTreeMap::new(), |mut counts, label| {
                    *counts.entry(label.as_str()).or_default() += 1;
                    counts
                });
        match self.kind {
            HeadKind::Urgency => urgency_labels(|level| counts.contains_key(level)),
            HeadKind::Topic | HeadKind::Facet(_) => counts.into_keys().map(str::to_owned).collect(),
        }
    }

    /// For each row the index of its label in `labels`; `None` without a label or if it is not
    /// among them.
    #[must_use]
    pub fn indices(&self, labels: &[String]) -> Vec<Option<usize>> {
        self.labels
            .iter()
            .map(|label| {
                let label = label.as_ref()?;
                labels.iter().position(|known| known == label)
            })
            .collect()
    }
}
