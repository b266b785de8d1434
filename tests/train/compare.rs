//! `compare` sets two versions side by side on the same tickets.

use std::fmt::Write;

use serde_json::Value;

use crate::desk::{Desk, keys, number};
use crate::tickets::{Ticket, csv, tickets};

pub(crate) const HELD_OUT: &str = "--data held_out.csv";
/// Two topics that a confused desk takes for each other.
const SWAPPED: [&str; 2] = ["billing/refund", "orders/change"];

/// A desk with other tickets of the same kind in `held_out.csv`.
pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    desk
}

/// Tickets on which the two topics are exchanged.
fn confused(mut rows: Vec<Ticket>) -> Vec<Ticket> {
    for row in &mut rows {
        if let Some(index) = SWAPPED.iter().position(|topic| *topic == row.topic) {
            row.topic = SWAPPED[1 - index].to_owned();
        }
    }
    rows
}

/// Fits on other tickets than the desk's.
fn fit_on(desk: &Desk, rows: &[Ticket], options: &str) -> String {
    desk.write("other.csv", csv(rows));
    let fitted = desk.run(&format!(
        "fit --data other.csv --models models --json {options}"
    ));
    fitted.json()["version"].as_str().unwrap().to_owned()
}

fn good_and_confused() -> (Desk, String, String) {
    let desk = desk();
    let good = desk.fit("--activate");
    let bad = fit_on(&desk, &confused(tickets(1)), "");
    (desk, good, bad)
}

pub(crate) fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn the_comparison_agrees_with_both_evaluations() {
    let (desk, good, bad) = good_and_confused();
    let run = desk.run(&format!("compare {good} {bad} {HELD_OUT} --json"));
    assert_eq!(run.stderr, "");
    let report = run.json();
    assert_eq!(report["rows"], 120);
    assert_eq!(keys(&report["heads"]), ["topic", "urgency"]);
    for (side, version) in [("before", &good), ("after", &bad)] {
        assert_eq!(report[side]["version"], **version);
        assert_eq!(report[side]["trained_on"], Value::Null);
        let measured = desk
            .run(&format!(
                "evaluate --models models --version {version} {HELD_OUT} --json"
            ))
            .json();
        for head in ["topic", "urgency"] {
            assert_eq!(report["heads"][head][side], measured["heads"][head]);
        }
    }
    for (name, head) in report["heads"].as_object().unwrap() {
        let (gained, lost) = (number(&head["gained"]), number(&head["lost"]));
        let difference = number(&head["difference"]);
        assert!((difference * 120.0 - (gained - lost)).abs() < 1e-9);
        let interval = &head["interval"];
        assert!(number(&interval["low"]) <= difference);
        assert!(difference <= number(&interval["high"]));
        let effects = |effect: &str| {
            let changes = head["changes"].as_array().unwrap().iter();
            changes.filter(|change| change["effect"] == effect).count() as u64
        };
        for effect in ["gained", "lost", "both_wrong"] {
            assert_eq!(count(&head[effect]), effects(effect), "{name}");
        }
    }
}

#[test]
fn what_was_lost_is_told_by_label_and_by_ticket() {
    let (desk, good, bad) = good_and_confused();
    let report = desk
        .run(&format!("compare {good} {bad} {HELD_OUT} --json"))
        .json();
    let topic = &report["heads"]["topic"];
    assert_eq!(topic["verdict"], "worse");
    assert!(number(&topic["p_value"]) < 0.001);
    for label in SWAPPED {
        assert!(count(&topic["labels"][label]["lost"]) >= 10, "{topic:#}");
    }
    let rows = tickets(2);
    let mut lost = 0;
    for change in topic["changes"].as_array().unwrap() {
        let id = change["id"].as_str().unwrap();
        let index = rows.iter().position(|row| row.id == id).unwrap();
        assert_eq!(change["place"], format!("held_out.csv:{}", index + 2));
        assert_eq!(change["truth"], rows[index].topic);
        assert_ne!(change["before"], change["after"]);
        assert_eq!(
            change["effect"] == "lost",
            change["before"] == change["truth"]
        );
        lost += u64::from(change["effect"] == "lost");
    }
    assert_eq!(lost, count(&topic["lost"]));
    // The other way round it is a gain of the same size.
    let back = desk
        .run(&format!("compare {bad} {good} {HELD_OUT} --json"))
        .json();
    let other = &back["heads"]["topic"];
    assert_eq!(other["verdict"], "better");
    assert_eq!(other["gained"], topic["lost"]);
    assert_eq!(other["p_value"], topic["p_value"]);
}

