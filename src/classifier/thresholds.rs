//! From which confidence on a label may be suggested or acted upon, chosen on scores for rows that
//! the model was not trained on.

use serde::{Deserialize, Serialize};

use super::head::Thresholds;

/// What the thresholds are to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdParams {
    /// Share that must be right: of all predictions made, where that is in reach, and of the tickets of
    /// each label that are automated, 0 to 1.
    pub target_precision: f64,
    /// A label at least this probable is suggested even where the target is out of reach, 0 to 1.
    pub suggest_above: f64,
    /// Least number of out-of-fold rows that a threshold for automation may rest on.
    pub min_support: usize,
}

impl Default for ThresholdParams {
    fn default() -> Self {
        Self {
            target_precision: 0.95,
            suggest_above: 0.5,
            min_support: 10,
        }
    }
}

/// One out-of-fold prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Index of the label chosen.
    pub chosen: usize,
    /// Its probability.
    pub confidence: f32,
    /// Whether it was right.
    pub right: bool,
}

/// Chooses thresholds for each of `labels` labels.
///
/// A prediction is made from one confidence on that all labels share: since confidences are calibrated,
/// a common bar gives the most predictions at a given precision. It is the lowest at which the
/// predictions made reach the target, but no higher than [`ThresholdParams::suggest_above`]. A label is
/// automated from where its own predictions reach the target.
#[must_use]
pub fn choose_thresholds(
    outcomes: &[Outcome],
    labels: usize,
    params: ThresholdParams,
) -> Vec<Thresholds> {
    let all = descending(outcomes.iter());
    #[allow(clippy::cast_possible_truncation)] // a share fits
    let highest = params.suggest_above as f32;
    let reached = lowest_threshold(&all, params.target_precision, params.min_support);
    let suggest_at = reached.map_or(highest, |at| at.min(highest));
    (0..labels)
        .map(|label| {
            let own = descending(outcomes.iter().filter(|outcome| outcome.chosen == label));
            let automate_at = lowest_threshold(&own, params.target_precision, params.min_support)
                .map(|at| at.max(suggest_at));
            Thresholds {
                suggest_at,
                automate_at,
            }
        })
        .collect()
}

/// Confidences and whether they were right, highest confidence first.
fn descending<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Vec<(f32, bool)> {
    let mut rows: Vec<(f32, bool)> = outcomes
        .map(|outcome| (outcome.confidence, outcome.right))
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows
}

/// The lowest confidence at which at least `precision` of the rows at or above it are right.
fn lowest_threshold(descending: &[(f32, bool)], precision: f64, min_support: usize) -> Option<f32> {
    let mut right = 0_u32;
    let mut found = None;
    for (index, &(confidence, is_right)) in descending.iter().enumerate() {
        right += u32::from(is_right);
        let next_is_equal = descending
            .get(index + 1)
            .is_some_and(|next| next.0.total_cmp(&confidence).is_eq());
        #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
        let reached = f64::from(right) >= precision * (index + 1) as f64;
        if !next_is_equal && index + 1 >= min_support && reached {
            found = Some(confidence);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(rows: &[(f32, bool)]) -> Vec<Outcome> {
        rows.iter()
            .map(|&(confidence, right)| Outcome {
                chosen: 0,
                confidence,
                right,
            })
            .collect()
    }

    #[test]
    fn automation_starts_where_the_target_precision_still_holds() {
        // 40 right from 0.9 up, then right and wrong in turn below.
        let mut rows: Vec<(f32, bool)> = (0..40).map(|i| (0.99 - 0.002 * i as f32, true)).collect();
        rows.extend((0..40).map(|i| (0.8 - 0.01 * i as f32, i % 2 == 0)));
        let params = ThresholdParams::default();
        let [thresholds] = choose_thresholds(&outcomes(&rows), 1, params)[..] else {
            panic!("one label, one pair of thresholds");
        };
        let at = thresholds.automate_at.unwrap();
        let above: Vec<bool> = rows.iter().filter(|r| r.0 >= at).map(|r| r.1).collect();
        let right = above.iter().filter(|right| **right).count();
        assert!(right as f64 >= 0.95 * above.len() as f64);
        assert!((0.75..0.9).contains(&at), "{at}");
    }

    #[test]
    fn a_label_out_of_reach_is_only_suggested() {
        let rows: Vec<(f32, bool)> = (0..100).map(|i| (0.9, i % 2 == 0)).collect();
        let thresholds = choose_thresholds(&outcomes(&rows), 2, ThresholdParams::default());
        assert_eq!(thresholds[0].automate_at, None);
        // Never chosen, so nothing is known of it.
        assert_eq!(thresholds[1].automate_at, None);
        assert!((thresholds[1].suggest_at - 0.5).abs() < 1e-6);
    }

    #[test]
    fn predictions_are_made_down_to_where_all_of_them_together_reach_the_target() {
        // 95 right from 0.9 down, then five wrong, then wrong ones only.
        let mut rows: Vec<(f32, bool)> = (0..95).map(|i| (0.9 - 0.004 * i as f32, true)).collect();
        rows.extend((0..20).map(|i| (0.4 - 0.01 * i as f32, false)));
        let thresholds = choose_thresholds(&outcomes(&rows), 1, ThresholdParams::default());
        assert!(
            (thresholds[0].suggest_at - 0.36).abs() < 1e-6,
            "{thresholds:?}"
        );
    }

    #[test]
    fn where_the_target_is_out_of_reach_a_label_is_suggested_if_it_is_more_likely_than_not() {
        let rows: Vec<(f32, bool)> = (0..100).map(|i| (0.6, i % 2 == 0)).collect();
        let thresholds = choose_thresholds(&outcomes(&rows), 1, ThresholdParams::default());
        assert!((thresholds[0].suggest_at - 0.5).abs() < 1e-6);
    }

    #[test]
    fn equal_confidences_stand_or_fall_together() {
        // Precision holds after 19 of 30 equal rows but not after all of them.
        let rows: Vec<(f32, bool)> = (0..30).map(|i| (0.8, i < 25)).collect();
        let thresholds = choose_thresholds(&outcomes(&rows), 1, ThresholdParams::default());
        assert_eq!(thresholds[0].automate_at, None);
    }
}
