//! Places taken in the capacity of agents for tickets that were given to them and that the roster does not count yet.
//!
//! [`decide`](super::decide()) keeps no state, and so knows nothing of the ticket before: of many calls at once each
//! would give its ticket to the same agent. [`Reservations`] stand beside it. They show it a roster whose loads
//! count the places taken (`view`), and take the place of the agent who was chosen. Between the two nothing is
//! locked; where the agent's places or the ticket's own changed in the meantime, the place is not taken and the decision
//! is made anew. So two calls never take the last place of one agent.
//!
//! A place is held until it is confirmed (the help desk's own roster counts the ticket from then on), released, or its
//! time runs out, and while it is held the ticket's decisions give it the same agent, unless that agent may no longer
//! take it. Both times are told, not asked for: the time of day, by which is decided, and the one by a clock that never
//! jumps, by which places run out.

mod error;
mod table;
mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use self::error::{HoldError, ReserveError};
use self::table::{Held, Table};
use self::view::{View, Views};
use super::decide::{DecisionInput, decide_anew};
use super::decision::Decision;
use super::eligibility::TICKET_COST;
use super::roster::Roster;

/// How often a decision is made anew because places changed, before it is made while nobody else may take one.
const MAX_TRIES: usize = 8;

/// How long places are held, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationLimits {
    /// For how long a place is held if nobody confirms or releases it.
    pub time_to_live: Duration,
    /// How many places are held at most, of all agents together.
    pub most: usize,
}

/// A place taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The ticket.
    pub ticket_id: String,
    /// The agent whose capacity the place is of.
    pub agent_id: String,
    /// When it is free again if nobody confirms or releases it, by the time of day when it was taken.
    pub expires_at: Timestamp,
}

/// A place to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The ticket.
    pub ticket_id: &'a str,
    /// The agent.
    pub agent_id: &'a str,
    /// Whether the agent may be given it without having room, because the queue's last resort says so.
    pub beyond_capacity: bool,
    /// Who held a place for the ticket when the agent was chosen.
    pub holder: Option<&'a str>,
}

/// The places taken of a roster; share it between threads.
#[derive(Debug)]
pub struct Reservations {
    limits: ReservationLimits,
    table: Mutex<Table>,
    views: Views,
}

/// What the agents were like when a decision was made.
struct Seen {
    view: View,
    /// The ticket's own place.
    own: Option<Held>,
}

impl Reservations {
    /// No place is taken.
    #[must_use]
    pub fn new(limits: ReservationLimits) -> Self {
        Self {
            limits,
            table: Mutex::new(Table::default()),
            views: Views::default(),
        }
    }

    /// Makes the places be of this roster from now on; those with agents who are not on it are dropped. Whoever
    /// replaces rosters must call this in the same order: a request that began with the one before, or with one that
    /// was never decided by, knows nothing of the order.
    pub fn put_roster(&self, roster: &Arc<Roster>) {
        self.lock().put_roster(roster);
    }

    /// Decides with all places that are taken, and takes none. `roster` is the one that the request began with; where
    /// one was [put](Self::put_roster), here and in all functions below, that one counts.
    #[must_use]
    pub fn decide(&self, input: &DecisionInput<'_>, roster: &Arc<Roster>, at: Instant) -> Decision {
        let seen = self.look(&mut self.table(at), input, roster);
        let decision = seen.decide(input);
        self.views.give_back(seen.view);
        decision
    }

    /// Decides as [`decide`](Self::decide) and takes a place with the agent who is chosen; `None` where nobody is. A
    /// place that the ticket has already is kept and its time is not lengthened, or it is given back where the ticket
    /// goes to somebody else or to nobody.
    ///
    /// # Errors
    ///
    /// The ticket has no id, or too many places are held.
    pub fn reserve(
        &self,
        input: &DecisionInput<'_>,
        roster: &Arc<Roster>,
        at: Instant,
    ) -> Result<(Decision, Option<Reservation>), ReserveError> {
        if input.ticket.id.is_empty() {
            return Err(ReserveError::NoTicketId);
        }
        for _ in 0..MAX_TRIES {
            let seen = self.look(&mut self.table(at), input, roster);
            let decision = seen.decide(input);
            let taken = self.take(&mut self.table(at), input, &seen, &decision, at);
            self.views.give_back(seen.view);
            match taken {
                Err(ReserveError::Gone { .. }) => {}
                Err(error) => return Err(error),
                Ok(reservation) => return Ok((decision, reservation)),
            }
        }
        let mut table = self.table(at);
        let seen = self.look(&mut table, input, roster);
        let decision = seen.decide(input);
        let reservation = self.take(&mut table, input, &seen, &decision, at)?;
        drop(table);
        self.views.give_back(seen.view);
        Ok((decision, reservation))
    }

    /// The roster with all places that are taken, for decisions about many tickets, and who holds places for them.
    /// The loads count those as well.
    #[must_use]
    pub fn snapshot(
        &self,
        roster: &Arc<Roster>,
        tickets: &[&str],
        at: Instant,
    ) -> (Arc<Roster>, Vec<Option<String>>) {
        let mut table = self.table(at);
        let roster = table.renew(roster);
        let holders = tickets
            .iter()
            .map(|ticket| Some(table.held(ticket)?.agent.to_string()));
        let holders = holders.collect();
        let places = table.places(None);
        drop(table);
        let mut view = self.views.take(&roster);
        view.show(&places);
        (Arc::new(view.into_roster()), holders)
    }

