//! Hand-over notes: texts with placeholders that the decision fills in, so that the agent sees at once why the
//! ticket came. A note with a placeholder that has no value for the ticket is left out.

use super::document::{Node, NodeValue};
use super::fault::{Faults, Position, advice};
use super::fields;
use super::place::Lines;

/// Most notes of a rule.
const MAX_NOTES: usize = 20;

/// Longest template, in characters.
const MAX_NOTE_CHARS: usize = 500;

/// What stands for a label of a facet, followed by its name.
const FACET_PREFIX: &str = "facets.";

/// A template, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    parts: Vec<Part>,
    facets: Vec<(Position, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// The topic decided with.
    Topic,
    /// Its probability, in percent.
    Confidence,
    /// The urgency decided with.
    Urgency,
    /// The words that decided the topic.
    Words,
    /// The customer's tier.
    Tier,
    /// The customer's id.
    Customer,
    /// The ticket's language.
    Language,
    /// The ticket's channel.
    Channel,
    /// How long the ticket has waited.
    Waited,
    /// The queue.
    Queue,
    /// The rule.
    Rule,
    /// Why a person must decide.
    Reason,
    /// The label of a facet.
    Facet(String),
}

/// The placeholders without those of facets.
pub(super) const SLOTS: [(&str, Slot); 12] = [
    ("topic", Slot::Topic),
    ("confidence", Slot::Confidence),
    ("urgency", Slot::Urgency),
    ("words", Slot::Words),
    ("tier", Slot::Tier),
    ("customer", Slot::Customer),
    ("language", Slot::Language),
    ("channel", Slot::Channel),
    ("waited", Slot::Waited),
    ("queue", Slot::Queue),
    ("rule", Slot::Rule),
    ("reason", Slot::Reason),
];

impl Note {
    /// The note with every placeholder filled in by `value`; `None` where one has none.
    pub(super) fn fill(&self, value: impl Fn(&Slot) -> Option<String>) -> Option<String> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Slot(slot) => filled.push_str(&value(slot).filter(|text| !text.is_empty())?),
            }
        }
        Some(filled)
    }

    /// The facets that it names, with their places.
    pub(super) fn facets(&self) -> &[(Position, String)] {
        &self.facets
    }

    /// Whether it shows the words that decided.
    pub(super) fn uses_words(&self) -> bool {
        self.parts.contains(&Part::Slot(Slot::Words))
    }
}

/// Reads one template or a list of them.
pub(super) fn read_notes(node: &Node, lines: &Lines<'_>, faults: &mut Faults) -> Vec<Note> {
    let items = match &node.value {
        NodeValue::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.len() > MAX_NOTES {
        faults.add(
            node.position,
            format!("at most {MAX_NOTES} notes are allowed: join some"),
        );
        return Vec::new();
    }
    items
        .iter()
        .filter_map(|item| read_note(item, lines, faults))
        .collect()
}

fn read_note(node: &Node, lines: &Lines<'_>, faults: &mut Faults) -> Option<Note> {
    let text = fields::text(node, "a note", faults)?;
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > MAX_NOTE_CHARS {
        faults.add(
            node.position,
            format!("a note must have 1 to {MAX_NOTE_CHARS} characters, not {chars}"),
        );
        return None;
    }
    let mut reader = Reader {
        place: |offset| lines.locate(node.position, text, offset),
        faults,
    };
    reader.read(text)
}

struct Reader<'f, P> {
    place: P,
    faults: &'f mut Faults,
}

