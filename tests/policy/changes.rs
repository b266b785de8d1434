//! What `triage policy diff` tells of tickets that stay where they were.

use serde_json::{Value, json};

use crate::folder::{Folder, POLICY};
use crate::program::Run;

const TICKETS: &str = "\
id,text,topic,urgency,tier
t1,refund please,billing/refund,high,vip
t2,charged twice,billing/charge,normal,
t3,where is it,orders/status,low,
t4,charged thrice,billing/charge,normal,
";

const BILLS: &str = "steps: [{queue: billing, require: {billing: 2}}]";

/// Differences between the folder's policy, its bills going to whoever knows just enough, and one that makes
/// `changes` of it.
fn diff(changes: &[(&str, &str)], options: &[&str]) -> Run {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let cheapest = BILLS.replace("}}]", "}, order_by: [lowest_sufficient]}]");
    let policy = POLICY.replace(BILLS, &cheapest);
    let mut changed = policy.clone();
    for (from, to) in changes {
        assert!(changed.contains(from), "no '{from}' in {changed}");
        changed = changed.replace(from, to);
    }
    let (old, new) = (
        folder.write("old.yaml", &policy),
        folder.write("new.yaml", &changed),
    );
    let roster = folder.path("roster.yaml");
    let beside = ["--tier", "tier", "--roster", &roster];
    folder.diff(&old, &new, &tickets, &[&beside, options].concat())
}

const FOR_PEOPLE: (&str, &str) = ("version: 1\n", "version: 1\nalways_human: [billing/*]\n");

#[test]
fn tickets_that_a_person_must_look_at_count_as_much_as_those_that_move() {
    let out = diff(&[FOR_PEOPLE], &[]);
    let first = "a person must look first at 3 that went without, such as t1, t2, t4, and no longer at 0\n\n";
    assert!(out.printed().starts_with(first), "{}", out.out);
    let end = "\
0 of 4 tickets move (0.0 %); the other 4 stay where they were
3 of 4 tickets move or change in whether a person must look first (75.0 %)
";
    assert!(out.printed().ends_with(end), "{}", out.out);
    let gate = |most: &str| diff(&[FOR_PEOPLE], &["--max-moved", most]);
    assert_eq!(gate("3/4").code, Some(0));
    let refused = gate("74%");
    assert_eq!(refused.code, Some(1));
    let told = "whether a person must look first (75.0 %), more than the 74.0 % allowed\n";
    assert!(refused.out.ends_with(told), "{}", refused.out);
}

#[test]
fn tickets_that_nobody_need_look_at_any_more_count_too() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let old = folder.write("old.yaml", &POLICY.replace(FOR_PEOPLE.0, FOR_PEOPLE.1));
    let new = folder.path("policy.yaml");
    let run = folder.diff(&old, &new, &tickets, &["--max-moved", "0"]);
    assert_eq!(run.code, Some(1));
    let told = "a person must look first at 0 that went without and no longer at 3\n";
    assert!(run.out.contains(told), "{}", run.out);
}

