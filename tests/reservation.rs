//! Places reserved in agents' capacities: held until they are confirmed, released or run out, and never given twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)] // what only backlogs need
#[path = "backlog/desk.rs"]
mod desk;
#[path = "reservation/threads.rs"]
mod threads;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use triage::routing::{
    Agent, Decision, DecisionInput, HoldError, Place, Policy, Presence, Reservation,
    ReservationLimits, Reservations, ReserveError, Roster,
};
use triage::ticket::Urgency;

use desk::{Known, agent, known, now, policy, roster};

const LIMITS: ReservationLimits = ReservationLimits {
    time_to_live: Duration::from_secs(120),
    most: 1_000,
};

fn tech(id: &str) -> Known {
    known(id, "any/tech", Urgency::Normal, 0)
}

fn input<'a>(known: &'a Known, policy: &'a Policy, now: Timestamp) -> DecisionInput<'a> {
    DecisionInput {
        ticket: &known.ticket,
        classification: &known.classification,
        roster: None,
        policy,
        now,
        waited: known.waited,
        deciding_words: &[],
    }
}

/// A policy, a roster and the places of it.
struct Desk {
    policy: Policy,
    roster: Arc<Roster>,
    reservations: Reservations,
}

impl Desk {
    fn new(agents: &[Agent]) -> Self {
        Self {
            policy: policy(),
            roster: Arc::new(roster(agents)),
            reservations: Reservations::new(LIMITS),
        }
    }

    fn reserve(&self, known: &Known, seconds: i64) -> (Decision, Option<Reservation>) {
        let input = input(known, &self.policy, later(seconds));
        let at = passed(seconds);
        self.reservations.reserve(&input, &self.roster, at).unwrap()
    }

    /// The agent for a ticket with a place reserved.
    fn agent(&self, id: &str, seconds: i64) -> Option<String> {
        let (decision, reservation) = self.reserve(&tech(id), seconds);
        let reserved = reservation.map(|one| one.agent_id);
        assert_eq!(decision.agent, reserved);
        reserved
    }

    /// The agent for a ticket without reserving anything.
    fn look(&self, id: &str, seconds: i64) -> Option<String> {
        let known = tech(id);
        let input = input(&known, &self.policy, later(seconds));
        let at = passed(seconds);
        self.reservations.decide(&input, &self.roster, at).agent
    }

    /// Takes a ticket's place with an agent.
    fn take(
        &self,
        (ticket_id, agent_id): (&str, &str),
        beyond_capacity: bool,
        holder: Option<&str>,
    ) -> Result<Reservation, ReserveError> {
        let place = Place {
            ticket_id,
            agent_id,
            beyond_capacity,
            holder,
        };
        let reservations = &self.reservations;
        reservations.take_place(place, &self.roster, now(), passed(0))
    }

    fn replace_roster(&mut self, agents: &[Agent]) -> Arc<Roster> {
        let before = std::mem::replace(&mut self.roster, Arc::new(roster(agents)));
        self.reservations.put_roster(&self.roster);
        before
    }
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// The same moment by the clock that never jumps.
fn passed(seconds: i64) -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    *START + Duration::from_secs(seconds.try_into().unwrap())
}

fn expert(id: &str, capacity: u32) -> Agent {
    agent(id, &[("tech", 5)], capacity, 0)
}

#[test]
fn a_place_counts_until_its_time_runs_out() {
    let desk = Desk::new(&[expert("ana", 1)]);
    assert_eq!(desk.agent("first", 0).as_deref(), Some("ana"));
    assert_eq!(desk.agent("second", 119), None);
    assert_eq!(desk.look("third", 119), None);
    assert_eq!(desk.agent("second", 120).as_deref(), Some("ana"));
    assert_eq!(desk.agent("first", 121), None);
}

#[test]
fn to_look_takes_no_place() {
    let desk = Desk::new(&[expert("ana", 1)]);
    assert_eq!(desk.look("first", 0).as_deref(), Some("ana"));
    assert_eq!(desk.reservations.count(passed(0)), 0);
    assert_eq!(desk.agent("second", 0).as_deref(), Some("ana"));
}

#[test]
fn the_same_ticket_gets_the_same_agent_and_no_more_time() {
    let desk = Desk::new(&[expert("ana", 4), expert("bo", 4), expert("cy", 4)]);
    let (_, first) = desk.reserve(&tech("first"), 0);
    let first = first.unwrap();
    assert_eq!(first.expires_at, later(120));
    for seconds in 1..100 {
        // Everybody else becomes a better choice by load.
        desk.agent(&format!("other-{}", seconds % 5), seconds);
        let (decision, again) = desk.reserve(&tech("first"), seconds);
        assert_eq!(again.as_ref(), Some(&first));
        assert_eq!(decision.candidates[0].agent_id, first.agent_id);
        assert_eq!(desk.look("first", seconds).as_ref(), Some(&first.agent_id));
    }
    assert_eq!(desk.reservations.count(passed(100)), 6);
}

