//! The gate on manifests and comparisons made by hand.

use ndarray::Array2;
use serde_json::{Value, json};

use super::*;
use crate::classifier::HeadKind;
use crate::evaluation::{Answer, HeadAnswers, Truth, compare};
use crate::training::FitParams;

fn head(kind: &Value, labels: &[&str], accuracy: f64, kappa: Option<f64>) -> Value {
    let mut measures = json!({
        "accuracy": accuracy,
        "macro_f1": accuracy,
        "log_loss": 0.3,
        "expected_calibration_error": 0.01,
    });
    if let Some(kappa) = kappa {
        measures["quadratic_weighted_kappa"] = json!(kappa);
    }
    json!({
        "kind": kind,
        "labels": labels,
        "thresholds": [],
        "decision": "most_probable",
        "areas": [],
        "rows": 1000,
        "linear_cost": 1.0,
        "pool": [],
        "out_of_fold": measures,
    })
}

fn topic(accuracy: f64) -> Value {
    head(&json!("topic"), &["a", "b"], accuracy, None)
}

fn urgency(accuracy: f64, kappa: f64) -> Value {
    head(&json!("urgency"), &["low", "high"], accuracy, Some(kappa))
}

/// A manifest of 1,000 rows out of files with these checksums.
fn manifest(files: &[&str], heads: &[Value]) -> Manifest {
    let data: Vec<Value> = files
        .iter()
        .map(|file| json!({"file": format!("{file}.csv"), "sha256": file, "rows": 1_000}))
        .collect();
    serde_json::from_value(json!({
        "format_version": 1,
        "data": data,
        "rows": 1_000,
        "features": 10,
        "word_features": 5,
        "params": FitParams::default(),
        "heads": heads,
        "files": {},
    }))
    .unwrap()
}

fn version<'a>(id: &'a str, manifest: &'a Manifest) -> Version<'a> {
    Version { id, manifest }
}

fn out_of_fold(active: &Manifest, new: &Manifest) -> Verdict {
    judge_out_of_fold(version("active0", active), version("new0", new))
}

/// The reasons against heads of the same data.
fn reasons(active: &[Value], new: &[Value]) -> Vec<String> {
    let (active, new) = (manifest(&["x"], active), manifest(&["x"], new));
    let verdict = out_of_fold(&active, &new);
    assert_eq!(verdict.refused(), !verdict.reasons.is_empty());
    verdict.reasons.iter().map(ToString::to_string).collect()
}

#[test]
fn a_loss_of_accuracy_beyond_chance_is_refused() {
    // Mean 0.89, 1.645 · √(2 · 0.89 · 0.11 / 1000) = 0.0230
    assert_eq!(reasons(&[topic(0.90)], &[topic(0.88)]), [""; 0]);
    assert_eq!(
        reasons(&[topic(0.90)], &[topic(0.87)]),
        [
            "topic: accuracy 0.8700 out of fold, 0.9000 of the active version: lower by more than the 0.0235 that chance explains"
        ]
    );
    assert_eq!(reasons(&[topic(0.87)], &[topic(0.90)]), [""; 0]);
    assert_eq!(reasons(&[topic(1.0)], &[topic(1.0)]), [""; 0]);
}

#[test]
fn urgency_is_judged_by_kappa() {
    // Accuracy is much lower, kappa is not.
    assert_eq!(reasons(&[urgency(0.9, 0.8)], &[urgency(0.5, 0.8)]), [""; 0]);
    // Mean 0.78: the share's 0.1716 is larger than (1 − 0.6084)² = 0.1534, so 0.0305.
    assert_eq!(
        reasons(&[urgency(0.9, 0.8)], &[urgency(0.9, 0.77)]),
        [""; 0]
    );
    let refused = reasons(&[urgency(0.9, 0.8)], &[urgency(0.9, 0.76)]);
    assert!(
        refused[0].starts_with("urgency: quadratic weighted kappa 0.7600 out of fold, 0.8000 of"),
        "{refused:?}"
    );
    // One row of a thousand is chance where agreement is near complete.
    assert_eq!(
        reasons(&[urgency(1.0, 1.0)], &[urgency(1.0, 0.999)]),
        [""; 0]
    );
    // Near zero the correlation's variance is the larger one: 0.0735 in place of next to nothing.
    assert_eq!(
        reasons(&[urgency(0.5, 0.03)], &[urgency(0.5, -0.03)]),
        [""; 0]
    );
    assert_eq!(reasons(&[urgency(0.5, 0.1)], &[urgency(0.5, 0.0)]).len(), 1);
}

