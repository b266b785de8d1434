//! Reads the ticket of a case and a classification that is pinned.

use std::collections::{BTreeMap, BTreeSet};

use super::read_case::known;
use super::read_label::{facet_labels, topic_label};
use super::tried::Classified;
use crate::classifier::{AbstainReason, Classification, LabelProbability, Prediction, Ranking};
use crate::routing::KnownLabels;
use crate::routing::document::{Node, NodeValue};
use crate::routing::fault::Faults;
use crate::routing::fields::{self, Fields};
use crate::ticket::{Channel, Customer, Ticket, Urgency};

/// How probable a pinned label is unless the case says otherwise.
const DEFAULT_CONFIDENCE: f32 = 0.95;

const TICKET_FIELDS: &[&str] = &[
    "id",
    "channel",
    "subject",
    "body",
    "language",
    "tags",
    "attributes",
    "customer",
    "last_agent_id",
];

/// Reads a ticket, and whether it says what its text is.
pub(super) fn read_ticket(node: &Node, faults: &mut Faults) -> Option<(Ticket, bool)> {
    let fields = Fields::open(node, "a ticket", TICKET_FIELDS, faults)?;
    let mut text = |name| fields.text(name, faults).map(str::to_owned);
    let (id, language, last_agent_id) = (text("id"), text("language"), text("last_agent_id"));
    let (subject, body) = (text("subject"), text("body"));
    let channel = fields.get("channel").and_then(|node| {
        let names: BTreeSet<&str> = Channel::ALL.iter().map(|one| one.as_str()).collect();
        known(node, "channel", &names, faults)?.parse().ok()
    });
    let tags = fields.get("tags").map(|node| texts(node, "tags", faults));
    let customer = fields
        .get("customer")
        .and_then(|node| read_customer(node, faults));
    let has_text = fields.is_meant("subject") || fields.is_meant("body");
    let ticket = Ticket {
        id: id.unwrap_or_default(),
        channel,
        subject: subject.unwrap_or_default(),
        body: body.unwrap_or_default(),
        language,
        tags: tags.unwrap_or_default(),
        attributes: read_attributes(&fields, faults),
        customer: customer.unwrap_or_default(),
        last_agent_id,
    };
    Some((ticket, has_text))
}

fn read_customer(node: &Node, faults: &mut Faults) -> Option<Customer> {
    let fields = Fields::open(node, "a customer", &["id", "tier", "attributes"], faults)?;
    let mut text = |name| fields.text(name, faults).unwrap_or_default().to_owned();
    Some(Customer {
        id: text("id"),
        tier: text("tier"),
        attributes: read_attributes(&fields, faults),
    })
}

fn read_attributes(fields: &Fields<'_>, faults: &mut Faults) -> BTreeMap<String, String> {
    let Some(node) = fields.get("attributes") else {
        return BTreeMap::new();
    };
    let entries = fields::entries(node, "attributes", faults).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|(key, value)| {
            let text = fields::text(value, &format!("attribute '{}'", key.name), faults)?;
            Some((key.name.clone(), text.to_owned()))
        })
        .collect()
}

/// A text, or a list of texts.
pub(super) fn texts(node: &Node, what: &str, faults: &mut Faults) -> Vec<String> {
    let one = std::slice::from_ref(node);
    let items = match &node.value {
        NodeValue::Text(_) => one,
        _ => fields::items(node, what, faults),
    };
    items
        .iter()
        .filter_map(|item| fields::text(item, what, faults).map(str::to_owned))
        .collect()
}

const CLASSIFICATION_FIELDS: &[&str] = &[
    "topic",
    "confidence",
    "second_topic",
    "second_confidence",
    "abstain_reason",
    "automate",
    "urgency",
    "facets",
    "words",
];

/// Reads a pinned classification. Without a topic there is no head for it, as with a model that has none.
pub(super) fn read_classification(
    node: &Node,
    labels: Option<&KnownLabels>,
    faults: &mut Faults,
) -> Option<Classified> {
    let fields = Fields::open(node, "a classification", CLASSIFICATION_FIELDS, faults)?;
    let urgency = fields.get("urgency").and_then(|node| {
        let names: BTreeSet<&str> = Urgency::ALL.iter().map(|one| one.as_str()).collect();
        known(node, "urgency", &names, faults)
    });
    let topic = read_topic(&fields, labels, faults);
    let classification = Classification {
        topic,
        area: None,
        urgency: Some(Prediction::given(
            urgency.unwrap_or(Urgency::Normal.as_str()),
            DEFAULT_CONFIDENCE,
        )),
        facets: read_facets(&fields, labels, faults),
    };
    let words = fields.get("words").map(|node| texts(node, "words", faults));
    Some(Classified {
        classification,
        deciding_words: words.unwrap_or_default(),
    })
}

