//! Rosters whose loads count the places taken. To copy a roster for every decision would cost more than the decision;
//! so copies are used again, one for each thread that decides at the same time, and only the agents of whom anything
//! was taken are written anew.

use std::sync::{Arc, Mutex, PoisonError};

use super::table::Places;
use crate::routing::roster::{Agent, Roster};

/// Most copies that are kept.
const MAX_KEPT: usize = 64;

/// A copy of a roster.
#[derive(Debug)]
pub(super) struct View {
    base: Arc<Roster>,
    roster: Roster,
    /// The agents who are not as in the base, by index, and how many places they were shown to have taken.
    shown: Vec<(usize, u32)>,
}

impl View {
    fn new(base: &Arc<Roster>) -> Self {
        Self {
            base: Arc::clone(base),
            roster: Roster::clone(base),
            shown: Vec::new(),
        }
    }

    /// The roster that it is a copy of.
    pub(super) const fn base(&self) -> &Arc<Roster> {
        &self.base
    }

    /// The roster with the places that are shown.
    pub(super) const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The roster with the places that are shown, to keep.
    pub(super) fn into_roster(self) -> Roster {
        self.roster
    }

    /// Shows these places and no others.
    pub(super) fn show(&mut self, places: &[(Arc<str>, Places)]) {
        let agents = self.roster.agents_mut();
        for (index, _) in self.shown.drain(..) {
            if let (Some(agent), Some(base)) =
                (agents.get_mut(index), self.base.agents().get(index))
            {
                agent.load = base.load;
                agent.idle_since = base.idle_since;
                agent.last_assigned_at = base.last_assigned_at;
            }
        }
        for (agent_id, places) in places {
            let Some(index) = self.base.index_of(agent_id) else {
                continue;
            };
            if let Some(agent) = agents.get_mut(index) {
                take(agent, *places);
                self.shown.push((index, places.taken));
            }
        }
    }

    /// How many places of an agent are shown as taken.
    pub(super) fn shown(&self, agent_id: &str) -> u32 {
        let index = self.base.index_of(agent_id);
        let mut shown = self.shown.iter();
        let found = shown.find(|(shown, _)| Some(*shown) == index);
        found.map_or(0, |&(_, taken)| taken)
    }
}

fn take(agent: &mut Agent, places: Places) {
    agent.load = agent.load.saturating_add(places.taken);
    if places.taken > 0 {
        // Whoever was just given a ticket has something to do since then.
        agent.idle_since = agent.idle_since.max(places.last_taken_at);
    }
    agent.last_assigned_at = agent.last_assigned_at.max(places.last_taken_at);
}

/// Copies that nobody uses at the moment.
#[derive(Debug, Default)]
pub(super) struct Views {
    kept: Mutex<Vec<View>>,
}

impl Views {
    /// A copy of `base` that shows any places.
    pub(super) fn take(&self, base: &Arc<Roster>) -> View {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Copies of a roster of before are of no use any more.
        kept.retain(|view| Arc::ptr_eq(&view.base, base));
        let view = kept.pop();
        drop(kept);
        view.unwrap_or_else(|| View::new(base))
    }

    /// Keeps a copy for the next decision.
    pub(super) fn give_back(&self, view: View) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT {
            kept.push(view);
        }
    }
}
