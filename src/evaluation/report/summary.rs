//! The measures of all heads side by side, each with a sentence on what it tells.

use crate::evaluation::HeadMetrics;
use crate::evaluation::counts::share;

use super::numbers::{count, percent};

/// A measure with its value for each head.
#[derive(Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) name: &'static str,
    pub(super) sentence: &'static str,
    /// One a head; empty where the head has no such measure.
    pub(super) values: Vec<String>,
}

type Value = fn(&HeadMetrics) -> Option<String>;

const MEASURES: [(&str, &str, Value); 17] = [
    (
        "Tickets",
        "Tickets with a label of their own to compare with.",
        |m| Some(count(m.rows)),
    ),
    (
        "Accuracy",
        "Of all tickets, the share that was given its own label, sure or not.",
        |m| Some(percent(m.accuracy)),
    ),
    (
        "Macro F1",
        "The balance of precision and recall, each label counting the same however rare (1 is best).",
        |m| Some(format!("{:.3}", m.macro_f1)),
    ),
    (
        "Log loss",
        "How far the probabilities are from the truth; being sure and wrong costs most (0 is best).",
        |m| Some(format!("{:.3}", m.log_loss)),
    ),
    (
        "Calibration error",
        "How far, on average, “90 % sure” is from being right 90 % of the time (0 is best).",
        |m| Some(percent(m.expected_calibration_error)),
    ),
    (
        "Coverage",
        "The share of tickets that got a prediction; for the others the model abstained.",
        |m| Some(percent(m.coverage)),
    ),
    (
        "Precision when made",
        "Of the predictions that were made, the share that was right.",
        |m| (m.coverage > 0.0).then(|| percent(m.precision_when_made)),
    ),
    (
        "Automated",
        "The share of tickets sure enough to be handled without a person.",
        |m| Some(percent(m.automated)),
    ),
    (
        "Precision when automated",
        "Of the tickets handled without a person, the share that was right.",
        |m| (m.automated > 0.0).then(|| percent(m.precision_when_automated)),
    ),
    (
        "Right area",
        "The share of tickets whose most probable area, the part of a topic before the slash, is theirs.",
        |m| m.areas.map(|own| percent(own.area_accuracy)),
    ),
    (
        "Area in place of the topic",
        "The share of tickets whose topic was in doubt but whose area was sure enough to answer with.",
        |m| {
            let fallback = m.areas?.area_fallback;
            Some(percent(share(fallback.rows, m.rows)))
        },
    ),
    (
        "Precision of these areas",
        "Of the areas that were answered in place of a topic, the share that was right.",
        |m| {
            let fallback = m.areas?.area_fallback;
            (fallback.rows > 0).then(|| percent(fallback.precision))
        },
    ),
    (
        "Weighted F1",
        "As macro F1, but each label counting by its tickets.",
        |m| Some(format!("{:.3}", m.weighted_f1)),
    ),
    (
        "Kappa",
        "Agreement beyond chance, where a level further off weighs more (1 is best).",
        |m| {
            m.ordered
                .map(|own| format!("{:.3}", own.quadratic_weighted_kappa))
        },
    ),
    (
        "Under-called",
        "The share of tickets rated less urgent than they are: they wait too long.",
        |m| m.ordered.map(|own| percent(own.under_call_rate)),
    ),
    (
        "Over-called",
        "The share of tickets rated more urgent than they are: they push others back.",
        |m| m.ordered.map(|own| percent(own.over_call_rate)),
    ),
    (
        "Top level missed",
        "Of the most urgent tickets, the share that was rated lower.",
        |m| m.ordered.map(|own| percent(own.top_level_missed_rate)),
    ),
];

/// The measures that at least one head has.
pub(super) fn measures(heads: &[&HeadMetrics]) -> Vec<Measure> {
    MEASURES
        .iter()
        .map(|&(name, sentence, value)| Measure {
            name,
            sentence,
            values: heads
                .iter()
                .map(|head| value(head).unwrap_or_default())
                .collect(),
        })
        .filter(|measure| measure.values.iter().any(|value| !value.is_empty()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::head;
    use super::*;
    use crate::classifier::HeadKind;

    #[test]
    fn urgency_has_measures_of_its_own() {
        let topic = head(&[(0, 0, 0.95), (1, 0, 0.8)]);
        let mut urgency = topic.clone();
        urgency.kind = HeadKind::Urgency;
        let (topic, urgency) = (HeadMetrics::new(&topic), HeadMetrics::new(&urgency));
        let alone = measures(&[&topic]);
        // No area stood in for a topic, so nothing is said of how often it was right.
        assert_eq!(alone.len(), 12);
        assert!(alone.iter().all(|measure| !measure.values[0].is_empty()));
        let both = measures(&[&topic, &urgency]);
        assert_eq!(both.len(), 16);
        let area = both.iter().find(|m| m.name == "Right area").unwrap();
        assert_eq!(area.values, ["100.0\u{a0}%", ""]);
        let under = both.iter().find(|m| m.name == "Under-called").unwrap();
        assert_eq!(under.values, ["", "50.0\u{a0}%"]);
    }

    #[test]
    fn areas_that_stood_in_for_topics_are_counted_with_how_often_they_were_right() {
        let mut topic = head(&[(0, 1, 0.6), (1, 2, 0.9), (2, 2, 0.95), (0, 0, 0.95)]);
        topic.answers[0].area_fallback = true;
        topic.answers[1].area_fallback = true;
        let measures = measures(&[&HeadMetrics::new(&topic)]);
        let value = |name: &str| {
            let own = measures.iter().find(|own| own.name == name).unwrap();
            own.values[0].clone()
        };
        assert_eq!(value("Right area"), "75.0\u{a0}%");
        assert_eq!(value("Area in place of the topic"), "50.0\u{a0}%");
        assert_eq!(value("Precision of these areas"), "50.0\u{a0}%");
    }
}
