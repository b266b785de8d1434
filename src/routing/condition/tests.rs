//! Conditions: what is refused when a policy is loaded, and what the accepted ones give.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::topics::Truth;
use super::*;
use crate::classifier::{Classification, Prediction, Ranking};
use crate::routing::calendar::{Calendars, read_calendars};
use crate::routing::document;
use crate::ticket::{Channel, Customer, Ticket, Urgency};

fn compile(text: &str) -> Result<Expression, String> {
    compile_for(text, Purpose::Condition)
}

fn compile_for(text: &str, purpose: Purpose) -> Result<Expression, String> {
    compile_with(text, purpose, &RefCell::default())
}

fn compile_with(
    text: &str,
    purpose: Purpose,
    patterns: &RefCell<Patterns>,
) -> Result<Expression, String> {
    let (compiled, _) = compile_noting(text, purpose, patterns);
    compiled
}

/// The expression, and the labels that are noted of it with their places.
fn compile_noting(
    text: &str,
    purpose: Purpose,
    patterns: &RefCell<Patterns>,
) -> (Result<Expression, String>, Vec<(Position, LabelUseKind)>) {
    let mut faults = Faults::default();
    let place = |offset: usize| Position {
        line: 1,
        column: u32::try_from(offset).unwrap() + 1,
    };
    let known = Known {
        calendars: Some(&calendars()),
        patterns,
    };
    let mut labels = Vec::new();
    let expression = Expression::compile(text, purpose, known, &place, &mut faults, &mut labels);
    let compiled = match faults.into_result("t") {
        Ok(()) => Ok(expression.unwrap()),
        Err(errors) => Err(errors.to_string()),
    };
    (compiled, labels)
}

/// Open on Mondays, and a day around the clock.
fn calendars() -> Calendars {
    let yaml = "{mondays: {timezone: Europe/Berlin, hours: {mon: \"08:00-18:00\"}}, \
                sundays: {timezone: Europe/Berlin, hours: {sun: 24h}}}";
    let node = document::parse(yaml, "t", 10_000).unwrap();
    read_calendars(&node, "calendars", "a calendar", &mut Faults::default()).unwrap()
}

fn evaluate(text: &str) -> Outcome {
    let ticket = Ticket {
        channel: Some(Channel::Email),
        subject: "Größe passt nicht".into(),
        language: Some("de".into()),
        tags: vec!["vip".into(), "shop".into()],
        customer: Customer {
            tier: "gold".into(),
            attributes: BTreeMap::from([("orders".to_owned(), "17".to_owned())]),
            ..Customer::default()
        },
        ..Ticket::default()
    };
    let sentiment = Prediction {
        label: "negative".into(),
        confidence: 0.8,
        margin: 0.7,
        ranked: Ranking::default(),
        automate: false,
        abstain_reason: None,
        raised: false,
        lowered: false,
    };
    let classification = Classification {
        topic: None,
        area: None,
        urgency: None,
        facets: vec![("sentiment".into(), sentiment)],
    };
    let patterns = RefCell::default();
    let expression = compile_with(text, Purpose::Condition, &patterns).unwrap();
    let vocabulary = Vocabulary {
        calendars: Arc::new(calendars()),
        patterns: Arc::new(patterns.into_inner()),
    };
    let variables = Variables::new(&Facts {
        ticket: &ticket,
        classification: &classification,
        urgency: Urgency::High,
        now: "2026-03-02T09:30:00Z".parse::<Timestamp>().unwrap(),
        waited: SignedDuration::from_mins(20),
        vocabulary: &vocabulary,
    });
    let context = variables.with_topic(TopicGuess {
        topic: "billing/refund",
        confidence: 0.75,
    });
    expression.holds(&context)
}

#[test]
fn conditions_read_every_declared_variable() {
    for text in [
        r#"topic == "billing/refund""#,
        r#"topic.startsWith("billing/") && topic_confidence >= 0.75"#,
        "urgency >= HIGH && urgency < URGENT",
        "urgency in [HIGH, URGENT]",
        r#"facets.sentiment == "negative""#,
        r#"facets["sentiment"] != "positive""#,
        r#"ticket.channel == "email" && ticket.language == "de""#,
        r#"ticket.subject.contains("Größe") && ticket.last_agent_id == """#,
        r#""vip" in ticket.tags"#,
        r#"ticket.tags.exists(t, t.startsWith("sh"))"#,
        r#"customer.tier == "gold" && customer.id == """#,
        "int(customer.attributes.orders) > 10",
        "!has(customer.attributes.age)",
        r#"!("age" in customer.attributes)"#,
        r#"now > timestamp("2026-03-02T09:00:00Z")"#,
        r#"now.getHours("Europe/Berlin") == 10 && now.getDayOfWeek() == 1"#,
        r#"waited >= duration("20m") && waited < duration("1h")"#,
        r#"ticket.subject.matches("(?i)^größe")"#,
        r#"!topic.matches("^x") && ticket.tags.exists(t, t.matches("^v.p$"))"#,
        r#"in_hours("mondays") && !in_hours("sundays")"#,
        "size(ticket.tags) == 2 ? true : false",
    ] {
        assert_eq!(evaluate(text), Outcome::True, "{text}");
    }
}

