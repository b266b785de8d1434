//! `triage policy diff` and `replay`: what becomes of many tickets.

use serde_json::Value;

use crate::folder::{Folder, POLICY};

const TICKETS: &str = "\
id,text,topic,urgency,came,tier
t1,refund please,billing/refund,high,2026-03-02T09:10:00Z,vip
t2,charged twice,billing/charge,normal,2026-03-02T09:40:00Z,
t3,where is it,orders/status,low,2026-03-02T14:00:00Z,
t4,charged thrice,billing/charge,normal,2026-03-03T09:59:00Z,
t5,hello,,low,2026-03-03T09:59:00Z,
";

#[test]
fn a_change_of_the_policy_shows_who_moves() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let new = folder.write(
        "new.yaml",
        &POLICY.replace(
            "topic.startsWith(\"billing/\")\n",
            "topic == \"billing/refund\"\n",
        ),
    );
    let old = folder.path("policy.yaml");
    let arguments = [
        "diff",
        &old,
        &new,
        "--tickets",
        &tickets,
        "--pinned",
        "--tier",
        "tier",
    ];
    let run = folder.policy(&arguments);
    assert_eq!(
        run.printed(),
        concat!(
            " old \\ new  billing  people \n billing          1       2 \n people           ·       1 \n\n",
            " tickets  from     to      by rule          such as \n",
            "       2  billing  people  bills → default  t2, t4  \n\n",
            "2 of 4 tickets move (50.0 %); the other 2 stay where they were\n",
            "1 ticket without a label for its topic is left out\n",
        )
    );
    let gate = |most: &str| {
        let all: Vec<&str> = arguments
            .iter()
            .copied()
            .chain(["--max-moved", most])
            .collect();
        folder.policy(&all).code
    };
    assert_eq!(
        (gate("50%"), gate("1/2"), gate("49.9%")),
        (Some(0), Some(0), Some(1))
    );
    let json: Value = {
        let all: Vec<&str> = arguments
            .iter()
            .copied()
            .chain(["--format", "json"])
            .collect();
        folder.policy(&all).json()
    };
    assert_eq!(json["matrix"]["billing"]["people"], 2);
    assert_eq!(json["ways"][0]["examples"][1], "t4");
}

#[test]
fn a_policy_moves_nobody_from_itself() {
    let folder = Folder::new();
    let old = folder.path("policy.yaml");
    let tickets = folder.write("t.csv", TICKETS);
    let run = folder.policy(&[
        "diff",
        &old,
        &old,
        "--tickets",
        &tickets,
        "--pinned",
        "--max-moved",
        "0",
    ]);
    assert!(
        run.printed().starts_with("0 of 4 tickets move (0.0 %)"),
        "{}",
        run.out
    );
    folder
        .policy(&["diff", &old, "--tickets", &tickets, "--pinned"])
        .refused(&[
            "nothing to compare: give a second policy, or another version with --model-new",
        ]);
}

#[test]
fn a_replay_tells_load_shares_and_skills() {
    let folder = Folder::new();
    let tickets = folder.write("t.csv", TICKETS);
    let (policy, roster) = (folder.path("policy.yaml"), folder.path("roster.yaml"));
    let arguments = [
        "replay",
        &policy,
        "--roster",
        &roster,
        "--tickets",
        &tickets,
        "--pinned",
        "--arrived",
        "came",
        "--tier",
        "tier",
    ];
    let run = folder.policy(&arguments);
    let out = run.printed();
    for line in [
        "4 tickets",
        "automated             3  75.0 %",
        "left to people        1  25.0 %  NO_RULE_MATCHED 1",
        "billing        3  75.0 %  2026-03-02 09:00 (2)",
        "billing  4        3       1       2              1.5",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            squeezed(out).contains(&squeezed(line)),
            "no '{line}' in {out}"
        );
    }
    let json: Value = {
        let zone = ["--format", "json", "--timezone", "Europe/Berlin"];
        let all: Vec<&str> = arguments.iter().copied().chain(zone).collect();
        folder.policy(&all).json()
    };
    assert_eq!(json["replay"]["queues"]["billing"]["by_hour"][10], 3);
    assert_eq!(json["without_label"], 1);
    assert_eq!(json["skills"][0]["skill"], "billing");
}

#[test]
fn the_sample_tickets_can_be_replayed_by_the_model() {
    let run = crate::program::run(&["policy", "replay", "--tickets", "training-data/test.csv"]);
    let out = run.printed();
    for part in [
        "464 tickets",
        "automated",
        "suggested",
        "left to people",
        "Skills required",
    ] {
        assert!(out.contains(part), "no '{part}' in {out}");
    }
}

#[test]
fn fields_that_cannot_be_read_are_told_with_their_line() {
    let folder = Folder::new();
    let policy = folder.path("policy.yaml");
    let bad = folder.write("t.csv", &TICKETS.replace("2026-03-02T14:00:00Z", "teatime"));
    let replay = |more: &[&str]| {
        let all: Vec<&str> = ["replay", &policy, "--pinned", "--tickets", &bad]
            .iter()
            .chain(more)
            .copied()
            .collect();
        folder.policy(&all)
    };
    replay(&["--arrived", "came"]).refused(&["t.csv:4: 'teatime' is no time: write it as"]);
    replay(&["--channel", "tier"])
        .refused(&["t.csv:2: 'vip' is no channel: use one of email, chat"]);
    replay(&["--timezone", "Mars/Phobos"]).refused(&["'Mars/Phobos' is no time zone"]);
    replay(&["--arrived", "when"]).refused(&["when"]);
}
