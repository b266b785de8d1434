//! Conditions: what the check accepts can be evaluated, and a probability is the number that people write.

use jiff::SignedDuration;
use triage::routing::{DecisionInput, Policy, PolicyAgainst, Roster, TraceValue, decide, inspect};
use triage::ticket::Urgency;

use crate::case::{classify, now, ticket};
use crate::desk::{Desk, ROSTER};

fn policy(when: &str) -> String {
    let when = when.replace('\'', "''");
    format!(
        "queues: {{desk: {{}}, rest: {{}}}}\nrules: [{{id: r, when: '{when}', otherwise: desk}}]\ndefault: {{queue: rest}}"
    )
}

/// What a condition gives for the ticket of the desk; `None` where it is refused.
fn evaluate(when: &str) -> Option<TraceValue> {
    let policy = policy(when);
    Policy::parse(&format!("version: 1\n{policy}"), "p").ok()?;
    let decision = Desk::new(&policy).decide();
    Some(decision.trace[0].value.clone())
}

#[test]
fn what_the_check_accepts_can_be_evaluated() {
    const VALUES: [&str; 11] = [
        "string(size(topic))",
        "size(topic)",
        "topic_confidence",
        "(topic == \"a\")",
        "urgency",
        "now",
        "waited",
        "ticket",
        "customer",
        "ticket.attributes",
        "[topic, \"a\"]",
    ];
    const OPERATORS: [&str; 12] = [
        "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in",
    ];
    let mut expressions = Vec::new();
    for one in VALUES {
        for function in ["int", "double", "string", "size", "-", "!"] {
            expressions.push(format!("{function}({one})"));
        }
        for method in ["size", "getHours", "getDate"] {
            expressions.push(format!("{one}.{method}()"));
        }
        for other in VALUES {
            expressions.extend(OPERATORS.map(|operator| format!("{one} {operator} {other}")));
            for method in ["startsWith", "contains"] {
                expressions.push(format!("{one}.{method}({other})"));
            }
        }
    }
    let given = |expression: &String| evaluate(&format!("({expression}) == ({expression})"));
    let values: Vec<_> = expressions.iter().map(given).collect();
    let failed: Vec<_> = expressions
        .iter()
        .zip(&values)
        .filter(|(_, value)| matches!(value, Some(TraceValue::Error(_))))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let accepted = values.iter().flatten().count();
    assert!(accepted > 50, "{accepted}");
}

#[test]
fn what_can_never_be_evaluated_is_told_once() {
    for (when, told) in [
        (
            "int(waited) > 60",
            "'int' must be called with (a text, number or time)",
        ),
        (
            "double(now) > 1.0",
            "'double' must be called with (a text or number)",
        ),
        (
            "string(ticket.tags) == \"a\"",
            "'string' must be called with (a text, number, truth value, time or duration)",
        ),
        (
            "ticket.tags[-1] == \"a\"",
            "no list has a place -1: count from 0, or look with 'in' or exists",
        ),
        (
            "ticket.attributes.exists(k, v, v == \"a\")",
            "'exists' must be called on a list, with a name for its elements and what is asked of each or made of it, \
             such as ticket.tags.exists(tag, tag.startsWith(\"vip\"))",
        ),
    ] {
        let refused = Policy::parse(&format!("version: 1\n{}", policy(when)), "p").unwrap_err();
        let refused = refused.to_string();
        assert!(
            refused.ends_with(told) && refused.lines().count() == 1,
            "{when}: {refused}"
        );
    }
}

#[test]
fn the_last_agent_is_one_of_the_roster_in_whatever_form() {
    let roster = Roster::parse(ROSTER, "r").unwrap();
    let against = PolicyAgainst {
        roster: Some(&roster),
        ..PolicyAgainst::default()
    };
    let check = |when: &str| {
        let text = format!("version: 1\nskills: [tech]\n{}", policy(when));
        Policy::parse_against(&text, "p", against)
            .err()
            .map_or_else(String::new, |errors| errors.to_string())
    };
    for (when, told) in [
        (
            "ticket.last_agent_id.startsWith(\"an-\")",
            "rule 'r' asks whether the last agent's id starts with 'an-', and that of nobody in r does: did you mean 'ana'?",
        ),
        (
            "ticket.last_agent_id.matches(\"^(bob|anna)$\")",
            "rule 'r' asks whether the last agent's id matches '^(bob|anna)$' by its alternative 'anna', and that of \
             nobody in r does: did you mean 'ana'?",
        ),
        (
            "ticket.last_agent_id + \"!\" == \"anna!\"",
            "rule 'r' asks of the last agent what is true of nobody in r: did you mean 'ana'?",
        ),
    ] {
        assert!(check(when).ends_with(told), "{when}: {}", check(when));
    }
    for when in [
        "ticket.last_agent_id.matches(\"^(ana|bob)?$\")",
        "ticket.last_agent_id.size() > 30 || ticket.last_agent_id == \"\"",
        "ticket.last_agent_id.startsWith(customer.tier)",
    ] {
        assert_eq!(check(when), "", "{when}");
    }
}

#[test]
fn a_probability_is_the_number_that_people_write() {
    for when in [
        "topic_confidence >= 0.9 && topic_confidence <= 0.9",
        "!(topic_confidence > 0.9) && !(topic_confidence < 0.9)",
        "string(topic_confidence) == \"0.9\"",
    ] {
        assert_eq!(evaluate(when), Some(TraceValue::True), "{when}");
    }
}

/// The values that the first test of a condition reads of a ticket whose sentiment is neutral.
fn reads(when: &str) -> Vec<(String, String)> {
    let policy = Policy::parse(&format!("version: 1\n{}", policy(when)), "p").unwrap();
    let input = DecisionInput {
        ticket: &ticket(),
        classification: &classify("a/b", Urgency::Normal),
        roster: None,
        policy: &policy,
        now: now(),
        waited: SignedDuration::ZERO,
        deciding_words: &[],
    };
    let mut seen = inspect(&input, &decide(&input));
    seen.swap_remove(0).tests.swap_remove(0).reads
}

#[test]
fn a_test_is_shown_with_the_values_that_it_reads() {
    let read = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (when, expected) in [
        (
            "has(facets.sentiment) ? facets.sentiment == \"negative\" : false",
            read("facets.sentiment", "\"neutral\""),
        ),
        ("has(facets.tone)", read("facets.tone", "missing")),
        ("topic_confidence > 0.95", read("topic_confidence", "0.9")),
    ] {
        assert_eq!(reads(when), [expected], "{when}");
    }
}
