//! From which confidence on a label may be suggested or acted upon, chosen on scores for rows that
//! the model was not trained on.

use serde::{Deserialize, Serialize};

use super::head::Thresholds;

/// What the thresholds are to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdParams {
    /// Share of automated tickets that must be right, 0 to 1.
    pub target_precision: f64,
    /// Share that must be right among the tickets for which a label is suggested at all, 0 to 1.
    pub suggest_precision: f64,
    /// Least number of out-of-fold rows that a threshold for automation may rest on.
    pub min_support: usize,
}

impl Default for ThresholdParams {
    fn default() -> Self {
        Self {
            target_precision: 0.95,
            suggest_precision: 0.5,
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
#[must_use]
pub fn choose_thresholds(
    outcomes: &[Outcome],
    labels: usize,
    params: ThresholdParams,
) -> Vec<Thresholds> {
    (0..labels)
        .map(|label| {
            let mut own: Vec<(f32, bool)> = outcomes
                .iter()
                .filter(|outcome| outcome.chosen == label)
                .map(|outcome| (outcome.confidence, outcome.right))
                .collect();
            own.sort_by(|a, b| b.0.total_cmp(&a.0));
            let automate_at = lowest_threshold(&own, params.target_precision, params.min_support);
            // The best part of the label's rows sets the rule even where all of them fall short.
            let suggest_at = lowest_marginal(&own, params.suggest_precision);
            Thresholds {
                suggest_at: automate_at.map_or(suggest_at, |at| suggest_at.min(at)),
                automate_at,
            }
        })
        .collect()
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

/// The confidence below which a label is right less often than `precision`: since confidences are
/// calibrated, that is the precision itself, lowered where the label's rows show that it is right
/// more often than it says.
fn lowest_marginal(descending: &[(f32, bool)], precision: f64) -> f32 {
    const WINDOW: usize = 20;
    #[allow(clippy::cast_possible_truncation)] // a share fits
    let mut at = precision as f32;
    for window in descending.windows(WINDOW) {
        let right = window.iter().filter(|(_, right)| *right).count();
        #[allow(clippy::cast_precision_loss)] // at most WINDOW
        if let Some(last) = window.last()
            && last.0 < at
            && right as f64 >= precision * WINDOW as f64
        {
            at = last.0;
        }
    }
    at
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
    fn a_label_that_is_right_more_often_than_it_says_is_suggested_earlier() {
        let rows: Vec<(f32, bool)> = (0..60)
            .map(|i| (0.5 - 0.005 * i as f32, i % 10 != 0))
            .collect();
        let thresholds = choose_thresholds(&outcomes(&rows), 1, ThresholdParams::default());
        assert!(thresholds[0].suggest_at < 0.3, "{thresholds:?}");
    }

    #[test]
    fn equal_confidences_stand_or_fall_together() {
        // Precision holds after 19 of 30 equal rows but not after all of them.
        let rows: Vec<(f32, bool)> = (0..30).map(|i| (0.8, i < 25)).collect();
        let thresholds = choose_thresholds(&outcomes(&rows), 1, ThresholdParams::default());
        assert_eq!(thresholds[0].automate_at, None);
    }
}
