//! Measures of one head's predictions against the true labels.
//!
//! Accuracy and F1 are of the label chosen; log loss is of the probabilities. Calibration, the order of
//! urgencies and areas have measures of their own beside this file.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{HeadAnswers, Truth};
use super::area::AreaMetrics;
use super::calibration::expected_calibration_error;
use super::counts::{share, to_f64};
use super::ordered::OrderedMetrics;

/// Probabilities are kept this far from 0 in the log loss.
const SMALLEST_PROBABILITY: f64 = 1e-12;
/// Number of confusions and labels listed as the worst.
const WORST: usize = 10;

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
    /// Share of rows for which a prediction was made.
    pub coverage: f64,
    /// Share of those predictions that were right; 0 if none was made.
    pub precision_when_made: f64,
    /// Share of rows whose label may be acted on without a person.
    pub automated: f64,
    /// Share of those that were right; 0 if there were none.
    pub precision_when_automated: f64,
    /// Ordered heads: how far off the levels are.
    #[serde(flatten)]
    pub ordered: Option<OrderedMetrics>,
    /// Topics that are paths: measures of their areas.
    #[serde(flatten)]
    pub areas: Option<AreaMetrics>,
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

impl HeadMetrics {
    /// Measures the answers of one head.
    #[must_use]
    pub fn new(head: &HeadAnswers) -> Self {
        let answers = &head.answers;
        let labels = &head.labels;
        let mut confusion: BTreeMap<(String, usize), usize> = BTreeMap::new();
        for answer in answers {
            let truth = head.truth_of(answer).to_owned();
            *confusion.entry((truth, answer.chosen)).or_default() += 1;
        }
        let by_label = label_metrics(&confusion, labels);
        let support: usize = by_label.values().map(|label| label.rows).sum();
        let right = answers.iter().filter(|answer| answer.right()).count();
        let made = answers.iter().filter(|answer| answer.made).count();
        let right_when_made = answers.iter().filter(|a| a.made && a.right()).count();
        let automated = answers.iter().filter(|answer| answer.automated).count();
        let right_when_automated = answers.iter().filter(|a| a.automated && a.right()).count();
        let weighted: f64 = by_label.values().map(|l| l.f1 * to_f64(l.rows)).sum();
        Self {
            rows: answers.len(),
            accuracy: share(right, answers.len()),
            macro_f1: by_label.values().map(|label| label.f1).sum::<f64>()
                / to_f64(by_label.len().max(1)),
            weighted_f1: weighted / to_f64(support.max(1)),
            log_loss: log_loss(head),
            expected_calibration_error: expected_calibration_error(head),
            coverage: share(made, answers.len()),
            precision_when_made: share(right_when_made, made),
            automated: share(automated, answers.len()),
            precision_when_automated: share(right_when_automated, automated),
            ordered: OrderedMetrics::new(head),
            areas: AreaMetrics::new(head),
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

/// Mean of −ln p(truth).
fn log_loss(head: &HeadAnswers) -> f64 {
    let sum: f64 = head
        .iter()
        .map(|(answer, probabilities)| {
            let at_truth = match answer.truth {
                Truth::Known(index) => f64::from(probabilities[index]),
                Truth::Unknown(_) => 0.0,
            };
            libm::log(at_truth.max(SMALLEST_PROBABILITY))
        })
        .sum();
    // Taken from zero, so that a loss of nothing is not printed as -0.
    0.0 - sum / to_f64(head.answers.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::sample;

    fn answers(rows: &[(usize, usize, f32)], kind: HeadKind) -> HeadAnswers {
        sample::answers(kind, ["a", "b", "c"], rows)
    }

    fn topic(rows: &[(usize, usize, f32)]) -> HeadMetrics {
        HeadMetrics::new(&answers(rows, HeadKind::Topic))
    }

    #[test]
    fn measures_of_a_small_table_by_hand() {
        let m = topic(&[(0, 0, 0.9), (0, 0, 0.8), (0, 1, 0.6), (1, 1, 0.7)]);
        assert!((m.accuracy - 0.75).abs() < 1e-12);
        // a: precision 1, recall 2/3, F1 0.8; b: precision 1/2, recall 1, F1 2/3.
        assert!((m.labels["a"].f1 - 0.8).abs() < 1e-12);
        assert!((m.macro_f1 - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((m.weighted_f1 - (0.8 * 3.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
        let loss = -(0.9_f64.ln() + 0.8_f64.ln() + 0.4_f64.ln() + 0.7_f64.ln()) / 4.0;
        assert!((m.log_loss - loss).abs() < 1e-6);
        assert_eq!(m.worst_confusions[0].rows, 1);
        assert!(m.ordered.is_none());
    }

    #[test]
    fn coverage_and_precision_count_predictions_that_were_made() {
        let m = topic(&[(0, 0, 0.9), (0, 1, 0.8), (0, 1, 0.6), (1, 1, 0.7)]);
        assert!((m.coverage - 0.75).abs() < 1e-12);
        assert!((m.precision_when_made - 2.0 / 3.0).abs() < 1e-12);
        assert!((m.automated - 0.25).abs() < 1e-12);
        assert!((m.precision_when_automated - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_label_the_model_does_not_know_counts_as_wrong() {
        let mut head = answers(&[(0, 0, 0.9)], HeadKind::Topic);
        head.answers[0].truth = Truth::Unknown("?".to_owned());
        let m = HeadMetrics::new(&head);
        assert_eq!(m.accuracy, 0.0);
        assert_eq!(m.labels["?"].rows, 1);
    }
}
