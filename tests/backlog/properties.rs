//! What holds for any tickets and any agents.

use std::collections::BTreeMap;

use proptest::prelude::*;
use triage::routing::{Agent, Assigned, Presence};
use triage::ticket::Urgency;

use crate::desk::{Known, TOPICS, agent, agents_of, give_out, known, now, policy, roster};
use crate::reference::{decide_one, given_out_at_best, one_by_one, order};

/// Skills, queues, presence, on leave, capacity, load, and for how many hours idle.
type Fields = (
    BTreeMap<&'static str, u8>,
    Option<std::collections::BTreeSet<&'static str>>,
    Presence,
    bool,
    u32,
    u32,
    Option<i64>,
);

fn any_agents() -> impl Strategy<Value = Vec<Agent>> {
    let skill = proptest::sample::select(&["tech", "api", "lang_de"][..]);
    let skills = proptest::collection::btree_map(skill, 1..=5_u8, 0..4);
    let queue = proptest::sample::select(&["tech", "api", "rest"][..]);
    let queues = proptest::option::of(proptest::collection::btree_set(queue, 1..3));
    let presence = proptest::sample::select(
        &[
            Presence::Available,
            Presence::Available,
            Presence::Available,
            Presence::Busy,
            Presence::Away,
        ][..],
    );
    let one = (
        skills,
        queues,
        presence,
        proptest::bool::weighted(0.1),
        0..5_u32,
        0..3_u32,
        proptest::option::of(0..5_i64),
    );
    let build = |(number, fields): (usize, Fields)| {
        let (skills, queues, presence, on_leave, capacity, load, idle) = fields;
        let skills: Vec<_> = skills.into_iter().collect();
        Agent {
            queues: queues.map(|queues| queues.into_iter().map(str::to_owned).collect()),
            presence,
            on_leave,
            idle_since: idle.map(|hours| now() - jiff::SignedDuration::from_hours(hours)),
            ..agent(&format!("agent-{number}"), &skills, capacity, load)
        }
    };
    proptest::collection::vec(one, 0..9)
        .prop_map(move |agents| agents.into_iter().enumerate().map(build).collect())
}

fn any_tickets() -> impl Strategy<Value = Vec<Known>> {
    let one = (
        proptest::sample::select(&TOPICS[..]),
        proptest::sample::select(Urgency::ALL),
        prop_oneof![0..90_i64, 0..9_000_i64],
        any::<bool>(),
        proptest::option::of(0..6_usize),
    );
    let build = |(number, (topic, urgency, minutes, german, last)): (
        usize,
        (&str, Urgency, i64, bool, Option<usize>),
    )| {
        let mut known = known(&format!("T-{number}"), topic, urgency, minutes);
        known.ticket.language = german.then(|| "de".to_owned());
        known.ticket.last_agent_id = last.map(|number| format!("agent-{number}"));
        known
    };
    proptest::collection::vec(one, 0..25)
        .prop_map(move |tickets| tickets.into_iter().enumerate().map(build).collect())
}

