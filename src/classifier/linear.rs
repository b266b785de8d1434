//! The linear expert: one L2-regularised squared-hinge separator a label, against all others.
//!
//! Dual coordinate descent with shrinking after C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi
//! and S. Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008
//! (algorithms 1 and 3, L2 loss). Labels are fitted in parallel; the result does not depend on the
//! number of threads.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::cancel::{CalledOff, Cancelled, check};
use crate::features::dense::dot;
use crate::features::{FeatureRows, SparseRow};

/// Hyper-parameters of the linear expert.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearParams {
    /// Stop when the projected gradients of a whole pass differ by less than this (> 0).
    pub tolerance: f64,
    /// Stop after this many passes over the rows at the latest.
    pub max_passes: usize,
    /// How much more a missed row of a rare label costs: cost · (mean rows a label / the label's
    /// rows)^balance; 0 for none, 1 for all labels alike (0 to 1).
    pub balance: f64,
}

impl Default for LinearParams {
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            max_passes: 200,
            balance: 0.5,
        }
    }
}

/// Separators of all labels, before they are folded into a model.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// Weights of n-grams, `labels × features`.
    pub weights: Array2<f32>,
    /// Weights of the sentence vector, `labels × dimensions`.
    pub sentence: Array2<f32>,
    /// One constant a label.
    pub bias: Array1<f32>,
}

impl LinearModel {
    /// Fits one separator for each of `labels` labels; `targets[i]` is the label of row `i` and
    /// `cost` the penalty of a margin violation against the size of the weights (C > 0). Asks at each
    /// pass over the rows whether it was called off.
    ///
    /// # Errors
    /// If it was called off.
    pub fn fit(
        rows: &FeatureRows,
        targets: &[usize],
        labels: usize,
        cost: f64,
        params: LinearParams,
        seed: u64,
        called_off: CalledOff<'_>,
    ) -> Result<Self, Cancelled> {
        let diagonals: Vec<f32> = (0..rows.rows())
            .map(|row| {
                let dense = rows.dense.row(row);
                rows.sparse.row(row).squared_norm() + dense.dot(&dense) + 1.0
            })
            .collect();
        let costs = positive_costs(targets, labels, cost, params.balance);
        let mut weights = Array2::zeros((labels, rows.sparse.columns()));
        let mut sentence = Array2::zeros((labels, rows.dense.ncols()));
        let mut bias = Array1::zeros(labels);
        weights
            .outer_iter_mut()
            .into_par_iter()
            .zip(sentence.outer_iter_mut().into_par_iter())
            .zip(bias.axis_iter_mut(ndarray::Axis(0)).into_par_iter())
            .enumerate()
            .try_for_each(|(label, ((mut weights, mut sentence), mut bias))| {
                let problem = Problem {
                    rows,
                    diagonals: &diagonals,
                    positive: &|row| targets[row] == label,
                    cost,
                    positive_cost: costs[label],
                    params,
                    called_off,
                };
                let fitted = problem.solve(seed ^ label as u64)?;
                weights.assign(&Array1::from_vec(fitted.weights));
                sentence.assign(&Array1::from_vec(fitted.sentence));
                bias.fill(fitted.bias);
                Ok(())
            })?;
        Ok(Self {
            weights,
            sentence,
            bias,
        })
    }
}

/// The cost of a missed row of each label: higher for rarer labels.
fn positive_costs(targets: &[usize], labels: usize, cost: f64, balance: f64) -> Vec<f64> {
    let mut counts = vec![0_usize; labels];
    for &target in targets {
        counts[target] += 1;
    }
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let mean = targets.len() as f64 / labels.max(1) as f64;
    counts
        .into_iter()
        .map(|count| {
            #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
            let share = mean / count.max(1) as f64;
            cost * libm::pow(share, balance)
        })
        .collect()
}

/// One label against the rest.
struct Problem<'a> {
    rows: &'a FeatureRows,
    /// Squared length of each row, the constant included.
    diagonals: &'a [f32],
    positive: &'a (dyn Fn(usize) -> bool + Sync),
    /// Cost of a violation by a row of another label.
    cost: f64,
    /// Cost of a violation by a row of the label.
    positive_cost: f64,
    params: LinearParams,
    called_off: CalledOff<'a>,
}

/// One label's separator.
struct Separator {
    weights: Vec<f32>,
    sentence: Vec<f32>,
    bias: f32,
}

impl Separator {
    fn score(&self, sparse: SparseRow<'_>, dense: &[f32]) -> f32 {
        gather(sparse, &self.weights) + dot(dense, &self.sentence) + self.bias
    }

