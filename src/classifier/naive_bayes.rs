//! The naive Bayes expert: `linfa-bayes`' multinomial model, read out as a matrix of
//! log-probabilities.
//!
//! A multinomial naive Bayes model depends on the training rows only through their sums by label,
//! so it is fitted on those: one row a label in place of one a ticket. It is fitted in blocks of
//! features, with everything outside the block gathered in one more column, which leaves each
//! feature's probability as it would be in one large fit and bounds the memory that the fit needs.
//! `linfa-bayes` keeps the fitted probabilities private; its serialised form is where they are read.
//!
//! Version 0.7 is used because 0.8.0 and 0.8.1 print the whole model to standard error on each fit.

use std::collections::BTreeMap;

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use linfa_bayes::MultinomialNb;
use ndarray::{Array1, Array2, s};
use rayon::prelude::*;
use serde::Deserialize;

use crate::cancel::{CalledOff, Cancelled, check};
use crate::features::SparseMatrix;

/// Features fitted at a time.
const BLOCK: usize = 4_096;

/// Hyper-parameters of the naive Bayes expert.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveBayesParams {
    /// Added to every label's sum of every feature (Lidstone smoothing, > 0).
    pub smoothing: f64,
}

impl Default for NaiveBayesParams {
    fn default() -> Self {
        Self { smoothing: 0.02 }
    }
}

