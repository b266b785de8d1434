//! Many threads that reserve at once.

use std::collections::BTreeMap;
use std::sync::Barrier;

use super::{Agent, Desk, expert, passed};

#[test]
fn threads_never_take_the_last_place_twice() {
    const THREADS: usize = 16;
    let agents: Vec<Agent> = (0..6)
        .map(|number| expert(&format!("agent-{number}"), 1 + number))
        .collect();
    let places: u32 = agents.iter().map(|agent| agent.capacity).sum();
    for round in 0..10 {
        let desk = Desk::new(&agents);
        let barrier = Barrier::new(THREADS);
        let taken: Vec<Option<String>> = std::thread::scope(|scope| {
            let thread = |thread: usize| {
                let (desk, barrier) = (&desk, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let tickets = (0..4).map(|number| format!("T-{round}-{thread}-{number}"));
                    tickets.map(|id| desk.agent(&id, 0)).collect::<Vec<_>>()
                })
            };
            let threads: Vec<_> = (0..THREADS).map(thread).collect();
            let taken = threads.into_iter().flat_map(|one| one.join().unwrap());
            taken.collect()
        });
        let mut loads = BTreeMap::new();
        for agent in taken.iter().flatten() {
            *loads.entry(agent.as_str()).or_insert(0) += 1;
        }
        let expected: BTreeMap<&str, u32> = agents
            .iter()
            .map(|agent| (agent.id.as_str(), agent.capacity))
            .collect();
        assert_eq!(loads, expected, "every place once, and none twice");
        assert_eq!(desk.reservations.count(passed(0)), places as usize);
    }
}

#[test]
fn threads_that_ask_for_one_ticket_get_one_agent() {
    const THREADS: usize = 16;
    let agents = ["ana", "bo", "cy", "di"].map(|id| expert(id, 4));
    for round in 0..20 {
        let desk = Desk::new(&agents);
        let barrier = Barrier::new(THREADS);
        let id = format!("T-{round}");
        let chosen: Vec<Option<String>> = std::thread::scope(|scope| {
            let ask = || {
                barrier.wait();
                desk.agent(&id, 0)
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(chosen[0].is_some());
        assert!(chosen.iter().all(|one| *one == chosen[0]));
        assert_eq!(desk.reservations.count(passed(0)), 1);
    }
}
