//! Declared names that nothing uses.

use std::collections::BTreeSet;

use super::{Lint, LintKind};
use crate::routing::document::{self, Node, NodeValue};
use crate::routing::fault::{Fault, Position};
use crate::routing::policy::{MAX_POLICY_BYTES, Policy};

/// Notes the skills and queues of `policy` that nothing in it uses; `text` is its file.
pub(super) fn lint(policy: &Policy, text: &str, lints: &mut Vec<Lint>) {
    let document = document::parse(text, &policy.origin, MAX_POLICY_BYTES).ok();
    let mut note = |section: &str, name: &str, message: String| {
        lints.push(Lint {
            kind: LintKind::Unused,
            fault: Fault {
                position: document
                    .as_ref()
                    .and_then(|document| declared_at(document, section, name)),
                message,
                file: None,
            },
        });
    };
    let steps = || policy.rules.iter().flat_map(|rule| &rule.steps);
    let skills: BTreeSet<&str> = steps()
        .flat_map(|step| step.required.keys().chain(step.preferred.keys()))
        .chain(policy.languages.values())
        .map(String::as_str)
        .collect();
    for skill in policy.skills().filter(|skill| !skills.contains(skill)) {
        let message =
            format!("skill '{skill}' is declared and no step asks for it: use it or drop it");
        note("skills", skill, message);
    }
    if let Some(document) = &document {
        lint_calendars(document, &mut note);
    }
    let mut queues: BTreeSet<&str> = steps().map(|step| step.destination.as_str()).collect();
    let otherwise = policy
        .rules
        .iter()
        .filter_map(|rule| rule.otherwise.as_deref());
    queues.extend(otherwise.chain([policy.default_queue.as_str()]));
    let reached: BTreeSet<&str> = queues
        .iter()
        .flat_map(|queue| policy.overflow_chain(queue))
        .collect();
    for queue in policy.queues().filter(|queue| !reached.contains(queue)) {
        let message =
            format!("queue '{queue}' is declared and no ticket ever gets there: use it or drop it");
        note("queues", queue, message);
    }
}

/// Notes calendars that no other text of the file names or quotes.
fn lint_calendars(document: &Node, note: &mut impl FnMut(&str, &str, String)) {
    let NodeValue::Map(file) = &document.value else {
        return;
    };
    let declared = file.iter().find(|(key, _)| key.name == CALENDARS);
    let Some(NodeValue::Map(calendars)) = declared.map(|(_, node)| &node.value) else {
        return;
    };
    let mut texts = Vec::new();
    for (_, value) in file.iter().filter(|(key, _)| key.name != CALENDARS) {
        collect_texts(value, &mut texts);
    }
    for (key, _) in calendars {
        let name = &key.name;
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let is_used =
            |text: &&str| text == name || quoted.iter().any(|quoted| text.contains(quoted));
        if !texts.iter().any(is_used) {
            let message =
                format!("calendar '{name}' is declared and nothing goes by it: use it or drop it");
            note(CALENDARS, name, message);
        }
    }
}

const CALENDARS: &str = "calendars";

fn collect_texts<'n>(node: &'n Node, texts: &mut Vec<&'n str>) {
    match &node.value {
        NodeValue::Text(text) => texts.push(text),
        NodeValue::List(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        NodeValue::Map(entries) => entries
            .iter()
            .for_each(|(_, value)| collect_texts(value, texts)),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Integer(_) | NodeValue::Float(_) => {}
    }
}

/// Where the list or mapping `section` of a file names `name`.
fn declared_at(document: &Node, section: &str, name: &str) -> Option<Position> {
    let NodeValue::Map(file) = &document.value else {
        return None;
    };
    let (_, section) = file.iter().find(|(key, _)| key.name == section)?;
    match &section.value {
        NodeValue::List(items) => items
            .iter()
            .find(|item| matches!(&item.value, NodeValue::Text(text) if text == name))
            .map(|item| item.position),
        NodeValue::Map(entries) => entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(key, _)| key.position),
        _ => None,
    }
}
