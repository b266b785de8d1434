//! How far confidences are from being right: the most probable label's probability against the share of
//! rows that carry it.

use super::answers::{HeadAnswers, Truth};
use super::counts::to_f64;
use crate::classifier::head::most_probable;

/// Number of equal-width bins of the expected calibration error.
pub const CALIBRATION_BINS: usize = 15;

/// One of the equal-width bins of confidence that calibration is measured in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CalibrationBin {
    /// Rows whose most probable label has a probability in this bin.
    pub rows: usize,
    /// Sum of those probabilities.
    pub confidence: f64,
    /// How many of those labels were right.
    pub right: usize,
}

/// The rows by the probability of their most probable label, in 15 bins of equal width.
#[must_use]
pub fn calibration_bins(head: &HeadAnswers) -> [CalibrationBin; CALIBRATION_BINS] {
    let mut bins = [CalibrationBin::default(); CALIBRATION_BINS];
    for (answer, probabilities) in head.iter() {
        let label = most_probable(probabilities);
        let confidence = probabilities[label];
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss
        )]
        let bin = ((confidence * CALIBRATION_BINS as f32) as usize).min(CALIBRATION_BINS - 1);
        let bin = &mut bins[bin];
        bin.rows += 1;
        bin.confidence += f64::from(confidence);
        bin.right += usize::from(answer.truth == Truth::Known(label));
    }
    bins
}

/// The mean gap between saying and being, each bin weighing by its rows (Naeini, Cooper and Hauskrecht
/// 2015).
pub(super) fn expected_calibration_error(head: &HeadAnswers) -> f64 {
    calibration_bins(head)
        .iter()
        .map(|bin| (bin.confidence - to_f64(bin.right)).abs())
        .sum::<f64>()
        / to_f64(head.answers.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::sample::answers;

    #[test]
    fn calibration_error_is_the_gap_between_saying_and_being() {
        // Ten rows say 0.95, eight are right: one bin, a gap of 0.15.
        let rows: Vec<_> = (0..10).map(|i| (usize::from(i >= 8), 0, 0.95)).collect();
        let head = answers(HeadKind::Topic, ["a", "b", "c"], &rows);
        assert!((expected_calibration_error(&head) - 0.15).abs() < 1e-6);
        let bins = calibration_bins(&head);
        assert_eq!((bins[14].rows, bins[14].right), (10, 8));
        assert!(bins[..14].iter().all(|bin| bin.rows == 0));
    }

    #[test]
    fn full_confidence_is_of_the_last_bin() {
        let head = answers(HeadKind::Topic, ["a", "b", "c"], &[(0, 0, 1.0)]);
        assert_eq!(calibration_bins(&head)[14].rows, 1);
        assert_eq!(expected_calibration_error(&head), 0.0);
    }
}
