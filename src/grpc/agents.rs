//! Agents and shifts: messages of them, and what messages say of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::answer::{levels, timestamp};
use super::status::Violations;
use super::v1;
use crate::routing::fault::advice;
use crate::routing::{Agent, Calendar, MAX_CAPACITY, MAX_PROFICIENCY, Policy, Presence, Roster};

/// Longest name of an agent, in bytes.
const MAX_NAME_BYTES: usize = 1_024;

/// Most holidays of a shift, and most of its times; the roster's file has fewer still.
const MAX_OF_SHIFT: usize = 1_000;

/// A field of an agent that a message can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Name,
    Skills,
    Queues,
    Presence,
    OnLeave,
    Capacity,
    Load,
    IdleSince,
    LastAssignedAt,
    Shift,
}

impl Field {
    /// All of them, with their names in messages.
    pub(super) const ALL: [(&'static str, Self); 10] = [
        ("name", Self::Name),
        ("skills", Self::Skills),
        ("queues", Self::Queues),
        ("presence", Self::Presence),
        ("on_leave", Self::OnLeave),
        ("capacity", Self::Capacity),
        ("load", Self::Load),
        ("idle_since", Self::IdleSince),
        ("last_assigned_at", Self::LastAssignedAt),
        ("shift", Self::Shift),
    ];
}

/// An agent with this many places reserved, as a message.
pub(super) fn message(agent: &Agent, reserved: u32) -> v1::Agent {
    let presence = match agent.presence {
        Presence::Available => v1::Presence::Available,
        Presence::Busy => v1::Presence::Busy,
        Presence::Away => v1::Presence::Away,
        Presence::Offline => v1::Presence::Offline,
    };
    v1::Agent {
        id: agent.id.clone(),
        name: agent.name.clone(),
        skills: levels(agent.skills.clone()),
        queues: agent.queues.as_ref().map(|queues| v1::QueueNames {
            names: queues.iter().cloned().collect(),
        }),
        presence: presence.into(),
        on_leave: agent.on_leave,
        capacity: agent.capacity,
        load: agent.load,
        idle_since: agent.idle_since.map(timestamp),
        last_assigned_at: agent.last_assigned_at.map(timestamp),
        shift: agent
            .shift
            .as_ref()
            .map(|shift| shift.name().to_owned())
            .unwrap_or_default(),
        reserved,
    }
}

/// An agent of whom nothing is known but the id.
pub(super) fn blank(id: &str) -> Agent {
    Agent {
        id: id.to_owned(),
        name: String::new(),
        skills: BTreeMap::new(),
        queues: None,
        presence: Presence::Offline,
        on_leave: false,
        capacity: 0,
        load: 0,
        idle_since: None,
        last_assigned_at: None,
        shift: None,
    }
}

/// What agents may refer to.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) policy: &'a Policy,
    pub(super) shifts: BTreeMap<String, Arc<Calendar>>,
}

