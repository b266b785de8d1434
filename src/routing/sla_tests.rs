//! Targets: which one counts, when a ticket is due, and what is refused.

use super::super::calendar::read_calendars;
use super::super::document;
use super::*;

const CALENDARS: &str = "{office: {timezone: Europe/Berlin, hours: {mon-fri: \"08:00-18:00\"}}, \
                          always: {timezone: UTC, hours: {mon-sun: 24h}}}";

fn read(sla: &str) -> Result<Sla, String> {
    let mut faults = Faults::default();
    let calendars = document::parse(CALENDARS, "t", 10_000).unwrap();
    let calendars = read_calendars(&calendars, "calendars", "a calendar", &mut faults).unwrap();
    let node = document::parse(sla, "t", 10_000).unwrap();
    let sla = read_sla(&node, &calendars, &mut faults);
    match faults.into_result("t") {
        Ok(()) => Ok(sla),
        Err(errors) => Err(errors.to_string()),
    }
}

/// When a ticket that came in on Friday the 6th of March 2026 at 17:00 in Berlin is due.
fn due(target: Option<&Target>) -> Option<String> {
    let now = "2026-03-06T16:20:00Z".parse().unwrap();
    let due = target?.due(now, SignedDuration::from_mins(20));
    due.map(|at| at.to_string())
}

#[test]
fn a_target_without_a_calendar_counts_around_the_clock() {
    let sla = read("{urgent: 15m, low: 3d}").unwrap();
    let first = |urgency| due(sla.first_response("", urgency));
    assert_eq!(
        first(Urgency::Urgent).as_deref(),
        Some("2026-03-06T16:15:00Z")
    );
    assert_eq!(first(Urgency::Low).as_deref(), Some("2026-03-09T16:00:00Z"));
    assert_eq!(first(Urgency::High), None);
    assert_eq!(due(sla.resolution("", Urgency::Urgent)), None);
}

#[test]
fn a_target_within_a_calendar_counts_its_hours_and_days() {
    let sla = read(
        "{urgent: {within: 15m, calendar: always}, high: 2h, normal: 1d, low: 1w, calendar: office, \
         resolution: {high: 1d2h}}",
    )
    .unwrap();
    let first = |urgency| due(sla.first_response("gold", urgency));
    assert_eq!(
        first(Urgency::Urgent).as_deref(),
        Some("2026-03-06T16:15:00Z")
    );
    assert_eq!(
        first(Urgency::High).as_deref(),
        Some("2026-03-09T08:00:00Z")
    );
    assert_eq!(
        first(Urgency::Normal).as_deref(),
        Some("2026-03-09T16:00:00Z")
    );
    assert_eq!(first(Urgency::Low).as_deref(), Some("2026-03-13T16:00:00Z"));
    let solved = due(sla.resolution("", Urgency::High));
    assert_eq!(solved.as_deref(), Some("2026-03-10T08:00:00Z"));
}

#[test]
fn a_tier_has_its_own_targets_and_otherwise_those_of_all() {
    let sla = read(
        "{high: 2h, normal: 8h, calendar: office, resolution: {high: 8h}, tiers: {\
         vip: {high: 30m, resolution: {normal: 1d}}, club: {high: 1h, calendar: always}}}",
    )
    .unwrap();
    let high = |tier| due(sla.first_response(tier, Urgency::High));
    assert_eq!(high("").as_deref(), Some("2026-03-09T08:00:00Z"));
    assert_eq!(high("vip").as_deref(), Some("2026-03-06T16:30:00Z"));
    assert_eq!(high("club").as_deref(), Some("2026-03-06T17:00:00Z"));
    assert_eq!(
        due(sla.first_response("vip", Urgency::Normal)),
        due(sla.first_response("", Urgency::Normal))
    );
    assert_eq!(
        due(sla.resolution("vip", Urgency::Normal)).as_deref(),
        Some("2026-03-09T16:00:00Z")
    );
    assert_eq!(
        due(sla.resolution("vip", Urgency::High)).as_deref(),
        Some("2026-03-09T14:00:00Z")
    );
}

#[test]
fn every_error_of_the_targets_is_reported_with_its_place() {
    let errors = read(
        "high: 1h\nnormal: {within: 10, calendar: ofice}\nlow: 30m\ncalendr: office\n\
         resolution: {urgent: 2h, high: 1h, calendar: office}\n\
         tiers: {vip: {normal: 15m, tiers: {}}, club: 5}\n",
    )
    .unwrap_err();
    assert_eq!(
        errors,
        "t:1:1: sla of high comes after that of low: swap them
t:2:32: unknown calendar 'ofice': did you mean 'office'?
t:4:1: unknown urgency 'calendr' in sla: did you mean 'calendar'?
t:5:13: resolution in sla of urgent comes after that of high: swap them
t:5:36: unknown urgency 'calendar' in resolution in sla: use one of low, normal, high, urgent
t:6:14: sla of tier 'vip' of high comes after that of normal: swap them
t:6:28: unknown urgency 'tiers' in sla of tier 'vip': use one of low, normal, high, urgent, calendar, resolution
t:6:46: sla of tier 'club' must be a mapping, not 5"
    );
    let errors = read("{low: 366d, calendar: office}").unwrap_err();
    assert_eq!(
        errors,
        "t:1:7: sla of low is more than 52 weeks have hours in the calendar 'office': shorten it"
    );
}
