//! Requests: parsed once, at the edge, into types that cannot be invalid.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tonic::Status;

use super::status::Violations;
use super::v1;
use crate::routing::fields::MAX_WAITED;
use crate::ticket::{
    Channel, Customer, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_SUBJECT_BYTES,
    MAX_TAGS, Ticket,
};

pub(super) const MAX_BODY_BYTES: usize = 262_144;
const MAX_LANGUAGE_BYTES: usize = 35;
const MAX_TOP: u32 = 1_000;
const DEFAULT_TOP: usize = 3;

/// How much of a classification is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Number of labels listed for each head.
    pub top: usize,
    /// Whether to name the words that decided.
    pub evidence: bool,
    /// The labels to be explained; `None` for none.
    pub explain: Option<Explain>,
}

/// Which labels are to be explained; the model may not know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explain {
    /// Name of the head; `None` for all that have the labels.
    pub head: Option<String>,
    /// The label; `None` for the one that the head chose.
    pub label: Option<String>,
    /// The label to set it against; `None` for the most probable other one.
    pub versus: Option<String>,
}

/// A request to route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// How much of the classification is wanted.
    pub wanted: Wanted,
    /// How long the ticket has waited.
    pub waited: SignedDuration,
    /// Whether to list the rules that were tried.
    pub trace: bool,
    /// Whether a place is to be reserved.
    pub reserve: bool,
}

/// Whether a ticket must have a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    Needed,
    Optional,
}

/// Parses a request to classify.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
pub fn classify(request: v1::ClassifyRequest) -> Result<(Ticket, Wanted), Box<Status>> {
    let mut violations = Violations::default();
    let ticket = ticket(request.ticket, Text::Needed, &mut violations);
    let wanted = wanted(request.options, &mut violations);
    violations.into_result()?;
    Ok((ticket, wanted))
}

/// Parses a request to route. The roster that it has is handed on as it came.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
pub fn route(request: v1::RouteRequest) -> Result<(RouteTicket, Option<v1::Roster>), Box<Status>> {
    let mut violations = Violations::default();
    let parsed = RouteTicket {
        ticket: ticket(request.ticket, Text::Needed, &mut violations),
        wanted: wanted(request.options, &mut violations),
        waited: waited(request.waited, &mut violations),
        trace: request.trace,
        reserve: request.reserve,
    };
    if request.reserve {
        check_reservable(&parsed.ticket, &mut violations);
        if request.roster.is_some() {
            refuse_reserving(&mut violations);
        }
    }
    violations.into_result()?;
    Ok((parsed, request.roster))
}

/// Notes that a place cannot be reserved where agents are chosen from a roster of the request.
pub(super) fn refuse_reserving(violations: &mut Violations) {
    violations.bad(
        "reserve",
        "places are reserved with agents of the server's roster: leave out the roster",
    );
}

/// Checks that a place can be held for a ticket.
pub(super) fn check_reservable(ticket: &Ticket, violations: &mut Violations) {
    if ticket.id.is_empty() {
        violations.bad(
            "ticket.id",
            "is missing, and a place is held for a ticket by its id",
        );
    }
}

/// Parses a ticket.
pub(super) fn ticket(
    ticket: Option<v1::Ticket>,
    text: Text,
    violations: &mut Violations,
) -> Ticket {
    let Some(ticket) = ticket else {
        violations.bad("ticket", "is missing");
        return Ticket::default();
    };
    at_most(violations, "ticket.id", &ticket.id, MAX_ID_BYTES);
    at_most(
        violations,
        "ticket.subject",
        &ticket.subject,
        MAX_SUBJECT_BYTES,
    );
    at_most(violations, "ticket.body", &ticket.body, MAX_BODY_BYTES);
    at_most(
        violations,
        "ticket.last_agent_id",
        &ticket.last_agent_id,
        MAX_ID_BYTES,
    );
    let is_empty = ticket.subject.trim().is_empty() && ticket.body.trim().is_empty();
    if is_empty && text == Text::Needed {
        violations.bad(
            "ticket.body",
            "is empty, and so is the subject: give the customer's words",
        );
    }
    let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if ticket.language.len() > MAX_LANGUAGE_BYTES || !ticket.language.chars().all(tag) {
        violations.bad(
            "ticket.language",
            "is no BCP 47 language tag, such as de or pt-BR",
        );
    }
    if ticket.tags.len() > MAX_TAGS {
        violations.too_large(
            "ticket.tags",
            format!("{} tags, at most {MAX_TAGS} are allowed", ticket.tags.len()),
        );
    }
    for (index, tag) in ticket.tags.iter().enumerate().take(MAX_TAGS) {
        at_most(
            violations,
            &format!("ticket.tags[{index}]"),
            tag,
            MAX_ID_BYTES,
        );
    }
    check_attributes(violations, "ticket.attributes", &ticket.attributes);
    let customer = ticket.customer.unwrap_or_default();
    at_most(violations, "ticket.customer.id", &customer.id, MAX_ID_BYTES);
    at_most(
        violations,
        "ticket.customer.tier",
        &customer.tier,
        MAX_ID_BYTES,
    );
    check_attributes(
        violations,
        "ticket.customer.attributes",
        &customer.attributes,
    );
    Ticket {
        id: ticket.id,
        channel: channel(ticket.channel, violations),
        subject: ticket.subject,
        body: ticket.body,
        language: filled(ticket.language),
        tags: ticket.tags,
        attributes: ticket.attributes,
        customer: Customer {
            id: customer.id,
            tier: customer.tier,
            attributes: customer.attributes,
        },
        last_agent_id: filled(ticket.last_agent_id),
    }
}

