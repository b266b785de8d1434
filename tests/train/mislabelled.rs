//! `check --models` finds rows with a wrong label, and labels that overlap.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::Value;

use crate::desk::{Desk, keys, number};
use crate::tickets::{TOPICS, Ticket, csv, many_tickets};

pub(crate) const CHECK: &str = "check --data tickets.csv --models models";

/// Twenty-four rows of each topic; the wrong labels are not there yet.
pub(crate) fn right() -> Vec<Ticket> {
    many_tickets(7, 24, 12)
}

/// Gives one ticket in twenty-one another topic; returns the ids with the right topics.
pub(crate) fn flip(tickets: &mut [Ticket]) -> BTreeMap<String, String> {
    let mut random = Rng::with_seed(3);
    let mut flipped = BTreeMap::new();
    for ticket in tickets.iter_mut().skip(7).step_by(21) {
        let topic = loop {
            let (topic, _) = TOPICS[random.usize(..TOPICS.len())];
            if topic != ticket.topic {
                break topic.to_owned();
            }
        };
        flipped.insert(ticket.id.clone(), ticket.topic.clone());
        ticket.topic = topic;
    }
    flipped
}

/// A desk with an active model of its small file, and a larger file with wrong labels.
pub(crate) fn flipped() -> (Desk, BTreeMap<String, String>) {
    let desk = Desk::new();
    desk.fit("--activate");
    let mut tickets = right();
    let flipped = flip(&mut tickets);
    desk.write("tickets.csv", csv(&tickets));
    (desk, flipped)
}

/// The entry of a head.
#[track_caller]
pub(crate) fn head<'r>(report: &'r Value, name: &str) -> &'r Value {
    let heads = report["label_issues"].as_array().unwrap();
    heads.iter().find(|head| head["head"] == name).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn flipped_labels_are_found_with_the_right_ones() {
    let (desk, flipped) = flipped();
    assert_eq!(flipped.len(), 12);
    let run = desk.run(&format!("{CHECK} --json"));
    assert_eq!(run.stderr, "");
    let report = run.json();
    let topic = head(&report, "topic");
    let issues = topic["issues"].as_array().unwrap();
    // The first tenth of the rows.
    let found = issues
        .iter()
        .take(24)
        .filter(|issue| flipped.contains_key(text(&issue["id"])))
        .count();
    assert!(found >= 9, "{found} of 12: {topic:#}");
    let suggested = issues
        .iter()
        .filter(|issue| {
            flipped.get(text(&issue["id"])).map(String::as_str) == issue["suggested"].as_str()
        })
        .count();
    assert!(suggested >= 8, "{suggested} of 12: {topic:#}");
}

#[test]
fn the_report_as_json_has_the_documented_shape() {
    let (desk, _) = flipped();
    let version = String::from_utf8(desk.read("models/active")).unwrap();
    let report = desk
        .run(&format!("{CHECK} --facet mood=mood --json"))
        .json();
    assert_eq!(
        keys(&report),
        [
            "rows",
            "sources",
            "heads",
            "findings",
            "version",
            "label_issues"
        ]
    );
    assert_eq!(report["version"], version.trim());
    let heads = report["label_issues"].as_array().unwrap();
    let names: Vec<&str> = heads.iter().map(|head| text(&head["head"])).collect();
    assert_eq!(names, ["topic", "urgency", "mood"]);
    for head in heads {
        assert_eq!(
            keys(head),
            ["head", "rows", "estimated_errors", "issues", "overlaps"]
        );
        assert_eq!(head["rows"], 240);
        let issues = head["issues"].as_array().unwrap();
        assert!(issues.len() as u64 <= head["estimated_errors"].as_u64().unwrap());
        let given: Vec<f64> = issues
            .iter()
            .map(|issue| number(&issue["given_probability"]))
            .collect();
        assert!(given.is_sorted(), "{given:?}");
        for issue in issues {
            assert_eq!(
                keys(issue),
                [
                    "path",
                    "line",
                    "id",
                    "given",
                    "suggested",
                    "given_probability",
                    "suggested_probability"
                ]
            );
            assert!(number(&issue["suggested_probability"]) > number(&issue["given_probability"]));
        }
    }
}

