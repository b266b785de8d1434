//! `check` says what is in a file and what is wrong with it.

use serde_json::json;

use crate::desk::{Desk, keys};
use crate::tickets::{TOPICS, csv, tickets};

const OPTIONS: &str = "check --data tickets.csv --facet mood=mood";

#[test]
fn the_report_counts_rows_and_labels() {
    let desk = Desk::new();
    let run = desk.run(OPTIONS);
    let report = run.done().replace("  ", " ");
    assert_eq!(run.stderr, "");
    assert!(report.starts_with("120 rows\n tickets.csv: 120 rows, SHA-256 "));
    assert!(
        report.contains("\ntopic: 10 labels in 120 rows\n"),
        "{report}"
    );
    assert!(
        report.contains("\nurgency: 4 labels in 120 rows\n"),
        "{report}"
    );
    assert!(
        report.contains("\nmood: 3 labels in 120 rows\n"),
        "{report}"
    );
    for (topic, _) in TOPICS {
        let line = report.lines().find(|line| line.contains(topic)).unwrap();
        assert!(line.trim_end().ends_with(" 12"), "{line}");
    }
    let few = report
        .lines()
        .find(|line| line.starts_with("warning: 10 labels of topic"));
    assert!(
        few.unwrap()
            .contains("with fewer than 50 rows: 'account/login' (12), ")
    );
}

#[test]
fn the_report_as_json_says_the_same() {
    let desk = Desk::new();
    let report = desk.run(&format!("{OPTIONS} --json")).json();
    assert_eq!(keys(&report), ["rows", "sources", "heads", "findings"]);
    assert_eq!(report["rows"], 120);
    assert_eq!(report["sources"][0]["path"], "tickets.csv");
    assert_eq!(report["sources"][0]["sha256"].as_str().unwrap().len(), 64);
    let heads = report["heads"].as_array().unwrap();
    let names: Vec<_> = heads.iter().map(|head| &head["head"]).collect();
    assert_eq!(names, ["topic", "urgency", "mood"]);
    assert_eq!(
        heads[0]["labels"][9],
        json!({"label": "technical/outage", "rows": 12})
    );
    assert_eq!(heads[1]["labels"].as_array().unwrap().len(), 4);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 3, "{findings:#?}");
    assert!(
        findings
            .iter()
            .all(|finding| finding["severity"] == "warning")
    );
}

#[test]
fn a_label_under_five_rows_is_refused_by_name() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    for ticket in &mut rows[..4] {
        ticket.topic = "Rare/Topic".to_owned();
    }
    desk.write("tickets.csv", csv(&rows));
    for options in ["", " --json"] {
        let run = desk.run(&format!("{OPTIONS}{options}"));
        assert_eq!(run.code, Some(2), "{run:#?}");
        assert!(
            run.stdout
                .contains("1 label of topic with fewer than 5 rows: 'Rare/Topic' (4)")
        );
    }
    let report = desk.run(OPTIONS).stdout;
    assert!(report.contains("tickets.csv:2, tickets.csv:3, tickets.csv:4, tickets.csv:5)"));
    assert!(report.ends_with("\nrefused: mend the errors above before training\n"));
}

#[test]
fn what_looks_wrong_is_told_with_its_place() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    // Lines are those in the file, its header included.
    rows[10].topic = " Account/LOGIN ".to_owned();
    rows[20] = rows[0].clone();
    (rows[31].subject, rows[31].body) = (rows[1].subject.clone(), rows[1].body.clone());
    rows[31].topic = rows[2].topic.clone();
    (rows[40].subject, rows[40].body) = (String::new(), "  ".to_owned());
    rows[50].urgency = String::new();
    desk.write("tickets.csv", csv(&rows));
    let report = desk.run(OPTIONS).stdout;
    for expected in [
        "warning: labels of topic that differ only in case or spaces: 'Account/LOGIN' (1) and 'account/login' (10); write them in one way (tickets.csv:12)",
        "2 rows have the text of an earlier row",
        "(tickets.csv:22, tickets.csv:33)",
        "warning: 1 text under more than one label of topic: 'billing/invoice' and 'billing/refund' (1); decide for one (tickets.csv:3, tickets.csv:33)",
        "warning: 1 row without a text: not used (tickets.csv:42)",
        "warning: 1 row without a label for urgency: not used for it (tickets.csv:52)",
    ] {
        assert!(report.contains(expected), "{expected}\nnot in\n{report}");
    }
}

#[test]
fn the_same_rows_count_the_same_in_every_text_format() {
    let desk = Desk::new();
    let rows = tickets(1);
    desk.write("tickets.tsv", csv(&rows).replace(',', "\t"));
    let lines: Vec<String> = rows
        .iter()
        .map(|ticket| {
            json!({"id": ticket.id, "subject": ticket.subject, "body": ticket.body,
                "topic": ticket.topic, "urgency": ticket.urgency, "mood": ticket.mood})
            .to_string()
        })
        .collect();
    desk.write("tickets.jsonl", lines.join("\n"));
    let heads = |file| {
        let options = format!("check --json --facet mood=mood --data {file}");
        desk.run(&options).json()["heads"].clone()
    };
    let expected = heads("tickets.csv");
    assert_eq!(expected[0]["rows"], 120);
    assert_eq!(heads("tickets.tsv"), expected);
    assert_eq!(heads("tickets.jsonl"), expected);
}

#[test]
fn several_files_make_one_data_set() {
    let desk = Desk::new();
    desk.write("more.csv", csv(&tickets(2)));
    let report = desk.run("check --data tickets.csv more.csv --json").json();
    assert_eq!(report["rows"], 240);
    assert_eq!(report["sources"].as_array().unwrap().len(), 2);
    assert_eq!(report["heads"][0]["labels"][0]["rows"], 24);
}

#[test]
fn a_zendesk_export_is_read_by_its_own_names() {
    let desk = Desk::new();
    let tickets: Vec<_> = tickets(1)
        .iter()
        .map(|ticket| {
            json!({"id": ticket.id, "subject": ticket.subject, "description": ticket.body,
                "priority": ticket.urgency, "tags": ["vip", format!("topic_{}", ticket.topic)],
                "custom_fields": [{"id": 36001, "value": ticket.mood}]})
        })
        .collect();
    desk.write("export.json", json!({"tickets": tickets}).to_string());
    let report = desk
        .run("check --data export.json --format zendesk --topic tags:topic_ --facet mood=custom_field:36001 --json")
        .json();
    assert_eq!(report["rows"], 120);
    assert_eq!(
        report["heads"],
        desk.run(&format!("{OPTIONS} --json")).json()["heads"]
    );
}
