//! Places reserved over the wire, by many callers at once.

use std::collections::BTreeMap;

use tonic::{Code, Status};
use triage::grpc::v1;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;

use crate::desk::{Desk, agent, refund};

fn reserve(id: &str) -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(refund(id)),
        reserve: true,
        ..v1::RouteRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_never_get_the_last_place_twice() {
    const CALLERS: usize = 12;
    let desk = Desk::start(&[("ana", 5), ("bo", 3)], "").await;
    let mut calls = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let mut client = desk.server.client().await;
        calls.spawn(async move {
            let mut answers = Vec::new();
            for number in 0..3 {
                let request = reserve(&format!("T-{caller}-{number}"));
                answers.push(client.route(request).await.unwrap().into_inner());
            }
            answers
        });
    }
    let mut places = BTreeMap::new();
    for answer in calls.join_all().await.into_iter().flatten() {
        let decision = answer.decision.unwrap();
        match answer.reservation {
            None => assert_eq!(decision.agent_id, ""),
            Some(place) => {
                assert_eq!(place.agent_id, decision.agent_id);
                assert_eq!(place.ticket_id, answer.ticket_id);
                *places.entry(place.agent_id).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(
        places,
        BTreeMap::from([("ana".to_owned(), 5), ("bo".to_owned(), 3)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_about_one_ticket_get_one_place() {
    let desk = Desk::start(&[("ana", 9), ("bo", 9)], "").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut client = desk.server.client().await;
        calls.spawn(async move { client.route(reserve("T-1")).await.unwrap().into_inner() });
    }
    let answers = calls.join_all().await;
    let first = answers[0].reservation.as_ref().unwrap();
    assert!(
        answers
            .iter()
            .all(|one| one.reservation.as_ref() == Some(first))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_free_again_when_it_is_confirmed_or_released_and_only_once() {
    let desk = Desk::start(&[("ana", 1)], "").await;
    let mut client = desk.server.client().await;
    let place = client.route(reserve("T-1")).await.unwrap().into_inner();
    assert_eq!(place.reservation.unwrap().agent_id, "ana");
    // Whoever does not reserve sees what is taken as well.
    let looks = v1::RouteRequest {
        reserve: false,
        ..reserve("T-2")
    };
    let full = client.route(looks.clone()).await.unwrap().into_inner();
    assert_eq!(full.decision.unwrap().agent_id, "");

    let wrong = v1::ConfirmReservationRequest {
        ticket_id: "T-1".to_owned(),
        agent_id: "bo".to_owned(),
    };
    let refused = client.confirm_reservation(wrong.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let right = v1::ConfirmReservationRequest {
        agent_id: "ana".to_owned(),
        ..wrong
    };
    client.confirm_reservation(right.clone()).await.unwrap();
    let refused = client.confirm_reservation(right).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let free = client.route(looks).await.unwrap().into_inner();
    assert_eq!(free.decision.unwrap().agent_id, "ana");
    assert_eq!(free.reservation, None);

    client.route(reserve("T-2")).await.unwrap();
    let release = v1::ReleaseReservationRequest {
        ticket_id: "T-2".to_owned(),
        ..v1::ReleaseReservationRequest::default()
    };
    client.release_reservation(release.clone()).await.unwrap();
    let gone = client.release_reservation(release).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    let next = client.route(reserve("T-3")).await.unwrap().into_inner();
    assert_eq!(next.reservation.unwrap().agent_id, "ana");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_limited_in_number_by_the_settings() {
    let desk = Desk::start(&[("ana", 9)], "[roster]\nmax_reservations = 2").await;
    let mut client = desk.server.client().await;
    for id in ["T-1", "T-2", "T-1"] {
        client.route(reserve(id)).await.unwrap();
    }
    let refused = client.route(reserve("T-3")).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("confirm or release"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_of_the_request_is_chosen_from_and_holds_no_places() {
    let desk = Desk::start(&[("ana", 9)], "").await;
    let mut client = desk.server.client().await;
    let own = v1::RouteRequest {
        roster: Some(v1::Roster {
            agents: vec![agent("zoe", 1)],
            shifts: Vec::new(),
        }),
        reserve: false,
        ..reserve("T-1")
    };
    for _ in 0..2 {
        let answer = client.route(own.clone()).await.unwrap().into_inner();
        assert_eq!(answer.decision.unwrap().agent_id, "zoe");
    }
    let named = |refused: Status, word: &str| {
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains(word), "{refused}");
    };
    let both = v1::RouteRequest {
        reserve: true,
        ..own.clone()
    };
    named(client.route(both).await.unwrap_err(), "reserve");
    named(client.route(reserve("")).await.unwrap_err(), "ticket.id");
    let mut unknown = own;
    if let Some(roster) = &mut unknown.roster {
        roster.agents[0].skills.insert("refund".to_owned(), 3);
    }
    named(client.route(unknown).await.unwrap_err(), "'refunds'");
    let nothing = v1::ConfirmReservationRequest::default();
    named(
        client.confirm_reservation(nothing).await.unwrap_err(),
        "ticket_id",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_listed_with_the_places_reserved_beside_their_load() {
    let desk = Desk::start(&[("ana", 3), ("bo", 1)], "").await;
    let mut client = desk.server.client().await;
    let mut roster = RoutingServiceClient::new(desk.server.channel().await);
    for id in ["T-1", "T-2"] {
        client.route(reserve(id)).await.unwrap();
    }
    let confirm = v1::ConfirmReservationRequest {
        ticket_id: "T-2".to_owned(),
        ..v1::ConfirmReservationRequest::default()
    };
    let mut reserved = Vec::new();
    for number in 0..2 {
        let listed = roster.list_agents(v1::ListAgentsRequest::default()).await;
        let agents = listed.unwrap().into_inner().agents;
        assert!(agents.iter().all(|agent| agent.load == 0), "{agents:?}");
        reserved.push(agents.iter().map(|agent| agent.reserved).sum::<u32>());
        if number == 0 {
            let ids = vec![agents[0].id.clone()];
            let one = roster.list_agents(v1::ListAgentsRequest { ids }).await;
            assert_eq!(one.unwrap().into_inner().agents, agents[..1]);
            client.confirm_reservation(confirm.clone()).await.unwrap();
        }
    }
    assert_eq!(reserved, [2, 1]);
}
