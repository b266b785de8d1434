//! Clients that call too often, or too much at a time.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use triage::grpc::v1;

use crate::calls::{Call, bearing, call, code};
use crate::guarded::{Guarded, token};
use crate::running::{Server, within_deadline};

/// Calls until a call is refused for its frequency, and returns how many were not, and the refusal.
async fn until_refused(server: &Server, credentials: Option<&str>) -> (usize, Status) {
    for answered in 0..1_000 {
        match call(server, Call::Route, credentials).await {
            Err(status) if status.code() == Code::ResourceExhausted => return (answered, status),
            other => drop(other),
        }
    }
    panic!("never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_may_call_so_often_and_is_told_when_to_come_back() {
    let settings = "[access]\nrate_limit = 1\nrate_burst = 5\n".to_owned()
        + &token("one", "first", &["route"])
        + &token("two", "second", &["route", "admin"]);
    let server = Guarded::new(&settings).start().await;
    let (answered, refusal) = until_refused(&server, Some("Bearer first")).await;
    assert!(answered >= 5, "{answered}");
    let details = refusal.get_error_details();
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(1),
        "{wait:?}"
    );

    // Others may still call, and those who watch over the server may always.
    assert_eq!(code(&server, Call::Route, "second").await, Code::Ok);
    let mut health = HealthClient::new(server.channel().await);
    for _ in 0..20 {
        health.check(HealthCheckRequest::default()).await.unwrap();
    }
    // Whoever is nobody is counted by address, right credentials or not.
    let (answered, _) = until_refused(&server, Some("Bearer wrong")).await;
    assert!(answered >= 5, "{answered}");
    let status = call(&server, Call::Route, None).await.unwrap_err();
    assert!([Code::ResourceExhausted, Code::Unauthenticated].contains(&status.code()));
    assert_eq!(code(&server, Call::GetPolicy, "second").await, Code::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_an_address_is_a_client() {
    let server = Guarded::new("[access]\nrate_limit = 1\nrate_burst = 3\n")
        .start()
        .await;
    let (answered, _) = until_refused(&server, None).await;
    assert!(answered >= 3, "{answered}");
    // A token makes no difference where nobody is listed.
    until_refused(&server, Some("Bearer any")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_have_so_many_calls_under_way() {
    let settings = "[access]\nmax_concurrent = 1\n".to_owned()
        + &token("one", "first", &["route"])
        + &token("two", "second", &["route"]);
    let server = Guarded::new(&settings).start().await;
    let (tickets, incoming) = tokio::sync::mpsc::channel::<v1::RouteRequest>(1);
    let stream = bearing(
        tokio_stream::wrappers::ReceiverStream::new(incoming),
        "first",
    );
    let mut answers = server
        .client()
        .await
        .stream_route(stream)
        .await
        .unwrap()
        .into_inner();

    let refused = call(&server, Call::Route, Some("Bearer first"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_error_details().retry_info().is_some());
    assert_eq!(code(&server, Call::Route, "second").await, Code::Ok);

    drop(tickets);
    assert!(within_deadline(answers.message()).await.unwrap().is_none());
    for _ in 0..3 {
        assert_eq!(code(&server, Call::Route, "first").await, Code::Ok);
    }
}