#[test]
fn rows_without_a_text_or_a_label_do_not_shift_the_others() {
    let desk = Desk::new();
    desk.fit("--activate");
    let mut tickets = right();
    let flipped = flip(&mut tickets);
    for row in [0, 6, 8, 50, 51, 120] {
        (tickets[row].subject, tickets[row].body) = (String::new(), String::new());
    }
    for row in [1, 9, 90] {
        tickets[row].topic = String::new();
    }
    desk.write("tickets.csv", csv(&tickets));
    let report = desk.run(&format!("{CHECK} --json")).json();
    let topic = head(&report, "topic");
    assert_eq!(topic["rows"], 240 - 6 - 3);
    let issues = topic["issues"].as_array().unwrap();
    for issue in issues {
        // The header is line 1.
        let row = usize::try_from(issue["line"].as_u64().unwrap()).unwrap() - 2;
        assert_eq!(issue["id"], tickets[row].id.as_str());
        assert_eq!(issue["given"], tickets[row].topic.as_str());
        assert_eq!(issue["path"], "tickets.csv");
    }
    let found = issues
        .iter()
        .filter(|issue| flipped.contains_key(text(&issue["id"])))
        .count();
    assert!(found >= 9, "{found} of 12: {topic:#}");
    // The excerpt is of the same row.
    let printed = desk.run(CHECK).done().to_owned();
    let row = usize::try_from(issues[0]["line"].as_u64().unwrap()).unwrap() - 2;
    let line = printed
        .lines()
        .find(|line| line.contains(&format!(" {} ", tickets[row].id)))
        .unwrap();
    let beginning: String = tickets[row].body.chars().take(30).collect();
    assert!(line.contains(&beginning), "{line}");
}

#[test]
fn the_table_is_cut_and_says_so() {
    let (desk, flipped) = flipped();
    let printed = desk.run(&format!("{CHECK} --limit 5")).done().to_owned();
    assert!(printed.starts_with("240 rows\n"), "{printed}");
    assert!(
        printed.contains(
            " of 240 rows look mislabelled, or are hard to tell; the 5 most suspicious:\n"
        ),
        "{printed}"
    );
    let topic = printed.split("\ntopic: ").nth(2).unwrap();
    let topic = topic.split("\nurgency: ").next().unwrap();
    let rows: Vec<&str> = topic
        .lines()
        .filter(|line| line.contains("tickets.csv:"))
        .collect();
    assert_eq!(rows.len(), 5, "{topic}");
    let found = flipped
        .keys()
        .filter(|id| rows.iter().any(|row| row.contains(&format!(" {id} "))))
        .count();
    assert!(found >= 4, "{topic}");
}

#[test]
fn a_label_that_stands_for_the_same_as_another_overlaps_with_it() {
    let desk = Desk::new();
    desk.fit("--activate");
    let mut random = Rng::with_seed(5);
    let mut tickets = many_tickets(7, 60, 8);
    tickets.retain(|ticket| !ticket.topic.starts_with("product/"));
    for ticket in &mut tickets {
        if ticket.topic == "billing/refund" && random.bool() {
            ticket.topic = "billing/repayment".to_owned();
        }
    }
    desk.write("tickets.csv", csv(&tickets));
    let report = desk.run(&format!("{CHECK} --json")).json();
    let overlaps = head(&report, "topic")["overlaps"].as_array().unwrap();
    assert_eq!(overlaps.len(), 1, "{overlaps:#?}");
    let overlap = &overlaps[0];
    assert_eq!(
        keys(overlap),
        ["labels", "rows", "shares", "overlap", "examples"]
    );
    let labels: Vec<&str> = overlap["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    assert_eq!(labels, ["billing/refund", "billing/repayment"]);
    for way in [0, 1] {
        let of = tickets.iter().filter(|ticket| ticket.topic == labels[way]);
        let of = of.map(|ticket| ticket.id.as_str()).collect::<BTreeSet<_>>();
        #[allow(clippy::cast_precision_loss)] // 60 rows at most
        let share = number(&overlap["rows"][way]) / of.len() as f64;
        assert!((share - number(&overlap["shares"][way])).abs() < 1e-9);
        let examples = overlap["examples"][way].as_array().unwrap();
        assert_eq!(examples.len(), 2);
        assert!(
            examples
                .iter()
                .all(|example| of.contains(text(&example["id"])))
        );
    }
    let printed = desk.run(CHECK).done().to_owned();
    assert!(
        printed.contains("\ntopic: labels that are taken for each other; merge them, or sharpen "),
        "{printed}"
    );
}
