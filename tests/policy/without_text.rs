//! Tickets without a text: decided for people, as by the server, and never left out silently.

use serde_json::Value;

use crate::folder::{Folder, POLICY};

const TICKETS: &str = "\
id,subject,body,topic
t1,Refund,where is my money,billing/refund
t2,,,billing/refund
t3,,,
t4,,hello,
";

#[test]
fn a_replay_leaves_them_to_people() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let policy = folder.path("policy.yaml");
    let out = folder.replay(&policy, &tickets, &[]);
    let out = out.printed();
    assert!(out.starts_with("3 tickets\n"), "{out}");
    assert!(out.contains("EMPTY_TEXT 2"), "{out}");
    let end = "1 ticket without a label for its topic is left out\n2 tickets have no text, so they are left to people\n";
    assert!(out.ends_with(end), "{out}");
    let json: Value = folder
        .replay(&policy, &tickets, &["--format", "json"])
        .json();
    assert_eq!(json["replay"]["left"]["EMPTY_TEXT"], 2);
    assert_eq!(
        (&json["without_label"], &json["without_text"]),
        (&1.into(), &2.into())
    );

    let by_model = folder.write("m.csv", "subject,body\nRefund,where is my money\n,\n");
    let plain = folder.write(
        "plain.yaml",
        "version: 1\nqueues: {people: {}}\ndefault: {queue: people}\n",
    );
    let out = folder.policy(&["replay", &plain, "--tickets", &by_model]);
    assert!(out.printed().contains("EMPTY_TEXT 1"), "{}", out.out);
}

#[test]
fn a_difference_and_a_backlog_count_them() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let old = folder.path("policy.yaml");
    let new = folder.write(
        "new.yaml",
        &POLICY.replace("default: {queue: people}", "default: {queue: billing}"),
    );
    let run = folder.diff(&old, &new, &tickets, &[]);
    let out = run.printed();
    assert!(out.contains("2 of 3 tickets move"), "{out}");
    assert!(
        out.ends_with("2 tickets have no text, so they are left to people\n"),
        "{out}"
    );

    let roster = folder.path("roster.yaml");
    let run = crate::program::run(&[
        "backlog",
        "--policy",
        &old,
        "--roster",
        &roster,
        "--tickets",
        &tickets,
        "--pinned",
    ]);
    let out = run.printed();
    assert!(out.contains("\n3 of 3 tickets find an agent\n"), "{out}");
    assert!(
        out.ends_with("2 tickets have no text, so they are left to people\n"),
        "{out}"
    );
}
