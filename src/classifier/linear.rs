//! The linear expert: one L2-regularised squared-hinge separator a label, against all others.
//!
//! Dual coordinate descent with shrinking after C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi
//! and S. Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008
//! (algorithms 1 and 3, L2 loss). Labels are fitted in parallel; the result does not depend on the
//! number of threads.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::features::{SparseMatrix, SparseRow};

/// Hyper-parameters of the linear expert.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearParams {
    /// Stop when the projected gradients of a whole pass differ by less than this (> 0).
    pub tolerance: f64,
    /// Stop after this many passes over the rows at the latest.
    pub max_passes: usize,
}

impl Default for LinearParams {
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            max_passes: 200,
        }
    }
}

/// Separators of all labels, before they are folded into a model.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// Weights, `labels × features`.
    pub weights: Array2<f32>,
    /// One constant a label.
    pub bias: Array1<f32>,
}

impl LinearModel {
    /// Fits one separator for each of `labels` labels; `targets[i]` is the label of row `i` and
    /// `cost` the penalty of a margin violation against the size of the weights (C > 0).
    #[must_use]
    pub fn fit(
        rows: &SparseMatrix,
        targets: &[usize],
        labels: usize,
        cost: f64,
        params: LinearParams,
        seed: u64,
    ) -> Self {
        let diagonals: Vec<f32> = rows.iter().map(|row| row.squared_norm() + 1.0).collect();
        let mut weights = Array2::zeros((labels, rows.columns()));
        let mut bias = Array1::zeros(labels);
        weights
            .outer_iter_mut()
            .into_par_iter()
            .zip(bias.axis_iter_mut(ndarray::Axis(0)).into_par_iter())
            .enumerate()
            .for_each(|(label, (mut weights, mut bias))| {
                let problem = Problem {
                    rows,
                    diagonals: &diagonals,
                    positive: &|row| targets[row] == label,
                    cost,
                    params,
                };
                let (fitted, constant) = problem.solve(seed ^ label as u64);
                weights
                    .iter_mut()
                    .zip(fitted)
                    .for_each(|(to, from)| *to = from);
                bias.fill(constant);
            });
        Self { weights, bias }
    }
}

/// One label against the rest.
struct Problem<'a> {
    rows: &'a SparseMatrix,
    /// Squared length of each row, the constant included.
    diagonals: &'a [f32],
    positive: &'a (dyn Fn(usize) -> bool + Sync),
    cost: f64,
    params: LinearParams,
}

impl Problem<'_> {
    fn solve(&self, seed: u64) -> (Vec<f32>, f32) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut weights = vec![0.0_f32; self.rows.columns()];
        let mut bias = 0.0_f32;
        let mut alpha = vec![0.0_f32; self.rows.rows()];
        #[allow(clippy::cast_possible_truncation)] // an f32 carries the precision that matters here
        let (slack, tolerance) = ((0.5 / self.cost) as f32, self.params.tolerance as f32);
        let mut active: Vec<usize> = (0..self.rows.rows())
            .filter(|&row| self.diagonals[row] > 1.0)
            .collect();
        let everything = active.len();
        let mut shrink_above = f32::INFINITY;
        for _ in 0..self.params.max_passes {
            random.shuffle(&mut active);
            let (mut highest, mut lowest) = (f32::NEG_INFINITY, f32::INFINITY);
            let mut position = 0;
            while position < active.len() {
                let index = active[position];
                let row = self.rows.row(index);
                let sign = if (self.positive)(index) { 1.0 } else { -1.0 };
                let gradient = sign * (dot(row, &weights) + bias) - 1.0 + slack * alpha[index];
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
                    let step = (alpha[index] - before) * sign;
                    for (id, value) in row.iter() {
                        weights[id] += step * value;
                    }
                    bias += step;
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
        (weights, bias)
    }
}

/// Dot product of a sparse row and dense weights, in four running sums.
fn dot(row: SparseRow<'_>, weights: &[f32]) -> f32 {
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
    use super::*;

    fn rows(rows: &[&[(u32, f32)]]) -> SparseMatrix {
        SparseMatrix::from_rows(
            rows.iter().map(|row| row.iter().copied().unzip()).collect(),
            3,
        )
    }

    fn exact() -> LinearParams {
        LinearParams {
            tolerance: 1e-6,
            max_passes: 10_000,
        }
    }

    /// Gradient of ½‖(w, b)‖² + C Σ max(0, 1 − y(w·x + b))² for one label.
    fn gradient(
        matrix: &SparseMatrix,
        targets: &[usize],
        label: usize,
        model: &LinearModel,
    ) -> Vec<f64> {
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
        let model = LinearModel::fit(&matrix, &targets, 3, 1.0, exact(), 7);
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
        let a = LinearModel::fit(&with, &[0, 1, 1], 2, 1.0, exact(), 1);
        let b = LinearModel::fit(&without, &targets, 2, 1.0, exact(), 1);
        assert!((&a.weights - &b.weights).iter().all(|d| d.abs() < 1e-3));
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
            )
        };
        assert_eq!(fit(3), fit(3));
    }
}
