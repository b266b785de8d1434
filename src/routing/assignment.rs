//! Who of a roster could take a placed ticket now, in order, and why the others could not.

use super::decision::{Candidate, MAX_LISTED_AGENTS, Rejected};
use super::eligibility::{Demand, RejectReason, check_eligible};
use super::placement::Placement;
use super::rank::{Ranking, rank};
use super::roster::{Agent, Roster};

/// The agents of a roster, told apart for one ticket.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    pub(super) candidates: Vec<Candidate>,
    pub(super) candidates_left_out: usize,
    pub(super) rejected: Vec<Rejected>,
    pub(super) rejected_left_out: usize,
    pub(super) dropped_preferences: Vec<String>,
}

/// Tells apart and ranks the agents of `roster`.
pub(super) fn assign(placement: &Placement<'_>, roster: &Roster, ticket_id: &str) -> Assignment {
    let demand = Demand {
        queue: placement.in_queue.then_some(placement.queue),
        required: &placement.required,
    };
    let mut eligible: Vec<&Agent> = Vec::new();
    let mut rejected: Vec<Rejected> = Vec::new();
    let reject = |agent_id: &str, reason| Rejected {
        agent_id: agent_id.to_owned(),
        reason,
    };
    let mut sort = |agent| match check_eligible(agent, demand) {
        Ok(()) => eligible.push(agent),
        Err(reason) => rejected.push(reject(&agent.id, reason)),
    };
    match &placement.preferred_agent {
        None => roster.agents().iter().for_each(&mut sort),
        Some(id) => match roster.agent(id) {
            Some(agent) => sort(agent),
            None => rejected.push(reject(id, RejectReason::NotOnRoster)),
        },
    }
    rank(
        &mut eligible,
        Ranking {
            ticket_id,
            required: &placement.required,
            preferred: &placement.preferred,
            order_by: placement.order_by,
        },
    );
    // The reasons are declared from the most lasting on, so the last ones are closest to being eligible.
    rejected.sort_by(|a, b| {
        b.reason
            .cmp(&a.reason)
            .then_with(|| a.agent_id.cmp(&b.agent_id))
    });
    let rejected_left_out = rejected.len().saturating_sub(MAX_LISTED_AGENTS);
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
            .map(|agent| describe(agent, placement))
            .collect(),
        rejected,
        rejected_left_out,
        dropped_preferences: dropped_preferences.unwrap_or_default(),
    }
}

fn holds(agent: &Agent, skill: &str, level: u8) -> bool {
    agent.skills.get(skill).is_some_and(|&held| held >= level)
}

fn describe(agent: &Agent, placement: &Placement<'_>) -> Candidate {
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
    }
}
