//! Which agents of a roster could take a placed ticket now, in order, and why the others could not.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Candidate, MAX_LISTED_AGENTS, Rejected};
use super::eligibility::{Demand, RejectReason, check_although, check_eligible};
use super::last_resort::LastResort;
use super::placement::Placement;
use super::rank::{Ranking, rank};
use super::roster::{Agent, Roster};

/// What an assignment depends on.
#[derive(Clone, Copy)]
pub(super) struct Assigning<'a> {
    pub(super) placement: &'a Placement<'a>,
    pub(super) roster: &'a Roster,
    pub(super) ticket_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) waited: SignedDuration,
    /// That of the queue, where the ticket has come to its last stage there.
    pub(super) last_resort: Option<&'a LastResort>,
}

/// The agents of a roster, told apart for one ticket.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    pub(super) candidates: Vec<Candidate>,
    pub(super) candidates_left_out: usize,
    pub(super) rejected: Vec<Rejected>,
    pub(super) rejected_left_out: usize,
    pub(super) dropped_preferences: Vec<String>,
    /// How long a ticket must have waited for the last resort that nobody can be chosen without.
    pub(super) last_resort_after: Option<SignedDuration>,
}

/// Tells apart and ranks the agents, with the agent `first` before all others, if eligible.
pub(super) fn assign(given: &Assigning<'_>, first: Option<&str>) -> Assignment {
    let placement = given.placement;
    let (mut eligible, mut rejected) = tell_apart(given);
    let mut last_resort_after = None;
    let last_resort = given.last_resort.filter(|_| eligible.is_empty());
    match last_resort {
        Some(last) if given.waited >= last.after => {
            eligible = taken_although(given, last);
            rejected.retain(|one| eligible.iter().all(|agent| agent.id != one.agent_id));
        }
        Some(last) => last_resort_after = Some(last.after),
        None => {}
    }
    rank(
        &mut eligible,
        Ranking {
            ticket_id: given.ticket_id,
            required: &placement.required,
            preferred: &placement.preferred,
            order_by: placement.order_by,
        },
    );
    if let Some(at) = eligible
        .iter()
        .position(|agent| Some(agent.id.as_str()) == first)
    {
        eligible[..=at].rotate_right(1);
    }
    let rejected_left_out = rejected.len().saturating_sub(MAX_LISTED_AGENTS);
    // The reasons are declared from the most lasting on, so the last ones are closest to being eligible.
    let closest_first = |a: &Rejected, b: &Rejected| {
        let by_reason = b.reason.cmp(&a.reason);
        by_reason.then_with(|| a.agent_id.cmp(&b.agent_id))
    };
    rejected.sort_by(closest_first);
    rejected.truncate(MAX_LISTED_AGENTS);
    let dropped_preferences = eligible.first().map(|agent| {
        let lacking = placement
            .preferred
            .iter()
            .filter(|&(skill, &level)| !holds(agent, skill, level));
        lacking.map(|(skill, _)| skill.clone()).collect()
    });
    Assignment {
        candidates_left_out: eligible.len().saturating_sub(MAX_LISTED_AGENTS),
        candidates: eligible
            .into_iter()
            .take(MAX_LISTED_AGENTS)
            .map(|agent| describe(agent, given))
            .collect(),
        rejected,
        rejected_left_out,
        dropped_preferences: dropped_preferences.unwrap_or_default(),
        last_resort_after,
    }
}

/// Who is asked for: the queue that must be served and the skills.
fn demand<'a>(placement: &'a Placement<'_>) -> Demand<'a> {
    Demand {
        queue: placement.in_queue.then_some(placement.queue),
        required: &placement.required,
    }
}

fn tell_apart<'a>(given: &Assigning<'a>) -> (Vec<&'a Agent>, Vec<Rejected>) {
    let mut eligible = Vec::new();
    let mut rejected = Vec::new();
    let mut reject = |agent_id: &str, reason| {
        rejected.push(Rejected {
            agent_id: agent_id.to_owned(),
            reason,
        });
    };
    let demand = demand(given.placement);
    let mut sort = |agent: &'a Agent| match check_eligible(agent, demand, given.now) {
        Ok(()) => eligible.push(agent),
        Err(reason) => reject(&agent.id, reason),
    };
    match &given.placement.preferred_agent {
        None => given.roster.agents().iter().for_each(sort),
        Some(id) => match given.roster.agent(id) {
            Some(agent) => sort(agent),
            None => reject(id, RejectReason::NotOnRoster),
        },
    }
    (eligible, rejected)
}

/// Those whom the last resort of the queue lets be chosen: they serve it and have the skills.
fn taken_although<'a>(given: &Assigning<'a>, last: &LastResort) -> Vec<&'a Agent> {
    let demand = Demand {
        queue: Some(given.placement.queue),
        required: &given.placement.required,
    };
    let agents = given.roster.agents().iter();
    agents
        .filter(|agent| last.allows(&agent.id))
        .filter(|agent| check_although(agent, demand, given.now, &last.accept).is_ok())
        .collect()
}

fn holds(agent: &Agent, skill: &str, level: u8) -> bool {
    agent.skills.get(skill).is_some_and(|&held| held >= level)
}

fn describe(agent: &Agent, given: &Assigning<'_>) -> Candidate {
    let placement = given.placement;
    let held = placement.required.keys().filter_map(|skill| {
        let level = agent.skills.get(skill)?;
        Some((skill.clone(), *level))
    });
    let preferred = placement
        .preferred
        .iter()
        .filter(|&(skill, &level)| holds(agent, skill, level));
    Candidate {
        agent_id: agent.id.clone(),
        name: agent.name.clone(),
        proficiency: held.collect(),
        preferred_held: preferred.map(|(skill, _)| skill.clone()).collect(),
        load: agent.load,
        capacity: agent.capacity,
        idle_since: agent.idle_since,
        despite: check_eligible(agent, demand(placement), given.now).err(),
    }
}
