//! Tickets with rosters of their own that are too large for the thread that reads requests: they go to other threads, of
//! which there are few, and no call may keep those from the others.

use std::num::NonZero;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use triage::grpc::v1;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::desk::agent as person;
use crate::outcome::{agent, answer, with_id};
use crate::running::{Server, within_deadline};
use crate::tickets::{SMOKE, route};

/// One more than are read on the thread that read the request.
const AGENTS: usize = 101;
const TICKETS: usize = 200;

/// A ticket that chooses from a large roster of its own.
fn chosen_from_many(number: usize) -> v1::RouteRequest {
    v1::RouteRequest {
        roster: Some(v1::Roster {
            agents: (0..AGENTS).map(|n| person(&format!("a{n}"), 5)).collect(),
            shifts: Vec::new(),
        }),
        ..with_id(SMOKE, &format!("T-{number}"))
    }
}

fn in_order(outcome: &v1::RouteOutcome, number: usize) {
    assert_eq!(outcome.ticket_id, format!("T-{number}"));
    let _agent = agent(outcome);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_of_a_batch_may_have_a_large_roster() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let batch = v1::BatchRouteRequest {
        requests: (0..TICKETS).map(chosen_from_many).collect(),
        roster: None,
    };
    let answered = client.batch_route(batch).await.unwrap().into_inner();
    assert_eq!(answered.outcomes.len(), TICKETS);
    for (number, outcome) in answered.outcomes.iter().enumerate() {
        in_order(outcome, number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_of_a_stream_may_have_a_large_roster() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let tickets = tokio_stream::iter((0..TICKETS).map(chosen_from_many));
    let mut outcomes = client.stream_route(tickets).await.unwrap().into_inner();
    for number in 0..TICKETS {
        let outcome = within_deadline(outcomes.message()).await.unwrap();
        in_order(&outcome.unwrap(), number);
    }
}

/// Streams whose callers write as much as they can and read nothing, and beside them callers who need the same threads.
#[tokio::test(flavor = "multi_thread")]
async fn unread_streams_of_large_rosters_keep_no_one_from_the_threads() {
    let server = Server::start(&[]).await;
    let streams = 2 * std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut unread = Vec::new();
    for _ in 0..streams {
        let channel = Endpoint::from_shared(format!("http://{}", server.address))
            .unwrap()
            .initial_stream_window_size(1)
            .connect()
            .await
            .unwrap();
        let (tickets, sent) = mpsc::channel(1);
        let mut client = TriageServiceClient::new(channel);
        let outcomes = client
            .stream_route(ReceiverStream::new(sent))
            .await
            .unwrap()
            .into_inner();
        // Until the server reads no further: that takes no more than the windows hold.
        for number in 0.. {
            let sent = tickets.send(chosen_from_many(number));
            if tokio::time::timeout(Duration::from_millis(300), sent)
                .await
                .is_err()
            {
                break;
            }
        }
        unread.push((tickets, outcomes));
    }
    let mut client = server.client().await;
    let long = format!("{SMOKE}. ").repeat(500);
    for _ in 0..20 {
        let routed = within_deadline(client.route(route(&long))).await.unwrap();
        assert!(routed.into_inner().decision.is_some());
    }
    let batch = v1::BatchRouteRequest {
        requests: (0..TICKETS).map(chosen_from_many).collect(),
        roster: None,
    };
    let batch = within_deadline(client.batch_route(batch)).await.unwrap();
    let outcomes = batch.into_inner().outcomes;
    assert_eq!(outcomes.len(), TICKETS);
    let _answer = answer(&outcomes[0]);
    drop(unread);
}
