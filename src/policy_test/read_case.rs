//! Reads one case: its ticket or tickets, the circumstances and what is expected.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseStep, Said};
use super::read_expect::read_expectations;
use super::read_ticket::{read_classification, read_ticket};
use super::roster_change::AgentChange;
use crate::routing::document::{Node, NodeValue};
use crate::routing::fault::{Faults, advice};
use crate::routing::fields::{self, Fields};
use crate::routing::{KnownLabels, MAX_PROFICIENCY, Policy, Position, Presence, Roster};

/// What a case stands in.
pub(super) struct Surroundings<'a> {
    pub(super) policy: &'a Policy,
    pub(super) agents: Agents,
    pub(super) labels: Option<&'a KnownLabels>,
    pub(super) now: Timestamp,
    pub(super) folder: &'a Path,
}

/// The agents of a case.
#[derive(Debug, Clone)]
pub(super) enum Agents {
    /// The case is decided without a roster.
    Without,
    /// There is a roster that cannot be used, so that nothing is known of its agents.
    Unknown,
    /// Those of a roster.
    Of(Arc<Roster>),
}

/// The word for "nobody", "nothing" and "without one".
pub(super) const NONE: &str = "none";

const STEP_FIELDS: &[&str] = &[
    "ticket",
    "classification",
    "agents",
    "now",
    "waited",
    "expect",
];
const CASE_FIELDS: &[&str] = &[
    "name",
    "roster",
    "sequence",
    "ticket",
    "classification",
    "agents",
    "now",
    "waited",
    "expect",
];

/// Reads one case; `None` where too much of it is wrong to go on.
pub(super) fn read(
    node: &Node,
    surroundings: &Surroundings<'_>,
    faults: &mut Faults,
) -> Option<Case> {
    let fields = Fields::open(node, "a case", CASE_FIELDS, faults)?;
    let name = fields
        .require("name", faults)
        .and_then(|node| fields::label(node, "name", faults));
    let agents = match fields.get("roster") {
        None if fields.is_misspelt("roster") => Agents::Unknown,
        None => surroundings.agents.clone(),
        Some(node) => roster(node, surroundings.folder, surroundings.policy, faults),
    };
    let circumstances = Circumstances {
        surroundings,
        agents: &agents,
        now: surroundings.now,
        waited: SignedDuration::ZERO,
    };
    let steps = match fields.get("sequence") {
        None if fields.is_misspelt("sequence") => return None,
        None => {
            let id = "T-1".to_owned();
            vec![read_step(
                node.position,
                &fields,
                &circumstances,
                id,
                faults,
            )]
        }
        Some(sequence) => read_sequence(sequence, &fields, &circumstances, faults),
    };
    let steps: Option<Vec<CaseStep>> = steps.into_iter().collect();
    let roster = match agents {
        Agents::Without | Agents::Unknown => None,
        Agents::Of(roster) => Some(roster),
    };
    name.zip(steps).map(|(name, steps)| Case {
        name: name.to_owned(),
        position: node.position,
        roster,
        steps,
    })
}

/// What holds for all steps of a case unless a step says otherwise.
struct Circumstances<'a> {
    surroundings: &'a Surroundings<'a>,
    agents: &'a Agents,
    now: Timestamp,
    waited: SignedDuration,
}

fn read_sequence(
    sequence: &Node,
    case: &Fields<'_>,
    circumstances: &Circumstances<'_>,
    faults: &mut Faults,
) -> Vec<Option<CaseStep>> {
    for name in ["ticket", "classification", "expect"] {
        if let Some(node) = case.get(name) {
            faults.add(
                node.position,
                format!("'{name}' has no place beside a sequence: move it into its steps"),
            );
        }
    }
    let circumstances = Circumstances {
        now: time_of(case, faults).unwrap_or(circumstances.now),
        waited: case
            .waited("waited", faults)
            .unwrap_or(circumstances.waited),
        ..*circumstances
    };
    let mut changes = read_changes(case, &circumstances, faults);
    let items = fields::items(sequence, "sequence", faults);
    if matches!(&sequence.value, NodeValue::List(items) if items.is_empty()) {
        faults.add(sequence.position, "the sequence is empty: give it steps");
    }
    let mut steps = Vec::with_capacity(items.len());
    for (number, item) in (1..).zip(items) {
        let known = STEP_FIELDS;
        let Some(fields) = Fields::open(item, "a step of a sequence", known, faults) else {
            continue;
        };
        let id = format!("T-{number}");
        let step = read_step(item.position, &fields, &circumstances, id, faults);
        steps.push(step.map(|mut step| {
            changes.append(&mut step.changes);
            step.changes = std::mem::take(&mut changes);
            step
        }));
    }
    steps
}

