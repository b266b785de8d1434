//! A head: one question that the model answers, with its labels and how it decides among them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ticket::Urgency;

/// Which question a head answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadKind {
    /// What the ticket is about.
    Topic,
    /// How urgent it is; an ordered label.
    Urgency,
    /// Any further label column, by name.
    Facet(String),
}

impl HeadKind {
    /// The head's name in reports: `topic`, `urgency`, or the facet's own.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Topic => "topic",
            Self::Urgency => "urgency",
            Self::Facet(name) => name,
        }
    }
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From which probability on a label may be suggested, and from which on acted upon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Below this probability the head abstains, 0 to 1.
    pub suggest_at: f32,
    /// From this probability on no person is needed; `None` if the target precision is out of reach.
    pub automate_at: Option<f32>,
}

/// How a head chooses among its labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The most probable label.
    MostProbable,
    /// Labels are ordered; the one with the least expected cost, where rating a ticket `d` levels
    /// too high costs d² and `d` levels too low costs `under_call_factor` · d².
    LeastCost {
        /// How many times worse it is to rate too low than too high (> 0).
        under_call_factor: f32,
    },
}

/// One head of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Which question.
    pub kind: HeadKind,
    /// Labels by index; for urgency in ascending order of level, else in alphabetical order.
    pub labels: Vec<String>,
    /// Constant added to each label's logit.
    pub bias: Vec<f32>,
    /// Thresholds of each label.
    pub thresholds: Vec<Thresholds>,
    /// How a label is chosen.
    pub decision: Decision,
}

impl Head {
    /// The index of the label chosen at these probabilities.
    #[must_use]
    pub fn choose(&self, probabilities: &[f32]) -> usize {
        match self.decision {
            Decision::MostProbable => most_probable(probabilities),
            Decision::LeastCost { under_call_factor } => {
                least_cost(probabilities, under_call_factor)
            }
        }
    }
}

/// The index of the largest probability, the first of equals.
#[must_use]
pub fn most_probable(probabilities: &[f32]) -> usize {
    let mut best = 0;
    for (index, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = index;
        }
    }
    best
}

/// The index of the level with the least expected cost, the higher of equals.
fn least_cost(probabilities: &[f32], under_call_factor: f32) -> usize {
    let cost = |chosen: usize| -> f32 {
        probabilities
            .iter()
            .enumerate()
            .map(|(level, probability)| {
                #[allow(clippy::cast_precision_loss)] // a handful of levels
                let distance = level.abs_diff(chosen) as f32;
                let factor = if level > chosen {
                    under_call_factor
                } else {
                    1.0
                };
                probability * factor * distance * distance
            })
            .sum()
    };
    (0..probabilities.len())
        .rev()
        .min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
        .unwrap_or(0)
}

/// The labels of the urgency head among `present`, in ascending order of level.
#[must_use]
pub fn urgency_labels(present: impl Fn(&str) -> bool) -> Vec<String> {
    Urgency::ALL
        .iter()
        .map(|level| level.as_str())
        .filter(|label| present(label))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_cost_prefers_the_middle_over_a_distant_favourite() {
        // The most probable level is the lowest, but two levels too low would be costly.
        let probabilities = [0.45, 0.10, 0.45];
        assert_eq!(most_probable(&probabilities), 0);
        assert_eq!(least_cost(&probabilities, 1.0), 1);
    }

    #[test]
    fn a_higher_price_of_under_calling_raises_the_level() {
        let probabilities = [0.0, 0.6, 0.4];
        assert_eq!(least_cost(&probabilities, 1.0), 1);
        assert_eq!(least_cost(&probabilities, 2.0), 2);
    }

    #[test]
    fn certainty_is_never_overruled() {
        for level in 0..4 {
            let mut probabilities = [0.0; 4];
            probabilities[level] = 1.0;
            assert_eq!(least_cost(&probabilities, 5.0), level);
        }
    }
}
