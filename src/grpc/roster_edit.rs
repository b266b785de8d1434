//! What a request makes of the roster: the whole of it or nothing, with everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tonic::Status;

use super::agents::{Field, Names, blank, set, shift};
use super::status::{Violations, too_much, within};
use super::v1;
use crate::routing::fault::advice;
use crate::routing::fields::check_name;
use crate::routing::{Agent, MAX_AGENTS, Roster, RosterErrors};
use crate::triage::{LoadError, Triage};

/// Most shifts of a request.
const MAX_SHIFTS: usize = 200;
/// What messages call a roster that came by a call.
const ORIGIN: &str = "the roster";

/// Why the roster so far stays.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Box<Status>);

impl From<Box<Status>> for Refused {
    fn from(status: Box<Status>) -> Self {
        Self(status)
    }
}

impl From<RosterErrors> for Refused {
    fn from(errors: RosterErrors) -> Self {
        let mut violations = Violations::default();
        for fault in errors.0.faults {
            let told = match &fault.file {
                Some(file) => format!("{}: {}", fault.place(file), fault.message),
                None => fault.message,
            };
            violations.bad("agents", told);
        }
        match violations.into_result() {
            Err(status) => Self(status),
            Ok(()) => Self(Box::new(Status::internal(
                "the roster is wrong without a fault",
            ))),
        }
    }
}

impl From<LoadError> for Refused {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Roster(errors) => errors.into(),
            error => Self(Box::new(Status::failed_precondition(error.to_string()))),
        }
    }
}

/// A request to put agents, as far as it can be read without the roster.
#[derive(Debug)]
pub(super) struct RosterEdit {
    replaces: bool,
    agents: Vec<v1::Agent>,
    /// The fields to be set; all where agents are taken over whole.
    fields: Option<BTreeSet<Field>>,
    removed: Vec<String>,
    shifts: Vec<v1::Shift>,
}

impl RosterEdit {
    /// Reads a request.
    pub(super) fn read(request: v1::PutAgentsRequest) -> Result<Self, Box<Status>> {
        let mut violations = Violations::default();
        let mode = v1::PutMode::try_from(request.mode);
        match mode {
            Ok(v1::PutMode::Replace | v1::PutMode::Patch) => {}
            Ok(v1::PutMode::Unspecified) => violations.bad(
                "mode",
                "is missing: say whether these are all agents or changes to some",
            ),
            Err(_) => violations.bad("mode", format!("{} is no number of a mode", request.mode)),
        }
        let replaces = mode == Ok(v1::PutMode::Replace);
        let mask = request.update_mask.unwrap_or_default().paths;
        let mut fields = BTreeSet::new();
        for path in &mask {
            if violations.is_full() {
                break;
            }
            match Field::ALL.iter().find(|(name, _)| name == path) {
                Some((_, field)) => {
                    fields.insert(*field);
                }
                None => {
                    let advice = advice(path, Field::ALL.iter().map(|(name, _)| *name));
                    violations.bad(
                        "update_mask",
                        format!("'{path}' is no field that can be set: {advice}"),
                    );
                }
            }
        }
        for (field, given) in [
            ("update_mask", !mask.is_empty()),
            ("removed_ids", !request.removed_ids.is_empty()),
        ] {
            if replaces && given {
                violations.bad(field, "has no place where all agents are replaced");
            }
        }
        for (field, count, most) in [
            ("agents", request.agents.len(), MAX_AGENTS),
            ("removed_ids", request.removed_ids.len(), MAX_AGENTS),
            ("shifts", request.shifts.len(), MAX_SHIFTS),
        ] {
            if count > most {
                return Err(too_much(
                    field,
                    &format!("{count}, at most {most} are allowed"),
                ));
            }
        }
        let mut removed = BTreeSet::new();
        for (index, id) in request.removed_ids.iter().enumerate() {
            if !removed.insert(id.as_str()) {
                violations.bad(
                    format!("removed_ids[{index}]"),
                    format!("'{}' is given twice: keep one", id.escape_debug()),
                );
            }
        }
        for (index, agent) in request.agents.iter().enumerate() {
            if removed.contains(agent.id.as_str()) {
                let id = agent.id.escape_debug();
                violations.bad(
                    format!("agents[{index}].id"),
                    format!("'{id}' is to be removed as well: choose one"),
                );
            }
        }
        violations.into_result()?;
        Ok(Self {
            replaces,
            agents: request.agents,
            fields: (!mask.is_empty()).then_some(fields),
            removed: request.removed_ids,
            shifts: request.shifts,
        })
    }