fn channel(number: i32, violations: &mut Violations) -> Option<Channel> {
    match v1::Channel::try_from(number) {
        Ok(v1::Channel::Unspecified) => None,
        Ok(v1::Channel::Email) => Some(Channel::Email),
        Ok(v1::Channel::Chat) => Some(Channel::Chat),
        Ok(v1::Channel::WebForm) => Some(Channel::WebForm),
        Ok(v1::Channel::Phone) => Some(Channel::Phone),
        Ok(v1::Channel::Social) => Some(Channel::Social),
        Ok(v1::Channel::Sms) => Some(Channel::Sms),
        Ok(v1::Channel::AppReview) => Some(Channel::AppReview),
        Err(_) => {
            violations.bad(
                "ticket.channel",
                format!("{number} is no number of a channel"),
            );
            None
        }
    }
}

fn wanted(options: Option<v1::ClassificationOptions>, violations: &mut Violations) -> Wanted {
    let options = options.unwrap_or_default();
    if options.top > MAX_TOP {
        violations.bad(
            "options.top",
            format!("{} is more than {MAX_TOP}", options.top),
        );
    }
    Wanted {
        top: match options.top {
            0 => DEFAULT_TOP,
            top => top as usize,
        },
        evidence: options.evidence,
        explain: options.explain.map(|asked| explain(asked, violations)),
    }
}

fn explain(asked: v1::ExplainOptions, violations: &mut Violations) -> Explain {
    for (field, value) in [
        ("options.explain.head", &asked.head),
        ("options.explain.label", &asked.label),
        ("options.explain.versus_label", &asked.versus_label),
    ] {
        at_most(violations, field, value, MAX_ID_BYTES);
    }
    Explain {
        head: filled(asked.head),
        label: filled(asked.label),
        versus: filled(asked.versus_label),
    }
}

/// Parses how long a ticket has waited.
pub(super) fn waited(
    waited: Option<prost_types::Duration>,
    violations: &mut Violations,
) -> SignedDuration {
    let waited = waited.unwrap_or_default();
    let parsed = (0..1_000_000_000)
        .contains(&waited.nanos)
        .then(|| SignedDuration::new(waited.seconds, waited.nanos))
        .filter(|waited| (SignedDuration::ZERO..=MAX_WAITED).contains(waited));
    parsed.unwrap_or_else(|| {
        violations.bad("waited", "is not between 0 and 10 years");
        SignedDuration::ZERO
    })
}

fn at_most(violations: &mut Violations, field: &str, value: &str, max_bytes: usize) {
    if value.len() > max_bytes {
        violations.too_large(
            field,
            format!("has {} bytes, at most {max_bytes} are allowed", value.len()),
        );
    }
}

fn check_attributes(
    violations: &mut Violations,
    field: &str,
    attributes: &BTreeMap<String, String>,
) {
    if attributes.len() > MAX_ATTRIBUTES {
        violations.too_large(
            field,
            format!(
                "{} attributes, at most {MAX_ATTRIBUTES} are allowed",
                attributes.len()
            ),
        );
        return;
    }
    for (key, value) in attributes {
        if key.is_empty() || key.len() > MAX_ID_BYTES {
            violations.bad(
                field,
                format!(
                    "a key has {} bytes, 1 to {MAX_ID_BYTES} are allowed",
                    key.len()
                ),
            );
        } else {
            at_most(
                violations,
                &format!("{field}[\"{key}\"]"),
                value,
                MAX_ATTRIBUTE_BYTES,
            );
        }
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