fn read_step(
    position: Position,
    fields: &Fields<'_>,
    circumstances: &Circumstances<'_>,
    id: String,
    faults: &mut Faults,
) -> Option<CaseStep> {
    let surroundings = circumstances.surroundings;
    let said = match fields.get("classification") {
        None if fields.is_misspelt("classification") => None,
        None => Some(Said::ByModel),
        Some(node) => read_classification(node, surroundings.labels, faults)
            .map(|classification| Said::Pinned(Box::new(classification))),
    };
    let (mut ticket, has_text) = match fields.get("ticket") {
        None if fields.is_misspelt("ticket") => (None, false),
        None => (Some(crate::ticket::Ticket::default()), false),
        Some(node) => match read_ticket(node, faults) {
            Some((ticket, has_text)) => (Some(ticket), has_text),
            None => (None, false),
        },
    };
    if let Some(ticket) = &mut ticket {
        if ticket.id.is_empty() {
            ticket.id = id;
        }
        match said {
            Some(Said::ByModel) if !has_text => faults.add(
                position,
                "the case has neither a classification nor a text: give one of them, such as \
                 'classification: {topic: …}' or 'ticket: {body: …}'",
            ),
            // The rules are tested alone; only a ticket that is given an empty text has none.
            Some(Said::Pinned(_)) if !has_text => "(pinned)".clone_into(&mut ticket.body),
            Some(_) | None => {}
        }
    }
    let expectations = match fields.get("expect") {
        None if fields.is_misspelt("expect") => None,
        None => {
            faults.add(
                position,
                "the case expects nothing, so it cannot fail: say what must be so with 'expect'",
            );
            None
        }
        Some(node) => {
            let pins = fields.get("classification").is_some();
            read_expectations(node, surroundings, circumstances.agents, pins, faults)
        }
    };
    let changes = read_changes(fields, circumstances, faults);
    let now = time_of(fields, faults).unwrap_or(circumstances.now);
    let waited = fields.waited("waited", faults);
    Some(CaseStep {
        position,
        ticket: ticket?,
        said: said?,
        changes,
        now,
        waited: waited.unwrap_or(circumstances.waited),
        expectations: expectations?,
    })
}

fn time_of(fields: &Fields<'_>, faults: &mut Faults) -> Option<Timestamp> {
    fields.get("now").and_then(|node| time(node, "now", faults))
}

/// A point in time.
pub(super) fn time(node: &Node, what: &str, faults: &mut Faults) -> Option<Timestamp> {
    let parsed = fields::text(node, what, faults)?.parse().ok();
    if parsed.is_none() {
        faults.add(
            node.position,
            format!("{what} must be a time with its offset, such as 2026-03-02T09:30:00Z"),
        );
    }
    parsed
}

/// A roster: the path of a file, `none`, or a whole one in place. What is wrong with it is noted where it is named.
pub(super) fn roster(node: &Node, folder: &Path, policy: &Policy, faults: &mut Faults) -> Agents {
    let read = match &node.value {
        NodeValue::Text(word) if word == NONE => return Agents::Without,
        NodeValue::Text(path) => Roster::load(&folder.join(path)),
        _ => match Roster::read(node, "the case's roster", faults) {
            Some(roster) => Ok(roster),
            None => return Agents::Unknown,
        },
    };
    let checked = read.and_then(|roster| roster.check_against(policy).map(|()| roster));
    match checked {
        Ok(roster) => Agents::Of(Arc::new(roster)),
        Err(errors) => {
            let errors = errors.to_string().replace('\n', "; ");
            faults.add(
                node.position,
                format!("the roster cannot be used: {errors}"),
            );
            Agents::Unknown
        }
    }
}