fn given_out(assigned: &[Assigned]) -> Vec<bool> {
    let agents = assigned.iter().map(|one| one.decision.agent.is_some());
    agents.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn where_nothing_must_move_it_is_one_decision_after_the_other(
        tickets in any_tickets(), agents in any_agents(),
    ) {
        let policy = policy();
        let assigned = give_out(&tickets, &agents, &policy);
        let mut turns: Vec<usize> = (0..tickets.len()).collect();
        turns.sort_by_key(|&index| assigned[index].turn);
        prop_assert_eq!(turns, order(&tickets, &agents, &policy));
        if assigned.iter().all(|one| !one.made_room) {
            let decisions: Vec<_> = assigned.into_iter().map(|one| one.decision).collect();
            prop_assert_eq!(decisions, one_by_one(&tickets, &agents, &policy));
        }
    }

    #[test]
    fn each_ticket_is_given_out_in_its_turn_if_any_way_leaves_room_for_it(
        mut tickets in any_tickets(), agents in any_agents(),
    ) {
        // Without those whom the last resort is for.
        tickets.retain(|known| known.waited < jiff::SignedDuration::from_hours(1));
        let policy = policy();
        let assigned = give_out(&tickets, &agents, &policy);
        prop_assert_eq!(given_out(&assigned), given_out_at_best(&tickets, &agents, &policy));
    }

    #[test]
    fn more_capacity_takes_no_ticket_from_anybody(
        tickets in any_tickets(), mut agents in any_agents(), lucky in any::<proptest::sample::Index>(), more in 1..4_u32,
    ) {
        let policy = policy();
        let before = give_out(&tickets, &agents, &policy);
        // Whoever had no capacity at all becomes somebody whom a step waits for, which is another matter.
        let mut able: Vec<&mut Agent> = agents.iter_mut().filter(|agent| agent.capacity > 0).collect();
        prop_assume!(!able.is_empty());
        let lucky = lucky.index(able.len());
        able[lucky].capacity += more;
        let after = give_out(&tickets, &agents, &policy);
        let places = |assigned: &[Assigned]| -> Vec<_> {
            let decisions = assigned.iter().map(|one| &one.decision);
            decisions.map(|one| (one.queue.clone(), one.rule.clone(), one.step)).collect()
        };
        prop_assert_eq!(places(&before), places(&after));
        let (before, after) = (given_out(&before), given_out(&after));
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
    }

    #[test]
    fn nobody_gets_what_does_not_fit_or_more_than_there_is_room_for(
        tickets in any_tickets(), agents in any_agents(),
    ) {
        let policy = policy();
        let idle: Vec<Agent> = agents.iter().map(|agent| Agent { load: 0, ..agent.clone() }).collect();
        let idle = roster(&idle);
        let assigned = give_out(&tickets, &agents, &policy);
        let mut loads = BTreeMap::new();
        for (known, one) in tickets.iter().zip(&assigned) {
            let Some(chosen) = &one.decision.agent else { continue };
            if one.decision.last_resort {
                let presence = idle.agent(chosen).map(|agent| agent.presence);
                prop_assert_eq!((one.decision.queue.as_str(), presence), ("rest", Some(Presence::Busy)));
            } else {
                let alone = decide_one(known, &idle, &policy);
                prop_assert!(alone.candidates.iter().any(|one| one.agent_id == *chosen));
            }
            prop_assert!(one.fitting_agents >= 1);
            *loads.entry(chosen.clone()).or_insert(0) += 1;
        }
        for agent in &agents {
            let given = loads.get(&agent.id).copied().unwrap_or(0);
            prop_assert!(given == 0 || agent.load + given <= agent.capacity);
        }
    }

    #[test]
    fn the_order_of_the_tickets_and_of_the_roster_does_not_matter(
        (tickets, shuffled) in any_tickets().prop_flat_map(|tickets| (Just(tickets.clone()), Just(tickets).prop_shuffle())),
        (agents, others) in any_agents().prop_flat_map(|agents| (Just(agents.clone()), Just(agents).prop_shuffle())),
    ) {
        let policy = policy();
        let by_id = |tickets: &[Known], agents: &[Agent]| {
            let ids = tickets.iter().map(|known| known.ticket.id.clone());
            let assigned = give_out(tickets, agents, &policy);
            ids.zip(assigned.into_iter().map(|one| format!("{one:?}"))).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(by_id(&tickets, &agents), by_id(&shuffled, &others));
    }
}

#[test]
fn as_many_are_given_out_as_ever_one_decision_after_the_other_could() {
    let policy = policy();
    let agents = [
        agent("a", &[("tech", 3), ("api", 3)], 2, 0),
        agent("b", &[("tech", 3)], 2, 0),
        agent("c", &[("api", 3)], 1, 0),
    ];
    let mut better = 0;
    for first in 0..40_u32 {
        let tickets: Vec<Known> = (0..6_u32)
            .map(|number| {
                let topic = match (first >> number) & 1 {
                    0 => "any/tech",
                    _ => "any/api",
                };
                known(
                    &format!("T-{first}-{number}"),
                    topic,
                    Urgency::High,
                    i64::from(9 - number),
                )
            })
            .collect();
        let alone = one_by_one(&tickets, &agents, &policy);
        let alone = alone.iter().filter(|one| one.agent.is_some()).count();
        let assigned = give_out(&tickets, &agents, &policy);
        let together = agents_of(&assigned).iter().flatten().count();
        assert!(together >= alone);
        better += usize::from(together > alone);
    }
    assert!(better > 0, "no case in which it matters");
}
