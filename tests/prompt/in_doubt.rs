//! What an answer says of labels that are in doubt or were moved by the costs of mistakes.

use serde_json::Value;
use tempfile::TempDir;

use crate::desk::fitted;
use crate::program::run;
use crate::running::argument;

fn ask(folder: &TempDir, text: &str) -> (Value, String) {
    let models = folder.path().join("models");
    let arguments = ["classify", "--models", argument(&models), "--text", text];
    let json = run(&[&arguments[..], &["--json"]].concat()).json();
    let classification = json["classification"].clone();
    (classification, run(&arguments).printed().to_owned())
}

fn line<'a>(printed: &'a str, head: &str) -> &'a str {
    printed.lines().find(|line| line.starts_with(head)).unwrap()
}

#[test]
fn a_level_that_was_raised_says_so() {
    let (answer, printed) = ask(
        &fitted(&["--under-call-factor", "100000"]),
        "my parcel please",
    );
    let urgency = &answer["urgency"];
    assert_eq!(urgency["top"][0]["label"], "normal", "{answer:#}");
    assert_eq!(urgency["label"], "urgent", "{answer:#}");
    assert_eq!(answer["urgency_level"], "URGENCY_URGENT");
    assert_eq!(urgency["raised_by_cost"], true);
    assert_eq!(urgency["lowered_by_cost"], false);
    let line = line(&printed, "urgency ");
    assert!(line.contains(" % (raised from normal "), "{line}");
    assert!(
        line.contains(" %: calling it too low costs more)"),
        "{line}"
    );
    assert_eq!(answer["topic"]["raised_by_cost"], false);
}

#[test]
fn a_level_that_was_lowered_says_so() {
    let (answer, printed) = ask(&fitted(&["--cost-table", "costs.csv"]), "my parcel soon");
    let urgency = &answer["urgency"];
    assert_eq!(urgency["top"][0]["label"], "high", "{answer:#}");
    assert_eq!(urgency["label"], "low", "{answer:#}");
    assert_eq!(urgency["lowered_by_cost"], true);
    assert_eq!(urgency["raised_by_cost"], false);
    let line = line(&printed, "urgency ");
    assert!(line.contains(" % (lowered from high "), "{line}");
    assert!(line.contains(": calling it too high costs more)"), "{line}");
}

#[test]
fn a_topic_in_doubt_falls_back_to_its_area() {
    let folder = fitted(&[]);
    let (answer, printed) = ask(&folder, "my money please");
    assert_eq!(answer["topic"]["made_prediction"], false, "{answer:#}");
    assert_eq!(
        answer["topic"]["abstain_reason"], "ABSTAIN_REASON_AMBIGUOUS",
        "{answer:#}"
    );
    let area = &answer["area"];
    assert_eq!(
        (area["label"].as_str(), area["fallback"].as_bool()),
        (Some("billing"), Some(true))
    );
    let topics = answer["topic"]["top"].as_array().unwrap();
    let billing = topics
        .iter()
        .filter(|t| t["label"].as_str().unwrap().starts_with("billing/"));
    let sum: f64 = billing
        .map(|topic| topic["probability"].as_f64().unwrap())
        .sum();
    let confidence = area["confidence"].as_f64().unwrap();
    assert!((sum - confidence).abs() < 1e-4, "{sum} {confidence}");
    assert!(
        line(&printed, "area ").starts_with("area       billing "),
        "{printed}"
    );

    let (answer, printed) = ask(&folder, "my parcel please");
    assert_eq!(answer["topic"]["made_prediction"], true, "{answer:#}");
    assert_eq!(answer["area"]["label"], "delivery");
    assert_eq!(answer["area"]["fallback"], false);
    assert!(!printed.contains("\narea "), "{printed}");
}

#[test]
fn an_answer_is_complete_even_for_a_text_without_words() {
    let folder = fitted(&[]);
    for (text, reason) in [
        ("?!", Some("ABSTAIN_REASON_EMPTY_TEXT")),
        ("qwx zzv", Some("ABSTAIN_REASON_OUT_OF_SCOPE")),
        ("my parcel please", None),
    ] {
        let (answer, printed) = ask(&folder, text);
        for head in ["topic", "urgency"] {
            let head = &answer[head];
            assert_eq!(
                head["made_prediction"],
                reason.is_none(),
                "{text}: {answer:#}"
            );
            let expected = reason.unwrap_or("ABSTAIN_REASON_UNSPECIFIED");
            assert_eq!(head["abstain_reason"], expected, "{text}");
            assert!(!head["label"].as_str().unwrap().is_empty());
            let top = head["top"].as_array().unwrap();
            assert_eq!(top.len(), 3, "{text}");
            let probability = |index: usize| top[index]["probability"].as_f64().unwrap();
            let margin = head["margin"].as_f64().unwrap();
            assert!(
                (probability(0) - probability(1) - margin).abs() < 1e-6,
                "{text}"
            );
            assert!(head["confidence"].as_f64().unwrap() > 0.0);
        }
        assert_eq!(answer["area"]["fallback"], false, "{text}");
        assert_eq!(
            printed.contains("a guess only"),
            reason.is_some(),
            "{printed}"
        );
    }
}
