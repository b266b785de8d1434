//! Files that do not fit a model or one another.

use std::path::Path;

use triage::routing::{KnownLabels, Policy, PolicyAgainst, Roster};

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
p.yaml:6:76: rule 'r' asks whether the topic starts with 'biling/', and no topic of the model does: did you mean 'billing'?
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
fn labels_of_steps_notes_and_priorities_are_held_against_the_model_too() {
    let policy = "version: 1\nqueues: {a: {}}\nnotes: ['{facets.tone}']\npriorities:\n  impact: {from: \
                  facets.plan, levels: {x: {high: 80}}}\nrules:\n  - id: r\n    when: topic == \"billing/refund\"\n    \
                  steps:\n      - {queue: a, skip_if: 'facets.sentiment == \"angry\"'}\n    otherwise: a\n    \
                  notes: ['{facets.sentimnt}']\ndefault: {queue: a}\n";
    let policy = Policy::parse(policy, "p.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let errors = policy.check_labels(&sample_labels()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "p.yaml:3:10: a note of the policy shows the facet 'tone', which the model lacks: use one of sentiment
p.yaml:5:24: priorities reads the facet 'plan', which the model lacks: use one of sentiment
p.yaml:10:50: rule 'r' names 'angry', which the facet 'sentiment' of the model lacks: use one of negative, neutral, positive
p.yaml:12:14: a note of rule 'r' shows the facet 'sentimnt', which the model lacks: did you mean 'sentiment'?"
    );
}

