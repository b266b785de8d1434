//! Labels that overlap: rows given either one confidently look like the other.

use super::joint::ConfidentJoint;
use crate::evaluation::counts::share;
use crate::evaluation::{HeadAnswers, Truth};

/// Fewest rows each way that are evidence of an overlap.
pub const LEAST_ROWS: usize = 5;
/// Least share of each label's rows that is evidence of an overlap, in percent.
pub const LEAST_PERCENT: usize = 2;
/// How many rows are named each way.
const EXAMPLES: usize = 2;

/// Two labels that people or the model cannot tell apart.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelOverlap {
    /// The two labels, the lower index first.
    pub labels: [usize; 2],
    /// Rows given the first label that confidently look like the second, and the other way round.
    pub rows: [usize; 2],
    /// What share these are of all rows given the first label, and of those given the second.
    pub shares: [f64; 2],
    /// The mean of both shares, so that both labels count the same however many rows they have.
    pub overlap: f64,
    /// The clearest rows each way, as indices among the texts, clearest first.
    pub examples: [Vec<usize>; 2],
}

/// The pairs of labels with at least [`LEAST_ROWS`] rows and [`LEAST_PERCENT`] percent of the label's
/// rows off the diagonal of the confident joint in both directions, greatest overlap first. Errors of
/// labelling in one direction only are none: a small label that swallows rows of a large one is not
/// to be merged with it.
#[must_use]
pub(super) fn overlaps(head: &HeadAnswers, joint: &ConfidentJoint) -> Vec<LabelOverlap> {
    let enough = |rows: usize, of: usize| rows >= LEAST_ROWS && 100 * rows >= LEAST_PERCENT * of;
    let mut found = Vec::new();
    for first in 0..head.labels.len() {
        for second in first + 1..head.labels.len() {
            let rows = [joint.counts[[first, second]], joint.counts[[second, first]]];
            let of = [joint.given[first], joint.given[second]];
            if !enough(rows[0], of[0]) || !enough(rows[1], of[1]) {
                continue;
            }
            let shares = [share(rows[0], of[0]), share(rows[1], of[1])];
            found.push(LabelOverlap {
                labels: [first, second],
                rows,
                shares,
                overlap: f64::midpoint(shares[0], shares[1]),
                examples: [
                    clearest(head, joint, first, second),
                    clearest(head, joint, second, first),
                ],
            });
        }
    }
    found.sort_by(|a, b| {
        b.overlap
            .total_cmp(&a.overlap)
            .then(a.labels.cmp(&b.labels))
    });
    found
}

/// The rows given `given` that look most like `other`.
fn clearest(head: &HeadAnswers, joint: &ConfidentJoint, given: usize, other: usize) -> Vec<usize> {
    let mut rows: Vec<(f32, usize)> = head
        .iter()
        .zip(&joint.looks_like)
        .filter(|((answer, _), looks_like)| {
            answer.truth == Truth::Known(given) && **looks_like == Some(other)
        })
        .map(|((answer, probabilities), _)| (probabilities[other], answer.row))
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    rows.truncate(EXAMPLES);
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::joint::tests::head;
    use super::*;

    /// Rows given a, b and c; `swapped` rows of a look like b, `back` rows of b look like a.
    fn found(swapped: usize, back: usize, each: usize) -> Vec<LabelOverlap> {
        let (a, b, c): (&[f32], &[f32], &[f32]) =
            (&[0.8, 0.1, 0.1], &[0.1, 0.8, 0.1], &[0.1, 0.1, 0.8]);
        let mut rows: Vec<(usize, &[f32])> = Vec::new();
        rows.extend((0..each).map(|row| (0, if row < swapped { b } else { a })));
        rows.extend((0..each).map(|row| (1, if row < back { a } else { b })));
        rows.extend((0..each).map(|_| (2, c)));
        let head = head(3, &rows);
        overlaps(&head, &ConfidentJoint::new(&head))
    }

    #[test]
    fn enough_rows_both_ways_are_an_overlap() {
        let found = found(10, 5, 100);
        assert_eq!(found.len(), 1);
        let overlap = &found[0];
        assert_eq!((overlap.labels, overlap.rows), ([0, 1], [10, 5]));
        assert!((overlap.shares[0] - 0.1).abs() < 1e-12);
        assert!((overlap.overlap - 0.075).abs() < 1e-12);
        assert_eq!(overlap.examples, [vec![0, 1], vec![100, 101]]);
    }

    #[test]
    fn few_rows_or_one_way_only_are_none() {
        assert!(found(30, 0, 100).is_empty());
        assert!(found(30, 4, 100).is_empty());
        // Five rows are under 2 % of 251.
        assert!(found(30, 5, 251).is_empty());
        assert_eq!(found(30, 5, 250).len(), 1);
    }
}