#[test]
fn a_missing_head_is_refused_on_any_data() {
    let active = manifest(&["x"], &[topic(0.9), urgency(0.9, 0.9)]);
    let expected = "urgency: the active version answers it, this one does not";
    for file in ["x", "y"] {
        let new = manifest(&[file], &[topic(0.9)]);
        let verdict = out_of_fold(&active, &new);
        assert_eq!(verdict.reasons.len(), 1);
        assert_eq!(verdict.reasons[0].to_string(), expected);
        // A head more is none the worse.
        assert!(!out_of_fold(&new, &active).refused());
    }
}

#[test]
fn measures_of_different_data_are_not_compared() {
    let active = manifest(&["x", "y"], &[topic(0.9)]);
    for files in [&["x"][..], &["x", "z"], &["x", "y", "z"], &[]] {
        let verdict = out_of_fold(&active, &manifest(files, &[topic(0.1)]));
        assert_eq!(verdict.basis, Basis::Nothing);
        assert!(!verdict.refused());
        let [note] = &verdict.notes[..] else {
            panic!("{verdict:?}")
        };
        assert!(
            note.contains("triage-train compare active0 new0 --data"),
            "{note}"
        );
    }
    // The same files in another order are the same.
    let verdict = out_of_fold(&active, &manifest(&["y", "x"], &[topic(0.1)]));
    assert!(verdict.refused() && verdict.basis == Basis::OutOfFold);
    let mut fewer = manifest(&["x", "y"], &[topic(0.1)]);
    fewer.rows = 900;
    assert_eq!(out_of_fold(&active, &fewer).basis, Basis::Nothing);
}

#[test]
fn heads_with_other_labels_are_not_compared() {
    let relabelled = head(&json!("topic"), &["a", "c"], 0.1, None);
    let active = manifest(&["x"], &[topic(0.9), urgency(0.9, 0.9)]);
    let new = manifest(&["x"], &[relabelled, urgency(0.9, 0.9)]);
    let verdict = out_of_fold(&active, &new);
    assert!(!verdict.refused() && verdict.basis == Basis::OutOfFold);
    assert!(
        verdict.notes[0].starts_with("topic is not judged"),
        "{verdict:?}"
    );
}

/// A comparison on topics in which the new version loses this many of 100 rows.
fn comparison(lost: usize) -> Comparison {
    let answers = |wrong: usize| HeadAnswers {
        kind: HeadKind::Topic,
        labels: ["a", "b"].map(str::to_owned).to_vec(),
        answers: (0..100)
            .map(|row| Answer {
                row,
                truth: Truth::Known(0),
                chosen: usize::from(row < wrong),
                made: true,
                automated: true,
                area_fallback: false,
            })
            .collect(),
        probabilities: Array2::from_elem((100, 2), 0.5),
    };
    compare(&[answers(0)], &[answers(lost)]).unwrap()
}

#[test]
fn a_significant_loss_on_held_out_tickets_is_refused() {
    let active = manifest(&["x"], &[topic(0.9), urgency(0.9, 0.9)]);
    // Out of fold it would be refused; held-out tickets decide.
    let new = manifest(&["x"], &[topic(0.1), urgency(0.9, 0.9)]);
    let judge = |lost| {
        let (active, new) = (version("a", &active), version("n", &new));
        judge_held_out(active, new, &["held"], &comparison(lost))
    };
    assert!(!judge(4).refused());
    let verdict = judge(5);
    assert_eq!(verdict.basis, Basis::HeldOut);
    assert_eq!(
        verdict.reasons[0].to_string(),
        "topic: accuracy 0.9500 on the held-out tickets, 1.0000 of the active version (5 lost, 0 gained, McNemar's p 0.0312)"
    );
    assert!(judge(60).reasons[0].to_string().contains("p below 0.0001"));
    assert!(
        verdict.notes[0].starts_with("urgency is not judged"),
        "{verdict:?}"
    );
}

#[test]
fn tickets_that_either_version_was_trained_on_are_not_held_out() {
    let (one, other) = (
        manifest(&["x"], &[topic(0.9)]),
        manifest(&["y"], &[topic(0.9)]),
    );
    for (files, seen) in [
        (&["x", "held"][..], &["version a was trained on x.csv"][..]),
        (&["held", "y"], &["version n was trained on y.csv"]),
        (&["y", "x"], &["version a was", "version n was"]),
        (&["held"], &[]),
    ] {
        let (active, new) = (version("a", &one), version("n", &other));
        let verdict = judge_held_out(active, new, files, &comparison(0));
        assert_eq!(verdict.reasons.len(), seen.len(), "{verdict:?}");
        for (reason, expected) in verdict.reasons.iter().zip(seen) {
            assert!(reason.to_string().starts_with(expected), "{reason}");
        }
        assert_eq!(verdict.basis == Basis::HeldOut, seen.is_empty());
    }
}
