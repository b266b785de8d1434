//! The kernel expert as it is served.

use ndarray::Array2;

use super::kernel;
use crate::features::QuantizedMatrix;

/// The rows that the kernel expert remembers, and what nearness to each adds to the logits.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelExpert {
    /// Unit vectors, `rows × dimensions`.
    pub supports: QuantizedMatrix,
    /// Coefficients, `rows × labels` of all heads side by side.
    pub coefficients: Array2<f32>,
    /// How fast the kernel falls with the distance.
    pub sharpness: f32,
}

impl KernelExpert {
    /// Adds what a text's unit vector adds to the logits, one a label.
    pub(in crate::classifier) fn add(&self, vector: &[f32], logits: &mut [f32]) {
        for (nearness, coefficients) in self.nearness(vector).zip(self.coefficients.outer_iter()) {
            for (logit, coefficient) in logits.iter_mut().zip(coefficients) {
                *logit += nearness * coefficient;
            }
        }
    }

    /// What a text's unit vector adds to the logit of one column.
    pub(in crate::classifier) fn share(&self, vector: &[f32], column: usize) -> f64 {
        self.nearness(vector)
            .zip(self.coefficients.column(column))
            .map(|(nearness, &coefficient)| f64::from(nearness) * f64::from(coefficient))
            .sum()
    }

    fn nearness<'a>(&'a self, vector: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        (0..self.supports.rows())
            .map(|row| kernel(self.supports.dot_row(row, vector), self.sharpness))
    }
}
