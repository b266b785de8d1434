//! Traces of requests, sent to a collector of this test's own.

use std::net::SocketAddr;
use std::process::Command;

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tokio::net::TcpSocket;
use tonic::Request;

use crate::collector::{Collector, attribute, spans};
use crate::running::{Server, server_command};
use crate::tickets::{SMOKE, classify, route};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const ROUTE: &str = "triage.v1.TriageService/Route";

/// The program with traces to `endpoint`, all of them or those alone that callers ask for.
fn traced(endpoint: &str, ratio: &str, arguments: &[&str]) -> Command {
    let mut command = server_command(arguments);
    command
        .env("TRIAGE_TELEMETRY__OTLP_ENDPOINT", endpoint)
        .env("TRIAGE_TELEMETRY__SAMPLE_RATIO", ratio);
    command
}

fn from_trace<T>(message: T, flags: &str) -> Request<T> {
    let mut request = Request::new(message);
    let parent = format!("00-{TRACE}-{PARENT}-{flags}");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().unwrap());
    request
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_goes_on_in_the_server() {
    let mut collector = Collector::start().await;
    let server = Server::start_as(&mut traced(&collector.endpoint(), "0", &[])).await;
    let mut client = server.client().await;
    client.route(from_trace(route(SMOKE), "01")).await.unwrap();
    drop(client);
    // What was not sent yet is sent before the server ends.
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0));

    let sent = collector.rest();
    let spans = spans(&sent);
    let named = |name: &str| {
        let mut found = spans.iter().filter(|span| span.name == name);
        let span = found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
        assert!(found.next().is_none(), "{name} is there twice");
        assert_eq!(hex(&span.trace_id), TRACE);
        *span
    };
    let request = named(ROUTE);
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert_eq!(request.kind, 2, "a server's");
    let told = |key: &str| attribute(&request.attributes, key);
    assert_eq!(told("rpc.system").as_deref(), Some("grpc"));
    assert_eq!(told("rpc.grpc.status_code").as_deref(), Some("0"));
    for part in ["classify", "decide"] {
        let part = named(part);
        assert_eq!(part.parent_span_id, request.span_id);
        assert!(part.start_time_unix_nano >= request.start_time_unix_nano);
        assert!(part.end_time_unix_nano <= request.end_time_unix_nano);
    }
    assert_eq!(spans.len(), 3, "none of others: {spans:#?}");
    let resource = sent[0].resource_spans[0].resource.as_ref().unwrap();
    let service = attribute(&resource.attributes, "service.name");
    assert_eq!(service.as_deref(), Some("triage"));

    // The log leads to the trace.
    let entries = ended.entries();
    let answered = entries.iter().find(|entry| entry["message"] == "answered");
    assert_eq!(answered.unwrap()["span"]["trace_id"], TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_trace_is_not_traced() {
    let mut collector = Collector::start().await;
    let server = Server::start_as(&mut traced(&collector.endpoint(), "1", &[])).await;
    let mut client = server.client().await;
    client.route(from_trace(route(SMOKE), "00")).await.unwrap();
    drop(client);
    server.stop().await;
    assert_eq!(collector.rest(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_begins_here_holds_failures_and_no_word_of_a_ticket() {
    let mut collector = Collector::start().await;
    let arguments = ["--log-level", "trace"];
    let server = Server::start_as(&mut traced(&collector.endpoint(), "1", &arguments)).await;
    let mut client = server.client().await;
    let mut secret = route("smoke burnt Xyzzy xyzzy@example.org");
    secret.ticket.as_mut().unwrap().subject = "Xyzzy".to_owned();
    secret.trace = true;
    client.route(secret).await.unwrap();
    client.classify(classify("")).await.unwrap_err();
    drop(client);
    server.stop().await;

    let sent = collector.rest();
    assert!(!format!("{sent:?}").to_lowercase().contains("xyzzy"));
    let spans = spans(&sent);
    let routed = spans.iter().find(|span| span.name == ROUTE).unwrap();
    assert!(routed.parent_span_id.is_empty());
    // What a caller has to mend is told by its code and is no failure of the server.
    let refused = spans
        .iter()
        .find(|span| span.name == "triage.v1.TriageService/Classify")
        .unwrap();
    let code = attribute(&refused.attributes, "rpc.grpc.status_code");
    assert_eq!(code.as_deref(), Some("3"));
    let status = refused.status.as_ref().map_or(0, |status| status.code);
    assert_eq!(status, i32::from(StatusCode::Unset));
    // Probes are asked for for ever and have no traces.
    assert!(spans.iter().all(|span| !span.name.contains("Health")));
}

/// A port on which nobody listens, nor can anybody else.
fn port_without_listener() -> (TcpSocket, SocketAddr) {
    let port = TcpSocket::new_v4().unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = port.local_addr().unwrap();
    (port, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_calls_are_answered_and_one_warning_is_logged() {
    let (_port, address) = port_without_listener();
    let endpoint = format!("http://{address}");
    let mut server = Server::start_as(&mut traced(&endpoint, "1", &[])).await;
    let mut client = server.client().await;
    client.route(route(SMOKE)).await.unwrap();
    let message = "traces cannot be sent and are dropped until the collector answers";
    let warned = server.logged(message).await;
    assert_eq!(warned["level"], "WARN");
    assert_eq!(warned["endpoint"], endpoint.as_str());
    client.route(route(SMOKE)).await.unwrap();
    drop(client);
    let ended = server.stop().await;
    assert_eq!(ended.code, Some(0));
    let entries = ended.entries();
    let warnings: Vec<_> = entries
        .iter()
        .filter(|entry| entry["level"] == "WARN")
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_are_sent_again_once_the_collector_is_back() {
    let (port, address) = port_without_listener();
    let mut server = Server::start_as(&mut traced(&format!("http://{address}"), "1", &[])).await;
    let mut client = server.client().await;
    client.route(route(SMOKE)).await.unwrap();
    server
        .logged("traces cannot be sent and are dropped until the collector answers")
        .await;
    let mut collector = Collector::start_on(port.listen(16).unwrap());
    client.route(from_trace(route(SMOKE), "01")).await.unwrap();
    let batch = collector.next().await;
    assert!(spans(&[batch]).iter().any(|span| span.name == ROUTE));
    server.logged("traces are sent again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_used_is_refused_at_the_start() {
    for endpoint in [
        "127.0.0.1:4317",
        "https://127.0.0.1:4317",
        "http://",
        "nonsense",
    ] {
        let ended = Server::spawn(&mut traced(endpoint, "1", &[])).ended().await;
        ended.refused(64, &["telemetry.otlp_endpoint", "http://127.0.0.1:4317"]);
    }
    let ended = Server::spawn(&mut traced("http://127.0.0.1:4317", "2", &[]));
    ended
        .ended()
        .await
        .refused(64, &["telemetry.sample_ratio", "between 0 and 1"]);
}
