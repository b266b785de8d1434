//! The hours of a week: which minutes of which days, as they are written (`mon-fri: "08:00-18:00"`).

use jiff::civil::Weekday;

/// Minutes of a day without a change of the clock.
pub(super) const DAY_MINUTES: u16 = 24 * 60;

/// The days of a week with their names in files.
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Hours in a row, in minutes after the midnight that their day begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    /// Less than [`DAY_MINUTES`].
    pub(super) start: u16,
    /// More than `start`, by at most [`DAY_MINUTES`]: past midnight it belongs to the next day.
    pub(super) end: u16,
}

/// The hours of a week by the day on which they begin, Monday first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Week {
    days: [Vec<Opening>; 7],
}

impl Week {
    /// Adds hours that begin on `day`.
    pub(super) fn add(&mut self, day: Weekday, opening: Opening) {
        let openings = &mut self.days[index(day)];
        openings.push(opening);
        openings.sort_unstable();
    }

    /// The hours that begin on `day`, in order.
    pub(super) fn on(&self, day: Weekday) -> &[Opening] {
        &self.days[index(day)]
    }

    /// All minutes of the week.
    pub(super) fn minutes(&self) -> i64 {
        self.days.iter().map(|day| minutes_of(day)).sum()
    }

    /// The minutes of the day with most of them.
    pub(super) fn longest_day_minutes(&self) -> i64 {
        let days = self.days.iter().map(|day| minutes_of(day));
        days.max().unwrap_or(0)
    }

    /// The name of the first day on which hours begin before earlier ones have ended.
    pub(super) fn first_overlap(&self) -> Option<&'static str> {
        let days = DAYS.iter().zip(&self.days).zip(0_u16..);
        let mut spans: Vec<_> = days
            .flat_map(|((&(name, _), openings), number)| {
                let midnight = number * DAY_MINUTES;
                openings
                    .iter()
                    .map(move |one| (midnight + one.start, midnight + one.end, name))
            })
            .collect();
        // Sunday night runs into the next Monday.
        let next_week = spans
            .first()
            .map(|&(start, end, name)| (start + 7 * DAY_MINUTES, end + 7 * DAY_MINUTES, name));
        spans.extend(next_week);
        spans.windows(2).find_map(|pair| match pair {
            [(_, end, _), (start, _, name)] if start < end => Some(*name),
            _ => None,
        })
    }
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0) % 7
}

fn minutes_of(openings: &[Opening]) -> i64 {
    openings
        .iter()
        .map(|opening| i64::from(opening.end - opening.start))
        .sum()
}

/// The days that `text` names: one (`sat`) or a range (`mon-fri`, `sat-mon`), both ends included.
pub(super) fn parse_days(text: &str) -> Option<Vec<Weekday>> {
    let position = |name: &str| DAYS.iter().position(|&(known, _)| known == name);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (position(first)?, position(last)?);
    let count = (last + 7 - first) % 7 + 1;
    let days = DAYS.iter().cycle().skip(first).take(count);
    Some(days.map(|&(_, day)| day).collect())
}

/// The hours that `text` names: `08:00-18:00`, past midnight `22:00-06:00`, or `24h`.
pub(super) fn parse_opening(text: &str) -> Option<Opening> {
    if text == "24h" {
        return Some(Opening {
            start: 0,
            end: DAY_MINUTES,
        });
    }
    let (start, end) = text.split_once('-')?;
    let (start, end) = (parse_minutes(start.trim())?, parse_minutes(end.trim())?);
    if start >= DAY_MINUTES || start == end {
        return None;
    }
    let end = if end < start { end + DAY_MINUTES } else { end };
    Some(Opening { start, end })
}

/// `HH:MM` up to `24:00` as minutes.
fn parse_minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| -> Option<u16> {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_single_or_a_range_that_may_pass_the_weekend() {
        assert_eq!(parse_days("sat"), Some(vec![Weekday::Saturday]));
        assert_eq!(parse_days("mon-fri").map(|days| days.len()), Some(5));
        assert_eq!(
            parse_days("sat-mon"),
            Some(vec![Weekday::Saturday, Weekday::Sunday, Weekday::Monday])
        );
        for wrong in ["", "monday", "mon-", "mon - fri", "fri-mun"] {
            assert_eq!(parse_days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hours_may_pass_midnight_and_fill_a_day() {
        let opening = |text: &str| parse_opening(text).map(|one| (one.start, one.end));
        assert_eq!(opening("08:00-18:30"), Some((480, 1110)));
        assert_eq!(opening("22:00-06:00"), Some((1320, 1800)));
        assert_eq!(opening("00:00-24:00"), Some((0, 1440)));
        assert_eq!(opening("18:00-00:00"), Some((1080, 1440)));
        assert_eq!(opening("24h"), Some((0, 1440)));
        for wrong in [
            "",
            "8-18",
            "8:00-18:00",
            "08:00",
            "08:60-09:00",
            "24:00-06:00",
            "00:00-24:01",
            "09:00-09:00",
        ] {
            assert_eq!(opening(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hours_that_overlap_are_found_over_midnight_and_over_the_weekend() {
        let mut week = Week::default();
        week.add(
            Weekday::Sunday,
            Opening {
                start: 1320,
                end: 1800,
            },
        );
        week.add(
            Weekday::Tuesday,
            Opening {
                start: 480,
                end: 720,
            },
        );
        assert_eq!(week.first_overlap(), None);
        week.add(
            Weekday::Monday,
            Opening {
                start: 300,
                end: 420,
            },
        );
        assert_eq!(week.first_overlap(), Some("mon"));
        assert_eq!(week.minutes(), 480 + 240 + 120);
        assert_eq!(week.longest_day_minutes(), 480);
    }
}
