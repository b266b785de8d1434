//! Tickets of a backlog: with their text, or with labels that are known.

use jiff::SignedDuration;
use tonic::Status;

use super::request::{Text, check_reservable, ticket, waited};
use super::status::Violations;
use super::v1;
use crate::classifier::{Classification, Prediction};
use crate::routing::KnownLabels;
use crate::routing::fault::advice;
use crate::ticket::{Ticket, Urgency};

/// A ticket of a backlog.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WaitingTicket {
    /// The ticket.
    pub(super) ticket: Ticket,
    /// What is known of it; `None` where the model is to say.
    pub(super) known: Option<Classification>,
    /// How long it has waited.
    pub(super) waited: SignedDuration,
}

/// Parses a ticket of a backlog; `reserve` tells whether a place may have to be reserved for it.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
pub(super) fn waiting_ticket(
    message: v1::WaitingTicket,
    reserve: bool,
    known: &KnownLabels,
) -> Result<WaitingTicket, Box<Status>> {
    let mut violations = Violations::default();
    let text = match &message.labels {
        Some(_) => Text::Optional,
        None => Text::Needed,
    };
    let mut parsed = WaitingTicket {
        ticket: ticket(message.ticket, text, &mut violations),
        known: message
            .labels
            .map(|labels| given_labels(labels, known, &mut violations)),
        waited: waited(message.waited, &mut violations),
    };
    if reserve {
        check_reservable(&parsed.ticket, &mut violations);
    }
    violations.into_result()?;
    if let Some(known) = &parsed.known
        && parsed.ticket.text().is_empty()
    {
        // A decision leaves a ticket without text to people, because nobody can know what it is about; here it is
        // known. Nothing but the classifier reads the body.
        parsed.ticket.body = known
            .topic
            .as_ref()
            .map(|topic| topic.label.clone())
            .unwrap_or_default();
    }
    Ok(parsed)
}

/// Labels that count as certain.
fn given_labels(
    labels: v1::GivenLabels,
    known: &KnownLabels,
    violations: &mut Violations,
) -> Classification {
    if !known.topics.contains(&labels.topic) {
        let advice = advice(&labels.topic, known.topics.iter().map(String::as_str));
        violations.bad(
            "labels.topic",
            format!("is no topic of the model: {advice}"),
        );
    }
    for (facet, label) in &labels.facets {
        let field = format!("labels.facets[\"{facet}\"]");
        match known.facets.get(facet) {
            Some(labels) if labels.contains(label) => {}
            Some(labels) => {
                let advice = advice(label, labels.iter().map(String::as_str));
                violations.bad(field, format!("is no label of the model: {advice}"));
            }
            None => {
                let advice = advice(facet, known.facets.keys().map(String::as_str));
                violations.bad(field, format!("is no facet of the model: {advice}"));
            }
        }
    }
    let urgency = match v1::Urgency::try_from(labels.urgency) {
        Ok(v1::Urgency::Unspecified | v1::Urgency::Normal) => Urgency::Normal,
        Ok(v1::Urgency::Low) => Urgency::Low,
        Ok(v1::Urgency::High) => Urgency::High,
        Ok(v1::Urgency::Urgent) => Urgency::Urgent,
        Err(_) => {
            let number = labels.urgency;
            violations.bad(
                "labels.urgency",
                format!("{number} is no number of an urgency"),
            );
            Urgency::Normal
        }
    };
    let facets = labels.facets.into_iter();
    Classification {
        topic: Some(Prediction::given(&labels.topic, 1.0)),
        area: None,
        urgency: Some(Prediction::given(urgency.as_str(), 1.0)),
        facets: facets
            .map(|(facet, label)| (facet, Prediction::given(&label, 1.0)))
            .collect(),
    }
}
