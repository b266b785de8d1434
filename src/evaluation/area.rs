//! Measures of areas, the first part of topics that are paths.

use serde::Serialize;

use super::answers::HeadAnswers;
use super::counts::share;
use crate::classifier::area::{Areas, area_of};

/// Measures of a head whose labels have areas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AreaMetrics {
    /// Share of rows whose most probable area is the area of their own label.
    pub area_accuracy: f64,
    /// The rows in which the area stood in for a label in doubt.
    pub area_fallback: AreaFallback,
}

/// Rows in which the area stood in for a label in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AreaFallback {
    /// How many.
    pub rows: usize,
    /// Share of them whose area was right; 0 without rows.
    pub precision: f64,
}

impl AreaMetrics {
    /// Measures the areas of a head's answers; `None` if its labels have none.
    #[must_use]
    pub fn new(head: &HeadAnswers) -> Option<Self> {
        let areas = Areas::new(&head.kind, &head.labels)?;
        let (mut right, mut rows, mut right_in_rows) = (0, 0, 0);
        for (answer, probabilities) in head.iter() {
            let (area, _) = areas.most_probable(probabilities);
            let is_right = area_of(head.truth_of(answer)) == areas.names()[area];
            right += usize::from(is_right);
            rows += usize::from(answer.area_fallback);
            right_in_rows += usize::from(answer.area_fallback && is_right);
        }
        Some(Self {
            area_accuracy: share(right, head.answers.len()),
            area_fallback: AreaFallback {
                rows,
                precision: share(right_in_rows, rows),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::{Answer, HeadMetrics, Truth};

    fn answers(kind: HeadKind) -> HeadAnswers {
        let answer = |row, truth, chosen, area_fallback: bool| Answer {
            row,
            truth,
            chosen,
            made: !area_fallback,
            automated: false,
            area_fallback,
        };
        HeadAnswers {
            kind,
            labels: ["a/x", "a/y", "b/z"].map(str::to_owned).to_vec(),
            answers: vec![
                // The wrong topic, the right area, which is not that of the most probable topic.
                answer(0, Truth::Known(1), 2, true),
                // A topic that the model does not know, in an area that it knows.
                answer(1, Truth::Unknown("b/new".to_owned()), 2, false),
                answer(2, Truth::Unknown("c".to_owned()), 0, true),
                answer(3, Truth::Known(0), 2, false),
            ],
            probabilities: arr2(&[
                [0.3, 0.3, 0.4],
                [0.1, 0.1, 0.8],
                [0.4, 0.4, 0.2],
                [0.2, 0.1, 0.7],
            ]),
        }
    }

    #[test]
    fn areas_are_measured_by_name() {
        let found = AreaMetrics::new(&answers(HeadKind::Topic)).unwrap();
        assert_eq!(found.area_accuracy, 0.5);
        let fallback = AreaFallback {
            rows: 2,
            precision: 0.5,
        };
        assert_eq!(found.area_fallback, fallback);
    }

    #[test]
    fn they_stand_among_the_measures_of_the_topics_alone() {
        let kind = HeadKind::Topic;
        let json = serde_json::to_value(HeadMetrics::new(&answers(kind))).unwrap();
        assert_eq!(json["area_accuracy"], 0.5);
        assert_eq!(json["area_fallback"]["rows"], 2);
        let kind = HeadKind::Facet("x".to_owned());
        let json = serde_json::to_value(HeadMetrics::new(&answers(kind))).unwrap();
        assert!(json.get("area_accuracy").is_none() && json.get("area_fallback").is_none());
    }
}
