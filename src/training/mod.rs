//! From labelled tickets to a classifier and a report on it.

mod area_thresholds;
pub mod cost_file;
pub mod experts;
pub mod fit;
pub mod folds;
mod kernel_rows;
pub mod learning_curve;
mod observer;
pub mod out_of_fold;
mod params;
pub mod report;
pub mod sentences;
mod target;
pub mod urgency_costs;

pub use fit::{FitError, Fitted, TrainingData, cross_validate, fit};
pub use observer::{Observer, Unobserved};
pub use params::ParamsError;
pub use report::FitReport;
pub use sentences::Sentences;
pub use urgency_costs::UrgencyCosts;

use crate::classifier::discriminant::DiscriminantParams;
use crate::classifier::kernel::KernelParams;
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
    /// Length of the sentence vectors beside the two blocks of n-grams, which have length 1 each (> 0).
    pub sentence_scale: f32,
    /// The naive Bayes expert.
    pub naive_bayes: NaiveBayesParams,
    /// The discriminant expert.
    pub discriminant: DiscriminantParams,
    /// The kernel expert.
    pub kernel: KernelParams,
    /// What the thresholds are to reach.
    pub thresholds: ThresholdParams,
    /// What it costs to misjudge a ticket's urgency.
    pub urgency_costs: UrgencyCosts,
}

impl Default for FitParams {
    fn default() -> Self {
        Self {
            seed: 42,
            folds: 5,
            vectorizer: VectorizerParams::default(),
            linear: LinearParams::default(),
            linear_costs: vec![0.1, 0.3, 1.0],
            sentence_scale: 3.0,
            naive_bayes: NaiveBayesParams::default(),
            discriminant: DiscriminantParams::default(),
            kernel: KernelParams::default(),
            thresholds: ThresholdParams::default(),
            urgency_costs: UrgencyCosts::default(),
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
