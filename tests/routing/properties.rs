//! What holds for any roster, any case and any text.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use triage::routing::{Agent, Policy, Presence, Roster};
use triage::ticket::Urgency;

use crate::case::{Case, TOPICS, classify, now, sample_policy, ticket};

fn any_agent() -> impl Strategy<Value = Agent> {
    const SKILLS: [&str; 7] = [
        "billing",
        "refunds",
        "tech",
        "api",
        "fraud",
        "retention",
        "lang_de",
    ];
    let skills =
        proptest::collection::btree_map(proptest::sample::select(&SKILLS[..]), 1..=5_u8, 0..6);
    const QUEUES: [&str; 5] = [
        "billing",
        "security",
        "b2b_support",
        "customer_relations",
        "human_triage",
    ];
    let queues = proptest::collection::btree_set(proptest::sample::select(&QUEUES[..]), 1..4);
    (
        skills,
        proptest::option::of(queues),
        proptest::sample::select(Presence::ALL),
        proptest::bool::weighted(0.2),
        0..4_u32,
        0..4_u32,
        proptest::option::of(0..5_i64),
    )
        .prop_map(
            |(skills, queues, presence, on_leave, capacity, load, idle)| Agent {
                id: String::new(),
                name: String::new(),
                skills: skills
                    .into_iter()
                    .map(|(skill, level)| (skill.to_owned(), level))
                    .collect(),
                queues: queues.map(|queues| queues.into_iter().map(str::to_owned).collect()),
                presence,
                on_leave,
                capacity,
                load,
                idle_since: idle.map(|hour| now() - SignedDuration::from_hours(hour)),
                last_assigned_at: None,
                shift: None,
            },
        )
}

fn any_agents() -> impl Strategy<Value = Vec<Agent>> {
    proptest::collection::vec(any_agent(), 0..14).prop_map(|mut agents| {
        for (number, agent) in agents.iter_mut().enumerate() {
            agent.id = format!("agent-{number}");
        }
        agents
    })
}

fn any_case() -> impl Strategy<Value = (&'static str, Urgency, &'static str, i64, bool)> {
    (
        (0..TOPICS.len()).prop_map(|index| TOPICS[index].0),
        proptest::sample::select(Urgency::ALL),
        proptest::sample::select(&["", "vip", "business"][..]),
        0..400_i64,
        any::<bool>(),
    )
}

