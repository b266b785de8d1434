//! `check --models`: the file of suspects, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desk::{Desk, number};
use crate::forge::Model;
use crate::mislabelled::{CHECK, flipped, head, right, text};
use crate::tickets::{csv, tickets};

#[test]
fn suspects_are_written_as_csv() {
    let (desk, _) = flipped();
    let report = desk
        .run(&format!("{CHECK} --suspects suspects.csv --json"))
        .json();
    let bytes = desk.read("suspects.csv");
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    let header: Vec<&str> = reader.headers().unwrap().iter().collect();
    assert_eq!(
        header.join(","),
        "head,rank,id,file,line,given,suggested,given_probability,suggested_probability"
    );
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        let rank = written.entry(record[0].to_owned()).or_default();
        let issue = &head(&report, &record[0])["issues"][*rank];
        *rank += 1;
        assert_eq!(record[1], rank.to_string());
        assert_eq!(record[2], *text(&issue["id"]));
        assert_eq!(record[3], *text(&issue["path"]));
        assert_eq!(record[4], issue["line"].to_string());
        assert_eq!(record[5], *text(&issue["given"]));
        assert_eq!(record[6], *text(&issue["suggested"]));
        let probability: f64 = record[7].parse().unwrap();
        assert!((probability - number(&issue["given_probability"])).abs() <= 5e-5);
    }
    for name in ["topic", "urgency"] {
        let issues = head(&report, name)["issues"].as_array().unwrap();
        assert_eq!(written.get(name).copied().unwrap_or(0), issues.len());
    }
    // The same again, over what is there.
    desk.write("suspects.csv", "an earlier one");
    desk.run(&format!("{CHECK} --suspects suspects.csv")).done();
    assert_eq!(desk.read("suspects.csv"), bytes);
}

#[test]
fn what_is_read_is_never_written_over() {
    let (desk, _) = flipped();
    let tickets = desk.read("tickets.csv");
    let models = desk.files("models");
    std::fs::create_dir(desk.path("folder")).unwrap();
    for (suspects, expected) in [
        (
            "tickets.csv",
            "error: tickets.csv: would be written over tickets.csv, which is read: name another file",
        ),
        ("folder/../tickets.csv", "would be written over tickets.csv"),
        (
            "models/active",
            "error: models/active: would be written over models",
        ),
        ("models/new.csv", "would be written over models"),
        ("folder", "error: folder: is no regular file"),
        (
            "nowhere/suspects.csv",
            "error: nowhere/suspects.csv: No such file or directory",
        ),
        ("/dev/null", "/dev/null: is no regular file"),
    ] {
        desk.run(&format!("{CHECK} --suspects {suspects}"))
            .refused_with(&[expected]);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("tickets.csv", desk.path("link.csv")).unwrap();
        desk.run(&format!("{CHECK} --suspects link.csv"))
            .refused_with(&["link.csv: would be written over tickets.csv"]);
    }
    assert!(desk.read("tickets.csv") == tickets);
    assert!(desk.files("models") == models);
}

#[test]
fn the_same_data_give_the_same_answer_and_no_model_changes() {
    let (desk, _) = flipped();
    let models = desk.files("models");
    let first = desk.run(&format!("{CHECK} --json"));
    assert_eq!(first.done(), desk.run(&format!("{CHECK} --json")).done());
    assert!(desk.files("models") == models);
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let desk = Desk::new();
    desk.run("check --data tickets.csv --models nowhere")
        .refused_with(&["nowhere: no active model", "triage-train fit"]);
    let version = desk.fit("");
    desk.run(CHECK).refused_with(&["models: no active model"]);
    desk.run(&format!("{CHECK} --version nonesuch"))
        .refused_with(&["models: no model version 'nonesuch': it has ", &version]);
    desk.run(&format!("{CHECK} --version {version}")).done();
    for option in ["--version x", "--limit 3", "--suspects a.csv"] {
        desk.run(&format!("check --data tickets.csv {option}"))
            .refused_with(&["--models <DIR>"]);
    }
}

