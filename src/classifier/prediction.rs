//! From one head's probabilities to its prediction: the label chosen, and whether it is sure enough.

use std::sync::Arc;

use super::classification::{AbstainReason, Prediction};
use super::head::{Decision, Head};
use super::ranking::Ranking;
use super::scope::OUT_OF_SCOPE;

/// Two labels are ambiguous only if together they are at least this probable: more probable than all
/// others together.
const MIN_PAIR_PROBABILITY: f32 = 0.5;
/// Two labels are ambiguous only if the second is at least this many times as probable as the first.
const MIN_SECOND_SHARE: f32 = 0.5;

/// What a head, whose labels are `labels`, says at these probabilities; `unreadable` where the text gives it nothing
/// to go by.
pub(super) fn predict(
    head: &Head,
    labels: &Arc<[String]>,
    probabilities: &[f32],
    unreadable: Option<AbstainReason>,
) -> Prediction {
    let chosen = head.choose(probabilities);
    let confidence = probabilities[chosen];
    let thresholds = head.thresholds[chosen];
    let (best, second) = two_most_probable(probabilities);
    let outside = head
        .in_scope_from
        .is_some_and(|bar| head.scope(probabilities) < bar || head.labels[chosen] == OUT_OF_SCOPE);
    let outside = outside.then_some(AbstainReason::OutOfScope);
    let abstain_reason = unreadable.or(outside).or_else(|| {
        (confidence < thresholds.suggest_at).then(|| {
            let pair = [probabilities[best], second];
            doubt(head, thresholds.suggest_at, pair)
        })
    });
    Prediction {
        label: head.labels[chosen].clone(),
        confidence,
        margin: probabilities[best] - second,
        automate: abstain_reason.is_none()
            && thresholds.automate_at.is_some_and(|at| confidence >= at),
        abstain_reason,
        raised: chosen > best,
        lowered: chosen < best,
        ranked: Ranking::new(labels, probabilities),
    }
}

/// The index of the largest probability, the first of equals, and the second largest probability.
fn two_most_probable(probabilities: &[f32]) -> (usize, f32) {
    let (mut best, mut second) = (0, f32::NEG_INFINITY);
    for (index, &probability) in probabilities.iter().enumerate().skip(1) {
        if probability > probabilities[best] {
            second = probabilities[best];
            best = index;
        } else {
            second = second.max(probability);
        }
    }
    // A head has at least two labels.
    (best, second.max(0.0))
}

