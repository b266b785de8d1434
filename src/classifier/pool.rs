//! The pool: one positive weight an expert, so that the weighted sum of their scores is a
//! calibrated logit.
//!
//! The weights minimise the log-loss of the softmax over labels (a multinomial logistic regression
//! with one parameter an expert), by Newton's method with step halving on a convex objective. Fitted
//! on scores that the experts gave to rows they were not trained on.

mod objective;

use ndarray::Array2;

use self::objective::evaluate;
use crate::cancel::{CalledOff, Cancelled, check};

/// Smallest weight an expert can have.
const MIN_WEIGHT: f64 = 1e-6;
const MAX_ITERATIONS: usize = 100;

/// The experts' weights and how well they do.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// One weight an expert: positive, or 0 for one that says the same of all labels.
    pub weights: Vec<f64>,
    /// Mean negative natural logarithm of the true label's probability, targets smoothed.
    pub log_loss: f64,
}

/// Fits one weight for each expert. `scores[e]` is `rows × labels`; `targets[i]` is the label of row
/// `i`. Targets are smoothed as if one row more had been drawn with every label equally likely: scores
/// that separate all rows would otherwise drive the weights to infinity.
///
/// # Errors
/// If it was called off.
pub fn fit_pool(
    scores: &[&Array2<f32>],
    targets: &[usize],
    called_off: CalledOff<'_>,
) -> Result<Pool, Cancelled> {
    let mut weights: Vec<f64> = scores.iter().copied().map(starting_weight).collect();
    let mut current = evaluate(scores, targets, &weights);
    for _ in 0..MAX_ITERATIONS {
        check(called_off)?;
        let Some(direction) = solve(&current.hessian, &current.gradient) else {
            break;
        };
        let mut length = 1.0;
        let next = loop {
            let candidate: Vec<f64> = weights
                .iter()
                .zip(&direction)
                .map(|(w, d)| {
                    if *w > 0.0 {
                        (w - length * d).max(MIN_WEIGHT)
                    } else {
                        0.0
                    }
                })
                .collect();
            let at_candidate = evaluate(scores, targets, &candidate);
            if at_candidate.loss < current.loss {
                break Some((candidate, at_candidate));
            }
            length /= 2.0;
            if length < 1e-8 {
                break None;
            }
        };
        let Some((candidate, at_candidate)) = next else {
            break;
        };
        let gain = current.loss - at_candidate.loss;
        (weights, current) = (candidate, at_candidate);
        if gain < 1e-10 * (1.0 + current.loss) {
            break;
        }
    }
    Ok(Pool {
        weights,
        log_loss: current.loss,
    })
}

/// A weight at which an expert's scores spread over about one unit; none for one that says the same of all labels.
fn starting_weight(scores: &Array2<f32>) -> f64 {
    let spread: f64 = scores
        .outer_iter()
        .map(|row| {
            let (low, high) = row
                .iter()
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| {
                    (l.min(v), h.max(v))
                });
            f64::from(high - low)
        })
        .sum();
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let mean = spread / (scores.nrows().max(1) as f64);
    if mean > 1e-12 { 1.0 / mean } else { 0.0 }
}

/// Solves `matrix · x = right` by Gaussian elimination with pivoting; `None` if singular.
fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let mut rows: Vec<Vec<f64>> = matrix
        .iter()
        .zip(right)
        .enumerate()
        .map(|(i, (row, &r))| {
            let mut row = row.clone();
            row[i] += 1e-9;
            row.push(r);
            row
        })
        .collect();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-300 {
            return None;
        }
        let (above, below) = rows.split_at_mut(column + 1);
        let pivot_row = &above[column];
        for row in below {
            let factor = row[column] / pivot_row[column];
            for (value, pivot) in row.iter_mut().zip(pivot_row).skip(column) {
                *value -= factor * pivot;
            }
        }
    }
    let mut solution = vec![0.0; n];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|c| rows[row][c] * solution[c]).sum();
        solution[row] = (rows[row][n] - known) / rows[row][row];
    }
    solution.iter().all(|v| v.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::NEVER;
    use crate::features::softmax;

    fn weights(scores: &[&Array2<f32>], targets: &[usize]) -> Vec<f64> {
        fit_pool(scores, targets, NEVER).unwrap().weights
    }

    /// Draws targets from softmax(scale · scores).
    fn sample(scale: f64, rows: usize) -> (Array2<f32>, Vec<usize>) {
        let mut random = fastrand::Rng::with_seed(5);
        let mut scores = Array2::zeros((rows, 4));
        let mut targets = Vec::new();
        for mut row in scores.outer_iter_mut() {
            let mut probabilities: Vec<f32> = (0..4)
                .map(|label| {
                    row[label] = random.f32() * 2.0 - 1.0;
                    (scale as f32) * row[label]
                })
                .collect();
            softmax(&mut probabilities);
            let mut draw = random.f32();
            let target = probabilities.iter().position(|p| {
                draw -= p;
                draw < 0.0
            });
            targets.push(target.unwrap_or(3));
        }
        (scores, targets)
    }

    #[test]
    fn the_scale_that_drew_the_labels_is_found_again() {
        let (scores, targets) = sample(3.0, 20_000);
        let weights = weights(&[&scores], &targets);
        assert!((weights[0] - 3.0).abs() < 0.1, "{weights:?}");
    }

    #[test]
    fn an_expert_that_knows_nothing_gets_no_say() {
        let (scores, targets) = sample(3.0, 5_000);
        let noise = sample(1.0, 5_000).0.mapv(|v| (v * 1e4).fract());
        let weights = weights(&[&scores, &noise], &targets);
        assert!((weights[0] - 3.0).abs() < 0.3, "{weights:?}");
        assert!(weights[1] < 0.15, "{weights:?}");
    }

    #[test]
    fn an_expert_that_says_the_same_of_all_labels_has_no_weight() {
        let (scores, targets) = sample(3.0, 5_000);
        let same = Array2::from_elem(scores.dim(), 0.7);
        let both = weights(&[&scores, &same], &targets);
        assert_eq!(both[1].to_bits(), 0.0_f64.to_bits());
        assert_eq!(both[..1], weights(&[&scores], &targets));
    }

    #[test]
    fn scores_that_separate_all_rows_do_not_make_it_certain() {
        let targets: Vec<usize> = (0..120).map(|row| row % 4).collect();
        let shape = (targets.len(), 4);
        let scores = Array2::from_shape_fn(
            shape,
            |(row, label)| {
                if row % 4 == label { 1.0 } else { -1.0 }
            },
        );
        let weights = weights(&[&scores], &targets);
        let mut probabilities: Vec<f32> = [1.0, -1.0, -1.0, -1.0]
            .map(|s| s * weights[0] as f32)
            .to_vec();
        softmax(&mut probabilities);
        // Right 120 times of 120: sure, but not beyond one in a few hundred.
        assert!(
            (0.98..0.999).contains(&probabilities[0]),
            "{probabilities:?} {weights:?}"
        );
    }
}
