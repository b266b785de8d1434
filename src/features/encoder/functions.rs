//! The element-wise steps of a transformer in 32-bit floats.
//!
//! Written over arrays of fixed size so that the compiler uses vector registers, and without fused
//! multiplication, so that every processor gives the same bits. What is a type here is a task for
//! `Arch::dispatch`; a closure would not reliably take over the instruction set.

use pulp::NullaryFnOnce;

/// Numbers that are worked on side by side.
pub(super) const WIDTH: usize = 16;

/// The sum of the squares.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn sum_of_squares(values: &[f32]) -> f32 {
    fold(values, 0.0, |sum, x| sum + x * x, |a, b| a + b)
}

/// The largest magnitude; 0 if there is none.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn largest_magnitude(values: &[f32]) -> f32 {
    fold(values, 0.0, |largest, x| larger(largest, x.abs()), larger)
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn sum(values: &[f32]) -> f32 {
    fold(values, 0.0, |sum, x| sum + x, |a, b| a + b)
}

/// Unlike `f32::max`, one instruction.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Folds every sixteenth number by `step`, then merges the sixteen results by halves: always in the
/// same order, and in few steps that wait for each other.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn fold(
    values: &[f32],
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    merge: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut results = [start; WIDTH];
    let (chunks, rest) = values.as_chunks::<WIDTH>();
    for chunk in chunks {
        for (result, &value) in results.iter_mut().zip(chunk) {
            *result = step(*result, value);
        }
    }
    for (result, &value) in results.iter_mut().zip(rest) {
        *result = step(*result, value);
    }
    for half in [8, 4, 2, 1] {
        for index in 0..half {
            results[index] = merge(results[index], results[index + half]);
        }
    }
    results[0]
}

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

/// Softmax of the first `length` numbers in place; the others, there to fill registers, become 0.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn softmax(row: &mut [f32], length: usize) {
    row[length..].fill(f32::NEG_INFINITY);
    let largest = fold(row, f32::NEG_INFINITY, larger, larger);
    for value in row.iter_mut() {
        *value = exp(*value - largest);
    }
    row[length..].fill(0.0);
    let scale = 1.0 / sum(row);
    for value in row {
        *value *= scale;
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

/// eˣ for x ≤ 0: 2ⁿ by the exponent's bits times Taylor's polynomial of degree 6 for the rest, which
/// lies within ± ln 2 / 2; relative error below 3·10⁻⁷; e⁻⁸⁷ below −87.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
fn exp(x: f32) -> f32 {
    let x = if x > -87.0 { x } else { -87.0 };
    let whole = (x * std::f32::consts::LOG2_E).round_ties_even();
    // ln 2 in two parts, so that the rest is exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut series = 0.001_388_89;
    for coefficient in [0.008_333_334, 0.041_666_67, 0.166_666_67, 0.5, 1.0, 1.0] {
        series = coefficient + rest * series;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // −126 to 0 by the bound
    let power = f32::from_bits(((whole as i32 + 127) as u32) << 23);
    series * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_six_digits() {
        for step in 0..8_700_i16 {
            let x = -f32::from(step) / 100.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

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

    #[test]
    fn softmax_leaves_out_what_only_fills() {
        let mut row = [9.0; WIDTH];
        row[..4].copy_from_slice(&[1.0, 2.0, 3.0, -100.0]);
        softmax(&mut row, 4);
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((row[1] / row[0] - std::f32::consts::E).abs() < 1e-5);
        assert!(row[4..].iter().all(|&x| x == 0.0));
    }
}
