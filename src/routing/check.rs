//! From the tree of a policy file to a [`Policy`]: every field read, every name resolved, every error noted. The
//! grammar of the file is what this reads; anything else in it is an unknown field.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::calendar::{Calendars, read_calendars};
use super::check_cost::check_cost;
use super::check_rule::read_rule;
use super::condition::{Known, Patterns, Vocabulary};
use super::document::{Node, NodeValue};
use super::fault::{Faults, Position, Section};
use super::fields::{self, Fields};
use super::last_resort::read_last_resort;
use super::mention::Mentions;
use super::note::read_notes;
use super::place::Lines;
use super::policy::{MAX_RULES, Policy, Queue, Rule, TopicPattern, version_of};
use super::priorities::read_priorities;
use super::sla::read_sla;

/// Most skills, queues or patterns of topics of a policy.
const MAX_NAMES: usize = 1_000;

/// The fields of a policy file.
pub(super) const POLICY_FIELDS: &[&str] = &[
    "version",
    "skills",
    "queues",
    "calendars",
    "languages",
    "sla",
    "priorities",
    "always_human",
    "rules",
    "default",
    "notes",
];

/// The fields of a queue.
pub(super) const QUEUE_FIELDS: &[&str] = &["overflow", "last_resort"];

/// The fields of `default`.
pub(super) const DEFAULT_FIELDS: &[&str] = &["queue"];

/// The names that rules may use, and the text that they stand in.
pub(super) struct Names<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) calendars: Calendars,
    pub(super) patterns: RefCell<Patterns>,
    pub(super) mentions: Mentions,
    pub(super) skills: BTreeSet<String>,
    pub(super) queues: BTreeMap<String, Queue>,
}

impl Names<'_> {
    /// What conditions may refer to.
    pub(super) fn known(&self, faults: &Faults) -> Known<'_> {
        Known {
            calendars: faults
                .has_read(Section::Calendars)
                .then_some(&self.calendars),
            patterns: &self.patterns,
        }
    }

    /// The queue named by `node`; an unknown one is a fault.
    pub(super) fn queue(&self, node: &Node, what: &str, faults: &mut Faults) -> Option<String> {
        let name = fields::text(node, what, faults)?;
        if !self.queues.contains_key(name) {
            let declared = self.queues.keys().map(String::as_str);
            let (section, at) = (Section::Queues, node.position);
            faults.add_undeclared(section, at, "unknown queue", name, declared);
        }
        Some(name.to_owned())
    }

    /// Notes `name` unless it is a declared skill.
    pub(super) fn check_skill(&self, name: &str, at: Position, faults: &mut Faults) -> bool {
        let known = self.skills.contains(name);
        if !known {
            let declared = self.skills.iter().map(String::as_str);
            faults.add_undeclared(Section::Skills, at, "unknown skill", name, declared);
        }
        known
    }
}

/// Reads the whole file; what it gives is complete only if no fault was noted.
pub(super) fn read_policy(
    document: &Node,
    text: &str,
    origin: &str,
    faults: &mut Faults,
) -> Option<Policy> {
    if fields::refuse_empty(
        document,
        "the policy",
        "version, queues and default",
        faults,
    ) {
        return None;
    }
    let file = Fields::open(document, "a policy", POLICY_FIELDS, faults)?;
    file.require("version", faults);
    file.integer("version", 1..=1_u8, faults);
    let skills = file.section("skills", Section::Skills, faults, read_skills);
    if file.require("queues", faults).is_none() {
        faults.mark_unread(Section::Queues);
    }
    let queues = file.section("queues", Section::Queues, faults, read_queues);
    let calendars = file.section("calendars", Section::Calendars, faults, |node, faults| {
        read_calendars(node, "calendars", "a calendar", faults)
    });
    let names = Names {
        lines: Lines::new(text),
        calendars,
        patterns: RefCell::default(),
        mentions: Mentions::default(),
        skills,
        queues,
    };
    let sla = file
        .get("sla")
        .map(|node| read_sla(node, &names.calendars, faults))
        .unwrap_or_default();
    let priorities = file
        .get("priorities")
        .map(|node| read_priorities(node, &names, faults))
        .unwrap_or_default();
    names.mentions.give_to("priorities");
    let notes = file
        .get("notes")
        .map(|node| read_notes(node, &names.lines, faults))
        .unwrap_or_default();
    names.mentions.add_notes(&notes);
    names.mentions.give_to("the policy");
    let languages = file
        .get("languages")
        .map(|node| read_languages(node, &names, faults))
        .unwrap_or_default();
    let always_human = file
        .get("always_human")
        .map(|node| read_patterns(node, faults))
        .unwrap_or_default();
    let rules = file
        .get("rules")
        .map(|node| read_rules(node, &names, faults))
        .unwrap_or_default();
    let default_queue = file
        .require("default", faults)
        .and_then(|node| Fields::open(node, "default", DEFAULT_FIELDS, faults))
        .and_then(|fields| names.queue(fields.require("queue", faults)?, "queue", faults))
        .unwrap_or_default();
    check_cost(&rules, &priorities, faults);
    Some(Policy {
        origin: origin.to_owned(),
        version: version_of(text),
        skills: names.skills,
        queues: names.queues,
        vocabulary: Vocabulary {
            calendars: Arc::new(names.calendars),
            patterns: Arc::new(names.patterns.into_inner()),
        },
        sla,
        priorities,
        languages,
        always_human,
        rules,
        default_queue,
        notes,
        mentions: names.mentions.into_inner(),
    })
}

