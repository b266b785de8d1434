//! The pool: one positive weight an expert, so that the weighted sum of their scores is a
//! calibrated logit.
//!
//! The weights minimise the log-loss of the softmax over labels (a multinomial logistic regression
//! with one parameter an expert), by Newton's method with step halving on a convex objective. Fitted
//! on scores that the experts gave to rows they were not trained on.

use ndarray::{Array2, ArrayView1};

/// Smallest weight an expert can have.
const MIN_WEIGHT: f64 = 1e-6;
const MAX_ITERATIONS: usize = 100;

/// Turns logits into probabilities in place; the maximum is subtracted first.
pub fn softmax(logits: &mut [f32]) {
    let maximum = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = libm::expf(*logit - maximum);
        sum += *logit;
    }
    for probability in logits {
        *probability /= sum;
    }
}

/// Fits one weight for each expert. `scores[e]` is `rows × labels`; `targets[i]` is the label of
/// row `i`. Rows with an empty score count like any other.
#[must_use]
pub fn fit_pool(scores: &[Array2<f32>], targets: &[usize]) -> Vec<f64> {
    let experts = scores.len();
    let mut weights: Vec<f64> = scores.iter().map(starting_weight).collect();
    let mut current = evaluate(scores, targets, &weights);
    for _ in 0..MAX_ITERATIONS {
        let Some(direction) = solve(&current.hessian, &current.gradient) else {
            break;
        };
        let mut length = 1.0;
        let next = loop {
            let candidate: Vec<f64> = weights
                .iter()
                .zip(&direction)
                .map(|(w, d)| (w - length * d).max(MIN_WEIGHT))
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
    debug_assert_eq!(weights.len(), experts);
    weights
}

/// A weight at which an expert's scores spread over about one unit.
fn starting_weight(scores: &Array2<f32>) -> f64 {
    let spread: f64 = scores
        .outer_iter()
        .map(|row| {
            let (low, high) = row.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| {
                (l.min(v), h.max(v))
            });
            f64::from(high - low)
        })
        .sum();
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let mean = spread / (scores.nrows().max(1) as f64);
    if mean > 1e-12 { 1.0 / mean } else { 1.0 }
}

struct Evaluation {
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
}

/// Mean log-loss with its first and second derivatives by the weights.
fn evaluate(scores: &[Array2<f32>], targets: &[usize], weights: &[f64]) -> Evaluation {
    let experts = scores.len();
    let mut loss = 0.0;
    let mut gradient = vec![0.0; experts];
    let mut hessian = vec![vec![0.0; experts]; experts];
    let mut logits: Vec<f64> = Vec::new();
    for (index, &target) in targets.iter().enumerate() {
        let rows: Vec<ArrayView1<'_, f32>> = scores.iter().map(|s| s.row(index)).collect();
        let labels = rows.first().map_or(0, ArrayView1::len);
        logits.clear();
        logits.extend((0..labels).map(|label| {
            rows.iter()
                .zip(weights)
                .map(|(row, w)| w * f64::from(row[label]))
                .sum::<f64>()
        }));
        let maximum = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|l| libm::exp(l - maximum)).sum();
        loss += maximum + libm::log(sum) - logits[target];
        let mut means = vec![0.0; experts];
        let mut products = vec![vec![0.0; experts]; experts];
        for (label, logit) in logits.iter().enumerate() {
            let probability = libm::exp(logit - maximum) / sum;
            for a in 0..experts {
                let score = f64::from(rows[a][label]);
                means[a] += probability * score;
                for b in 0..=a {
                    products[a][b] += probability * score * f64::from(rows[b][label]);
                }
            }
        }
        for a in 0..experts {
            gradient[a] += means[a] - f64::from(rows[a][target]);
            for b in 0..=a {
                let covariance = products[a][b] - means[a] * means[b];
                hessian[a][b] += covariance;
                if a != b {
                    hessian[b][a] += covariance;
                }
            }
        }
    }
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let rows = targets.len().max(1) as f64;
    gradient.iter_mut().for_each(|g| *g /= rows);
    hessian.iter_mut().flatten().for_each(|h| *h /= rows);
    Evaluation {
        loss: loss / rows,
        gradient,
        hessian,
    }
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
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-300 {
            return None;
        }
        for below in column + 1..n {
            let factor = rows[below][column] / rows[column][column];
            for at in column..=n {
                rows[below][at] -= factor * rows[column][at];
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
        let weights = fit_pool(&[scores], &targets);
        assert!((weights[0] - 3.0).abs() < 0.1, "{weights:?}");
    }

    #[test]
    fn an_expert_that_knows_nothing_gets_no_say() {
        let (scores, targets) = sample(3.0, 5_000);
        let noise = sample(1.0, 5_000).0.mapv(|v| (v * 1e4).fract());
        let weights = fit_pool(&[scores, noise], &targets);
        assert!((weights[0] - 3.0).abs() < 0.3, "{weights:?}");
        assert!(weights[1] < 0.15, "{weights:?}");
    }

    #[test]
    fn softmax_survives_large_logits() {
        let mut logits = [1000.0, 1000.0, -1000.0];
        softmax(&mut logits);
        assert_eq!(logits, [0.5, 0.5, 0.0]);
    }
}
