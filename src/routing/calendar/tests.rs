//! Working hours over a year with daylight saving, holidays, nights and zones with odd offsets.

use super::*;
use crate::routing::document;
use crate::routing::fault::Faults;

fn read(yaml: &str) -> Result<Calendars, String> {
    let node = document::parse(yaml, "t", 10_000).unwrap();
    let mut faults = Faults::default();
    let calendars =
        read_calendars(&node, "calendars", "a calendar", &mut faults).unwrap_or_default();
    match faults.into_result("t") {
        Ok(()) => Ok(calendars),
        Err(errors) => Err(errors.to_string()),
    }
}

fn calendar(timezone: &str, rest: &str) -> Calendar {
    let calendars = read(&format!("c: {{timezone: {timezone}, {rest}}}\n"));
    Calendar::clone(&calendars.unwrap_or_else(|errors| panic!("{errors}"))["c"])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When so many minutes of working time have passed.
fn after(calendar: &Calendar, from: &str, minutes: i64) -> String {
    let span = SignedDuration::from_mins(minutes);
    let due = calendar.after_open_time(at(from), span);
    due.unwrap().to_string()
}

const OFFICE: &str = "hours: {mon-fri: \"08:00-18:00\", sat: [\"09:00-12:00\", \"13:00-15:00\"]}, holidays: [2026-12-25]";

#[test]
fn a_moment_is_within_hours_by_the_local_clock() {
    let office = calendar("Europe/Berlin", OFFICE);
    // Monday the 2nd of March 2026; Berlin is an hour ahead of UTC.
    assert!(!office.is_open(at("2026-03-02T06:59:59Z")));
    assert!(office.is_open(at("2026-03-02T07:00:00Z")));
    assert!(office.is_open(at("2026-03-02T16:59:59Z")));
    assert!(!office.is_open(at("2026-03-02T17:00:00Z")));
    // In summer it is two hours ahead.
    assert!(office.is_open(at("2026-06-01T06:00:00Z")));
    // Saturday with a break, Sunday, and a holiday on a Friday.
    assert!(office.is_open(at("2026-03-07T10:59:00Z")));
    assert!(!office.is_open(at("2026-03-07T11:30:00Z")));
    assert!(!office.is_open(at("2026-03-08T10:00:00Z")));
    assert!(office.is_open(at("2025-12-26T10:00:00Z")));
    assert!(!office.is_open(at("2026-12-25T10:00:00Z")));
}

#[test]
fn working_time_is_counted_over_nights_weekends_and_holidays() {
    let office = calendar("Europe/Berlin", OFFICE);
    assert_eq!(
        after(&office, "2026-03-02T09:00:00Z", 60),
        "2026-03-02T10:00:00Z"
    );
    // Before opening it counts from opening; the last minute may be the closing time itself.
    assert_eq!(
        after(&office, "2026-03-02T03:00:00Z", 60),
        "2026-03-02T08:00:00Z"
    );
    assert_eq!(
        after(&office, "2026-03-02T16:00:00Z", 60),
        "2026-03-02T17:00:00Z"
    );
    assert_eq!(
        after(&office, "2026-03-02T16:00:00Z", 61),
        "2026-03-03T07:01:00Z"
    );
    // Friday 17:00, an hour left; five hours on Saturday; the rest on Monday.
    assert_eq!(
        after(&office, "2026-03-06T16:00:00Z", 60 + 180 + 30),
        "2026-03-07T12:30:00Z"
    );
    assert_eq!(
        after(&office, "2026-03-06T16:00:00Z", 60 + 300 + 30),
        "2026-03-09T07:30:00Z"
    );
    // Thursday, the 24th of December 2026; the 25th is a holiday.
    assert_eq!(
        after(&office, "2026-12-24T16:30:00Z", 60),
        "2026-12-26T08:30:00Z"
    );
}

#[test]
fn a_lost_and_a_repeated_hour_count_as_the_clock_runs() {
    // Berlin, the 29th of March 2026: from 02:00 the clock jumps to 03:00, which is 01:00 UTC.
    let day = calendar("Europe/Berlin", "hours: {mon-sun: 24h}");
    assert_eq!(
        after(&day, "2026-03-28T23:00:00Z", 23 * 60),
        "2026-03-29T22:00:00Z"
    );
    let night = calendar(
        "Europe/Berlin",
        "hours: {sun: [\"01:00-02:30\", \"02:45-05:00\"]}",
    );
    assert!(night.is_open(at("2026-03-29T00:59:59Z")));
    assert!(night.is_open(at("2026-03-29T01:00:00Z")));
    assert_eq!(
        after(&night, "2026-03-28T12:00:00Z", 60),
        "2026-03-29T01:00:00Z"
    );
    assert_eq!(
        after(&night, "2026-03-28T12:00:00Z", 180),
        "2026-03-29T03:00:00Z"
    );
    // The 25th of October 2026: from 03:00 back to 02:00, which is 01:00 UTC; Sunday lasts 25 hours.
    assert_eq!(
        after(&day, "2026-10-24T22:00:00Z", 25 * 60),
        "2026-10-25T23:00:00Z"
    );
    assert!(night.is_open(at("2026-10-25T00:29:00Z")));
    assert!(
        !night.is_open(at("2026-10-25T00:30:00Z")),
        "02:30 for the first time"
    );
    assert!(night.is_open(at("2026-10-25T00:45:00Z")));
    assert!(
        night.is_open(at("2026-10-25T01:30:00Z")),
        "02:30 for the second time"
    );
    assert_eq!(
        after(&night, "2026-10-24T12:00:00Z", 90 + 15),
        "2026-10-25T01:00:00Z"
    );
}

#[test]
fn nights_belong_to_the_day_on_which_they_begin() {
    let night = calendar(
        "America/New_York",
        "hours: {fri-sun: \"22:00-06:00\"}, holidays: [2026-03-07, 12-31]",
    );
    // Friday night, New York being five hours behind.
    assert!(night.is_open(at("2026-03-07T03:00:00Z")));
    assert!(
        night.is_open(at("2026-03-07T10:59:00Z")),
        "until Saturday 06:00 though that is a holiday"
    );
    assert!(
        !night.is_open(at("2026-03-08T03:30:00Z")),
        "Saturday night does not begin"
    );
    // The night of the change to summer time, Sunday the 8th, begins at 22:00 of the 7th: closed. Sunday night:
    assert!(night.is_open(at("2026-03-09T02:00:00Z")));
    assert!(!night.is_open(at("2026-03-09T01:59:00Z")));
    // A yearly holiday: Thursday in 2026, Friday in 2027.
    assert!(
        !night.is_open(at("2028-01-01T04:00:00Z")),
        "Friday the 31st of December 2027"
    );
}

#[test]
fn odd_zones_and_days_that_never_were_are_counted() {
    let kathmandu = calendar("Asia/Kathmandu", "hours: {mon-fri: \"09:00-17:00\"}");
    assert_eq!(
        after(&kathmandu, "2026-03-02T00:00:00Z", 15),
        "2026-03-02T03:30:00Z"
    );
    // Lord Howe shifts by half an hour.
    let lord_howe = calendar("Australia/Lord_Howe", "hours: {mon-sun: 24h}");
    assert_eq!(
        after(&lord_howe, "2026-10-03T13:30:00Z", 23 * 60 + 30),
        "2026-10-04T13:00:00Z"
    );
    // Samoa left out Friday the 30th of December 2011.
    let samoa = calendar("Pacific/Apia", "hours: {fri: \"08:00-18:00\"}");
    assert_eq!(
        after(&samoa, "2011-12-29T00:00:00Z", 60),
        "2012-01-05T19:00:00Z"
    );
}

#[test]
fn a_search_that_finds_no_hours_ends() {
    let rare = calendar("UTC", "hours: {mon: \"08:00-08:01\"}");
    assert_eq!(
        rare.after_open_time(at("2026-03-02T09:00:00Z"), SignedDuration::from_hours(24)),
        None
    );
    let day = calendar("Pacific/Kiritimati", "hours: {mon-sun: 24h}");
    assert_eq!(
        day.after_open_time(Timestamp::MAX, SignedDuration::from_hours(1)),
        None
    );
    assert!(
        day.after_open_time(Timestamp::MIN, SignedDuration::from_hours(1))
            .is_some()
    );
}

#[test]
fn every_error_of_a_calendar_is_reported_with_its_place() {
    let errors = read(
        "a: {timezone: Europe/Berln, hours: {mon-fri: \"8-18\", son: 24h}}\n\
         b: {timezone: 1, hours: {}, holidays: [2026-13-01, 02-29, 02-30, 02-29, 5]}\n\
         c: {hours: {mon-wed: 24h, wed: 24h}}\n\
         d: {timezone: UTC, hours: {mon: [\"08:00-12:00\", \"11:00-13:00\"]}, holiday: []}\n\
         e: {timezone: Nowhere, hours: {sun: \"22:00-06:00\", mon: 24h}}\n",
    )
    .unwrap_err();
    assert_eq!(
        errors,
        "t:1:15: unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'?
t:1:46: hours must be such as \"08:00-18:00\", \"22:00-06:00\" or 24h, not '8-18'
t:1:54: unknown days 'son': use mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri
t:2:15: timezone must be a text (put it in quotes), not 1
t:2:25: hours must name at least one day
t:2:40: a holiday must be a date such as 2026-12-25, or 12-25 for every year, not '2026-13-01'
t:2:59: a holiday must be a date such as 2026-12-25, or 12-25 for every year, not '02-30'
t:2:66: the holiday 02-29 is given twice: keep one
t:2:73: a holiday must be a text (put it in quotes), not 5
t:3:4: a calendar needs 'timezone'
t:3:27: the hours of wed are given twice: keep one
t:4:27: hours that begin on mon overlap with others: let them end before
t:4:66: unknown field 'holiday' in a calendar: did you mean 'holidays'?
t:5:15: unknown time zone 'Nowhere': use a name of the IANA database, such as Europe/Berlin
t:5:31: hours that begin on mon overlap with others: let them end before"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Counted minute by minute, over every change of the clock of a year.
    #[test]
    fn working_time_is_the_minutes_that_are_within_hours(
        zone in proptest::sample::select(&[
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
        ][..]),
        hours in proptest::sample::select(&[
            "mon-fri: \"08:00-18:00\"",
            "sat-sun: [\"00:30-02:30\", \"02:45-09:00\"]",
            "sun-sat: \"21:15-03:30\"",
            "mon-sun: 24h",
        ][..]),
        start in 0..366 * 24 * 60_i64,
        span in 1..2_000_i64,
    ) {
        let calendar = calendar(zone, &format!("hours: {{{hours}}}, holidays: [12-25, 2026-03-30]"));
        let minute = |number: i64| at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(number);
        let due = calendar.after_open_time(minute(start), SignedDuration::from_mins(span));
        let last = (start..).filter(|&number| calendar.is_open(minute(number))).nth(usize::try_from(span - 1).unwrap());
        proptest::prop_assert_eq!(due, last.map(|number| minute(number + 1)));
    }
}
