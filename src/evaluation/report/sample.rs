//! Small made-up answers for the tests of the numbers.

use crate::classifier::HeadKind;
use crate::evaluation::HeadAnswers;
use crate::evaluation::sample::answers;

/// Rows of (truth, chosen, confidence) over the labels `a/x`, `a/y` and `b`; the rest goes to the
/// truth, or to the next label where the truth was chosen.
pub(super) fn head(rows: &[(usize, usize, f32)]) -> HeadAnswers {
    answers(HeadKind::Topic, ["a/x", "a/y", "b"], rows)
}