#[test]
fn whatever_else_changes_is_told_with_an_example() {
    let changes = [
        (
            "    when: topic.startsWith(\"billing/\")\n    steps",
            "    when: topic.startsWith(\"billing/\")\n    priority: 70\n    tags: [bill]\n    steps",
        ),
        ("version: 1\n", "version: 1\nsla: {normal: 1h}\n"),
        (
            "{queue: billing, require: {billing: 2}, order_by",
            "{queue: billing, require: {billing: 3}, skip_if: urgency < HIGH, timeout: 5m}, {queue: billing, require: {billing: 5}, order_by",
        ),
    ];
    let json: Value = diff(&changes, &["--format", "json"]).json();
    let changed: Vec<(&str, u64, &str, &str)> = json["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let example = &one["examples"][0];
            assert_eq!(example["ticket_id"], "t2");
            (
                one["what"].as_str().unwrap(),
                one["tickets"].as_u64().unwrap(),
                example["old"].as_str().unwrap(),
                example["new"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        changed,
        [
            ("priority", 2, "50", "70"),
            ("first_response_due", 2, "none", "2026-03-02T10:30:00Z"),
            ("step", 2, "1", "2"),
            ("required_skills", 2, "[billing 2]", "[billing 5]"),
            ("agent", 2, "bob", "ana"),
            ("tags", 2, "[]", "[bill]"),
        ]
    );
    assert_eq!((&json["moved"], &json["concerned"]), (&0.into(), &0.into()));
    let out = diff(&changes, &["--max-moved", "0"]);
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = out.printed().lines().map(squeezed).collect();
    for line in [
        "tickets of them move change in such as",
        "2 0 step t2: 1 → 2",
        "2 0 required_skills t2: [billing 2] → [billing 5]",
        "2 0 agent t2: bob → ana",
    ] {
        assert!(
            lines.iter().any(|one| one == line),
            "no '{line}' in {lines:#?}"
        );
    }
}

#[test]
fn what_matters_most_comes_first_for_those_that_move_too() {
    let to_people = (
        "  - id: bills\n",
        "  - {id: dear, when: topic == \"billing/charge\", priority: 80, otherwise: people}\n  - id: bills\n",
    );
    let noted = (
        "version: 1\n",
        "version: 1\nalways_human: [billing/refund]\nnotes: ['{topic}']\n",
    );
    let json = diff(&[to_people, noted], &["--format", "json"]).json();
    let changed: Vec<_> = json["changed"].as_array().unwrap().iter().collect();
    let counts = |one: &&Value| {
        let what = one["what"].as_str().unwrap().to_owned();
        (
            what,
            one["tickets"].as_u64().unwrap(),
            one["moved"].as_u64().unwrap(),
        )
    };
    let counts: Vec<_> = changed.iter().map(counts).collect();
    let expected = [
        ("requires_human", 1, 0),
        ("priority", 2, 2),
        ("rule", 2, 2),
        ("step", 2, 2),
        ("required_skills", 2, 2),
        ("notes", 4, 2),
    ];
    assert_eq!(
        counts,
        expected.map(|(what, all, moved)| (what.to_owned(), all, moved))
    );
    assert_eq!(json["newly_human_examples"], serde_json::json!(["t1"]));
}

#[test]
fn an_empty_difference_says_nothing_else() {
    assert_eq!(
        diff(&[], &["--max-moved", "0"]).printed(),
        "0 of 4 tickets move (0.0 %); the other 4 stay where they were\n"
    );
}

#[test]
fn tickets_that_move_by_different_rules_are_told_apart() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let old = folder.path("policy.yaml");
    let new = folder.write(
        "new.yaml",
        &POLICY.replace("queue: billing, require", "queue: people, require"),
    );
    let json: Value = folder
        .diff(
            &old,
            &new,
            &tickets,
            &["--tier", "tier", "--format", "json"],
        )
        .json();
    let ways: Vec<_> = json["ways"]
        .as_array()
        .unwrap()
        .iter()
        .map(|way| (&way["rules"], &way["examples"]))
        .collect();
    assert_eq!(
        ways,
        [
            (&json!(["bills", "bills"]), &json!(["t2", "t4"])),
            (&json!(["vip", "vip"]), &json!(["t1"])),
        ]
    );
    assert_eq!(json["matrix"]["billing"]["people"], 3);
}

#[test]
fn a_limit_is_told_so_that_it_differs_from_what_exceeds_it() {
    let run = diff(&[FOR_PEOPLE], &["--max-moved", "74.9999999999999999%"]);
    assert_eq!(run.code, Some(1));
    let told = "(75.0 %), more than the 749999999999999999/1000000000000000000 allowed";
    assert!(run.out.contains(told), "{}", run.out);
}