#[test]
fn a_ticket_keeps_its_line_where_others_have_no_text() {
    let (desk, good, bad) = good_and_confused();
    let mut text = String::from("text,topic\n");
    let rows = tickets(2);
    for row in rows.iter().filter(|row| SWAPPED.contains(&&*row.topic)) {
        writeln!(
            text,
            ",{}\n{} {},{}",
            row.topic, row.subject, row.body, row.topic
        )
        .unwrap();
    }
    desk.write("held_out.csv", text);
    let report = desk
        .run(&format!("compare {good} {bad} {HELD_OUT} --json"))
        .json();
    assert_eq!(report["rows"], 24);
    let changes = report["heads"]["topic"]["changes"].as_array().unwrap();
    assert!(changes.len() >= 20, "{}", changes.len());
    let mut last = 1;
    for change in changes {
        assert_eq!(change["id"], Value::Null);
        let place = change["place"].as_str().unwrap();
        let line: usize = place
            .strip_prefix("held_out.csv:")
            .unwrap()
            .parse()
            .unwrap();
        assert!(line > last && line % 2 == 1, "{place} after line {last}");
        let row = &rows
            .iter()
            .filter(|row| SWAPPED.contains(&&*row.topic))
            .nth(line / 2 - 1);
        assert_eq!(change["truth"], row.unwrap().topic);
        last = line;
    }
    assert_eq!(
        report["not_compared"]["urgency"],
        "no labels are given for it"
    );
}

#[test]
fn people_get_tables() {
    let (desk, good, bad) = good_and_confused();
    let run = desk.run(&format!("compare {good} {bad} {HELD_OUT}"));
    let text = run.done();
    assert!(
        text.starts_with(&format!(
            "before: version {good}\nafter:  version {bad}\n120 rows; accuracy:\n"
        )),
        "{text}"
    );
    for part in [
        "topic: gains and losses by label",
        "topic: the answers that changed",
        "precision when made",
        "under-called",
        " lost",
        "< 0.0001",
        "worse",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(
        text.lines().any(|line| line.contains("billing/refund  ")),
        "{text}"
    );
    assert!(text.contains("2-"), "tickets go by their ids: {text}");
}

#[test]
fn comparing_on_a_training_file_is_warned_of() {
    let (desk, good, bad) = good_and_confused();
    for (file, seen, unseen) in [("tickets.csv", &good, &bad), ("other.csv", &bad, &good)] {
        let run = desk.run(&format!("compare {good} {bad} --data {file} --json"));
        let warning = format!("warning: version {seen} was trained on {file}: ");
        assert!(run.stderr.starts_with(&warning), "{run:#?}");
        assert!(!run.stderr.contains(unseen.as_str()), "{run:#?}");
        run.json();
    }
}

#[test]
fn the_active_version_goes_by_that_name() {
    let (desk, good, bad) = good_and_confused();
    let report = desk
        .run(&format!("compare active {bad} {HELD_OUT} --json"))
        .json();
    assert_eq!(report["before"]["version"], good);
    let missing = "models: no model version 'nonesuch': it has ";
    for versions in [format!("nonesuch {good}"), format!("{good} nonesuch")] {
        desk.run(&format!("compare {versions} {HELD_OUT}"))
            .refused_with(&[missing, &good, &bad]);
    }
    desk.run(&format!("compare active {bad} {HELD_OUT} --models nowhere"))
        .refused_with(&["nowhere: no active model"]);
}

#[test]
fn a_version_is_as_good_as_itself() {
    let (desk, good, _) = good_and_confused();
    let run = desk.run(&format!(
        "compare {good} active {HELD_OUT} --json --fail-if-worse"
    ));
    assert_eq!(run.stderr, format!("note: both are version {good}\n"));
    let report = run.json();
    for head in ["topic", "urgency"] {
        let head = &report["heads"][head];
        assert_eq!(head["verdict"], "no_significant_difference");
        assert_eq!(number(&head["p_value"]), 1.0);
        assert_eq!(number(&head["difference"]), 0.0);
        assert_eq!(head["changes"], Value::Array(Vec::new()));
    }
    let text = desk.run(&format!("compare {good} {good} {HELD_OUT}"));
    assert!(text.done().contains("topic: no answer changed"));
}

#[test]
fn a_worse_version_fails_on_demand_only() {
    let (desk, good, bad) = good_and_confused();
    desk.run(&format!("compare {good} {bad} {HELD_OUT}")).done();
    for form in ["", "--json"] {
        let run = desk.run(&format!(
            "compare {good} {bad} {HELD_OUT} --fail-if-worse {form}"
        ));
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert!(run.stdout.contains("worse") && run.stderr.is_empty());
    }
    desk.run(&format!("compare {bad} {good} {HELD_OUT} --fail-if-worse"))
        .done();
}
