//! The experts of one head, fitted together, and what they say of rows.

use linfa_linalg::LinalgError;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::FitParams;
use crate::cancel::{CalledOff, Cancelled};
use crate::classifier::discriminant::DiscriminantModel;
use crate::classifier::kernel::KernelError;
use crate::classifier::linear::LinearModel;
use crate::classifier::naive_bayes::{NaiveBayesError, NaiveBayesModel};
use crate::features::{FeatureRows, SparseMatrix};

/// The experts of a head; the linear one at one cost.
pub struct Experts {
    /// The linear expert.
    pub linear: LinearModel,
    /// The naive Bayes expert; its log-prior is an expert of its own.
    pub naive_bayes: NaiveBayesModel,
    /// The discriminant expert.
    pub discriminant: DiscriminantModel,
}

/// Why experts cannot be fitted.
#[derive(Debug, thiserror::Error)]
pub enum ExpertError {
    /// Naive Bayes could not be fitted.
    #[error(transparent)]
    NaiveBayes(#[from] NaiveBayesError),
    /// The covariance of the sentence vectors cannot be inverted.
    #[error("the sentence vectors cannot be told apart: {0}")]
    Discriminant(#[from] LinalgError),
    /// The kernel expert could not be fitted.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// It was called off.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Experts {
    /// Fits all; `targets[i]` is the label of row `i`.
    ///
    /// # Errors
    /// If naive Bayes or the discriminant expert cannot be fitted, or the fit was called off.
    pub fn fit(
        rows: &FeatureRows,
        targets: &[usize],
        labels: usize,
        cost: f64,
        params: &FitParams,
        called_off: CalledOff<'_>,
    ) -> Result<Self, ExpertError> {
        let (linear, bayes) = (params.linear, params.naive_bayes);
        let seed = params.seed;
        Ok(Self {
            linear: LinearModel::fit(rows, targets, labels, cost, linear, seed, called_off)?,
            naive_bayes: NaiveBayesModel::fit(&rows.sparse, targets, labels, bayes, called_off)?,
            discriminant: DiscriminantModel::fit(
                rows.dense.view(),
                targets,
                labels,
                params.discriminant,
            )?,
        })
    }

    /// Folds the experts by the pool's weights (linear, naive Bayes, log-prior, discriminant) into one linear
    /// model.
    /// `sentence_scale` is what the sentence vectors were multiplied by. Each feature's weights, and
    /// the constants, are centred on zero: what all labels share changes no probability.
    #[must_use]
    pub fn fold(&self, pool: &[f64], sentence_scale: f32) -> Folded {
        #[allow(clippy::cast_possible_truncation)] // weights of a pool fit an f32
        let [linear, naive_bayes, prior, discriminant] =
            [0, 1, 2, 3].map(|expert| pool.get(expert).copied().unwrap_or(0.0) as f32);
        let labels = self.linear.bias.len();
        let features = self.linear.weights.ncols();
        let mut folded = Array2::zeros((features, labels));
        for label in 0..labels {
            let separator = self.linear.weights.row(label);
            let log_probabilities = self.naive_bayes.weights.row(label);
            for (feature, (a, b)) in separator.iter().zip(log_probabilities).enumerate() {
                folded[[feature, label]] = linear * a + naive_bayes * b;
            }
        }
        let mut sentence = self.linear.sentence.t().as_standard_layout().into_owned();
        sentence *= linear;
        sentence.scaled_add(discriminant, &self.discriminant.weights.t());
        sentence *= sentence_scale;
        for mut row in folded.outer_iter_mut().chain(sentence.outer_iter_mut()) {
            let mean = row.mean().unwrap_or(0.0);
            row -= mean;
        }
        let mut bias: Vec<f32> = self
            .linear
            .bias
            .iter()
            .zip(&self.naive_bayes.log_prior)
            .zip(&self.discriminant.bias)
            .map(|((b, p), d)| linear * b + prior * p + discriminant * d)
            .collect();
        #[allow(clippy::cast_precision_loss)] // label counts are small
        let mean = bias.iter().sum::<f32>() / bias.len().max(1) as f32;
        bias.iter_mut().for_each(|b| *b -= mean);
        Folded {
            weights: folded,
            sentence,
            bias,
        }
    }
}

/// The experts of a head as one linear model.
#[derive(Debug, Clone)]
pub struct Folded {
    /// Weights of n-grams, `features × labels`.
    pub weights: Array2<f32>,
    /// Weights of the sentence vector, `dimensions × labels`.
    pub sentence: Array2<f32>,
    /// One constant a label.
    pub bias: Vec<f32>,
}

/// The linear expert's scores of rows, `rows × labels`.
#[must_use]
pub fn score_linear(rows: &FeatureRows, model: &LinearModel) -> Array2<f32> {
    let mut scores = score(&rows.sparse, &model.weights, &model.bias);
    scores += &score_dense(&rows.dense, &model.sentence);
    scores
}

/// The discriminant expert's scores of rows, `rows × labels`.
#[must_use]
pub fn score_discriminant(rows: &FeatureRows, model: &DiscriminantModel) -> Array2<f32> {
    score_dense(&rows.dense, &model.weights) + &model.bias
}

/// `rows · weightsᵀ`, each sum in the same order on every machine, which a general matrix product does
/// not promise.
fn score_dense(rows: &Array2<f32>, weights: &Array2<f32>) -> Array2<f32> {
    let mut scores = Array2::zeros((rows.nrows(), weights.nrows()));
    scores
        .outer_iter_mut()
        .into_par_iter()
        .zip(rows.outer_iter().into_par_iter())
        .for_each(|(mut scores, row)| {
            for (score, weights) in scores.iter_mut().zip(weights.outer_iter()) {
                *score = row.dot(&weights);
            }
        });
    scores
}

/// `rows · weightsᵀ + bias`, `rows × labels`; `weights` is `labels × features`.
#[must_use]
pub fn score(rows: &SparseMatrix, weights: &Array2<f32>, bias: &Array1<f32>) -> Array2<f32> {
    // Feature-major, so that one row's gather reads whole lines.
    let by_feature = weights.t().as_standard_layout().into_owned();
    let mut scores = Array2::zeros((rows.rows(), bias.len()));
    scores
        .outer_iter_mut()
        .into_par_iter()
        .enumerate()
        .for_each(|(index, mut scores)| {
            scores.assign(bias);
            for (id, value) in rows.row(index).iter() {
                scores.scaled_add(value, &by_feature.row(id));
            }
        });
    scores
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::cancel::NEVER;

    #[test]
    fn folding_keeps_all_differences_between_labels() {
        let sparse = SparseMatrix::from_rows(
            vec![
                (vec![0, 1], vec![0.8, 0.6]),
                (vec![1, 2], vec![0.6, 0.8]),
                (vec![0], vec![1.0]),
                (vec![2, 3], vec![0.7, 0.7]),
            ],
            4,
        );
        let unit = array![[0.6, 0.8], [1.0, 0.0], [0.8, -0.6], [0.0, 1.0]];
        let rows = FeatureRows {
            sparse,
            dense: &unit * 3.0,
        };
        let targets = [0, 1, 0, 2];
        let experts = Experts::fit(&rows, &targets, 3, 1.0, &FitParams::default(), NEVER).unwrap();
        let pool = [2.0, 0.5, 0.25, 0.125];
        let folded = experts.fold(&pool, 3.0);
        let none = Array1::zeros(3);
        let linear = score_linear(&rows, &experts.linear);
        let naive_bayes = score(&rows.sparse, &experts.naive_bayes.weights, &none);
        let discriminant = score_discriminant(&rows, &experts.discriminant);
        for (index, row) in rows.sparse.iter().enumerate() {
            let sentence = unit.row(index).dot(&folded.sentence);
            let pooled = |label: usize| {
                2.0 * linear[[index, label]]
                    + 0.5 * naive_bayes[[index, label]]
                    + 0.25 * experts.naive_bayes.log_prior[label]
                    + 0.125 * discriminant[[index, label]]
            };
            let logit = |label: usize| {
                folded.bias[label]
                    + sentence[label]
                    + row
                        .iter()
                        .map(|(id, v)| v * folded.weights[[id, label]])
                        .sum::<f32>()
            };
            for label in 1..3 {
                let expected = pooled(label) - pooled(0);
                assert!((logit(label) - logit(0) - expected).abs() < 1e-4);
            }
        }
        for row in folded
            .weights
            .outer_iter()
            .chain(folded.sentence.outer_iter())
        {
            assert!(row.sum().abs() < 1e-4);
        }
    }
}
