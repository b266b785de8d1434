//! `evaluate` measures a model on rows it has not seen.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desk::{Desk, keys, number};
use crate::tickets::{TOPICS, csv, tickets};

const EVALUATE: &str = "evaluate --models models --data held_out.csv";

/// A desk with an active model of three heads and other tickets of the same kind.
fn trained() -> Desk {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.fit("--facet mood=mood --activate");
    desk
}

#[test]
fn the_measures_as_json_have_the_documented_shape() {
    let desk = trained();
    let run = desk.run(&format!("{EVALUATE} --facet mood=mood --json"));
    assert_eq!(run.stderr, "");
    let report = run.json();
    assert_eq!(report["rows"], 120);
    let heads = report["heads"].as_object().unwrap();
    assert_eq!(
        heads.keys().collect::<std::collections::BTreeSet<_>>(),
        ["mood", "topic", "urgency"]
            .map(str::to_owned)
            .iter()
            .collect()
    );
    for (name, head) in heads {
        for measure in [
            "accuracy",
            "macro_f1",
            "weighted_f1",
            "expected_calibration_error",
        ] {
            let value = number(&head[measure]);
            assert!((0.0..=1.0).contains(&value), "{name} {measure} {value}");
        }
        // A head that is sure and right loses nothing, and not less than nothing either.
        let loss = number(&head["log_loss"]);
        assert!(loss >= 0.0 && loss.is_sign_positive(), "{name} {loss}");
        assert!(head["labels"].is_object(), "{name}");
        for ordered in ["quadratic_weighted_kappa", "under_call_rate"] {
            assert_eq!(
                head.get(ordered).is_some(),
                name == "urgency",
                "{name} {ordered}"
            );
        }
    }
    assert!((-1.0..=1.0).contains(&number(&heads["urgency"]["quadratic_weighted_kappa"])));
    assert!((0.0..=1.0).contains(&number(&heads["urgency"]["under_call_rate"])));
    assert!(
        number(&heads["topic"]["accuracy"]) > 0.9,
        "{:#}",
        heads["topic"]
    );
    let time = &report["microseconds_per_ticket"];
    assert_eq!(keys(time), ["median", "p99"]);
    assert!(number(&time["median"]) > 0.0);
    assert!(number(&time["median"]) <= number(&time["p99"]));
}

#[test]
fn the_measures_agree_with_those_of_their_labels() {
    let desk = trained();
    let report = desk
        .run(&format!("{EVALUATE} --facet mood=mood --json"))
        .json();
    for (name, head) in report["heads"].as_object().unwrap() {
        let labels: BTreeMap<&String, &Value> =
            head["labels"].as_object().unwrap().iter().collect();
        let sum = |of: &dyn Fn(&Value) -> f64| labels.values().map(|label| of(label)).sum::<f64>();
        let rows = |label: &Value| number(&label["rows"]);
        let close =
            |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{name}: {left} {right}");
        close(sum(&rows), 120.0);
        close(sum(&|label| number(&label["predicted"])), 120.0);
        close(
            sum(&|l| number(&l["recall"]) * rows(l)) / 120.0,
            number(&head["accuracy"]),
        );
        #[allow(clippy::cast_precision_loss)] // ten labels at most
        let count = labels.len() as f64;
        close(
            sum(&|label| number(&label["f1"])) / count,
            number(&head["macro_f1"]),
        );
        close(
            sum(&|l| number(&l["f1"]) * rows(l)) / 120.0,
            number(&head["weighted_f1"]),
        );
    }
    assert_eq!(
        keys(&report["heads"]["topic"]["labels"]),
        TOPICS.map(|(topic, _)| topic)
    );
}

