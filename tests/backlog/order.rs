//! Who comes first, and that nobody waits for ever.

use jiff::SignedDuration;
use triage::routing::{Assigned, Backlog, BacklogError, MAX_BACKLOG, assign_backlog};
use triage::ticket::Urgency;

use crate::desk::{Known, agent, agents_of, give_out, known, now, policy, waiting};

fn turns(tickets: &[Known], assigned: &[Assigned]) -> Vec<String> {
    let mut turns: Vec<_> = assigned.iter().zip(tickets).collect();
    turns.sort_by_key(|(one, _)| one.turn);
    let ids = turns.iter().map(|(_, known)| known.ticket.id.clone());
    ids.collect()
}

#[test]
fn priority_comes_first_then_the_due_time_then_the_id() {
    let tickets = [
        known("fresh-normal", "any/tech", Urgency::Normal, 0),
        known("old-normal", "any/tech", Urgency::Normal, 50),
        known("high", "any/tech", Urgency::High, 0),
        known("urgent", "any/tech", Urgency::Urgent, 0),
        known("another-urgent", "any/tech", Urgency::Urgent, 0),
    ];
    let assigned = give_out(&tickets, &[agent("ana", &[("tech", 5)], 2, 0)], &policy());
    assert_eq!(
        turns(&tickets, &assigned),
        [
            "another-urgent",
            "urgent",
            "high",
            "old-normal",
            "fresh-normal"
        ]
    );
    assert_eq!(
        agents_of(&assigned),
        [None, None, None, Some("ana"), Some("ana")]
    );
    assert!(assigned.iter().all(|one| one.fitting_agents == 1));
    assert!(
        assigned
            .iter()
            .all(|one| one.aged_priority == one.decision.priority)
    );
}

#[test]
fn a_ticket_that_is_late_gains_a_point_of_priority_an_hour() {
    // Normal tickets are due after 8 hours; those of low urgency have no target and count as due after a day.
    let tickets = [
        known("normal", "any/other", Urgency::Normal, 8 * 60 + 59),
        known("late", "any/other", Urgency::Normal, 11 * 60),
        known("low", "any/other", Urgency::Low, 25 * 60),
        known("very-late", "any/other", Urgency::Low, 60 * 24 * 60),
    ];
    let assigned = give_out(&tickets, &[], &policy());
    let gained: Vec<_> = assigned
        .iter()
        .map(|one| one.aged_priority - one.decision.priority)
        .collect();
    assert_eq!(gained[..3], [0, 3, 1]);
    assert_eq!(assigned[3].aged_priority, 100);
    assert_eq!(assigned[3].turn, 1);
}

#[test]
fn nothing_starves_however_much_of_higher_priority_keeps_coming() {
    let policy = policy();
    // One ticket of an agent gets done an hour, and three urgent ones come in. The last ticket of the old ones has no
    // target: it is due after 24 hours and has the highest priority after 100 more.
    let agents = [agent("ana", &[("tech", 5)], 1, 0)];
    let mut pool: Vec<Known> = vec![known("old", "any/tech", Urgency::Low, 0)];
    for hour in 0_i64.. {
        assert!(hour < 24 + 100 + 3 * 125, "the ticket starves");
        for number in 0..3 {
            let id = format!("new-{hour}-{number}");
            pool.push(known(&id, "any/tech", Urgency::Urgent, 0));
        }
        let assigned = give_out(&pool, &agents, &policy);
        let done = assigned
            .iter()
            .position(|one| one.decision.agent.is_some())
            .unwrap();
        assert_eq!(assigned[done].turn, 1);
        if pool.remove(done).ticket.id == "old" {
            assert!(hour > 24, "it is not preferred either");
            return;
        }
        for known in &mut pool {
            known.waited += SignedDuration::from_hours(1);
        }
    }
}

#[test]
fn without_a_roster_queues_and_order_are_decided_alone() {
    let tickets = [
        known("a", "any/tech", Urgency::Normal, 0),
        known("b", "any/api", Urgency::Urgent, 0),
    ];
    let assigned = assign_backlog(&Backlog {
        waiting: &waiting(&tickets),
        roster: None,
        policy: &policy(),
        now: now(),
    })
    .unwrap();
    let told: Vec<_> = assigned
        .iter()
        .map(|one| (one.turn, one.decision.queue.as_str()))
        .collect();
    assert_eq!(told, [(2, "tech"), (1, "api")]);
    assert_eq!(agents_of(&assigned), [None, None]);
}

#[test]
fn too_many_tickets_are_refused() {
    let one = known("a", "any/tech", Urgency::Normal, 0);
    let tickets = vec![waiting(std::slice::from_ref(&one))[0]; MAX_BACKLOG + 1];
    let refused = assign_backlog(&Backlog {
        waiting: &tickets,
        roster: None,
        policy: &policy(),
        now: now(),
    });
    let count = MAX_BACKLOG + 1;
    assert_eq!(refused, Err(BacklogError::TooManyTickets { count }));
}
