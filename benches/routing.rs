//! What the rules cost: a decision of 50 rules and 200 agents, and reading a policy of 1,000 rules.
//!
//! `cargo bench --bench routing`. The decision should stay under 100 µs at the median, the reading under a second.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use triage::classifier::{Classification, Prediction};
use triage::routing::{DecisionInput, Policy, Roster, decide};
use triage::ticket::{Customer, Ticket};

fn main() {
    divan::main();
}

/// A policy whose last rule alone holds for the ticket below; every condition before it is of several tests.
fn policy(rules: usize) -> String {
    let mut text = String::from(
        "version: 1\nskills: [s0, s1, s2, s3, s4]\nqueues: {desk: {overflow: rest}, rest: {}}\n\
         calendars: {day: {timezone: Europe/Berlin, hours: {mon-fri: \"08:00-18:00\"}}}\n\
         sla: {calendar: day, urgent: 15m, high: 1h, normal: 8h, low: 3d}\n\
         notes: ['{topic} ({confidence})', 'tier {tier}']\nrules:\n",
    );
    for number in 0..rules {
        let topic = if number + 1 == rules {
            "a/b".to_owned()
        } else {
            format!("area{number}/topic{number}")
        };
        let test = match number % 5 {
            0 => "urgency >= LOW",
            1 => "customer.tier == \"vip\"",
            2 => "ticket.subject.matches(\"(?i)refund|money\")",
            3 => "in_hours(\"day\") || !in_hours(\"day\")",
            _ => "ticket.tags.exists(t, t == \"shop\")",
        };
        let _ = writeln!(
            text,
            "  - id: rule-{number}\n    when: {test} && topic == \"{topic}\"\n    steps:\n      \
             - {{queue: desk, require: {{s{}: 3}}, prefer: {{s{}: 2}}, order_by: [proficiency, least_loaded], timeout: 10m}}\n      \
             - {{queue: desk, require: {{s{}: 1}}}}",
            number % 5,
            (number + 1) % 5,
            number % 5,
        );
    }
    text.push_str("default: {queue: rest}\n");
    text
}

fn roster(agents: usize) -> Roster {
    let mut text = String::from("version: 1\nagents:\n");
    for number in 0..agents {
        let _ = writeln!(
            text,
            "  - {{id: agent-{number}, name: Agent {number}, presence: {}, capacity: 6, load: {}, skills: {{s{}: {}, s{}: {}}}, queues: [desk, rest]}}",
            if number % 4 == 0 { "busy" } else { "available" },
            number % 7,
            number % 5,
            number % 5 + 1,
            (number + 2) % 5,
            number % 3 + 1,
        );
    }
    Roster::parse(&text, "bench").expect("a roster")
}

fn prediction(label: &str) -> Prediction {
    Prediction::given(label, 0.9)
}

/// A ticket that the last of the rules takes.
#[divan::bench(args = [(50, 200), (1_000, 500)], sample_count = 2_000)]
fn decide_by_rules_and_agents(bencher: Bencher<'_, '_>, (rules, agents): (usize, usize)) {
    let policy = Policy::parse(&policy(rules), "bench").expect("a policy");
    let roster = roster(agents);
    let ticket = Ticket {
        id: "T-1".to_owned(),
        subject: "Where is the money for the coat?".to_owned(),
        body: "I sent it back two weeks ago".to_owned(),
        tags: vec!["web".to_owned(), "shop".to_owned()],
        customer: Customer {
            tier: "vip".to_owned(),
            ..Customer::default()
        },
        ..Ticket::default()
    };
    let classification = Classification {
        topic: Some(prediction("a/b")),
        area: None,
        urgency: Some(prediction("normal")),
        facets: vec![("sentiment".to_owned(), prediction("neutral"))],
    };
    let now: Timestamp = "2026-03-02T09:30:00Z".parse().expect("a time");
    bencher.bench_local(|| {
        black_box(decide(&DecisionInput {
            ticket: &ticket,
            classification: &classification,
            roster: Some(&roster),
            policy: &policy,
            now,
            waited: SignedDuration::ZERO,
            deciding_words: &[],
        }))
    });
}

#[divan::bench(args = [50, 1_000], sample_count = 10, sample_size = 1)]
fn read_policy(bencher: Bencher<'_, '_>, rules: usize) {
    let text = policy(rules);
    bencher.bench_local(|| Policy::parse(black_box(&text), "bench").expect("a policy"));
}
