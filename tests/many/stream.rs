//! StreamRoute: an outcome for each ticket, in order, whatever becomes of the others, for as long as the caller likes.

use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use triage::grpc::v1;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::outcome::{assert_sample, assert_violation, sample, with_id};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

/// An open stream.
struct Open {
    tickets: mpsc::Sender<v1::RouteRequest>,
    outcomes: Streaming<v1::RouteOutcome>,
}

impl Open {
    async fn start(mut client: TriageServiceClient<Channel>) -> Self {
        let (tickets, sent) = mpsc::channel(1);
        let outcomes = client
            .stream_route(ReceiverStream::new(sent))
            .await
            .unwrap();
        Self {
            tickets,
            outcomes: outcomes.into_inner(),
        }
    }

    async fn send(&self, request: v1::RouteRequest) {
        within_deadline(self.tickets.send(request)).await.unwrap();
    }

    async fn next(&mut self) -> Result<Option<v1::RouteOutcome>, Status> {
        within_deadline(self.outcomes.message()).await
    }

    /// Sends the sample of this number and checks its outcome.
    async fn ask(&mut self, number: usize) {
        self.send(sample(number)).await;
        assert_sample(&self.next().await.unwrap().unwrap(), number);
    }
}

/// A server that would wait for an hour for calls in flight: a test that ends proves that it did not.
async fn start_patient() -> Server {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "3600000");
    Server::start_as(&mut command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_come_in_order_compressed_or_not() {
    let server = Server::start(&[]).await;
    for encoding in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        let mut client = server.client().await;
        if let Some(encoding) = encoding {
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        let tickets = tokio_stream::iter((0..300).map(sample));
        let mut outcomes = client.stream_route(tickets).await.unwrap().into_inner();
        for number in 0..300 {
            let outcome = within_deadline(outcomes.message()).await.unwrap();
            assert_sample(&outcome.unwrap(), number);
        }
        assert_eq!(within_deadline(outcomes.message()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_may_wait_for_each_outcome_before_the_next_ticket() {
    let server = Server::start(&[]).await;
    let mut open = Open::start(server.client().await).await;
    for number in 0..20 {
        open.ask(number).await;
    }
    drop(open.tickets);
    assert_eq!(
        within_deadline(open.outcomes.message()).await.unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_fails_does_not_end_the_stream() {
    let server = Server::start(&[]).await;
    let mut open = Open::start(server.client().await).await;
    open.ask(0).await;
    for (request, code, field) in [
        (with_id("", "T-1"), Code::InvalidArgument, "ticket.body"),
        (v1::RouteRequest::default(), Code::InvalidArgument, "ticket"),
        (
            with_id(SMOKE, &"i".repeat(257)),
            Code::ResourceExhausted,
            "ticket.id",
        ),
    ] {
        let id = request
            .ticket
            .as_ref()
            .map_or("", |ticket| ticket.id.as_str());
        let id = id.to_owned();
        open.send(request).await;
        let outcome = open.next().await.unwrap().unwrap();
        assert_violation(&outcome, code, field);
        assert_eq!(outcome.ticket_id, id);
    }
    open.ask(4).await;
}

/// Fits the wire's first two fields of a request to route, whatever the second one holds.
#[derive(Clone, PartialEq, prost::Message)]
struct Garbled {
    #[prost(message, optional, tag = "1")]
    ticket: Option<v1::Ticket>,
    /// Where a message is expected.
    #[prost(uint32, tag = "2")]
    options: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_ends_the_stream_after_the_outcomes_due() {
    let server = Server::start(&[]).await;
    let messages = (0..4).map(|number| Garbled {
        ticket: sample(number).ticket,
        options: u32::from(number == 3),
    });
    let mut grpc = Grpc::new(server.channel().await);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/triage.v1.TriageService/StreamRoute");
    let codec = ProstCodec::<Garbled, v1::RouteOutcome>::default();
    let request = Request::new(tokio_stream::iter(messages));
    let mut outcomes = grpc
        .streaming(request, path, codec)
        .await
        .unwrap()
        .into_inner();
    for number in 0..3 {
        let outcome = within_deadline(outcomes.message()).await.unwrap();
        assert_sample(&outcome.unwrap(), number);
    }
    let refused = within_deadline(outcomes.message()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_caller_is_gone_does_not_keep_the_program_from_ending() {
    let server = start_patient().await;
    let client = server.client().await;
    let mut open = Open::start(client.clone()).await;
    open.ask(0).await;
    drop(open);
    // The connection goes on; this comes after the news of the stream's end.
    client.clone().classify(classify(SMOKE)).await.unwrap();
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.entries().last().unwrap()["message"], "drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_while_the_server_drains_until_the_caller_ends_it() {
    let mut server = start_patient().await;
    let mut open = Open::start(server.client().await).await;
    open.ask(0).await;
    server.signal(Signal::TERM);
    server.logged("draining").await;
    for number in 1..50 {
        open.ask(number).await;
    }
    drop(open.tickets);
    assert_eq!(
        within_deadline(open.outcomes.message()).await.unwrap(),
        None
    );
    let ended = server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.entries().last().unwrap()["message"], "drained");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_is_ended_while_the_server_drains() {
    let server = start_patient().await;
    let mut open = Open::start(server.client().await).await;
    open.ask(0).await;
    server.signal(Signal::TERM);
    let ended = open.next().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    assert!(ended.message().contains("shutting down"), "{ended:?}");
    let ended = server.ended().await;
    assert_eq!(ended.entries().last().unwrap()["message"], "drained");
}