#[test]
fn confirming_and_releasing_end_the_hold_once() {
    let desk = Desk::new(&[expert("ana", 1)]);
    for end in [Reservations::confirm, Reservations::release] {
        desk.agent("first", 0);
        let wrong = end(&desk.reservations, "first", Some("bo"), passed(1));
        assert_eq!(
            wrong,
            Err(HoldError::OtherAgent {
                ticket: "first".to_owned(),
                holder: "ana".to_owned(),
                asked: "bo".to_owned()
            })
        );
        assert_eq!(desk.look("second", 1), None);
        let held = end(&desk.reservations, "first", Some("ana"), passed(1)).unwrap();
        assert_eq!(held.agent_id, "ana");
        assert_eq!(desk.look("second", 1).as_deref(), Some("ana"));
        let ticket = "first".to_owned();
        let again = end(&desk.reservations, "first", None, passed(1));
        assert_eq!(again, Err(HoldError::NotHeld { ticket }));
    }
    desk.agent("late", 10);
    assert!(
        desk.reservations
            .confirm("late", None, passed(130))
            .is_err()
    );
}

#[test]
fn a_place_goes_with_the_ticket_when_its_agent_may_not_take_it_any_more() {
    let mut desk = Desk::new(&[expert("ana", 1)]);
    assert_eq!(desk.agent("first", 0).as_deref(), Some("ana"));
    let away = Agent {
        presence: Presence::Away,
        ..expert("ana", 1)
    };
    desk.replace_roster(&[away, expert("bo", 1)]);
    assert_eq!(desk.agent("first", 1).as_deref(), Some("bo"));
    desk.replace_roster(&[expert("ana", 1), expert("bo", 1)]);
    assert_eq!(desk.agent("second", 2).as_deref(), Some("ana"));
    assert_eq!(desk.agent("third", 2), None);
}

#[test]
fn places_with_agents_who_left_the_roster_are_dropped_and_others_stay() {
    let mut desk = Desk::new(&[expert("ana", 1), expert("bo", 1)]);
    let (first, second) = (desk.agent("first", 0), desk.agent("second", 0));
    assert_ne!(first, second);
    desk.replace_roster(&[expert(second.as_deref().unwrap(), 1)]);
    assert_eq!(desk.look("third", 1), None);
    assert_eq!(desk.reservations.count(passed(1)), 1);
    assert_eq!(desk.agent("second", 1), second);
}

#[test]
fn a_call_that_began_before_the_roster_was_replaced_does_not_bring_it_back() {
    let mut desk = Desk::new(&[expert("ana", 1)]);
    // Nobody decided by it, so nothing but the order of `put_roster` tells that it is of before.
    let before = desk.replace_roster(&[expert("bo", 1)]);
    assert_eq!(desk.agent("second", 1).as_deref(), Some("bo"));
    let known = tech("third");
    let input = input(&known, &desk.policy, later(1));
    let (decision, place) = desk
        .reservations
        .reserve(&input, &before, passed(1))
        .unwrap();
    assert_eq!((decision.agent, place), (None, None));
    assert_eq!(desk.look("fourth", 1), None);
    assert_eq!(desk.reservations.count(passed(1)), 1);
}

#[test]
fn a_place_is_not_taken_from_who_got_the_ticket_meanwhile() {
    let desk = Desk::new(&[expert("ana", 2), expert("bo", 2)]);
    assert_eq!(desk.agent("first", 0).as_deref(), Some("bo"));
    let agent = "ana".to_owned();
    let taken = desk.take(("first", "ana"), false, None);
    assert_eq!(taken, Err(ReserveError::Gone { agent }));
    assert!(desk.take(("first", "ana"), false, Some("bo")).is_ok());
    let places = desk.reservations.by_agent(passed(0));
    assert_eq!(places, BTreeMap::from([("ana".to_owned(), 1)]));
}

#[test]
fn no_more_places_are_held_than_the_limit_and_those_that_ran_out_do_not_count() {
    let desk = Desk {
        reservations: Reservations::new(ReservationLimits { most: 2, ..LIMITS }),
        ..Desk::new(&[expert("ana", 10)])
    };
    desk.agent("first", 0);
    desk.agent("second", 60);
    let known = tech("third");
    let third = |seconds| {
        let input = input(&known, &desk.policy, later(seconds));
        let reserved = desk
            .reservations
            .reserve(&input, &desk.roster, passed(seconds));
        reserved.map(|(decision, _)| decision.agent)
    };
    assert_eq!(third(119), Err(ReserveError::TooMany { most: 2 }));
    assert_eq!(desk.agent("second", 119).as_deref(), Some("ana"));
    assert_eq!(third(120), Ok(Some("ana".to_owned())));
}