    /// The roster that it makes of the one so far.
    pub(super) fn apply(&self, triage: &Triage) -> Result<Roster, Refused> {
        let mut violations = Violations::default();
        let mut unknown = BTreeSet::new();
        let before = triage.roster();
        let so_far = before.iter().flat_map(|roster| roster.shifts());
        let mut names = Names {
            policy: triage.policy(),
            shifts: so_far
                .map(|shift| (shift.name().to_owned(), Arc::clone(shift)))
                .collect(),
        };
        for (index, message) in self.shifts.iter().enumerate() {
            if let Some(shift) = shift(message, &format!("shifts[{index}]"), &mut violations) {
                names.shifts.insert(shift.name().to_owned(), shift);
            }
        }
        let mut agents: BTreeMap<&str, Agent> = BTreeMap::new();
        if let (Some(roster), false) = (before, self.replaces) {
            let stay = roster.agents().iter();
            agents.extend(stay.map(|agent| (agent.id.as_str(), agent.clone())));
        }
        for id in &self.removed {
            if agents.remove(id.as_str()).is_none() {
                unknown.insert(id.as_str());
            }
        }
        let mut given = BTreeSet::new();
        for (index, message) in self.agents.iter().enumerate() {
            let at = format!("agents[{index}]");
            let id = message.id.as_str();
            if let Err(problem) = check_name(id, "an agent's id") {
                violations.bad(format!("{at}.id"), problem);
            }
            if !given.insert(id) {
                violations.bad(
                    format!("{at}.id"),
                    format!("'{id}' is given twice: keep one"),
                );
            }
            let mut put = |mut agent: Agent, fields: &mut dyn Iterator<Item = Field>| {
                for field in fields {
                    set(&mut agent, field, message, &names, &at, &mut violations);
                }
                agents.insert(id, agent);
            };
            match &self.fields {
                None => put(blank(id), &mut Field::ALL.iter().map(|(_, field)| *field)),
                Some(fields) => match before.and_then(|roster| roster.agent(id)) {
                    Some(agent) => put(agent.clone(), &mut fields.iter().copied()),
                    None => {
                        unknown.insert(id);
                    }
                },
            }
        }
        violations.into_result()?;
        if !unknown.is_empty() {
            return Err(Refused(not_on_roster(&unknown, before.map(Arc::as_ref))));
        }
        let roster = Roster::new(agents.into_values().collect(), ORIGIN)?;
        Ok(roster.with_shifts(names.shifts.into_values()))
    }
}

/// The roster that a request has for itself.
pub(super) fn given_roster(message: v1::Roster, triage: &Triage) -> Result<Roster, Box<Status>> {
    let edit = RosterEdit::read(v1::PutAgentsRequest {
        mode: v1::PutMode::Replace.into(),
        agents: message.agents,
        shifts: message.shifts,
        ..v1::PutAgentsRequest::default()
    });
    edit.and_then(|edit| edit.apply(triage).map_err(|Refused(status)| status))
        .map_err(|status| within("roster", status))
}

/// NOT_FOUND for agents who are not on the roster, with the nearest id of each.
pub(super) fn not_on_roster(unknown: &BTreeSet<&str>, roster: Option<&Roster>) -> Box<Status> {
    const MAX_NAMED: usize = 10;
    let ids = || {
        let agents = roster.iter().flat_map(|roster| roster.agents());
        let ids: Vec<&str> = agents.map(|agent| agent.id.as_str()).collect();
        ids.into_iter()
    };
    let named: Vec<String> = unknown
        .iter()
        .take(MAX_NAMED)
        .map(|id| {
            format!(
                "no agent '{}' is on the roster: {}",
                id.escape_debug(),
                advice(id, ids())
            )
        })
        .collect();
    let more = match unknown.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Box::new(Status::not_found(format!("{}{more}", named.join("; "))))
}