#[test]
fn the_printed_report_names_version_and_heads() {
    let desk = trained();
    let run = desk.run(EVALUATE);
    let report = run.done();
    let version = String::from_utf8(desk.read("models/active")).unwrap();
    assert!(
        report.starts_with(&format!("version {} on 120 rows\n", version.trim())),
        "{report}"
    );
    assert!(report.contains("topic: the worst labels"), "{report}");
    assert!(report.contains("urgency: the worst labels"), "{report}");
    assert!(!report.contains("mood"), "nobody asked for it: {report}");
    assert!(
        report.contains("microseconds per ticket, one thread: median "),
        "{report}"
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn only_the_heads_that_the_file_has_labels_for_are_measured() {
    let desk = trained();
    let text = csv(&tickets(2)).replacen(",urgency,", ",how_soon,", 1);
    desk.write("held_out.csv", text);
    let report = desk.run(&format!("{EVALUATE} --json")).json();
    assert_eq!(keys(&report["heads"]), ["topic"]);
    let report = desk
        .run(&format!("{EVALUATE} --urgency how_soon --json"))
        .json();
    assert_eq!(keys(&report["heads"]), ["topic", "urgency"]);
}

#[test]
fn a_head_that_the_model_lacks_is_named() {
    let desk = trained();
    desk.run(&format!("{EVALUATE} --facet temper=mood"))
        .refused_with(&["no head 'temper'", "topic, urgency, mood"]);
}

#[test]
fn a_column_that_nobody_asked_for_is_left_out_with_a_note() {
    // Trained on urgency alone; the file to measure on has a column that is called topic.
    let desk = Desk::new();
    let without_topics = csv(&tickets(1)).replacen("topic", "subject_matter", 1);
    desk.write("tickets.csv", without_topics);
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.fit("--activate");
    let run = desk.run(&format!("{EVALUATE} --json"));
    assert!(run.stderr.contains("'topic' is left out"), "{}", run.stderr);
    assert_eq!(keys(&run.json()["heads"]), ["urgency"]);
    desk.run(&format!("{EVALUATE} --topic topic"))
        .refused_with(&["no head 'topic'", "urgency"]);
}

#[test]
fn a_label_that_the_model_does_not_know_counts_as_wrong() {
    let desk = trained();
    let right = |report: &Value| number(&report["heads"]["topic"]["accuracy"]) * 120.0;
    let recall =
        |report: &Value, topic: &str| number(&report["heads"]["topic"]["labels"][topic]["recall"]);
    let before = desk.run(&format!("{EVALUATE} --json")).json();
    let (lost, _) = TOPICS[0];
    let mut rows = tickets(2);
    for ticket in rows.iter_mut().filter(|ticket| ticket.topic == lost) {
        ticket.topic = "account/unheard_of".to_owned();
    }
    desk.write("held_out.csv", csv(&rows));
    let after = desk.run(&format!("{EVALUATE} --json")).json();
    assert_eq!(after["heads"]["topic"]["rows"], 120);
    let expected = right(&before) - 12.0 * recall(&before, lost);
    assert!(
        (right(&after) - expected).abs() < 1e-6,
        "{} {expected}",
        right(&after)
    );
    let unknown = &after["heads"]["topic"]["labels"]["account/unheard_of"];
    assert_eq!(
        (&unknown["rows"], &unknown["predicted"]),
        (&12.into(), &0.into())
    );
    assert!(
        number(&after["heads"]["topic"]["log_loss"])
            > number(&before["heads"]["topic"]["log_loss"])
    );
}

#[test]
fn measuring_on_the_training_file_is_warned_of() {
    let desk = trained();
    let run = desk.run("evaluate --models models --data tickets.csv --json");
    run.json();
    assert!(
        run.stderr.starts_with("warning: version ")
            && run.stderr.contains(" was trained on tickets.csv: "),
        "{run:#?}"
    );
    // The bytes decide, not the name.
    desk.write("held_out.csv", desk.read("tickets.csv"));
    assert!(
        desk.run(EVALUATE)
            .stderr
            .contains("was trained on tickets.csv")
    );
    desk.write("tickets.csv", csv(&tickets(2)));
    assert_eq!(
        desk.run("evaluate --models models --data tickets.csv")
            .stderr,
        ""
    );
}

#[test]
fn a_named_version_is_measured_whichever_is_active() {
    let desk = trained();
    let other = desk.fit("--seed 5");
    let report = desk
        .run(&format!("{EVALUATE} --version {other} --json"))
        .json();
    assert_eq!(report["version"], other);
    desk.run(&format!("{EVALUATE} --version nonesuch"))
        .refused_with(&["models: no model version 'nonesuch': it has ", &other]);
}

#[test]
fn without_a_model_or_rows_there_is_nothing_to_measure() {
    let desk = trained();
    desk.run("evaluate --models nowhere --data held_out.csv")
        .refused_with(&["nowhere: no active model", "triage-train fit"]);
    desk.write("held_out.csv", "text,topic\n,account/login\nhello,\n");
    desk.run(EVALUATE)
        .refused_with(&["no row has both a text and a label"]);
}

#[test]
fn rows_that_nothing_is_measured_on_are_told() {
    let desk = trained();
    let mut rows = tickets(2);
    for row in &mut rows[..3] {
        row.subject.clear();
        row.body.clear();
    }
    rows[5].urgency.clear();
    desk.write("held_out.csv", csv(&rows));
    let run = desk.run(EVALUATE);
    let told = " on 117 rows\n3 rows have no text and are left out\n\
                1 row has no label for urgency and is left out there\n\n";
    assert!(run.done().contains(told), "{}", run.done());
    let report = desk.run(&format!("{EVALUATE} --json")).json();
    assert_eq!(report["rows"], 117);
    assert_eq!(report["rows_without_text"], 3);
    assert_eq!(report["rows_without_label"]["urgency"], 1);
}