#[test]
fn agents_that_a_policy_names_must_be_on_the_roster() {
    let policy = "version: 1\nqueues: {a: {last_resort: {accept: [full], agents: [anna]}}}\nrules:\n  - id: r\n    \
                  when: ticket.last_agent_id != \"bo\"\n    steps:\n      \
                  - {preferred_agent: 'urgency == LOW ? \"ana\" : \"bobb\"', timeout: 5m}\n    otherwise: a\n\
                  default: {queue: a}\n";
    let policy = Policy::parse(policy, "p.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let roster = "version: 1\nagents:\n  - {id: ana, presence: away, capacity: 1}\n  \
                  - {id: bob, presence: away, capacity: 1}\n";
    let roster = Roster::parse(roster, "r.yaml").unwrap();
    assert_eq!(
        roster.check_against(&policy).unwrap_err().to_string(),
        "p.yaml:2:53: names the agent 'anna', who is not in r.yaml: did you mean 'ana'?
p.yaml:5:35: names the agent 'bo', who is not in r.yaml: did you mean 'bob'?
p.yaml:7:53: names the agent 'bobb', who is not in r.yaml: did you mean 'bob'?"
    );
}

#[test]
fn a_name_that_no_label_bears_is_told_in_whatever_form_it_is_asked_for() {
    for (when, told) in [
        (
            "has(facets.sentimnt)",
            "rule 'r' reads the facet 'sentimnt', which the model lacks: did you mean 'sentiment'?",
        ),
        (
            "\"sentimnt\" in facets",
            "rule 'r' reads the facet 'sentimnt', which the model lacks: did you mean 'sentiment'?",
        ),
        (
            "facets.sentiment.startsWith(\"neggative\")",
            "rule 'r' asks whether the facet 'sentiment' starts with 'neggative', and no label that the model gives \
             the facet 'sentiment' does: did you mean 'negative'?",
        ),
        (
            "topic.contains(\"biling\")",
            "rule 'r' asks whether the topic contains 'biling', and no topic of the model does: did you mean 'billing'?",
        ),
        (
            "topic.matches(\"^biling/.*\")",
            "rule 'r' asks whether the topic matches '^biling/.*', and no topic of the model does: did you mean \
             'billing'?",
        ),
        (
            "topic.endsWith(\"/refnd\")",
            "rule 'r' asks whether the topic ends with '/refnd', and no topic of the model does: did you mean 'refund'?",
        ),
        (
            "topic == (urgency == HIGH ? \"biling/refund\" : \"billing/refund\")",
            "rule 'r' names the topic 'biling/refund', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "topic in [ticket.attributes.topic, \"biling/refund\"]",
            "rule 'r' names the topic 'biling/refund', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "topic == \"biling\" + \"/refund\"",
            "rule 'r' names the topic 'biling/refund', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "[\"biling/refund\"].exists(t, t == topic)",
            "rule 'r' names the topic 'biling/refund', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "customer.tier == \"vip\" && !(topic.contains(\"biling\") || urgency == HIGH)",
            "rule 'r' asks whether the topic contains 'biling', and no topic of the model does: did you mean 'billing'?",
        ),
        (
            "topic.contains(\"biling\") == false",
            "rule 'r' asks whether the topic contains 'biling', and no topic of the model does: did you mean 'billing'?",
        ),
        (
            "(topic.endsWith(\"/refnd\") ? 1 : 2) > 1",
            "rule 'r' asks whether the topic ends with '/refnd', and no topic of the model does: did you mean 'refund'?",
        ),
        (
            "[\"billing/refund\", \"billing/refnd\"].exists(t, t == topic)",
            "rule 'r' names the topic 'billing/refnd', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "[\"billing/\", \"biling/\"].filter(area, topic.startsWith(area)).size() > 0",
            "rule 'r' asks whether the topic starts with 'biling/', and no topic of the model does: did you mean \
             'billing'?",
        ),
        (
            "![\"billing\", \"biling\"].all(area, !topic.contains(area))",
            "rule 'r' asks whether the topic contains 'biling', and no topic of the model does: did you mean 'billing'?",
        ),
        (
            "topic in [\"billing/refund\"] + [\"billing/refnd\"]",
            "rule 'r' names the topic 'billing/refnd', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "topic.matches(\"^(biling|billing)/\")",
            "rule 'r' asks whether the topic matches '^(biling|billing)/' by its alternative 'biling', and no topic of \
             the model does: did you mean 'billing'?",
        ),
        (
            "!topic.matches(\"(?i)REFUND|BILLING/(refnd|refund)\")",
            "rule 'r' asks whether the topic matches '(?i)REFUND|BILLING/(refnd|refund)' by its alternative 'refnd', and \
             no topic of the model does: did you mean 'refund'?",
        ),
        (
            "topic.matches(\"^billing/(refund|refnd)?$\")",
            "rule 'r' asks whether the topic matches '^billing/(refund|refnd)?$' by its alternative 'refnd', and no topic \
             of the model does: did you mean 'refund'?",
        ),
        (
            "topic in [\"refund\", \"refnd\"].map(t, \"billing/\" + t)",
            "rule 'r' names the topic 'billing/refnd', which the model lacks: did you mean 'billing/refund'?",
        ),
        (
            "topic.size() == 0",
            "what rule 'r' asks here is true of no topic of the model: drop it",
        ),
        (
            "topic < \"a\"",
            "what rule 'r' asks here is true of no topic of the model: drop it",
        ),
        (
            "topic != \"\"",
            "rule 'r' compares the topic with an empty text, and the model gives each ticket a topic: drop it",
        ),
        (
            "facets[\"sentiment\"] != \"\"",
            "rule 'r' compares the facet 'sentiment' with an empty text, which no label is: ask with \
             has(facets.sentiment) whether there is one",
        ),
        (
            "facets.sentiment.size() == 0",
            "what rule 'r' asks here is true of no label that the model gives the facet 'sentiment': ask with \
             has(facets.sentiment) whether there is one",
        ),
    ] {
        let labels = sample_labels();
        let policy = format!(
            "version: 1\nqueues: {{a: {{}}}}\nrules: [{{id: r, when: '{when}', otherwise: a}}]\ndefault: {{queue: a}}\n"
        );
        let policy = Policy::parse(&policy, "p.yaml").unwrap_or_else(|errors| panic!("{errors}"));
        let errors = policy.check_labels(&labels).unwrap_err();
        let [fault] = errors.0.faults.as_slice() else {
            panic!("{when}: {errors}");
        };
        assert_eq!(fault.message, told, "{when}");
        assert_eq!(fault.position.unwrap().line, 3);
    }
    for when in [
        "has(facets.sentiment) && \"sentiment\" in facets",
        "facets.sentiment.startsWith(\"neg\") || facets.sentiment != \"positive\"",
        "topic.contains(\"bill\") || topic.matches(\"(?i)REFUND$\") || size(topic) > 3",
        "!topic.endsWith(\"/refund\") && topic < \"p\"",
        "[\"billing/refund\", customer.tier].exists(t, t == topic)",
        "ticket.tags.exists(t, t == topic) || topic == ticket.attributes.topic",
        "[\"billing\", \"account\"].exists(area, topic.startsWith(area + \"/\"))",
        "[\"billing/refund\", \"vip\"].exists(t, t in ticket.tags) || topic.size() != 0",
        "topic.contains(\"/\") == true && topic.contains(\"refund\") == false",
        "topic.matches(\"^(billing|account)/(refund|login)s?$\") || topic.matches(\"^billing(/|_|-)\")",
        "topic.matches(\"(?i)REFUND|BILLING\") || topic.matches(\"^([a-z]+|/)+$\") || topic.matches(\"refund(s|ed)?$\")",
        "[\"a\", \"b\"].exists(t, t == customer.tier) && facets.sentiment.matches(\"^(nega|posi)tive$|^neutral$\")",
    ] {
        let policy = format!(
            "version: 1\nqueues: {{a: {{}}}}\nrules: [{{id: r, when: '{when}', otherwise: a}}]\ndefault: {{queue: a}}\n"
        );
        let policy = Policy::parse(&policy, "p.yaml").unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(policy.check_labels(&sample_labels()), Ok(()), "{when}");
    }
}

#[test]
fn policy_roster_and_labels_are_checked_in_one_go() {
    let text = "version: 1\nskills: [tech]\nqueues: {a: {}}\nrules:\n  \
                - {id: r, when: 'foo && topic == \"biling/refund\" && ticket.channel == \"emial\"', otherwise: a}\n  \
                - {id: q, when: 'topic == null || topic == 5', otherwise: a}\n  \
                - {id: s, when: 'ticket.last_agent_id == \"anna\"', otherwise: b}\n";
    let roster = "version: 1\nagents: [{id: ana, presence: away, capacity: 1, skills: {tec: 1}}]\n";
    let roster = Roster::parse(roster, "r.yaml").unwrap();
    let labels = sample_labels();
    let against = PolicyAgainst {
        roster: Some(&roster),
        labels: Some(&labels),
    };
    let told = Policy::parse_against(text, "p.yaml", against)
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        "p.yaml:1:1: a policy needs 'default'
p.yaml:5:20: unknown variable 'foo': use one of topic, topic_confidence, urgency, facets, ticket, customer, now, \
         waited, LOW, NORMAL, HIGH, URGENT
p.yaml:5:36: rule 'r' names the topic 'biling/refund', which the model lacks: did you mean 'billing/refund'?
p.yaml:5:73: unknown channel 'emial': did you mean 'email'?
p.yaml:6:29: nothing here is ever null: a text that is absent is empty, so compare with \"\"
p.yaml:6:43: a text can never equal a whole number
p.yaml:7:44: names the agent 'anna', who is not in r.yaml: did you mean 'ana'?
p.yaml:7:64: unknown queue 'b': did you mean 'a'?
r.yaml:2:10: agent 'ana' has the unknown skill 'tec': did you mean 'tech'?"
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
