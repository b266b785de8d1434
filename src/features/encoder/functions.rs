//! The element-wise steps of a transformer in 32-bit floats.
//!
//! Written over arrays of fixed size so that the compiler uses vector registers, and without fused
//! multiplication, so that every processor gives the same bits. What is a type here is a task for
//! `Arch::dispatch`; a closure would not reliably take over the instruction set.

use pulp::NullaryFnOnce;

use crate::features::lanes::{sum, sum_of_squares};
use crate::features::softmax::exp;

/// Adds `change`, then scales each row to mean 0 and variance 1 and by the layer's weight and bias
/// (layer normalisation: Ba, Kiros and Hinton 2016).
pub(super) struct AddAndNormalise<'a> {
    /// Rows as long as `weight`.
    pub(super) rows: &'a mut [f32],
    /// As many numbers as `rows`, or none.
    pub(super) change: &'a [f32],
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    /// Added to the variance.
    pub(super) epsilon: f32,
}

impl NullaryFnOnce for AddAndNormalise<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (value, change) in self.rows.iter_mut().zip(self.change) {
            *value += change;
        }
        let width = self.weight.len();
        #[allow(clippy::cast_precision_loss)] // row lengths are small
        let count = width as f32;
        for row in self.rows.chunks_exact_mut(width) {
            let mean = sum(row) / count;
            for value in row.iter_mut() {
                *value -= mean;
            }
            let scale = 1.0 / (sum_of_squares(row) / count + self.epsilon).sqrt();
            for ((value, weight), bias) in row.iter_mut().zip(self.weight).zip(self.bias) {
                *value = *value * scale * weight + bias;
            }
        }
    }
}

/// x · Φ(x) in place, with Φ by the error function (Hendrycks and Gimpel 2016), to 2·10⁻⁶.
pub(super) struct Gelu<'a>(pub(super) &'a mut [f32]);

impl NullaryFnOnce for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for value in self.0 {
            *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

/// The error function after Abramowitz and Stegun 7.1.26, whose error is below 1.5·10⁻⁷.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn erf(x: f32) -> f32 {
    let magnitude = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * magnitude);
    let series = t
        * (0.254_829_6
            + t * (-0.284_496_74 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    (1.0 - series * exp(-magnitude * magnitude)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gelu_is_that_of_the_error_function() {
        for step in -800..800_i16 {
            let x = f32::from(step) / 100.0;
            let mut value = [x];
            Gelu(&mut value).call();
            let exact = 0.5 * f64::from(x) * (1.0 + libm::erf(f64::from(x) / 2_f64.sqrt()));
            assert!((f64::from(value[0]) - exact).abs() < 2e-6, "{x}");
        }
    }

    #[test]
    fn a_normalised_row_has_mean_and_variance_of_weight_and_bias() {
        let mut row: Vec<f32> = (0..37_u16).map(|i| f32::from(i * i)).collect();
        AddAndNormalise {
            rows: &mut row,
            change: &[7.0; 37],
            weight: &[2.0; 37],
            bias: &[3.0; 37],
            epsilon: 1e-12,
        }
        .call();
        let mean = row.iter().sum::<f32>() / 37.0;
        let variance = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / 37.0;
        assert!((mean - 3.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4);
    }
}
