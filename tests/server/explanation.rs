//! The parts of an explanation sum to the log-odds between two labels, also where only the strongest
//! words are named.

use tonic::Code;
use triage::grpc::v1;

use crate::running::Server;
use crate::tickets::{SAMPLES, SMOKE, ticket};

fn options(label: &str) -> Option<v1::ClassificationOptions> {
    Some(v1::ClassificationOptions {
        top: 1_000,
        explain: Some(v1::ExplainOptions {
            label: label.to_owned(),
            ..v1::ExplainOptions::default()
        }),
        ..v1::ClassificationOptions::default()
    })
}

fn request(body: &str) -> v1::ClassifyRequest {
    v1::ClassifyRequest {
        ticket: Some(ticket(body)),
        options: options(""),
    }
}

/// Checks the sums of one head's explanation.
fn check_sums(prediction: &v1::Prediction) {
    let explanation = prediction.explanation.as_ref().unwrap();
    let label = explanation.label.as_ref().unwrap();
    let versus = explanation.versus.as_ref().unwrap();
    for parts in [label, versus] {
        let sum = parts.constant + parts.sentence + parts.words;
        assert!((sum - parts.logit).abs() < 1e-3, "{parts:?}");
        let listed = prediction.top.iter().find(|l| l.label == parts.label);
        assert_eq!(listed.unwrap().probability, parts.probability);
    }
    assert_eq!(label.label, prediction.label);
    // A probability of nearly one has lost the digits that its logarithm would need.
    if versus.probability > 1e-3 {
        let odds = (label.probability / versus.probability).ln();
        let lead = label.logit - versus.logit;
        assert!((odds - lead).abs() < 1e-3, "{explanation:?}");
    }
    let own: f32 = explanation.evidence.iter().map(|w| w.contribution).sum();
    let other: f32 = explanation
        .evidence
        .iter()
        .map(|w| w.versus_contribution)
        .sum();
    if explanation.evidence.len() < 500 {
        assert!((own - label.words).abs() < 1e-3, "{own} {label:?}");
        assert!((other - versus.words).abs() < 1e-3, "{other} {versus:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_sum_to_the_log_odds() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let bodies = SAMPLES.iter().map(|sample| sample.body.to_owned());
    let odd = [
        "?!",
        "🔥🔥 refund… «Größe» 子供",
        "hello",
        "where is it? I want it back!",
    ];
    let long = "refund my parcel, please! ".repeat(500);
    for body in bodies.chain(odd.map(str::to_owned)).chain([long]) {
        let answer = client.classify(request(&body)).await.unwrap();
        let classification = answer.into_inner().classification.unwrap();
        check_sums(classification.topic.as_ref().unwrap());
        check_sums(classification.urgency.as_ref().unwrap());
        classification.facets.values().for_each(check_sums);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_explained_too_and_only_where_it_was_asked_for() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let route = |options| v1::RouteRequest {
        ticket: Some(ticket(SMOKE)),
        options,
        ..v1::RouteRequest::default()
    };
    let answer = client.route(route(options(""))).await.unwrap().into_inner();
    let topic = answer.classification.unwrap().topic.unwrap();
    check_sums(&topic);
    assert!(topic.evidence.is_empty());
    let answer = client.route(route(None)).await.unwrap().into_inner();
    assert_eq!(
        answer.classification.unwrap().topic.unwrap().explanation,
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_label_is_named_with_the_known_ones() {
    let server = Server::start(&[]).await;
    let mut asked = request(SMOKE);
    asked.options = options("safety/incidents");
    let refused = server.client().await.classify(asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let message = refused.message();
    for part in [
        "options.explain.label",
        "'safety/incidents'",
        "safety/incident,",
    ] {
        assert!(message.contains(part), "no {part} in {message}");
    }
}
