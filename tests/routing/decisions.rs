//! Where tickets go and who gets them, with the sample policy and roster.

use std::collections::BTreeMap;

use triage::classifier::AbstainReason;
use triage::routing::{Agent, Decision, Policy, Presence, RejectReason, Roster, Stage, TraceValue};
use triage::ticket::Urgency;

use crate::case::{Case, TOPICS, sample_labels, sample_policy, sample_roster};

#[test]
fn the_sample_policy_fits_the_sample_topics_and_roster() {
    let policy = sample_policy();
    let labels = sample_labels();
    policy
        .check_labels(&labels)
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(
        policy.unhandled_topics(&labels.topics),
        Vec::<String>::new()
    );
    sample_roster()
        .check_against(&policy)
        .unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn every_topic_goes_to_its_queue_and_to_somebody() {
    for (topic, queue) in TOPICS {
        let decision = Case::sample(topic, Urgency::Normal).decide();
        assert_eq!(decision.queue, queue, "{topic}");
        assert_ne!(decision.rule.as_ref(), "default", "{topic}");
        let somebody = decision.agent.is_some() || decision.self_service_article.is_some();
        assert!(somebody, "{topic}: {:?}", decision.rejected);
        let safety = topic == "safety/incident";
        assert_eq!(decision.requires_human, safety, "{topic}");
        assert_eq!(
            decision.abstain_reason,
            safety.then_some(AbstainReason::AlwaysHuman)
        );
    }
}

#[test]
fn the_answer_says_when_it_is_due_and_how_it_came_about() {
    let mut case = Case::sample("billing/charge_dispute", Urgency::Urgent);
    let decision = case.after(10);
    assert_eq!(decision.rule.as_ref(), "money-being-taken");
    assert_eq!(
        (decision.queue.as_str(), decision.priority),
        ("security", 92)
    );
    assert_eq!(
        decision.required_skills,
        BTreeMap::from([("fraud".to_owned(), 3)])
    );
    assert_eq!(
        decision.first_response_due,
        Some("2026-03-02T09:35:00Z".parse().unwrap())
    );
    assert_eq!(
        decision.next_evaluation_at,
        Some("2026-03-02T09:35:00Z".parse().unwrap())
    );
    assert_eq!((decision.stage, decision.step), (Stage::Step, Some(1)));
    assert_eq!(decision.tags, ["fraud"]);
    let (last, before) = decision.trace.split_last().unwrap();
    assert_eq!(last.value, TraceValue::True);
    assert!(before.iter().all(|entry| entry.value == TraceValue::False));
    assert_eq!(
        decision.agent.as_deref(),
        Some("ingrid"),
        "the only one with billing at 3 as well"
    );
    let shown = serde_json::to_value(&decision).unwrap();
    assert_eq!(shown["trace"][2]["rule"], "money-being-taken");
    assert_eq!(shown["trace"][2]["value"], "true");
    assert_eq!(shown["candidates"][0]["proficiency"]["fraud"], 4);
}

#[test]
fn waiting_relaxes_what_is_asked_for() {
    let mut case = Case::sample("billing/charge_dispute", Urgency::Urgent);
    assert_eq!(case.decide().step, Some(1));
    let later = case.after(15);
    assert_eq!((later.step, later.queue.as_str()), (Some(2), "billing"));
    assert_eq!(
        later.required_skills,
        BTreeMap::from([("billing".to_owned(), 3)])
    );
    assert_eq!(later.next_evaluation_at, None);
    assert_eq!(case.after(-5).step, Some(1));
    assert_eq!(case.after(i64::from(i32::MAX)).step, Some(2));
}

#[test]
fn a_vip_gets_the_agent_of_last_time_then_the_best_then_anyone_able() {
    let mut case = Case::sample("billing/refund", Urgency::High);
    case.ticket.customer.tier = "vip".into();
    case.ticket.last_agent_id = Some("emma".into());
    let decision = case.decide();
    assert_eq!(decision.rule.as_ref(), "vip-billing");
    assert_eq!(decision.agent.as_deref(), Some("emma"));
    assert_eq!(decision.candidates.len(), 1);
    assert_eq!(decision.priority, 90);

    let decision = case.after(2);
    assert_eq!(decision.step, Some(2));
    assert_eq!(
        decision.agent.as_deref(),
        Some("birgit"),
        "the most proficient"
    );
    assert_eq!(
        decision.next_evaluation_at,
        Some("2026-03-02T09:35:00Z".parse().unwrap())
    );
    assert_eq!(case.after(7).step, Some(3));
}

#[test]
fn a_preferred_agent_who_is_not_named_or_not_there_for_days_is_not_waited_for() {
    let mut case = Case::sample("billing/refund", Urgency::High);
    case.ticket.customer.tier = "vip".into();
    for last_agent_id in [None, Some("goran".to_owned()), Some("nobody".to_owned())] {
        case.ticket.last_agent_id = last_agent_id;
        let decision = case.decide();
        assert_eq!(decision.step, Some(2));
        assert_eq!(
            decision.next_evaluation_at,
            Some("2026-03-02T09:35:00Z".parse().unwrap())
        );
    }
    case.ticket.last_agent_id = Some("daniel".into());
    let decision = case.decide();
    assert_eq!(
        (decision.step, decision.agent),
        (Some(1), None),
        "away comes back"
    );
    assert_eq!(
        decision.rejected[0].reason,
        RejectReason::NotAvailable {
            presence: Presence::Away
        }
    );
}

#[test]
fn a_ticket_in_german_prefers_who_speaks_it_and_says_what_was_dropped() {
    let mut case = Case::sample("product/defect", Urgency::Normal);
    case.ticket.language = Some("de-AT".into());
    let decision = case.decide();
    assert_eq!(
        decision.preferred_skills,
        BTreeMap::from([("lang_de".to_owned(), 1)])
    );
    assert_eq!(
        decision.agent.as_deref(),
        Some("nadia"),
        "oliver speaks German and is full"
    );
    assert_eq!(decision.dropped_preferences, ["lang_de"]);
    case.ticket.language = Some("fr".into());
    assert_eq!(case.decide().dropped_preferences, Vec::<String>::new());

    let mut case = Case::sample("billing/invoice", Urgency::Normal);
    case.ticket.language = Some("de".into());
    let decision = case.decide();
    assert_eq!(decision.rule.as_ref(), "billing-in-german");
    assert_eq!(decision.agent.as_deref(), Some("birgit"));
    let relaxed = case.after(30);
    assert_eq!(
        relaxed.required_skills,
        BTreeMap::from([("billing".to_owned(), 2)])
    );
    assert_eq!(relaxed.candidates[0].preferred_held, ["lang_de"]);
}

#[test]
fn rejected_agents_come_with_reasons_the_closest_first() {
    let decision = Case::sample("product/defect", Urgency::Normal).decide();
    assert_eq!(decision.rejected[0].agent_id, "oliver");
    assert_eq!(
        decision.rejected[0].reason,
        RejectReason::Full {
            load: 6,
            capacity: 6
        }
    );
    let listed = decision.candidates.len() + decision.rejected.len();
    assert_eq!(listed, sample_roster().agents().len());
    let shown = serde_json::to_value(&decision.rejected[0]).unwrap();
    assert_eq!(shown["reason"], "FULL");
    assert_eq!(shown["agent_id"], "oliver");
}

#[test]
fn long_lists_of_agents_are_cut_and_counted() {
    let mut case = Case::sample("orders/status", Urgency::Normal);
    let copies = |name: &'static str, load| {
        let roster = sample_roster();
        let agent = roster.agent("hanna").unwrap().clone();
        (0..70).map(move |number| Agent {
            id: format!("{name}-{number}"),
            load,
            ..agent.clone()
        })
    };
    let agents = copies("free", 0).chain(copies("full", 6)).collect();
    case.roster = Some(Roster::new(agents, "request").unwrap());
    let decision = case.decide();
    assert_eq!(
        (decision.candidates.len(), decision.candidates_left_out),
        (50, 20)
    );
    assert_eq!(
        (decision.rejected.len(), decision.rejected_left_out),
        (50, 20)
    );
}

