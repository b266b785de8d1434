//! When a single test of the time turns: a comparison that is linear in `waited` and `now` is solved, hours, days and
//! minutes of the clock are followed from one to the next, calendars know when they open and close. A test that reads
//! the time in any other way cannot be foreseen.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};
use cel::{Context, Value};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::clock::{Moment, reads_time};
use super::constant_value;
use super::readings::{Asked, Read, next_reading, next_whole, part_of};
use super::sum::{Edges, Sum, crossing};
use super::tree::children;
use super::vocabulary::{IN_HOURS, literal_text};
use crate::routing::calendar::zone_of;

/// How soon a ticket is to be asked for again where it cannot be foreseen when a condition turns.
const UNFORESEEN: SignedDuration = SignedDuration::from_mins(1);

/// Something by which the value of an expression can change as time passes.
#[derive(Debug)]
pub(super) enum Change {
    /// A sum passes zero.
    Crossing(Sum, Edges),
    /// A time's hour, day or the like changes.
    Clock {
        of: Sum,
        /// Nanoseconds.
        unit: i128,
        read: Read,
        zone: TimeZone,
        asked: Option<Asked>,
    },
    /// A duration's whole hours, minutes or seconds change.
    Whole {
        of: Sum,
        /// Nanoseconds.
        unit: i128,
        asked: Option<Asked>,
    },
    /// The calendar of this name opens or closes.
    Hours(String),
    /// The part with this id cannot be solved.
    Unforeseen(u64),
}

/// What the times of a ticket depend on.
#[derive(Clone, Copy)]
pub(super) struct Times<'a, 'c, 'p, 'v> {
    pub(super) moment: Moment<'a>,
    pub(super) with: &'c Context<'p, 'v>,
}

impl Change {
    /// The part that cannot be solved.
    pub(super) const fn unforeseen(&self) -> Option<u64> {
        match self {
            Self::Unforeseen(id) => Some(*id),
            _ => None,
        }
    }

    /// Notes all by which the value of `expression` can change. Within a loop nothing but constants can be looked up.
    pub(super) fn collect(expression: &IdedExpr, in_loop: bool, changes: &mut Vec<Self>) {
        if !reads_time(expression) {
            return;
        }
        match &expression.expr {
            Expr::Call(call) => match Self::of_call(call, in_loop) {
                Some(change) => return changes.push(change),
                None if part_of(&call.func_name).is_some() => {
                    return changes.push(Self::Unforeseen(expression.id));
                }
                None => {}
            },
            Expr::Ident(_) => return changes.push(Self::Unforeseen(expression.id)),
            Expr::Comprehension(looped) => {
                Self::collect(&looped.iter_range, in_loop, changes);
                for part in [&looped.loop_cond, &looped.loop_step, &looped.result] {
                    Self::collect(part, true, changes);
                }
                return;
            }
            _ => {}
        }
        for part in children(expression) {
            Self::collect(part, in_loop, changes);
        }
    }

    fn of_call(call: &CallExpr, in_loop: bool) -> Option<Self> {
        let name = call.func_name.as_str();
        match (name, call.args.as_slice()) {
            (IN_HOURS, [calendar]) => Some(Self::Hours(literal_text(calendar)?.to_owned())),
            (operators::IN, [of, list]) => {
                let Expr::List(list) = &list.expr else {
                    return None;
                };
                let numbers: Option<Vec<i64>> = list.elements.iter().map(whole_number).collect();
                Self::of_part(of, Some(Asked::OneOf(numbers?)), in_loop)
            }
            (_, [left, right]) if call.target.is_none() => {
                let (operator, flipped) = comparison(name)?;
                if let Some(number) = whole_number(right) {
                    return Self::of_part(left, Some(Asked::Compare(operator, number)), in_loop);
                }
                if let Some(number) = whole_number(left) {
                    return Self::of_part(right, Some(Asked::Compare(flipped, number)), in_loop);
                }
                let difference = Sum::of(left, in_loop)?.minus(Sum::of(right, in_loop)?);
                let edges = match operator {
                    operators::LESS | operators::GREATER_EQUALS => Edges::Below,
                    operators::LESS_EQUALS | operators::GREATER => Edges::Above,
                    _ => Edges::Both,
                };
                Some(Self::Crossing(difference, edges))
            }
            _ => Self::of_reading(call, None, in_loop),
        }
    }

    fn of_part(expression: &IdedExpr, asked: Option<Asked>, in_loop: bool) -> Option<Self> {
        match &expression.expr {
            Expr::Call(call) => Self::of_reading(call, asked, in_loop),
            _ => None,
        }
    }

    /// The hour or the like that `call` reads, of a time or of a duration.
    fn of_reading(call: &CallExpr, asked: Option<Asked>, in_loop: bool) -> Option<Self> {
        let (read, unit) = part_of(&call.func_name)?;
        let of = Sum::of(call.target.as_deref()?, in_loop)?;
        if of.pace() == 0 {
            // It stands still, as the time at which the ticket came does.
            return Some(Self::Crossing(of, Edges::Both));
        }
        let zone = match call.args.as_slice() {
            [] => TimeZone::UTC,
            [zone] => zone_of(literal_text(zone)?)?,
            _ => return None,
        };
        match (of.times?, of.pace()) {
            (0, _) => Some(Self::Whole { of, unit, asked }),
            (1, 1) => Some(Self::Clock {
                of,
                unit,
                read,
                zone,
                asked,
            }),
            _ => None,
        }
    }
}

impl Times<'_, '_, '_, '_> {
    /// When `change` comes next.
    pub(super) fn next(self, change: &Change) -> Option<Timestamp> {
        let ahead = match change {
            Change::Hours(name) => {
                let calendar = self.moment.calendars.get(name)?;
                return calendar.next_change(self.moment.now);
            }
            Change::Unforeseen(_) => UNFORESEEN.as_nanos(),
            Change::Crossing(of, edges) => crossing(of, *edges, of.value(self)?)?,
            Change::Whole { of, unit, asked } => {
                next_whole(of.value(self)?, of.pace(), *unit, asked.as_ref())?
            }
            Change::Clock {
                of,
                unit,
                read,
                zone,
                asked,
            } => {
                let value = of.value(self)?;
                next_reading(value, *unit, *read, zone, asked.as_ref())?
            }
        };
        let at = self.moment.now.as_nanosecond().checked_add(ahead)?;
        Timestamp::from_nanosecond(at).ok()
    }
}

/// A comparison, and what it is with its sides exchanged.
fn comparison(operator: &str) -> Option<(&'static str, &'static str)> {
    Some(match operator {
        operators::EQUALS => (operators::EQUALS, operators::EQUALS),
        operators::NOT_EQUALS => (operators::NOT_EQUALS, operators::NOT_EQUALS),
        operators::LESS => (operators::LESS, operators::GREATER),
        operators::LESS_EQUALS => (operators::LESS_EQUALS, operators::GREATER_EQUALS),
        operators::GREATER => (operators::GREATER, operators::LESS),
        operators::GREATER_EQUALS => (operators::GREATER_EQUALS, operators::LESS_EQUALS),
        _ => return None,
    })
}

fn whole_number(expression: &IdedExpr) -> Option<i64> {
    match constant_value(expression)? {
        Value::Int(number) => Some(number),
        _ => None,
    }
}
