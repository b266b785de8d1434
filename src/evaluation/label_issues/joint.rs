//! The confident joint: how many rows given one label confidently look like another.
//!
//! Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
//! Journal of Artificial Intelligence Research 70 (2021), sections 3.1 and 3.2.

use ndarray::Array2;

use crate::evaluation::counts::to_f64;
use crate::evaluation::{HeadAnswers, Truth};

/// A probability this little under a threshold still reaches it: the mean of equal probabilities may
/// be rounded above them.
const ROUNDING: f64 = 1e-6;

/// Counts of rows by the label given and the label that they confidently look like.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidentJoint {
    /// For each label the mean self-confidence of the rows given it, tⱼ = mean of p(j | x) over the
    /// rows x given j (equation 2); infinite for a label that no row was given.
    pub thresholds: Vec<f64>,
    /// Rows given each label.
    pub given: Vec<usize>,
    /// `counts[[i, j]]`: the rows given `i` that confidently look like `j` (equation 1).
    pub counts: Array2<usize>,
    /// The label that each answer confidently looks like: of those whose threshold its probability
    /// reaches, the most probable one; `None` where it reaches none.
    pub looks_like: Vec<Option<usize>>,
}

impl ConfidentJoint {
    /// Counts a head's out-of-fold answers. Rows with a label that the model does not know are not
    /// counted.
    #[must_use]
    pub fn new(head: &HeadAnswers) -> Self {
        let labels = head.labels.len();
        let mut sums = vec![0.0; labels];
        let mut given = vec![0; labels];
        for (answer, probabilities) in head.iter() {
            if let Truth::Known(label) = answer.truth {
                sums[label] += f64::from(probabilities[label]);
                given[label] += 1;
            }
        }
        let thresholds: Vec<f64> = sums
            .iter()
            .zip(&given)
            .map(|(&sum, &rows)| match rows {
                0 => f64::INFINITY,
                _ => sum / to_f64(rows),
            })
            .collect();
        let mut counts = Array2::zeros((labels, labels));
        let mut looks_like = Vec::with_capacity(head.answers.len());
        for (answer, probabilities) in head.iter() {
            let mut best: Option<(usize, f32)> = None;
            for (label, (&own, &threshold)) in probabilities.iter().zip(&thresholds).enumerate() {
                if f64::from(own) >= threshold - ROUNDING && best.is_none_or(|(_, p)| own > p) {
                    best = Some((label, own));
                }
            }
            let best = best.map(|(label, _)| label);
            if let (Truth::Known(label), Some(other)) = (&answer.truth, best) {
                counts[[*label, other]] += 1;
            }
            looks_like.push(best);
        }
        Self {
            thresholds,
            given,
            counts,
            looks_like,
        }
    }

