//! Reading typed fields out of a [`Node`] tree: unknown, repeated, missing and mistyped fields become faults
//! with their place and the nearest name, and reading goes on. Shared by the policy and the roster file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::document::{Key, Node, NodeValue};
use super::fault::{Faults, Position, Section, advice, nearest};

/// Longest id or name of anything, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Longest label, tag or title, in characters.
const MAX_LABEL_CHARS: usize = 256;

/// Longest duration of a file.
const MAX_DURATION: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Longest time that a ticket can have waited: ten years.
pub(crate) const MAX_WAITED: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// The fields of one mapping, each known and given once.
pub(crate) struct Fields<'n> {
    position: Position,
    what: &'static str,
    by_name: BTreeMap<&'n str, &'n Node>,
    /// The known fields that unknown ones were probably meant to be.
    misspelt: BTreeSet<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens `node` as a mapping with the fields `known`; `what` names it in messages, with its article.
    pub(crate) fn open(
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let entries = entries(node, what, faults)?;
        let mut by_name = BTreeMap::new();
        let mut misspelt = BTreeSet::new();
        for (key, value) in entries {
            if known.contains(&key.name.as_str()) {
                by_name.insert(key.name.as_str(), value);
            } else {
                let name = &key.name;
                let known = || known.iter().copied();
                let meant =
                    nearest(name, known()).and_then(|near| known().find(|one| *one == near));
                misspelt.extend(meant);
                let advice = advice(name, known());
                faults.add(
                    key.position,
                    format!("unknown field '{name}' in {what}: {advice}"),
                );
            }
        }
        Some(Self {
            position: node.position,
            what,
            by_name,
            misspelt,
        })
    }

    /// Where the mapping begins.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// The field's value; a field left empty counts as missing.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.by_name
            .get(name)
            .copied()
            .filter(|node| node.value != NodeValue::Null)
    }

    /// Whether an unknown field was probably meant to be this one.
    pub(crate) fn is_misspelt(&self, name: &str) -> bool {
        self.misspelt.contains(name)
    }

    /// Whether the field is given, be it under a misspelt name: then its being missing is no further fault.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        self.get(name).is_some() || self.is_misspelt(name)
    }

    /// The field's value; missing is a fault.
    pub(crate) fn require(&self, name: &str, faults: &mut Faults) -> Option<&'n Node> {
        let node = self.get(name);
        if !self.is_meant(name) {
            faults.add(self.position, format!("{} needs '{name}'", self.what));
        }
        node
    }

    /// The names that a section declares, empty where it is left out. `read` gives `None` where it cannot be read whole.
    pub(crate) fn section<T: Default>(
        &self,
        name: &str,
        section: Section,
        faults: &mut Faults,
        read: impl FnOnce(&Node, &mut Faults) -> Option<T>,
    ) -> T {
        let names = match self.get(name) {
            Some(node) => read(node, faults),
            None => (!self.is_misspelt(name)).then(T::default),
        };
        names.unwrap_or_else(|| {
            faults.mark_unread(section);
            T::default()
        })
    }

    /// A text field, if given.
    pub(crate) fn text(&self, name: &str, faults: &mut Faults) -> Option<&'n str> {
        text(self.get(name)?, name, faults)
    }

    /// A whole number field, if given.
    pub(crate) fn integer<T>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
        faults: &mut Faults,
    ) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        integer(self.get(name)?, name, range, faults)
    }

    /// A duration field, if given.
    pub(crate) fn duration(&self, name: &str, faults: &mut Faults) -> Option<SignedDuration> {
        duration(self.get(name)?, name, faults)
    }

    /// A field that tells how long a ticket has waited, if given.
    pub(crate) fn waited(&self, name: &str, faults: &mut Faults) -> Option<SignedDuration> {
        let node = self.get(name)?;
        let text = match &node.value {
            NodeValue::Text(text) => text,
            _ => "",
        };
        let waited = parse_waited(text);
        waited
            .map_err(|wanted| mistyped(node, name, wanted, faults))
            .ok()
    }

    /// A true-or-false field, if given.
    pub(crate) fn flag(&self, name: &str, faults: &mut Faults) -> Option<bool> {
        let node = self.get(name)?;
        match node.value {
            NodeValue::Bool(value) => Some(value),
            _ => {
                mistyped(node, name, "true or false", faults);
                None
            }
        }
    }
}

/// The entries of a mapping, each key once; a repeated key is a fault and keeps its first value.
pub(crate) fn entries<'n>(
    node: &'n Node,
    what: &str,
    faults: &mut Faults,
) -> Option<Vec<(&'n Key, &'n Node)>> {
    let NodeValue::Map(map) = &node.value else {
        mistyped(node, what, "a mapping", faults);
        return None;
    };
    let mut first: BTreeMap<&str, Position> = BTreeMap::new();
    let mut kept = Vec::with_capacity(map.len());
    for (key, value) in map {
        if let Some(earlier) = first.get(key.name.as_str()) {
            let Key { position, name } = key;
            let line = earlier.line;
            faults.add(
                *position,
                format!("'{name}' is given twice, first in line {line}: keep one"),
            );
        } else {
            first.insert(&key.name, key.position);
            kept.push((key, value));
        }
    }
    Some(kept)
}

/// Notes a file without content, told by what it should begin with.
pub(crate) fn refuse_empty(document: &Node, what: &str, begin: &str, faults: &mut Faults) -> bool {
    let empty = document.value == NodeValue::Null;
    if empty {
        let message = format!("{what} is empty: begin with {begin}");
        faults.add(document.position, message);
    }
    empty
}

