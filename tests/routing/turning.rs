//! `next_evaluation_at` where conditions read the time: until then nothing changes, and then it may.

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use triage::routing::{LintKind, Policy, PolicyAgainst};

use crate::desk::Desk;

/// Two queues, and the first rule holds by `when`.
fn desk(when: &str) -> Desk {
    Desk::new(&format!(
        "queues: {{desk: {{}}, rest: {{}}}}\nrules:\n  - {{id: first, when: '{when}', otherwise: desk}}\n\
         default: {{queue: rest}}"
    ))
}

/// After how long it is to be decided anew.
fn ahead(desk: &Desk) -> Option<SignedDuration> {
    let next = desk.decide().next_evaluation_at?;
    Some(next.duration_since(desk.now))
}

/// What the times to ask again are rounded up to.
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

#[test]
fn a_ticket_is_asked_for_again_when_a_condition_on_the_time_turns() {
    // It is a Monday, half past nine in UTC and half past ten in Berlin, whose day is from eight to six.
    let minutes = SignedDuration::from_mins;
    for (when, turns_after) in [
        (r#"waited >= duration("4h")"#, minutes(240)),
        (r#"waited > duration("4h")"#, minutes(240) + MILLISECOND),
        (r#"waited < duration("90m")"#, minutes(90)),
        (r#"duration("2h") <= waited"#, minutes(120)),
        (r#"waited + duration("1h") >= duration("4h")"#, minutes(180)),
        (r#"now >= timestamp("2026-03-02T10:00:00Z")"#, minutes(30)),
        (
            r#"now - timestamp("2026-03-02T09:00:00Z") >= duration("2h")"#,
            minutes(90),
        ),
        (
            r#"now >= timestamp(ticket.attributes.renewal) - duration("1h")"#,
            minutes(60),
        ),
        (
            r#"waited >= duration(ticket.attributes.patience)"#,
            minutes(25),
        ),
        (r#"in_hours("day")"#, minutes(450)),
        (r#"!in_hours("day")"#, minutes(450)),
        (r#"now.getHours("Europe/Berlin") >= 20"#, minutes(570)),
        (r#"now.getHours() in [11, 15]"#, minutes(90)),
        (
            r#"now.getDayOfWeek("Europe/Berlin") == 3"#,
            minutes(13 * 60 + 30 + 24 * 60),
        ),
        (
            r#"now.getDate("+01:00") == 4"#,
            minutes(13 * 60 + 30 + 24 * 60),
        ),
        (r#"waited.getMinutes() >= 40"#, minutes(40)),
        (r#"waited.getHours() > 2"#, minutes(180)),
        (
            r#"(now - timestamp(ticket.attributes.renewal)).getHours() >= 3"#,
            minutes(300),
        ),
        (
            r#"(now - timestamp(ticket.attributes.renewal)).getHours() == 0"#,
            minutes(60) + MILLISECOND,
        ),
        (
            r#"(timestamp(ticket.attributes.renewal) - now).getHours() < 1"#,
            minutes(60) + MILLISECOND,
        ),
        (
            r#"(timestamp(ticket.attributes.renewal) - duration("30m") - now).getMinutes() <= 60"#,
            minutes(29) + MILLISECOND,
        ),
        (
            r#"(timestamp(ticket.attributes.renewal) - now).getSeconds() in [-60, -120]"#,
            minutes(121),
        ),
        (
            r#"(timestamp(ticket.attributes.renewal) + waited).getHours() == 12"#,
            minutes(30),
        ),
        (r#"(waited + waited).getMinutes() >= 40"#, minutes(20)),
        (
            r#"waited.getMinutes() == 7 || waited >= duration("1h")"#,
            minutes(7),
        ),
        (
            r#"customer.tier != "vip" && waited >= duration("1h")"#,
            minutes(60),
        ),
    ] {
        let desk = desk(when);
        assert_eq!(ahead(&desk), Some(turns_after), "{when}");
        let rule = |after| desk.decide_later(after).rule;
        let before = desk.decide().rule;
        assert_eq!(rule(turns_after - MILLISECOND), before, "{when}");
        assert_ne!(rule(turns_after), before, "{when}");
    }
}

#[test]
fn a_clock_of_milliseconds_never_asks_too_early() {
    let mut desk = desk(r#"waited > duration("4h")"#);
    desk.now = "2026-03-02T09:30:00.000400Z".parse().unwrap();
    let next = desk.decide().next_evaluation_at.unwrap();
    assert_eq!(next.to_string(), "2026-03-02T13:30:00.001Z");
    let ends = Desk {
        now: desk.now,
        ..Desk::with_rule("steps: [{queue: desk, timeout: 5m}, {queue: rest}]")
    };
    let next = ends.decide().next_evaluation_at.unwrap();
    assert_eq!(next.to_string(), "2026-03-02T09:35:00.001Z");
}

#[test]
fn what_time_cannot_change_is_not_asked_for_again() {
    for when in [
        r#"waited < duration("0s")"#,
        r#"waited >= duration("0s")"#,
        r#"now < timestamp("2020-01-01T00:00:00Z")"#,
        r#"customer.tier == "vip" && waited >= duration("1h")"#,
        r#"customer.tier == "" || waited >= duration("1h")"#,
        r#"ticket.attributes.missing == "x" && in_hours("day")"#,
        r#"waited >= duration(ticket.attributes.missing)"#,
        r#"!(customer.tier == "" || now.getHours() > 20)"#,
        r#"(now - waited).getHours("Europe/Berlin") < 9"#,
    ] {
        assert_eq!(ahead(&desk(when)), None, "{when}");
    }
}

#[test]
fn conditions_behind_the_one_that_holds_do_not_count() {
    let rules = "rules:\n  - {id: any, when: 'true', otherwise: desk}\n  \
                 - {id: late, when: 'waited >= duration(\"1h\")', otherwise: rest}\n";
    let desk = Desk::new(&format!(
        "queues: {{desk: {{}}, rest: {{}}}}\n{rules}default: {{queue: rest}}"
    ));
    assert_eq!(ahead(&desk), None);
}

#[test]
fn steps_agents_and_impact_turn_as_well() {
    let minutes = SignedDuration::from_mins;
    let skipped = Desk::with_rule(
        "steps: [{queue: desk, skip_if: 'waited >= duration(\"5m\")', timeout: 1h}, {queue: rest}]",
    );
    assert_eq!(ahead(&skipped), Some(minutes(5)));
    let ends = Desk::with_rule(
        "steps: [{queue: desk, skip_if: 'waited >= duration(\"2h\")', timeout: 1h}, {queue: rest}]",
    );
    assert_eq!(ahead(&ends), Some(minutes(60)), "the step ends first");
    let agent = Desk::with_rule(
        "steps: [{preferred_agent: 'now.getHours() < 12 ? \"ana\" : \"bob\"', queue: desk}]",
    );
    assert_eq!(ahead(&agent), Some(minutes(150)));
    let impact = Desk::new(
        "queues: {rest: {}}\npriorities: {impact: {from: 'waited >= duration(\"3h\") ? \"late\" : \"\"', \
         levels: {late: {high: 90, normal: 80}}}}\ndefault: {queue: rest}",
    );
    assert_eq!(ahead(&impact), Some(minutes(180)));
    assert_eq!(impact.decide_later(minutes(180)).priority, 80);
}

#[test]
fn what_cannot_be_foreseen_is_decided_anew_each_minute_and_warned_of() {
    for when in [
        "string(now).contains(\"T12:\")",
        "int(now) > 5",
        "now.getHours(customer.attributes.zone) > 5",
    ] {
        let desk = desk(when);
        assert_eq!(ahead(&desk), Some(SignedDuration::from_mins(1)), "{when}");
        let lints = desk.policy.lint("", PolicyAgainst::default());
        let kinds: Vec<LintKind> = lints.iter().map(|lint| lint.kind).collect();
        assert!(
            kinds.contains(&LintKind::UnforeseenTime),
            "{when}: {kinds:?}"
        );
    }
}

#[test]
fn hours_are_followed_through_the_change_of_the_clock() {
    // On the 29th of March the clocks of Berlin go from two to three.
    let mut desk = desk(r#"now.getHours("Europe/Berlin") == 3"#);
    desk.now = "2026-03-29T00:30:00Z".parse().unwrap();
    assert_eq!(ahead(&desk), Some(SignedDuration::from_mins(30)));
    // On the 25th of October they go from three back to two.
    desk.now = "2026-10-24T23:30:00Z".parse().unwrap();
    assert_eq!(ahead(&desk), Some(SignedDuration::from_mins(150)));
}

fn test() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    prop_oneof![
        (operator.clone(), 0..5_i64)
            .prop_map(|(operator, hours)| { format!(r#"waited {operator} duration("{hours}h")"#) }),
        (operator.clone(), 9..13_u8).prop_map(|(operator, hour)| {
            format!(r#"now {operator} timestamp("2026-03-02T{hour:02}:00:00Z")"#)
        }),
        (operator.clone(), 8..20_i64).prop_map(|(operator, hour)| {
            format!(r#"now.getHours("Europe/Berlin") {operator} {hour}"#)
        }),
        (operator.clone(), 0..90_i64).prop_map(|(operator, minutes)| {
            format!("waited.getMinutes() {operator} {minutes}")
        }),
        (operator.clone(), -9..9_i64).prop_map(|(operator, hours)| {
            format!(r#"(now - timestamp("2026-03-02T14:10:00Z")).getHours() {operator} {hours}"#)
        }),
        (operator, -9..9_i64).prop_map(|(operator, hours)| {
            format!(r#"(timestamp("2026-03-02T14:10:00Z") - now).getHours() {operator} {hours}"#)
        }),
        Just(r#"in_hours("day")"#.to_owned()),
        Just(r#"customer.tier == "vip""#.to_owned()),
        Just("ticket.attributes.missing == \"x\"".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_changes_before_the_ticket_is_asked_for_again(
        tests in prop::collection::vec((test(), any::<bool>(), any::<bool>()), 1..5),
        moments in prop::collection::vec(1..36 * 3_600_i64, 24),
        begins in 0..24_i64,
    ) {
        let mut when = "customer.tier == \"\"".to_owned();
        for (test, negated, and) in &tests {
            let (sign, joint) = (if *negated { "!" } else { "" }, if *and { "&&" } else { "||" });
            when = format!("({when}) {joint} {sign}({test})");
        }
        let mut desk = desk(&when);
        desk.now = desk.now.checked_add(begins.hours()).unwrap();
        let ahead = ahead(&desk);
        let now = desk.decide().rule;
        for seconds in moments {
            let after = SignedDuration::from_secs(seconds);
            if ahead.is_none_or(|ahead| after < ahead) {
                prop_assert_eq!(&desk.decide_later(after).rule, &now, "{} after {}", &when, after);
            }
        }
        if let Some(ahead) = ahead {
            prop_assert!(ahead > SignedDuration::ZERO, "{}", &when);
            prop_assert_eq!(&desk.decide_later(ahead - MILLISECOND).rule, &now, "{}", &when);
        }
    }
}

#[test]
fn a_calendar_that_never_closes_does_not_keep_anybody_searching() {
    let policy = Policy::parse(
        "version: 1\nqueues: {desk: {}, rest: {}}\ncalendars: {always: {timezone: UTC, hours: {mon-sun: 24h}}}\n\
         rules: [{id: r, when: 'in_hours(\"always\")', otherwise: desk}]\ndefault: {queue: rest}\n",
        "p",
    );
    let desk = Desk {
        policy: policy.unwrap(),
        roster: None,
        ..desk("true")
    };
    let next: Timestamp = desk.decide().next_evaluation_at.unwrap();
    assert!(next.duration_since(desk.now) > SignedDuration::from_hours(24 * 7));
}
