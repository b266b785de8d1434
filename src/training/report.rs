//! What a fit found out about the model it made.

use serde::Serialize;

use super::out_of_fold::Pooled;
use crate::classifier::{HeadKind, Thresholds};
use crate::evaluation::{HeadAnswers, HeadMetrics};

/// The report of one fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitReport {
    /// Rows with text.
    pub rows: usize,
    /// Size of the vocabulary.
    pub features: usize,
    /// One report a head.
    pub heads: Vec<HeadReport>,
    /// Where the time went.
    pub seconds: StageSeconds,
}

/// One head, measured on out-of-fold scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadReport {
    /// Which head.
    #[serde(serialize_with = "as_name")]
    pub kind: HeadKind,
    /// The linear expert's cost of a margin violation, chosen for this head.
    pub cost: f64,
    /// The pool's weight of each expert: linear, naive Bayes, log-prior, discriminant, kernel.
    pub pool: Vec<f64>,
    /// Thresholds by label.
    #[serde(skip)]
    pub thresholds: Vec<Thresholds>,
    /// Labels that cannot reach the target precision and may only be suggested.
    pub suggest_only: Vec<String>,
    /// The measures.
    pub metrics: HeadMetrics,
    /// The answers behind the measures: what the folds say of each row.
    #[serde(skip)]
    pub answers: HeadAnswers,
}

impl HeadReport {
    /// Reports on what was chosen for a head.
    #[must_use]
    pub fn new(pooled: Pooled) -> Self {
        let answers = pooled.answers;
        Self {
            kind: answers.kind.clone(),
            cost: pooled.cost,
            pool: pooled.pool.weights,
            suggest_only: answers
                .labels
                .iter()
                .zip(&pooled.thresholds)
                .filter(|(_, thresholds)| thresholds.automate_at.is_none())
                .map(|(label, _)| label.clone())
                .collect(),
            thresholds: pooled.thresholds,
            metrics: HeadMetrics::new(&answers),
            answers,
        }
    }
}

fn as_name<S: serde::Serializer>(kind: &HeadKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// Seconds by stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StageSeconds {
    /// Fitting and scoring all folds.
    pub folds: f64,
    /// Weighing the experts and choosing thresholds.
    pub pool: f64,
    /// Fitting on all rows and folding.
    pub r#final: f64,
}
