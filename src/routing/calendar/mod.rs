//! Working hours: on which days and at which hours of which time zone a team is there. Answers whether a moment
//! lies within them and when so much working time has passed. Time zones come from the database that is compiled
//! in, so that the answer is the same on every machine.
//!
//! Hours are written as a clock on the wall shows them. Where daylight saving turns it back, so that an hour comes
//! twice, hours begin and end when it is shown first; where it is turned forward, hours that would begin or end in
//! the hour left out do so at the change. So hours that touch on the clock touch in time, on every day of the year.

mod hours;
mod read;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

use hours::{DAY_MINUTES, Opening, Week};
pub(super) use read::{CALENDAR_FIELDS, Calendars, read_calendars};

/// How far ahead working time is looked for, in days: ten years.
const MAX_SEARCH_DAYS: usize = 3_660;

/// How far ahead the end of hours that follow one another without a break is looked for, in days.
const MAX_OPEN_DAYS: usize = 14;

static TIME_ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Working hours of a week in a time zone, less the holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    timezone: TimeZone,
    week: Week,
    holidays: BTreeSet<Holiday>,
}

/// The time zone of a name such as `Europe/Berlin` or an offset such as `+01:00`.
pub(super) fn zone_of(name: &str) -> Option<TimeZone> {
    let named = TIME_ZONES.get(name).ok();
    named.filter(|zone| !zone.is_unknown()).or_else(|| {
        let (sign, digits) = match name.split_at_checked(1)? {
            ("-", digits) => (-1, digits),
            ("+", digits) => (1, digits),
            _ => (1, name),
        };
        let (hours, minutes) = digits.split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
        let offset = Offset::from_seconds(sign * seconds).ok()?;
        Some(TimeZone::fixed(offset))
    })
}

/// A day without the hours that would begin on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holiday {
    Once(Date),
    /// Month and day of every year.
    Yearly(i8, i8),
}

impl Calendar {
    /// The name by which it is referred to.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `at` lies within working hours; their end does not.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = self.timezone.to_datetime(at).date();
        let within = |day| {
            self.openings_on(day)
                .any(|(open, close)| (open..close).contains(&at))
        };
        within(today) || today.yesterday().is_ok_and(within)
    }

    /// When it next opens or closes after `at`. Where it stays open for more than two weeks, the end of a day within
    /// them; `None` if it does not open within ten years.
    pub(super) fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.timezone.to_datetime(at).date();
        let mut day = today.yesterday().unwrap_or(today);
        let mut closes: Option<Timestamp> = None;
        for count in 0..MAX_SEARCH_DAYS {
            for (open, close) in self.openings_on(day) {
                match closes {
                    None if close <= at || close <= open => {}
                    None if open > at => return Some(open),
                    None => closes = Some(close),
                    // Hours that follow at once leave it open.
                    Some(end) if open <= end => closes = Some(end.max(close)),
                    Some(end) => return Some(end),
                }
            }
            if count >= MAX_OPEN_DAYS && closes.is_some() {
                return closes;
            }
            day = day.tomorrow().ok()?;
        }
        closes
    }

    /// When `span` of working time has passed since `from`; `None` if that is not within ten years.
    #[must_use]
    pub fn after_open_time(&self, from: Timestamp, span: SignedDuration) -> Option<Timestamp> {
        let today = self.timezone.to_datetime(from).date();
        // Hours that began yesterday may not have ended.
        let mut day = today.yesterday().unwrap_or(today);
        let mut reached = from;
        let mut left = span;
        for _ in 0..MAX_SEARCH_DAYS {
            for (open, close) in self.openings_on(day) {
                let start = open.max(reached);
                if close <= start {
                    continue;
                }
                let available = close.duration_since(start);
                if left <= available {
                    return start.checked_add(left).ok();
                }
                left = left.saturating_sub(available);
                reached = close;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The working time of the longest day of a week, holidays aside.
    pub(super) fn longest_day(&self) -> SignedDuration {
        SignedDuration::from_mins(self.week.longest_day_minutes())
    }

    /// The working time of a week, holidays aside.
    pub(super) fn week_length(&self) -> SignedDuration {
        SignedDuration::from_mins(self.week.minutes())
    }

    /// The hours that begin on `day`, in order.
    fn openings_on(&self, day: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let yearly = Holiday::Yearly(day.month(), day.day());
        let closed = self.holidays.contains(&Holiday::Once(day)) || self.holidays.contains(&yearly);
        let openings: &[Opening] = if closed {
            &[]
        } else {
            self.week.on(day.weekday())
        };
        openings.iter().filter_map(move |opening| {
            let open = self.moment(day, opening.start)?;
            Some((open, self.moment(day, opening.end)?))
        })
    }

    /// When the clock on the wall first shows, or passes over, so many minutes after the midnight that `day` begins
    /// with.
    fn moment(&self, day: Date, minutes: u16) -> Option<Timestamp> {
        let mut day = day;
        for _ in 0..minutes / DAY_MINUTES {
            day = day.tomorrow().ok()?;
        }
        let hour = i8::try_from(minutes % DAY_MINUTES / 60).ok()?;
        let minute = i8::try_from(minutes % 60).ok()?;
        let shown = day.to_datetime(time(hour, minute, 0, 0));
        match self.timezone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(shown).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(shown).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                let before_change = after.to_timestamp(shown).ok()?;
                let change = self.timezone.following(before_change).next()?;
                Some(change.timestamp())
            }
        }
    }
}

impl Serialize for Calendar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

#[cfg(test)]
mod tests;
