//! Backlogs over the wire: each ticket answered or failed by itself.

use tonic::Code;
use triage::grpc::v1;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;

use crate::desk::{Desk, agent, refund};
use crate::tickets::ticket;

fn labelled(id: &str, topic: &str, urgency: v1::Urgency) -> v1::WaitingTicket {
    v1::WaitingTicket {
        ticket: Some(v1::Ticket {
            id: id.to_owned(),
            ..v1::Ticket::default()
        }),
        labels: Some(v1::GivenLabels {
            topic: topic.to_owned(),
            urgency: urgency.into(),
            ..v1::GivenLabels::default()
        }),
        ..v1::WaitingTicket::default()
    }
}

fn worded(id: &str) -> v1::WaitingTicket {
    v1::WaitingTicket {
        ticket: Some(refund(id)),
        ..v1::WaitingTicket::default()
    }
}

fn agents(answer: &v1::AssignBacklogResponse) -> Vec<&str> {
    let agent = |item: &'_ v1::BacklogItem| item.decision.as_ref().map(|one| one.agent_id.clone());
    assert!(
        answer
            .items
            .iter()
            .all(|item| agent(item).is_some() != item.error.is_some())
    );
    let decisions = answer.items.iter().map(|item| item.decision.as_ref());
    decisions
        .map(|one| one.map_or("failed", |one| one.agent_id.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_given_out_by_urgency_until_nobody_has_room() {
    let desk = Desk::start(&[("ana", 2)], "").await;
    let mut client = desk.server.client().await;
    let request = v1::AssignBacklogRequest {
        tickets: vec![
            labelled("low", "billing/refund", v1::Urgency::Low),
            labelled("urgent", "billing/refund", v1::Urgency::Urgent),
            labelled("normal", "billing/refund", v1::Urgency::Unspecified),
        ],
        ..v1::AssignBacklogRequest::default()
    };
    let answer = client.assign_backlog(request).await.unwrap().into_inner();
    assert_eq!(agents(&answer), ["", "ana", "ana"]);
    let turns: Vec<_> = answer.items.iter().map(|item| item.turn).collect();
    assert_eq!(turns, [3, 1, 2]);
    assert!(answer.items.iter().all(|item| item.fitting_agents == 1));
    assert!(!answer.policy_version.is_empty() && !answer.model_version.is_empty());
    let decision = answer.items[1].decision.as_ref().unwrap();
    assert_eq!(decision.queue, "billing");
    assert_eq!(answer.items[1].topic, "billing/refund");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_fails_by_itself() {
    let desk = Desk::start(&[("ana", 9)], "").await;
    let mut client = desk.server.client().await;
    let silent = v1::WaitingTicket {
        ticket: Some(ticket("")),
        ..v1::WaitingTicket::default()
    };
    let request = v1::AssignBacklogRequest {
        tickets: vec![
            worded("read"),
            silent,
            labelled("typo", "billing/refnd", v1::Urgency::Low),
            worded("read"),
            v1::WaitingTicket::default(),
        ],
        ..v1::AssignBacklogRequest::default()
    };
    let answer = client.assign_backlog(request).await.unwrap().into_inner();
    assert_eq!(
        agents(&answer),
        ["ana", "failed", "failed", "failed", "failed"]
    );
    assert_eq!(answer.items[0].topic, "billing/refund");
    assert!(answer.items[0].topic_confidence > 0.5);
    let words = [
        "ticket.body",
        "'billing/refund'",
        "given twice",
        "ticket: is missing",
    ];
    for (item, word) in answer.items[1..].iter().zip(words) {
        let error = item.error.as_ref().unwrap();
        assert_eq!(error.code, i32::from(Code::InvalidArgument));
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_takes_places_only_if_it_is_asked_to() {
    let desk = Desk::start(&[("ana", 2)], "").await;
    let mut client = desk.server.client().await;
    let mut request = v1::AssignBacklogRequest {
        tickets: vec![worded("T-1"), worded("T-2")],
        ..v1::AssignBacklogRequest::default()
    };
    for reserve in [false, true, true] {
        request.reserve = reserve;
        let answer = client
            .assign_backlog(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(agents(&answer), ["ana", "ana"]);
        assert!(
            answer
                .items
                .iter()
                .all(|item| item.reservation.is_some() == reserve)
        );
    }
    let other = v1::AssignBacklogRequest {
        tickets: vec![
            worded("T-3"),
            labelled("", "billing/refund", v1::Urgency::Low),
        ],
        ..request
    };
    let answer = client.assign_backlog(other).await.unwrap().into_inner();
    assert_eq!(agents(&answer), ["", "failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn backlogs_at_the_same_time_share_the_places() {
    let desk = Desk::start(&[("ana", 3), ("bo", 2)], "").await;
    let mut calls = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let mut client = desk.server.client().await;
        calls.spawn(async move {
            let tickets = (0..4).map(|number| worded(&format!("T-{caller}-{number}")));
            let request = v1::AssignBacklogRequest {
                tickets: tickets.collect(),
                reserve: true,
                ..v1::AssignBacklogRequest::default()
            };
            loop {
                match client.assign_backlog(request.clone()).await {
                    Ok(answer) => return answer.into_inner(),
                    Err(busy) => assert_eq!(busy.code(), Code::ResourceExhausted),
                }
            }
        });
    }
    let items = calls.join_all().await.into_iter().flat_map(|one| one.items);
    let (mut places, mut gone) = (0, 0);
    for item in items {
        places += usize::from(item.reservation.is_some());
        if let Some(error) = item.error {
            assert_eq!(error.code, i32::from(Code::Aborted));
            gone += 1;
        }
    }
    assert!(places == 5, "{places} places, {gone} gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tickets_are_refused_and_a_roster_of_the_request_is_used() {
    let desk = Desk::start(&[("ana", 2)], "").await;
    let mut client = desk.server.client().await;
    let many = v1::AssignBacklogRequest {
        tickets: vec![v1::WaitingTicket::default(); 20_001],
        ..v1::AssignBacklogRequest::default()
    };
    let refused = client.assign_backlog(many).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("20001 tickets"), "{refused}");
    let own = v1::AssignBacklogRequest {
        tickets: vec![worded("T-1")],
        roster: Some(v1::Roster {
            agents: vec![agent("zoe", 1)],
            shifts: Vec::new(),
        }),
        ..v1::AssignBacklogRequest::default()
    };
    let answer = client
        .assign_backlog(own.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(agents(&answer), ["zoe"]);
    let both = v1::AssignBacklogRequest {
        reserve: true,
        ..own
    };
    let refused = client.assign_backlog(both).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_a_ticket_no_longer_needs_goes_to_one_that_comes_before_it() {
    let desk = Desk::start(&[("ana", 1)], "").await;
    let mut client = desk.server.client().await;
    let only_billing = v1::PutAgentsRequest {
        mode: v1::PutMode::Replace.into(),
        agents: vec![v1::Agent {
            queues: Some(v1::QueueNames {
                names: vec!["billing".to_owned()],
            }),
            ..agent("ana", 1)
        }],
        ..v1::PutAgentsRequest::default()
    };
    let mut roster = RoutingServiceClient::new(desk.server.channel().await);
    roster.put_agents(only_billing).await.unwrap();
    let reserving = |tickets| v1::AssignBacklogRequest {
        tickets,
        reserve: true,
        ..v1::AssignBacklogRequest::default()
    };
    let first = reserving(vec![labelled("T-1", "billing/refund", v1::Urgency::Low)]);
    let answer = client.assign_backlog(first).await.unwrap().into_inner();
    assert_eq!(agents(&answer), ["ana"]);
    // A person found the label of the first to be wrong: nobody here can take it.
    let second = reserving(vec![
        labelled("T-1", "account/profile", v1::Urgency::Low),
        labelled("T-2", "billing/refund", v1::Urgency::Urgent),
    ]);
    let answer = client.assign_backlog(second).await.unwrap().into_inner();
    assert_eq!(agents(&answer), ["", "ana"], "{answer:?}");
    let places = answer.items.iter().map(|item| item.reservation.is_some());
    assert_eq!(places.collect::<Vec<_>>(), [false, true]);
}