fn build(agents: Vec<Agent>, case: (&str, Urgency, &str, i64, bool), policy: Policy) -> Case {
    let (topic, urgency, tier, minutes, known) = case;
    let mut ticket = ticket();
    ticket.customer.tier = tier.into();
    ticket.last_agent_id = known.then(|| "agent-3".to_owned());
    Case {
        ticket,
        classification: classify(topic, urgency),
        policy,
        roster: Some(Roster::new(agents, "generated").unwrap()),
        waited: SignedDuration::from_mins(minutes),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nobody_who_cannot_take_it_is_ever_a_candidate(agents in any_agents(), case in any_case()) {
        let case = build(agents, case, sample_policy());
        let decision = case.decide();
        let roster = case.roster.as_ref().unwrap();
        for candidate in &decision.candidates {
            let agent = roster.agent(&candidate.agent_id).unwrap();
            prop_assert!(!agent.on_leave);
            // The sample policy's last resort overlooks these two, in one queue.
            let last_resort = decision.last_resort && decision.queue == "safety_desk";
            prop_assert!(agent.presence == Presence::Available
                || last_resort && agent.presence == Presence::Busy);
            prop_assert!(agent.load < agent.capacity || last_resort);
            prop_assert_eq!(candidate.despite.is_some(), decision.last_resort);
            for (skill, level) in &decision.required_skills {
                prop_assert!(agent.skills.get(skill).is_some_and(|held| held >= level));
            }
            let serves = agent.queues.as_ref().is_none_or(|queues| queues.contains(&decision.queue));
            let asked_for = decision.preferred_agent.as_ref() == Some(&agent.id);
            prop_assert!(serves || asked_for);
        }
        let listed: BTreeSet<_> = decision.candidates.iter().map(|one| &one.agent_id)
            .chain(decision.rejected.iter().map(|one| &one.agent_id)).collect();
        prop_assert!(decision.preferred_agent.is_some() || listed.len() == roster.agents().len());
        if let Some(chosen) = &decision.agent {
            prop_assert_eq!(Some(chosen), decision.candidates.first().map(|one| &one.agent_id));
        }
        prop_assert_eq!(decision.requires_human, decision.abstain_reason.is_some());
        prop_assert!(decision.priority <= 100);
        prop_assert!(case.policy.has_queue(&decision.queue));
        if let Some(next) = decision.next_evaluation_at {
            prop_assert!(next > now());
        }
    }

    #[test]
    fn the_order_of_the_roster_does_not_matter(
        (agents, shuffled) in any_agents().prop_flat_map(|agents| {
            (Just(agents.clone()), Just(agents).prop_shuffle())
        }),
        case in any_case(),
    ) {
        let decision = build(agents, case, sample_policy()).decide();
        prop_assert_eq!(&build(shuffled, case, sample_policy()).decide(), &decision);
    }

    #[test]
    fn the_same_input_gives_the_same_decision(agents in any_agents(), case in any_case()) {
        let decide = || build(agents.clone(), case, sample_policy()).decide();
        prop_assert_eq!(decide(), decide());
    }

    #[test]
    fn a_later_rule_never_affects_an_earlier_match(
        agents in any_agents(),
        case in any_case(),
        later in proptest::sample::select(&[
            "true", "topic.startsWith(\"billing/\")", "customer.tier == \"vip\"", "topic.matches(\"a\")",
            "in_hours(\"desk\")", "customer.attributes.none == \"x\"",
        ][..]),
    ) {
        let text = std::fs::read_to_string("policies/sample.yaml").unwrap();
        let rule = format!(
            "  - {{id: later, when: '{later}', priority: 1, steps: [{{queue: sales, order_by: [round_robin]}}]}}\n"
        );
        let (before, after) = text.split_once("# Whatever no rule takes").unwrap();
        let longer = format!("{before}{rule}\n# Whatever no rule takes{after}");
        let longer = Policy::parse(&longer, "longer").unwrap_or_else(|errors| panic!("{errors}"));
        let decision = build(agents.clone(), case, sample_policy()).decide();
        let with_later = build(agents, case, longer).decide();
        if decision.rule.as_ref() == "default" {
            prop_assert!(["default", "later"].contains(&with_later.rule.as_ref()));
        } else {
            prop_assert_eq!(decision, with_later);
        }
    }

    #[test]
    fn an_agent_more_never_takes_a_ticket_from_everybody(
        agents in any_agents(), one_more in any_agent(), case in any_case(),
    ) {
        let mut all = agents.clone();
        all.push(Agent { id: "one-more".to_owned(), ..one_more });
        let before = build(agents, case, sample_policy()).decide();
        let after = build(all, case, sample_policy()).decide();
        if before.stage == after.stage && before.step == after.step && before.queue == after.queue {
            prop_assert!(before.agent.is_none() || after.agent.is_some());
            let still = |id: &String| after.candidates.iter().any(|one| one.agent_id == *id);
            prop_assert!(before.last_resort || before.candidates.iter().all(|one| still(&one.agent_id)));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[ -~\n]{0,200}", condition in "[ -~]{0,60}") {
        let _ = Policy::parse(&text, "p");
        let _ = Roster::parse(&text, "r");
        let quoted = condition.replace('\'', "''");
        let policy = format!(
            "version: 1\nqueues: {{a: {{}}}}\nrules:\n  - {{id: r, when: '{quoted}', otherwise: a}}\ndefault: {{queue: a}}\n"
        );
        let _ = Policy::parse(&policy, "p");
    }

    #[test]
    fn any_sequence_of_words_is_read_or_refused_without_a_panic(
        words in proptest::collection::vec(proptest::sample::select(&[
            "topic", "urgency", "HIGH", "ticket", ".tags", ".exists(", "t,", ")", "(", "==", ">=", "&&", "||",
            "!", "in", "[", "]", "\"a/b\"", "1", "2.5", "-", "?", ":", "has(", ".size()", "now", "waited", "{", "}",
            "duration(\"1h\")", "customer.tier", "facets", "[\"x\"]", "+", ",",
        ][..]), 0..14),
    ) {
        let condition = words.join(" ");
        let policy = format!(
            "version: 1\nqueues: {{a: {{}}}}\nrules:\n  - {{id: r, when: '{condition}', otherwise: a}}\ndefault: {{queue: a}}\n"
        );
        if let Ok(policy) = Policy::parse(&policy, "p") {
            let case = build(Vec::new(), ("a/b", Urgency::High, "vip", 1, true), policy);
            let _ = case.decide();
        }
    }
}
