//! A ticket of the sample help desk with the sample policy and roster, to be varied field by field.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use triage::classifier::{AbstainReason, Classification, LabelProbability, Prediction};
use triage::routing::{Decision, DecisionInput, KnownLabels, Policy, Roster, decide};
use triage::ticket::{Ticket, Urgency};

/// The sample help desk's topics, each with the queue that a ticket of normal urgency belongs to.
pub(crate) const TOPICS: [(&str, &str); 26] = [
    ("account/login", "front_line"),
    ("account/security", "security"),
    ("account/profile", "front_line"),
    ("account/closure", "customer_relations"),
    ("billing/charge_dispute", "billing"),
    ("billing/refund", "billing"),
    ("billing/payment_failure", "billing"),
    ("billing/invoice", "billing"),
    ("billing/subscription", "billing"),
    ("orders/status", "front_line"),
    ("orders/change", "front_line"),
    ("orders/checkout", "front_line"),
    ("delivery/delay", "logistics"),
    ("delivery/lost_or_damaged", "logistics"),
    ("returns/return_or_exchange", "after_sales"),
    ("product/defect", "after_sales"),
    ("product/how_to", "after_sales"),
    ("product/availability", "after_sales"),
    ("technical/app_bug", "tech_support"),
    ("technical/outage", "incidents"),
    ("technical/integration", "b2b_support"),
    ("privacy/data_request", "privacy_office"),
    ("feedback/product", "after_sales"),
    ("feedback/service", "customer_relations"),
    ("sales/business", "sales"),
    ("safety/incident", "safety_desk"),
];

pub(crate) fn now() -> Timestamp {
    "2026-03-02T09:30:00Z".parse().unwrap()
}

pub(crate) fn sample_policy() -> Policy {
    Policy::load(Path::new("policies/sample.yaml")).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) fn sample_roster() -> Roster {
    Roster::load(Path::new("policies/roster.yaml")).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) fn sample_labels() -> KnownLabels {
    let set = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
    KnownLabels {
        topics: TOPICS.iter().map(|&(topic, _)| topic.to_owned()).collect(),
        urgencies: set(&["low", "normal", "high", "urgent"]),
        facets: BTreeMap::from([(
            "sentiment".to_owned(),
            set(&["negative", "neutral", "positive"]),
        )]),
    }
}

pub(crate) fn ticket() -> Ticket {
    Ticket {
        id: "T-1".into(),
        body: "Please have a look at this.".into(),
        ..Ticket::default()
    }
}

pub(crate) fn predict(label: &str) -> Prediction {
    Prediction::given(label, 0.9)
}

pub(crate) fn classify(topic: &str, urgency: Urgency) -> Classification {
    Classification {
        topic: Some(predict(topic)),
        area: None,
        urgency: Some(predict(urgency.as_str())),
        facets: vec![("sentiment".into(), predict("neutral"))],
    }
}

pub(crate) fn in_doubt(reason: AbstainReason, ranked: &[(&str, f32)]) -> Classification {
    let (best, confidence) = ranked[0];
    let second = ranked.get(1).map_or(0.0, |&(_, probability)| probability);
    Classification {
        topic: Some(Prediction {
            confidence,
            margin: confidence - second,
            ranked: ranked
                .iter()
                .map(|&(label, probability)| LabelProbability {
                    label: label.into(),
                    probability,
                })
                .collect(),
            automate: false,
            abstain_reason: Some(reason),
            ..predict(best)
        }),
        ..classify(best, Urgency::Normal)
    }
}

/// A case with the sample policy and roster, to be varied field by field.
pub(crate) struct Case {
    pub(crate) ticket: Ticket,
    pub(crate) classification: Classification,
    pub(crate) policy: Policy,
    pub(crate) roster: Option<Roster>,
    pub(crate) waited: SignedDuration,
}

impl Case {
    pub(crate) fn sample(topic: &str, urgency: Urgency) -> Self {
        Self {
            ticket: ticket(),
            classification: classify(topic, urgency),
            policy: sample_policy(),
            roster: Some(sample_roster()),
            waited: SignedDuration::ZERO,
        }
    }

    pub(crate) fn decide(&self) -> Decision {
        decide(&DecisionInput {
            ticket: &self.ticket,
            classification: &self.classification,
            roster: self.roster.as_ref(),
            policy: &self.policy,
            now: now(),
            waited: self.waited,
            deciding_words: &[],
        })
    }

    pub(crate) fn after(&mut self, minutes: i64) -> Decision {
        self.waited = SignedDuration::from_mins(minutes);
        self.decide()
    }
}
