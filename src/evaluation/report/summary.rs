//! The measures of all heads side by side, each with a sentence on what it tells.

use crate::evaluation::HeadMetrics;

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

const MEASURES: [(&str, &str, Value); 14] = [
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
        "Weighted F1",
        "As macro F1, but each label counting by its tickets.",
        |m| Some(format!("{:.3}", m.weighted_f1)),
    ),
    (
        "Kappa",
        "Agreement beyond chance, where a level further off weighs more (1 is best).",
        |m| m.quadratic_weighted_kappa.map(|v| format!("{v:.3}")),
    ),
    (
        "Under-called",
        "The share of tickets rated less urgent than they are: they wait too long.",
        |m| m.under_call_rate.map(percent),
    ),
    (
        "Over-called",
        "The share of tickets rated more urgent than they are: they push others back.",
        |m| m.over_call_rate.map(percent),
    ),
    (
        "Top level missed",
        "Of the most urgent tickets, the share that was rated lower.",
        |m| m.top_level_missed_rate.map(percent),
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
        assert_eq!(alone.len(), 10);
        assert!(alone.iter().all(|measure| !measure.values[0].is_empty()));
        let both = measures(&[&topic, &urgency]);
        assert_eq!(both.len(), 14);
        let under = both.iter().find(|m| m.name == "Under-called").unwrap();
        assert_eq!(under.values, ["", "50.0\u{a0}%"]);
    }
}
