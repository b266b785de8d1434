//! The discriminant expert: linear discriminant analysis of the sentence vectors.
//!
//! Each label's vectors are taken as a normal distribution around the label's mean, all with the same
//! covariance S, which is shrunk towards a multiple of the identity (Friedman 1989). Up to what all
//! labels share, the logarithm of the density at x is then linear: x·S⁻¹m − ½ m·S⁻¹m. It needs few rows,
//! since all labels together estimate S. Knows nothing of n-grams.

use linfa_linalg::LinalgError;
use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Hyper-parameters of the discriminant expert.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminantParams {
    /// Share of the covariance that is replaced by the mean variance along every axis (0 to 1).
    pub shrinkage: f64,
}

impl Default for DiscriminantParams {
    fn default() -> Self {
        Self { shrinkage: 0.3 }
    }
}

/// The labels' discriminant functions.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscriminantModel {
    /// Weights of the sentence vector, `labels × dimensions`.
    pub weights: Array2<f32>,
    /// One constant a label.
    pub bias: Array1<f32>,
}

impl DiscriminantModel {
    /// Fits one function for each of `labels` labels to `rows`, `rows × dimensions`; `targets[i]` is the
    /// label of row `i`. Without dimensions all functions are zero.
    ///
    /// # Errors
    /// If the covariance cannot be inverted.
    pub fn fit(
        rows: ArrayView2<'_, f32>,
        targets: &[usize],
        labels: usize,
        params: DiscriminantParams,
    ) -> Result<Self, LinalgError> {
        let dimensions = rows.ncols();
        let means = means(rows, targets, labels);
        let mut covariance = covariance(rows, targets, &means);
        #[allow(clippy::cast_precision_loss)] // dimensions are few
        let variance = covariance.diag().sum() / dimensions.max(1) as f64;
        covariance *= 1.0 - params.shrinkage;
        // A floor for rows that do not differ at all.
        let floor = (params.shrinkage * variance).max(1e-9);
        covariance.diag_mut().mapv_inplace(|v| v + floor);
        let weights = if dimensions == 0 {
            Array2::zeros((0, labels))
        } else {
            covariance.solvec(&means.t().to_owned())?
        };
        let bias = means
            .outer_iter()
            .zip(weights.axis_iter(Axis(1)))
            .map(|(mean, weights)| -0.5 * mean.dot(&weights))
            .collect::<Array1<f64>>();
        #[allow(clippy::cast_possible_truncation)] // an f32 carries the precision that matters here
        let narrow = |v: f64| v as f32;
        Ok(Self {
            weights: weights.t().as_standard_layout().mapv(narrow),
            bias: bias.mapv(narrow),
        })
    }
}

/// Mean vector of each label, `labels × dimensions`; zero for a label without rows.
fn means(rows: ArrayView2<'_, f32>, targets: &[usize], labels: usize) -> Array2<f64> {
    let mut means = Array2::zeros((labels, rows.ncols()));
    let mut counts = vec![0.0_f64; labels];
    for (row, &target) in rows.outer_iter().zip(targets) {
        counts[target] += 1.0;
        for (mean, &value) in means.row_mut(target).iter_mut().zip(row) {
            *mean += f64::from(value);
        }
    }
    for (mut mean, count) in means.outer_iter_mut().zip(counts) {
        mean /= count.max(1.0);
    }
    means
}

/// Covariance of the rows around their label's mean, `dimensions × dimensions`. Sums run over rows in
/// order, whatever the number of threads.
fn covariance(rows: ArrayView2<'_, f32>, targets: &[usize], means: &Array2<f64>) -> Array2<f64> {
    let mut centred = rows.to_owned();
    for (mut row, &target) in centred.outer_iter_mut().zip(targets) {
        for (value, &mean) in row.iter_mut().zip(means.row(target)) {
            #[allow(clippy::cast_possible_truncation)] // means of unit vectors
            {
                *value -= mean as f32;
            }
        }
    }
    let mut covariance = Array2::zeros((rows.ncols(), rows.ncols()));
    covariance
        .outer_iter_mut()
        .into_par_iter()
        .enumerate()
        .for_each(|(axis, mut sums)| {
            let mut narrow = vec![0.0_f32; sums.len()];
            for part in centred.axis_chunks_iter(Axis(0), 256) {
                narrow.fill(0.0);
                for row in part.outer_iter() {
                    let factor = row[axis];
                    for (sum, value) in narrow.iter_mut().zip(row.as_slice().unwrap_or(&[])) {
                        *sum += factor * value;
                    }
                }
                for (sum, part) in sums.iter_mut().zip(&narrow) {
                    *sum += f64::from(*part);
                }
            }
        });
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let count = rows.nrows().max(1) as f64;
    covariance / count
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_functions_are_those_of_the_formula() {
        let rows = array![[1.0, 0.0], [3.0, 1.0], [0.0, 4.0], [2.0, 5.0]];
        let targets = [0, 0, 1, 1];
        let none = DiscriminantParams { shrinkage: 0.5 };
        let model = DiscriminantModel::fit(rows.view(), &targets, 2, none).unwrap();
        // Means (2, ½) and (1, 4½); covariance [[1, ½], [½, ¼]], shrunk by a half towards ⅝ on the
        // diagonal: [[13/16, ¼], [¼, 7/16]], whose inverse is [[7/16, −¼], [−¼, 13/16]] / (75/256).
        let determinant = 13.0 / 16.0 * 7.0 / 16.0 - 1.0 / 16.0;
        let inverse = array![[7.0 / 16.0, -0.25], [-0.25, 13.0 / 16.0]] / determinant;
        for (label, mean) in [array![2.0, 0.5], array![1.0, 4.5]].iter().enumerate() {
            let weights = inverse.dot(mean);
            for axis in 0..2 {
                assert!((f64::from(model.weights[[label, axis]]) - weights[axis]).abs() < 1e-5);
            }
            let bias: f64 = -0.5 * mean.dot(&weights);
            assert!((f64::from(model.bias[label]) - bias).abs() < 1e-5);
        }
    }

    #[test]
    fn rows_that_are_all_alike_are_no_error() {
        let rows = Array2::from_elem((6, 3), 0.5);
        let params = DiscriminantParams::default();
        let model = DiscriminantModel::fit(rows.view(), &[0, 0, 0, 1, 1, 1], 2, params).unwrap();
        assert!(
            model
                .weights
                .iter()
                .chain(&model.bias)
                .all(|v| v.is_finite())
        );
    }

    #[test]
    fn without_dimensions_nothing_is_said() {
        let rows = Array2::zeros((4, 0));
        let params = DiscriminantParams::default();
        let model = DiscriminantModel::fit(rows.view(), &[0, 1, 0, 1], 2, params).unwrap();
        assert_eq!(
            (model.weights.dim(), model.bias.to_vec()),
            ((2, 0), vec![0.0; 2])
        );
    }
}
