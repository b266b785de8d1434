//! BatchRoute: what Route says of each ticket, in order, whatever becomes of the others.

use std::time::Duration;

use tonic::Code;
use tonic::codec::CompressionEncoding;
use triage::grpc::v1;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::calling::Both;
use crate::desk::{Desk, REFUND, agent as person};
use crate::outcome::{agent, answer, assert_sample, assert_violation, sample, with_id};
use crate::running::{Server, server_command, within_deadline};
use crate::scrape::Scrape;
use crate::tickets::{SMOKE, classify, route};

fn batch(requests: Vec<v1::RouteRequest>) -> v1::BatchRouteRequest {
    v1::BatchRouteRequest {
        requests,
        roster: None,
    }
}

/// All that does not depend on the time of the decision.
fn timeless(mut response: v1::RouteResponse) -> v1::RouteResponse {
    let decision = response.decision.as_mut().unwrap();
    decision.first_response_due = None;
    decision.resolution_due = None;
    decision.next_evaluation_at = None;
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_gets_the_answer_of_a_call_of_its_own_in_order_and_compressed_or_not() {
    let server = Server::start(&[]).await;
    let channel = server.channel().await;
    let requests: Vec<_> = (0..12).map(sample).collect();
    let mut alone = Vec::new();
    for request in &requests {
        let mut client = TriageServiceClient::new(channel.clone());
        alone.push(timeless(
            client.route(request.clone()).await.unwrap().into_inner(),
        ));
    }
    for encoding in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        let mut client = TriageServiceClient::new(channel.clone());
        if let Some(encoding) = encoding {
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        let answered = client.batch_route(batch(requests.clone())).await.unwrap();
        let outcomes = answered.into_inner().outcomes;
        assert_eq!(outcomes.len(), 12);
        for (number, (outcome, alone)) in outcomes.iter().zip(&alone).enumerate() {
            assert_sample(outcome, number);
            assert_eq!(&timeless(answer(outcome).clone()), alone);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_fails_by_itself() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let silent = with_id(" ", "silent");
    let mut long = route(SMOKE);
    long.ticket.as_mut().unwrap().subject = "s".repeat(4_097);
    let mut asked = route(SMOKE);
    asked.options = Some(v1::ClassificationOptions {
        explain: Some(v1::ExplainOptions {
            label: "nothing/known".to_owned(),
            ..v1::ExplainOptions::default()
        }),
        ..v1::ClassificationOptions::default()
    });
    let nameless = v1::RouteRequest {
        reserve: true,
        ..with_id(SMOKE, "")
    };
    let missing = v1::RouteRequest::default();
    let requests = vec![sample(0), silent, long, asked, nameless, missing, sample(6)];
    let answered = client.batch_route(batch(requests)).await.unwrap();
    let outcomes = answered.into_inner().outcomes;
    assert_sample(&outcomes[0], 0);
    assert_violation(&outcomes[1], Code::InvalidArgument, "ticket.body");
    assert_eq!(
        (outcomes[1].index, outcomes[1].ticket_id.as_str()),
        (1, "silent")
    );
    assert_violation(&outcomes[2], Code::ResourceExhausted, "ticket.subject");
    assert_violation(&outcomes[3], Code::InvalidArgument, "options.explain.label");
    assert_violation(&outcomes[4], Code::InvalidArgument, "ticket.id");
    assert_violation(&outcomes[5], Code::InvalidArgument, "ticket");
    assert_sample(&outcomes[6], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_a_thousand_tickets_are_taken() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let most = batch(vec![v1::RouteRequest::default(); 1_000]);
    let answered = client.batch_route(most).await.unwrap().into_inner();
    assert_eq!(answered.outcomes.len(), 1_000);
    let none = client
        .batch_route(batch(Vec::new()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none.outcomes, []);
    let many = batch(vec![v1::RouteRequest::default(); 1_001]);
    let refused = client.batch_route(many).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("1001 tickets"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_that_are_too_long_together_are_refused_with_what_to_do() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__MAX_MESSAGE_BYTES", "100000");
    let server = Server::start_as(&mut command).await;
    let mut client = server.client().await;
    let talkative = v1::RouteRequest {
        options: Some(v1::ClassificationOptions {
            top: 1_000,
            evidence: true,
            explain: Some(v1::ExplainOptions::default()),
        }),
        trace: true,
        ..route(SMOKE)
    };
    let few = client.batch_route(batch(vec![talkative.clone(); 5])).await;
    let outcomes = few.unwrap().into_inner().outcomes;
    assert_eq!(outcomes.len(), 5);
    let many = batch(vec![talkative; 50]);
    let refused = client.batch_route(many).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let told = refused.message();
    assert!(
        told.starts_with("requests: the outcomes take more than 100000 bytes"),
        "{told}"
    );
    assert!(told.contains("send fewer tickets"), "{told}");
    // As many that ask for less fit.
    let short = batch(vec![route(SMOKE); 50]);
    let outcomes = client
        .batch_route(short)
        .await
        .unwrap()
        .into_inner()
        .outcomes;
    assert_eq!(outcomes.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_reserved_for_one_ticket_is_taken_for_the_next() {
    let desk = Desk::start(&[("ana", 2)], "").await;
    let mut client = desk.server.client().await;
    let reserved = |id: &str| v1::RouteRequest {
        reserve: true,
        ..with_id(REFUND, id)
    };
    let requests = ["T-1", "T-2", "T-3", "T-1"].map(reserved).to_vec();
    let answered = client.batch_route(batch(requests)).await.unwrap();
    let outcomes = answered.into_inner().outcomes;
    let agents: Vec<&str> = outcomes.iter().map(agent).collect();
    assert_eq!(agents, ["ana", "ana", "", "ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_roster_stands_for_all_tickets_without_their_own() {
    let desk = Desk::start(&[("ana", 9)], "").await;
    let mut client = desk.server.client().await;
    let roster = |id: &str| v1::Roster {
        agents: vec![person(id, 1)],
        shifts: Vec::new(),
    };
    let own = v1::RouteRequest {
        roster: Some(roster("own")),
        ..with_id(REFUND, "T-2")
    };
    let reserved = v1::RouteRequest {
        reserve: true,
        ..with_id(REFUND, "T-3")
    };
    let mut request = v1::BatchRouteRequest {
        requests: vec![
            with_id(REFUND, "T-1"),
            own,
            reserved,
            with_id(REFUND, "T-4"),
        ],
        roster: Some(roster("all")),
    };
    let answered = client.batch_route(request.clone()).await.unwrap();
    let outcomes = answered.into_inner().outcomes;
    assert_eq!(agent(&outcomes[0]), "all");
    assert_eq!(agent(&outcomes[1]), "own");
    assert_violation(&outcomes[2], Code::InvalidArgument, "reserve");
    assert_eq!(agent(&outcomes[3]), "all");

    request.roster.as_mut().unwrap().agents[0].presence = 0;
    let refused = client.batch_route(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(
        refused.message().starts_with("roster.agents[0].presence: "),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_answered_like_a_short_one() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let long = with_id(&format!("{SMOKE}. ").repeat(2_000), "T-0");
    let answered = client
        .batch_route(batch(vec![long, sample(1)]))
        .await
        .unwrap();
    let outcomes = answered.into_inner().outcomes;
    assert_sample(&outcomes[0], 0);
    assert_sample(&outcomes[1], 1);
}

/// On one connection, which one thread serves.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_does_not_hold_up_single_tickets() {
    // A test that is slow itself may find that a batch has ended before it has asked.
    const TRIES: usize = 50;
    const LARGE: usize = 1_000;
    let both = Both::start().await;
    let channel = both.server.channel().await;
    let text = format!("{SMOKE}. ").repeat(30);
    let requests = (0..LARGE).map(|number| with_id(&text, &format!("T-{number}")));
    let large = batch(requests.collect());
    let tickets = async || {
        let scrape = Scrape::of(&both).await;
        scrape.sum("triage_tickets_total", &[]) as usize
    };
    for _ in 0..TRIES {
        let before = tickets().await;
        let (mut client, large) = (TriageServiceClient::new(channel.clone()), large.clone());
        let large = tokio::spawn(async move { client.batch_route(large).await });
        // It has begun once some of its tickets were answered.
        within_deadline(async { while tickets().await == before {} }).await;
        let mut client = TriageServiceClient::new(channel.clone());
        within_deadline(client.classify(classify(SMOKE)))
            .await
            .unwrap();
        // Among them the single one.
        let by_then = tickets().await - before;
        let answered = within_deadline(large).await.unwrap().unwrap();
        assert_eq!(answered.into_inner().outcomes.len(), LARGE);
        if by_then <= LARGE {
            return;
        }
    }
    panic!("no single ticket was answered before the last one of a batch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_time_is_over_ends_and_the_server_goes_on() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let text = format!("{SMOKE}. ").repeat(30);
    let mut request = tonic::Request::new(batch(vec![route(&text); 1_000]));
    request.set_timeout(Duration::from_millis(1));
    let late = client.batch_route(request).await.unwrap_err();
    assert!(
        matches!(late.code(), Code::Cancelled | Code::DeadlineExceeded),
        "{late:?}"
    );
    client.classify(classify(SMOKE)).await.unwrap();
}
