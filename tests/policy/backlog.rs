//! `triage backlog`: who would get the tickets of a file that wait now.

use crate::folder::Folder;
use crate::program::{Run, run};

const TICKETS: &str = "\
id,text,topic,urgency,came,tier
t1,charged twice,billing/charge,normal,2026-03-02T09:10:00Z,
t2,refund please,billing/refund,high,2026-03-02T09:28:00Z,vip
t3,charged thrice,billing/charge,urgent,2026-03-02T09:29:00Z,
t4,charged again,billing/charge,low,2026-03-02T09:00:00Z,
t5,and again,billing/charge,low,2026-03-02T09:20:00Z,
t6,where is it,orders/status,urgent,2026-03-02T09:00:00Z,
t7,hello,,low,2026-03-02T09:00:00Z,
";

/// Runs `triage backlog` over the folder's policy and roster and a file of tickets.
fn backlog(folder: &Folder, tickets: &str, more: &[&str]) -> Run {
    let (policy, roster) = (folder.path("policy.yaml"), folder.path("roster.yaml"));
    let mut arguments = vec!["backlog", "--policy", &policy, "--roster", &roster];
    arguments.extend(["--tickets", tickets, "--pinned", "--tier", "tier"]);
    arguments.extend(["--arrived", "came", "--now", "2026-03-02T09:30:00Z"]);
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn waiting_tickets_are_given_out_in_their_order_until_nobody_has_room() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let json = backlog(&folder, &tickets, &["--format", "json"]).json();
    assert_eq!(json["without_label"], 1);
    let given: Vec<(&str, Option<&str>, u64)> = json["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let assigned = &one["assigned"];
            let id = one["ticket_id"].as_str().unwrap();
            let agent = assigned["decision"]["agent"].as_str();
            (id, agent, assigned["turn"].as_u64().unwrap())
        })
        .collect();
    // What is most urgent, then the customer with a promise, then the others by urgency and by age.
    let order = [
        ("t6", Some("bob"), 1),
        ("t2", Some("ana"), 2),
        ("t3", Some("ana"), 3),
        ("t1", Some("bob"), 4),
        ("t4", None, 5),
        ("t5", None, 6),
    ];
    assert_eq!(given, order);
    let run = backlog(&folder, &tickets, &[]);
    let out = run.printed();
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = out.lines().map(squeezed).collect();
    assert_eq!(lines[0], "turn ticket priority due queue agent");
    assert!(lines[2].starts_with("2 t2 90 billing ana"), "{out}");
    let full = lines[5].starts_with("5 t4 ") && lines[5].ends_with("- 2 would fit and are full");
    assert!(full, "{out}");
    assert!(out.contains("\n4 of 6 tickets find an agent\n"), "{out}");
    let left_out = "1 ticket without a label for its topic is left out\n";
    assert!(out.ends_with(left_out), "{out}");
}

#[test]
fn unusable_input_is_named_and_nothing_is_given_out() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    backlog(&folder, &folder.path("none.csv"), &[]).refused(&["none.csv"]);
    backlog(&folder, &tickets, &["--topic", "topik"]).refused(&["t.csv", "topik"]);
    backlog(&folder, &tickets, &["--format", "xml"]).refused(&["--format", "xml"]);
    let late = folder.write(
        "late.csv",
        &TICKETS.replace("2026-03-02T09:10", "yesterday"),
    );
    backlog(&folder, &late, &[]).refused(&["late.csv", "yesterday"]);
    folder.write(
        "roster.yaml",
        "version: 1\nagents:\n  - {id: ana, presence: available, capacity: 1, skills: {biling: 5}}\n",
    );
    backlog(&folder, &tickets, &[]).refused(&[
        "roster.yaml:3:",
        "'biling'",
        "did you mean 'billing'?",
    ]);
}
