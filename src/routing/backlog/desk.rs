//! Gives out tickets one after the other and keeps count of who holds what.

use jiff::{SignedDuration, Timestamp};

use super::BacklogError;
use super::groups::{Groups, Member, ranking};
use super::moves::{Holdings, Moves};
use crate::routing::draft::Draft;
use crate::routing::eligibility::{Demand, Lack, TICKET_COST, check_although};
use crate::routing::rank::Standing;
use crate::routing::roster::{Agent, Roster};

/// What giving out came to for one ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) agent: Option<String>,
    /// Whether the last resort of the queue let the agent be chosen.
    pub(super) last_resort: bool,
    pub(super) dropped_preferences: Vec<String>,
    /// How long the ticket must have waited for a last resort that nobody can be chosen without.
    pub(super) last_resort_after: Option<SignedDuration>,
    /// How many agents fit, whether they have room or not.
    pub(super) fitting: usize,
    /// Whether the ticket was moved to another agent.
    pub(super) moved: bool,
}

/// Who has a ticket.
#[derive(Debug, Clone, Copy)]
struct Given {
    /// The agent's index.
    agent: usize,
    last_resort: bool,
}

/// The agents with what they hold so far.
pub(super) struct Desk<'d, 'a> {
    drafts: &'d [Draft<'a>],
    now: Timestamp,
    agents: Vec<Agent>,
    groups: Groups<'d>,
    holdings: Holdings,
    /// By ticket.
    given: Vec<Option<Given>>,
    found: Vec<Found>,
    /// How many tickets were given out.
    taken: i64,
}

