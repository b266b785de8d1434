//! From labelled tickets to a classifier and a report on it.

pub mod experts;
pub mod fit;
pub mod folds;
pub mod out_of_fold;
pub mod report;

pub use fit::{FitError, Fitted, cross_validate, fit};
pub use report::FitReport;

use crate::classifier::linear::LinearParams;
use crate::classifier::naive_bayes::NaiveBayesParams;
use crate::classifier::thresholds::ThresholdParams;
use crate::features::VectorizerParams;

/// Everything that, with the data, decides what a fit brings forth.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitParams {
    /// Seed of all random choices.
    pub seed: u64,
    /// Number of folds for out-of-fold scores (at least 2).
    pub folds: usize,
    /// What becomes a feature.
    pub vectorizer: VectorizerParams,
    /// The linear expert.
    pub linear: LinearParams,
    /// Penalties of a margin violation to choose from, by out-of-fold log loss for each head (> 0).
    pub linear_costs: Vec<f64>,
    /// The naive Bayes expert.
    pub naive_bayes: NaiveBayesParams,
    /// What the thresholds are to reach.
    pub thresholds: ThresholdParams,
    /// How many times worse it is to rate a ticket's urgency too low than too high (> 0).
    pub under_call_factor: f32,
}

impl Default for FitParams {
    fn default() -> Self {
        Self {
            seed: 42,
            folds: 5,
            vectorizer: VectorizerParams::default(),
            linear: LinearParams::default(),
            linear_costs: vec![0.1, 0.3, 1.0],
            naive_bayes: NaiveBayesParams::default(),
            thresholds: ThresholdParams::default(),
            under_call_factor: 1.2,
        }
    }
}

/// A step of a fit, for whoever shows its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Learning from all folds but one, `index` of `of`.
    Fold {
        /// Which fold, from 1.
        index: usize,
        /// How many.
        of: usize,
    },
    /// Weighing the experts on out-of-fold scores.
    Pool,
    /// Learning from all rows and folding into one matrix.
    Final,
}