    /// Takes a place that was chosen otherwise, if there is room for one more and nobody else got the ticket since.
    ///
    /// # Errors
    ///
    /// The ticket has no id, too many places are held, there is no room any more, or another agent than the holder
    /// has a place for it.
    pub fn take_place(
        &self,
        place: Place<'_>,
        roster: &Arc<Roster>,
        now: Timestamp,
        at: Instant,
    ) -> Result<Reservation, ReserveError> {
        let Place {
            ticket_id,
            agent_id,
            beyond_capacity,
            holder,
        } = place;
        if ticket_id.is_empty() {
            return Err(ReserveError::NoTicketId);
        }
        let mut table = self.table(at);
        let roster = table.renew(roster);
        if let Some(held) = table.held(ticket_id)
            && *held.agent == *agent_id
        {
            return Ok(held.describe(ticket_id));
        }
        let is_as_seen = table
            .held(ticket_id)
            .is_none_or(|held| holder == Some(&*held.agent));
        let taken = table.taken(agent_id, None);
        let has_room = roster.agent(agent_id).is_some_and(|agent| {
            beyond_capacity || agent.load.saturating_add(taken) < agent.capacity
        });
        if !has_room || !is_as_seen {
            let agent = agent_id.to_owned();
            return Err(ReserveError::Gone { agent });
        }
        table.drop_place(ticket_id);
        self.hold(&mut table, ticket_id, agent_id, now, at)
    }

    /// Ends the hold on a ticket's place because the help desk's roster counts the ticket from now on. `agent`, where
    /// it is known, makes sure that the place is with that agent.
    ///
    /// # Errors
    ///
    /// No place is held any more, or another agent's is.
    pub fn confirm(
        &self,
        ticket_id: &str,
        agent: Option<&str>,
        at: Instant,
    ) -> Result<Reservation, HoldError> {
        let mut table = self.table(at);
        let Some(held) = table.held(ticket_id) else {
            let ticket = ticket_id.to_owned();
            return Err(HoldError::NotHeld { ticket });
        };
        if let Some(asked) = agent
            && *held.agent != *asked
        {
            return Err(HoldError::OtherAgent {
                ticket: ticket_id.to_owned(),
                holder: held.agent.to_string(),
                asked: asked.to_owned(),
            });
        }
        let confirmed = held.describe(ticket_id);
        table.drop_place(ticket_id);
        Ok(confirmed)
    }

    /// Gives a ticket's place back because the agent does not get the ticket. `agent` as above.
    ///
    /// # Errors
    ///
    /// No place is held any more, or another agent's is.
    pub fn release(
        &self,
        ticket_id: &str,
        agent: Option<&str>,
        at: Instant,
    ) -> Result<Reservation, HoldError> {
        self.confirm(ticket_id, agent, at)
    }

    /// How many places may be held.
    #[must_use]
    pub fn most(&self) -> usize {
        self.limits.most
    }

    /// How many places are held.
    #[must_use]
    pub fn count(&self, at: Instant) -> usize {
        self.table(at).count()
    }

    /// How many places are held with each agent with whom any are.
    #[must_use]
    pub fn by_agent(&self, at: Instant) -> BTreeMap<String, u32> {
        let places = self.table(at).places(None).into_iter();
        places
            .filter(|(_, places)| places.taken > 0)
            .map(|(agent, places)| (agent.to_string(), places.taken / TICKET_COST))
            .collect()
    }

    fn look(&self, table: &mut Table, input: &DecisionInput<'_>, roster: &Arc<Roster>) -> Seen {
        let roster = table.renew(roster);
        let ticket_id = input.ticket.id.as_str();
        let own = table.held(ticket_id).cloned();
        let places = table.places(own.is_some().then_some(ticket_id));
        let mut view = self.views.take(&roster);
        view.show(&places);
        Seen { view, own }
    }

    /// Takes the place of a decision if nothing changed for its agent and its ticket since.
    fn take(
        &self,
        table: &mut Table,
        input: &DecisionInput<'_>,
        seen: &Seen,
        decision: &Decision,
        at: Instant,
    ) -> Result<Option<Reservation>, ReserveError> {
        let ticket_id = input.ticket.id.as_str();
        if table.held(ticket_id) != seen.own.as_ref() {
            let agent = decision.agent.clone().unwrap_or_default();
            return Err(ReserveError::Gone { agent });
        }
        let Some(agent) = &decision.agent else {
            table.drop_place(ticket_id);
            return Ok(None);
        };
        if let Some(own) = &seen.own
            && *own.agent == **agent
        {
            return Ok(Some(own.describe(ticket_id)));
        }
        let is_as_seen = table.is_current(&seen.view)
            && table.taken(agent, Some(ticket_id)) == seen.view.shown(agent);
        if !is_as_seen {
            let agent = agent.clone();
            return Err(ReserveError::Gone { agent });
        }
        table.drop_place(ticket_id);
        self.hold(table, ticket_id, agent, input.now, at).map(Some)
    }

    fn hold(
        &self,
        table: &mut Table,
        ticket_id: &str,
        agent_id: &str,
        now: Timestamp,
        at: Instant,
    ) -> Result<Reservation, ReserveError> {
        let most = self.limits.most;
        if table.count() >= most {
            return Err(ReserveError::TooMany { most });
        }
        let expires_at = now
            .checked_add(self.limits.time_to_live)
            .unwrap_or(Timestamp::MAX);
        Ok(table.hold(ticket_id, agent_id, now, at, expires_at))
    }

    /// The places that have not run out.
    fn table(&self, at: Instant) -> MutexGuard<'_, Table> {
        let mut table = self.lock();
        table.drop_expired(self.limits.time_to_live, at);
        table
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing between two changes of the table can panic and leave it half changed.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Decides with the loads seen; the ticket's own agent comes first if still eligible.
    fn decide(&self, input: &DecisionInput<'_>) -> Decision {
        let input = DecisionInput {
            roster: Some(self.view.roster()),
            ..*input
        };
        decide_anew(&input, self.own.as_ref().map(|own| &*own.agent))
    }
}
