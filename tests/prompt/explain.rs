//! `triage explain`: parts that sum to the logits, labels set against one another, and what is refused.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::desk::fitted;
use crate::program::{Run, run};
use crate::running::{Server, argument, server_over};

/// Runs `explain` with the desk's model.
pub(crate) fn explain(folder: &TempDir, arguments: &[&str]) -> Run {
    let models = folder.path().join("models");
    run(&[&["explain", "--models", argument(&models)], arguments].concat())
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-3
}

/// Checks that all numbers of an explanation sum to the logits and those to the probabilities.
fn check_sums(explanation: &Value) {
    let sides = [("label", "contribution"), ("versus", "versus_contribution")];
    for (side, contribution) in sides {
        let parts = &explanation[side];
        let part = |name: &str| number(&parts[name]);
        let sum = part("constant") + part("sentence") + part("words");
        assert!(close(sum, part("logit")), "{parts:#}");
        let evidence = explanation["evidence"].as_array().unwrap();
        let words: f64 = evidence
            .iter()
            .map(|word| number(&word[contribution]))
            .sum();
        assert!(close(words, part("words")), "{explanation:#}");
    }
    let of = |side: &str, name: &str| number(&explanation[side][name]);
    let odds = of("label", "probability") / of("versus", "probability");
    let lead = of("label", "logit") - of("versus", "logit");
    assert!(close(odds.ln(), lead), "{explanation:#}");
}

#[test]
fn the_parts_sum_to_the_logits_with_and_without_a_semantic_expert() {
    for (options, semantic) in [(&[][..], true), (&["--embedding", "none"], false)] {
        let folder = fitted(options);
        for text in [
            "my parcel please !!! 🔥",
            "¿größe? money, soon",
            "qwx",
            "?!",
        ] {
            let answer = explain(&folder, &["--text", text, "--json"]).json();
            let classification = &answer["classification"];
            for head in ["topic", "urgency"] {
                let head = &classification[head];
                let explanation = &head["explanation"];
                check_sums(explanation);
                assert_eq!(explanation["label"]["label"], head["label"]);
                assert_eq!(explanation["label"]["probability"], head["confidence"]);
                assert_eq!(head["evidence"].as_array().unwrap().len(), 0);
                if !semantic {
                    assert_eq!(explanation["label"]["sentence"], 0.0);
                }
            }
            if semantic && text.contains("parcel") {
                let sentence = &classification["topic"]["explanation"]["label"]["sentence"];
                assert!(number(sentence) != 0.0);
            }
        }
    }
}

#[test]
fn what_else_the_logit_is_made_of_is_shown_beside_the_runner_up() {
    let folder = fitted(&["--embedding", "none"]);
    let run = explain(
        &folder,
        &["--text", "my parcel immediately", "--subject", "well"],
    );
    let printed = run.printed();
    for expected in [
        "topic      delivery/delay ",
        "\n  well\n",
        "for delivery/delay",
        "“parcel” +",
        "for it rather than ",
        "\n words ",
        "\n sentence vector ",
        "\n constant ",
        "\n logit ",
        "\n probability ",
        "\nurgency    urgent ",
        "\nmodel ",
    ] {
        assert!(printed.contains(expected), "no '{expected}' in {printed}");
    }
    let top = explain(&folder, &["--text", "my parcel immediately", "--top", "1"]);
    let words = |run: &Run| run.printed().matches('“').count();
    assert!(words(&top) < words(&run), "{}", top.out);
    assert!(!printed.contains("explained:"));
}

#[test]
fn another_label_can_be_explained_against_any() {
    let folder = fitted(&[]);
    let ask = |arguments: &[&str]| {
        let text = ["--text", "my parcel immediately", "--json"];
        explain(&folder, &[&text, arguments].concat()).json()["classification"].clone()
    };
    let chosen = ask(&["--label", "account/login"]);
    let explanation = &chosen["topic"]["explanation"];
    check_sums(explanation);
    assert_eq!(explanation["label"]["label"], "account/login");
    assert_eq!(explanation["versus"]["label"], "delivery/delay");
    assert_eq!(
        chosen["urgency"]["explanation"],
        Value::Null,
        "it has no such label"
    );

    let both = ask(&["--label", "low", "--versus", "high", "--head", "urgency"]);
    let explanation = &both["urgency"]["explanation"];
    check_sums(explanation);
    assert_eq!(explanation["label"]["label"], "low");
    assert_eq!(explanation["versus"]["label"], "high");
    assert_eq!(both["topic"]["explanation"], Value::Null);

    // Nothing can be set against itself: the most probable other label stands in.
    let same = ask(&["--label", "account/login", "--versus", "account/login"]);
    assert_eq!(same["topic"]["explanation"], chosen["topic"]["explanation"]);

    let arguments = [
        "--text",
        "my parcel immediately",
        "--label",
        "account/login",
    ];
    let run = explain(&folder, &arguments);
    let expected = "explained: account/login ";
    assert!(run.printed().contains(expected), "{}", run.out);
    assert!(!run.printed().contains("\nurgency "), "{}", run.out);
}

#[test]
fn what_the_model_lacks_is_refused_with_what_it_has() {
    let folder = fitted(&[]);
    let refused = |arguments: &[&str], words: &[&str]| {
        explain(&folder, &[&["--text", "my parcel"], arguments].concat()).refused(words);
    };
    refused(
        &["--head", "mood"],
        &["options.explain.head", "'mood'", "topic, urgency"],
    );
    refused(
        &["--head", "urgency", "--label", "asap"],
        &[
            "options.explain.label",
            "'asap'",
            "urgency (low, normal, high, urgent)",
        ],
    );
    refused(
        &["--label", "billing"],
        &[
            "'billing'",
            "topic (account/login, billing/fee",
            "urgency (low",
        ],
    );
    refused(
        &["--versus", "nothing"],
        &["options.explain.versus_label", "'nothing'"],
    );
    refused(
        &["--label", "low", "--versus", "billing/fee"],
        &["options.explain.versus_label", "another head"],
    );
    refused(&["--label", &"x".repeat(257)], &["257 bytes"]);
    explain(&folder, &["--text", ""]).refused(&["ticket.body", "empty"]);
    explain(&folder, &[]).refused(&["no ticket", "--text"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_explains_as_the_program_itself_does() {
    let folder = fitted(&[]);
    let models = folder.path().join("models");
    let policy = folder.path().join("policy.yaml");
    fs::write(
        &policy,
        "version: 1\nqueues: {all: {}}\ndefault: {queue: all}\n",
    )
    .unwrap();
    let server = Server::start_as(&mut server_over(&models, &policy)).await;
    let url = format!("http://{}", server.address);
    let ticket = [
        "--text",
        "my parcel immediately",
        "--subject",
        " größe\t🔥 ",
    ];
    for further in [
        &[][..],
        &["--json"],
        &["--label", "low", "--versus", "high"],
    ] {
        let asked = [&ticket[..], further].concat();
        let here = explain(&folder, &asked);
        let there = run(&[&["explain", "--server", &url], &asked[..]].concat());
        assert_eq!(there.printed(), here.printed());
    }
    let unknown = [
        &["explain", "--server", &url, "--head", "mood"],
        &ticket[..],
    ]
    .concat();
    run(&unknown).refused(&["'mood'", "topic, urgency", "InvalidArgument"]);
}
