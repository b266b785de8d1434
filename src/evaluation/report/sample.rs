//! Small made-up answers for the tests of the numbers.

use ndarray::Array2;

use crate::classifier::HeadKind;
use crate::evaluation::{Answer, HeadAnswers, Truth};

/// Rows of (truth, chosen, confidence) over the labels `a/x`, `a/y` and `b`; the rest goes to the
/// truth, or to the next label where the truth was chosen.
pub(super) fn head(rows: &[(usize, usize, f32)]) -> HeadAnswers {
    let mut probabilities = Array2::zeros((rows.len(), 3));
    for (row, &(truth, chosen, confidence)) in rows.iter().enumerate() {
        let other = if truth == chosen {
            (chosen + 1) % 3
        } else {
            truth
        };
        probabilities[[row, chosen]] = confidence;
        probabilities[[row, other]] = 1.0 - confidence;
    }
    HeadAnswers {
        kind: HeadKind::Topic,
        labels: ["a/x", "a/y", "b"].map(str::to_owned).to_vec(),
        answers: rows
            .iter()
            .enumerate()
            .map(|(row, &(truth, chosen, confidence))| Answer {
                row,
                truth: Truth::Known(truth),
                chosen,
                made: confidence >= 0.7,
                automated: confidence >= 0.9,
                area_fallback: false,
            })
            .collect(),
        probabilities,
    }
}
