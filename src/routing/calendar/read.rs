//! Reads calendars of a policy file and shifts of a roster file, which are the same: a time zone, the hours of a
//! week, holidays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::hours::{DAYS, Week, parse_days, parse_opening};
use super::{Calendar, Holiday, TIME_ZONES};
use crate::routing::document::{Node, NodeValue};
use crate::routing::fault::{Faults, nearest};
use crate::routing::fields::{self, Fields};

/// Most calendars of a file.
const MAX_CALENDARS: usize = 200;

/// Most holidays of a calendar, and most of them that come every year.
const MAX_HOLIDAYS: usize = 1_000;
const MAX_YEARLY_HOLIDAYS: usize = 100;

/// Calendars by name.
pub(in crate::routing) type Calendars = BTreeMap<String, Arc<Calendar>>;

/// The fields of a calendar.
pub(in crate::routing) const CALENDAR_FIELDS: &[&str] = &["timezone", "hours", "holidays"];

/// Reads the calendars under `field`; `what` names one of them in messages, with its article. Their names are complete,
/// all else only if no fault was noted. `None` where they cannot be read.
pub(in crate::routing) fn read_calendars(
    node: &Node,
    field: &'static str,
    what: &'static str,
    faults: &mut Faults,
) -> Option<Calendars> {
    let entries = fields::entries(node, field, faults)?;
    if entries.len() > MAX_CALENDARS {
        let count = entries.len();
        faults.add(
            node.position,
            format!("{count} {field} are more than the {MAX_CALENDARS} allowed"),
        );
        return None;
    }
    let mut calendars = Calendars::new();
    for (key, value) in entries {
        if let Err(message) = fields::check_name(&key.name, &format!("the name of {what}")) {
            faults.add(key.position, message);
        }
        // One that is wrong is declared all the same: what refers to it is no further mistake.
        let before = faults.count();
        let calendar = read_calendar(&key.name, value, what, faults)
            .filter(|_| faults.count() == before)
            .unwrap_or_else(|| always_open(&key.name));
        calendars.insert(key.name.clone(), Arc::new(calendar));
    }
    Some(calendars)
}

fn always_open(name: &str) -> Calendar {
    let mut week = Week::default();
    if let Some(day) = parse_opening("24h") {
        DAYS.iter().for_each(|&(_, weekday)| week.add(weekday, day));
    }
    Calendar {
        name: name.to_owned(),
        timezone: TimeZone::UTC,
        week,
        holidays: BTreeSet::new(),
    }
}

fn read_calendar(
    name: &str,
    node: &Node,
    what: &'static str,
    faults: &mut Faults,
) -> Option<Calendar> {
    let fields = Fields::open(node, what, CALENDAR_FIELDS, faults)?;
    let timezone = fields.require("timezone", faults);
    let timezone = timezone.and_then(|node| read_timezone(node, faults));
    let week = fields.require("hours", faults);
    let week = week.and_then(|node| read_week(node, faults));
    let holidays = fields.get("holidays");
    let holidays = holidays.map(|node| read_holidays(node, faults));
    Some(Calendar {
        name: name.to_owned(),
        timezone: timezone?,
        week: week?,
        holidays: holidays.unwrap_or_default(),
    })
}

fn read_timezone(node: &Node, faults: &mut Faults) -> Option<TimeZone> {
    let name = fields::text(node, "timezone", faults)?;
    let found = TIME_ZONES.get(name).ok().filter(|zone| !zone.is_unknown());
    if found.is_none() {
        let known: Vec<String> = TIME_ZONES
            .available()
            .map(|zone| zone.to_string())
            .collect();
        let advice = nearest(name, known.iter().map(String::as_str)).map_or_else(
            || "use a name of the IANA database, such as Europe/Berlin".to_owned(),
            |zone| format!("did you mean '{zone}'?"),
        );
        faults.add(
            node.position,
            format!("unknown time zone '{name}': {advice}"),
        );
    }
    found
}

fn read_week(node: &Node, faults: &mut Faults) -> Option<Week> {
    let mut week = Week::default();
    let mut seen: BTreeSet<i8> = BTreeSet::new();
    let before = faults.count();
    for (key, value) in fields::entries(node, "hours", faults)? {
        let Some(days) = parse_days(&key.name) else {
            let names: Vec<&str> = DAYS.iter().map(|&(name, _)| name).collect();
            faults.add(
                key.position,
                format!(
                    "unknown days '{}': use {} or a range such as mon-fri",
                    key.name,
                    names.join(", ")
                ),
            );
            continue;
        };
        for &day in &days {
            if !seen.insert(day.to_monday_zero_offset()) {
                faults.add(
                    key.position,
                    format!("the hours of {} are given twice: keep one", name_of(day)),
                );
            }
        }
        let items = match &value.value {
            NodeValue::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        for item in items {
            let Some(text) = fields::text(item, "hours", faults) else {
                continue;
            };
            match parse_opening(text) {
                Some(opening) => days.iter().for_each(|&day| week.add(day, opening)),
                None => faults.add(
                    item.position,
                    format!("hours must be such as \"08:00-18:00\", \"22:00-06:00\" or 24h, not '{text}'"),
                ),
            }
        }
    }
    if faults.count() > before {
        return None;
    }
    if week.minutes() == 0 {
        faults.add(node.position, "hours must name at least one day");
        return None;
    }
    if let Some(day) = week.first_overlap() {
        faults.add(
            node.position,
            format!("hours that begin on {day} overlap with others: let them end before"),
        );
    }
    Some(week)
}

fn name_of(day: Weekday) -> &'static str {
    let found = DAYS.iter().find(|&&(_, known)| known == day);
    found.map_or("a day", |&(name, _)| name)
}

fn read_holidays(node: &Node, faults: &mut Faults) -> BTreeSet<Holiday> {
    let items = fields::items(node, "holidays", faults);
    let mut holidays = BTreeSet::new();
    for item in items.iter().take(MAX_HOLIDAYS + 1) {
        let Some(text) = fields::text(item, "a holiday", faults) else {
            continue;
        };
        match parse_holiday(text) {
            Some(holiday) if !holidays.insert(holiday) => faults.add(
                item.position,
                format!("the holiday {text} is given twice: keep one"),
            ),
            Some(_) => {}
            None => faults.add(
                item.position,
                format!("a holiday must be a date such as 2026-12-25, or 12-25 for every year, not '{text}'"),
            ),
        }
    }
    let is_yearly = |holiday: &&Holiday| matches!(holiday, Holiday::Yearly(..));
    if items.len() > MAX_HOLIDAYS || holidays.iter().filter(is_yearly).count() > MAX_YEARLY_HOLIDAYS
    {
        faults.add(
            node.position,
            format!("at most {MAX_HOLIDAYS} holidays are allowed, {MAX_YEARLY_HOLIDAYS} of them every year"),
        );
    }
    holidays
}

fn parse_holiday(text: &str) -> Option<Holiday> {
    let plain = |length| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    if plain(10) {
        return text.parse().ok().map(Holiday::Once);
    }
    if !plain(5) {
        return None;
    }
    // A leap year, so that it may be the 29th of February.
    let date: Date = format!("2024-{text}").parse().ok()?;
    Some(Holiday::Yearly(date.month(), date.day()))
}
