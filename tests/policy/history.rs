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
    let diff = |options: &[&str]| {
        let tier = ["--tier", "tier"];
        folder.diff(&old, &new, &tickets, &[&tier, options].concat())
    };
    let run = diff(&[]);
    assert_eq!(
        run.printed(),
        concat!(
            "a person must look first at 2 that went without, such as t2, t4, and no longer at 0\n\n",
            " old \\ new  billing  people \n billing          1       2 \n people           ·       1 \n\n",
            " tickets  from     to      by rule          such as \n",
            "       2  billing  people  bills → default  t2, t4  \n\n",
            " tickets  of them move  change in        such as                    \n",
            "       2             2  requires_human   t2: none → NO_RULE_MATCHED \n",
            "       2             2  rule             t2: bills → default        \n",
            "       2             2  step             t2: 1 → default            \n",
            "       2             2  required_skills  t2: [billing 2] → []       \n\n",
            "2 of 4 tickets move (50.0 %); the other 2 stay where they were\n",
            "1 ticket without a label for its topic is left out\n",
        )
    );
    let gate = |most: &str| diff(&["--max-moved", most]).code;
    assert_eq!(
        (gate("50%"), gate("1/2"), gate("49.9%")),
        (Some(0), Some(0), Some(1))
    );
    let json: Value = diff(&["--format", "json"]).json();
    assert_eq!(json["matrix"]["billing"]["people"], 2);
    assert_eq!(json["ways"][0]["examples"][1], "t4");
}

#[test]
fn a_policy_moves_nobody_from_itself() {
    let folder = Folder::new();
    let old = folder.path("policy.yaml");
    let tickets = folder.write("t.csv", TICKETS);
    let run = folder.diff(&old, &old, &tickets, &["--max-moved", "0"]);
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
    let replay = |options: &[&str]| {
        let columns = ["--roster", &roster, "--arrived", "came", "--tier", "tier"];
        folder.replay(&policy, &tickets, &[&columns, options].concat())
    };
    let run = replay(&[]);
    let out = run.printed();
    for line in [
        "4 tickets",
        "automated             3  75.0 %",
        "left to people        1  25.0 %  NO_RULE_MATCHED 1",
        "billing        3  75.0 %  2026-03-02 09:00 (2)",
        "billing  2        3       2       4              0.8",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            squeezed(out).contains(&squeezed(line)),
            "no '{line}' in {out}"
        );
    }
    let json: Value = replay(&["--format", "json", "--timezone", "Europe/Berlin"]).json();
    assert_eq!(json["replay"]["queues"]["billing"]["by_hour"][10], 3);
    assert_eq!(json["without_label"], 1);
    assert_eq!(json["skills"][0]["skill"], "billing");
}

