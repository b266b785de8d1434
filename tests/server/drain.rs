//! SIGTERM: what is in flight is answered, whoever watches is told, and the program ends with 0.

use std::fs;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_stream::StreamExt;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use triage::grpc::v1;

use crate::running::{Server, argument, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

/// A server that would wait for an hour for calls in flight: a test that ends proves that it did not.
async fn start_patient() -> Server {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "3600000");
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "3600000");
    Server::start_as(&mut command).await
}

/// A call whose request the server sees at once, and gets only when `message` is sent.
async fn call_in_flight(
    channel: Channel,
    message: oneshot::Receiver<v1::ClassifyRequest>,
) -> tokio::task::JoinHandle<Result<Response<v1::ClassifyResponse>, Status>> {
    let (polled, is_polled) = oneshot::channel();
    let messages = tokio_stream::once((polled, message)).then(
        |(polled, message): (oneshot::Sender<()>, oneshot::Receiver<_>)| async {
            polled.send(()).unwrap();
            message.await.unwrap()
        },
    );
    let call = tokio::spawn(async move {
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/triage.v1.TriageService/Classify");
        let codec = ProstCodec::<v1::ClassifyRequest, v1::ClassifyResponse>::default();
        grpc.client_streaming(Request::new(Box::pin(messages)), path, codec)
            .await
    });
    within_deadline(is_polled).await.unwrap();
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_flight_is_answered_and_the_program_ends_well() {
    let mut server = start_patient().await;
    let channel = server.channel().await;
    let (send, message) = oneshot::channel();
    let call = call_in_flight(channel.clone(), message).await;
    // An answer on the same connection: the server has seen the other call, which came before.
    let mut client = triage::grpc::v1::triage_service_client::TriageServiceClient::new(channel);
    client.classify(classify(SMOKE)).await.unwrap();

    server.signal(Signal::TERM);
    server.logged("draining").await;
    send.send(classify(SMOKE)).unwrap();
    let answer = within_deadline(call).await.unwrap().unwrap().into_inner();
    let topic = answer.classification.unwrap().topic.unwrap();
    assert_eq!(topic.label, "safety/incident");

    let ended = server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.entries().last().unwrap()["message"], "drained");
    assert!(ended.errors.is_empty(), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_is_told_and_does_not_keep_the_program_from_ending() {
    let server = start_patient().await;
    let mut watched = Vec::new();
    for service in ["", "triage.v1.TriageService"] {
        let mut health = HealthClient::new(server.channel().await);
        let service = service.to_owned();
        let request = HealthCheckRequest { service };
        let mut states = health.watch(request).await.unwrap().into_inner();
        let state = states.message().await.unwrap().unwrap();
        assert_eq!(state.status(), ServingStatus::Serving);
        watched.push((health, states));
    }
    server.signal(Signal::TERM);
    for (_, states) in &mut watched {
        let state = within_deadline(states.message()).await.unwrap().unwrap();
        assert_eq!(state.status(), ServingStatus::NotServing);
        assert_eq!(within_deadline(states.message()).await.unwrap(), None);
    }
    let ended = server.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_does_not_keep_the_program_from_ending() {
    let server = start_patient().await;
    let mut client = server.client().await;
    client.classify(classify(SMOKE)).await.unwrap();
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let refused = client.classify(classify(SMOKE)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_ends_is_cut_off_when_the_time_is_over() {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "1");
    let server = Server::start_as(&mut command).await;
    let channel = server.channel().await;
    let (_send, message) = oneshot::channel();
    let call = call_in_flight(channel.clone(), message).await;
    HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let cut_off = |entry: &Value| entry["message"] == "requests still in flight were cut off";
    assert!(ended.entries().iter().any(cut_off), "{ended:#?}");
    assert!(within_deadline(call).await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_still_loading_ends_too() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    mkfifoat(CWD, &policy, Mode::RUSR | Mode::WUSR).unwrap();
    let server =
        Server::start_listening(&mut server_command(&["--policy", argument(&policy)])).await;
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(fs::exists(&policy).unwrap());
}
