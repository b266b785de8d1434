//! What tickets ask of agents, each form of it once: who fits it, and what their skills are worth to it. Tickets of
//! one form differ in nothing that an agent is eligible by, so agents are told apart once for all of them.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::routing::draft::Draft;
use crate::routing::eligibility::{Demand, Lack, check_although};
use crate::routing::last_resort::LastResort;
use crate::routing::rank::{OrderBy, Ranking, Worth};
use crate::routing::roster::Agent;

/// Most places of agents in all groups together; bounds the memory.
const MAX_MEMBERS: usize = 4_000_000;

/// What tickets of one group ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Form<'d> {
    asked: Asked<'d>,
    required: &'d BTreeMap<String, u8>,
    preferred: &'d BTreeMap<String, u8>,
    order_by: &'d [OrderBy],
}

/// Who is asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked<'d> {
    /// Whoever serves the queue, or anybody.
    Queue(Option<&'d str>),
    /// One agent, who must serve the queue if one is named.
    Agent(&'d str, Option<&'d str>),
    /// Whom the queue's last resort lets be chosen.
    LastResort(&'d str),
}

/// Agents who fit one form, whether they have room or not.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    /// The members who may still have room, by their index among the members.
    pub(super) open: Vec<usize>,
    /// Whether members may be given a ticket beyond their capacity.
    pub(super) beyond_capacity: bool,
    /// Whether it is known that no room can be made for a ticket of this group any more.
    pub(super) closed: bool,
}

/// An agent within a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// The agent's index in the roster.
    pub(super) agent: usize,
    pub(super) worth: Worth,
}

/// All groups that tickets were found to be of so far.
#[derive(Debug, Default)]
pub(super) struct Groups<'d> {
    by_form: HashMap<Form<'d>, usize>,
    groups: Vec<Group>,
    members: usize,
}

impl<'d> Groups<'d> {
    pub(super) fn get(&self, group: usize) -> &Group {
        &self.groups[group]
    }

    pub(super) fn get_mut(&mut self, group: usize) -> &mut Group {
        &mut self.groups[group]
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The group of a ticket by what the step in force asks for; `None` if the groups would take too much memory.
    pub(super) fn of(
        &mut self,
        draft: &'d Draft<'_>,
        agents: &[Agent],
        now: Timestamp,
    ) -> Option<usize> {
        let placement = &draft.placement;
        let queue = placement.in_queue.then_some(placement.queue);
        let asked = match &placement.preferred_agent {
            Some(agent) => Asked::Agent(agent, queue),
            None => Asked::Queue(queue),
        };
        self.find(draft, asked, agents, |agent| {
            let demand = Demand {
                queue,
                required: &placement.required,
            };
            let named = placement.preferred_agent.as_ref();
            named.is_none_or(|named| *named == agent.id)
                && check_although(agent, demand, now, &[Lack::Full]).is_ok()
        })
    }

    /// The group of a ticket by the last resort of its queue; `None` as above.
    pub(super) fn of_last_resort(
        &mut self,
        draft: &'d Draft<'_>,
        last: &LastResort,
        agents: &[Agent],
        now: Timestamp,
    ) -> Option<usize> {
        let placement = &draft.placement;
        let mut overlooked = last.accept.clone();
        let beyond_capacity = overlooked.contains(&Lack::Full);
        overlooked.push(Lack::Full);
        let demand = Demand {
            queue: Some(placement.queue),
            required: &placement.required,
        };
        let asked = Asked::LastResort(placement.queue);
        let group = self.find(draft, asked, agents, |agent| {
            last.allows(&agent.id) && check_although(agent, demand, now, &overlooked).is_ok()
        })?;
        self.get_mut(group).beyond_capacity = beyond_capacity;
        Some(group)
    }

    fn find(
        &mut self,
        draft: &'d Draft<'_>,
        asked: Asked<'d>,
        agents: &[Agent],
        fits: impl Fn(&Agent) -> bool,
    ) -> Option<usize> {
        let placement = &draft.placement;
        let form = Form {
            asked,
            required: &placement.required,
            preferred: &placement.preferred,
            order_by: placement.order_by,
        };
        if let Some(&known) = self.by_form.get(&form) {
            return Some(known);
        }
        let ranking = ranking(draft);
        let fitting = agents.iter().enumerate().filter(|(_, agent)| fits(agent));
        let members: Vec<Member> = fitting
            .map(|(index, agent)| Member {
                agent: index,
                worth: Worth::of(agent, ranking),
            })
            .collect();
        self.members += members.len();
        if self.members > MAX_MEMBERS {
            return None;
        }
        let index = self.groups.len();
        self.groups.push(Group {
            open: (0..members.len()).collect(),
            members,
            beyond_capacity: false,
            closed: false,
        });
        self.by_form.insert(form, index);
        Some(index)
    }
}

/// What agents are ranked for, for one ticket.
pub(super) fn ranking<'d>(draft: &'d Draft<'_>) -> Ranking<'d> {
    Ranking {
        ticket_id: &draft.input.ticket.id,
        required: &draft.placement.required,
        preferred: &draft.placement.preferred,
        order_by: draft.placement.order_by,
    }
}
