//! What is found and, as important, what is not.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::classifier::{Classification, Prediction};
use crate::routing::{DecisionInput, decide};
use crate::ticket::{Customer, Ticket, Urgency};

fn lints(rules: &[(&str, &str)]) -> Vec<String> {
    let mut text = String::from("version: 1\nqueues: {a: {}}\ndefault: {queue: a}\nrules:\n");
    for (id, when) in rules {
        text.push_str(&format!("  - {{id: {id}, when: '{when}', otherwise: a}}\n"));
    }
    let policy = Policy::parse(&text, "p").unwrap_or_else(|errors| panic!("{errors}"));
    policy
        .lint(&text, PolicyAgainst::default())
        .into_iter()
        .map(|lint| format!("{}: {}", lint.kind, lint.fault.message))
        .collect()
}

/// Whether the last rule is found to be out of reach.
fn hidden(conditions: &[&str]) -> bool {
    let ids: Vec<String> = (0..conditions.len())
        .map(|index| format!("r{index}"))
        .collect();
    let rules: Vec<(&str, &str)> = ids
        .iter()
        .map(String::as_str)
        .zip(conditions.iter().copied())
        .collect();
    let last = format!("rule 'r{}'", conditions.len() - 1);
    lints(&rules).iter().any(|lint| lint.contains(&last))
}

