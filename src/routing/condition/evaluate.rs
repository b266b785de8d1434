//! The values of a condition's variables for one ticket. Absent texts are empty, so that a rule may compare
//! them without asking first; a missing key of `facets` or `attributes` is an error of that condition.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use cel::objects::{Key, Map};
use cel::{Context, Env, Value};
use jiff::{SignedDuration, Timestamp};

use super::vocabulary::Vocabulary;
use crate::classifier::Classification;
use crate::ticket::{Channel, Ticket, Urgency};

static ENVIRONMENT: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// The language that conditions are written in.
pub(super) fn environment() -> &'static Env {
    &ENVIRONMENT
}

/// A context without variables.
pub(super) fn bare_context() -> Context<'static, 'static> {
    Context::with_env(Arc::clone(&ENVIRONMENT))
}

/// What the conditions of a policy may look at.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Facts<'a> {
    pub(in crate::routing) ticket: &'a Ticket,
    pub(in crate::routing) classification: &'a Classification,
    pub(in crate::routing) urgency: Urgency,
    pub(in crate::routing) now: Timestamp,
    pub(in crate::routing) waited: SignedDuration,
    pub(in crate::routing) vocabulary: &'a Vocabulary,
}

/// A topic to try the rules with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::routing) struct TopicGuess<'a> {
    /// Empty without a topic head.
    pub(in crate::routing) topic: &'a str,
    /// Probability, 0 to 1.
    pub(in crate::routing) confidence: f32,
}

/// The variables of one ticket, ready for any number of conditions and topics.
pub(in crate::routing) struct Variables {
    context: Context<'static, 'static>,
}

impl Variables {
    /// Everything but the topic.
    pub(in crate::routing) fn new(facts: &Facts<'_>) -> Self {
        let mut context = bare_context();
        facts.vocabulary.declare(&mut context, facts.now);
        for &urgency in Urgency::ALL {
            context.add_variable_from_value(constant(urgency), rank(urgency));
        }
        context.add_variable_from_value("urgency", rank(facts.urgency));
        let facets = &facts.classification.facets;
        let facets = facets
            .iter()
            .map(|(name, said)| (name.as_str(), said.label.as_str()));
        context.add_variable_from_value("facets", text_map(facets));
        context.add_variable_from_value("ticket", ticket_value(facts.ticket));
        context.add_variable_from_value("customer", customer_value(facts.ticket));
        if let Some(now) = timestamp_value(facts.now) {
            context.add_variable_from_value("now", now);
        }
        if let Some(waited) = duration_value(facts.waited) {
            context.add_variable_from_value("waited", waited);
        }
        Self { context }
    }

    /// The variables with the topic set to `guess`.
    pub(in crate::routing) fn with_topic(&self, guess: TopicGuess<'_>) -> Context<'_, 'static> {
        let mut context = self.context.new_inner_scope();
        context.add_variable_from_value("topic", text(guess.topic));
        context.add_variable_from_value("topic_confidence", f64::from(guess.confidence));
        context
    }
}

const fn constant(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Low => "LOW",
        Urgency::Normal => "NORMAL",
        Urgency::High => "HIGH",
        Urgency::Urgent => "URGENT",
    }
}

const fn rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Low => 1,
        Urgency::Normal => 2,
        Urgency::High => 3,
        Urgency::Urgent => 4,
    }
}

fn ticket_value(ticket: &Ticket) -> Value {
    let tags: Vec<Value> = ticket.tags.iter().map(|tag| text(tag)).collect();
    map([
        ("channel", text(ticket.channel.map_or("", Channel::as_str))),
        (
            "language",
            text(ticket.language.as_deref().unwrap_or_default()),
        ),
        ("subject", text(&ticket.subject)),
        ("tags", Value::List(Arc::new(tags))),
        ("attributes", attributes(&ticket.attributes)),
        (
            "last_agent_id",
            text(ticket.last_agent_id.as_deref().unwrap_or_default()),
        ),
    ])
}

fn customer_value(ticket: &Ticket) -> Value {
    let customer = &ticket.customer;
    map([
        ("id", text(&customer.id)),
        ("tier", text(&customer.tier)),
        ("attributes", attributes(&customer.attributes)),
    ])
}

fn attributes(attributes: &BTreeMap<String, String>) -> Value {
    text_map(
        attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

fn text_map<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    map(entries.map(|(name, value)| (name, text(value))))
}

fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let map: HashMap<Key, Value> = entries
        .into_iter()
        .map(|(name, value)| (Key::from(name), value))
        .collect();
    Value::Map(Map { map: Arc::new(map) })
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn timestamp_value(now: Timestamp) -> Option<Value> {
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let time = chrono::DateTime::from_timestamp(now.as_second(), nanoseconds)?;
    Some(Value::Timestamp(time.fixed_offset()))
}

fn duration_value(waited: SignedDuration) -> Option<Value> {
    let nanoseconds = u32::try_from(waited.subsec_nanos()).unwrap_or(0);
    chrono::Duration::new(waited.as_secs(), nanoseconds).map(Value::Duration)
}
