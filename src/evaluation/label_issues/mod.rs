//! Label issues: rows whose given label out-of-fold scores speak against, ranked, and labels that
//! overlap, by confident learning (Northcutt, Jiang and Chuang 2021, JAIR 70).
//!
//! The scores must be out of fold: a model that was trained on a row has learned its label by heart.

mod joint;
mod overlap;

pub use joint::ConfidentJoint;
pub use overlap::{LEAST_PERCENT, LEAST_ROWS, LabelOverlap};

use std::cmp::Ordering;

use super::{HeadAnswers, Truth};

/// What the labels of one head suffer from.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelIssues {
    /// All rows, the most suspicious first: by self-confidence, ascending.
    pub ranking: Vec<RankedRow>,
    /// How many rows are estimated to be mislabelled, by the confident joint. Rows that are only
    /// hard count too, so with a weak model it is more of an upper bound.
    pub estimated_errors: usize,
    /// Labels that overlap, most first.
    pub overlaps: Vec<LabelOverlap>,
}

/// A row, the label that it was given, and the one that the scores suggest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedRow {
    /// Index of the row among the texts.
    pub row: usize,
    /// Index of the label given.
    pub given: usize,
    /// Index of the most probable label other than that.
    pub suggested: usize,
    /// The self-confidence: the out-of-fold probability of the label given.
    pub given_probability: f32,
    /// The out-of-fold probability of the label suggested.
    pub suggested_probability: f32,
}

impl LabelIssues {
    /// Looks through a head's out-of-fold answers. Rows with a label that the model does not know
    /// are left out.
    ///
    /// The ranking is by self-confidence, with which the paper's "prune by class" ranks; its other
    /// one, the margin to the next label, and both of them relative to the labels' thresholds, found
    /// fewer flipped labels on the average over the heads of the sample help desk.
    #[must_use]
    pub fn new(head: &HeadAnswers) -> Self {
        let joint = ConfidentJoint::new(head);
        Self {
            ranking: ranking(head),
            estimated_errors: joint.estimated_errors(),
            overlaps: overlap::overlaps(head, &joint),
        }
    }

    /// The rows that look mislabelled, most suspicious first: as many of the ranking as are estimated
    /// to be wrong, without those whose given label is the most probable one all the same.
    pub fn flagged(&self) -> impl Iterator<Item = &RankedRow> {
        self.ranking
            .iter()
            .take(self.estimated_errors)
            .filter(|row| row.suggested_probability > row.given_probability)
    }
}

fn ranking(head: &HeadAnswers) -> Vec<RankedRow> {
    let mut ranking: Vec<RankedRow> = head
        .iter()
        .filter_map(|(answer, probabilities)| {
            let Truth::Known(given) = answer.truth else {
                return None;
            };
            let others = probabilities.iter().copied().enumerate();
            let (suggested, suggested_probability) = others
                .filter(|(label, _)| *label != given)
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
            Some(RankedRow {
                row: answer.row,
                given,
                suggested,
                given_probability: probabilities[given],
                suggested_probability,
            })
        })
        .collect();
    ranking.sort_by(more_suspicious);
    ranking
}

/// Less self-confidence first; of equals the one with the more probable suggestion, then by row.
fn more_suspicious(a: &RankedRow, b: &RankedRow) -> Ordering {
    let by_given = a.given_probability.total_cmp(&b.given_probability);
    let by_suggested = b.suggested_probability.total_cmp(&a.suggested_probability);
    by_given.then(by_suggested).then(a.row.cmp(&b.row))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::joint::tests::{head, one_error_each_way};
    use super::*;

    #[test]
    fn the_least_self_confident_row_comes_first_with_the_most_probable_other_label() {
        let rows: [(usize, &[f32]); 5] = [
            (0, &[0.6, 0.3, 0.1]),
            (1, &[0.7, 0.1, 0.2]),
            (1, &[0.1, 0.1, 0.8]),
            (2, &[0.3, 0.3, 0.4]),
            (1, &[0.7, 0.1, 0.2]),
        ];
        let issues = LabelIssues::new(&head(3, &rows));
        let found: Vec<_> = issues
            .ranking
            .iter()
            .map(|row| (row.row, row.given, row.suggested))
            .collect();
        // The last row has two other labels of the same probability: the first of them.
        assert_eq!(
            found,
            [(2, 1, 2), (1, 1, 0), (4, 1, 0), (3, 2, 0), (0, 0, 1)]
        );
    }

    #[test]
    fn as_many_rows_are_flagged_as_are_estimated_to_be_wrong() {
        let issues = LabelIssues::new(&one_error_each_way());
        let flagged: Vec<usize> = issues.flagged().map(|row| row.row).collect();
        assert_eq!(flagged, [5, 2]);
    }

    #[test]
    fn a_row_whose_given_label_is_the_most_probable_is_not_flagged() {
        let mut issues = LabelIssues::new(&head(2, &[(0, &[0.6, 0.4]), (1, &[0.7, 0.3])]));
        issues.estimated_errors = 2;
        assert_eq!(issues.flagged().map(|row| row.row).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_label_that_the_model_does_not_know_is_left_out() {
        let mut answers = head(2, &[(0, &[0.6, 0.4]), (1, &[0.7, 0.3])]);
        answers.answers[0].truth = Truth::Unknown("c".into());
        let rows: Vec<usize> = LabelIssues::new(&answers)
            .ranking
            .iter()
            .map(|row| row.row)
            .collect();
        assert_eq!(rows, [1]);
    }

    fn rows() -> impl Strategy<Value = Vec<(usize, Vec<f32>)>> {
        // Coarse numbers, so that many are equal.
        let row = (0_usize..4, prop::collection::vec(0_u8..5, 4));
        prop::collection::vec(row, 0..60).prop_map(|rows| {
            rows.into_iter()
                .map(|(given, parts)| {
                    let sum: f32 = parts.iter().map(|&part| f32::from(part)).sum();
                    let share = |&part: &u8| f32::from(part) / sum.max(1.0);
                    (given, parts.iter().map(share).collect())
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_ranking_is_an_ordered_permutation_and_always_the_same(rows in rows()) {
            let borrowed: Vec<(usize, &[f32])> =
                rows.iter().map(|(given, p)| (*given, p.as_slice())).collect();
            let answers = head(4, &borrowed);
            let issues = LabelIssues::new(&answers);
            let mut seen: Vec<usize> = issues.ranking.iter().map(|row| row.row).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..rows.len()).collect::<Vec<_>>());
            prop_assert!(issues.ranking.is_sorted_by(|a, b| a.given_probability <= b.given_probability));
            prop_assert!(issues.ranking.iter().all(|row| row.given != row.suggested));
            prop_assert!(issues.estimated_errors <= rows.len());
            prop_assert!(issues.flagged().count() <= issues.estimated_errors);
            prop_assert_eq!(&issues, &LabelIssues::new(&answers));
        }
    }
}
