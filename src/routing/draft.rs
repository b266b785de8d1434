//! A decision that lacks nothing but the agents: queue, skills, priority and due times follow from ticket and policy
//! alone, whoever has room. The agents are found by whom they are to be found by: for one ticket among all of the
//! roster (`assignment`), for a ticket that holds a place already (`reservation`), for many at once (`backlog`).

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::assignment::{Assigning, Assignment};
use super::decide::DecisionInput;
use super::decision::Decision;
use super::placement::Placement;

/// What is decided of a ticket before any agent is looked for.
pub(super) struct Draft<'a> {
    /// All but the skills and the agents.
    pub(super) decision: Decision,
    pub(super) placement: Placement<'a>,
    /// Whether an article or a bot answers, so that nobody is given the ticket.
    pub(super) answers: bool,
    pub(super) input: &'a DecisionInput<'a>,
    /// How long the ticket has waited, not negative.
    pub(super) waited: SignedDuration,
    /// When a condition that was asked could next turn out differently.
    pub(super) turns_at: Option<Timestamp>,
}

/// The first of these times.
pub(super) fn earliest(times: [Option<Timestamp>; 2]) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}

/// `at`, or the millisecond that follows: with a clock of milliseconds nobody asks before `at`.
fn next_millisecond(at: Timestamp) -> Timestamp {
    let up = TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(RoundMode::Ceil);
    at.round(up).unwrap_or(at)
}

impl Draft<'_> {
    /// What agents are looked for; `None` without a roster.
    pub(super) fn assigning(&self) -> Option<Assigning<'_>> {
        let placement = &self.placement;
        let queue = self.input.policy.queues.get(placement.queue);
        // Where something follows, it is waited for first.
        let last_resort = queue
            .and_then(|queue| queue.last_resort.as_ref())
            .filter(|_| placement.ends_after.is_none());
        Some(Assigning {
            placement,
            roster: self.input.roster?,
            ticket_id: &self.input.ticket.id,
            now: self.input.now,
            waited: self.waited,
            last_resort,
        })
    }

    /// The whole decision, with the agents found by `assign`, which is not asked without a roster.
    pub(super) fn assign(self, assign: impl FnOnce(&Assigning<'_>) -> Assignment) -> Decision {
        let assignment = self.assigning().map(|assigning| assign(&assigning));
        self.finish(assignment.unwrap_or_default())
    }

    /// The whole decision with these agents.
    pub(super) fn finish(self, assignment: Assignment) -> Decision {
        let ends_at = self
            .placement
            .ends_after
            .or(assignment.last_resort_after)
            .and_then(|end| self.moment(end));
        let next_evaluation_at = earliest([ends_at, self.turns_at]).map(next_millisecond);
        let first = assignment.candidates.first();
        Decision {
            required_skills: self.placement.required,
            preferred_skills: self.placement.preferred,
            preferred_agent: self.placement.preferred_agent,
            agent: first
                .filter(|_| !self.answers)
                .map(|first| first.agent_id.clone()),
            last_resort: first.is_some_and(|first| first.despite.is_some()),
            candidates: assignment.candidates,
            candidates_left_out: assignment.candidates_left_out,
            rejected: assignment.rejected,
            rejected_left_out: assignment.rejected_left_out,
            dropped_preferences: assignment.dropped_preferences,
            next_evaluation_at,
            ..self.decision
        }
    }

    /// The time at which the ticket will have waited, or had waited, `waited`.
    fn moment(&self, waited: SignedDuration) -> Option<Timestamp> {
        let ahead = waited.checked_sub(self.waited)?;
        self.input.now.checked_add(ahead).ok()
    }
}
