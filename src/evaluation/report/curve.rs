//! Precision against coverage: how many of the answers at or above each confidence are right.

use crate::classifier::Thresholds;
use crate::evaluation::HeadAnswers;
use crate::evaluation::counts::share;

/// All answers at or above one confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CurvePoint {
    /// The least confidence among them.
    pub(super) confidence: f32,
    /// How many they are.
    pub(super) rows: usize,
    /// How many of them are right.
    pub(super) right: usize,
}

impl CurvePoint {
    pub(super) fn precision(self) -> f64 {
        share(self.right, self.rows)
    }
}

/// One answer's confidence in the label chosen, and whether it was right.
pub(super) type Outcome = (f32, bool);

/// The outcomes of a head's answers, by the label chosen.
pub(super) fn outcomes_by_label(head: &HeadAnswers) -> Vec<Vec<Outcome>> {
    let mut by_label = vec![Vec::new(); head.labels.len()];
    for (answer, probabilities) in head.iter() {
        by_label[answer.chosen].push((probabilities[answer.chosen], answer.right()));
    }
    by_label
}

/// From the most confident answer to all of them; equal confidences make one point.
pub(super) fn curve(outcomes: impl IntoIterator<Item = Outcome>) -> Vec<CurvePoint> {
    let mut sorted: Vec<Outcome> = outcomes.into_iter().collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points: Vec<CurvePoint> = Vec::new();
    let mut right = 0;
    for (index, &(confidence, is_right)) in sorted.iter().enumerate() {
        right += usize::from(is_right);
        let point = CurvePoint {
            confidence,
            rows: index + 1,
            right,
        };
        match points.last_mut() {
            Some(last) if last.confidence.total_cmp(&confidence).is_eq() => *last = point,
            _ => points.push(point),
        }
    }
    points
}

/// The answers at or above `confidence`; `None` if there are none.
pub(super) fn at(curve: &[CurvePoint], confidence: f32) -> Option<CurvePoint> {
    let above = curve.partition_point(|point| point.confidence >= confidence);
    above.checked_sub(1).map(|last| curve[last])
}

/// The points where a label's thresholds lie on its curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marks {
    /// All answers that may be suggested.
    pub(super) suggest: Option<CurvePoint>,
    /// All answers that may be automated.
    pub(super) automate: Option<CurvePoint>,
}

pub(super) fn marks(curve: &[CurvePoint], thresholds: Thresholds) -> Marks {
    Marks {
        suggest: at(curve, thresholds.suggest_at),
        automate: thresholds.automate_at.and_then(|from| at(curve, from)),
    }
}

/// About `most` points of a curve, evenly spaced by rows; the first and the last are kept.
pub(super) fn thinned(curve: &[CurvePoint], most: usize) -> Vec<CurvePoint> {
    let (Some(&last), true) = (curve.last(), curve.len() > most) else {
        return curve.to_vec();
    };
    let step = last.rows.div_ceil(most.max(1));
    let mut next = 0;
    let mut kept: Vec<CurvePoint> = Vec::with_capacity(most + 1);
    for &point in curve {
        if point.rows >= next {
            next = point.rows + step;
            kept.push(point);
        }
    }
    if kept.last() != Some(&last) {
        kept.push(last);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(outcomes: &[Outcome]) -> Vec<(f32, usize, usize)> {
        curve(outcomes.iter().copied())
            .iter()
            .map(|point| (point.confidence, point.rows, point.right))
            .collect()
    }

    #[test]
    fn the_curve_counts_down_from_the_most_confident() {
        let outcomes = [(0.6, false), (0.9, true), (0.7, true), (0.8, false)];
        assert_eq!(
            points(&outcomes),
            [(0.9, 1, 1), (0.8, 2, 1), (0.7, 3, 2), (0.6, 4, 2)]
        );
    }

    #[test]
    fn equal_confidences_make_one_point() {
        let outcomes = [(0.9, true), (0.8, true), (0.8, false), (0.8, true)];
        assert_eq!(points(&outcomes), [(0.9, 1, 1), (0.8, 4, 3)]);
    }

    #[test]
    fn thresholds_are_marked_at_the_last_answer_that_passes_them() {
        let curve = curve([(0.9, true), (0.8, true), (0.7, false), (0.6, true)]);
        let found = marks(
            &curve,
            Thresholds {
                suggest_at: 0.65,
                automate_at: Some(0.8),
            },
        );
        assert_eq!(found.suggest.map(|point| point.rows), Some(3));
        assert_eq!(found.automate.map(|point| point.rows), Some(2));
        assert_eq!(found.automate.map(CurvePoint::precision), Some(1.0));
        let out_of_reach = Thresholds {
            suggest_at: 0.95,
            automate_at: None,
        };
        let none = marks(&curve, out_of_reach);
        assert_eq!((none.suggest, none.automate), (None, None));
    }

    #[test]
    fn a_thinned_curve_keeps_both_ends_and_exact_points() {
        let outcomes = (0..1000_u16).map(|i| (1.0 - f32::from(i) / 2000.0, i % 3 != 0));
        let whole = curve(outcomes);
        let few = thinned(&whole, 50);
        assert!(few.len() <= 52, "{}", few.len());
        assert_eq!(few.first(), whole.first());
        assert_eq!(few.last(), whole.last());
        assert!(few.iter().all(|point| whole.contains(point)));
        assert_eq!(thinned(&whole[..10], 50), &whole[..10]);
    }
}