const AGENT_FIELDS: &[&str] = &[
    "presence",
    "on_leave",
    "capacity",
    "load",
    "skills",
    "queues",
    "idle_since",
    "last_assigned_at",
];

fn read_changes(
    fields: &Fields<'_>,
    circumstances: &Circumstances<'_>,
    faults: &mut Faults,
) -> Vec<AgentChange> {
    let Some(node) = fields.get("agents") else {
        return Vec::new();
    };
    let roster = match circumstances.agents {
        Agents::Of(roster) => Some(roster),
        Agents::Unknown => None,
        Agents::Without => {
            faults.add(node.position, "there is no roster to change the agents of");
            return Vec::new();
        }
    };
    let entries = fields::entries(node, "agents", faults).unwrap_or_default();
    let mut changes = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if let Some(roster) = roster.filter(|roster| roster.agent(&key.name).is_none()) {
            let ids = roster.agents().iter().map(|agent| agent.id.as_str());
            let advice = advice(&key.name, ids);
            let name = &key.name;
            faults.add(key.position, format!("unknown agent '{name}': {advice}"));
        }
        changes.extend(read_change(
            &key.name,
            value,
            circumstances.surroundings.policy,
            faults,
        ));
    }
    changes
}

fn read_change(id: &str, node: &Node, policy: &Policy, faults: &mut Faults) -> Option<AgentChange> {
    const MOST: u32 = 10_000;
    let fields = Fields::open(node, "an agent", AGENT_FIELDS, faults)?;
    let presence = fields.get("presence").and_then(|node| {
        let names: BTreeSet<&str> = Presence::ALL.iter().map(|one| one.as_str()).collect();
        let word = known(node, "presence", &names, faults)?;
        Presence::ALL
            .iter()
            .find(|one| one.as_str() == word)
            .copied()
    });
    let queues = fields.get("queues").map(|node| {
        let names: BTreeSet<&str> = policy.queues().collect();
        let items = fields::items(node, "queues", faults);
        items
            .iter()
            .filter_map(|item| known(item, "queue", &names, faults))
            .map(str::to_owned)
            .collect()
    });
    let skills = fields.get("skills").map(|node| {
        let names: BTreeSet<&str> = policy.skills().collect();
        let entries = fields::entries(node, "skills", faults).unwrap_or_default();
        let mut levels = std::collections::BTreeMap::new();
        for (key, value) in entries {
            known_name(&key.name, key.position, "skill", &names, faults);
            let what = format!("the level of '{}' (0 takes it away)", key.name);
            if let Some(level) = fields::integer(value, &what, 0..=MAX_PROFICIENCY, faults) {
                levels.insert(key.name.clone(), level);
            }
        }
        levels
    });
    Some(AgentChange {
        id: id.to_owned(),
        presence,
        on_leave: fields.flag("on_leave", faults),
        capacity: fields.integer("capacity", 0..=MOST, faults),
        load: fields.integer("load", 0..=MOST, faults),
        skills: skills.unwrap_or_default(),
        queues,
        idle_since: fields
            .get("idle_since")
            .and_then(|node| time(node, "idle_since", faults)),
        last_assigned_at: fields
            .get("last_assigned_at")
            .and_then(|node| time(node, "last_assigned_at", faults)),
    })
}

/// A text that is one of `names`; any other is a fault.
pub(super) fn known<'n>(
    node: &'n Node,
    what: &str,
    names: &BTreeSet<&str>,
    faults: &mut Faults,
) -> Option<&'n str> {
    let word = fields::text(node, what, faults)?;
    known_name(word, node.position, what, names, faults).then_some(word)
}

/// Notes `name` unless it is one of `names`.
pub(super) fn known_name(
    name: &str,
    at: Position,
    what: &str,
    names: &BTreeSet<&str>,
    faults: &mut Faults,
) -> bool {
    let found = names.contains(name);
    if !found {
        let advice = advice(name, names.iter().copied());
        let name = name.escape_debug();
        faults.add(at, format!("unknown {what} '{name}': {advice}"));
    }
    found
}