#[test]
fn without_a_roster_queue_and_skills_are_decided_alone() {
    let mut case = Case::sample("billing/refund", Urgency::Normal);
    case.roster = None;
    let decision = case.decide();
    assert_eq!(decision.queue, "billing");
    assert_eq!(
        decision.required_skills,
        BTreeMap::from([("refunds".to_owned(), 2)])
    );
    assert!(decision.agent.is_none() && decision.rejected.is_empty());
    assert!(!decision.requires_human);
}

#[test]
fn when_all_are_busy_the_ticket_waits_in_its_queue() {
    let mut case = Case::sample("technical/integration", Urgency::Normal);
    let agents = sample_roster().agents().to_vec();
    let away = |agent| Agent {
        presence: Presence::Away,
        ..agent
    };
    case.roster = Some(Roster::new(agents.into_iter().map(away).collect(), "r").unwrap());
    let decision = case.decide();
    assert_eq!(decision.queue, "b2b_support");
    assert_eq!(
        decision.required_skills,
        BTreeMap::from([("api".to_owned(), 2)])
    );
    assert_eq!((decision.agent, decision.abstain_reason), (None, None));
}

#[test]
fn when_nobody_could_ever_take_it_otherwise_or_the_overflow_does() {
    let without = |skill: &str| {
        let agents = sample_roster().agents().to_vec();
        let unlearn = |mut agent: Agent| {
            agent.skills.remove(skill);
            agent
        };
        Some(Roster::new(agents.into_iter().map(unlearn).collect(), "r").unwrap())
    };
    let mut case = Case::sample("technical/integration", Urgency::High);
    case.roster = without("api");
    let decision = case.decide();
    assert_eq!(
        (decision.queue.as_str(), decision.stage),
        ("tech_support", Stage::Overflow)
    );
    assert_eq!(
        decision.abstain_reason,
        Some(AbstainReason::NoEligibleAgent)
    );
    assert!(decision.requires_human && decision.required_skills.is_empty());
    assert!(decision.agent.is_some());

    let mut case = Case::sample("privacy/data_request", Urgency::Normal);
    case.roster = without("privacy");
    let decision = case.decide();
    assert_eq!(
        (decision.queue.as_str(), decision.stage),
        ("human_triage", Stage::Otherwise)
    );
    assert_eq!(
        decision.abstain_reason,
        Some(AbstainReason::NoEligibleAgent)
    );

    let mut case = Case::sample("privacy/data_request", Urgency::Normal);
    case.roster = Some(Roster::new(Vec::new(), "r").unwrap());
    let decision = case.decide();
    assert_eq!(decision.queue, "human_triage");
    assert_eq!(
        decision.abstain_reason,
        Some(AbstainReason::NoEligibleAgent)
    );
}