/// Notes a list or mapping with more than [`MAX_NAMES`] entries.
fn is_too_long(node: &Node, what: &str, faults: &mut Faults) -> bool {
    let count = match &node.value {
        NodeValue::List(items) => items.len(),
        NodeValue::Map(entries) => entries.len(),
        _ => 0,
    };
    if count > MAX_NAMES {
        faults.add(
            node.position,
            format!("{count} {what} are more than the {MAX_NAMES} allowed"),
        );
    }
    count > MAX_NAMES
}

/// The skills; `None` where any name of them cannot be read.
fn read_skills(node: &Node, faults: &mut Faults) -> Option<BTreeSet<String>> {
    if is_too_long(node, "skills", faults) {
        return None;
    }
    let mut skills = BTreeSet::new();
    let mut whole = matches!(node.value, NodeValue::List(_));
    for item in fields::items(node, "skills", faults) {
        let Some(name) = fields::text(item, "a skill", faults) else {
            whole = false;
            continue;
        };
        if let Err(message) = fields::check_name(name, "a skill") {
            faults.add(item.position, message);
        }
        if !skills.insert(name.to_owned()) {
            faults.add(
                item.position,
                format!("skill '{name}' is given twice: keep one"),
            );
        }
    }
    whole.then_some(skills)
}

/// The queues, whose names are complete; `None` where they cannot be read.
fn read_queues(node: &Node, faults: &mut Faults) -> Option<BTreeMap<String, Queue>> {
    if is_too_long(node, "queues", faults) {
        return None;
    }
    let entries = fields::entries(node, "queues", faults)?;
    if entries.is_empty() {
        faults.add(node.position, "queues must declare at least one queue");
        return None;
    }
    let known: BTreeSet<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
    let mut queues = BTreeMap::new();
    let mut overflow_positions = BTreeMap::new();
    for (key, value) in &entries {
        if let Err(message) = fields::check_name(&key.name, "a queue's name") {
            faults.add(key.position, message);
        }
        let mut queue = Queue::default();
        if value.value != NodeValue::Null
            && let Some(fields) = Fields::open(value, "a queue", QUEUE_FIELDS, faults)
        {
            queue.last_resort = fields
                .get("last_resort")
                .and_then(|node| read_last_resort(node, faults));
            if let Some(target) = fields.get("overflow")
                && let Some(name) = fields::text(target, "overflow", faults)
            {
                if known.contains(name) {
                    queue.overflow = Some(name.to_owned());
                    overflow_positions.insert(key.name.as_str(), target.position);
                } else {
                    let advice = faults.advice(name, known.iter().copied());
                    faults.add(target.position, format!("unknown queue '{name}': {advice}"));
                }
            }
        }
        queues.insert(key.name.clone(), queue);
    }
    for (name, position) in overflow_positions {
        if let Some(circle) = find_circle(&queues, name) {
            faults.add(
                position,
                format!("queues overflow in a circle: {circle}; let one of them end it"),
            );
        }
    }
    Some(queues)
}

/// The circle that `start` is in, told from its smallest name only, so that it is told once.
fn find_circle(queues: &BTreeMap<String, Queue>, start: &str) -> Option<String> {
    let mut path = vec![start];
    while let Some(next) = queues.get(*path.last()?)?.overflow.as_deref() {
        if next == start {
            path.push(next);
            return Some(path.join(" → "));
        }
        if next < start || path.len() > queues.len() {
            return None;
        }
        path.push(next);
    }
    None
}

fn read_languages(node: &Node, names: &Names<'_>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut languages = BTreeMap::new();
    for (key, value) in fields::entries(node, "languages", faults).unwrap_or_default() {
        let tag = key.name.to_ascii_lowercase();
        if tag.is_empty() || !tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let name = key.name.escape_debug();
            faults.add(
                key.position,
                format!("'{name}' is no language tag such as de or pt-br"),
            );
        }
        if let Some(skill) = fields::text(value, "a language's skill", faults)
            && names.check_skill(skill, value.position, faults)
            && languages.insert(tag, skill.to_owned()).is_some()
        {
            let name = &key.name;
            faults.add(
                key.position,
                format!("the language '{name}' is given twice, in another case: keep one"),
            );
        }
    }
    languages
}

fn read_patterns(node: &Node, faults: &mut Faults) -> Vec<TopicPattern> {
    if is_too_long(node, "topics", faults) {
        return Vec::new();
    }
    fields::items(node, "always_human", faults)
        .iter()
        .filter_map(|item| {
            Some(TopicPattern {
                position: item.position,
                pattern: fields::label(item, "a topic", faults)?.to_owned(),
            })
        })
        .collect()
}

fn read_rules(node: &Node, names: &Names<'_>, faults: &mut Faults) -> Vec<Rule> {
    let items = fields::items(node, "rules", faults);
    if items.len() > MAX_RULES {
        let count = items.len();
        faults.add(
            node.position,
            format!("{count} rules are more than the {MAX_RULES} allowed"),
        );
        return Vec::new();
    }
    let mut seen: BTreeMap<&str, Position> = BTreeMap::new();
    for item in items {
        if let Some(id) = id_of(item)
            && let Some(earlier) = seen.insert(id, item.position)
        {
            let line = earlier.line;
            faults.add(
                item.position,
                format!("rule '{id}' is given twice, first in line {line}: rename one"),
            );
        }
    }
    let read = items
        .iter()
        .filter_map(|item| read_rule(item, names, faults));
    read.collect()
}

/// The id of a rule, be the rest of it right or wrong.
fn id_of(rule: &Node) -> Option<&str> {
    let NodeValue::Map(entries) = &rule.value else {
        return None;
    };
    let (_, id) = entries.iter().find(|(key, _)| key.name == "id")?;
    match &id.value {
        NodeValue::Text(id) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
