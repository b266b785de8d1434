//! Measures of urgency, whose labels are ordered: a level further off is worse, and one too low is worse
//! than one too high.

use serde::Serialize;

use super::answers::{Answer, HeadAnswers, Truth};
use super::counts::{share, to_f64};

/// Measures of a head whose labels are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OrderedMetrics {
    /// Cohen's kappa with quadratic weights (Cohen 1968).
    pub quadratic_weighted_kappa: f64,
    /// Share of rows rated lower than they are.
    pub under_call_rate: f64,
    /// Share of rows rated higher than they are.
    pub over_call_rate: f64,
    /// Share of the rows of the highest label that were rated lower.
    pub top_level_missed_rate: f64,
}

impl OrderedMetrics {
    /// Measures a head's answers; `None` if its labels are not ordered.
    #[must_use]
    pub fn new(head: &HeadAnswers) -> Option<Self> {
        if !head.ordered() {
            return None;
        }
        let answers = &head.answers;
        let top = Truth::Known(head.labels.len().saturating_sub(1));
        let highest = answers.iter().filter(|answer| answer.truth == top);
        let missed = highest.clone().filter(|answer| !answer.right());
        Some(Self {
            quadratic_weighted_kappa: kappa(answers, head.labels.len()),
            under_call_rate: rate(answers, |truth, chosen| chosen < truth),
            over_call_rate: rate(answers, |truth, chosen| chosen > truth),
            top_level_missed_rate: share(missed.count(), highest.count()),
        })
    }
}

/// 1 − Σ w·observed / Σ w·expected with w = (distance in levels)²; 0 where all rows agree by chance.
fn kappa(answers: &[Answer], levels: usize) -> f64 {
    let mut truths = vec![0.0; levels];
    let mut choices = vec![0.0; levels];
    let mut observed = 0.0;
    let mut known = 0.0;
    let squared = |a: usize, b: usize| to_f64(a.abs_diff(b)) * to_f64(a.abs_diff(b));
    for answer in answers {
        let Truth::Known(truth) = answer.truth else {
            continue;
        };
        truths[truth] += 1.0;
        choices[answer.chosen] += 1.0;
        observed += squared(truth, answer.chosen);
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

fn rate(answers: &[Answer], counts: impl Fn(usize, usize) -> bool) -> f64 {
    let hits = answers
        .iter()
        .filter(|answer| matches!(answer.truth, Truth::Known(t) if counts(t, answer.chosen)))
        .count();
    share(hits, answers.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::sample::answers;

    fn urgency(rows: &[(usize, usize, f32)]) -> OrderedMetrics {
        OrderedMetrics::new(&answers(HeadKind::Urgency, ["a", "b", "c"], rows)).unwrap()
    }

    #[test]
    fn kappa_is_one_for_agreement_and_zero_for_a_constant_guess() {
        let agree = urgency(&[(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)]);
        assert_eq!(agree.quadratic_weighted_kappa, 1.0);
        let constant = urgency(&[(0, 1, 1.0), (1, 1, 1.0), (2, 1, 1.0)]);
        assert!(constant.quadratic_weighted_kappa.abs() < 1e-12);
    }

    #[test]
    fn rates_tell_too_low_from_too_high() {
        let measures = urgency(&[(0, 1, 1.0), (1, 1, 1.0), (2, 1, 1.0), (2, 2, 1.0)]);
        assert_eq!(
            (measures.under_call_rate, measures.over_call_rate),
            (0.25, 0.25)
        );
        assert_eq!(measures.top_level_missed_rate, 0.5);
    }

    #[test]
    fn labels_without_an_order_have_no_such_measures() {
        let topic = answers(HeadKind::Topic, ["a", "b", "c"], &[(0, 1, 1.0)]);
        assert_eq!(OrderedMetrics::new(&topic), None);
    }
}