#[test]
fn a_rule_behind_others_is_named_with_them() {
    assert_eq!(
        lints(&[
            ("area", r#"topic.startsWith("billing/")"#),
            ("refund", r#"topic == "billing/refund" && urgency >= HIGH"#),
            ("same", r#"topic.startsWith( "billing/" )"#),
            ("never", r#"topic == "a" && topic == "b""#),
            ("percent", "topic_confidence > 90.0"),
        ]),
        [
            "unreachable-rule: rule 'refund' is never reached: whenever its condition holds, that of rule 'area' \
             (line 5) holds too; move it up or drop it",
            "duplicate-condition: rule 'same' is never reached: rule 'area' (line 5) has the same condition; \
             keep one of them",
            "never-holds: the condition of rule 'never' can never hold: no ticket meets all of its parts",
            "never-holds: the condition of rule 'percent' can never hold: no ticket meets all of its parts",
        ]
    );
}

#[test]
fn only_the_rules_that_are_needed_are_named() {
    assert_eq!(
        lints(&[
            ("a", r#"topic.startsWith("billing/")"#),
            ("d", r#"waited < duration("0s")"#),
            ("g", r#"customer.tier == "vip" || customer.tier != "vip""#),
            ("h", r#"ticket.channel == "email""#),
        ]),
        [
            "never-holds: the condition of rule 'd' can never hold: no ticket meets all of its parts",
            "unreachable-rule: rule 'h' is never reached: whenever its condition holds, that of rule 'g' (line 7) \
             holds too; move it up or drop it",
        ]
    );
}

#[test]
fn what_follows_from_earlier_conditions_is_hidden() {
    for conditions in [
        &[r#"topic in ["a", "b"]"#, r#"topic == "a""#][..],
        &[r#"topic == "a" || topic == "b""#, r#"topic in ["b", "a"]"#],
        &[
            r#"topic == "a""#,
            r#"topic == "b""#,
            r#"topic in ["a", "b"]"#,
        ],
        &[r#"topic.contains("ill")"#, r#"topic == "billing/refund""#],
        &[
            r#"topic.endsWith("refund")"#,
            r#"topic.startsWith("x") && topic.endsWith("/refund")"#,
        ],
        &["urgency >= HIGH", "urgency == URGENT"],
        &["topic_confidence >= 0.0", r#"topic == "a""#],
        &["topic_confidence <= 1.0", r#"topic == "a""#],
        &["urgency >= HIGH", "urgency <= NORMAL", r#"topic == "a""#],
        &["urgency != LOW", "HIGH <= urgency"],
        &["urgency in [LOW, NORMAL]", "!(urgency > NORMAL)"],
        &[
            r#"customer.tier == "vip""#,
            r#"customer.tier != "vip""#,
            "true",
        ],
        &[
            r#"topic == "a" && urgency >= HIGH"#,
            r#"topic == "a" && urgency < HIGH"#,
            r#"topic == "a""#,
        ],
        &[
            r#"facets.mood == "bad""#,
            r#"topic == "a" && facets.mood == "bad""#,
        ],
        // The facet is there, because the condition asks for it.
        &[
            r#"facets.mood == "bad""#,
            r#"facets.mood != "bad""#,
            r#"facets["mood"] in ["bad", "good"]"#,
        ],
        &["topic_confidence > 0.5", "topic_confidence >= 0.8"],
        &[r#"waited < duration("5m")"#, r#"waited <= duration("60s")"#],
        &[
            "waited.getMinutes() > 3",
            r#"topic == "a" && waited.getMinutes() > 3"#,
        ],
        &["true", "now.getHours() > 3"],
        &[r#"!topic.startsWith("a/")"#, r#"topic.startsWith("b/")"#],
    ] {
        assert!(hidden(conditions), "{conditions:?}");
    }
}

#[test]
fn what_can_hold_by_itself_is_left_alone() {
    for conditions in [
        &[r#"topic == "a""#, r#"topic.startsWith("a")"#][..],
        &[r#"topic.startsWith("a/b")"#, r#"topic.startsWith("a/")"#],
        &[r#"topic in ["a", "b"]"#, r#"topic in ["a", "c"]"#],
        &["urgency >= HIGH", "urgency >= NORMAL"],
        &["urgency == HIGH", "urgency == LOW"],
        &[r#"topic == "a" && urgency >= HIGH"#, r#"topic == "a""#],
        &[r#"topic == "a" || urgency >= HIGH"#, r#"topic == "b""#],
        // A ticket without the facet meets neither of the first two.
        &[r#"facets.mood == "bad""#, r#"facets.mood != "bad""#, "true"],
        &[
            r#"facets.mood == "bad""#,
            r#"!(facets.mood == "bad")"#,
            r#"topic == "a""#,
        ],
        &["topic_confidence > 0.5", "topic_confidence >= 0.5"],
        &["topic_confidence < 0.5", "topic_confidence > 0.5"],
        &[r#"waited > duration("5m")"#, r#"waited > duration("4m")"#],
        &["now.getHours() > 3", "now.getHours() > 4"],
        &[r#"topic.matches("a+")"#, r#"topic == "aa""#],
        &[r#"topic.contains("a")"#, r#"topic.contains("b")"#],
        &[
            r#"topic.startsWith("a") && topic.endsWith("b")"#,
            r#"topic.startsWith("a")"#,
        ],
        &[r#"customer.tier == "vip""#, r#"customer.id == "vip""#],
    ] {
        assert!(!hidden(conditions), "{conditions:?}");
    }
}

#[test]
fn a_condition_that_excludes_itself_is_found_however_it_is_written() {
    for condition in [
        "urgency > HIGH && urgency < HIGH",
        r#"topic.startsWith("a/") && topic.startsWith("b/")"#,
        r#"topic in ["a", "b"] && !topic.startsWith("a") && topic != "b""#,
        r#"customer.tier == "vip" && !(customer.tier in ["vip", "business"])"#,
        "topic_confidence > 0.9 && topic_confidence < 0.5",
        "false",
        "now.getHours() > 3 && !(now.getHours() > 3)",
    ] {
        assert!(hidden(&[condition]), "{condition}");
    }
}

#[test]
fn many_alternatives_are_given_up_in_bounded_time() {
    let part = |index: usize| format!(r#"(topic == "t{index}" || customer.tier == "c{index}")"#);
    let all: Vec<String> = (0..40).map(part).collect();
    let all = all.join(" && ");
    let subsets: Vec<String> = (0..60)
        .map(|index| format!(r#"ticket.subject.contains("s{index}") && customer.id != "{index}""#))
        .collect();
    let mut conditions: Vec<&str> = subsets.iter().map(String::as_str).collect();
    conditions.extend([all.as_str(), r#"topic == "x""#]);
    assert!(!hidden(&conditions));
}

#[test]
fn declared_names_that_nothing_uses_are_found_where_they_stand() {
    let text = "version: 1\nskills: [tech, idle]\nqueues: {a: {overflow: b}, b: {}, lonely: {overflow: a}}\n\
        rules:\n  - {id: r, when: 'true', steps: [{queue: a, require: {tech: 1}}]}\ndefault: {queue: a}\n";
    let policy = Policy::parse(text, "p").unwrap();
    let found: Vec<_> = policy
        .lint(text, PolicyAgainst::default())
        .into_iter()
        .map(|lint| {
            let at = lint.fault.position.unwrap();
            (at.line, at.column, lint.fault.message)
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                2,
                16,
                "skill 'idle' is declared and no step asks for it: use it or drop it".to_owned()
            ),
            (
                3,
                35,
                "queue 'lonely' is declared and no ticket ever gets there: use it or drop it"
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn steps_that_the_roster_cannot_staff_are_found() {
    let text = "version: 1\nskills: [tech, law, api]\nqueues: {a: {}, b: {}, c: {}}\nrules:\n  \
        - id: r\n    when: topic == \"x\"\n    steps:\n      \
        - {queue: a, require: {tech: 4}, timeout: 1m}\n      - {queue: a, require: {law: 1}, timeout: 1m}\n      \
        - {queue: b, require: {tech: 1, api: 1}, timeout: 1m}\n    otherwise: c\ndefault: {queue: b}\n";
    let policy = Policy::parse(text, "p").unwrap();
    let roster = Roster::parse(
        "version: 1\nagents:\n  \
         - {id: ana, presence: offline, capacity: 2, skills: {tech: 5, api: 1}, queues: [a]}\n  \
         - {id: bob, presence: available, capacity: 2, skills: {tech: 1}, queues: [b]}\n  \
         - {id: cho, presence: available, capacity: 2, skills: {api: 2}, queues: [b]}\n  \
         - {id: dan, presence: available, on_leave: true, capacity: 2, queues: [c]}\n",
        "r",
    )
    .unwrap();
    let against = PolicyAgainst {
        roster: Some(&roster),
        labels: None,
    };
    let found: Vec<_> = policy
        .lint(text, against)
        .into_iter()
        .map(|lint| (lint.kind, lint.fault.position.map_or(0, |at| at.line)))
        .collect();
    assert_eq!(
        found,
        [
            (LintKind::QueueNobodyServes, 5),
            (LintKind::SkillOneHolds, 8),
            (LintKind::SkillNobodyHolds, 9),
            (LintKind::StepNobodyTakes, 10),
        ]
    );
}

/// Conditions over few values, so that they often exclude or imply each other.
fn condition() -> impl Strategy<Value = String> {
    let test = prop::sample::select(vec![
        r#"topic == "a/x""#,
        r#"topic != "a/y""#,
        r#"topic in ["a/x", "b/x"]"#,
        r#"topic.startsWith("a/")"#,
        r#"topic.endsWith("/x")"#,
        r#"topic.contains("/")"#,
        "urgency >= HIGH",
        "urgency == NORMAL",
        "LOW < urgency",
        "urgency in [LOW, URGENT]",
        r#"customer.tier == "vip""#,
        r#"customer.tier.startsWith("v")"#,
        r#"facets.mood == "bad""#,
        r#"facets.mood in ["bad", "good"]"#,
        "topic_confidence > 0.5",
        "topic_confidence <= 0.5",
        r#"waited >= duration("60s")"#,
        "waited.getMinutes() > 0",
        "true",
    ]);
    let leaf = test.prop_map(str::to_owned);
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

/// The rules that decide any ticket made of the values that conditions ask about.
fn deciding(policy: &Policy) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for topic in ["", "a/x", "a/y", "b/x", "c"] {
        for &urgency in Urgency::ALL {
            for tier in ["", "vip", "visitor"] {
                for mood in [None, Some("bad"), Some("dull")] {
                    for (confidence, waited) in [(0.5, 0), (0.75, 60), (0.5, 120), (0.75, 0)] {
                        let ticket = Ticket {
                            body: "?".to_owned(),
                            customer: Customer {
                                tier: tier.to_owned(),
                                ..Customer::default()
                            },
                            ..Ticket::default()
                        };
                        let classification = Classification {
                            topic: Some(Prediction::given(topic, confidence)),
                            area: None,
                            urgency: Some(Prediction::given(urgency.as_str(), 1.0)),
                            facets: mood
                                .map(|mood| ("mood".to_owned(), Prediction::given(mood, 1.0)))
                                .into_iter()
                                .collect(),
                        };
                        let decision = decide(&DecisionInput {
                            ticket: &ticket,
                            classification: &classification,
                            roster: None,
                            policy,
                            now: Timestamp::UNIX_EPOCH,
                            waited: SignedDuration::from_secs(waited),
                            deciding_words: &[],
                        });
                        found.insert(decision.rule.to_string());
                    }
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_rule_that_decides_a_ticket_is_called_unreachable(conditions in prop::collection::vec(condition(), 1..6)) {
        let mut text = String::from("version: 1\nqueues: {a: {}}\ndefault: {queue: a}\nrules:\n");
        for (index, when) in conditions.iter().enumerate() {
            text.push_str(&format!("  - {{id: r{index}, when: '{when}', otherwise: a}}\n"));
        }
        let policy = Policy::parse(&text, "p").unwrap();
        let deciding = deciding(&policy);
        for lint in policy.lint(&text, PolicyAgainst::default()) {
            let reachable = deciding.iter().any(|id| {
                let subject = format!("rule '{id}' ");
                lint.fault.message.starts_with(&subject) || lint.fault.message.contains(&format!("of {subject}can never"))
            });
            prop_assert!(!reachable, "{}\n{}", lint.fault.message, text);
        }
    }
}