#[test]
fn tickets_without_a_time_are_counted_beside_the_hours() {
    let folder = Folder::new();
    let policy = folder.path("policy.yaml");
    let some = TICKETS.replace("2026-03-02T14:00:00Z", "");
    let replay = |column: &str, options: &[&str]| {
        let tickets = folder.write("t.csv", &some.replace("came", column));
        folder.replay(&policy, &tickets, options)
    };
    let told = "\n1 ticket has no time of arrival, so no hour counts it\n";
    for (column, options) in [("arrived", &[][..]), ("came", &["--arrived", "came"])] {
        let run = replay(column, options);
        assert!(run.printed().contains(told), "{}", run.out);
    }
    let json = replay("arrived", &["--format", "json"]).json();
    assert_eq!(json["replay"]["without_time"], 1);
    let run = replay("came", &[]);
    let told = "\nno ticket has a time of arrival, so nothing is said of hours: name its column with --arrived\n";
    assert!(run.printed().contains(told), "{}", run.out);
    let zendesk =
        "{\"tickets\":[{\"id\":1,\"description\":\"x\",\"type\":\"a/b\",\"created_at\":\"soon\"}]}";
    let export = folder.write("export.json", zendesk);
    let options = ["--topic", "type", "--tickets-format", "zendesk"];
    folder
        .replay(&policy, &export, &options)
        .refused(&["column 'created_at': 'soon' is no time"]);
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
fn fields_that_cannot_be_read_are_told_all_at_once_with_line_and_column() {
    let folder = Folder::new();
    let policy = folder.path("policy.yaml");
    let bad = TICKETS
        .replace("2026-03-02T14:00:00Z", "teatime")
        .replace("billing/charge,normal", "billing/charge,norml");
    let bad = folder.write("t.csv", &bad);
    let replay = |options: &[&str]| folder.replay(&policy, &bad, options);
    replay(&["--arrived", "came"]).refused(&[
        "t.csv:3: column 'urgency': 'norml' is no urgency: use one of low, normal, high, urgent",
        "t.csv:4: column 'came': 'teatime' is no time: write it as",
        "t.csv:5: column 'urgency': 'norml'",
    ]);
    let usual = folder.write(
        "usual.csv",
        &TICKETS
            .replace("came", "arrived")
            .replace("2026-03-02T14", "tea"),
    );
    folder
        .replay(&policy, &usual, &[])
        .refused(&["usual.csv:4: column 'arrived': 'tea:00:00Z' is no time: write it as"]);
    replay(&["--channel", "tier", "--urgency", "topic"]).refused(&[
        "t.csv:2: column 'tier': 'vip' is no channel: use one of email, chat",
        "t.csv:2: column 'topic': 'billing/refund' is no urgency",
    ]);
    replay(&["--timezone", "Mars/Phobos"]).refused(&["'Mars/Phobos' is no time zone"]);
    replay(&["--arrived", "when"]).refused(&["no column 'when' (for --arrived)"]);
    replay(&["--subject", "when"]).refused(&["no column 'when' (for --subject)"]);
    replay(&["--now", "noon"]).refused(&["'noon'", "--now", "such as 2026-03-02T09:30:00Z"]);
}

#[test]
fn two_versions_of_a_model_are_compared_by_one_policy() {
    let desk = crate::desk::fitted(&[]);
    let train = |options: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage-train"));
        command
            .current_dir(desk.path())
            .args(["fit", "--data", "tickets.csv", "--models", "models"])
            .args(options);
        let output = assert_cmd::Command::from_std(command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    train(&["--seed", "7"]);
    let models = desk.path().join("models");
    let active = std::fs::read_to_string(models.join("active")).unwrap();
    let other = std::fs::read_dir(&models)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.len() == 16 && !active.contains(name.as_str()))
        .unwrap();
    let folder = Folder::new();
    let policy = folder.path("policy.yaml");
    let tickets = desk.path().join("tickets.csv").display().to_string();
    let models = models.display().to_string();
    let arguments = [
        "diff",
        &policy,
        "--tickets",
        &tickets,
        "--models",
        &models,
        "--model-new",
    ];
    let with = |version: &str| {
        let all: Vec<&str> = arguments.iter().copied().chain([version]).collect();
        folder.policy(&all)
    };
    let run = with(&other);
    assert!(run.printed().contains("of 120 tickets move"), "{}", run.out);
    with("0123456789abcdef").refused(&["no model version '0123456789abcdef'"]);
    with(active.trim()).refused(&["nothing to compare"]);
}

#[test]
fn conditions_read_the_subject_of_past_tickets() {
    let folder = Folder::new();
    let policy = folder.write(
        "subjects.yaml",
        "version: 1\nqueues: {loud: {}, rest: {}}\nrules:\n  \
         - {id: loud, when: 'ticket.subject == \"HELP\"', otherwise: loud}\ndefault: {queue: rest}\n",
    );
    let loud = |name: &str, text: &str, options: &[&str]| {
        let tickets = folder.write(name, text);
        let options = [&["--format", "json"], options].concat();
        let report: Value = folder.replay(&policy, &tickets, &options).json();
        report["replay"]["queues"]["loud"]["tickets"].as_u64()
    };
    let both = "subject,body,topic\nHELP,it burns,a/b\n,HELP,a/b\nHELP,,a/b\nhelp,HELP,a/b\n";
    assert_eq!(loud("both.csv", both, &[]), Some(2));
    assert_eq!(
        loud("both.csv", both, &["--text", "body"]),
        None,
        "the subject was left out"
    );
    let beside = ["--text", "body", "--subject", "subject"];
    assert_eq!(loud("both.csv", both, &beside), Some(2));
    let lines = "{\"subject\":\"HELP\",\"body\":\"it burns\",\"topic\":\"a/b\"}\n";
    assert_eq!(loud("lines.jsonl", lines, &[]), Some(1));
    let zendesk =
        "{\"tickets\":[{\"id\":1,\"subject\":\"HELP\",\"description\":\"x\",\"type\":\"a/b\"}]}";
    let options = ["--tickets-format", "zendesk", "--topic", "type"];
    assert_eq!(loud("export.json", zendesk, &options), Some(1));
    assert_eq!(
        loud("text.csv", "text,topic\nHELP,a/b\n", &[]),
        None,
        "a text alone has no subject"
    );
    let tickets = folder.path("both.csv");
    let options = [
        "--text",
        "body",
        "--text",
        "subject",
        "--subject",
        "subject",
    ];
    folder
        .replay(&policy, &tickets, &options)
        .refused(&["the text must begin with the subject: name the column 'subject' first"]);
}
