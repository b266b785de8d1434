//! What typed fields take and refuse.

use super::super::document;
use super::*;

fn faults_of(yaml: &str, read: impl Fn(&Fields<'_>, &mut Faults)) -> String {
    let node = document::parse(yaml, "t", 10_000).unwrap();
    let mut faults = Faults::default();
    let fields = Fields::open(
        &node,
        "a step",
        &["queue", "timeout", "level", "on"],
        &mut faults,
    );
    if let Some(fields) = fields {
        read(&fields, &mut faults);
    }
    match faults.into_result("t") {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn unknown_and_repeated_fields_are_named_with_their_place() {
    assert_eq!(
        faults_of("queue: a\nqueu: b\nqueue: c\n", |_, _| {}),
        "t:2:1: unknown field 'queu' in a step: did you mean 'queue'?\n\
         t:3:1: 'queue' is given twice, first in line 1: keep one"
    );
}

#[test]
fn every_mistyped_field_is_reported() {
    let text = faults_of(
        "queue: 7\ntimeout: 5\nlevel: 9\non: maybe\n",
        |fields, faults| {
            fields.text("queue", faults);
            fields.duration("timeout", faults);
            fields.integer("level", 1..=5_u8, faults);
            fields.flag("on", faults);
        },
    );
    assert_eq!(
        text,
        "t:1:8: queue must be a text (put it in quotes), not 7\n\
         t:2:10: timeout must be a duration with its unit, such as 90s, 15m, 8h or 3d, up to 366d, not 5\n\
         t:3:8: level must be a whole number from 1 to 5, not 9\n\
         t:4:5: on must be true or false, not 'maybe'"
    );
}

#[test]
fn durations_need_a_unit_and_a_size() {
    let parse_duration = |text: &str| {
        let span = parse_span(text)?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
    };
    assert_eq!(parse_duration("90s"), Some(SignedDuration::from_secs(90)));
    assert_eq!(parse_duration("1h30m"), Some(SignedDuration::from_mins(90)));
    assert_eq!(parse_duration("3d"), Some(SignedDuration::from_hours(72)));
    for wrong in ["", "5", "0s", "-5m", "1mo", "1y", "400d", "soon"] {
        assert_eq!(parse_duration(wrong), None, "{wrong}");
    }
}

#[test]
fn a_missing_field_is_reported_at_its_mapping() {
    let text = faults_of("level: 1\n", |fields, faults| {
        assert!(fields.require("queue", faults).is_none());
    });
    assert_eq!(text, "t:1:1: a step needs 'queue'");
}
