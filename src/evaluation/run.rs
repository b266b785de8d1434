//! Runs a classifier over labelled texts, one thread, and measures it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use ndarray::Array2;
use serde::Serialize;

use super::answers::{Answer, HeadAnswers, Truth};
use super::labelled::{LabelledHead, LabelledTexts};
use super::metrics::HeadMetrics;
use super::out_of_scope::OutOfScope;
use crate::cancel::{CalledOff, Cancelled, check};
use crate::classifier::{Classification, Classifier, Head, HeadKind, Workspace};

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows classified.
    pub rows: usize,
    /// Measures by head, keyed by its name.
    pub heads: BTreeMap<String, HeadMetrics>,
    /// The answers behind the measures, in the model's order of heads.
    #[serde(skip)]
    pub answers: Vec<HeadAnswers>,
    /// Time from text to probabilities, decisions and ranking, one thread.
    pub microseconds_per_ticket: Microseconds,
    /// What texts out of scope showed, where there were any; [`evaluate`] has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_scope: Option<OutOfScope>,
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
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Classifies all texts and measures each head that `data` has labels for. Asks at each text whether it was called off.
///
/// # Errors
/// If the model lacks one of the heads, there are no rows, or it was called off.
pub fn evaluate(
    classifier: &Classifier,
    data: &LabelledTexts,
    called_off: CalledOff<'_>,
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
    let mut microseconds: Vec<f64> = Vec::with_capacity(data.texts.len());
    let mut collectors: Vec<Collector<'_>> = Vec::new();
    let mut offset = 0;
    for head in classifier.heads() {
        let columns = offset..offset + head.labels.len();
        offset = columns.end;
        if let Some(labelled) = data.heads.iter().find(|h| h.kind == head.kind) {
            collectors.push(Collector::new(head, labelled, columns));
        }
    }
    for (row, text) in data.texts.iter().enumerate() {
        check(called_off)?;
        let started = Instant::now();
        let classification = classifier.classify(text, &mut workspace);
        microseconds.push(started.elapsed().as_secs_f64() * 1e6);
        for collector in &mut collectors {
            collector.add(row, &classification, workspace.probabilities());
        }
    }
    let answers: Vec<HeadAnswers> = collectors.into_iter().map(Collector::finish).collect();
    let heads = answers
        .iter()
        .map(|head| (head.kind.name().to_owned(), HeadMetrics::new(head)))
        .collect();
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
        answers,
        microseconds_per_ticket: Microseconds {
            median: quantile(50),
            p99: quantile(99),
        },
        out_of_scope: None,
    })
}

/// Gathers one head's answers.
struct Collector<'a> {
    head: &'a Head,
    labelled: &'a LabelledHead,
    indices: Vec<Option<usize>>,
    /// The head's labels among all labels of the model.
    columns: Range<usize>,
    answers: Vec<Answer>,
    probabilities: Vec<f32>,
}

impl<'a> Collector<'a> {
    fn new(head: &'a Head, labelled: &'a LabelledHead, columns: Range<usize>) -> Self {
        Self {
            head,
            labelled,
            indices: labelled.indices(&head.labels),
            columns,
            answers: Vec::new(),
            probabilities: Vec::new(),
        }
    }

    fn add(&mut self, row: usize, classification: &Classification, probabilities: &[f32]) {
        let (Some(label), Some(prediction)) = (
            self.labelled.labels.get(row).and_then(Option::as_ref),
            classification.head(&self.head.kind),
        ) else {
            return;
        };
        let own = &probabilities[self.columns.clone()];
        self.answers.push(Answer {
            row,
            truth: self.indices[row].map_or_else(|| Truth::Unknown(label.clone()), Truth::Known),
            chosen: self.head.choose(own),
            made: prediction.made_prediction(),
            automated: prediction.automate,
            area_fallback: self.head.kind == HeadKind::Topic
                && classification
                    .area
                    .as_ref()
                    .is_some_and(|area| area.fallback),
        });
        self.probabilities.extend_from_slice(own);
    }

    fn finish(self) -> HeadAnswers {
        let shape = (self.answers.len(), self.columns.len());
        HeadAnswers {
            kind: self.head.kind.clone(),
            labels: self.head.labels.clone(),
            answers: self.answers,
            // One row of probabilities was added with each answer.
            probabilities: Array2::from_shape_vec(shape, self.probabilities).unwrap_or_default(),
        }
    }
}
