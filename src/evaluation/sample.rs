//! Small made-up answers for the tests of the numbers.

use ndarray::Array2;

use super::{Answer, HeadAnswers, Truth};
use crate::classifier::HeadKind;

/// Rows of (truth, chosen, confidence) over three labels; the rest goes to the truth, or to the next
/// label where the truth was chosen.
pub(super) fn answers(
    kind: HeadKind,
    labels: [&str; 3],
    rows: &[(usize, usize, f32)],
) -> HeadAnswers {
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
        kind,
        labels: labels.map(str::to_owned).to_vec(),
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
