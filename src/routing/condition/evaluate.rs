//! The values of a condition's variables for one ticket. Absent texts are empty, so that a rule may compare
//! them without asking first; a missing key of `facets` or `attributes` is an error of that condition.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, OnceLock};

use cel::common::types::CelString;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
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
pub(in crate::routing) struct Variables<'a> {
    /// What conditions may call.
    functions: Context<'static, 'static>,
    values: Values<'a>,
}

impl<'a> Variables<'a> {
    /// Everything but the topic.
    pub(in crate::routing) fn new(facts: &Facts<'a>) -> Self {
        let mut functions = bare_context();
        facts.vocabulary.declare(&mut functions, facts.now);
        Self {
            functions,
            values: Values::new(*facts),
        }
    }

    /// The variables with the topic set to `guess`.
    pub(in crate::routing) fn with_topic(&self, guess: TopicGuess<'_>) -> Context<'_, '_> {
        let functions: &Context<'_, '_> = &self.functions;
        let mut context = functions.new_inner_scope();
        context.set_variable_resolver(&self.values);
        context.add_variable_from_value("topic", text(guess.topic));
        context.add_variable_from_value("topic_confidence", as_written(guess.confidence));
        context
    }
}

/// The values, each made when a condition first reads it: most conditions read few.
struct Values<'a> {
    facts: Facts<'a>,
    facets: Kept,
    ticket: Kept,
    tags: Kept,
    attributes: Kept,
    customer: Kept,
    customer_attributes: Kept,
}

/// A value that is made at most once.
type Kept = OnceLock<Option<Box<dyn Val>>>;

impl<'a> Values<'a> {
    fn new(facts: Facts<'a>) -> Self {
        Self {
            facts,
            facets: Kept::new(),
            ticket: Kept::new(),
            tags: Kept::new(),
            attributes: Kept::new(),
            customer: Kept::new(),
            customer_attributes: Kept::new(),
        }
    }
}

impl VariableResolver for Values<'_> {
    /// A field of the ticket or the customer is a variable of its own: so nothing else of them is copied for it.
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let Facts {
            ticket,
            classification,
            ..
        } = self.facts;
        let text = |text: &'b str| Some(CowVal::owned(CelString::from(text)));
        match variable {
            "urgency" => owned(rank(self.facts.urgency).into()),
            "facets" => kept(&self.facets, || facets(classification)),
            "now" => timestamp_value(self.facts.now).and_then(owned),
            "waited" => duration_value(self.facts.waited).and_then(owned),
            "ticket.channel" => text(ticket.channel.map_or("", Channel::as_str)),
            "ticket.language" => text(ticket.language.as_deref().unwrap_or_default()),
            "ticket.subject" => text(&ticket.subject),
            "ticket.last_agent_id" => text(ticket.last_agent_id.as_deref().unwrap_or_default()),
            "ticket.tags" => kept(&self.tags, || tags(ticket)),
            "ticket.attributes" => kept(&self.attributes, || attributes(&ticket.attributes)),
            "ticket" => kept(&self.ticket, || ticket_value(ticket)),
            "customer.id" => text(&ticket.customer.id),
            "customer.tier" => text(&ticket.customer.tier),
            "customer.attributes" => kept(&self.customer_attributes, || {
                attributes(&ticket.customer.attributes)
            }),
            "customer" => kept(&self.customer, || customer_value(ticket)),
            _ => {
                let mut levels = Urgency::ALL.iter();
                let level = levels.find(|level| constant(**level) == variable)?;
                owned(rank(*level).into())
            }
        }
    }
}

fn owned<'b>(value: Value) -> Option<CowVal<'b, 'b>> {
    <Box<dyn Val>>::try_from(value).ok().map(CowVal::Owned)
}

fn kept<'b>(kept: &'b Kept, value: impl FnOnce() -> Value) -> Option<CowVal<'b, 'b>> {
    let kept = kept.get_or_init(|| value().try_into().ok());
    kept.as_deref().map(CowVal::Borrowed)
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

fn facets(classification: &Classification) -> Value {
    let facets = classification.facets.iter();
    text_map(facets.map(|(name, said)| (name.as_str(), said.label.as_str())))
}

fn tags(ticket: &Ticket) -> Value {
    Value::List(Arc::new(ticket.tags.iter().map(|tag| text(tag)).collect()))
}

fn ticket_value(ticket: &Ticket) -> Value {
    map([
        ("channel", text(ticket.channel.map_or("", Channel::as_str))),
        (
            "language",
            text(ticket.language.as_deref().unwrap_or_default()),
        ),
        ("subject", text(&ticket.subject)),
        ("tags", tags(ticket)),
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

/// The number that people write for a probability: 0.95 and not 0.949999988079071, so that `>=` takes a bound itself.
fn as_written(probability: f32) -> f64 {
    let written = probability.to_string();
    written.parse().unwrap_or(f64::from(probability))
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
