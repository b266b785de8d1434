//! What of a condition depends on the time, and when it could next turn out differently because time passes: so that
//! a decision can say when to ask again.
//!
//! The tests that read `waited`, `now` or working hours are taken out of the condition once, when it is loaded. For a
//! ticket, whatever else the condition asks is evaluated first: where that settles it, time changes nothing. Else the
//! earliest time counts at which one of the tests in the balance turns. It may be too early, as where two tests turn at
//! once and make up for each other, but never too late: until then the condition gives what it gives now.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::{Context, Value};
use jiff::{SignedDuration, Timestamp};

use super::parts::joined;
use super::times::{Change, Times};
use super::tree::children;
use super::vocabulary::IN_HOURS;
use crate::routing::calendar::Calendars;

/// The time that a ticket is decided at.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Moment<'a> {
    pub(in crate::routing) now: Timestamp,
    /// Not negative.
    pub(in crate::routing) waited: SignedDuration,
    pub(in crate::routing) calendars: &'a Calendars,
}

/// A condition as time sees it.
#[derive(Debug)]
pub(super) enum Clock {
    /// Reads no time.
    Still(IdedExpr),
    /// Turns at such times, if ever.
    Moves(Vec<Change>),
    All(Vec<Clock>),
    Any(Vec<Clock>),
    Not(Box<Clock>),
}

/// What a condition can give, as bits.
type Outcomes = u8;
const TRUE: Outcomes = 1;
const FALSE: Outcomes = 2;
const ERROR: Outcomes = 4;

impl Clock {
    /// The clock of `expression`, if it reads any time.
    pub(super) fn of(expression: &IdedExpr) -> Option<Self> {
        reads_time(expression).then(|| build(expression))
    }

    /// Where it computes with the time in a way that cannot be solved: the ids of those parts.
    pub(super) fn unforeseen(&self) -> Vec<u64> {
        match self {
            Self::Still(_) => Vec::new(),
            Self::Moves(changes) => changes.iter().filter_map(Change::unforeseen).collect(),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().flat_map(Self::unforeseen).collect()
            }
            Self::Not(part) => part.unforeseen(),
        }
    }

    /// The first time after `moment` at which the condition could begin or cease to hold.
    pub(super) fn next_flip(
        &self,
        moment: Moment<'_>,
        with: &Context<'_, '_>,
    ) -> Option<Timestamp> {
        let (outcomes, at) = self.weigh(Times { moment, with });
        (outcomes & TRUE != 0 && outcomes != TRUE).then_some(at)?
    }

    /// The first time after `moment` at which the value could be another one.
    pub(super) fn next_change(
        &self,
        moment: Moment<'_>,
        with: &Context<'_, '_>,
    ) -> Option<Timestamp> {
        self.weigh(Times { moment, with }).1
    }

    /// What it can give at any time, and when it could change.
    fn weigh(&self, times: Times<'_, '_, '_, '_>) -> (Outcomes, Option<Timestamp>) {
        match self {
            Self::Still(expression) => {
                let outcome = match Value::resolve(expression, times.with) {
                    Ok(Value::Bool(true)) => TRUE,
                    Ok(Value::Bool(false)) => FALSE,
                    Ok(_) | Err(_) => ERROR,
                };
                (outcome, None)
            }
            Self::Moves(changes) => {
                let next = changes.iter().filter_map(|change| times.next(change)).min();
                (TRUE | FALSE | ERROR, next)
            }
            Self::Not(part) => {
                let (outcomes, at) = part.weigh(times);
                (negated(outcomes), at)
            }
            Self::All(parts) => join(parts, times, FALSE),
            Self::Any(parts) => join(parts, times, TRUE),
        }
    }
}

/// Weighs parts that are joined: one that gives `ending` settles it.
fn join(
    parts: &[Clock],
    times: Times<'_, '_, '_, '_>,
    ending: Outcomes,
) -> (Outcomes, Option<Timestamp>) {
    let mut outcomes = negated(ending);
    let mut next: Option<Timestamp> = None;
    for part in parts {
        let (of_part, at) = part.weigh(times);
        if of_part == ending {
            return (ending, None);
        }
        let both = outcomes & of_part & !(ending | ERROR);
        let errors = (outcomes | of_part) & ERROR;
        outcomes = both | errors | ((outcomes | of_part) & ending);
        next = [next, at].into_iter().flatten().min();
    }
    (outcomes, next)
}

/// True for false and the other way round; an error stays one.
const fn negated(outcomes: Outcomes) -> Outcomes {
    (outcomes & ERROR) | ((outcomes & TRUE) << 1) | ((outcomes & FALSE) >> 1)
}

fn build(expression: &IdedExpr) -> Clock {
    if !reads_time(expression) {
        return Clock::Still(expression.clone());
    }
    let Some((operator, parts)) = joined(expression) else {
        let mut changes = Vec::new();
        Change::collect(expression, false, &mut changes);
        return Clock::Moves(changes);
    };
    let mut parts: Vec<Clock> = parts.iter().map(build).collect();
    // What reads no time may settle it before any time has to be worked out.
    parts.sort_by_key(|part| !matches!(part, Clock::Still(_)));
    match operator {
        operators::LOGICAL_AND => Clock::All(parts),
        operators::LOGICAL_OR => Clock::Any(parts),
        _ => match parts.pop() {
            Some(part) => Clock::Not(Box::new(part)),
            None => Clock::Still(literal_true()),
        },
    }
}

/// Of a negation of nothing, which the grammar does not have.
fn literal_true() -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::Boolean(true.into())),
    }
}

/// Whether what `expression` gives depends on the time.
pub(super) fn reads_time(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Ident(name) => name == WAITED || name == NOW,
        Expr::Call(call) if call.func_name == IN_HOURS => true,
        Expr::Comprehension(looped) => [
            &looped.iter_range,
            &looped.accu_init,
            &looped.loop_cond,
            &looped.loop_step,
            &looped.result,
        ]
        .iter()
        .any(|part| reads_time(part)),
        _ => children(expression).into_iter().any(reads_time),
    }
}

/// How long the ticket has waited.
pub(super) const WAITED: &str = "waited";

/// The present time.
pub(super) const NOW: &str = "now";
