//! The places that are held, by ticket and by agent. Knows no decision; in the hands of one thread at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::Reservation;
use super::view::View;
use crate::routing::eligibility::TICKET_COST;
use crate::routing::roster::Roster;

/// A place that is held for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) agent: Arc<str>,
    pub(super) since: Instant,
    /// When its time runs out, by the clock as it was when the place was taken.
    pub(super) expires_at: Timestamp,
}

impl Held {
    pub(super) fn describe(&self, ticket_id: &str) -> Reservation {
        Reservation {
            ticket_id: ticket_id.to_owned(),
            agent_id: self.agent.to_string(),
            expires_at: self.expires_at,
        }
    }
}

/// What is taken of one agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Places held.
    pub(super) taken: u32,
    /// When the last one was taken. Stays when it is given back, so that the turn of others is not forgotten.
    pub(super) last_taken_at: Option<Timestamp>,
}

/// All places.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The roster that the places are of.
    roster: Option<Arc<Roster>>,
    by_ticket: HashMap<Arc<str>, Held>,
    /// All are held for the same time, so whoever came first goes first.
    by_age: BTreeSet<(Instant, Arc<str>)>,
    /// At most one entry for each agent of the roster.
    by_agent: BTreeMap<Arc<str>, Places>,
    /// When the last place was taken.
    last_taken_at: Option<Timestamp>,
}

impl Table {
    /// The roster to decide by: the one that was put last, or `roster` where none
    /// was yet. A request may have begun before, and must not bring back its own.
    pub(super) fn renew(&mut self, roster: &Arc<Roster>) -> Arc<Roster> {
        if let Some(current) = &self.roster {
            return Arc::clone(current);
        }
        self.put_roster(roster);
        Arc::clone(roster)
    }

    /// Takes over another roster: places with agents who are not on it are dropped.
    pub(super) fn put_roster(&mut self, roster: &Arc<Roster>) {
        self.roster = Some(Arc::clone(roster));
        let gone: Vec<Arc<str>> = self
            .by_ticket
            .iter()
            .filter(|(_, held)| roster.agent(&held.agent).is_none())
            .map(|(ticket, _)| Arc::clone(ticket))
            .collect();
        for ticket in gone {
            self.drop_place(&ticket);
        }
        self.by_agent
            .retain(|agent, _| roster.agent(agent).is_some());
    }

    /// Whether a view is of the roster that the places are of.
    pub(super) fn is_current(&self, view: &View) -> bool {
        self.roster
            .as_ref()
            .is_some_and(|roster| Arc::ptr_eq(roster, view.base()))
    }

    /// Drops every place that is held for this long.
    pub(super) fn drop_expired(&mut self, time_to_live: Duration, at: Instant) {
        while let Some((since, ticket)) = self.by_age.first()
            && at.saturating_duration_since(*since) >= time_to_live
        {
            let ticket = Arc::clone(ticket);
            self.drop_place(&ticket);
        }
    }

    /// How many places are held.
    pub(super) fn count(&self) -> usize {
        self.by_ticket.len()
    }

    /// The place held for a ticket.
    pub(super) fn held(&self, ticket_id: &str) -> Option<&Held> {
        self.by_ticket.get(ticket_id)
    }

    /// How many places of an agent are taken, without the one of `except`.
    pub(super) fn taken(&self, agent_id: &str, except: Option<&str>) -> u32 {
        let taken = self.by_agent.get(agent_id).map_or(0, |places| places.taken);
        let own = except.and_then(|ticket| self.held(ticket));
        let is_own = own.is_some_and(|held| *held.agent == *agent_id);
        taken - TICKET_COST * u32::from(is_own)
    }

    /// What is taken of every agent that anything is taken of, without the place of the ticket `except`.
    pub(super) fn places(&self, except: Option<&str>) -> Vec<(Arc<str>, Places)> {
        let places = self.by_agent.iter().map(|(agent, places)| {
            let taken = self.taken(agent, except);
            (Arc::clone(agent), Places { taken, ..*places })
        });
        places.collect()
    }

    /// Holds a place; the ticket must have none.
    pub(super) fn hold(
        &mut self,
        ticket_id: &str,
        agent_id: &str,
        now: Timestamp,
        since: Instant,
        expires_at: Timestamp,
    ) -> Reservation {
        let ticket: Arc<str> = Arc::from(ticket_id);
        let agent: Arc<str> = match self.by_agent.get_key_value(agent_id) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(agent_id),
        };
        // Tickets of one moment are still given out one after the other.
        let after_the_last = self
            .last_taken_at
            .and_then(|last| last.checked_add(SignedDuration::from_nanos(1)).ok());
        let taken_at = after_the_last.map_or(now, |after| after.max(now));
        self.last_taken_at = Some(taken_at);
        let places = self.by_agent.entry(Arc::clone(&agent)).or_default();
        places.taken = places.taken.saturating_add(TICKET_COST);
        places.last_taken_at = Some(taken_at);
        let held = Held {
            agent,
            since,
            expires_at,
        };
        let reservation = held.describe(ticket_id);
        self.by_age.insert((since, Arc::clone(&ticket)));
        self.by_ticket.insert(ticket, held);
        reservation
    }

    /// Drops the place of a ticket, if it has one.
    pub(super) fn drop_place(&mut self, ticket_id: &str) {
        let Some((ticket, held)) = self.by_ticket.remove_entry(ticket_id) else {
            return;
        };
        self.by_age.remove(&(held.since, ticket));
        if let Some(places) = self.by_agent.get_mut(&held.agent) {
            places.taken = places.taken.saturating_sub(TICKET_COST);
        }
    }
}
