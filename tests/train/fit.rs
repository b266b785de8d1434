//! `fit` learns every head there is a column for, reports on each, and writes one version.

use serde_json::Value;
use triage::checksum::sha256_hex;

use crate::desk::{Desk, keys, number};
use crate::tickets::{TOPICS, csv, tickets, two_columns};

const MEASURES: [&str; 5] = [
    "accuracy",
    "macro_f1",
    "weighted_f1",
    "log_loss",
    "expected_calibration_error",
];

#[test]
fn the_report_has_the_figures_of_each_head() {
    let desk = Desk::new();
    let run = desk.run("fit --data tickets.csv --facet mood=mood --models models");
    let report = run.done();
    assert!(report.contains("120 rows, "), "{report}");
    let columns = report
        .lines()
        .find(|line| line.trim().starts_with("head "))
        .unwrap();
    for column in [
        "rows",
        "accuracy",
        "macro F1",
        "weighted F1",
        "log loss",
        "calibration error",
    ] {
        assert!(columns.contains(column), "{columns}");
    }
    for head in ["topic", "urgency", "mood"] {
        let is_of_head = |line: &&str| line.split_whitespace().next() == Some(head);
        let line = report.lines().find(is_of_head).unwrap();
        let figures: Vec<f64> = line
            .split_whitespace()
            .skip(1)
            .take(6)
            .map(|f| f.parse().unwrap())
            .collect();
        assert!((figures[0] - 120.0).abs() < 1e-9, "{line}");
        assert!((0.3..=1.0).contains(&figures[1]), "{line}");
        assert!(
            report.contains(&format!("\n{head}: the worst labels\n")),
            "{report}"
        );
    }
    assert!(
        report.contains("\nmood: the worst confusions\n"),
        "{report}"
    );
    assert!(report.contains("\nseconds: folds "), "{report}");
    let version = desk.names("models").join("");
    assert!(
        report.contains(&format!("\nversion {version} in models/{version}\n")),
        "{report}"
    );
}

#[test]
fn the_report_as_json_has_every_field() {
    let desk = Desk::new();
    let report = desk
        .run("fit --data tickets.csv --facet mood=mood --models models --json")
        .json();
    assert_eq!(report["active"], false);
    assert_eq!(report["dropped_labels"], serde_json::json!([]));
    assert_eq!(report["findings"].as_array().unwrap().len(), 3);
    let version = report["version"].as_str().unwrap();
    assert_eq!(report["folder"], format!("models/{version}"));
    let report = &report["report"];
    assert_eq!(report["rows"], 120);
    assert!(number(&report["features"]) > 500.0);
    assert_eq!(keys(&report["seconds"]), ["folds", "pool", "final"]);
    let heads = report["heads"].as_array().unwrap();
    let kinds: Vec<&Value> = heads.iter().map(|head| &head["kind"]).collect();
    assert_eq!(kinds, ["topic", "urgency", "mood"]);
    for head in heads {
        assert_eq!(head["metrics"]["rows"], 120);
        assert!(number(&head["metrics"]["log_loss"]) >= 0.0);
        for measure in MEASURES
            .into_iter()
            .filter(|measure| *measure != "log_loss")
        {
            let value = number(&head["metrics"][measure]);
            assert!((0.0..=1.0).contains(&value), "{measure} {value}");
        }
        let pool: Vec<f64> = head["pool"]
            .as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect();
        assert!(
            pool.len() == 5 && pool.iter().all(|weight| *weight >= 0.0),
            "{pool:?}"
        );
    }
    // Its words give every topic away, so almost all must be found by a model that learns at all.
    assert!(
        number(&heads[0]["metrics"]["accuracy"]) > 0.9,
        "{:#}",
        heads[0]
    );
    assert!(number(&heads[1]["metrics"]["quadratic_weighted_kappa"]) > 0.5);
    assert_eq!(heads[0]["metrics"].get("quadratic_weighted_kappa"), None);
    let labels = heads[0]["metrics"]["labels"].as_object().unwrap();
    assert_eq!(labels.len(), TOPICS.len());
    assert!(labels.values().all(|label| label["rows"] == 12));
}

#[test]
fn piped_output_has_no_bytes_of_a_progress_bar() {
    let desk = Desk::new();
    let run = desk.run_with(
        "fit --data tickets.csv --models models",
        &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
    );
    assert!(!run.done().contains(['\u{1b}', '\r', '\u{8}']), "{run:#?}");
    assert_eq!(run.stderr, "");
}

#[test]
fn the_version_is_the_checksum_of_its_manifest() {
    let desk = Desk::new();
    let version = desk.fit("--facet mood=mood");
    assert_eq!(desk.names("models"), [version.as_str()]);
    let folder = format!("models/{version}");
    let files = [
        "embedding.safetensors",
        "tokenizer.json",
        "weights.safetensors",
    ];
    let mut names = files.to_vec();
    names.insert(1, "manifest.json");
    assert_eq!(desk.names(&folder), names);
    let manifest = desk.read(&format!("{folder}/manifest.json"));
    assert_eq!(sha256_hex(&manifest)[..16], version);
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(keys(&manifest["files"]), files);
    for name in files {
        let bytes = desk.read(&format!("{folder}/{name}"));
        assert_eq!(manifest["files"][name], sha256_hex(&bytes), "{name}");
    }
    assert_eq!(manifest["data"][0]["file"], "tickets.csv");
    assert_eq!(
        manifest["data"][0]["sha256"],
        sha256_hex(&desk.read("tickets.csv"))
    );
    assert_eq!(manifest["params"]["seed"], 42);
    assert_eq!(manifest["heads"][0]["labels"].as_array().unwrap().len(), 10);
    assert_eq!(
        manifest["heads"][1]["labels"],
        serde_json::json!(["low", "normal", "high", "urgent"])
    );
}