/// Why a label below its threshold is in doubt: between the two best labels, if the pair is as
/// probable as one label would have to be and more probable than all the rest, and the second is not
/// far behind the first. Only where the most probable label is chosen: among ordered labels the costs
/// have settled such a choice.
fn doubt(head: &Head, suggest_at: f32, [first, second]: [f32; 2]) -> AbstainReason {
    let between_two = matches!(head.decision, Decision::MostProbable)
        && first + second >= suggest_at.max(MIN_PAIR_PROBABILITY)
        && second >= first * MIN_SECOND_SHARE;
    if between_two {
        AbstainReason::Ambiguous
    } else {
        AbstainReason::LowConfidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::cost_table::CostTable;
    use crate::classifier::{HeadKind, Thresholds};

    fn predicted(
        head: &Head,
        probabilities: &[f32],
        unreadable: Option<AbstainReason>,
    ) -> Prediction {
        predict(head, &head.labels.clone().into(), probabilities, unreadable)
    }

    fn head(decision: Decision, suggest_at: f32) -> Head {
        let thresholds = Thresholds {
            suggest_at,
            automate_at: Some(0.8),
        };
        Head {
            kind: HeadKind::Topic,
            labels: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            bias: vec![0.0; 4],
            thresholds: vec![thresholds; 4],
            decision,
            areas: Vec::new(),
            in_scope_from: None,
        }
    }

    fn reason(probabilities: [f32; 4], suggest_at: f32) -> Option<AbstainReason> {
        let head = head(Decision::MostProbable, suggest_at);
        predicted(&head, &probabilities, None).abstain_reason
    }

    fn by_costs(probabilities: [f32; 4], under_call_factor: f32) -> Prediction {
        let costs = CostTable::quadratic(4, under_call_factor).unwrap();
        let head = head(Decision::LeastCost { costs }, 0.5);
        predicted(&head, &probabilities, None)
    }

    #[test]
    fn two_close_labels_that_are_sure_together_are_ambiguous() {
        use AbstainReason::{Ambiguous, LowConfidence};
        for (probabilities, suggest_at, expected) in [
            ([0.45, 0.4, 0.1, 0.05], 0.5, Some(Ambiguous)),
            // Just enough of both.
            ([0.375, 0.1875, 0.25, 0.1875], 0.5, Some(Ambiguous)),
            ([0.25, 0.25, 0.25, 0.25], 0.5, Some(Ambiguous)),
            // The second is far behind.
            ([0.48, 0.22, 0.2, 0.1], 0.5, Some(LowConfidence)),
            // Together they are less probable than one would have to be, or than the rest.
            ([0.35, 0.3, 0.2, 0.15], 0.7, Some(LowConfidence)),
            ([0.25, 0.24, 0.26, 0.25], 0.6, Some(LowConfidence)),
            ([0.5, 0.5, 0.0, 0.0], 0.5, None),
        ] {
            assert_eq!(
                reason(probabilities, suggest_at),
                expected,
                "{probabilities:?}"
            );
        }
        // Four labels in two halves; with a lower threshold the pair must still be worth half.
        assert_eq!(reason([0.25, 0.25, 0.25, 0.25], 0.2), None);
        assert_eq!(reason([0.24, 0.24, 0.26, 0.26], 0.3), Some(Ambiguous));
    }

    #[test]
    fn a_text_without_words_is_not_ambiguous() {
        let head = head(Decision::MostProbable, 0.5);
        let empty = Some(AbstainReason::EmptyText);
        let prediction = predicted(&head, &[0.45, 0.4, 0.1, 0.05], empty);
        assert_eq!(prediction.abstain_reason, empty);
    }

    #[test]
    fn a_text_without_a_likely_topic_is_out_of_scope() {
        let mut head = head(Decision::MostProbable, 0.3);
        head.in_scope_from = Some(0.35);
        let reason = |probabilities| predicted(&head, probabilities, None).abstain_reason;
        assert_eq!(
            reason(&[0.3, 0.25, 0.25, 0.2]),
            Some(AbstainReason::OutOfScope)
        );
        assert_eq!(reason(&[0.4, 0.25, 0.2, 0.15]), None);
        let mut labelled = head.clone();
        labelled.labels[1] = OUT_OF_SCOPE.to_owned();
        let prediction = predicted(&labelled, &[0.4, 0.6, 0.0, 0.0], None);
        assert_eq!(prediction.abstain_reason, Some(AbstainReason::OutOfScope));
        assert!(!prediction.automate);
    }

    #[test]
    fn ordered_labels_are_never_ambiguous() {
        let prediction = by_costs([0.0, 0.45, 0.4, 0.15], 1.0);
        assert_eq!(
            prediction.abstain_reason,
            Some(AbstainReason::LowConfidence)
        );
    }

    #[test]
    fn a_level_chosen_for_its_costs_says_so() {
        let raised = by_costs([0.1, 0.45, 0.4, 0.05], 2.0);
        assert_eq!((raised.label.as_str(), raised.most_probable()), ("c", "b"));
        assert!(raised.raised && !raised.lowered);
        let lowered = by_costs([0.3, 0.32, 0.0, 0.38], 1.0);
        assert_eq!(
            (lowered.label.as_str(), lowered.most_probable()),
            ("b", "d")
        );
        assert!(lowered.lowered && !lowered.raised);
        let plain = by_costs([0.1, 0.8, 0.1, 0.0], 1.0);
        assert_eq!((plain.label.as_str(), plain.most_probable()), ("b", "b"));
        assert!(!plain.raised && !plain.lowered);
        assert!(plain.automate && plain.made_prediction());
    }

    #[test]
    fn the_margin_is_of_the_two_most_probable_labels() {
        let prediction = by_costs([0.125, 0.5, 0.375, 0.0], 9.0);
        assert_eq!(
            (prediction.label.as_str(), prediction.confidence),
            ("c", 0.375)
        );
        assert_eq!(prediction.margin, 0.125);
        assert_eq!(prediction.ranked.len(), 4);
    }
}