fn read_topic(
    fields: &Fields<'_>,
    labels: Option<&KnownLabels>,
    faults: &mut Faults,
) -> Option<Prediction> {
    let mut label = |name: &str| topic_label(fields.get(name)?, name, labels, faults);
    let (first, second) = (label("topic"), label("second_topic"));
    let mut share = |name: &str| {
        fields
            .get(name)
            .and_then(|node| read_share(node, name, faults))
    };
    let (confidence, second_confidence) = (share("confidence"), share("second_confidence"));
    let abstain_reason = fields.get("abstain_reason").and_then(|node| {
        let names: BTreeSet<&str> = TOPIC_REASONS.iter().map(|one| one.as_str()).collect();
        let word = known(node, "abstain_reason", &names, faults)?;
        TOPIC_REASONS
            .iter()
            .find(|one| one.as_str() == word)
            .copied()
    });
    let automate = fields.flag("automate", faults);
    let Some(first) = first else {
        for name in CLASSIFICATION_FIELDS.iter().skip(1).take(5) {
            if let (Some(node), false) = (fields.get(name), fields.is_meant("topic")) {
                faults.add(
                    node.position,
                    format!("'{name}' is of the topic, and none is given"),
                );
            }
        }
        return None;
    };
    if let (Some(node), None) = (fields.get("second_confidence"), second) {
        faults.add(
            node.position,
            "'second_confidence' is of the second topic, and none is given",
        );
    }
    let confidence = confidence.unwrap_or(DEFAULT_CONFIDENCE);
    let second_confidence =
        second_confidence.unwrap_or_else(|| confidence.min(1.0 - confidence) / 2.0);
    if second_confidence > confidence || confidence + second_confidence > 1.000_1 {
        faults.add(
            fields.position(),
            format!(
                "the second topic has the confidence {second_confidence}, which does not fit beside {confidence}: \
                 the second is less probable, and both together at most 1"
            ),
        );
    }
    let mut prediction = Prediction::given(first, confidence);
    prediction.abstain_reason = abstain_reason;
    prediction.automate = automate.unwrap_or(true) && abstain_reason.is_none();
    if let Some(second) = second {
        prediction.margin = confidence - second_confidence;
        let ranked = [(first, confidence), (second, second_confidence)];
        let ranked = ranked.map(|(label, probability)| LabelProbability {
            label: label.to_owned(),
            probability,
        });
        prediction.ranked = Ranking::from_iter(ranked);
    }
    Some(prediction)
}

/// Why a classifier is in doubt of a topic; the other reasons are the policy's.
const TOPIC_REASONS: [AbstainReason; 5] = [
    AbstainReason::EmptyText,
    AbstainReason::LowConfidence,
    AbstainReason::Ambiguous,
    AbstainReason::OutOfScope,
    AbstainReason::UnsupportedLanguage,
];

fn read_share(node: &Node, what: &str, faults: &mut Faults) -> Option<f32> {
    #[allow(clippy::cast_possible_truncation)] // a probability needs no more digits
    let share = match node.value {
        NodeValue::Float(share) if (0.0..=1.0).contains(&share) => Some(share as f32),
        NodeValue::Integer(0) => Some(0.0),
        NodeValue::Integer(1) => Some(1.0),
        _ => None,
    };
    if share.is_none() {
        faults.add(
            node.position,
            format!("{what} must be a number from 0 to 1"),
        );
    }
    share
}

fn read_facets(
    fields: &Fields<'_>,
    labels: Option<&KnownLabels>,
    faults: &mut Faults,
) -> Vec<(String, Prediction)> {
    let Some(node) = fields.get("facets") else {
        return Vec::new();
    };
    let given = facet_labels(node, labels, faults).into_iter();
    given
        .map(|(name, label)| (name, Prediction::given(&label, DEFAULT_CONFIDENCE)))
        .collect()
}
