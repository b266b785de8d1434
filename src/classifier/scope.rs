//! Whether a text is about anything that the model was trained for.
//!
//! The measure is the probability of the best topic (Hendrycks and Gimpel 2017): calibrated, it is the
//! chance that the topic is right, and a text that belongs to none has no topic that is likely. Rows
//! labelled [`OUT_OF_SCOPE`] make it better: they are learned like a topic, which never counts as the
//! best one.

use super::head::Head;

/// The topic of rows that belong to none of the others.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// Share of the tickets in scope that may be taken for out of scope: few enough to cost little coverage,
/// and those are mostly the ones whose topic would be wrong.
const LOST_SHARE: f64 = 0.02;

impl Head {
    /// The probability of the best label that is in scope, 0 to 1: the lower, the less likely it is that
    /// the text belongs to any.
    #[must_use]
    pub fn scope(&self, probabilities: &[f32]) -> f32 {
        scope(&self.labels, probabilities)
    }
}

/// As [`Head::scope`], of these labels.
#[must_use]
pub fn scope(labels: &[String], probabilities: &[f32]) -> f32 {
    labels
        .iter()
        .zip(probabilities)
        .filter(|(label, _)| *label != OUT_OF_SCOPE)
        .map(|(_, &probability)| probability)
        .fold(0.0, f32::max)
}

/// The bar below which a text is out of scope, from out-of-fold scores of rows in scope and of rows
/// labelled out of scope. Without the latter, one in fifty rows in scope falls below it; with them, it is
/// where the share of rows caught less the share of rows lost is largest (Youden 1950).
#[must_use]
pub fn choose_bar(in_scope: &[f32], out_of_scope: &[f32]) -> f32 {
    let mut known = in_scope.to_vec();
    known.sort_by(f32::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    let lost = (known.len() as f64 * LOST_SHARE) as usize;
    let bar = known.get(lost).copied().unwrap_or(0.0);
    if out_of_scope.is_empty() {
        return bar;
    }
    let mut unknown = out_of_scope.to_vec();
    unknown.sort_by(f32::total_cmp);
    let share_below = |sorted: &[f32], at: f32| {
        #[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
        let share = sorted.partition_point(|score| *score < at) as f64 / sorted.len().max(1) as f64;
        share
    };
    let gain = |at: f32| share_below(&unknown, at) - share_below(&known, at);
    known
        .iter()
        .copied()
        .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.total_cmp(&a)))
        .unwrap_or(bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_for_everything_else_is_never_the_best_one() {
        let labels = ["a", OUT_OF_SCOPE, "b"].map(str::to_owned);
        assert_eq!(scope(&labels, &[0.1, 0.7, 0.2]), 0.2);
    }

    #[test]
    fn one_row_in_fifty_is_given_up() {
        let scores: Vec<f32> = (0..100).map(|i| i as f32 / 100.0).collect();
        assert_eq!(choose_bar(&scores, &[]), 0.02);
        assert_eq!(choose_bar(&[], &[]), 0.0);
    }

    #[test]
    fn rows_out_of_scope_move_the_bar_between_both_kinds() {
        let known = [0.3, 0.6, 0.7, 0.8, 0.9];
        let unknown = [0.1, 0.2, 0.4, 0.5];
        // All four are caught for one of five lost.
        assert_eq!(choose_bar(&known, &unknown), 0.6);
    }
}
