//! The log and the request ids: every answer can be found again, and no customer's word can.

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use triage::grpc::v1;

use crate::running::{Server, argument, server_command};
use crate::tickets::{SMOKE, classify, route};

const HEADER: &str = "x-request-id";

fn with_id<T>(message: T, id: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(HEADER, id.parse().unwrap());
    request
}

fn answered(entries: &[Value]) -> Vec<&Value> {
    entries
        .iter()
        .filter(|entry| entry["message"] == "answered")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_comes_back_and_an_absent_one_is_made() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let answer = client
        .classify(with_id(classify(SMOKE), "given-42"))
        .await
        .unwrap();
    assert_eq!(answer.metadata().get(HEADER).unwrap(), "given-42");
    let refused = client
        .classify(with_id(classify(""), "given-43"))
        .await
        .unwrap_err();
    assert_eq!(refused.metadata().get(HEADER).unwrap(), "given-43");

    let mut made = Vec::new();
    for _ in 0..2 {
        let answer = client.route(route(SMOKE)).await.unwrap();
        made.push(
            answer
                .metadata()
                .get(HEADER)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(made.iter().all(|id| id.len() == 32), "{made:?}");
    assert_ne!(made[0], made[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_that_would_not_do_in_a_log_is_replaced() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let long = "a".repeat(129);
    let unfit = [long.as_str(), "ana@example.com", "two words", "4111/1111"];
    for id in unfit {
        let answer = client.classify(with_id(classify(SMOKE), id)).await.unwrap();
        let made = answer.metadata().get(HEADER).unwrap().to_str().unwrap();
        assert!(made.len() == 32 && made != id, "{made}");
    }
    let fit = [&long[1..], "Desk-7.a_b:c"];
    for id in fit {
        let answer = client.classify(with_id(classify(SMOKE), id)).await.unwrap();
        assert_eq!(answer.metadata().get(HEADER).unwrap(), id);
    }
    drop(client);
    let ended = server.stop().await;
    for id in unfit {
        assert!(ended.log.iter().all(|line| !line.contains(id)), "{id}");
    }
    for id in fit {
        assert!(ended.log.iter().any(|line| line.contains(id)), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_logged_with_method_id_code_and_latency() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    client.route(with_id(route(SMOKE), "fine")).await.unwrap();
    client
        .classify(with_id(classify(""), "refused"))
        .await
        .unwrap_err();
    client.route(route(SMOKE)).await.unwrap();
    drop(client);
    let ended = server.stop().await;
    let entries = ended.entries();
    let find = |id: &str| {
        let mut found = answered(&entries);
        found.retain(|entry| entry["span"]["request_id"] == id);
        assert_eq!(found.len(), 1, "{entries:#?}");
        found[0]
    };
    let fine = find("fine");
    assert_eq!(fine["span"]["method"], "/triage.v1.TriageService/Route");
    assert_eq!(
        (&fine["code"], &fine["level"]),
        (&"Ok".into(), &"INFO".into())
    );
    assert!(fine["latency_us"].is_u64() && fine["timestamp"].is_string());
    let refused = find("refused");
    assert_eq!(
        refused["span"]["method"],
        "/triage.v1.TriageService/Classify"
    );
    assert_eq!(
        (&refused["code"], &refused["level"]),
        (&"InvalidArgument".into(), &"INFO".into())
    );
    let of_refused = |entry: &&Value| entry["span"]["request_id"] == "refused";
    assert_eq!(
        entries.iter().filter(of_refused).count(),
        1,
        "not a warning"
    );
    for entry in answered(&entries) {
        let id = entry["span"]["request_id"].as_str().unwrap();
        assert!(!id.is_empty(), "{entry}");
    }
}

/// Every word here is unlike any other, in capitals or not.
fn secretive() -> v1::Ticket {
    let words = |field: &str| format!("smoke burnt Xyzzy{field} xyzzy-{field}@example.org");
    v1::Ticket {
        id: "t-1".to_owned(),
        subject: words("subject"),
        body: words("body"),
        tags: vec![words("tag")],
        attributes: [("key".to_owned(), words("attribute"))].into(),
        customer: Some(v1::Customer {
            id: words("customer"),
            tier: words("tier"),
            attributes: [(words("key"), words("value"))].into(),
        }),
        ..v1::Ticket::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_ticket_is_ever_written() {
    for level in ["debug", "trace"] {
        let server = Server::start(&["--log-level", level]).await;
        let mut client = server.client().await;
        let options = Some(v1::ClassificationOptions {
            top: 26,
            evidence: true,
            ..v1::ClassificationOptions::default()
        });
        let request = v1::RouteRequest {
            ticket: Some(secretive()),
            options: options.clone(),
            waited: None,
            trace: true,
            ..v1::RouteRequest::default()
        };
        let answer = client.route(request.clone()).await.unwrap().into_inner();
        assert_eq!(answer.decision.unwrap().queue, "safety_desk");
        let mut wrong = request.clone();
        let ticket = wrong.ticket.as_mut().unwrap();
        ticket
            .attributes
            .insert("Xyzzylong".to_owned(), "a".repeat(5_000));
        let refused = client.route(wrong).await.unwrap_err();
        assert!(refused.message().contains("Xyzzylong"));
        let mut large = request.ticket.unwrap();
        large.body = "xyzzy ".repeat(1_000_000);
        let large = v1::ClassifyRequest {
            ticket: Some(large),
            options,
        };
        client.classify(large).await.unwrap_err();
        drop(client);

        let ended = server.stop().await;
        assert_eq!(ended.code, Some(0));
        let entries = ended.entries();
        assert!(answered(&entries).len() >= 3);
        assert!(entries.iter().any(|entry| entry["level"] == "DEBUG"));
        for line in ended
            .log
            .iter()
            .map(String::as_str)
            .chain([ended.errors.as_str()])
        {
            assert!(!line.to_lowercase().contains("xyzzy"), "at {level}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_a_warning_with_its_request_id_in_a_quiet_log_too() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    mkfifoat(CWD, &policy, Mode::RUSR | Mode::WUSR).unwrap();
    let filter = "warn,triage::server=info,triage::server::log=warn";
    let arguments = ["--policy", argument(&policy), "--log-level", filter];
    let mut server = Server::start_listening(&mut server_command(&arguments)).await;
    let mut client = server.client().await;
    let request = with_id(route(SMOKE), "too-early");
    client.route(request).await.unwrap_err();
    let failed = server.logged("failed").await;
    assert_eq!(
        (&failed["level"], &failed["code"]),
        (&"WARN".into(), &"Unavailable".into())
    );
    assert_eq!(failed["span"]["request_id"], "too-early");
    assert!(
        server
            .stop()
            .await
            .entries()
            .iter()
            .all(|entry| entry["message"] != "answered")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_logged_when_it_ends_with_what_it_ended_with() {
    let mut server = Server::start(&[]).await;
    let mut client = server.client().await;
    let (ends, receiver) = mpsc::channel(1);
    let request = with_id(ReceiverStream::new(receiver), "ends");
    let mut ending = client.stream_route(request).await.unwrap().into_inner();
    ends.send(route(SMOKE)).await.unwrap();
    ending.message().await.unwrap().unwrap();
    // It goes on: the next answer is that of another call.
    client
        .classify(with_id(classify(SMOKE), "meanwhile"))
        .await
        .unwrap();
    let line = server.logged("answered").await;
    assert_eq!(line["span"]["request_id"], "meanwhile", "{line}");
    drop(ends);
    assert!(ending.message().await.unwrap().is_none());
    let line = server.logged("answered").await;
    assert_eq!(line["span"]["request_id"], "ends", "{line}");
    assert_eq!(line["code"], "Ok", "{line}");
}
