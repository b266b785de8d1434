//! The experts of one head, fitted together, and what they say of rows.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::FitParams;
use crate::classifier::linear::LinearModel;
use crate::classifier::naive_bayes::{NaiveBayesError, NaiveBayesModel};
use crate::features::{FeatureRows, SparseMatrix};

/// The linear expert at one cost, and naive Bayes.
pub struct Experts {
    /// The linear expert.
    pub linear: LinearModel,
    /// The naive Bayes expert; its log-prior is an expert of its own.
    pub naive_bayes: NaiveBayesModel,
}

impl Experts {
    /// Fits both; `targets[i]` is the label of row `i`.
    ///
    /// # Errors
    /// If naive Bayes cannot be fitted.
    pub fn fit(
        rows: &FeatureRows,
        targets: &[usize],
        labels: usize,
        cost: f64,
        params: &FitParams,
    ) -> Result<Self, NaiveBayesError> {
        Ok(Self {
            linear: LinearModel::fit(rows, targets, labels, cost, params.linear, params.seed),
            naive_bayes: NaiveBayesModel::fit(&rows.sparse, targets, labels, params.naive_bayes)?,
        })
    }

    /// Folds the experts by the pool's weights (linear, naive Bayes, log-prior) into one linear model.
    /// `sentence_scale` is what the sentence vectors were multiplied by. Each feature's weights, and
    /// the constants, are centred on zero: what all labels share changes no probability.
    #[must_use]
    pub fn fold(&self, pool: &[f64], sentence_scale: f32) -> Folded {
        #[allow(clippy::cast_possible_truncation)] // weights of a pool fit an f32
        let [linear, naive_bayes, prior] =
            [0, 1, 2].map(|expert| pool.get(expert).copied().unwrap_or(0.0) as f32);
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
        sentence *= linear * sentence_scale;
        for mut row in folded.outer_iter_mut().chain(sentence.outer_iter_mut()) {
            let mean = row.mean().unwrap_or(0.0);
            row -= mean;
        }
        let mut bias: Vec<f32> = self
            .linear
            .bias
            .iter()
            .zip(&self.naive_bayes.log_prior)
            .map(|(b, p)| linear * b + prior * p)
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
    scores += &rows.dense.dot(&model.sentence.t());
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
        let experts = Experts::fit(&rows, &targets, 3, 1.0, &FitParams::default()).unwrap();
        let pool = [2.0, 0.5, 0.25];
        let folded = experts.fold(&pool, 3.0);
        let none = Array1::zeros(3);
        let linear = score_linear(&rows, &experts.linear);
        let naive_bayes = score(&rows.sparse, &experts.naive_bayes.weights, &none);
        for (index, row) in rows.sparse.iter().enumerate() {
            let sentence = unit.row(index).dot(&folded.sentence);
            let pooled = |label: usize| {
                2.0 * linear[[index, label]]
                    + 0.5 * naive_bayes[[index, label]]
                    + 0.25 * experts.naive_bayes.log_prior[label]
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
