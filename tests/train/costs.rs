//! What a misjudged urgency costs can be given to `fit`, and decides which level is chosen.

use serde_json::{Value, json};

use crate::desk::{Desk, number};
use crate::tickets::{csv, tickets};

const FIT: &str = "fit --data tickets.csv --models models";
/// The costs that a fit goes by unless told otherwise.
const DEFAULT: &str = "truth,low,normal,high,urgent\n\
    low,0,1,4,9\nnormal,1.2,0,1,4\nhigh,4.8,1.2,0,1\nurgent,10.8,4.8,1.2,0\n";
/// The highest level costs nothing, whatever is true.
const ALARM: &str = "truth,urgent,high,normal,low\n\
    urgent,0,9,9,9\nlow,0,9,9,0\nhigh,0,0,9,9\nnormal,0,9,0,9\n";

fn manifest(desk: &Desk, version: &str) -> Value {
    let bytes = desk.read(&format!("models/{version}/manifest.json"));
    serde_json::from_slice(&bytes).unwrap()
}

fn costs(manifest: &Value) -> &Value {
    &manifest["heads"][1]["decision"]["least_cost"]["costs"]
}

#[test]
fn a_bundle_keeps_the_costs_and_what_was_asked_for() {
    let desk = Desk::new();
    desk.write("costs.csv", DEFAULT);
    let plain = manifest(&desk, &desk.fit(""));
    let table = manifest(&desk, &desk.fit("--cost-table costs.csv"));
    let factor = manifest(&desk, &desk.fit("--under-call-factor 3"));
    let expected = json!([
        [0.0, 1.0, 4.0, 9.0],
        [1.2, 0.0, 1.0, 4.0],
        [4.8, 1.2, 0.0, 1.0],
        [10.8, 4.8, 1.2, 0.0]
    ]);
    assert_eq!(
        plain["params"]["urgency_costs"],
        json!({"under_call_factor": 1.2})
    );
    assert_eq!(costs(&plain), &expected);
    assert_eq!(table["params"]["urgency_costs"], json!({"table": expected}));
    // The file says what is so without it: nothing but the parameter is different.
    assert_eq!(table["heads"], plain["heads"]);
    assert_eq!(table["files"], plain["files"]);
    assert_eq!(costs(&factor)[3], json!([27.0, 12.0, 3.0, 0.0]));
    assert_eq!(plain["heads"][0]["decision"], "most_probable");
}

#[test]
fn costs_decide_which_level_is_chosen() {
    let desk = Desk::new();
    desk.write("costs.csv", ALARM);
    desk.write("held_out.csv", csv(&tickets(2)));
    let urgency = |version: &str| {
        let command = "evaluate --models models --data held_out.csv --json";
        let report = desk.run(&format!("{command} --version {version}")).json();
        report["heads"]["urgency"].clone()
    };
    let alarmed = urgency(&desk.fit("--cost-table costs.csv"));
    assert_eq!(alarmed["labels"]["urgent"]["predicted"], 120, "{alarmed:#}");
    assert_eq!(number(&alarmed["under_call_rate"]), 0.0);
    let plain = urgency(&desk.fit(""));
    let wary = urgency(&desk.fit("--under-call-factor 100000"));
    assert!(number(&wary["over_call_rate"]) > number(&plain["over_call_rate"]));
    // The probabilities are the same: only the choice differs.
    for other in [&alarmed, &wary] {
        assert_eq!(other["log_loss"], plain["log_loss"]);
    }
}

#[test]
fn a_level_that_the_data_lacks_is_dropped_from_the_table() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    for ticket in rows.iter_mut().filter(|ticket| ticket.urgency == "normal") {
        ticket.urgency = "low".to_owned();
    }
    desk.write("tickets.csv", csv(&rows));
    desk.write("costs.csv", DEFAULT);
    let found = manifest(&desk, &desk.fit("--cost-table costs.csv"));
    let expected = json!([[0.0, 4.0, 9.0], [4.8, 0.0, 1.0], [10.8, 1.2, 0.0]]);
    assert_eq!(costs(&found), &expected);
}

#[test]
fn what_is_wrong_with_the_costs_is_named_by_file_line_and_column() {
    let desk = Desk::new();
    for (from, to, parts) in [
        (
            "1.2,0,1,4",
            "1.2,0,-1,4",
            &["costs.csv", "line 3", "column 'high'", "'-1'"][..],
        ),
        (
            "high,4.8,1.2,0",
            "high,4.8,1.2,5",
            &["costs.csv", "line 4", "column 'high'", "'5'"],
        ),
        (
            "\nhigh",
            "\nhuge",
            &["costs.csv", "line 4", "column 'truth'", "'huge'"],
        ),
        ("low,0,1,4,9\n", "", &["costs.csv", "no row for 'low'"]),
        (
            ",urgent\n",
            "\n",
            &["costs.csv", "line 1", "no column 'urgent'"],
        ),
    ] {
        desk.write("costs.csv", DEFAULT.replacen(from, to, 1));
        desk.run(&format!("{FIT} --cost-table costs.csv"))
            .refused_with(parts);
    }
    desk.write("costs.csv", b"truth,low\xff");
    let run = desk.run(&format!("{FIT} --cost-table costs.csv"));
    run.refused_with(&["costs.csv", "utf-8"]);
    desk.run(&format!("{FIT} --cost-table nowhere.csv"))
        .refused_with(&["nowhere.csv"]);
    assert_eq!(desk.names("models"), Vec::<String>::new());
}

#[test]
fn costs_that_make_no_sense_are_refused() {
    let desk = Desk::new();
    desk.write("costs.csv", DEFAULT);
    for (options, part) in [
        ("--under-call-factor 0", "above 0"),
        ("--under-call-factor=-1", "above 0"),
        ("--under-call-factor NaN", "above 0"),
        ("--under-call-factor inf", "above 0"),
        ("--under-call-factor much", "above 0"),
        (
            "--under-call-factor 2 --cost-table costs.csv",
            "cannot be used with",
        ),
    ] {
        let run = desk.run(&format!("{FIT} {options}"));
        run.refused_with(&["--under-call-factor", part]);
    }
    let without = csv(&tickets(1)).replacen(",urgency,", ",how_soon,", 1);
    desk.write("tickets.csv", without);
    desk.run(&format!("{FIT} --under-call-factor 2"))
        .refused_with(&["no urgency column"]);
}

#[test]
fn topics_that_are_paths_are_measured_by_area() {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    let version = desk.fit("--activate --facet mood=mood");
    let fitted = manifest(&desk, &version);
    let areas = fitted["heads"][0]["areas"].as_array().unwrap();
    let names: Vec<&str> = areas.iter().map(|a| a["label"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "account",
            "billing",
            "delivery",
            "orders",
            "product",
            "returns",
            "safety",
            "technical"
        ]
    );
    assert!(areas.iter().all(|area| number(&area["suggest_at"]) <= 0.5));
    assert_eq!(fitted["heads"][1]["areas"], json!([]));

    let command = "evaluate --models models --data held_out.csv --facet mood=mood --json";
    let report = desk.run(command).json();
    let topic = &report["heads"]["topic"];
    assert!(number(&topic["area_accuracy"]) >= number(&topic["accuracy"]));
    let fallback = &topic["area_fallback"];
    assert!(number(&fallback["rows"]) <= 120.0);
    assert!((0.0..=1.0).contains(&number(&fallback["precision"])));
    for other in ["urgency", "mood"] {
        assert_eq!(report["heads"][other].get("area_accuracy"), None, "{other}");
    }
}
