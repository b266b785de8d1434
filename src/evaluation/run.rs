//! Runs a classifier over labelled texts, one thread, and measures it.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::labelled::LabelledTexts;
use super::metrics::{HeadMetrics, Scored};
use crate::classifier::{Classifier, HeadKind, Workspace};

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows classified.
    pub rows: usize,
    /// Measures by head, keyed by its name.
    pub heads: BTreeMap<String, HeadMetrics>,
    /// Time from text to probabilities, decisions and ranking, one thread.
    pub microseconds_per_ticket: Microseconds,
}

/// How long tickets took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Microseconds {
    /// Half of the tickets took less.
    pub median: f64,
    /// 99 of 100 tickets took less.
    pub p99: f64,
}

/// Why a model cannot be measured on this data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The model lacks a head that the data has labels for.
    #[error("the model has no head '{head}': it has {known}")]
    NoSuchHead {
        /// The head asked for.
        head: String,
        /// The heads that the model has.
        known: String,
    },
    /// There is nothing to measure.
    #[error("no row has both a text and a label")]
    NoRows,
}

/// Classifies all texts and measures each head that `data` has labels for.
///
/// # Errors
/// If the model lacks one of the heads or there are no rows.
pub fn evaluate(
    classifier: &Classifier,
    data: &LabelledTexts,
) -> Result<Evaluation, EvaluationError> {
    for head in &data.heads {
        if classifier.labels(&head.kind).is_empty() {
            let known: Vec<&str> = classifier.heads().iter().map(|h| h.kind.name()).collect();
            return Err(EvaluationError::NoSuchHead {
                head: head.kind.to_string(),
                known: known.join(", "),
            });
        }
    }
    if data.texts.is_empty()
        || data
            .heads
            .iter()
            .all(|h| h.labels.iter().all(Option::is_none))
    {
        return Err(EvaluationError::NoRows);
    }
    let mut workspace = Workspace::default();
    let mut probabilities: Vec<Vec<f32>> = Vec::with_capacity(data.texts.len());
    let mut microseconds: Vec<f64> = Vec::with_capacity(data.texts.len());
    for text in &data.texts {
        let started = Instant::now();
        let classification = classifier.classify(text, &mut workspace);
        microseconds.push(started.elapsed().as_secs_f64() * 1e6);
        drop(classification);
        probabilities.push(workspace.probabilities().to_vec());
    }
    let mut heads = BTreeMap::new();
    let mut offset = 0;
    for head in classifier.heads() {
        let columns = offset..offset + head.labels.len();
        offset = columns.end;
        let Some(labelled) = data.heads.iter().find(|h| h.kind == head.kind) else {
            continue;
        };
        let indices = labelled.indices(&head.labels);
        let mut scored = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (row, label) in labelled.labels.iter().enumerate() {
            let Some(label) = label else { continue };
            let own = &probabilities[row][columns.clone()];
            scored.push(Scored::new(indices[row], own, head.choose(own)));
            names.push(label);
        }
        let ordered = head.kind == HeadKind::Urgency;
        let metrics = HeadMetrics::new(&scored, &head.labels, ordered, |position| {
            names.get(position).copied().unwrap_or_default().to_owned()
        });
        heads.insert(head.kind.name().to_owned(), metrics);
    }
    microseconds.sort_by(f64::total_cmp);
    let quantile = |numerator: usize| {
        let last = microseconds.len().saturating_sub(1);
        microseconds
            .get(last * numerator / 100)
            .copied()
            .unwrap_or(0.0)
    };
    Ok(Evaluation {
        rows: data.texts.len(),
        heads,
        microseconds_per_ticket: Microseconds {
            median: quantile(50),
            p99: quantile(99),
        },
    })
}
