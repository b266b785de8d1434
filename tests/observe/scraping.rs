//! What is counted of calls and tickets, read as Prometheus does.

use std::collections::BTreeSet;

use tokio_stream::StreamExt;
use triage::grpc::v1;

use crate::calling::Both;
use crate::scrape::Scrape;
use crate::tickets::{SMOKE, classify, route};

const ROUTE: (&str, &str) = ("method", "triage.v1.TriageService/Route");
const CLASSIFY: (&str, &str) = ("method", "triage.v1.TriageService/Classify");
const STREAM: (&str, &str) = ("method", "triage.v1.TriageService/StreamRoute");

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_method_and_code_and_timed() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    for _ in 0..3 {
        client.route(route(SMOKE)).await.unwrap();
    }
    client.classify(classify("")).await.unwrap_err();
    // Over HTTP, the same stack answers.
    let body = serde_json::json!({"ticket": {"body": SMOKE}}).to_string();
    assert_eq!(both.post("/v1/route", body).await.status(), 200);

    let scrape = Scrape::of(&both).await;
    let total = |labels: &[(&str, &str)]| scrape.sum("triage_requests_total", labels);
    assert_eq!(total(&[ROUTE, ("code", "OK")]), 4.0);
    assert_eq!(total(&[CLASSIFY, ("code", "INVALID_ARGUMENT")]), 1.0);
    assert_eq!(total(&[CLASSIFY, ("code", "OK")]), 0.0);
    let timed = |part: &str, labels: &[(&str, &str)]| {
        scrape.sum(&format!("triage_request_duration_seconds_{part}"), labels)
    };
    assert_eq!(timed("count", &[ROUTE]), 4.0);
    assert_eq!(timed("bucket", &[ROUTE, ("le", "+Inf")]), 4.0);
    assert!(timed("sum", &[ROUTE]) > 0.0);
    let bounds: Vec<&str> = scrape
        .all("triage_request_duration_seconds_bucket", &[ROUTE])
        .map(|sample| sample.labels["le"].as_str())
        .collect();
    assert_eq!((bounds[0], bounds[bounds.len() - 2]), ("0.0001", "10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_the_protocol_is_counted_under_its_own_name() {
    let both = Both::start().await;
    let scrape = Scrape::of(&both).await;
    let counted: BTreeSet<&str> = scrape
        .all("triage_requests_total", &[("code", "OK")])
        .map(|sample| sample.labels["method"].as_str())
        .collect();
    let described = prost_reflect::DescriptorPool::decode(triage::grpc::DESCRIPTORS).unwrap();
    for service in described.services() {
        for method in service.methods() {
            let name = format!("{}/{}", service.full_name(), method.name());
            assert!(counted.contains(name.as_str()), "{name}: {counted:?}");
        }
    }
    assert!(
        counted.contains("grpc.health.v1.Health/Check"),
        "{counted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_in_flight_until_it_has_ended() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers = client.stream_route(requests).await.unwrap().into_inner();
    sender.send(route(SMOKE)).await.unwrap();
    let outcome = answers.next().await.unwrap().unwrap();
    assert!(matches!(
        outcome.outcome,
        Some(v1::route_outcome::Outcome::Response(_))
    ));
    let scrape = Scrape::of(&both).await;
    assert_eq!(scrape.sum("triage_requests_in_flight", &[]), 1.0);
    assert_eq!(scrape.sum("triage_requests_total", &[STREAM]), 0.0);
    drop(sender);
    assert!(answers.next().await.is_none());
    // The client has its end before the server knows that it has.
    let ended = |scrape: &Scrape| {
        scrape.sum("triage_requests_in_flight", &[]) == 0.0
            && scrape.sum("triage_requests_total", &[STREAM, ("code", "OK")]) == 1.0
    };
    Scrape::once(&both, ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_counted_by_what_came_of_them() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    let answer = client.route(route(SMOKE)).await.unwrap().into_inner();
    let told = answer.classification.unwrap();
    let scrape = Scrape::of(&both).await;
    let topic = told.topic.unwrap().label;
    let urgency = told.urgency.unwrap().label;
    let labels = [
        ("topic", topic.as_str()),
        ("urgency", urgency.as_str()),
        // The sample policy leaves what is about safety to people.
        ("outcome", "to_person"),
    ];
    assert_eq!(scrape.sum("triage_tickets_total", &labels), 1.0);
    assert_eq!(scrape.sum("triage_tickets_total", &[]), 1.0);
    let reason = [("reason", "ALWAYS_HUMAN")];
    assert_eq!(scrape.sum("triage_abstentions_total", &reason), 1.0);
    assert_eq!(scrape.sum("triage_topic_confidence_count", &[]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_levels_are_those_of_the_moment() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    let mut request = route(SMOKE);
    request.reserve = true;
    request.ticket.as_mut().unwrap().id = "t-1".to_owned();
    let answer = client.route(request).await.unwrap().into_inner();
    assert!(answer.reservation.is_some());
    let scrape = Scrape::of(&both).await;
    for (name, version) in [
        ("triage_model_info", &answer.model_version),
        ("triage_policy_info", &answer.policy_version),
    ] {
        assert_eq!(scrape.sum(name, &[("version", version)]), 1.0, "{name}");
        assert_eq!(scrape.sum(name, &[]), 1.0, "{name}");
    }
    assert_eq!(scrape.sum("triage_ready", &[]), 1.0);
    assert_eq!(scrape.sum("triage_reservations_held", &[]), 1.0);
    assert_eq!(scrape.sum("triage_reservations_limit", &[]), 100_000.0);
    // The connections of this client and of the one that waited until the server served.
    assert!(scrape.sum("triage_connections_open", &[]) >= 1.0);
    let memory = scrape.sum("process_resident_memory_bytes", &[]);
    assert!(memory > 1e6, "{memory}");
}

/// A caller makes up neither methods nor anything else that labels are made of.
#[tokio::test(flavor = "multi_thread")]
async fn no_label_comes_from_a_caller() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    let mut request = route("Xyzzy plugh");
    request.ticket.as_mut().unwrap().tags = vec!["plugh".to_owned()];
    client.route(request).await.unwrap();
    let channel = both.server.channel().await;
    let mut unknown = tonic::client::Grpc::new(channel);
    unknown.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<v1::RouteRequest, v1::RouteResponse>::default();
    let path = http::uri::PathAndQuery::from_static("/triage.v1.TriageService/Plugh");
    let request = tonic::Request::new(route("Xyzzy"));
    unknown.unary(request, path, codec).await.unwrap_err();
    let scrape = Scrape::of(&both).await;
    let labels = [("method", "unknown"), ("code", "UNIMPLEMENTED")];
    assert_eq!(scrape.sum("triage_requests_total", &labels), 1.0);
    let text = format!("{scrape:?}").to_lowercase();
    assert!(!text.contains("plugh") && !text.contains("xyzzy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_it_is_a_call_is_counted() {
    let both = Both::start().await;
    assert_eq!(both.get("/nothing").await.status(), 404);
    assert_eq!(both.get("/v1/route").await.status(), 405);
    let request = http::Request::post("/v1/route");
    assert_eq!(both.send(request, "{}").await.status(), 415);
    let scrape = Scrape::of(&both).await;
    for code in ["NOT_FOUND", "UNIMPLEMENTED", "INVALID_ARGUMENT"] {
        let labels = [("method", "unknown"), ("code", code)];
        assert_eq!(scrape.sum("triage_requests_total", &labels), 1.0, "{code}");
    }
    let unknown = [("method", "unknown")];
    let timed = scrape.sum("triage_request_duration_seconds_count", &unknown);
    assert_eq!(timed, 3.0);
    assert_eq!(scrape.sum("triage_requests_in_flight", &[]), 0.0);
}
