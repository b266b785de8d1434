//! Hours, days and the like, read off a clock or counted of a duration: when they next give another answer.

use cel::common::ast::operators;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Nanoseconds.
pub(super) const SECOND: i128 = 1_000_000_000;

/// Most hours, days or minutes that are followed before the ticket is asked for again to be safe.
const MAX_TURNS: usize = 64;

/// What is asked of a whole number.
#[derive(Debug)]
pub(super) enum Asked {
    Compare(&'static str, i64),
    OneOf(Vec<i64>),
}

/// What is read off a clock.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read {
    Second,
    Minute,
    Hour,
    Date,
    DayOfWeek,
    DayOfYear,
    Month,
    Year,
}

impl Asked {
    fn holds(&self, number: i64) -> bool {
        match self {
            Self::OneOf(numbers) => numbers.contains(&number),
            Self::Compare(operator, with) => match *operator {
                operators::LESS => number < *with,
                operators::LESS_EQUALS => number <= *with,
                operators::GREATER => number > *with,
                operators::GREATER_EQUALS => number >= *with,
                operators::NOT_EQUALS => number != *with,
                _ => number == *with,
            },
        }
    }

    fn holds_wide(&self, number: i128) -> bool {
        i64::try_from(number).is_ok_and(|number| self.holds(number))
    }
}

impl Read {
    fn at(self, at: Timestamp, zone: &TimeZone) -> i64 {
        let shown = zone.to_datetime(at);
        match self {
            Self::Second => shown.second().into(),
            Self::Minute => shown.minute().into(),
            Self::Hour => shown.hour().into(),
            Self::Date => shown.day().into(),
            Self::DayOfWeek => shown.weekday().to_sunday_zero_offset().into(),
            Self::DayOfYear => i64::from(shown.day_of_year()) - 1,
            Self::Month => i64::from(shown.month()) - 1,
            Self::Year => shown.year().into(),
        }
    }
}

/// After how long the whole units of `value`, which grows by `pace` and may be negative, give another answer.
pub(super) fn next_whole(
    value: i128,
    pace: i128,
    unit: i128,
    asked: Option<&Asked>,
) -> Option<i128> {
    // What falls is looked at from the other side, where it rises.
    let (sign, pace) = (pace.signum(), pace.abs());
    let value = value * sign;
    let count = value / unit;
    let next = match asked {
        None => count + 1,
        Some(asked) => {
            let turns = |number: i64| [sign * i128::from(number), sign * i128::from(number) + 1];
            let numbers: Vec<i128> = match asked {
                Asked::Compare(_, number) => turns(*number).to_vec(),
                Asked::OneOf(numbers) => numbers.iter().flat_map(|&number| turns(number)).collect(),
            };
            let answer = |count: i128| asked.holds_wide(sign * count);
            let is_turn = |&number: &i128| number > count && answer(number) != answer(number - 1);
            numbers.into_iter().filter(is_turn).min()?
        }
    };
    // Counts are cut towards zero: one below it ends as the unit does, one above begins with it.
    let reached = match next {
        1.. => next * unit,
        _ => (next - 1) * unit + 1,
    };
    Some((reached - value + pace - 1) / pace)
}

/// After how long what a clock in `zone` shows at the time `value` gives another answer.
pub(super) fn next_reading(
    value: i128,
    unit: i128,
    read: Read,
    zone: &TimeZone,
    asked: Option<&Asked>,
) -> Option<i128> {
    let start = Timestamp::from_nanosecond(value).ok()?;
    let answer = |at: Timestamp| asked.map(|asked| asked.holds(read.at(at, zone)));
    let first = answer(start);
    let mut at = start;
    for _ in 0..MAX_TURNS {
        at = next_turn(at, unit, zone)?;
        if asked.is_none() || answer(at) != first {
            break;
        }
    }
    Some(at.as_nanosecond() - value)
}

/// When the clock in `zone` next shows another hour, day or the like, or is turned.
fn next_turn(at: Timestamp, unit: i128, zone: &TimeZone) -> Option<Timestamp> {
    let offset = i128::from(zone.to_offset(at).seconds()) * SECOND;
    let shown = at.as_nanosecond() + offset;
    let next = (shown.div_euclid(unit) + 1) * unit - offset;
    let next = Timestamp::from_nanosecond(next).ok()?;
    let turned = zone.following(at).next().map(|change| change.timestamp());
    Some(turned.map_or(next, |turned| turned.min(next)))
}

/// What a function reads off a time or a duration, and how often that changes, in nanoseconds.
pub(super) fn part_of(function: &str) -> Option<(Read, i128)> {
    const MINUTE: i128 = 60 * SECOND;
    const HOUR: i128 = 60 * MINUTE;
    const DAY: i128 = 24 * HOUR;
    Some(match function {
        "getSeconds" => (Read::Second, SECOND),
        "getMinutes" => (Read::Minute, MINUTE),
        "getHours" => (Read::Hour, HOUR),
        "getDate" => (Read::Date, DAY),
        "getDayOfWeek" => (Read::DayOfWeek, DAY),
        "getDayOfYear" => (Read::DayOfYear, DAY),
        "getMonth" => (Read::Month, DAY),
        "getFullYear" => (Read::Year, DAY),
        _ => return None,
    })
}