    /// The estimated number of rows whose label is wrong: the mass off the diagonal once each row of
    /// the joint is scaled to all rows given its label (equation 3, times the number of rows), rounded.
    /// A label of which no row was counted adds none.
    #[must_use]
    pub fn estimated_errors(&self) -> usize {
        let errors: f64 = self
            .counts
            .outer_iter()
            .zip(&self.given)
            .enumerate()
            .map(|(label, (counts, &rows))| {
                let counted: usize = counts.sum();
                let elsewhere = counted - counts[label];
                to_f64(rows) * to_f64(elsewhere) / to_f64(counted.max(1))
            })
            .sum();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // 0 to the number of rows
        let errors = errors.round() as usize;
        errors
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::Answer;

    /// Answers of a head with labels a, b, … to rows 0, 1, …: each the label given and its
    /// probabilities.
    pub(in crate::evaluation::label_issues) fn head(
        labels: usize,
        rows: &[(usize, &[f32])],
    ) -> HeadAnswers {
        let flat: Vec<f32> = rows.iter().flat_map(|(_, p)| p.iter().copied()).collect();
        HeadAnswers {
            kind: HeadKind::Topic,
            labels: ('a'..).take(labels).map(String::from).collect(),
            answers: rows
                .iter()
                .enumerate()
                .map(|(row, (given, _))| Answer {
                    row,
                    truth: Truth::Known(*given),
                    chosen: 0,
                    made: false,
                    automated: false,
                    area_fallback: false,
                })
                .collect(),
            probabilities: Array2::from_shape_vec((rows.len(), labels), flat).unwrap(),
        }
    }

    /// Three rows given a and three given b, of which one each looks like the other.
    pub(in crate::evaluation::label_issues) fn one_error_each_way() -> HeadAnswers {
        let rows: [(usize, &[f32]); 6] = [
            (0, &[0.9, 0.1]),
            (0, &[0.8, 0.2]),
            (0, &[0.1, 0.9]),
            (1, &[0.25, 0.75]),
            (1, &[0.25, 0.75]),
            (1, &[1.0, 0.0]),
        ];
        head(2, &rows)
    }

    #[test]
    fn the_joint_of_six_rows_by_hand() {
        // Thresholds: a (0.9 + 0.8 + 0.1) / 3 = 0.6, b (0.75 + 0.75 + 0.0) / 3 = 0.5.
        let joint = ConfidentJoint::new(&one_error_each_way());
        assert!((joint.thresholds[0] - 0.6).abs() < 1e-6);
        assert!((joint.thresholds[1] - 0.5).abs() < 1e-6);
        assert_eq!(joint.counts, ndarray::arr2(&[[2, 1], [1, 2]]));
        assert_eq!(joint.estimated_errors(), 2);
    }

    #[test]
    fn rows_that_reach_no_threshold_are_not_counted_but_scaled_to() {
        // Thresholds: a (0.9 + 0.5 + 0.4 + 0.2) / 4 = 0.5, b 0.6, c 0.7. The third row reaches none.
        // The first reaches a and, were it counted twice, no other.
        let rows: [(usize, &[f32]); 6] = [
            (0, &[0.9, 0.1, 0.0]),
            (0, &[0.5, 0.3, 0.2]),
            (0, &[0.4, 0.3, 0.3]),
            (0, &[0.2, 0.8, 0.0]),
            (1, &[0.3, 0.6, 0.1]),
            (2, &[0.1, 0.2, 0.7]),
        ];
        let joint = ConfidentJoint::new(&head(3, &rows));
        assert_eq!(joint.looks_like[2], None);
        assert_eq!(
            joint.counts,
            ndarray::arr2(&[[2, 1, 0], [0, 1, 0], [0, 0, 1]])
        );
        // A third of a's four rows: 4/3.
        assert_eq!(joint.estimated_errors(), 1);
    }

    #[test]
    fn of_two_thresholds_reached_the_greater_probability_counts_and_of_equals_the_first() {
        // Thresholds: a 0.4, b 0.45.
        let rows: [(usize, &[f32]); 4] = [
            (0, &[0.4, 0.6]),
            (0, &[0.4, 0.6]),
            (1, &[0.6, 0.4]),
            (1, &[0.5, 0.5]),
        ];
        let joint = ConfidentJoint::new(&head(2, &rows));
        assert_eq!(joint.looks_like, [Some(1), Some(1), Some(0), Some(0)]);
    }

    #[test]
    fn equal_probabilities_reach_their_own_mean() {
        let rows: Vec<(usize, &[f32])> = vec![(0, &[0.7, 0.3]); 7];
        let joint = ConfidentJoint::new(&head(2, &rows));
        assert_eq!(joint.counts[[0, 0]], 7);
        assert!(joint.thresholds[1].is_infinite());
        assert_eq!(joint.estimated_errors(), 0);
    }

    #[test]
    fn unknown_labels_and_no_rows_count_nothing() {
        let mut unknown = head(2, &[(0, &[0.7, 0.3])]);
        unknown.answers[0].truth = Truth::Unknown("z".into());
        for head in [unknown, head(2, &[])] {
            let joint = ConfidentJoint::new(&head);
            assert_eq!((joint.counts.sum(), joint.estimated_errors()), (0, 0));
        }
    }
}