impl<P: Fn(usize) -> Position> Reader<'_, P> {
    fn read(&mut self, text: &str) -> Option<Note> {
        let before = self.faults.count();
        let mut parts = Vec::new();
        let mut facets = Vec::new();
        let mut plain = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let doubled = chars.next_if(|&(_, next)| next == c && matches!(c, '{' | '}'));
            match c {
                '{' | '}' if doubled.is_some() => plain.push(c),
                '{' => {
                    let rest = &text[offset + 1..];
                    let Some((name, _)) = rest.split_once('}') else {
                        self.fault(
                            offset,
                            "the placeholder is not closed: add }, or write {{ for a brace",
                        );
                        break;
                    };
                    while chars
                        .next_if(|&(at, _)| at <= offset + 1 + name.len())
                        .is_some()
                    {}
                    let Some(slot) = self.read_slot(name, offset) else {
                        continue;
                    };
                    if let Slot::Facet(facet) = &slot {
                        facets.push(((self.place)(offset), facet.clone()));
                    }
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Slot(slot));
                }
                '}' => self.fault(offset, "a single } closes nothing: write }} for a brace"),
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        (self.faults.count() == before).then_some(Note { parts, facets })
    }

    fn read_slot(&mut self, name: &str, offset: usize) -> Option<Slot> {
        if let Some(facet) = name.strip_prefix(FACET_PREFIX)
            && !facet.is_empty()
        {
            return Some(Slot::Facet(facet.to_owned()));
        }
        let found = SLOTS.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let known = SLOTS.iter().map(|(known, _)| *known);
            let advice = advice(name, known.chain(["facets.NAME"]));
            self.fault(offset, &format!("unknown placeholder '{name}': {advice}"));
        }
        found.map(|(_, slot)| slot.clone())
    }

    fn fault(&mut self, offset: usize, message: &str) {
        self.faults.add((self.place)(offset), message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    fn read(yaml: &str) -> Result<Vec<Note>, String> {
        let node = document::parse(yaml, "t", 10_000).unwrap();
        let mut faults = Faults::default();
        let notes = read_notes(&node, &Lines::new(yaml), &mut faults);
        match faults.into_result("t") {
            Ok(()) => Ok(notes),
            Err(errors) => Err(errors.to_string()),
        }
    }

    fn fill(yaml: &str) -> Option<String> {
        read(yaml).unwrap()[0].fill(|slot| match slot {
            Slot::Topic => Some("billing/refund".to_owned()),
            Slot::Tier => Some(String::new()),
            Slot::Facet(name) => Some(format!("<{name}>")),
            _ => None,
        })
    }

    #[test]
    fn placeholders_are_filled_and_braces_doubled() {
        assert_eq!(
            fill("'{{{topic}}} is {facets.tone}, größer!'").as_deref(),
            Some("{billing/refund} is <tone>, größer!")
        );
        assert_eq!(fill("no placeholder").as_deref(), Some("no placeholder"));
    }

    #[test]
    fn a_note_without_a_value_is_left_out() {
        assert_eq!(fill("'{topic} of a {tier} customer'"), None);
        assert_eq!(fill("'{topic}: {words}'"), None);
    }

    #[test]
    fn every_error_of_a_template_is_reported_with_its_place() {
        let long = "x".repeat(501);
        let errors = read(&format!(
            "- '{{topc}} and {{facets.}}'\n- \"a }} b {{words\"\n- ''\n- 5\n- {long}\n",
        ));
        let errors = errors.unwrap_err();
        let known = "topic, confidence, urgency, words, tier, customer, language, channel, waited, queue, rule, reason, …";
        assert_eq!(
            errors,
            format!(
                "t:1:4: unknown placeholder 'topc': did you mean 'topic'?
t:1:15: unknown placeholder 'facets.': use one of {known}
t:2:6: a single }} closes nothing: write }}}} for a brace
t:2:10: the placeholder is not closed: add }}, or write {{{{ for a brace
t:3:3: a note must have 1 to 500 characters, not 0
t:4:3: a note must be a text (put it in quotes), not 5
t:5:3: a note must have 1 to 500 characters, not 501"
            )
        );
        assert_eq!(read("[]").unwrap(), []);
        let many = "- x\n".repeat(21);
        assert_eq!(
            read(&many).unwrap_err(),
            "t:1:1: at most 20 notes are allowed: join some"
        );
    }
}