#[test]
fn only_an_activated_version_is_active() {
    let desk = Desk::new();
    desk.fit("");
    assert_eq!(
        desk.names("models").len(),
        1,
        "no pointer without --activate"
    );
    let first = desk.fit("--seed 7 --activate");
    assert_eq!(desk.read("models/active"), format!("{first}\n").as_bytes());
    let before = desk.files("models");
    let second = desk.fit("--seed 8");
    assert_eq!(desk.read("models/active"), format!("{first}\n").as_bytes());
    // What was there is as it was.
    for (name, bytes) in before {
        assert_eq!(desk.read(&format!("models/{name}")), bytes, "{name}");
    }
    // Another seed may be worse by luck.
    let third = desk.fit("--seed 9 --activate --force");
    assert!(desk.read("models/active").starts_with(third.as_bytes()));
    assert_eq!(desk.names("models").len(), 6, "{second}");
}

#[test]
fn rare_labels_are_left_out_on_demand_only() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    for ticket in &mut rows[..4] {
        ticket.topic = "rare/topic".to_owned();
    }
    desk.write("tickets.csv", csv(&rows));
    desk.run("fit --data tickets.csv --models models")
        .refused_with(&[
            "this data set cannot be trained on",
            "'rare/topic' (4)",
            "tickets.csv:2",
            "--drop-rare leaves out labels with fewer than 5 rows",
        ]);
    assert_eq!(desk.names("models"), Vec::<String>::new());
    let report = desk
        .run("fit --data tickets.csv --models models --drop-rare --json")
        .json();
    assert_eq!(
        report["dropped_labels"],
        serde_json::json!(["topic: rare/topic (4 rows)"])
    );
    let heads = &report["report"]["heads"];
    assert_eq!(heads[0]["metrics"]["labels"].as_object().unwrap().len(), 10);
    assert_eq!(heads[0]["metrics"]["rows"], 116);
    // The rows still teach what else they carry.
    assert_eq!(heads[1]["metrics"]["rows"], 120);
    let run = desk.run("fit --data tickets.csv --models models --drop-rare");
    assert!(
        run.done().contains("left out: topic: rare/topic (4 rows)"),
        "{run:#?}"
    );
}

#[test]
fn each_head_can_be_learned_alone_or_with_any_other() {
    let desk = Desk::new();
    for (columns, options, expected) in [
        ("text,topic", "", vec!["topic"]),
        ("text,urgency", "", vec!["urgency"]),
        ("text,mood", "--facet mood=mood", vec!["mood"]),
        ("text,mood", "--topic mood", vec!["topic"]),
        ("text,mood", "--facet a=mood --facet b=mood", vec!["a", "b"]),
    ] {
        let label = |ticket: &crate::tickets::Ticket| match columns {
            "text,topic" => ticket.topic.clone(),
            "text,urgency" => ticket.urgency.clone(),
            _ => ticket.mood.clone(),
        };
        let rows = tickets(1);
        let rows = rows
            .iter()
            .map(|ticket| (ticket.body.clone(), label(ticket)));
        desk.write("some.csv", two_columns(columns, rows));
        let fitted = desk
            .run(&format!(
                "fit --data some.csv --models models --activate --force --json {options}"
            ))
            .json();
        let heads = fitted["report"]["heads"].as_array().unwrap();
        let kinds: Vec<&Value> = heads.iter().map(|head| &head["kind"]).collect();
        assert_eq!(kinds, expected);
        let measured = desk
            .run(&format!(
                "evaluate --data some.csv --models models --json {options}"
            ))
            .json();
        assert_eq!(keys(&measured["heads"]), expected);
        let accuracy = number(&measured["heads"][expected[0]]["accuracy"]);
        assert!(
            accuracy > 0.9,
            "{columns}: {accuracy} on the rows learned from"
        );
    }
}

#[test]
fn a_label_whose_rows_all_share_one_fold_can_be_learned() {
    // The folds are dealt by topic and equal texts stay together, so another head's rare label can
    // be missing from all that a fold learns from.
    let desk = Desk::new();
    let mut rows = tickets(1);
    for index in [10, 20, 30, 40, 50] {
        (rows[index].subject, rows[index].body) = (rows[0].subject.clone(), rows[0].body.clone());
        rows[index].mood = "baffled".to_owned();
    }
    desk.write("tickets.csv", csv(&rows));
    let report = desk
        .run("fit --data tickets.csv --facet mood=mood --models models --activate --json")
        .json();
    let mood = &report["report"]["heads"][2]["metrics"];
    assert_eq!(mood["labels"]["baffled"]["rows"], 5);
    assert!(number(&mood["log_loss"]).is_finite());
    desk.run("evaluate --data tickets.csv --facet mood=mood --models models")
        .done();
}
