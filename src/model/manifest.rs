//! `manifest.json`: what a bundle holds, what it was made from, and how good it is.
//!
//! The manifest has no time of creation: the same data and parameters give the same bytes, and the
//! version is the manifest's own checksum.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::classifier::{AreaThreshold, Decision, HeadKind, Thresholds};
use crate::dataset::Dataset;
use crate::training::FitParams;

/// The format that this library writes and the only one it reads.
pub const FORMAT_VERSION: u32 = 3;

/// The content of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the bundle.
    pub format_version: u32,
    /// Files that were learned from.
    pub data: Vec<DataSource>,
    /// Rows with text among them.
    pub rows: usize,
    /// Size of the vocabulary.
    pub features: usize,
    /// How many of the features are of the word block; their ids come first.
    pub word_features: usize,
    /// Where its sentence vectors come from; none for a model of n-grams alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sentence: Option<SentenceSummary>,
    /// Parameters of the fit, seed included.
    pub params: FitParams,
    /// The heads in the order of the weights' columns.
    pub heads: Vec<HeadSummary>,
    /// SHA-256 of each other file of the bundle, by name.
    pub files: BTreeMap<String, String>,
}

/// Where a model's sentence vectors come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SentenceSummary {
    /// A table in the bundle.
    Embedding {
        /// The table's name.
        name: String,
        /// Length of the vectors.
        dimensions: usize,
    },
    /// A transformer encoder in the registry's folder `encoders`, which other models may share.
    Encoder {
        /// SHA-256 that identifies it.
        checksum: String,
        /// Length of the vectors.
        dimensions: usize,
    },
}

/// A file that was learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// The file's name without its folder.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows read from it.
    pub rows: usize,
}

impl DataSource {
    /// The files of a data set.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Vec<Self> {
        let sources = dataset.sources.iter();
        sources
            .map(|source| Self {
                file: Path::new(&source.path).file_name().map_or_else(
                    || source.path.clone(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                sha256: source.sha256.clone(),
                rows: source.rows,
            })
            .collect()
    }
}

/// One head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadSummary {
    /// Which question it answers.
    pub kind: HeadKind,
    /// Labels in the order of their columns.
    pub labels: Vec<String>,
    /// Thresholds in the order of the labels.
    pub thresholds: Vec<Thresholds>,
    /// How it chooses.
    pub decision: Decision,
    /// Thresholds of the areas of topics that are paths, in alphabetical order.
    pub areas: Vec<AreaThreshold>,
    /// Topics: a text whose best topic is less probable than this is out of scope.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_scope_from: Option<f32>,
    /// Rows with a label for it.
    pub rows: usize,
    /// The linear expert's cost of a margin violation.
    pub linear_cost: f64,
    /// The pool's weights: linear, naive Bayes, log-prior, discriminant, kernel.
    pub pool: Vec<f64>,
    /// Measures on out-of-fold scores.
    pub out_of_fold: OutOfFoldMeasures,
}

impl HeadSummary {
    /// The first of the numbers found out in training that is not finite, in words.
    pub(super) fn not_finite(&self) -> Option<&'static str> {
        let measures = &self.out_of_fold;
        let kappa = measures.quadratic_weighted_kappa.unwrap_or(0.0);
        let numbers = [
            ("accuracy", measures.accuracy),
            ("macro F1", measures.macro_f1),
            ("log loss", measures.log_loss),
            ("calibration error", measures.expected_calibration_error),
            ("quadratic weighted kappa", kappa),
            ("cost of the linear expert", self.linear_cost),
        ];
        let weights = self.pool.iter().map(|&own| ("weight of an expert", own));
        let mut all = numbers.into_iter().chain(weights);
        all.find(|(_, number)| !number.is_finite())
            .map(|(name, _)| name)
    }
}

/// The measures of a head that a manifest keeps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfFoldMeasures {
    /// Share of rows whose label was chosen.
    pub accuracy: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Mean negative natural logarithm of the true label's probability.
    pub log_loss: f64,
    /// Expected calibration error.
    pub expected_calibration_error: f64,
    /// Quadratic weighted kappa of ordered heads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quadratic_weighted_kappa: Option<f64>,
}
