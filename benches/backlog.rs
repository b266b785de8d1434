//! What it takes to give out a backlog: 10,000 tickets to 500 agents, by a policy of 50 rules.
//!
//! `cargo bench --bench backlog`. Should stay under a second, both where most tickets find room and where few do.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use triage::classifier::{Classification, Prediction};
use triage::routing::{Backlog, Policy, Roster, Waiting, assign_backlog};
use triage::ticket::{Customer, Ticket};

fn main() {
    divan::main();
}

const TOPICS: usize = 50;

/// A rule for every topic, with two steps, skills that are preferred, and a last resort.
fn policy() -> Policy {
    let mut text = String::from(
        "version: 1\nskills: [s0, s1, s2, s3, s4, s5, s6, lang_de]\n\
         queues: {desk: {overflow: rest}, shop: {}, rest: {last_resort: {accept: [busy], after: 4h}}}\n\
         languages: {de: lang_de}\n\
         calendars: {day: {timezone: Europe/Berlin, hours: {mon-fri: \"08:00-18:00\"}}}\n\
         sla: {calendar: day, urgent: 15m, high: 1h, normal: 8h, low: 3d}\nrules:\n",
    );
    for number in 0..TOPICS {
        let _ = writeln!(
            text,
            "  - id: rule-{number}\n    when: topic == \"area/topic{number}\" && (urgency >= LOW || customer.tier == \"vip\")\n    \
             steps:\n      - {{queue: desk, require: {{s{}: 3}}, prefer: {{s{}: 2}}, order_by: [proficiency, least_loaded], timeout: 1h}}\n      \
             - {{queue: {}, require: {{s{}: 1}}, timeout: 8h}}\n    otherwise: rest",
            number % 7,
            (number + 1) % 7,
            if number % 3 == 0 { "shop" } else { "desk" },
            number % 7,
        );
    }
    text.push_str("default: {queue: rest}\n");
    Policy::parse(&text, "bench").expect("a policy")
}

fn roster(agents: usize, capacity: usize) -> Roster {
    let mut text = String::from("version: 1\nagents:\n");
    for number in 0..agents {
        let _ = writeln!(
            text,
            "  - {{id: agent-{number}, presence: {}, capacity: {capacity}, load: {}, skills: {{s{}: {}, s{}: {}{}}}, queues: [desk, {}]}}",
            if number % 8 == 0 { "busy" } else { "available" },
            number % 3,
            number % 7,
            number % 5 + 1,
            (number + 3) % 7,
            number % 3 + 1,
            if number % 4 == 0 { ", lang_de: 3" } else { "" },
            if number % 2 == 0 { "shop" } else { "rest" },
        );
    }
    Roster::parse(&text, "bench").expect("a roster")
}

fn prediction(label: &str) -> Prediction {
    Prediction::given(label, 0.9)
}

fn tickets(count: usize) -> Vec<(Ticket, Classification)> {
    let ticket = |number: usize| Ticket {
        id: format!("T-{number}"),
        body: "I sent it back two weeks ago".to_owned(),
        language: number.is_multiple_of(5).then(|| "de".to_owned()),
        customer: Customer {
            tier: if number.is_multiple_of(9) { "vip" } else { "" }.to_owned(),
            ..Customer::default()
        },
        ..Ticket::default()
    };
    let classification = |number: usize| Classification {
        topic: Some(prediction(&format!("area/topic{}", number * 31 % TOPICS))),
        area: None,
        urgency: Some(prediction(
            ["low", "normal", "normal", "high", "urgent"][number % 5],
        )),
        facets: Vec::new(),
    };
    (0..count)
        .map(|number| (ticket(number), classification(number)))
        .collect()
}

/// Tickets, agents, and how many tickets each agent may hold.
#[divan::bench(
    args = [(1_000, 100, 12), (10_000, 500, 40), (10_000, 500, 8)],
    sample_count = 10,
    sample_size = 1
)]
fn give_out(bencher: Bencher<'_, '_>, (tickets_count, agents, capacity): (usize, usize, usize)) {
    let policy = policy();
    let roster = roster(agents, capacity);
    let tickets = tickets(tickets_count);
    let waiting: Vec<Waiting<'_>> = tickets
        .iter()
        .enumerate()
        .map(|(number, (ticket, classification))| Waiting {
            ticket,
            classification,
            waited: SignedDuration::from_mins(i64::try_from(number * 7 % 900).expect("small")),
            deciding_words: &[],
            holder: None,
        })
        .collect();
    let now: Timestamp = "2026-03-02T15:30:00Z".parse().expect("a time");
    bencher.bench_local(|| {
        assign_backlog(black_box(&Backlog {
            waiting: &waiting,
            roster: Some(&roster),
            policy: &policy,
            now,
        }))
        .expect("room for the groups")
    });
}