/// Why the naive Bayes expert could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum NaiveBayesError {
    /// The library refused the sums.
    #[error("naive Bayes could not be fitted: {0}")]
    Fit(#[from] linfa_bayes::NaiveBayesError),
    /// The library's serialised form is not what it is known to be.
    #[error("the fitted naive Bayes model could not be read: {0}")]
    Read(#[from] postcard::Error),
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Log-probabilities of features given labels.
#[derive(Debug, Clone, PartialEq)]
pub struct NaiveBayesModel {
    /// ln P(feature | label), `labels × features`.
    pub weights: Array2<f32>,
    /// ln P(label), the share of rows that carry it.
    pub log_prior: Array1<f32>,
}

impl NaiveBayesModel {
    /// Fits on rows of non-negative values; `targets[i]` is the label of row `i`.
    ///
    /// # Errors
    /// If `linfa-bayes` refuses its input, its result cannot be read, or the fit was called off.
    pub fn fit(
        rows: &SparseMatrix,
        targets: &[usize],
        labels: usize,
        params: NaiveBayesParams,
        called_off: CalledOff<'_>,
    ) -> Result<Self, NaiveBayesError> {
        let mut sums = Array2::<f64>::zeros((labels, rows.columns()));
        let mut counts = vec![0_u32; labels];
        for (row, &label) in rows.iter().zip(targets) {
            counts[label] += 1;
            for (id, value) in row.iter() {
                sums[[label, id]] += f64::from(value);
            }
        }
        let totals = sums.sum_axis(ndarray::Axis(1));
        let columns = rows.columns();
        let starts: Vec<usize> = (0..columns).step_by(BLOCK).collect();
        let blocks = starts
            .into_par_iter()
            .map(|start| {
                check(called_off)?;
                let end = (start + BLOCK).min(columns);
                fit_block(&sums, &totals, start..end, params.smoothing).map(|block| (start, block))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut weights = Array2::zeros((labels, columns));
        for (start, block) in blocks {
            let end = start + block.ncols();
            weights.slice_mut(s![.., start..end]).assign(&block);
        }
        Ok(Self {
            weights,
            log_prior: log_prior(&counts),
        })
    }
}

/// Fits the features of one block and returns ln P(feature | label), `labels × block`.
fn fit_block(
    sums: &Array2<f64>,
    totals: &Array1<f64>,
    block: std::ops::Range<usize>,
    smoothing: f64,
) -> Result<Array2<f32>, NaiveBayesError> {
    let (labels, columns, width) = (sums.nrows(), sums.ncols(), block.len());
    let outside = columns - width;
    let mut records = Array2::<f64>::zeros((labels, width + 1));
    records
        .slice_mut(s![.., ..width])
        .assign(&sums.slice(s![.., block.clone()]));
    #[allow(clippy::cast_precision_loss)] // vocabularies are far below 2^52
    let smoothing_outside = smoothing * (outside as f64 - 1.0);
    for (mut row, &total) in records.outer_iter_mut().zip(totals) {
        let inside: f64 = row.slice(s![..width]).sum();
        row[width] = (total - inside).max(0.0) + smoothing_outside;
    }
    if outside == 0 {
        // Nothing to gather: the one more column would take a share of its own.
        records = records.slice(s![.., ..width]).to_owned();
    }
    let dataset = DatasetBase::new(records, Array1::from_iter(0..labels));
    let model = MultinomialNb::<f64, usize>::params()
        .alpha(smoothing)
        .fit(&dataset)?;
    let fitted: Fitted = postcard::from_bytes(&postcard::to_stdvec(&model)?)?;
    let mut weights = Array2::zeros((labels, width));
    for (label, class) in fitted.class_info {
        for (feature, &value) in class.feature_log_prob.iter().take(width).enumerate() {
            #[allow(clippy::cast_possible_truncation)] // logarithms of probabilities fit an f32
            let value = value as f32;
            weights[[label, feature]] = value;
        }
    }
    Ok(weights)
}

#[allow(clippy::cast_possible_truncation)] // logarithms of probabilities fit an f32
fn log_prior(counts: &[u32]) -> Array1<f32> {
    let total: u32 = counts.iter().sum();
    counts
        .iter()
        .map(|&count| libm::log(f64::from(count.max(1)) / f64::from(total.max(1))) as f32)
        .collect()
}

/// The serialised form of [`MultinomialNb`] in `linfa-bayes` 0.7.1.
#[derive(Deserialize)]
struct Fitted {
    class_info: BTreeMap<usize, FittedClass>,
}

#[derive(Deserialize)]
struct FittedClass {
    #[serde(rename = "class_count")]
    _class_count: usize,
    #[serde(rename = "prior")]
    _prior: f64,
    #[serde(rename = "feature_count")]
    _feature_count: Array1<f64>,
    feature_log_prob: Array1<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::NEVER;

    #[test]
    fn probabilities_follow_the_definition_across_blocks() {
        let columns = BLOCK + 3;
        let last = u32::try_from(columns - 1).unwrap();
        let rows = SparseMatrix::from_rows(
            vec![
                (vec![0, 1], vec![0.5, 0.25]),
                (vec![1, last], vec![0.75, 1.5]),
                (vec![0], vec![2.0]),
            ],
            columns,
        );
        let params = NaiveBayesParams { smoothing: 0.3 };
        let model = NaiveBayesModel::fit(&rows, &[0, 1, 0], 2, params, NEVER).unwrap();
        let sums = [
            BTreeMap::from([(0, 2.5), (1, 0.25)]),
            BTreeMap::from([(1, 0.75), (last as usize, 1.5)]),
        ];
        for (label, sums) in sums.iter().enumerate() {
            let total: f64 = sums.values().sum::<f64>() + 0.3 * columns as f64;
            for feature in [0, 1, 2, BLOCK - 1, BLOCK, last as usize] {
                let count = sums.get(&feature).copied().unwrap_or(0.0);
                let expected = ((count + 0.3) / total).ln();
                let got = f64::from(model.weights[[label, feature]]);
                assert!(
                    (got - expected).abs() < 1e-5,
                    "{label} {feature}: {got} {expected}"
                );
            }
        }
        assert!((model.log_prior[0] - (2.0_f32 / 3.0).ln()).abs() < 1e-6);
    }

    #[test]
    fn a_vocabulary_of_one_block_is_fitted_as_it_is() {
        let rows = SparseMatrix::from_rows(vec![(vec![0], vec![1.0]), (vec![1], vec![3.0])], 2);
        let params = NaiveBayesParams { smoothing: 1.0 };
        let model = NaiveBayesModel::fit(&rows, &[0, 1], 2, params, NEVER).unwrap();
        assert!((model.weights[[0, 0]] - (2.0_f32 / 3.0).ln()).abs() < 1e-6);
        assert!((model.weights[[1, 0]] - (1.0_f32 / 5.0).ln()).abs() < 1e-6);
    }
}
