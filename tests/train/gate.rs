//! The gate: a version that is worse than the active one is not activated unless by force, and the log
//! tells of every activation.

use std::fs;

use serde_json::{Value, json};

use crate::desk::{Desk, Run};
use crate::forge::Model;
use crate::tickets::{csv, tickets};

pub(crate) const LOG: &str = "models/activations.log";

/// The entries of the log, each one line.
pub(crate) fn log(desk: &Desk) -> Vec<Value> {
    let text = String::from_utf8(desk.read(LOG)).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

pub(crate) fn active(desk: &Desk) -> String {
    let pointer = String::from_utf8(desk.read("models/active")).unwrap();
    pointer.lines().next().unwrap().to_owned()
}

/// Checks that an activation was refused for all of these reasons and changed nothing.
#[track_caller]
fn refused(desk: &Desk, command: &str, reasons: &[&str]) -> Run {
    let before = (desk.read("models/active"), desk.read(LOG));
    let run = desk.run(command);
    assert_eq!(run.code, Some(1), "{run:#?}");
    for part in reasons.iter().chain(&["error: version ", "--force"]) {
        assert!(run.stderr.contains(part), "no {part:?} in {run:#?}");
    }
    assert_eq!((desk.read("models/active"), desk.read(LOG)), before);
    run
}

/// Makes a version like another one with other measures.
fn forged(desk: &Desk, version: &str, head: usize, measure: &str, value: f64) -> String {
    let mut model = Model::read(desk, version);
    model.manifest["heads"][head]["out_of_fold"][measure] = json!(value);
    model.write(desk)
}

/// A desk with an active version, and one in `other.csv` that has learned wrong topics.
pub(crate) fn good_and_bad() -> (Desk, String, String) {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    let good = desk.fit("--activate");
    let mut rows = tickets(1);
    let topics: Vec<String> = rows.iter().map(|row| row.topic.clone()).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        row.topic.clone_from(&topics[(index + 1) % topics.len()]);
    }
    desk.write("other.csv", csv(&rows));
    let fitted = desk.run("fit --data other.csv --models models --json");
    let bad = fitted.json()["version"].as_str().unwrap().to_owned();
    (desk, good, bad)
}

#[test]
fn the_first_activation_is_not_judged() {
    let (desk, good, bad) = good_and_bad();
    fs::remove_file(desk.path("models/active")).unwrap();
    let run = desk.run(&format!("models activate {bad} --data held_out.csv"));
    assert_eq!(run.done(), format!("active: {bad}\n"));
    assert_eq!(run.stderr, "");
    let log = log(&desk);
    let (first, second) = (&log[0], &log[1]);
    assert_eq!(first["after"], good);
    assert_eq!(second["after"], bad);
    for entry in [first, second] {
        assert_eq!(entry["action"], "activate");
        assert_eq!(entry["before"], Value::Null);
        assert_eq!(entry["judged_on"], "nothing");
        assert_eq!(entry["forced"], false);
        assert_eq!(entry["reasons"], json!([]));
        let time: jiff::Timestamp = entry["time"].as_str().unwrap().parse().unwrap();
        let age = jiff::Timestamp::now().duration_since(time);
        assert!((0..600).contains(&age.as_secs()), "{entry}");
    }
}

#[test]
fn a_worse_version_on_held_out_tickets_is_refused_forced_and_logged() {
    let (desk, good, bad) = good_and_bad();
    let command = format!("models activate {bad} --data held_out.csv");
    let run = refused(
        &desk,
        &command,
        &[
            "topic: accuracy 0.",
            "of the active version",
            " lost, ",
            &good,
        ],
    );
    assert_eq!(run.stdout, "");
    assert!(!run.stderr.contains("urgency"), "{run:#?}");
    let run = desk.run(&format!("{command} --force"));
    assert_eq!(run.done(), format!("active: {bad}\n"));
    // Told once, with both versions and the measures.
    assert_eq!(run.stderr.matches("activated by force").count(), 1);
    for part in ["WARN", &*good, &*bad, "topic: accuracy 0."] {
        assert!(run.stderr.contains(part), "{run:#?}");
    }
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
    let log = log(&desk);
    assert_eq!(log.len(), 2);
    assert_eq!(log[1]["before"], good);
    assert_eq!(log[1]["after"], bad);
    assert_eq!(log[1]["judged_on"], "held_out");
    assert_eq!(log[1]["forced"], true);
    let reason = log[1]["reasons"][0].as_str().unwrap();
    assert!(reason.starts_with("topic: accuracy 0."), "{reason}");
    // The way back is an improvement, and a rollback is not judged at all.
    let run = desk.run(&format!(
        "models activate {good} --data held_out.csv --force"
    ));
    run.done();
    assert_eq!(run.stderr, "", "nothing had to be forced");
    assert_eq!(
        desk.run("models rollback").done(),
        format!("active: {bad}\n")
    );
    let log = self::log(&desk);
    assert_eq!(log[2]["forced"], false);
    assert_eq!(log[3]["action"], "rollback");
    assert_eq!(
        (&log[3]["before"], &log[3]["after"]),
        (&json!(good), &json!(bad))
    );
    assert_eq!(log[3]["forced"], false);
    assert!(log[3].get("judged_on").is_none());
}

