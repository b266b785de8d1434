//! A head: one question that the model answers, with its labels and how it decides among them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::area::AreaThreshold;
use super::cost_table::CostTable;
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// The most probable label.
    MostProbable,
    /// Labels are ordered; the one with the least expected cost.
    LeastCost {
        /// The cost of each label chosen for each true one.
        costs: CostTable,
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
    /// Topics that are paths: the thresholds of their areas, in alphabetical order; else empty.
    pub areas: Vec<AreaThreshold>,
    /// Topics: a text whose best topic is less probable than this is out of scope, 0 to 1.
    pub in_scope_from: Option<f32>,
}

impl Head {
    /// The index of the label chosen at these probabilities.
    #[must_use]
    pub fn choose(&self, probabilities: &[f32]) -> usize {
        match &self.decision {
            Decision::MostProbable => most_probable(probabilities),
            Decision::LeastCost { costs } => costs.choose(probabilities),
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
