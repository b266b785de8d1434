//! Logits made into probabilities.

use pulp::{Arch, NullaryFnOnce};

use super::lanes::{fold, larger, sum};

/// Turns logits into probabilities in place; the maximum is subtracted first. Every processor gives the same bits.
pub fn softmax(logits: &mut [f32]) {
    Arch::new().dispatch(Softmax(logits));
}

struct Softmax<'a>(&'a mut [f32]);

impl NullaryFnOnce for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        softmax_here(self.0);
    }
}

/// [`softmax`] within a task that has chosen its instruction set.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn softmax_here(row: &mut [f32]) {
    let largest = fold(row, f32::NEG_INFINITY, larger, larger);
    for value in row.iter_mut() {
        *value = exp(*value - largest);
    }
    let scale = 1.0 / sum(row);
    for value in row {
        *value *= scale;
    }
}

/// eˣ for x ≤ 0: 2ⁿ by the exponent's bits times Taylor's polynomial of degree 6 for the rest, which
/// lies within ± ln 2 / 2; relative error below 3·10⁻⁷; 0 from −87 down.
#[inline(always)]
#[allow(clippy::inline_always)] // must take over the caller's instruction set
pub(super) fn exp(x: f32) -> f32 {
    let above = x > -87.0;
    let x = if above { x } else { 0.0 };
    let whole = (x * std::f32::consts::LOG2_E).round_ties_even();
    // ln 2 in two parts, so that the rest is exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut series = 0.001_388_89;
    for coefficient in [0.008_333_334, 0.041_666_67, 0.166_666_67, 0.5, 1.0, 1.0] {
        series = coefficient + rest * series;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // −126 to 0 by the bound
    let power = f32::from_bits(((whole as i32 + 127) as u32) << 23);
    if above { series * power } else { 0.0 }
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
        assert_eq!([exp(-88.0), exp(f32::NEG_INFINITY)], [0.0, 0.0]);
        assert!(exp(f32::NAN).is_finite());
    }

    #[test]
    fn probabilities_sum_to_one_whatever_their_number() {
        for labels in [1_u16, 2, 3, 15, 16, 17, 77, 300] {
            let logits: Vec<f32> = (0..labels).map(|i| f32::from(i * 7 % 13) - 6.0).collect();
            let mut probabilities = logits.clone();
            softmax(&mut probabilities);
            let total: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
            for (probability, &logit) in probabilities.iter().zip(&logits) {
                let expected = f64::from(logit).exp() / total;
                assert!((f64::from(*probability) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let mut logits = [1000.0, 1000.0, -1000.0];
        softmax(&mut logits);
        assert_eq!(logits, [0.5, 0.5, 0.0]);
    }
}