#[test]
fn data_that_cannot_be_learned_are_not_searched() {
    let desk = Desk::new();
    desk.fit("--activate");
    let mut tickets = right();
    for ticket in &mut tickets[..4] {
        ticket.topic = "Rare/Topic".to_owned();
    }
    desk.write("rare.csv", csv(&tickets));
    desk.write("four.csv", csv(&tickets[..4]));
    desk.write("unlabelled.csv", "text\nhello there\nhow are you\n");
    for (file, expected) in [
        (
            "rare.csv",
            "1 label of topic with fewer than 5 rows: 'Rare/Topic' (4)",
        ),
        ("four.csv", "topic has only one label, 'Rare/Topic'"),
        ("unlabelled.csv", "no label column"),
    ] {
        let run = desk.run(&format!(
            "check --data {file} --models models --suspects suspects.csv"
        ));
        assert_eq!(run.code, Some(2), "{run:#?}");
        assert!(run.stdout.contains(expected), "{run:#?}");
        assert!(!run.stdout.contains("mislabelled"), "{run:#?}");
        assert_eq!(
            run.stderr,
            "note: no search for mislabelled rows: these data cannot be trained on\n"
        );
    }
    assert!(!desk.path("suspects.csv").exists());
}

#[test]
fn the_help_says_why_the_file_is_learned_anew() {
    let help = Desk::new().run("check --help").done().to_owned();
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    assert!(help.contains("the file is learned anew in folds"), "{help}");
    assert!(help.contains("has learned its label by heart"), "{help}");
}

#[test]
fn parameters_that_no_fold_can_be_learned_with_are_refused() {
    let desk = Desk::new();
    let active = desk.fit("--activate");
    let try_with = |parameter: &str, value: Value| {
        let mut model = Model::read(&desk, &active);
        model.manifest["params"][parameter] = value;
        let version = model.write(&desk);
        let run = desk.run(&format!("{CHECK} --version {version}"));
        assert!(!run.stderr.contains("panicked"), "{parameter}: {run:#?}");
        run
    };
    for (parameter, value) in [
        ("folds", json!(0)),
        ("folds", json!(1)),
        ("folds", json!(1_000_000)),
        ("folds", json!(u64::MAX)),
        ("linear_costs", json!([])),
        ("linear_costs", json!([0.1, -1.0])),
        ("naive_bayes", json!({"smoothing": 0.0})),
        ("sentence_scale", json!(1e30)),
        ("discriminant", json!({"shrinkage": -0.1})),
    ] {
        try_with(parameter, value).refused_with(&[
            "the rows cannot be learned with the parameters of version ",
            "(--version names another): parameter '",
            parameter,
            ": it must be ",
        ]);
    }
    try_with("folds", json!(2)).done();
    try_with("folds", json!(20)).done();
    // Five rows of two labels: enough for a fit, not for twenty folds.
    let all = tickets(1);
    let few: Vec<_> = all[..50]
        .chunks(10)
        .flat_map(|ten| ten[..2].to_vec())
        .collect();
    desk.write("tickets.csv", csv(&few).replace(",urgency,", ",how_soon,"));
    try_with("folds", json!(20)).refused_with(&["10 rows with a text are fewer than the 20 folds"]);
}

#[test]
fn a_label_all_of_whose_rows_have_one_text_is_no_obstacle() {
    let desk = Desk::new();
    desk.fit("--activate");
    let mut tickets = right();
    for ticket in tickets.iter_mut().take(50).step_by(10) {
        ticket.subject = "hello".to_owned();
        ticket.body = "hello again".to_owned();
        ticket.topic = "Same/Text".to_owned();
    }
    desk.write("tickets.csv", csv(&tickets));
    let report = desk.run(&format!("{CHECK} --json")).json();
    assert_eq!(head(&report, "topic")["rows"], 240);
}
