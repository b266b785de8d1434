//! The declared variables and functions of a condition and their types. This file is the documented
//! vocabulary: a name that is not here is an error when the policy is loaded.

use std::fmt;

use super::vocabulary::IN_HOURS;

/// The type of an expression, as far as it can be known before it is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    /// Cannot be known; checked when it is evaluated.
    Unknown,
    Bool,
    Int,
    Double,
    Text,
    /// One of the constants LOW, NORMAL, HIGH, URGENT; ordered, but no number to reckon with.
    Urgency,
    Timestamp,
    Duration,
    /// The variable `ticket`.
    Ticket,
    /// The variable `customer`.
    Customer,
    /// Names to texts.
    TextMap,
    List(Box<Type>),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Unknown => "a value of unknown type",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Double => "a number",
            Self::Text => "a text",
            Self::Urgency => "an urgency (LOW, NORMAL, HIGH, URGENT)",
            Self::Timestamp => "a time",
            Self::Duration => "a duration",
            Self::Ticket => "the ticket",
            Self::Customer => "the customer",
            Self::TextMap => "a map",
            Self::List(_) => "a list",
        };
        f.write_str(name)
    }
}

impl Type {
    /// Whether a value of this type may be equal to one of `other`.
    pub(super) fn comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::Int | Self::Double, Self::Int | Self::Double) => true,
            (Self::List(a), Self::List(b)) => a.comparable(b),
            (a, b) => a == b,
        }
    }

    /// Whether values of this type have an order.
    pub(super) const fn is_ordered(&self) -> bool {
        match self {
            Self::Unknown
            | Self::Int
            | Self::Double
            | Self::Text
            | Self::Urgency
            | Self::Timestamp
            | Self::Duration => true,
            Self::Bool | Self::Ticket | Self::Customer | Self::TextMap | Self::List(_) => false,
        }
    }
}

/// The variables and constants, with their types.
pub(super) const VARIABLES: &[(&str, Type)] = &[
    ("topic", Type::Text),
    ("topic_confidence", Type::Double),
    ("urgency", Type::Urgency),
    ("facets", Type::TextMap),
    ("ticket", Type::Ticket),
    ("customer", Type::Customer),
    ("now", Type::Timestamp),
    ("waited", Type::Duration),
    ("LOW", Type::Urgency),
    ("NORMAL", Type::Urgency),
    ("HIGH", Type::Urgency),
    ("URGENT", Type::Urgency),
];

/// The fields of `ticket` and `customer` with their types; `None` for any other type.
pub(super) fn fields_of(of: &Type) -> Option<Vec<(&'static str, Type)>> {
    match of {
        Type::Ticket => Some(vec![
            ("channel", Type::Text),
            ("language", Type::Text),
            ("subject", Type::Text),
            ("tags", Type::List(Box::new(Type::Text))),
            ("attributes", Type::TextMap),
            ("last_agent_id", Type::Text),
        ]),
        Type::Customer => Some(vec![
            ("id", Type::Text),
            ("tier", Type::Text),
            ("attributes", Type::TextMap),
        ]),
        Type::Unknown
        | Type::Bool
        | Type::Int
        | Type::Double
        | Type::Text
        | Type::Urgency
        | Type::Timestamp
        | Type::Duration
        | Type::TextMap
        | Type::List(_) => None,
    }
}

/// A function that a condition may call.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// What it is called on, as in `topic.startsWith("a")`; `None` for a plain call.
    pub(super) receiver: Option<Receiver>,
    pub(super) arguments: &'static [Receiver],
    /// How many of the arguments may be left out, from the end.
    pub(super) optional: usize,
    pub(super) result: Type,
}

impl Function {
    /// Whether it tells a part of a time, in the zone of its argument.
    pub(super) const fn is_part_of_time(&self) -> bool {
        matches!(self.receiver, Some(Receiver::Timestamp))
    }
}

/// What a function accepts in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiver {
    Text,
    Timestamp,
    Duration,
    Sized,
    /// What `double` takes.
    Number,
    /// What `int` takes.
    Count,
    /// What `string` takes.
    Scalar,
}

impl Receiver {
    /// Whether a value of type `given` is accepted.
    pub(super) const fn accepts(self, given: &Type) -> bool {
        match given {
            Type::Unknown => true,
            Type::Text => !matches!(self, Self::Timestamp | Self::Duration),
            Type::Int | Type::Double => matches!(self, Self::Number | Self::Count | Self::Scalar),
            Type::Bool => matches!(self, Self::Scalar),
            Type::Timestamp => matches!(self, Self::Timestamp | Self::Count | Self::Scalar),
            Type::Duration => matches!(self, Self::Duration | Self::Scalar),
            Type::TextMap | Type::List(_) => matches!(self, Self::Sized),
            Type::Urgency | Type::Ticket | Type::Customer => false,
        }
    }

    /// What is accepted, for messages.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Timestamp => "a time",
            Self::Duration => "a duration",
            Self::Sized => "a text, list or map",
            Self::Number => "a text or number",
            Self::Count => "a text, number or time",
            Self::Scalar => "a text, number, truth value, time or duration",
        }
    }
}

const fn on(
    receiver: Receiver,
    name: &'static str,
    arguments: &'static [Receiver],
    result: Type,
) -> Function {
    Function {
        name,
        receiver: Some(receiver),
        arguments,
        optional: 0,
        result,
    }
}

const fn plain(name: &'static str, argument: &'static [Receiver], result: Type) -> Function {
    Function {
        name,
        receiver: None,
        arguments: argument,
        optional: 0,
        result,
    }
}

/// A part of a time; without the time zone's name it is in UTC.
const fn part_of_time(name: &'static str) -> Function {
    Function {
        name,
        receiver: Some(Receiver::Timestamp),
        arguments: &[Receiver::Text],
        optional: 1,
        result: Type::Int,
    }
}

/// The functions; `has` and the loops `all`, `exists`, `exists_one`, `map`, `filter` come with the language.
pub(super) const FUNCTIONS: &[Function] = &[
    on(Receiver::Text, "startsWith", &[Receiver::Text], Type::Bool),
    on(Receiver::Text, "endsWith", &[Receiver::Text], Type::Bool),
    on(Receiver::Text, "contains", &[Receiver::Text], Type::Bool),
    on(Receiver::Text, "matches", &[Receiver::Text], Type::Bool),
    on(Receiver::Sized, "size", &[], Type::Int),
    plain("size", &[Receiver::Sized], Type::Int),
    plain("int", &[Receiver::Count], Type::Int),
    plain("double", &[Receiver::Number], Type::Double),
    plain("string", &[Receiver::Scalar], Type::Text),
    plain("duration", &[Receiver::Text], Type::Duration),
    plain("timestamp", &[Receiver::Text], Type::Timestamp),
    plain(IN_HOURS, &[Receiver::Text], Type::Bool),
    part_of_time("getFullYear"),
    part_of_time("getMonth"),
    part_of_time("getDate"),
    part_of_time("getDayOfWeek"),
    part_of_time("getDayOfYear"),
    part_of_time("getHours"),
    part_of_time("getMinutes"),
    part_of_time("getSeconds"),
    on(Receiver::Duration, "getHours", &[], Type::Int),
    on(Receiver::Duration, "getMinutes", &[], Type::Int),
    on(Receiver::Duration, "getSeconds", &[], Type::Int),
];

/// The loops and tests that the language expands itself; named here only to suggest them.
pub(super) const MACROS: &[&str] = &["has", "all", "exists", "exists_one", "map", "filter"];
