//! `triage policy explain`: the whole decision in words.

use crate::folder::Folder;

#[test]
fn a_pinned_ticket_is_explained_without_a_model() {
    let folder = Folder::new();
    let (policy, roster) = (folder.path("policy.yaml"), folder.path("roster.yaml"));
    let run = folder.policy(&[
        "explain",
        "--policy",
        &policy,
        "--roster",
        &roster,
        "--topic",
        "billing/refund",
        "--tier",
        "vip",
        "--now",
        "2026-03-02T09:30:00Z",
        "--waited",
        "1m",
    ]);
    assert_eq!(
        run.printed(),
        "\
Ticket:
  topic is billing/refund (95.0 %)
  urgency is normal (100.0 %)
  the customer's tier is vip
  it has waited 1m

Rules, in the order in which they are tried:
  vip (DIR/policy.yaml:5) holds
      true  topic.startsWith(\"billing/\")   with topic = \"billing/refund\"
      true  customer.tier == \"vip\"   with customer.tier = \"vip\"

Decision:
  queue billing, by step 1 of rule vip
  priority 90 (urgency normal)
  required: billing 4
  agent ana is chosen
    1. ana: 0 of 2 tickets, billing 5
    not bob: has the skill 'billing' at level 2 (level 4 is required)
  it is decided anew at 2026-03-02 09:34:00 UTC
"
    );
}

#[test]
fn a_text_is_classified_by_the_model() {
    let run = crate::program::run(&[
        "policy",
        "explain",
        "--text",
        "There is smoke coming out of the kettle and it burnt my child's hand",
    ]);
    let out = run.printed();
    for part in [
        "topic is safety/incident",
        "safety (policies/sample.yaml:",
        "a person must look at it first: ALWAYS_HUMAN",
    ] {
        assert!(out.contains(part), "no '{part}' in {out}");
    }
}

#[test]
fn labels_that_the_model_cannot_give_are_refused() {
    let explain = |more: &[&str]| {
        let all: Vec<&str> = ["policy", "explain"].iter().chain(more).copied().collect();
        crate::program::run(&all)
    };
    explain(&["--topic", "billing/refunt"])
        .refused(&["the model has no topic 'billing/refunt': did you mean 'billing/refund'?"]);
    explain(&["--topic", "billing/refund", "--facet", "sentiment=negativ"])
        .refused(&["the model has no label of 'sentiment' 'negativ': did you mean 'negative'?"]);
    explain(&["--topic", "billing/refund", "--facet", "mood=bad"])
        .refused(&["the model has no facet 'mood': use one of sentiment"]);
    assert_eq!(explain(&["--topic", "billing/refund"]).code, Some(0));
    let folder = Folder::new();
    let policy = folder.path("policy.yaml");
    let run = folder.policy(&["explain", "--policy", &policy, "--topic", "any/thing"]);
    assert!(
        run.printed().contains("topic is any/thing"),
        "a policy on its own has no model: {run:#?}"
    );
}

#[test]
fn without_words_and_topic_there_is_nothing_to_explain() {
    crate::program::run(&["policy", "explain"]).refused(&["no ticket: give its words"]);
    crate::program::run(&["policy", "explain", "--topic", "a", "--confidence", "7"])
        .refused(&["give a number from 0 to 1"]);
}
