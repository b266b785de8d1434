//! The time a request may take: by the settings, and by its caller. Whoever is late finds it in the log.

use std::time::{Duration, Instant};

use h2::Reason;
use serde_json::Value;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use triage::grpc::v1;

use crate::raw::{Frames, framed, status};
use crate::running::{Server, server_command, within_deadline};
use crate::tickets::{SMOKE, classify};

async fn start(request_timeout_ms: &str) -> Server {
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", request_timeout_ms);
    Server::start_as(&mut command).await
}

fn of_request<'a>(entries: &'a [Value], id: &str, message: &str) -> Vec<&'a Value> {
    entries
        .iter()
        .filter(|entry| entry["span"]["request_id"] == id && entry["message"] == message)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_too_long_is_answered_and_logged_under_its_id() {
    for (server_ms, caller, named) in [
        ("30", None, "request_timeout_ms"),
        ("3600000", Some("30m"), "grpc-timeout"),
        ("3600000", Some("20000u"), "grpc-timeout"),
        ("30", Some("1H"), "request_timeout_ms"),
    ] {
        let server = start(server_ms).await;
        let mut frames = Frames::connect(&server.address).await;
        let mut headers = vec![("x-request-id", "late-1")];
        headers.extend(caller.map(|time| ("grpc-timeout", time)));
        let (answer, _body) = frames.begin(&headers).await;
        let answer = within_deadline(answer).await.unwrap();
        let (status, id) = status(&answer);
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.message().contains(named), "{}", status.message());
        assert_eq!(id, "late-1");
        drop(frames);
        let entries = server.stop().await.entries();
        let answered = of_request(&entries, "late-1", "answered");
        assert_eq!(answered.len(), 1, "{entries:#?}");
        assert_eq!(answered[0]["code"], "DeadlineExceeded");
        let failed = of_request(&entries, "late-1", "failed");
        assert_eq!((failed.len(), &failed[0]["level"]), (1, &"WARN".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_time_is_answered_whatever_its_caller_allows() {
    let server = start("3600000").await;
    for time in ["99999999H", "1M", "no time", "-5S", ""] {
        let mut frames = Frames::connect(&server.address).await;
        let (answer, mut body) = frames.begin(&[("grpc-timeout", time)]).await;
        body.send_data(framed(&classify(SMOKE)), true).unwrap();
        let answer = within_deadline(answer).await.unwrap();
        let mut body = answer.into_body();
        let mut message = Vec::new();
        while let Some(data) = within_deadline(body.data()).await {
            message.extend(data.unwrap());
        }
        let response = <v1::ClassifyResponse as prost::Message>::decode(&message[5..]).unwrap();
        let topic = response.classification.unwrap().topic.unwrap();
        assert_eq!(topic.label, "safety/incident", "{time}");
        let trailers = within_deadline(body.trailers()).await.unwrap().unwrap();
        assert_eq!(trailers["grpc-status"], "0", "{time}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_callers_time_does_but_not_when_the_settings_time_does() {
    let server = start("1000").await;
    let mut frames = Frames::connect(&server.address).await;
    let path = "/grpc.health.v1.Health/Watch";
    let begun = Instant::now();
    let (answer, mut body) = frames.begin_to(path, &[("grpc-timeout", "2500m")]).await;
    body.send_data(framed(&HealthCheckRequest::default()), true)
        .unwrap();
    let mut body = within_deadline(answer).await.unwrap().into_body();
    assert!(within_deadline(body.data()).await.unwrap().is_ok());
    assert!(within_deadline(body.data()).await.is_none());
    let trailers = within_deadline(body.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "4");
    let told = trailers["grpc-message"].to_str().unwrap();
    assert!(told.contains("grpc-timeout"), "{told}");
    assert!(begun.elapsed() >= Duration::from_millis(2_500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_its_caller_gives_up_is_logged_as_abandoned() {
    // A test that is slow itself may give up only what was answered before.
    const TRIES: usize = 100;
    let mut server = start("3600000").await;
    let mut frames = Frames::connect(&server.address).await;
    let path = "/triage.v1.TriageService/AssignBacklog";
    let backlog = framed(&long_backlog());
    for number in 0..TRIES {
        let id = format!("gone-{number}");
        let (answer, mut body) = frames.begin_to(path, &[("x-request-id", &id)]).await;
        body.send_data(backlog.clone(), true).unwrap();
        // A whole call on the same connection, answered while the backlog is given out: the server has seen it.
        let (whole, mut sent) = frames.begin(&[]).await;
        sent.send_data(framed(&classify(SMOKE)), true).unwrap();
        within_deadline(whole).await.unwrap();
        drop((answer, body));
        let line = loop {
            let line: Value = serde_json::from_str(&server.next_line().await.unwrap()).unwrap();
            if line["span"]["request_id"] == id {
                break line;
            }
        };
        assert_eq!(line["span"]["method"], path);
        if line["message"] == "abandoned" {
            return;
        }
        assert_eq!(line["message"], "answered", "{line}");
    }
    panic!("none was abandoned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_late_is_logged_with_its_code() {
    let mut server = start("3600000").await;
    let mut frames = Frames::connect(&server.address).await;
    let path = "/triage.v1.TriageService/StreamRoute";
    let headers = [("x-request-id", "late-2"), ("grpc-timeout", "50m")];
    let (answer, _open) = frames.begin_to(path, &headers).await;
    let mut answer = within_deadline(answer).await.unwrap().into_body();
    let trailers = within_deadline(answer.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "4");
    let line = server.logged("answered").await;
    assert_eq!(line["span"]["request_id"], "late-2", "{line}");
    assert_eq!(line["code"], "DeadlineExceeded", "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_its_caller_gives_up_is_logged_as_abandoned() {
    let mut server = start("3600000").await;
    let mut frames = Frames::connect(&server.address).await;
    let path = "/triage.v1.TriageService/StreamRoute";
    // Nobody is told at this level of one that asks for health, though it ends like that as a rule.
    for path in ["/grpc.health.v1.Health/Watch", path] {
        let (answer, mut body) = frames.begin_to(path, &[("x-request-id", "gone-2")]).await;
        if path.contains("Health") {
            body.send_data(framed(&HealthCheckRequest::default()), true)
                .unwrap();
        }
        let answer = within_deadline(answer).await.unwrap();
        body.send_reset(Reason::CANCEL);
        drop(answer);
    }
    let abandoned = server.logged("abandoned").await;
    assert_eq!(abandoned["span"]["request_id"], "gone-2");
    assert_eq!(abandoned["span"]["method"], path);
}

/// Tickets that take many times as long as one call, in a message that fits into what may be sent at once.
fn long_backlog() -> v1::AssignBacklogRequest {
    let waiting = v1::WaitingTicket {
        ticket: Some(v1::Ticket {
            body: "It is late".to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::WaitingTicket::default()
    };
    v1::AssignBacklogRequest {
        tickets: vec![waiting; 2_000],
        ..v1::AssignBacklogRequest::default()
    }
}
