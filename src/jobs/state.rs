//! What is known of a job: how far it is, and what came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::evaluation::HeadMetrics;
use crate::model::By;
use crate::training::FitReport;

/// A job as it is at some moment.
#[derive(Debug, Clone, PartialEq)]
pub struct JobState {
    /// Its id: 16 hexadecimal digits.
    pub id: String,
    /// Who asked for it and why.
    pub by: By,
    /// Whether it goes on, and if not, how it ended.
    pub phase: Phase,
    /// What it is at, or was at last.
    pub stage: JobStage,
    /// About which share of its work is done, 0 to 1; never falls.
    pub done: f64,
    /// When it was asked for.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Rows with text that it learns from; 0 until they are read.
    pub rows: usize,
    /// The version that it wrote.
    pub candidate: Option<Candidate>,
    /// What looks wrong with its rows, worst first.
    pub warnings: Vec<String>,
}

/// Whether a job goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It has not begun.
    Queued,
    /// It goes on.
    Running,
    /// It wrote a version.
    Done,
    /// It wrote none, and why.
    Failed(String),
    /// It was called off and wrote none.
    Cancelled,
}

/// What a job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStage {
    /// Reading and checking the rows.
    Reading,
    /// Encoding the texts.
    Encoding,
    /// Learning from all folds but one, and scoring that one.
    Fold {
        /// Which fold, from 1.
        index: usize,
        /// How many.
        of: usize,
    },
    /// Weighing the experts.
    Pool,
    /// Learning from all rows.
    Final,
    /// Measuring the version on the held-out rows, before it is written.
    Measuring,
    /// Activating it.
    Activating,
}

/// A version that a job wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The version.
    pub version: String,
    /// How good its heads are, in the model's order.
    pub heads: Vec<HeadFigures>,
    /// Whether it was activated.
    pub activation: Activation,
}

/// How good a head is.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadFigures {
    /// The head's name.
    pub name: String,
    /// On rows that each fold did not learn from.
    pub out_of_fold: Figures,
    /// On the held-out rows, if any has a label for it.
    pub held_out: Option<Figures>,
    /// Labels that may only be suggested, as they cannot reach the target precision.
    pub suggest_only: Vec<String>,
}

/// Measures on some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Rows with a label.
    pub rows: usize,
    /// Share of rows whose label was chosen.
    pub accuracy: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Mean negative natural logarithm of the true label's probability.
    pub log_loss: f64,
    /// Expected calibration error.
    pub expected_calibration_error: f64,
    /// Quadratic weighted kappa of ordered heads.
    pub quadratic_weighted_kappa: Option<f64>,
}

/// Whether a version was activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activation {
    /// Nobody asked for that.
    NotAsked,
    /// It answers now.
    Activated,
    /// It was not, and why.
    Refused(Vec<String>),
}

impl JobState {
    /// Whether the job has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        match self.phase {
            Phase::Queued | Phase::Running => false,
            Phase::Done | Phase::Failed(_) | Phase::Cancelled => true,
        }
    }
}

impl From<&HeadMetrics> for Figures {
    fn from(metrics: &HeadMetrics) -> Self {
        let ordered = metrics.ordered;
        Self {
            rows: metrics.rows,
            accuracy: metrics.accuracy,
            macro_f1: metrics.macro_f1,
            log_loss: metrics.log_loss,
            expected_calibration_error: metrics.expected_calibration_error,
            quadratic_weighted_kappa: ordered.map(|own| own.quadratic_weighted_kappa),
        }
    }
}

/// The figures of all heads of a fit.
pub(super) fn figures(report: &FitReport) -> Vec<HeadFigures> {
    let heads = report.heads.iter();
    heads
        .map(|head| HeadFigures {
            name: head.kind.to_string(),
            out_of_fold: (&head.metrics).into(),
            held_out: None,
            suggest_only: head.suggest_only.clone(),
        })
        .collect()
}

/// Adds what the held-out rows say, by the heads' names.
pub(super) fn add_held_out(heads: &mut [HeadFigures], measured: &BTreeMap<String, HeadMetrics>) {
    for head in heads {
        let metrics = measured.get(&head.name).filter(|own| own.rows > 0);
        head.held_out = metrics.map(Figures::from);
    }
}