#[test]
fn a_ticket_without_an_id_and_one_that_an_article_answers_hold_no_place() {
    let desk = Desk::new(&[expert("ana", 1)]);
    let nameless = tech("");
    let input = input(&nameless, &desk.policy, now());
    let refused = desk.reservations.reserve(&input, &desk.roster, passed(0));
    assert_eq!(refused, Err(ReserveError::NoTicketId));
    let answered = known("first", "any/help", Urgency::Normal, 0);
    let (decision, place) = desk.reserve(&answered, 0);
    assert!(decision.self_service_article.is_some());
    assert_eq!(place, None);
    // A place that the ticket had is given back.
    desk.agent("first", 0);
    assert_eq!(desk.reserve(&answered, 1).1, None);
    assert_eq!(desk.reservations.count(passed(1)), 0);
}

#[test]
fn tickets_of_one_moment_take_turns() {
    let desk = Desk::new(&[expert("ana", 9), expert("bo", 9), expert("cy", 9)]);
    let mut turns = BTreeMap::new();
    for number in 0..9 {
        let ticket = known(&format!("T-{number}"), "any/named", Urgency::Normal, 0);
        let (decision, _) = desk.reserve(&ticket, 0);
        *turns.entry(decision.agent.unwrap()).or_insert(0) += 1;
    }
    assert!(turns.values().all(|&count| count == 3), "{turns:?}");
}

#[test]
fn a_place_chosen_otherwise_is_taken_only_if_there_is_room() {
    let desk = Desk::new(&[expert("ana", 1)]);
    let place = |id, beyond_capacity| desk.take((id, "ana"), beyond_capacity, None);
    assert!(place("first", false).is_ok());
    assert!(place("first", false).is_ok(), "it has that place already");
    let agent = "ana".to_owned();
    assert_eq!(place("second", false), Err(ReserveError::Gone { agent }));
    assert!(place("third", true).is_ok());
    let (roster, holders) =
        desk.reservations
            .snapshot(&desk.roster, &["first", "second"], passed(0));
    assert_eq!(roster.agent("ana").unwrap().load, 2);
    assert_eq!(holders, [Some("ana".to_owned()), None]);
}

#[derive(Debug, Clone)]
enum Deed {
    Reserve(usize),
    Confirm(usize),
    Pass(i64),
}

proptest! {
    #[test]
    fn nobody_ever_has_more_places_than_room_whatever_is_done(
        capacities in proptest::collection::vec(1..4_u32, 1..4),
        deeds in proptest::collection::vec(prop_oneof![
            4 => (0..12_usize).prop_map(Deed::Reserve),
            1 => (0..12_usize).prop_map(Deed::Confirm),
            1 => (1..90_i64).prop_map(Deed::Pass),
        ], 0..60),
    ) {
        let agents: Vec<Agent> = capacities.iter().enumerate()
            .map(|(number, &capacity)| expert(&format!("agent-{number}"), capacity)).collect();
        let desk = Desk::new(&agents);
        let mut held: BTreeMap<String, Reservation> = BTreeMap::new();
        let mut seconds = 0;
        for deed in deeds {
            match deed {
                Deed::Pass(more) => seconds += more,
                Deed::Confirm(ticket) => {
                    let id = format!("T-{ticket}");
                    let confirmed = desk.reservations.confirm(&id, None, passed(seconds)).ok();
                    let expected = held.remove(&id).filter(|one| one.expires_at > later(seconds));
                    prop_assert_eq!(confirmed, expected);
                }
                Deed::Reserve(ticket) => {
                    let id = format!("T-{ticket}");
                    held.retain(|_, one| one.expires_at > later(seconds));
                    let (_, place) = desk.reserve(&tech(&id), seconds);
                    let total: u32 = capacities.iter().sum();
                    let is_full = held.len() == total as usize;
                    match (held.get(&id), place) {
                        (Some(before), place) => prop_assert_eq!(Some(before), place.as_ref()),
                        (None, None) => prop_assert!(is_full, "there is room"),
                        (None, Some(place)) => { held.insert(id, place); }
                    }
                }
            }
            held.retain(|_, one| one.expires_at > later(seconds));
            prop_assert_eq!(desk.reservations.count(passed(seconds)), held.len());
            for agent in &agents {
                let places = held.values().filter(|one| one.agent_id == agent.id).count();
                prop_assert!(places <= agent.capacity as usize);
            }
        }
    }
}