#[test]
fn tickets_that_a_version_was_trained_on_prove_nothing() {
    let (desk, good, bad) = good_and_bad();
    for (file, version) in [("tickets.csv", &good), ("other.csv", &bad)] {
        refused(
            &desk,
            &format!("models activate {bad} --data held_out.csv {file}"),
            &[&format!("version {version} was trained on {file}: ")],
        );
    }
    let run = desk.run(&format!("models activate {bad} --data other.csv --force"));
    run.done();
    assert_eq!(log(&desk)[1]["judged_on"], "nothing");
    assert_eq!(log(&desk)[1]["forced"], true);
}

#[test]
fn worse_out_of_fold_measures_of_the_same_data_are_refused() {
    let desk = Desk::new();
    let good = desk.fit("--activate");
    for (head, measure, name) in [
        (0, "accuracy", "topic: accuracy 0.4000 out of fold, "),
        (
            1,
            "quadratic_weighted_kappa",
            "urgency: quadratic weighted kappa 0.4000 out of fold, ",
        ),
    ] {
        let worse = forged(&desk, &good, head, measure, 0.4);
        refused(
            &desk,
            &format!("models activate {worse}"),
            &[name, "that chance explains", &good],
        );
        desk.run(&format!("models activate {worse} --force")).done();
        let log = log(&desk);
        let last = log.last().unwrap();
        assert_eq!(last["judged_on"], "out_of_fold");
        assert_eq!(last["forced"], true);
        let reason = last["reasons"][0].as_str().unwrap();
        assert!(reason.starts_with(name), "{reason}");
        let run = desk.run(&format!("models activate {good}"));
        run.done();
        assert_eq!(run.stderr, "");
    }
    // Urgency goes by kappa alone.
    let other = forged(&desk, &good, 1, "accuracy", 0.4);
    desk.run(&format!("models activate {other}")).done();
}

#[test]
fn versions_of_different_data_are_not_compared_without_tickets() {
    let (desk, good, bad) = good_and_bad();
    let run = desk.run(&format!("models activate {bad}"));
    assert_eq!(run.done(), format!("active: {bad}\n"));
    assert!(
        run.stderr
            .starts_with("note: the versions are not compared: ")
            && run
                .stderr
                .contains(&format!("'triage-train compare {good} {bad} --data FILE'")),
        "{run:#?}"
    );
    assert_eq!(log(&desk)[1]["judged_on"], "nothing");
    assert_eq!(log(&desk)[1]["forced"], false);
}

#[test]
fn a_fit_that_is_refused_keeps_its_version_but_not_the_place() {
    let desk = Desk::new();
    let good = desk.fit("--facet mood=mood --activate");
    let fit = "fit --data tickets.csv --models models --activate";
    let missing = "mood: the active version answers it, this one does not";
    let run = refused(&desk, &format!("{fit} --json"), &[missing]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["active"], false);
    let version = report["version"].as_str().unwrap();
    desk.run(&format!("models show {version}")).done();
    let run = refused(&desk, fit, &[missing, version, &good]);
    assert!(run.stdout.contains("activate it with: "), "{run:#?}");
    assert!(!run.stdout.contains("it is the active version"));
    desk.run(&format!("{fit} --force")).done();
    assert_eq!(active(&desk), version);
    assert_eq!(log(&desk)[1]["reasons"], json!([missing]));
    desk.run("fit --data tickets.csv --models models --force")
        .refused_with(&["--activate"]);
}

#[test]
fn what_cannot_be_judged_by_is_no_refusal_but_an_error() {
    let (desk, _, bad) = good_and_bad();
    let before = desk.files("models");
    desk.write("no_labels.csv", "text,topic\nhello,\n");
    for (command, expected) in [
        (
            format!("models activate {bad} --data no_labels.csv --force"),
            "there is nothing to compare",
        ),
        (
            format!("models activate {bad} --data nowhere.csv"),
            "nowhere.csv: cannot be read",
        ),
        (
            "models activate nonesuch --data held_out.csv --force".to_owned(),
            "no model version 'nonesuch': it has ",
        ),
        (
            format!("models activate {bad} --topic topic"),
            "--data <FILE>",
        ),
        ("models activate".to_owned(), "<VERSION>"),
    ] {
        desk.run(&command).refused_with(&[expected]);
    }
    assert!(desk.files("models") == before);
}

#[test]
fn activating_the_active_version_is_neither_judged_nor_logged() {
    let (desk, good, _) = good_and_bad();
    for options in ["", "--data tickets.csv", "--force"] {
        let run = desk.run(&format!("models activate {good} {options}"));
        assert_eq!(run.done(), format!("active: {good}\n"));
        assert_eq!(run.stderr, "");
    }
    assert_eq!(log(&desk).len(), 1);
}

#[test]
fn an_active_version_that_is_damaged_or_gone_stands_in_nobodys_way() {
    let (desk, good, bad) = good_and_bad();
    desk.write(&format!("models/{good}/weights.safetensors"), "damaged");
    let run = desk.run(&format!("models activate {bad} --data held_out.csv"));
    run.done();
    assert!(
        run.stderr.starts_with(&format!(
            "note: version {good}, active so far, cannot be compared with: "
        )),
        "{run:#?}"
    );
    desk.write("models/active", "fedcba9876543210\n");
    desk.run(&format!("models activate {bad}")).done();
    assert_eq!(log(&desk)[2]["before"], "fedcba9876543210");
}