    fn add(&mut self, step: f32, sparse: SparseRow<'_>, dense: &[f32]) {
        for (id, value) in sparse.iter() {
            self.weights[id] += step * value;
        }
        for (weight, value) in self.sentence.iter_mut().zip(dense) {
            *weight += step * value;
        }
        self.bias += step;
    }
}

impl Problem<'_> {
    fn solve(&self, seed: u64) -> Result<Separator, Cancelled> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut separator = Separator {
            weights: vec![0.0; self.rows.sparse.columns()],
            sentence: vec![0.0; self.rows.dense.ncols()],
            bias: 0.0,
        };
        let mut alpha = vec![0.0_f32; self.rows.rows()];
        #[allow(clippy::cast_possible_truncation)] // an f32 carries the precision that matters here
        let [slack, positive_slack, tolerance] = [
            0.5 / self.cost,
            0.5 / self.positive_cost,
            self.params.tolerance,
        ]
        .map(|value| value as f32);
        let mut active: Vec<usize> = (0..self.rows.rows())
            .filter(|&row| self.diagonals[row] > 1.0)
            .collect();
        let everything = active.len();
        let mut shrink_above = f32::INFINITY;
        for _ in 0..self.params.max_passes {
            check(self.called_off)?;
            random.shuffle(&mut active);
            let (mut highest, mut lowest) = (f32::NEG_INFINITY, f32::INFINITY);
            let mut position = 0;
            while position < active.len() {
                let index = active[position];
                let row = self.rows.sparse.row(index);
                let dense = self.rows.dense.row(index);
                let dense = dense.as_slice().unwrap_or(&[]);
                let (sign, slack) = if (self.positive)(index) {
                    (1.0, positive_slack)
                } else {
                    (-1.0, slack)
                };
                let gradient = sign * separator.score(row, dense) - 1.0 + slack * alpha[index];
                let projected = if alpha[index] == 0.0 {
                    if gradient > shrink_above {
                        active.swap_remove(position);
                        continue;
                    }
                    gradient.min(0.0)
                } else {
                    gradient
                };
                highest = highest.max(projected);
                lowest = lowest.min(projected);
                if projected.abs() > 1e-12 {
                    let before = alpha[index];
                    alpha[index] = (before - gradient / (self.diagonals[index] + slack)).max(0.0);
                    separator.add((alpha[index] - before) * sign, row, dense);
                }
                position += 1;
            }
            if highest - lowest <= tolerance {
                if active.len() == everything {
                    break;
                }
                // Converged on the active rows: look once more at those set aside.
                active = (0..self.rows.rows())
                    .filter(|&row| self.diagonals[row] > 1.0)
                    .collect();
                shrink_above = f32::INFINITY;
            } else {
                shrink_above = if highest > 0.0 {
                    highest
                } else {
                    f32::INFINITY
                };
            }
        }
        Ok(separator)
    }
}

