//! Tickets that the model is in doubt about, and those no rule foresaw.

use triage::classifier::AbstainReason;
use triage::routing::{Policy, Stage, TraceValue};
use triage::ticket::Urgency;

use crate::case::{Case, in_doubt};

#[test]
fn a_topic_in_doubt_goes_to_a_person() {
    let mut case = Case::sample("billing/refund", Urgency::Normal);
    case.classification = in_doubt(
        AbstainReason::Ambiguous,
        &[("billing/refund", 0.4), ("delivery/delay", 0.38)],
    );
    let decision = case.decide();
    assert_eq!(
        (decision.queue.as_str(), decision.rule.as_ref()),
        ("human_triage", "default")
    );
    assert_eq!(decision.abstain_reason, Some(AbstainReason::Ambiguous));
    assert!(decision.requires_human && decision.trace.is_empty());
    let led_to: Vec<_> = decision
        .destinations
        .iter()
        .map(|one| one.queue.as_str())
        .collect();
    assert_eq!(led_to, ["billing", "logistics"]);
}

#[test]
fn two_close_topics_with_one_destination_are_not_in_doubt() {
    let mut case = Case::sample("billing/refund", Urgency::Normal);
    let close = [("billing/refund", 0.4), ("billing/charge_dispute", 0.38)];
    case.classification = in_doubt(AbstainReason::Ambiguous, &close);
    let decision = case.decide();
    assert_eq!(
        (decision.queue.as_str(), decision.rule.as_ref()),
        ("billing", "refund")
    );
    assert_eq!(
        (decision.abstain_reason, decision.destinations.len()),
        (None, 2)
    );

    let improbable = [("billing/refund", 0.2), ("billing/charge_dispute", 0.18)];
    case.classification = in_doubt(AbstainReason::LowConfidence, &improbable);
    assert_eq!(
        case.decide().abstain_reason,
        Some(AbstainReason::LowConfidence)
    );

    for reason in [
        AbstainReason::OutOfScope,
        AbstainReason::UnsupportedLanguage,
    ] {
        case.classification = in_doubt(reason, &close);
        assert_eq!(case.decide().abstain_reason, Some(reason));
    }
    let close = [("account/login", 0.4), ("account/profile", 0.38)];
    case.classification = in_doubt(AbstainReason::Ambiguous, &close);
    let decision = case.decide();
    assert_eq!(decision.queue, "front_line");
    assert_eq!(
        decision.self_service_article, None,
        "which article would it be?"
    );
}

#[test]
fn a_doubt_between_two_topics_of_one_queue_goes_to_a_person_if_either_always_does() {
    let mut case = Case::sample("billing/refund", Urgency::Normal);
    case.roster = None;
    case.policy = Policy::parse(
        "version: 1\nqueues: {desk: {}, rest: {}}\nalways_human: [safety/*]\nrules:\n  \
         - {id: hazards, when: 'topic == \"safety/incident\"', otherwise: desk}\n  \
         - {id: faults, when: 'topic == \"product/defect\"', otherwise: desk}\ndefault: {queue: rest}\n",
        "p.yaml",
    )
    .unwrap();
    let orders = [
        (["product/defect", "safety/incident"], "faults"),
        (["safety/incident", "product/defect"], "hazards"),
    ];
    for ([first, second], rule) in orders {
        let close = [(first, 0.41), (second, 0.39)];
        case.classification = in_doubt(AbstainReason::Ambiguous, &close);
        let decision = case.decide();
        assert_eq!(
            (decision.queue.as_str(), decision.rule.as_ref()),
            ("desk", rule)
        );
        assert!(decision.requires_human, "{first} or {second}");
        assert_eq!(decision.abstain_reason, Some(AbstainReason::AlwaysHuman));
        assert_eq!(decision.destinations.len(), 2);
    }
}

#[test]
fn an_empty_ticket_and_an_unforeseen_topic_go_to_a_person() {
    let mut case = Case::sample("billing/refund", Urgency::Normal);
    case.ticket.body = "  ".into();
    let decision = case.decide();
    assert_eq!(decision.queue, "human_triage");
    assert_eq!(decision.abstain_reason, Some(AbstainReason::EmptyText));

    let decision = Case::sample("garden/gnomes", Urgency::Urgent).decide();
    assert_eq!(
        (decision.queue.as_str(), decision.stage),
        ("human_triage", Stage::Default)
    );
    assert_eq!(decision.abstain_reason, Some(AbstainReason::NoRuleMatched));
    assert_eq!(decision.priority, 90);
    assert_eq!(decision.trace.len(), case.policy.rule_ids().count());
}

#[test]
fn a_condition_that_cannot_be_evaluated_counts_as_false_and_is_traced() {
    let mut case = Case::sample("billing/subscription", Urgency::Normal);
    case.classification.facets.clear();
    let decision = case.decide();
    assert_eq!(decision.rule.as_ref(), "membership");
    let leaving = decision
        .trace
        .iter()
        .find(|entry| entry.rule.as_ref() == "about-to-leave");
    let TraceValue::Error(message) = &leaving.unwrap().value else {
        panic!("{leaving:?} is no error");
    };
    assert!(message.contains("sentiment"), "{message}");
}
