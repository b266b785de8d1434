//! What a fit found out about the model it made.

use serde::Serialize;

use crate::classifier::{HeadKind, Thresholds};
use crate::evaluation::HeadMetrics;

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
    /// The pool's weight of each expert: linear, naive Bayes, log-prior.
    pub pool: Vec<f64>,
    /// Thresholds by label.
    #[serde(skip)]
    pub thresholds: Vec<Thresholds>,
    /// Labels that cannot reach the target precision and may only be suggested.
    pub suggest_only: Vec<String>,
    /// The measures.
    pub metrics: HeadMetrics,
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
