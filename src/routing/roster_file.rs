//! Reads a roster file: the fields of each agent, every error noted with its place.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::calendar::{Calendars, read_calendars};
use super::document::Node;
use super::fault::{Faults, Position, Section, advice};
use super::fields::{self, Fields};
use super::roster::{Agent, MAX_AGENTS, MAX_CAPACITY, MAX_PROFICIENCY, Presence};

/// Reads all agents, with their places by id, and the shifts; complete only if no fault was noted. An agent of whom
/// something is wrong is given with what is right, if the id is.
pub(super) fn read_agents(
    document: &Node,
    faults: &mut Faults,
) -> (Vec<Agent>, BTreeMap<String, Position>, Calendars) {
    let mut agents = Vec::new();
    let mut positions = BTreeMap::new();
    let empty = fields::refuse_empty(document, "the roster", "version and agents", faults);
    let file = (!empty).then(|| Fields::open(document, "a roster", ROSTER_FIELDS, faults));
    let Some(file) = file.flatten() else {
        return (agents, positions, Calendars::new());
    };
    file.require("version", faults);
    file.integer("version", 1..=1_u8, faults);
    let shifts = file.section("shifts", Section::Shifts, faults, |node, faults| {
        read_calendars(node, "shifts", "a shift", faults)
    });
    let Some(list) = file.require("agents", faults) else {
        faults.mark_unread(Section::Agents);
        return (agents, positions, shifts);
    };
    let items = fields::items(list, "agents", faults);
    if items.len() > MAX_AGENTS {
        let count = items.len();
        faults.add(
            list.position,
            format!("{count} agents are more than the {MAX_AGENTS} allowed"),
        );
        faults.mark_unread(Section::Agents);
        return (agents, positions, shifts);
    }
    for node in items {
        let Some(agent) = read_agent(node, &shifts, faults) else {
            faults.mark_unread(Section::Agents);
            continue;
        };
        match positions.entry(agent.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(node.position);
                agents.push(agent);
            }
            Entry::Occupied(earlier) => {
                let (id, line) = (&agent.id, earlier.get().line);
                faults.add(
                    node.position,
                    format!("agent '{id}' is given twice, first in line {line}: keep one"),
                );
            }
        }
    }
    (agents, positions, shifts)
}

/// The fields of a roster file.
pub(super) const ROSTER_FIELDS: &[&str] = &["version", "shifts", "agents"];

/// The fields of an agent.
pub(super) const AGENT_FIELDS: &[&str] = &[
    "id",
    "name",
    "skills",
    "queues",
    "presence",
    "on_leave",
    "capacity",
    "load",
    "idle_since",
    "last_assigned_at",
    "shift",
];

fn read_agent(node: &Node, shifts: &Calendars, faults: &mut Faults) -> Option<Agent> {
    let fields = Fields::open(node, "an agent", AGENT_FIELDS, faults)?;
    let id = fields
        .require("id", faults)
        .and_then(|node| fields::name(node, "id", faults));
    let presence = fields
        .require("presence", faults)
        .and_then(|node| read_presence(node, faults));
    fields.require("capacity", faults);
    let capacity = fields.integer("capacity", 0..=MAX_CAPACITY, faults);
    let skills = fields
        .get("skills")
        .map(|node| read_levels(node, "skills", faults))
        .unwrap_or_default();
    let queues = fields.get("queues").map(|node| {
        fields::items(node, "queues", faults)
            .iter()
            .filter_map(|item| fields::name(item, "a queue", faults).map(str::to_owned))
            .collect()
    });
    let idle_since = read_time(&fields, "idle_since", faults);
    let last_assigned_at = read_time(&fields, "last_assigned_at", faults);
    let shift = fields.get("shift").and_then(|node| {
        let name = fields::text(node, "shift", faults)?;
        let found = shifts.get(name).cloned();
        if found.is_none() {
            let declared = shifts.keys().map(String::as_str);
            let (section, at) = (Section::Shifts, node.position);
            faults.add_undeclared(section, at, "unknown shift", name, declared);
        }
        found
    });
    Some(Agent {
        name: fields.text("name", faults).unwrap_or_default().to_owned(),
        on_leave: fields.flag("on_leave", faults).unwrap_or(false),
        load: fields
            .integer("load", 0..=MAX_CAPACITY, faults)
            .unwrap_or(0),
        id: id?.to_owned(),
        skills,
        queues,
        presence: presence.unwrap_or(Presence::Offline),
        capacity: capacity.unwrap_or(0),
        idle_since,
        last_assigned_at,
        shift,
    })
}

fn read_time(fields: &Fields<'_>, name: &str, faults: &mut Faults) -> Option<Timestamp> {
    let node = fields.get(name)?;
    let parsed = fields::text(node, name, faults)?.parse().ok();
    if parsed.is_none() {
        faults.add(
            node.position,
            format!("{name} must be a time with its offset, such as 2026-03-02T09:30:00Z"),
        );
    }
    parsed
}

fn read_presence(node: &Node, faults: &mut Faults) -> Option<Presence> {
    let word = fields::text(node, "presence", faults)?;
    let found = Presence::ALL
        .iter()
        .find(|presence| presence.as_str() == word);
    if found.is_none() {
        let advice = advice(word, Presence::ALL.iter().map(|presence| presence.as_str()));
        faults.add(
            node.position,
            format!("unknown presence '{word}': {advice}"),
        );
    }
    found.copied()
}

/// A mapping from skills to proficiency levels.
pub(super) fn read_levels(node: &Node, what: &str, faults: &mut Faults) -> BTreeMap<String, u8> {
    let mut levels = BTreeMap::new();
    for (key, value) in fields::entries(node, what, faults).unwrap_or_default() {
        let level = fields::integer(
            value,
            &format!("the level of '{}'", key.name),
            1..=MAX_PROFICIENCY,
            faults,
        );
        if let Some(level) = level {
            levels.insert(key.name.clone(), level);
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::super::roster::Roster;

    #[test]
    fn every_error_of_a_roster_is_reported_with_its_place() {
        let errors = Roster::parse(
            "version: 1\nagents:\n  - {id: ana, presence: avaliable, capacity: 2}\n  \
             - {id: bob, presence: away, capacity: -1, skils: {}}\n  \
             - {id: cho, presence: away, capacity: 3, skills: {tech: 6}}\n  \
             - {id: cho, presence: away, capacity: 3, idle_since: noon}\n  \
             - {id: dan, presence: away, capacity: 3, shift: ealry, last_assigned_at: 5}\n\
             shifts: {early: {timezone: Europe/Berlin, hours: {mon-fri: \"06:00-14:00\"}}}\n",
            "r.yaml",
        )
        .unwrap_err();
        assert_eq!(
            errors.to_string(),
            "r.yaml:3:25: unknown presence 'avaliable': did you mean 'available'?\n\
             r.yaml:4:41: capacity must be a whole number from 0 to 10000, not -1\n\
             r.yaml:4:45: unknown field 'skils' in an agent: did you mean 'skills'?\n\
             r.yaml:5:59: the level of 'tech' must be a whole number from 1 to 5, not 6\n\
             r.yaml:6:5: agent 'cho' is given twice, first in line 5: keep one\n\
             r.yaml:6:56: idle_since must be a time with its offset, such as 2026-03-02T09:30:00Z\n\
             r.yaml:7:51: unknown shift 'ealry': did you mean 'early'?\n\
             r.yaml:7:76: last_assigned_at must be a text (put it in quotes), not 5"
        );
    }
}