impl<'d, 'a> Desk<'d, 'a> {
    pub(super) fn new(roster: &Roster, drafts: &'d [Draft<'a>], now: Timestamp) -> Self {
        Self {
            drafts,
            now,
            agents: roster.agents().to_vec(),
            groups: Groups::default(),
            holdings: Holdings::new(roster.agents().len()),
            given: vec![None; drafts.len()],
            found: vec![Found::default(); drafts.len()],
            taken: 0,
        }
    }

    /// Gives out the tickets in this order; `holders` says who holds a place for which ticket already.
    ///
    /// # Errors
    ///
    /// If the tickets ask for agents in too many ways.
    pub(super) fn give_out(
        mut self,
        order: &[usize],
        holders: &[Option<&str>],
    ) -> Result<Vec<Found>, BacklogError> {
        for (ticket, holder) in holders.iter().enumerate() {
            if let Some(holder) = holder {
                self.keep(ticket, holder)?;
            }
        }
        for &ticket in order {
            if self.given[ticket].is_none() {
                self.look_for_agent(ticket)?;
            }
        }
        let Self {
            drafts,
            agents,
            given,
            mut found,
            ..
        } = self;
        for ((found, given), draft) in found.iter_mut().zip(&given).zip(drafts) {
            if let Some(given) = given {
                let agent = &agents[given.agent];
                found.agent = Some(agent.id.clone()).filter(|_| !draft.answers);
                found.last_resort = given.last_resort;
                found.dropped_preferences = dropped_preferences(draft, agent);
            }
        }
        Ok(found)
    }

    /// Leaves a ticket with the agent who holds a place for it, or gives the place back if that cannot be.
    fn keep(&mut self, ticket: usize, holder: &str) -> Result<(), BacklogError> {
        let found = self
            .agents
            .binary_search_by(|agent| agent.id.as_str().cmp(holder));
        let Ok(agent) = found else {
            return Ok(());
        };
        let draft = &self.drafts[ticket];
        let mut groups = vec![self.group(ticket)?];
        groups.extend(self.group_of_last_resort(ticket)?);
        let is_in = |group: &usize| {
            let members = &self.groups.get(*group).members;
            members.iter().any(|member| member.agent == agent)
        };
        match groups.iter().position(is_in).filter(|_| !draft.answers) {
            Some(place) => {
                self.found[ticket].fitting = self.groups.get(groups[place]).members.len();
                self.given[ticket] = Some(Given {
                    agent,
                    last_resort: place > 0,
                });
            }
            None => {
                let load = &mut self.agents[agent].load;
                *load = load.saturating_sub(TICKET_COST);
            }
        }
        Ok(())
    }

    fn look_for_agent(&mut self, ticket: usize) -> Result<(), BacklogError> {
        let draft = &self.drafts[ticket];
        let group = self.group(ticket)?;
        self.found[ticket].fitting = self.groups.get(group).members.len();
        if self.give_within(ticket, group) {
            return Ok(());
        }
        let last_resort = draft.assigning().and_then(|given| given.last_resort);
        if let Some(last) = last_resort.filter(|last| draft.waited < last.after) {
            self.found[ticket].last_resort_after = Some(last.after);
        }
        if let Some(group) = self.group_of_last_resort(ticket)? {
            self.found[ticket].fitting = self.groups.get(group).members.len();
            self.give_within(ticket, group);
        }
        Ok(())
    }

    /// Gives a ticket to the best agent of a group who has room or, where nobody has, to one for whom room can be
    /// made; tells whether that could be.
    fn give_within(&mut self, ticket: usize, group: usize) -> bool {
        let draft = &self.drafts[ticket];
        if let Some(member) = self.first(ticket, group) {
            self.given[ticket] = Some(self.given_to(ticket, member.agent, group));
            // What an article or a bot answers takes nobody's time.
            if !draft.answers {
                self.count(member.agent);
                self.hold(ticket, member.agent, group);
            }
            return true;
        }
        if draft.answers {
            return false;
        }
        let has_room = |agent: usize| has_room(&self.agents[agent]);
        let Some(moves) = self.holdings.make_room(group, &mut self.groups, has_room) else {
            return false;
        };
        let Moves {
            moved,
            free,
            receives,
        } = moves;
        for (moved, agent, group) in moved {
            self.found[moved].moved = true;
            self.given[moved] = Some(self.given_to(moved, agent, group));
        }
        self.count(free);
        self.given[ticket] = Some(self.given_to(ticket, receives, group));
        self.hold(ticket, receives, group);
        true
    }

    /// The best of a group for a ticket: among those who have room, or among all if they may be given more.
    fn first(&mut self, ticket: usize, group: usize) -> Option<Member> {
        let ranking = ranking(&self.drafts[ticket]);
        let agents = &self.agents;
        let group = self.groups.get_mut(group);
        let members = &group.members;
        if !group.beyond_capacity {
            group
                .open
                .retain(|&member| has_room(&agents[members[member].agent]));
        }
        let standing = |member: &Member| {
            let agent = &agents[member.agent];
            Standing::new(agent, member.worth, ranking)
        };
        let open = group.open.iter().map(|&member| members[member]);
        let ranked = open.map(|member| (standing(&member), member));
        let best = ranked.min_by(|(a, _), (b, _)| a.cmp(b));
        best.map(|(_, member)| member)
    }

    /// That an agent is given a ticket of a group; to be asked before the ticket is counted.
    fn given_to(&self, ticket: usize, agent: usize, group: usize) -> Given {
        let placement = &self.drafts[ticket].placement;
        let demand = Demand {
            queue: placement.in_queue.then_some(placement.queue),
            required: &placement.required,
        };
        // Whoever is moved there is full at the moment only because room was not made yet.
        let overlooked: &[Lack] = match self.groups.get(group).beyond_capacity {
            true => &[],
            false => &[Lack::Full],
        };
        let hindrance = check_although(&self.agents[agent], demand, self.now, overlooked);
        Given {
            agent,
            last_resort: hindrance.is_err(),
        }
    }

    /// One ticket more for an agent.
    fn count(&mut self, agent: usize) {
        let agent = &mut self.agents[agent];
        agent.load = agent.load.saturating_add(TICKET_COST);
        agent.idle_since = Some(self.now);
        // Several tickets of one moment are still assigned one after the other.
        self.taken += 1;
        let at = self.now.checked_add(SignedDuration::from_nanos(self.taken));
        agent.last_assigned_at = at.ok();
    }

    /// Notes a ticket that could be moved. What is beyond an agent's capacity is not: it leaves no room behind.
    fn hold(&mut self, ticket: usize, agent: usize, group: usize) {
        if !self.groups.get(group).beyond_capacity {
            self.holdings.hold(ticket, agent, group);
        }
    }

    fn group(&mut self, ticket: usize) -> Result<usize, BacklogError> {
        let found = self.groups.of(&self.drafts[ticket], &self.agents, self.now);
        found.ok_or_else(|| self.too_varied())
    }

    /// The group of a ticket by the last resort that is in force for it.
    fn group_of_last_resort(&mut self, ticket: usize) -> Result<Option<usize>, BacklogError> {
        let draft = &self.drafts[ticket];
        let last = draft.assigning().and_then(|given| given.last_resort);
        let Some(last) = last.filter(|last| draft.waited >= last.after) else {
            return Ok(None);
        };
        let found = self
            .groups
            .of_last_resort(draft, last, &self.agents, self.now);
        found.map(Some).ok_or_else(|| self.too_varied())
    }

    fn too_varied(&self) -> BacklogError {
        BacklogError::TooVaried {
            groups: self.groups.len(),
            agents: self.agents.len(),
        }
    }
}

const fn has_room(agent: &Agent) -> bool {
    agent.load.saturating_add(TICKET_COST) <= agent.capacity
}

/// The preferred skills that the agent lacks.
fn dropped_preferences(draft: &Draft<'_>, agent: &Agent) -> Vec<String> {
    let preferred = draft.placement.preferred.iter();
    let lacking =
        preferred.filter(|&(skill, level)| agent.skills.get(skill).is_none_or(|held| held < level));
    lacking.map(|(skill, _)| skill.clone()).collect()
}
