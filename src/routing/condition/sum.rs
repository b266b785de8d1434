//! Sums of `waited`, `now` and other times and durations, and when such a sum passes zero.

use cel::Value;
use cel::common::ast::{Expr, IdedExpr, operators};

use super::clock::{Moment, NOW, WAITED, reads_time};
use super::constant_value;
use super::readings::SECOND;
use super::times::Times;

/// Multiples of `waited` and `now`, and what is added: all in nanoseconds.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    pub(super) waited: i128,
    pub(super) now: i128,
    fixed: i128,
    /// How many times are added, less those that are taken away: 1 for a time, 0 for a duration. `None` where that
    /// depends on what the ticket says.
    pub(super) times: Option<i8>,
    /// What the ticket says; each is added so many times.
    pub(super) told: Vec<(i128, IdedExpr)>,
}

/// On which sides of zero a test of a sum gives something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edges {
    /// Zero is as what is above it.
    Below,
    /// Zero is as what is below it.
    Above,
    /// Zero is by itself.
    Both,
}

impl Sum {
    /// The sum that `expression` is, if it is one.
    pub(super) fn of(expression: &IdedExpr, in_loop: bool) -> Option<Self> {
        match &expression.expr {
            Expr::Ident(name) if name == WAITED => {
                return Some(Self {
                    waited: 1,
                    ..Self::nothing()
                });
            }
            Expr::Ident(name) if name == NOW => {
                return Some(Self {
                    now: 1,
                    times: Some(1),
                    ..Self::nothing()
                });
            }
            Expr::Call(call) if reads_time(expression) => {
                let [left, right] = call.args.as_slice() else {
                    return None;
                };
                let (left, right) = (Self::of(left, in_loop), Self::of(right, in_loop));
                return match call.func_name.as_str() {
                    operators::ADD => Some(left?.plus(right?)),
                    operators::SUBSTRACT => Some(left?.minus(right?)),
                    _ => None,
                };
            }
            _ if reads_time(expression) => return None,
            _ => {}
        }
        let constant = constant_value(expression);
        if let Some(fixed) = constant.as_ref().and_then(nanoseconds) {
            return Some(Self {
                fixed,
                times: Some(matches!(constant, Some(Value::Timestamp(_))).into()),
                ..Self::nothing()
            });
        }
        // A variable of a loop has no value outside of it.
        (!in_loop).then(|| Self {
            told: vec![(1, expression.clone())],
            times: times_told(expression),
            ..Self::nothing()
        })
    }

    /// No time at all.
    const fn nothing() -> Self {
        Self {
            waited: 0,
            now: 0,
            fixed: 0,
            times: Some(0),
            told: Vec::new(),
        }
    }

    fn plus(mut self, other: Self) -> Self {
        self.waited += other.waited;
        self.now += other.now;
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.times = added(self.times, other.times);
        self.told.extend(other.told);
        self
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            waited: -other.waited,
            now: -other.now,
            fixed: -other.fixed,
            times: other.times.map(i8::saturating_neg),
            told: other
                .told
                .into_iter()
                .map(|(times, told)| (-times, told))
                .collect(),
        })
    }

    /// By how much it grows in a nanosecond.
    pub(super) const fn pace(&self) -> i128 {
        self.waited + self.now
    }

    /// What it is now; `None` where the ticket does not say what it needs.
    pub(super) fn value(&self, times: Times<'_, '_, '_, '_>) -> Option<i128> {
        let Moment { now, waited, .. } = times.moment;
        let mut value = self.waited * waited.as_nanos() + self.now * now.as_nanosecond();
        value = value.saturating_add(self.fixed);
        for (count, told) in &self.told {
            let told = nanoseconds(&Value::resolve(told, times.with).ok()?)?;
            value = value.saturating_add(count * told);
        }
        Some(value)
    }
}

fn added(left: Option<i8>, right: Option<i8>) -> Option<i8> {
    Some(left?.saturating_add(right?))
}

/// How many times are added in what the ticket says, less those that are taken away.
fn times_told(expression: &IdedExpr) -> Option<i8> {
    let Expr::Call(call) = &expression.expr else {
        return None;
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("timestamp", _) => Some(1),
        ("duration", _) => Some(0),
        (operators::ADD, [left, right]) => added(times_told(left), times_told(right)),
        (operators::SUBSTRACT, [left, right]) => {
            added(times_told(left), times_told(right).map(i8::saturating_neg))
        }
        (operators::CONDITIONAL, [_, one, other]) => {
            times_told(one).filter(|&times| times_told(other) == Some(times))
        }
        _ => None,
    }
}

/// After how long a sum that is `value` now passes an edge of zero.
pub(super) fn crossing(of: &Sum, edges: Edges, value: i128) -> Option<i128> {
    let slope = of.pace();
    if slope == 0 {
        return None;
    }
    let (ahead, pace) = (value * slope.signum(), slope.abs());
    let rising = slope > 0;
    // Where the sum comes to zero, and where it leaves it.
    let reaches = edges == Edges::Both || (edges == Edges::Below) == rising;
    let leaves = edges == Edges::Both || (edges == Edges::Above) == rising;
    let until = |target: i128| (target - ahead + pace - 1).div_euclid(pace);
    let times = [(reaches, until(0)), (leaves, until(1))];
    let times = times
        .into_iter()
        .filter(|&(counts, time)| counts && time > 0);
    times.map(|(_, time)| time).min()
}

/// A time since 1970, or a duration, in nanoseconds.
fn nanoseconds(value: &Value) -> Option<i128> {
    let (seconds, rest) = match value {
        Value::Timestamp(time) => (time.timestamp(), time.timestamp_subsec_nanos().into()),
        Value::Duration(time) => (time.num_seconds(), i64::from(time.subsec_nanos())),
        _ => return None,
    };
    Some(i128::from(seconds) * SECOND + i128::from(rest))
}