/// The items of a list.
pub(crate) fn items<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> &'n [Node] {
    match &node.value {
        NodeValue::List(items) => items,
        _ => {
            mistyped(node, what, "a list", faults);
            &[]
        }
    }
}

/// A text.
pub(crate) fn text<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> Option<&'n str> {
    match &node.value {
        NodeValue::Text(text) => Some(text),
        NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => {
            mistyped(node, what, "a text (put it in quotes)", faults);
            None
        }
        NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => {
            mistyped(node, what, "a text", faults);
            None
        }
    }
}

/// A whole number within `range`.
pub(crate) fn integer<T>(
    node: &Node,
    what: &str,
    range: RangeInclusive<T>,
    faults: &mut Faults,
) -> Option<T>
where
    T: TryFrom<i64> + PartialOrd + std::fmt::Display,
{
    let value = match node.value {
        NodeValue::Integer(value) => T::try_from(value).ok(),
        _ => None,
    };
    let value = value.filter(|value| range.contains(value));
    if value.is_none() {
        let (first, last) = (range.start(), range.end());
        let wanted = if first == last {
            first.to_string()
        } else {
            format!("a whole number from {first} to {last}")
        };
        mistyped(node, what, &wanted, faults);
    }
    value
}

/// A duration with its unit, such as `90s`, `15m`, `8h`, `3d` or `1h30m`; longer than nothing and at most 366
/// days of 24 hours.
pub(crate) fn duration(node: &Node, what: &str, faults: &mut Faults) -> Option<SignedDuration> {
    let days_are_24_hours = SpanRelativeTo::days_are_24_hours();
    span(node, what, faults)?
        .to_duration(days_are_24_hours)
        .ok()
}

/// A duration as in [`duration`], with its weeks and days apart, for those to whom a day is not 24 hours.
pub(crate) fn span(node: &Node, what: &str, faults: &mut Faults) -> Option<Span> {
    let parsed = match &node.value {
        NodeValue::Text(text) => parse_span(text),
        _ => None,
    };
    if parsed.is_none() {
        let is_nothing = matches!(&node.value, NodeValue::Text(text) if is_nothing(text));
        let wanted = match is_nothing {
            true => "longer than nothing, such as 90s, 15m, 8h or 3d",
            false => "a duration with its unit, such as 90s, 15m, 8h or 3d, up to 366d",
        };
        mistyped(node, what, wanted, faults);
    }
    parsed
}

/// Whether a duration is no time at all, or less.
fn is_nothing(text: &str) -> bool {
    let span = text.parse::<Span>();
    span.is_ok_and(|span| span.is_zero() || span.is_negative())
}

/// How long a ticket has waited, such as `0s`, `90s` or `3d`; the error is what it must be.
pub(crate) fn parse_waited(text: &str) -> Result<SignedDuration, &'static str> {
    match text.parse().ok().as_ref().and_then(length) {
        Some(waited) if waited.is_negative() => {
            Err("0s or longer (a ticket cannot have waited less than nothing)")
        }
        Some(waited) if waited <= MAX_WAITED => Ok(waited),
        Some(_) | None => Err("a duration with its unit, such as 90s, 15m, 8h or 3d, up to 3660d"),
    }
}

/// How long a span is if it can be told without a calendar.
fn length(span: &Span) -> Option<SignedDuration> {
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

fn parse_span(text: &str) -> Option<Span> {
    let span: Span = text.parse().ok()?;
    let duration = length(&span)?;
    (duration > SignedDuration::ZERO && duration <= MAX_DURATION).then_some(span)
}

/// A name: 1 to 100 characters without blanks or control characters.
pub(crate) fn check_name(name: &str, what: &str) -> Result<(), String> {
    let chars = name.chars().count();
    if (1..=MAX_NAME_CHARS).contains(&chars)
        && !name.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Ok(());
    }
    Err(format!(
        "{what} must have 1 to {MAX_NAME_CHARS} characters, none of them blank: '{}'",
        name.escape_debug()
    ))
}

/// A text that is a name, see [`check_name`].
pub(crate) fn name<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> Option<&'n str> {
    let name = text(node, what, faults)?;
    match check_name(name, what) {
        Ok(()) => Some(name),
        Err(message) => {
            faults.add(node.position, message);
            None
        }
    }
}

/// A label that others chose, such as a topic of the training data or a tag of the help desk: 1 to 256
/// characters, not only blanks and no control characters.
pub(crate) fn label<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> Option<&'n str> {
    let label = text(node, what, faults)?;
    let fits = label.chars().count() <= MAX_LABEL_CHARS;
    if fits && !label.trim().is_empty() && !label.chars().any(char::is_control) {
        return Some(label);
    }
    faults.add(
        node.position,
        format!(
            "{what} must have 1 to {MAX_LABEL_CHARS} characters, not only blanks and no control characters: '{}'",
            label.escape_debug()
        ),
    );
    None
}

fn mistyped(node: &Node, what: &str, wanted: &str, faults: &mut Faults) {
    let got = match &node.value {
        NodeValue::Integer(value) => value.to_string(),
        NodeValue::Float(value) => value.to_string(),
        NodeValue::Text(text) if text.chars().count() <= MAX_NAME_CHARS => {
            format!("'{}'", text.escape_debug())
        }
        other => other.kind().to_owned(),
    };
    faults.add(node.position, format!("{what} must be {wanted}, not {got}"));
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
