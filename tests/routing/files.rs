//! Files that do not fit a model or one another.

use std::path::Path;

use triage::routing::{KnownLabels, Policy, Roster};

use crate::case::{sample_labels, sample_policy};

#[test]
fn a_policy_that_names_labels_the_model_lacks_is_refused_with_each_place() {
    let policy = "version: 1\nqueues: {a: {}}\nalways_human: [safty/*]\nrules:\n  - id: r\n    \
                  when: topic in [\"billing/refnd\", \"billing/refund\"] || topic.startsWith(\"biling/\")\n    \
                  otherwise: a\n  - id: s\n    when: facets.sentimnt == \"bad\" || facets.sentiment == \"negativ\"\n    \
                  otherwise: a\ndefault: {queue: a}\n";
    let policy = Policy::parse(policy, "p.yaml").unwrap();
    let errors = policy.check_labels(&sample_labels()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "p.yaml:3:16: always_human names the topic 'safty/*', which the model lacks: did you mean 'safety/*'?
p.yaml:6:21: rule 'r' names the topic 'billing/refnd', which the model lacks: did you mean 'billing/refund'?
p.yaml:6:76: rule 'r' asks for topics that start with 'biling/', and the model has none: did you mean 'billing'?
p.yaml:9:17: rule 's' reads the facet 'sentimnt', which the model lacks: did you mean 'sentiment'?
p.yaml:9:59: rule 's' names 'negativ', which the facet 'sentiment' of the model lacks: did you mean 'negative'?"
    );
    let unhandled = policy.unhandled_topics(&sample_labels().topics);
    assert_eq!(unhandled.len(), 25, "all but billing/refund: {unhandled:?}");

    let bare = KnownLabels {
        topics: sample_labels().topics,
        ..KnownLabels::default()
    };
    let errors = sample_policy().check_labels(&bare).unwrap_err().to_string();
    assert!(
        errors.contains("asks for the urgency, which the model does not give"),
        "{errors}"
    );
}

/// Which of four topics a policy with this one rule does not handle.
fn unhandled(when: &str) -> Vec<String> {
    let quoted = when.replace('\'', "''");
    let policy = format!(
        "version: 1\nqueues: {{a: {{}}}}\nrules:\n  - {{id: r, when: '{quoted}', otherwise: a}}\ndefault: {{queue: a}}\n"
    );
    let topics = ["bug/app", "bug/site", "HR Support", "sales"].map(str::to_owned);
    Policy::parse(&policy, "p.yaml")
        .unwrap_or_else(|errors| panic!("{errors}"))
        .unhandled_topics(&topics.into())
}

#[test]
fn a_topic_is_handled_only_by_a_rule_that_asks_for_it() {
    let all = ["HR Support", "bug/app", "bug/site", "sales"];
    for when in [
        r#"customer.tier == "vip" && !topic.startsWith("bug/")"#,
        r#"topic != "sales" && urgency >= HIGH"#,
        r#"!(topic in ["sales"])"#,
        r#"!(topic == "sales" || topic == "bug/app")"#,
        r#"topic == "sales" && topic == "bug/app" || customer.tier == "vip""#,
        r#"topic == "sales" && topic != "sales""#,
        r#"topic.matches(".*") || topic.startsWith("")"#,
        r#"(topic == "sales") == false"#,
        r#"customer.tier == "vip""#,
        "true",
    ] {
        assert_eq!(unhandled(when), all, "{when}");
    }
    let but_bugs = ["HR Support", "sales"];
    for when in [
        r#"topic.startsWith("bug/") && urgency >= HIGH"#,
        r#"customer.tier == "vip" && topic in ["bug/app", "bug/site"]"#,
        r#"topic.matches("^b.g/") || waited > duration("1h")"#,
        r#"topic.contains("/") && !(topic == "bug/app" && urgency >= HIGH)"#,
        r#""bug/app" == topic || topic.endsWith("site")"#,
    ] {
        assert_eq!(unhandled(when), but_bugs, "{when}");
    }
    assert_eq!(
        unhandled(r#"topic.startsWith("bug/") && topic != "bug/site""#),
        ["HR Support", "bug/site", "sales"]
    );
}

#[test]
fn a_vip_rule_that_leaves_an_area_out_handles_no_topic() {
    let policy = "version: 1\nqueues: {a: {}}\nrules:\n  - id: vip\n    \
                  when: customer.tier == \"vip\" && !topic.startsWith(\"technical/\")\n    \
                  otherwise: a\ndefault: {queue: a}\n";
    let policy = Policy::parse(policy, "p.yaml").unwrap();
    let topics = sample_labels().topics;
    assert_eq!(policy.unhandled_topics(&topics).len(), topics.len());
}

#[test]
fn a_roster_that_does_not_fit_the_policy_is_refused_with_each_place() {
    let roster = "version: 1\nagents:\n  - id: ana\n    presence: available\n    capacity: 2\n    \
                  skills: {biling: 3}\n    queues: [front_lin]\n";
    let roster = Roster::parse(roster, "r.yaml").unwrap();
    assert_eq!(
        roster
            .check_against(&sample_policy())
            .unwrap_err()
            .to_string(),
        "r.yaml:3:5: agent 'ana' has the unknown skill 'biling': did you mean 'billing'?\n\
         r.yaml:3:5: agent 'ana' serves the unknown queue 'front_lin': did you mean 'front_line'?"
    );
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let errors = Policy::load(Path::new("policies/none.yaml"))
        .unwrap_err()
        .to_string();
    assert!(
        errors.starts_with("policies/none.yaml: cannot be opened: "),
        "{errors}"
    );
    assert!(Roster::load(Path::new("policies")).is_err());
}
