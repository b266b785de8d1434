//! Changes to single agents of a roster, for one case: who is away, how much they hold, what they know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::routing::{Agent, Presence, Roster};

/// What is different about one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentChange {
    /// The agent's id.
    pub id: String,
    /// Whether there to take tickets.
    pub presence: Option<Presence>,
    /// Away for days.
    pub on_leave: Option<bool>,
    /// Tickets that may be held.
    pub capacity: Option<u32>,
    /// Tickets held.
    pub load: Option<u32>,
    /// Levels of further or changed skills; 0 takes a skill away.
    pub skills: BTreeMap<String, u8>,
    /// The queues served.
    pub queues: Option<BTreeSet<String>>,
    /// Since when there has been nothing to do.
    pub idle_since: Option<Timestamp>,
    /// When a ticket was assigned last.
    pub last_assigned_at: Option<Timestamp>,
}

/// A roster that tickets are taken from one after the other.
#[derive(Debug, Clone)]
pub(super) struct LiveRoster {
    agents: Vec<Agent>,
    /// Who holds which ticket, by the ticket's id.
    holders: BTreeMap<String, String>,
    taken: i64,
    origin: Arc<Roster>,
    snapshot: Option<Arc<Roster>>,
}

impl LiveRoster {
    pub(super) fn new(roster: &Arc<Roster>) -> Self {
        Self {
            agents: roster.agents().to_vec(),
            holders: BTreeMap::new(),
            taken: 0,
            origin: Arc::clone(roster),
            snapshot: Some(Arc::clone(roster)),
        }
    }

    pub(super) fn change(&mut self, change: &AgentChange) {
        let AgentChange {
            id,
            presence,
            on_leave,
            capacity,
            load,
            skills,
            queues,
            idle_since,
            last_assigned_at,
        } = change;
        let Some(agent) = find(&mut self.agents, id) else {
            return;
        };
        self.snapshot = None;
        // A load that is told counts all tickets, so none of them is known to be held any more.
        if load.is_some() {
            self.holders.retain(|_, holder| holder != id);
        }
        agent.presence = presence.unwrap_or(agent.presence);
        agent.on_leave = on_leave.unwrap_or(agent.on_leave);
        agent.capacity = capacity.unwrap_or(agent.capacity);
        agent.load = load.unwrap_or(agent.load);
        for (skill, &level) in skills {
            if level == 0 {
                agent.skills.remove(skill);
            } else {
                agent.skills.insert(skill.clone(), level);
            }
        }
        if queues.is_some() {
            agent.queues.clone_from(queues);
        }
        agent.idle_since = idle_since.or(agent.idle_since);
        agent.last_assigned_at = last_assigned_at.or(agent.last_assigned_at);
    }

    /// Gives back the place of a ticket that is decided anew; returns who held it.
    pub(super) fn give_back(&mut self, ticket_id: &str) -> Option<String> {
        let holder = self.holders.remove(ticket_id)?;
        self.snapshot = None;
        if let Some(agent) = find(&mut self.agents, &holder) {
            agent.load = agent.load.saturating_sub(1);
        }
        Some(holder)
    }

    /// The agent takes a ticket: one more is held, and unless it was `kept`, the idle time begins anew when it is done.
    pub(super) fn take(&mut self, ticket_id: &str, agent_id: &str, kept: bool, now: Timestamp) {
        let Some(agent) = find(&mut self.agents, agent_id) else {
            return;
        };
        self.snapshot = None;
        self.holders
            .insert(ticket_id.to_owned(), agent_id.to_owned());
        agent.load = agent.load.saturating_add(1);
        if kept {
            return;
        }
        agent.idle_since = Some(now);
        // Several tickets of one moment are still assigned one after the other.
        self.taken += 1;
        let at = now.checked_add(SignedDuration::from_nanos(self.taken));
        agent.last_assigned_at = at.ok();
    }

    /// The roster as it is now.
    pub(super) fn snapshot(&mut self) -> Arc<Roster> {
        if let Some(snapshot) = &self.snapshot {
            return Arc::clone(snapshot);
        }
        // Levels and ids were checked when the changes were read, so the agents are as sound as those they come from.
        let snapshot = Roster::new(self.agents.clone(), "the case's roster")
            .map_or_else(|_| Arc::clone(&self.origin), Arc::new);
        self.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }
}

fn find<'a>(agents: &'a mut [Agent], id: &str) -> Option<&'a mut Agent> {
    agents.iter_mut().find(|agent| agent.id == id)
}