#[test]
fn a_condition_that_cannot_be_evaluated_is_an_error_with_its_cause() {
    let Outcome::Error(message) = evaluate("customer.attributes.age == \"30\"") else {
        panic!("a missing key is an error");
    };
    assert!(message.contains("age"), "{message}");
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    for (text, expected) in [
        (
            "topick == \"a\"",
            "t:1:1: unknown variable 'topick': did you mean 'topic'?",
        ),
        (
            "customer.teir == \"vip\"",
            "t:1:9: unknown field 'teir' of the customer: did you mean 'tier'?",
        ),
        (
            "topic.startWith(\"a\")",
            "t:1:16: unknown function 'startWith': did you mean 'startsWith'?",
        ),
        (
            "urgency >= HIHG",
            "t:1:12: unknown variable 'HIHG': did you mean 'HIGH'?",
        ),
        (
            "in_hours(\"monday\")",
            "t:1:10: unknown calendar 'monday': did you mean 'mondays'?",
        ),
        (
            "in_hour(\"mondays\")",
            "t:1:8: unknown function 'in_hour': did you mean 'in_hours'?",
        ),
    ] {
        assert_eq!(compile(text).unwrap_err(), expected);
    }
}

#[test]
fn types_that_cannot_fit_are_refused() {
    for (text, expected) in [
        (
            "urgency == \"high\"",
            "an urgency (LOW, NORMAL, HIGH, URGENT) can never equal a text",
        ),
        ("urgency >= 3", "cannot be ordered against a whole number"),
        ("topic", "a condition must give true or false, not a text"),
        ("topic == \"a\" && urgency", "true or false is needed here"),
        (
            "waited > 5",
            "a duration cannot be ordered against a whole number",
        ),
        (
            "topic in \"billing\"",
            "'in' needs a list or a map, not a text",
        ),
        (
            "topic in [1, 2]",
            "a text can never be in a list of a whole number",
        ),
        ("topic.size == 1", "a text has no field 'size'"),
        ("size(urgency) > 1", "or called with (a text, list or map)"),
        (
            "topic.startsWith(1)",
            "'startsWith' must be called on a text with (a text)",
        ),
        (
            "topic + 1 == \"a\"",
            "'+' cannot be applied to a text and a whole number",
        ),
        ("topic.matches(\"(\")", "no regular expression"),
        ("ticket.subject.matches(topic)", "must be written out"),
        (
            "topic.matches(\"(a{99}){99}\")",
            "this regular expression is too large once compiled",
        ),
        (
            "matches(topic, \"a\")",
            "'matches' must be called on a text",
        ),
        (
            "in_hours(topic)",
            "the calendar of 'in_hours' must be written out",
        ),
        (
            "in_hours() || in_hours(1)",
            "'in_hours' must be called with (a text)",
        ),
        ("topic == \"a\" &&", "the condition cannot be read"),
        (
            "ticket.tags.exists(topic, topic == \"a\")",
            "is a variable already",
        ),
        (
            "customer.attributes.exists(k, k == \"a\")",
            "a loop needs a list, not a map",
        ),
        (
            "{\"a\": 1}[topic] == 1",
            "a map cannot be written out in a condition",
        ),
        (
            "ticket.tags.exists(a, ticket.tags.exists(b, a == b))",
            "a loop inside a loop is not allowed",
        ),
    ] {
        let error = compile(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(compile_for("ticket.last_agent_id", Purpose::AgentId).is_ok());
    let error = compile_for("urgency", Purpose::AgentId).unwrap_err();
    assert!(error.contains("must give an agent's id"), "{error}");
}

#[test]
fn every_fault_of_a_condition_is_reported() {
    let error = compile("topik == \"a\" && custmer.tier == \"b\"").unwrap_err();
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[test]
fn expressions_that_explode_are_refused_without_running_out_of_stack() {
    for text in [
        format!("{}1 == 1", "1+".repeat(1500)),
        format!("{}{}", "(".repeat(2000), ")".repeat(2000)),
        format!("{}true", "!".repeat(4000)),
        format!("{}1 == 1", "-".repeat(4000)),
        format!("{}1 == 1", "- ".repeat(2000)),
        format!("topic{} == topic", ".a".repeat(2000)),
        "[".repeat(2000),
        format!("{}1{} == []", "[1,".repeat(1000), "]".repeat(1000)),
        format!("{}true", "true == ".repeat(500)),
        format!("{}true", "true ? true : ".repeat(280)),
        format!("{}true", "true ? ".repeat(280)),
        format!("{}true{}", "[1].exists(x, ".repeat(20), ")".repeat(20)),
        "x".repeat(5000),
        "\\\u{0}\u{fffd}'".to_owned(),
    ] {
        let shown: String = text.chars().take(20).collect();
        assert!(compile(&text).is_err(), "{shown}");
    }
    assert!(compile(&format!("{}true", "true && ".repeat(400))).is_ok());
}

#[test]
fn labels_are_noted_with_their_places() {
    let text = r#"topic in ["a/b", "a/c"] || facets["tone"] == "x" || topic.startsWith("d/") || ticket.channel != "sms""#;
    let (_, labels) = compile_noting(text, Purpose::Condition, &RefCell::default());
    let kinds: Vec<_> = labels.iter().map(|(_, kind)| kind.clone()).collect();
    for kind in [
        LabelUseKind::Topic("a/b".into()),
        LabelUseKind::Topic("a/c".into()),
        LabelUseKind::Facet("tone".into()),
        LabelUseKind::FacetLabel {
            facet: "tone".into(),
            label: "x".into(),
        },
        LabelUseKind::TopicPrefix("d/".into()),
        LabelUseKind::Channel("sms".into()),
    ] {
        assert!(kinds.contains(&kind), "{kind:?} not in {kinds:?}");
    }
    let (position, _) = &labels[0];
    assert_eq!(position.column, 11);
}

#[test]
fn what_a_condition_says_of_a_topic_is_known_from_the_topic_alone() {
    let truth = |text: &str, topic: &str| {
        let expression = compile(text).unwrap();
        topics::truth(expression.program.expression(), &TopicAlone::new(topic))
    };
    let rule = r#"topic == "a/b" && urgency >= HIGH"#;
    assert_eq!(truth(rule, "a/b"), Truth::Open);
    assert_eq!(truth(rule, "a/c"), Truth::False);
    assert_eq!(truth(r#"topic.startsWith("a/")"#, "a/c"), Truth::True);
    assert_eq!(truth(r#"!(topic in ["a/b"])"#, "a/b"), Truth::False);
    assert_eq!(
        truth(r#"topic != "a/b" || waited > duration("1h")"#, "a/b"),
        Truth::Open
    );
    assert_eq!(truth(r#"customer.tier == "vip""#, "a/b"), Truth::Open);
    assert_eq!(
        truth(r#"customer.tier == "vip" && topic.matches("^b")"#, "a/b"),
        Truth::False
    );
    assert_eq!(
        truth("urgency >= HIGH || has(facets.tone)", "a/b"),
        Truth::Open
    );
}

#[test]
fn labels_are_noted_in_every_form_and_beside_faults() {
    for (text, kind) in [
        ("has(facets.tone)", LabelUseKind::Facet("tone".into())),
        (r#""tone" in facets"#, LabelUseKind::Facet("tone".into())),
        (
            r#"foo && ticket.channel == "fax""#,
            LabelUseKind::Channel("fax".into()),
        ),
        (
            r#"topic == (urgency == HIGH ? "a/b" : customer.tier)"#,
            LabelUseKind::Topic("a/b".into()),
        ),
        (r#"topic == "a" + "/b""#, LabelUseKind::Topic("a/b".into())),
        (
            r#"foo && ["b"].exists(t, t == topic)"#,
            LabelUseKind::Topic("b".into()),
        ),
    ] {
        let (_, labels) = compile_noting(text, Purpose::Condition, &RefCell::default());
        assert!(
            labels.iter().any(|(_, noted)| *noted == kind),
            "{text}: {labels:?}"
        );
    }
    for (text, subject) in [
        (r#"topic.contains("b")"#, Subject::Topic),
        (
            r#"foo && ["b"].exists(t, topic + "c" == t)"#,
            Subject::Topic,
        ),
        (
            r#"facets.tone.startsWith("b") && size(ticket.tags) > 1"#,
            Subject::Facet("tone".into()),
        ),
        (r#"ticket.channel.matches("^b")"#, Subject::Channel),
    ] {
        let (_, labels) = compile_noting(text, Purpose::Condition, &RefCell::default());
        let found = labels.iter().any(
            |(_, kind)| matches!(kind, LabelUseKind::Alone(alone) if alone.subject == subject),
        );
        assert!(found, "{text}: {labels:?}");
    }
}