/// Sets one field of `agent` as `message` has it; `at` is the message's place in the request.
pub(super) fn set(
    agent: &mut Agent,
    field: Field,
    message: &v1::Agent,
    names: &Names<'_>,
    at: &str,
    violations: &mut Violations,
) {
    match field {
        Field::Name => {
            if message.name.len() > MAX_NAME_BYTES {
                let length = message.name.len();
                violations.too_large(
                    format!("{at}.name"),
                    format!("has {length} bytes, at most {MAX_NAME_BYTES} are allowed"),
                );
            }
            agent.name.clone_from(&message.name);
        }
        Field::Skills => agent.skills = skills(message, names, at, violations),
        Field::Queues => {
            let queues = message.queues.iter().flat_map(|list| &list.names);
            for (index, queue) in queues.enumerate() {
                if violations.is_full() {
                    return;
                }
                if !names.policy.has_queue(queue) {
                    let advice = advice(queue, names.policy.queues());
                    let field = format!("{at}.queues.names[{index}]");
                    violations.bad(field, format!("is the unknown queue '{queue}': {advice}"));
                }
            }
            let queues = message.queues.as_ref();
            agent.queues = queues.map(|list| list.names.iter().cloned().collect());
        }
        Field::Presence => match v1::Presence::try_from(message.presence) {
            Ok(v1::Presence::Available) => agent.presence = Presence::Available,
            Ok(v1::Presence::Busy) => agent.presence = Presence::Busy,
            Ok(v1::Presence::Away) => agent.presence = Presence::Away,
            Ok(v1::Presence::Offline) => agent.presence = Presence::Offline,
            Ok(v1::Presence::Unspecified) => violations.bad(format!("{at}.presence"), "is missing"),
            Err(_) => violations.bad(
                format!("{at}.presence"),
                format!("{} is no number of a presence", message.presence),
            ),
        },
        Field::OnLeave => agent.on_leave = message.on_leave,
        Field::Capacity => {
            agent.capacity = tickets(message.capacity, &format!("{at}.capacity"), violations);
        }
        Field::Load => agent.load = tickets(message.load, &format!("{at}.load"), violations),
        Field::IdleSince => {
            agent.idle_since = time(message.idle_since, &format!("{at}.idle_since"), violations);
        }
        Field::LastAssignedAt => {
            let field = format!("{at}.last_assigned_at");
            agent.last_assigned_at = time(message.last_assigned_at, &field, violations);
        }
        Field::Shift => {
            let name = &message.shift;
            agent.shift = names.shifts.get(name).cloned();
            if agent.shift.is_none() && !name.is_empty() {
                let advice = advice(name, names.shifts.keys().map(String::as_str));
                violations.bad(
                    format!("{at}.shift"),
                    format!("is the unknown shift '{name}': {advice}"),
                );
            }
        }
    }
}

fn skills(
    message: &v1::Agent,
    names: &Names<'_>,
    at: &str,
    violations: &mut Violations,
) -> BTreeMap<String, u8> {
    let mut levels = BTreeMap::new();
    for (skill, &level) in &message.skills {
        if violations.is_full() {
            break;
        }
        let field = format!("{at}.skills[\"{skill}\"]");
        if !names.policy.has_skill(skill) {
            let advice = advice(skill, names.policy.skills());
            violations.bad(field.as_str(), format!("is an unknown skill: {advice}"));
        }
        match u8::try_from(level) {
            Ok(level) if (1..=MAX_PROFICIENCY).contains(&level) => {
                levels.insert(skill.clone(), level);
            }
            Ok(_) | Err(_) => {
                violations.bad(
                    field,
                    format!("{level} is not between 1 and {MAX_PROFICIENCY}"),
                );
            }
        }
    }
    levels
}

fn tickets(count: u32, field: &str, violations: &mut Violations) -> u32 {
    if count > MAX_CAPACITY {
        violations.bad(field, format!("{count} is more than {MAX_CAPACITY}"));
    }
    count
}

fn time(
    message: Option<prost_types::Timestamp>,
    field: &str,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let message = message?;
    let time = (0..1_000_000_000)
        .contains(&message.nanos)
        .then(|| Timestamp::new(message.seconds, message.nanos).ok())
        .flatten();
    if time.is_none() {
        violations.bad(field, "is no time between the years 1 and 9999");
    }
    time
}

/// A shift, read as the roster's file reads it; `at` is its place in the request.
pub(super) fn shift(
    message: &v1::Shift,
    at: &str,
    violations: &mut Violations,
) -> Option<Arc<Calendar>> {
    let hours = message.hours.values().map(|open| open.hours.len().max(1));
    for (field, count) in [("holidays", message.holidays.len()), ("hours", hours.sum())] {
        if count > MAX_OF_SHIFT {
            let problem = format!("{count}, at most {MAX_OF_SHIFT} are allowed");
            violations.too_large(format!("{at}.{field}"), problem);
            return None;
        }
    }
    let hours: BTreeMap<&String, &Vec<String>> = message
        .hours
        .iter()
        .map(|(days, hours)| (days, &hours.hours))
        .collect();
    let file = json!({
        "version": 1,
        "agents": [],
        "shifts": {
            &message.name: {
                "timezone": message.timezone,
                "hours": hours,
                "holidays": message.holidays,
            },
        },
    });
    match Roster::parse(&file.to_string(), at) {
        Ok(roster) => roster.shifts().next().cloned(),
        Err(errors) => {
            for fault in errors.0.faults {
                violations.bad(at, fault.message);
            }
            None
        }
    }
}
