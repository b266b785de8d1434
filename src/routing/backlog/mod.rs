//! Many waiting tickets at once: in which order they are given out, and to whom. As [`decide`](super::decide()), a
//! pure function.
//!
//! The order (`order`) is by priority, then by the time at which the first answer is due, then by age; so that
//! nothing starves, a ticket gains priority from the moment on at which it was due. In that order each ticket is given
//! to the agent whom a decision for it alone would choose, with the load of all who were given tickets before it.
//! Where nobody is left who could take it, tickets that were given out before move to other agents who could take
//! them as well, if that makes room (`moves`); none of them is left without an agent for it.
//!
//! So the tickets that are given out are the same whatever agents were chosen on the way: each of them in its turn,
//! if any way of giving out those before it leaves room for it as well. There is no way of giving out more, and room
//! for one ticket more never makes them fewer. (Agents are counted as eligible without those whom a queue's last
//! resort lets be chosen though they are full. And room means room of somebody who had some: a step that nobody could
//! take is skipped, so with a new agent, or the first capacity of one, tickets may wait at a step for that agent.) Without such moves that would not hold: who has the smallest share
//! of the capacity in use changes with the capacity, and so may whoever is left for the tickets behind.
//!
//! What tickets ask for has few forms and is looked up by form (`groups`), so agents are told apart once for many
//! tickets.

mod desk;
mod groups;
mod moves;
mod order;

use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

use self::desk::Desk;
use self::order::Standing;
pub use self::order::{GRACE_WITHOUT_TARGET, HOURS_PER_POINT};
use super::assignment::Assignment;
use super::decide::{DecisionInput, draft};
use super::decision::Decision;
use super::draft::Draft;
use super::policy::Policy;
use super::roster::Roster;
use crate::classifier::Classification;
use crate::ticket::Ticket;

/// Most tickets of a backlog.
pub const MAX_BACKLOG: usize = 20_000;

/// A ticket that waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// What the classifier says of it.
    pub classification: &'a Classification,
    /// How long it has waited; less than nothing counts as nothing.
    pub waited: SignedDuration,
    /// The words that decided the topic, for notes.
    pub deciding_words: &'a [String],
    /// The agent in whose load the ticket is counted already, because a place is reserved for it: that agent keeps it
    /// as long as nothing but the load stands in the way.
    pub holder: Option<&'a str>,
}

/// Tickets that wait, and all that their decisions depend on.
#[derive(Debug, Clone, Copy)]
pub struct Backlog<'a> {
    /// The tickets, in any order.
    pub waiting: &'a [Waiting<'a>],
    /// The agents; `None` decides queues and skills alone.
    pub roster: Option<&'a Roster>,
    /// The rules.
    pub policy: &'a Policy,
    /// The present time.
    pub now: Timestamp,
}

/// What a backlog comes to for one of its tickets.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Assigned {
    /// The ticket's place in the order in which tickets are given out, from 1.
    pub turn: usize,
    /// The priority that counted for the order: the decision's, and what the ticket gained by being late; 0 to 100.
    pub aged_priority: u8,
    /// The decision; it lists no candidates, no rejected agents and no trace.
    pub decision: Decision,
    /// How many agents could take the ticket if all of them had room: 0 where nobody who is there fits.
    pub fitting_agents: usize,
    /// Whether another agent than the first choice has it, so that a ticket behind it could be given out as well.
    pub made_room: bool,
}

/// Why a backlog cannot be given out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BacklogError {
    /// Too many tickets.
    #[error(
        "{count} tickets are more than the {MAX_BACKLOG} allowed: give out the most urgent first"
    )]
    TooManyTickets {
        /// How many there are.
        count: usize,
    },
    /// The tickets ask for agents in so many ways that looking them all up would take too much memory.
    #[error(
        "the tickets ask for agents in too many ways ({groups}) for a roster of {agents}: give out fewer tickets at a \
         time"
    )]
    TooVaried {
        /// In how many ways they ask.
        groups: usize,
        /// How many agents there are.
        agents: usize,
    },
}

/// Gives out the tickets of a backlog; one answer a ticket, in the order in which they were given.
///
/// # Errors
///
/// If there are too many tickets, or they ask for agents in too many ways.
pub fn assign_backlog(backlog: &Backlog<'_>) -> Result<Vec<Assigned>, BacklogError> {
    let count = backlog.waiting.len();
    if count > MAX_BACKLOG {
        return Err(BacklogError::TooManyTickets { count });
    }
    let inputs: Vec<DecisionInput<'_>> = backlog
        .waiting
        .iter()
        .map(|one| backlog.input(one))
        .collect();
    let drafts: Vec<Draft<'_>> = inputs.par_iter().map(draft_without_trace).collect();
    let standings: Vec<Standing<'_>> = drafts.iter().map(Standing::of).collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| standings[a].cmp(&standings[b]).then(a.cmp(&b)));
    let mut turns = vec![0; count];
    for (turn, &index) in order.iter().enumerate() {
        turns[index] = turn + 1;
    }
    let aged: Vec<u8> = standings.iter().map(Standing::aged_priority).collect();
    let found = match backlog.roster {
        None => vec![desk::Found::default(); count],
        Some(roster) => {
            let holders: Vec<_> = backlog.waiting.iter().map(|one| one.holder).collect();
            Desk::new(roster, &drafts, backlog.now).give_out(&order, &holders)?
        }
    };
    let assigned = drafts.into_iter().zip(found).zip(turns.iter().zip(aged));
    Ok(assigned
        .map(|((draft, found), (&turn, aged_priority))| Assigned {
            turn,
            aged_priority,
            fitting_agents: found.fitting,
            made_room: found.moved,
            decision: finish(draft, found),
        })
        .collect())
}

impl<'a> Backlog<'a> {
    /// The input of a decision for one of the tickets alone.
    fn input(&self, one: &Waiting<'a>) -> DecisionInput<'a> {
        DecisionInput {
            ticket: one.ticket,
            classification: one.classification,
            roster: self.roster,
            policy: self.policy,
            now: self.now,
            waited: one.waited,
            deciding_words: one.deciding_words,
        }
    }
}

/// The conditions that were tried are let go of: of thousands of tickets they would fill the memory.
fn draft_without_trace<'a>(input: &'a DecisionInput<'a>) -> Draft<'a> {
    let mut draft = draft(input);
    draft.decision.trace = Vec::new();
    draft.decision.step_trace = Vec::new();
    draft
}

fn finish(draft: Draft<'_>, found: desk::Found) -> Decision {
    let mut decision = draft.finish(Assignment {
        last_resort_after: found.last_resort_after,
        dropped_preferences: found.dropped_preferences,
        ..Assignment::default()
    });
    decision.agent = found.agent;
    decision.last_resort = found.last_resort;
    decision
}
