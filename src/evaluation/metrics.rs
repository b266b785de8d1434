//! Measures of one head's predictions against the true labels.
//!
//! Accuracy, F1, kappa and the urgency rates are of the label chosen; log loss is of the
//! probabilities; expected calibration error is of the most probable label.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::classifier::head::most_probable;

/// Number of equal-width bins of the expected calibration error.
const CALIBRATION_BINS: usize = 15;
/// Probabilities are kept this far from 0 in the log loss.
const SMALLEST_PROBABILITY: f64 = 1e-12;
/// Number of confusions and labels listed as the worst.
const WORST: usize = 10;

/// One row's truth and what the model said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Index of the true label; `None` if the model does not know the label.
    pub truth: Option<usize>,
    /// Index of the label chosen.
    pub chosen: usize,
    /// Index of the most probable label.
    pub most_probable: usize,
    /// The most probable label's probability.
    pub confidence: f32,
    /// Probability given to the true label, 0 if unknown.
    pub truth_probability: f32,
}

/// Measures of one head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadMetrics {
    /// Rows with a label for this head.
    pub rows: usize,
    /// Share of rows whose label was chosen.
    pub accuracy: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Mean of the labels' F1 weighted by their rows.
    pub weighted_f1: f64,
    /// Mean negative natural logarithm of the true label's probability.
    pub log_loss: f64,
    /// Expected calibration error over 15 equal-width bins (Naeini, Cooper and Hauskrecht 2015).
    pub expected_calibration_error: f64,
    /// Ordered heads: Cohen's kappa with quadratic weights (Cohen 1968).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quadratic_weighted_kappa: Option<f64>,
    /// Ordered heads: share of rows rated lower than they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under_call_rate: Option<f64>,
    /// Ordered heads: share of rows rated higher than they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_call_rate: Option<f64>,
    /// Ordered heads: share of the rows of the highest label that were rated lower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_level_missed_rate: Option<f64>,
    /// Measures of each label that occurs as truth or prediction.
    pub labels: BTreeMap<String, LabelMetrics>,
    /// The pairs taken for each other most often, most frequent first.
    pub worst_confusions: Vec<Confusion>,
}

/// Measures of one label.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelMetrics {
    /// Rows that carry the label.
    pub rows: usize,
    /// Rows for which it was chosen.
    pub predicted: usize,
    /// Share of the rows for which it was chosen that carry it; 0 if it was never chosen.
    pub precision: f64,
    /// Share of the rows that carry it for which it was chosen; 0 without rows.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
}

/// A true label and the one chosen in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The true label.
    pub truth: String,
    /// The label chosen.
    pub chosen: String,
    /// In how many rows.
    pub rows: usize,
}

impl Scored {
    /// A row whose label was chosen from these probabilities.
    #[must_use]
    pub fn new(truth: Option<usize>, probabilities: &[f32], chosen: usize) -> Self {
        let most_probable = most_probable(probabilities);
        Self {
            truth,
            chosen,
            most_probable,
            confidence: probabilities[most_probable],
            truth_probability: truth.map_or(0.0, |truth| probabilities[truth]),
        }
    }
}

