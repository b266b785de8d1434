//! The same, straight ahead: one decision after the other with a new roster for each, and a search for room that
//! looks at single tickets.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use triage::routing::{
    Agent, Decision, DecisionInput, GRACE_WITHOUT_TARGET, HOURS_PER_POINT, Policy, Roster, decide,
};

use crate::desk::{Known, now, roster};

pub(crate) fn decide_one(known: &Known, roster: &Roster, policy: &Policy) -> Decision {
    decide(&DecisionInput {
        ticket: &known.ticket,
        classification: &known.classification,
        roster: Some(roster),
        policy,
        now: now(),
        waited: known.waited,
        deciding_words: &[],
    })
}

/// The tickets' indices in the order in which they are to be given out.
pub(crate) fn order(tickets: &[Known], agents: &[Agent], policy: &Policy) -> Vec<usize> {
    let roster = roster(agents);
    let mut keyed: Vec<_> = tickets
        .iter()
        .enumerate()
        .map(|(index, known)| {
            let decision = decide_one(known, &roster, policy);
            let due = decision
                .first_response_due
                .unwrap_or(now() - known.waited + GRACE_WITHOUT_TARGET);
            let late_hours = now().duration_since(due).as_hours().max(0);
            let aged = (i64::from(decision.priority) + late_hours / HOURS_PER_POINT).min(100);
            (-aged, due, -known.waited, known.ticket.id.clone(), index)
        })
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(.., index)| index).collect()
}

/// What one decision after the other comes to, by ticket; without what a backlog does not list.
pub(crate) fn one_by_one(tickets: &[Known], agents: &[Agent], policy: &Policy) -> Vec<Decision> {
    let mut agents = agents.to_vec();
    let mut decisions = BTreeMap::new();
    let mut taken = 0;
    for index in order(tickets, &agents, policy) {
        let mut decision = decide_one(&tickets[index], &roster(&agents), policy);
        if let Some(chosen) = &decision.agent {
            let agent = agents.iter_mut().find(|agent| agent.id == *chosen).unwrap();
            taken += 1;
            agent.load += 1;
            agent.idle_since = Some(now());
            agent.last_assigned_at = Some(now() + SignedDuration::from_nanos(taken));
        }
        decision.candidates.clear();
        decision.rejected.clear();
        (decision.candidates_left_out, decision.rejected_left_out) = (0, 0);
        decision.trace.clear();
        decision.step_trace.clear();
        decisions.insert(index, decision);
    }
    decisions.into_values().collect()
}

/// Which tickets can be given out if each is, in its turn, as soon as any way of giving out those before it leaves
/// room: Kuhn's algorithm over single tickets and places. For policies without a last resort in force.
pub(crate) fn given_out_at_best(tickets: &[Known], agents: &[Agent], policy: &Policy) -> Vec<bool> {
    // With nothing to do, everybody who fits is a candidate.
    let idle: Vec<Agent> = agents
        .iter()
        .map(|agent| Agent {
            load: 0,
            ..agent.clone()
        })
        .collect();
    let roster = roster(&idle);
    let room: BTreeMap<&str, usize> = agents
        .iter()
        .map(|agent| {
            let room = agent.capacity.saturating_sub(agent.load);
            (agent.id.as_str(), room as usize)
        })
        .collect();
    let fitting: Vec<Vec<String>> = tickets
        .iter()
        .map(|known| {
            let decision = decide_one(known, &roster, policy);
            assert_eq!(decision.candidates_left_out, 0);
            let answered = decision.agent.is_none();
            let ids = decision.candidates.into_iter().map(|one| one.agent_id);
            ids.filter(|_| !answered).collect()
        })
        .collect();
    let mut places: BTreeMap<(String, usize), usize> = BTreeMap::new();
    let mut given_out = vec![false; tickets.len()];
    for index in order(tickets, agents, policy) {
        let mut seen = Vec::new();
        given_out[index] = make_room(index, &fitting, &room, &mut places, &mut seen);
    }
    given_out
}

fn make_room(
    ticket: usize,
    fitting: &[Vec<String>],
    room: &BTreeMap<&str, usize>,
    places: &mut BTreeMap<(String, usize), usize>,
    seen: &mut Vec<(String, usize)>,
) -> bool {
    for agent in &fitting[ticket] {
        for place in 0..room[agent.as_str()] {
            let place = (agent.clone(), place);
            if seen.contains(&place) {
                continue;
            }
            seen.push(place.clone());
            let holder = places.get(&place).copied();
            if holder.is_none_or(|holder| make_room(holder, fitting, room, places, seen)) {
                places.insert(place, ticket);
                return true;
            }
        }
    }
    false
}
