//! Which skills `triage policy replay` calls the shortest.

use std::fmt::Write as _;

use serde_json::Value;

use crate::folder::Folder;

const POLICY: &str = "\
version: 1
skills: [billing, law, tech]
queues: {desk: {}, people: {}}
rules:
  - {id: simple, when: topic == \"a/simple\", steps: [{queue: desk, require: {billing: 1}}]}
  - {id: hard, when: topic == \"a/hard\", steps: [{queue: desk, require: {billing: 5}}]}
  - {id: tech, when: topic == \"a/tech\", steps: [{queue: desk, require: {tech: 1}}]}
  - {id: law, when: topic == \"a/law\", steps: [{queue: desk, require: {law: 2}}]}
default: {queue: people}
";

const ROSTER: &str = "\
version: 1
agents:
  - {id: ana, skills: {billing: 3}, presence: available, capacity: 100}
  - {id: eve, skills: {billing: 5}, presence: available, capacity: 1}
  - {id: tim, skills: {tech: 1}, presence: available, capacity: 2}
  - {id: lou, skills: {law: 5}, presence: available, on_leave: true, capacity: 2}
";

fn skills(counts: &[(&str, usize)]) -> Vec<(String, u64, u64, u64, Option<f64>)> {
    let folder = Folder::new();
    let mut tickets = "text,topic\n".to_owned();
    for (topic, count) in counts {
        for _ in 0..*count {
            writeln!(tickets, "words,a/{topic}").unwrap();
        }
    }
    let (policy, roster, tickets) = (
        folder.write("supply.yaml", POLICY),
        folder.write("supply.roster.yaml", ROSTER),
        folder.write("t.csv", &tickets),
    );
    let options = ["--roster", &roster, "--format", "json"];
    let json: Value = folder.replay(&policy, &tickets, &options).json();
    let skills = json["skills"].as_array().unwrap().iter();
    skills
        .map(|one| {
            (
                one["skill"].as_str().unwrap().to_owned(),
                one["level"].as_u64().unwrap(),
                one["tickets"].as_u64().unwrap(),
                one["capacity"].as_u64().unwrap(),
                one["tickets_per_place"].as_f64(),
            )
        })
        .collect()
}

#[test]
fn a_ticket_that_needs_little_is_not_held_against_the_few_who_know_most() {
    let short = skills(&[("simple", 40), ("hard", 1), ("tech", 20), ("law", 1)]);
    assert_eq!(
        short,
        [
            ("law".to_owned(), 2, 1, 0, None),
            ("tech".to_owned(), 1, 20, 2, Some(10.0)),
            ("billing".to_owned(), 5, 1, 1, Some(1.0)),
        ]
    );
}

#[test]
fn whoever_knows_more_takes_what_needs_less() {
    // 404 tickets for the 101 places of both, 3 for the one of the best.
    let short = skills(&[("simple", 401), ("hard", 3)]);
    assert_eq!(short, [("billing".to_owned(), 1, 404, 101, Some(4.0))]);
    let short = skills(&[("simple", 398), ("hard", 5)]);
    assert_eq!(short, [("billing".to_owned(), 5, 5, 1, Some(5.0))]);
}
