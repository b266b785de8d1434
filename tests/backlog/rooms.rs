//! Room that is made by moving tickets, and places that are held already.

use triage::routing::{Agent, Presence};
use triage::ticket::Urgency;

use crate::desk::{agent, agents_of, give_out, known, policy};

#[test]
fn a_ticket_moves_to_somebody_else_who_could_take_it_if_that_makes_room() {
    // Both could take the first ticket, and it goes to the one with the smaller share of the capacity in use. Only she
    // could take the second one.
    let agents = [
        agent("ana", &[("tech", 3), ("api", 3)], 4, 3),
        agent("bo", &[("tech", 3)], 10, 9),
    ];
    let tickets = [
        known("first", "any/tech", Urgency::High, 5),
        known("second", "any/api", Urgency::Normal, 0),
    ];
    let alone = give_out(&tickets[..1], &agents, &policy());
    assert_eq!(agents_of(&alone), [Some("ana")]);
    assert!(!alone[0].made_room);
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [Some("bo"), Some("ana")]);
    assert!(assigned[0].made_room && !assigned[1].made_room);
}

#[test]
fn room_is_made_over_several_agents() {
    let agents = [
        agent("ana", &[("api", 3), ("tech", 3)], 10, 9),
        Agent {
            queues: Some(["tech".to_owned(), "rest".to_owned()].into()),
            ..agent("bo", &[("tech", 3)], 10, 9)
        },
        Agent {
            queues: Some(["rest".to_owned()].into()),
            ..agent("cy", &[], 100, 99)
        },
    ];
    let tickets = [
        known("rest", "any/other", Urgency::Urgent, 5),
        known("tech", "any/tech", Urgency::High, 5),
        known("api", "any/api", Urgency::Normal, 0),
    ];
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [Some("cy"), Some("bo"), Some("ana")]);
}

#[test]
fn an_urgent_ticket_keeps_its_agent_from_one_that_is_less_so() {
    let agents = [agent("ana", &[("tech", 3), ("api", 3)], 1, 0)];
    let tickets = [
        known("less", "any/api", Urgency::Normal, 0),
        known("urgent", "any/tech", Urgency::Urgent, 0),
    ];
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [None, Some("ana")]);
}

#[test]
fn what_an_article_answers_takes_nobodys_time() {
    let agents = [agent("ana", &[("tech", 3)], 1, 0)];
    let tickets = [
        known("answered", "any/help", Urgency::Urgent, 0),
        known("tech", "any/tech", Urgency::Normal, 0),
    ];
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [None, Some("ana")]);
    let article = assigned[0].decision.self_service_article.as_deref();
    assert_eq!(article, Some("kb/help"));
}

#[test]
fn the_last_resort_is_asked_when_nobody_else_can_be_and_no_room_be_made() {
    let agents = [
        agent("ana", &[], 1, 0),
        Agent {
            presence: Presence::Busy,
            ..agent("bo", &[], 1, 0)
        },
    ];
    let tickets = [
        known("one", "any/other", Urgency::Urgent, 90),
        known("two", "any/other", Urgency::High, 90),
        known("three", "any/other", Urgency::Normal, 90),
        known("early", "any/other", Urgency::Normal, 10),
    ];
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [Some("ana"), Some("bo"), None, None]);
    let last_resort: Vec<_> = assigned
        .iter()
        .map(|one| one.decision.last_resort)
        .collect();
    assert_eq!(last_resort, [false, true, false, false]);
    assert!(assigned[2].decision.next_evaluation_at.is_none());
    assert!(assigned[3].decision.next_evaluation_at.is_some());
}

#[test]
fn a_ticket_that_a_place_is_reserved_for_keeps_its_agent_and_is_counted_once() {
    // The load of 2 counts the ticket that is held.
    let agents = [
        agent("ana", &[("tech", 3)], 3, 2),
        agent("bo", &[("tech", 3)], 10, 0),
    ];
    let mut tickets = [
        known("held", "any/tech", Urgency::Low, 0),
        known("urgent", "any/tech", Urgency::Urgent, 0),
    ];
    let free = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&free), [Some("bo"), Some("bo")]);
    tickets[0].holder = Some("ana".to_owned());
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [Some("ana"), Some("bo")]);
    // Somebody who went away keeps nothing, and a ticket more fits once she is back.
    let agents = [
        Agent {
            presence: Presence::Away,
            ..agents[0].clone()
        },
        agents[1].clone(),
    ];
    let assigned = give_out(&tickets, &agents, &policy());
    assert_eq!(agents_of(&assigned), [Some("bo"), Some("bo")]);
}

#[test]
fn a_step_waits_for_somebody_who_is_full_and_not_for_somebody_without_capacity() {
    // The first step of the rule asks for api 3, the second, half an hour later, for api 1.
    let tickets = [
        known("first", "any/api", Urgency::High, 5),
        known("second", "any/api", Urgency::Normal, 0),
    ];
    let given = |capacity: u32, load: u32| {
        let agents = [
            agent("ana", &[("api", 3)], capacity, load),
            agent("bo", &[("api", 1)], 5, 0),
        ];
        let assigned = give_out(&tickets, &agents, &policy());
        let agents = agents_of(&assigned);
        agents
            .into_iter()
            .map(|agent| agent.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let (ana, bo) = (Some("ana".to_owned()), Some("bo".to_owned()));
    assert_eq!(given(0, 0), [bo.clone(), bo]);
    assert_eq!(given(1, 1), [None, None]);
    assert_eq!(given(1, 0), [ana, None]);
}
