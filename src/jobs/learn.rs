//! From checked rows to a version in a registry. Whoever trains goes this way, so that the same rows and parameters
//! give the same bytes whether a command or a call asked for them.

use std::path::{Path, PathBuf};

use super::LearnableRows;
use crate::cancel::{Cancelled, check};
use crate::model::{Bundle, BundleError, NewBundle};
use crate::training::{
    FitError, FitParams, FitReport, Fitted, Observer, Sentences, TrainingData, fit,
};

/// A version that was trained and written.
#[derive(Debug)]
pub struct Learned {
    /// The model with its manifest.
    pub bundle: Bundle,
    /// Its folder in the registry.
    pub folder: PathBuf,
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
    /// The model cannot be written.
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

/// Trains a model on `rows`, whose sentence vectors are `sentences`, and writes it into the registry `models`, all of it
/// or nothing.
///
/// # Errors
/// If the rows cannot be learned, the model cannot be written, or `observer` called it off; nothing is written then.
pub fn learn(
    rows: &LearnableRows,
    params: &FitParams,
    sentences: &Sentences,
    models: &Path,
    observer: &dyn Observer,
) -> Result<Learned, LearnError> {
    let training = TrainingData {
        labelled: &rows.data,
        sentences,
    };
    let Fitted { classifier, report } = fit(training, params, observer)?;
    let new = NewBundle::new(classifier, &report, params, rows.sources.clone())?;
    check(&|| observer.called_off())?;
    let (bundle, folder) = new.save(models)?;
    Ok(Learned {
        bundle,
        folder,
        report,
    })
}
