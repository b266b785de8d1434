//! What the classifier says of one ticket.

use serde::Serialize;

use super::area::Area;
use super::head::HeadKind;
use super::ranking::Ranking;
use crate::ticket::Urgency;

/// The answers of all heads for one ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classification {
    /// The topic, if the model has that head.
    pub topic: Option<Prediction>,
    /// The most probable area, if the topics are paths.
    pub area: Option<Area>,
    /// The urgency, if the model has that head; labels are the names of [`Urgency`].
    pub urgency: Option<Prediction>,
    /// Further heads, by name in ascending order.
    pub facets: Vec<(String, Prediction)>,
}

impl Classification {
    /// What one head says; `None` if the model lacks it.
    #[must_use]
    pub fn head(&self, kind: &HeadKind) -> Option<&Prediction> {
        match kind {
            HeadKind::Topic => self.topic.as_ref(),
            HeadKind::Urgency => self.urgency.as_ref(),
            HeadKind::Facet(name) => self
                .facets
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, prediction)| prediction),
        }
    }

    /// The predicted urgency as a level; `None` without that head.
    #[must_use]
    pub fn urgency_level(&self) -> Option<Urgency> {
        self.urgency.as_ref()?.label.parse().ok()
    }
}

/// What one head says of one ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The label chosen; the best guess also where [`abstain_reason`](Self::abstain_reason) is set.
    pub label: String,
    /// Calibrated probability of `label`, 0 to 1.
    pub confidence: f32,
    /// Probability of the first label minus that of the second, 0 to 1.
    pub margin: f32,
    /// All labels with their probabilities.
    pub ranked: Ranking,
    /// Whether the label may be acted on without a person.
    pub automate: bool,
    /// Why the head would rather have a person decide; `None` where a prediction was made.
    pub abstain_reason: Option<AbstainReason>,
    /// Whether the costs of mistakes made it a higher label than the most probable one.
    pub raised: bool,
    /// Whether the costs of mistakes made it a lower label than the most probable one.
    pub lowered: bool,
}

impl Prediction {
    /// A label that somebody gave with this probability, 0 to 1, sure enough to be acted on.
    #[must_use]
    pub fn given(label: &str, confidence: f32) -> Self {
        Self {
            label: label.to_owned(),
            confidence,
            margin: confidence,
            ranked: Ranking::from_iter([LabelProbability {
                label: label.to_owned(),
                probability: confidence,
            }]),
            automate: true,
            abstain_reason: None,
            raised: false,
            lowered: false,
        }
    }

    /// Whether the label is given as a prediction, not only as a guess.
    #[must_use]
    pub fn made_prediction(&self) -> bool {
        self.abstain_reason.is_none()
    }

    /// The most probable label, from which the one chosen differs only where it was raised or
    /// lowered.
    #[must_use]
    pub fn most_probable(&self) -> &str {
        let best = self.ranked.top(1).first().map(|(label, _)| *label);
        best.unwrap_or(&self.label)
    }
}

/// A label and its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelProbability {
    /// The label.
    pub label: String,
    /// Calibrated probability, 0 to 1.
    pub probability: f32,
}

/// Why a person should decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AbstainReason {
    /// The text has no word that could be read.
    EmptyText,
    /// The best label is less probable than its threshold asks.
    LowConfidence,
    /// The best label is less probable than its threshold asks, but together with the second, which
    /// is close, it would be probable enough.
    Ambiguous,
    /// The text is about something the model was not trained for.
    OutOfScope,
    /// The text is in a language that the model was not trained for.
    UnsupportedLanguage,
    /// The policy leaves this topic to people.
    AlwaysHuman,
    /// No rule of the policy matched.
    NoRuleMatched,
    /// No agent fits any step of the rule.
    NoEligibleAgent,
}

impl AbstainReason {
    /// All reasons, in order.
    pub const ALL: [Self; 8] = [
        Self::EmptyText,
        Self::LowConfidence,
        Self::Ambiguous,
        Self::OutOfScope,
        Self::UnsupportedLanguage,
        Self::AlwaysHuman,
        Self::NoRuleMatched,
        Self::NoEligibleAgent,
    ];

    /// The name used in answers, files and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptyText => "EMPTY_TEXT",
            Self::LowConfidence => "LOW_CONFIDENCE",
            Self::Ambiguous => "AMBIGUOUS",
            Self::OutOfScope => "OUT_OF_SCOPE",
            Self::UnsupportedLanguage => "UNSUPPORTED_LANGUAGE",
            Self::AlwaysHuman => "ALWAYS_HUMAN",
            Self::NoRuleMatched => "NO_RULE_MATCHED",
            Self::NoEligibleAgent => "NO_ELIGIBLE_AGENT",
        }
    }
}

impl std::fmt::Display for AbstainReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
