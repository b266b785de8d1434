//! From which probability on an area may stand in for a topic in doubt, chosen on out-of-fold answers
//! as the labels' own thresholds are.

use crate::classifier::area::{AreaThreshold, Areas, area_of};
use crate::classifier::thresholds::{Outcome, ThresholdParams, choose_thresholds};
use crate::evaluation::HeadAnswers;

/// Chooses the areas' thresholds and marks the answers in which the area stands in for the topic;
/// none if the head has no areas.
pub(super) fn settle_areas(head: &mut HeadAnswers, params: ThresholdParams) -> Vec<AreaThreshold> {
    let Some(areas) = Areas::new(&head.kind, &head.labels) else {
        return Vec::new();
    };
    let outcomes: Vec<Outcome> = head
        .iter()
        .map(|(answer, probabilities)| {
            let (chosen, confidence) = areas.most_probable(probabilities);
            Outcome {
                chosen,
                confidence,
                right: area_of(head.truth_of(answer)) == areas.names()[chosen],
            }
        })
        .collect();
    let thresholds = choose_thresholds(&outcomes, areas.names().len(), params);
    for (answer, outcome) in head.answers.iter_mut().zip(&outcomes) {
        answer.area_fallback =
            !answer.made && outcome.confidence >= thresholds[outcome.chosen].suggest_at;
    }
    areas
        .names()
        .iter()
        .zip(thresholds)
        .map(|(label, own)| AreaThreshold {
            label: label.clone(),
            suggest_at: own.suggest_at,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::classifier::HeadKind;
    use crate::evaluation::{Answer, Truth};

    /// Rows of the probabilities of a/x, a/y and b, of which the first is true; no prediction was made
    /// where none is above a half.
    fn answers(kind: HeadKind, rows: &[[f32; 3]]) -> HeadAnswers {
        let answers = rows.iter().enumerate().map(|(row, probabilities)| Answer {
            row,
            truth: Truth::Known(0),
            chosen: 0,
            made: probabilities.iter().any(|p| *p > 0.5),
            automated: false,
            area_fallback: false,
        });
        HeadAnswers {
            kind,
            labels: ["a/x", "a/y", "b"].map(str::to_owned).to_vec(),
            answers: answers.collect(),
            probabilities: Array2::from_shape_fn((rows.len(), 3), |(r, c)| rows[r][c]),
        }
    }

    #[test]
    fn an_area_stands_in_where_it_is_sure_and_the_topic_is_not() {
        let rows = [[0.45, 0.4, 0.15], [0.8, 0.1, 0.1], [0.25, 0.2, 0.55]];
        let mut head = answers(HeadKind::Topic, &rows);
        let areas = settle_areas(&mut head, ThresholdParams::default());
        // Two of the three are right, so the target is out of reach.
        let expected = ["a", "b"].map(|label| AreaThreshold {
            label: label.to_owned(),
            suggest_at: 0.5,
        });
        assert_eq!(areas, expected);
        let fallback: Vec<bool> = head.answers.iter().map(|a| a.area_fallback).collect();
        assert_eq!(fallback, [true, false, false]);
    }

    #[test]
    fn an_area_that_is_right_often_enough_stands_in_earlier() {
        let mut head = answers(HeadKind::Topic, &[[0.25, 0.15, 0.35]; 40]);
        let areas = settle_areas(&mut head, ThresholdParams::default());
        assert!((areas[0].suggest_at - 0.4).abs() < 1e-6, "{areas:?}");
        assert!(head.answers.iter().all(|answer| answer.area_fallback));
    }

    #[test]
    fn facets_have_no_areas() {
        let kind = HeadKind::Facet("product".to_owned());
        let mut head = answers(kind, &[[0.45, 0.4, 0.15]]);
        let areas = settle_areas(&mut head, ThresholdParams::default());
        assert!(areas.is_empty() && !head.answers[0].area_fallback);
    }
}