/// Dot product of a sparse row and dense weights, in four running sums.
fn gather(row: SparseRow<'_>, weights: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 4];
    let (ids, values) = (row.ids.chunks_exact(4), row.values.chunks_exact(4));
    let rest: f32 = ids
        .remainder()
        .iter()
        .zip(values.remainder())
        .map(|(&id, value)| weights[id as usize] * value)
        .sum();
    for (ids, values) in ids.zip(values) {
        for lane in 0..4 {
            sums[lane] += weights[ids[lane] as usize] * values[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::cancel::NEVER;
    use crate::features::SparseMatrix;

    fn rows(rows: &[&[(u32, f32)]]) -> FeatureRows {
        FeatureRows::sparse_only(SparseMatrix::from_rows(
            rows.iter().map(|row| row.iter().copied().unzip()).collect(),
            3,
        ))
    }

    fn exact() -> LinearParams {
        LinearParams {
            tolerance: 1e-6,
            max_passes: 10_000,
            balance: 0.0,
        }
    }

    /// Gradient of ½‖(w, b)‖² + C Σ max(0, 1 − y(w·x + b))² for one label.
    fn gradient(
        rows: &FeatureRows,
        targets: &[usize],
        label: usize,
        model: &LinearModel,
    ) -> Vec<f64> {
        let matrix = &rows.sparse;
        let columns = matrix.columns();
        let w: Vec<f64> = model
            .weights
            .row(label)
            .iter()
            .map(|&v| f64::from(v))
            .collect();
        let b = f64::from(model.bias[label]);
        let mut gradient: Vec<f64> = w.iter().copied().chain([b]).collect();
        for (row, &target) in matrix.iter().zip(targets) {
            let sign = if target == label { 1.0 } else { -1.0 };
            let score: f64 = row.iter().map(|(id, v)| w[id] * f64::from(v)).sum::<f64>() + b;
            let violation = (1.0 - sign * score).max(0.0);
            for (id, v) in row.iter() {
                gradient[id] -= 2.0 * sign * violation * f64::from(v);
            }
            gradient[columns] -= 2.0 * sign * violation;
        }
        gradient
    }

    #[test]
    fn the_solution_has_no_gradient() {
        let matrix = rows(&[
            &[(0, 1.0)],
            &[(0, 0.8), (1, 0.6)],
            &[(1, 1.0)],
            &[(1, 0.6), (2, 0.8)],
            &[(2, 1.0)],
            &[(0, 0.5), (2, 0.5)],
        ]);
        let targets = [0, 0, 1, 1, 2, 0];
        let model = LinearModel::fit(&matrix, &targets, 3, 1.0, exact(), 7, NEVER).unwrap();
        for label in 0..3 {
            for component in gradient(&matrix, &targets, label, &model) {
                assert!(component.abs() < 1e-4, "label {label}: {component}");
            }
        }
    }

    #[test]
    fn rows_without_features_do_not_move_the_separators() {
        let targets = [0, 1];
        let with = rows(&[&[(0, 1.0)], &[(1, 1.0)], &[]]);
        let without = rows(&[&[(0, 1.0)], &[(1, 1.0)]]);
        let a = LinearModel::fit(&with, &[0, 1, 1], 2, 1.0, exact(), 1, NEVER).unwrap();
        let b = LinearModel::fit(&without, &targets, 2, 1.0, exact(), 1, NEVER).unwrap();
        assert!((&a.weights - &b.weights).iter().all(|d| d.abs() < 1e-3));
    }

    #[test]
    fn a_dense_part_counts_like_columns_of_its_own() {
        let targets = [0, 0, 1, 1];
        let columns: [&[(u32, f32)]; 4] = [
            &[(0, 1.0), (1, 0.5), (2, -0.2)],
            &[(0, 0.5), (1, 0.1), (2, 0.3)],
            &[(0, -0.3), (1, 0.9), (2, 0.4)],
            &[(1, 1.0), (2, 0.8)],
        ];
        let sparse = rows(&columns);
        let split = FeatureRows {
            sparse: rows(&columns.map(|row| &row[..row.len() - 2])).sparse,
            dense: array![[0.5, -0.2], [0.1, 0.3], [0.9, 0.4], [1.0, 0.8]],
        };
        let a = LinearModel::fit(&sparse, &targets, 2, 1.0, exact(), 5, NEVER).unwrap();
        let b = LinearModel::fit(&split, &targets, 2, 1.0, exact(), 5, NEVER).unwrap();
        for label in 0..2 {
            assert!((a.weights[[label, 0]] - b.weights[[label, 0]]).abs() < 1e-3);
            for column in 0..2 {
                let difference = a.weights[[label, column + 1]] - b.sentence[[label, column]];
                assert!(difference.abs() < 1e-3);
            }
            assert!((a.bias[label] - b.bias[label]).abs() < 1e-3);
        }
    }

    #[test]
    fn rare_labels_cost_more() {
        // Labels of 8, 1 and 3 rows: the mean is 4.
        let targets = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2];
        let costs = positive_costs(&targets, 3, 2.0, 0.5);
        let expected = [2.0 * 0.5_f64.sqrt(), 4.0, 2.0 * (4.0 / 3.0_f64).sqrt()];
        for (cost, expected) in costs.iter().zip(expected) {
            assert!((cost - expected).abs() < 1e-12);
        }
        assert_eq!(positive_costs(&targets, 3, 2.0, 0.0), [2.0; 3]);
    }

    #[test]
    fn the_seed_decides_everything() {
        let matrix = rows(&[&[(0, 1.0)], &[(1, 1.0)], &[(2, 1.0)], &[(0, 0.6), (1, 0.8)]]);
        let fit = |seed| {
            LinearModel::fit(
                &matrix,
                &[0, 1, 2, 0],
                3,
                1.0,
                LinearParams::default(),
                seed,
                NEVER,
            )
            .unwrap()
        };
        assert_eq!(fit(3), fit(3));
    }

    #[test]
    fn what_is_called_off_has_no_result() {
        let matrix = rows(&[&[(0, 1.0)], &[(1, 1.0)]]);
        let params = LinearParams::default();
        let model = LinearModel::fit(&matrix, &[0, 1], 2, 1.0, params, 1, &|| true);
        assert_eq!(model, Err(Cancelled));
    }
}