impl HeadMetrics {
    /// Measures rows of one head. `unknown` gives the label of a row whose truth the model does
    /// not know, by position; such a row counts as wrong.
    #[must_use]
    pub fn new(
        rows: &[Scored],
        labels: &[String],
        ordered: bool,
        unknown: impl Fn(usize) -> String,
    ) -> Self {
        let mut confusion: BTreeMap<(String, usize), usize> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            let truth = match row.truth {
                Some(index) => labels[index].clone(),
                None => unknown(position),
            };
            *confusion.entry((truth, row.chosen)).or_default() += 1;
        }
        let by_label = label_metrics(&confusion, labels);
        let support: usize = by_label.values().map(|label| label.rows).sum();
        let right = rows
            .iter()
            .filter(|row| row.truth == Some(row.chosen))
            .count();
        let weighted: f64 = by_label.values().map(|l| l.f1 * to_f64(l.rows)).sum();
        Self {
            rows: rows.len(),
            accuracy: share(right, rows.len()),
            macro_f1: by_label.values().map(|label| label.f1).sum::<f64>()
                / to_f64(by_label.len().max(1)),
            weighted_f1: weighted / to_f64(support.max(1)),
            // Taken from zero, so that a loss of nothing is not printed as -0.
            log_loss: 0.0
                - rows
                    .iter()
                    .map(|row| {
                        libm::log(f64::from(row.truth_probability).max(SMALLEST_PROBABILITY))
                    })
                    .sum::<f64>()
                    / to_f64(rows.len().max(1)),
            expected_calibration_error: expected_calibration_error(rows),
            quadratic_weighted_kappa: ordered.then(|| kappa(rows, labels.len())),
            under_call_rate: ordered.then(|| rate(rows, |truth, chosen| chosen < truth)),
            over_call_rate: ordered.then(|| rate(rows, |truth, chosen| chosen > truth)),
            top_level_missed_rate: ordered.then(|| {
                let top = labels.len().saturating_sub(1);
                let all = rows.iter().filter(|row| row.truth == Some(top)).count();
                let missed = rows
                    .iter()
                    .filter(|row| row.truth == Some(top) && row.chosen < top)
                    .count();
                share(missed, all)
            }),
            labels: by_label,
            worst_confusions: worst_confusions(&confusion, labels),
        }
    }

    /// The labels with the lowest F1, worst first.
    #[must_use]
    pub fn worst_labels(&self) -> Vec<(&str, &LabelMetrics)> {
        let mut all: Vec<_> = self
            .labels
            .iter()
            .map(|(name, metrics)| (name.as_str(), metrics))
            .collect();
        all.sort_by(|a, b| a.1.f1.total_cmp(&b.1.f1).then(a.0.cmp(b.0)));
        all.truncate(WORST);
        all
    }
}

fn label_metrics(
    confusion: &BTreeMap<(String, usize), usize>,
    labels: &[String],
) -> BTreeMap<String, LabelMetrics> {
    let mut by_label: BTreeMap<String, LabelMetrics> = BTreeMap::new();
    let mut right: BTreeMap<&str, usize> = BTreeMap::new();
    for ((truth, chosen), &count) in confusion {
        by_label.entry(truth.clone()).or_default().rows += count;
        by_label
            .entry(labels[*chosen].clone())
            .or_default()
            .predicted += count;
        if *truth == labels[*chosen] {
            *right.entry(truth).or_default() += count;
        }
    }
    for (name, metrics) in &mut by_label {
        let right = right.get(name.as_str()).copied().unwrap_or(0);
        metrics.precision = share(right, metrics.predicted);
        metrics.recall = share(right, metrics.rows);
        metrics.f1 = share(2 * right, metrics.predicted + metrics.rows);
    }
    by_label
}

fn worst_confusions(
    confusion: &BTreeMap<(String, usize), usize>,
    labels: &[String],
) -> Vec<Confusion> {
    let mut wrong: Vec<Confusion> = confusion
        .iter()
        .filter(|((truth, chosen), _)| *truth != labels[*chosen])
        .map(|((truth, chosen), &rows)| Confusion {
            truth: truth.clone(),
            chosen: labels[*chosen].clone(),
            rows,
        })
        .collect();
    wrong.sort_by(|a, b| (b.rows, &a.truth, &a.chosen).cmp(&(a.rows, &b.truth, &b.chosen)));
    wrong.truncate(WORST);
    wrong
}

fn expected_calibration_error(rows: &[Scored]) -> f64 {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); CALIBRATION_BINS];
    for row in rows {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss
        )]
        let bin = ((row.confidence * CALIBRATION_BINS as f32) as usize).min(CALIBRATION_BINS - 1);
        let (count, confidence, right) = &mut bins[bin];
        *count += 1;
        *confidence += f64::from(row.confidence);
        *right += usize::from(row.truth == Some(row.most_probable));
    }
    bins.iter()
        .map(|&(_, confidence, right)| (confidence - to_f64(right)).abs())
        .sum::<f64>()
        / to_f64(rows.len().max(1))
}