#[test]
fn a_step_that_nobody_could_take_is_skipped_at_once() {
    let mut case = Case::sample("technical/integration", Urgency::High);
    let agents = sample_roster().agents().to_vec();
    let forget = |mut agent: Agent| {
        agent
            .skills
            .entry("api".into())
            .and_modify(|level| *level = (*level).min(3));
        agent
    };
    case.roster = Some(Roster::new(agents.into_iter().map(forget).collect(), "r").unwrap());
    assert_eq!(case.decide().step, Some(2));
    assert_eq!(case.after(29).step, Some(2));
    assert_eq!(case.after(30).step, Some(3));
}

#[test]
fn after_the_last_timeout_comes_otherwise() {
    let policy = "version: 1\nqueues: {a: {}, b: {overflow: a}, c: {}}\nrules:\n  - id: r\n    when: \"true\"\n    \
                  steps: [{queue: b, timeout: 5m}, {queue: c, timeout: 5m}]\n    otherwise: a\ndefault: {queue: a}\n";
    let mut case = Case::sample("x", Urgency::Low);
    case.policy = Policy::parse(policy, "p").unwrap();
    let at = |decision: Decision| (decision.queue, decision.stage, decision.next_evaluation_at);
    case.roster = None;
    assert_eq!(at(case.after(9)).0, "c");
    assert_eq!(at(case.after(10)), ("a".into(), Stage::Otherwise, None));
    assert_eq!(
        case.decide().first_response_due,
        None,
        "the policy sets no target"
    );
    assert_eq!(case.decide().priority, 20);
}

#[test]
fn a_known_answer_is_given_instead_of_an_agent() {
    let decision = Case::sample("account/login", Urgency::Normal).decide();
    assert_eq!(
        decision.self_service_article.as_deref(),
        Some("kb/reset-password")
    );
    assert_eq!(
        decision.agent, None,
        "nobody is asked before the article was tried"
    );
    assert_eq!(
        Case::sample("account/login", Urgency::High)
            .decide()
            .self_service_article,
        None
    );
}
