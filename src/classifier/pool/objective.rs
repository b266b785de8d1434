//! What the pool's weights minimise: the mean log loss of the softmax over labels, targets smoothed, with
//! its first and second derivatives by the weights.

use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

/// Rows that one task sums over; fixed, so that the order of additions does not depend on the
/// number of threads.
const CHUNK: usize = 512;

/// Value and derivatives at some weights.
pub(super) struct Evaluation {
    /// Mean log loss.
    pub(super) loss: f64,
    /// First derivatives, one an expert.
    pub(super) gradient: Vec<f64>,
    /// Second derivatives, `experts × experts`.
    pub(super) hessian: Vec<Vec<f64>>,
}

impl Evaluation {
    fn zero(experts: usize) -> Self {
        Self {
            loss: 0.0,
            gradient: vec![0.0; experts],
            hessian: vec![vec![0.0; experts]; experts],
        }
    }

    fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        for (a, b) in self.gradient.iter_mut().zip(&other.gradient) {
            *a += b;
        }
        for (a, b) in self
            .hessian
            .iter_mut()
            .flatten()
            .zip(other.hessian.iter().flatten())
        {
            *a += b;
        }
    }

    fn scale(&mut self, factor: f64) {
        self.loss *= factor;
        self.gradient.iter_mut().for_each(|g| *g *= factor);
        self.hessian.iter_mut().flatten().for_each(|h| *h *= factor);
    }
}

/// Mean log-loss with its first and second derivatives by the weights.
pub(super) fn evaluate(scores: &[&Array2<f32>], targets: &[usize], weights: &[f64]) -> Evaluation {
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    let smoothing = 1.0 / (targets.len() as f64 + 1.0);
    let parts: Vec<Evaluation> = targets
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(chunk, targets)| evaluate_rows(scores, chunk * CHUNK, targets, weights, smoothing))
        .collect();
    let mut sum = Evaluation::zero(scores.len());
    for part in parts {
        sum.add(&part);
    }
    #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
    sum.scale(1.0 / targets.len().max(1) as f64);
    sum
}

/// Sums over the rows from `start` on, one a target.
fn evaluate_rows(
    scores: &[&Array2<f32>],
    start: usize,
    targets: &[usize],
    weights: &[f64],
    smoothing: f64,
) -> Evaluation {
    let experts = scores.len();
    let mut sum = Evaluation::zero(experts);
    let mut probabilities: Vec<f64> = Vec::new();
    let mut means = vec![0.0; experts];
    for (index, &target) in (start..).zip(targets) {
        let rows: Vec<ArrayView1<'_, f32>> = scores.iter().map(|s| s.row(index)).collect();
        let labels = rows.first().map_or(0, ArrayView1::len);
        probabilities.clear();
        probabilities.extend((0..labels).map(|label| {
            rows.iter()
                .zip(weights)
                .map(|(row, w)| w * f64::from(row[label]))
                .sum::<f64>()
        }));
        let at_target = smoothed(target, smoothing, probabilities.iter().copied());
        let maximum = probabilities
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        for logit in &mut probabilities {
            *logit = libm::exp(*logit - maximum);
            total += *logit;
        }
        sum.loss += maximum + libm::log(total) - at_target;
        for (a, row) in rows.iter().enumerate() {
            means[a] = row
                .iter()
                .zip(&probabilities)
                .map(|(&score, p)| f64::from(score) * p)
                .sum::<f64>()
                / total;
            sum.gradient[a] +=
                means[a] - smoothed(target, smoothing, row.iter().copied().map(f64::from));
            for (b, other) in rows[..=a].iter().enumerate() {
                let product: f64 = row
                    .iter()
                    .zip(other)
                    .zip(&probabilities)
                    .map(|((&x, &y), p)| f64::from(x) * f64::from(y) * p)
                    .sum();
                let covariance = product / total - means[a] * means[b];
                sum.hessian[a][b] += covariance;
                if a != b {
                    sum.hessian[b][a] += covariance;
                }
            }
        }
    }
    sum
}

/// The value of the target, moved by `smoothing` (0 to 1) towards the mean of all labels' values.
fn smoothed(target: usize, smoothing: f64, values: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[allow(clippy::cast_precision_loss)] // label counts are small
    let labels = values.len().max(1) as f64;
    let (mut sum, mut at_target) = (0.0, 0.0);
    for (label, value) in values.enumerate() {
        sum += value;
        if label == target {
            at_target = value;
        }
    }
    (1.0 - smoothing) * at_target + smoothing * sum / labels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of two experts for 600 rows, which are more than one task's, and three labels.
    fn sample() -> ([Array2<f32>; 2], Vec<usize>) {
        let mut random = fastrand::Rng::with_seed(11);
        let mut scores = || Array2::from_shape_simple_fn((600, 3), || random.f32() * 2.0 - 1.0);
        let scores = [scores(), scores()];
        (scores, (0..600).map(|row| row % 3).collect())
    }

    #[test]
    fn the_derivatives_are_those_of_the_loss() {
        let ([first, second], targets) = sample();
        let at = |a: f64, b: f64| evaluate(&[&first, &second], &targets, &[a, b]);
        let step = 1e-5;
        let here = at(0.7, 1.3);
        let [left, right] = [at(0.7 - step, 1.3), at(0.7 + step, 1.3)];
        let slope = (right.loss - left.loss) / (2.0 * step);
        assert!((here.gradient[0] - slope).abs() < 1e-8, "{slope}");
        for expert in 0..2 {
            let bend = (right.gradient[expert] - left.gradient[expert]) / (2.0 * step);
            assert!((here.hessian[0][expert] - bend).abs() < 1e-8, "{bend}");
            assert!((here.hessian[expert][0] - bend).abs() < 1e-8, "{bend}");
        }
    }

    #[test]
    fn without_weights_all_labels_are_equally_likely() {
        let ([first, second], targets) = sample();
        let loss = evaluate(&[&first, &second], &targets, &[0.0, 0.0]).loss;
        assert!((loss - 3.0_f64.ln()).abs() < 1e-12, "{loss}");
    }
}