/// 1 − Σ w·observed / Σ w·expected with w = (distance in levels)²; 0 where all rows agree by chance.
fn kappa(rows: &[Scored], levels: usize) -> f64 {
    let mut truths = vec![0.0; levels];
    let mut choices = vec![0.0; levels];
    let mut observed = 0.0;
    let mut known = 0.0;
    let squared = |a: usize, b: usize| to_f64(a.abs_diff(b)) * to_f64(a.abs_diff(b));
    for row in rows {
        let Some(truth) = row.truth else { continue };
        truths[truth] += 1.0;
        choices[row.chosen] += 1.0;
        observed += squared(truth, row.chosen);
        known += 1.0;
    }
    let expected: f64 = (0..levels)
        .flat_map(|a| (0..levels).map(move |b| (a, b)))
        .map(|(a, b)| squared(a, b) * truths[a] * choices[b] / f64::max(known, 1.0))
        .sum();
    if expected > 0.0 {
        1.0 - observed / expected
    } else {
        0.0
    }
}

fn rate(rows: &[Scored], counts: impl Fn(usize, usize) -> bool) -> f64 {
    let hits = rows
        .iter()
        .filter(|row| row.truth.is_some_and(|truth| counts(truth, row.chosen)))
        .count();
    share(hits, rows.len())
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        to_f64(part) / to_f64(whole)
    }
}

#[allow(clippy::cast_precision_loss)] // row counts are far below 2^52
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(truth: usize, chosen: usize, confidence: f32) -> Scored {
        Scored {
            truth: Some(truth),
            chosen,
            most_probable: chosen,
            confidence,
            truth_probability: if truth == chosen {
                confidence
            } else {
                1.0 - confidence
            },
        }
    }

    fn metrics(rows: &[Scored], ordered: bool) -> HeadMetrics {
        let labels: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        HeadMetrics::new(rows, &labels, ordered, |_| "?".to_owned())
    }

    #[test]
    fn measures_of_a_small_table_by_hand() {
        let rows = [
            scored(0, 0, 0.9),
            scored(0, 0, 0.8),
            scored(0, 1, 0.6),
            scored(1, 1, 0.7),
        ];
        let m = metrics(&rows, false);
        assert!((m.accuracy - 0.75).abs() < 1e-12);
        // a: precision 1, recall 2/3, F1 0.8; b: precision 1/2, recall 1, F1 2/3.
        assert!((m.labels["a"].f1 - 0.8).abs() < 1e-12);
        assert!((m.macro_f1 - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((m.weighted_f1 - (0.8 * 3.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
        let loss = -(0.9_f64.ln() + 0.8_f64.ln() + 0.4_f64.ln() + 0.7_f64.ln()) / 4.0;
        assert!((m.log_loss - loss).abs() < 1e-6);
        assert_eq!(m.worst_confusions[0].rows, 1);
        assert!(m.quadratic_weighted_kappa.is_none());
    }

    #[test]
    fn calibration_error_is_the_gap_between_saying_and_being() {
        // Ten rows say 0.95, eight are right: one bin, a gap of 0.15.
        let rows: Vec<Scored> = (0..10)
            .map(|i| scored(usize::from(i >= 8), 0, 0.95))
            .collect();
        assert!((metrics(&rows, false).expected_calibration_error - 0.15).abs() < 1e-6);
    }

    #[test]
    fn kappa_is_one_for_agreement_and_zero_for_a_constant_guess() {
        let agree = [scored(0, 0, 1.0), scored(1, 1, 1.0), scored(2, 2, 1.0)];
        assert_eq!(metrics(&agree, true).quadratic_weighted_kappa, Some(1.0));
        let constant = [scored(0, 1, 1.0), scored(1, 1, 1.0), scored(2, 1, 1.0)];
        let m = metrics(&constant, true);
        assert!(m.quadratic_weighted_kappa.unwrap().abs() < 1e-12);
        assert!((m.under_call_rate.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(m.top_level_missed_rate, Some(1.0));
    }

    #[test]
    fn a_label_the_model_does_not_know_counts_as_wrong() {
        let mut row = scored(0, 0, 0.9);
        row.truth = None;
        row.truth_probability = 0.0;
        let m = metrics(&[row], false);
        assert_eq!(m.accuracy, 0.0);
        assert_eq!(m.labels["?"].rows, 1);
    }
}
