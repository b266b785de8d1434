//! From checked rows to a version. Whoever trains goes this way, so that the same rows and parameters give the same
//! bytes whether a command or a call asked for them.

use super::LearnableRows;
use crate::cancel::Cancelled;
use crate::model::{BundleError, NewBundle};
use crate::training::{
    FitError, FitParams, FitReport, Fitted, Observer, Sentences, TrainingData, fit,
};

/// A version that was trained and is still to be written.
#[derive(Debug)]
pub struct Learned {
    /// The model with the files that it is to be written as.
    pub new: NewBundle,
    /// What the fit found out about it.
    pub report: FitReport,
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The rows cannot be learned.
    #[error(transparent)]
    Fit(FitError),
    /// The model cannot be laid out or written.
    #[error(transparent)]
    Write(#[from] BundleError),
}

impl From<FitError> for LearnError {
    fn from(error: FitError) -> Self {
        match error {
            FitError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Fit(error),
        }
    }
}

/// Trains a model on `rows`, whose sentence vectors are `sentences`.
///
/// # Errors
/// If the rows cannot be learned, the model cannot be laid out, or `observer` called it off.
pub fn learn(
    rows: &LearnableRows,
    params: &FitParams,
    sentences: &Sentences,
    observer: &dyn Observer,
) -> Result<Learned, LearnError> {
    let training = TrainingData {
        labelled: &rows.data,
        sentences,
    };
    let Fitted { classifier, report } = fit(training, params, observer)?;
    let new = NewBundle::new(classifier, &report, params, rows.sources.clone())?;
    Ok(Learned { new, report })
}
