//! What became of a ticket, as tests look at it.

use prost::Message;
use tonic::Code;
use tonic_types::pb;
use triage::grpc::v1;
use triage::grpc::v1::route_outcome::Outcome;

use crate::tickets::{SAMPLES, route};

/// The answer; fails the test if there is an error instead.
pub(crate) fn answer(outcome: &v1::RouteOutcome) -> &v1::RouteResponse {
    match outcome.outcome.as_ref().unwrap() {
        Outcome::Response(response) => response,
        Outcome::Error(error) => panic!("{error:?}"),
    }
}

/// The error; fails the test if there is an answer instead.
pub(crate) fn error(outcome: &v1::RouteOutcome) -> &pb::Status {
    match outcome.outcome.as_ref().unwrap() {
        Outcome::Error(error) => error,
        Outcome::Response(response) => panic!("{response:?}"),
    }
}

/// Checks an error's code and that its first violation is of this field.
pub(crate) fn assert_violation(outcome: &v1::RouteOutcome, code: Code, field: &str) {
    let error = error(outcome);
    assert_eq!(error.code, i32::from(code), "{error:?}");
    assert!(error.message.contains(field), "{error:?}");
    let detail = &error.details[0];
    let bad = pb::BadRequest::decode(detail.value.as_slice()).unwrap();
    assert_eq!(bad.field_violations[0].field, field);
}

/// The agent whom a ticket should go to; empty for nobody.
pub(crate) fn agent(outcome: &v1::RouteOutcome) -> &str {
    &answer(outcome).decision.as_ref().unwrap().agent_id
}

/// A request with this id, of one of the samples' texts in turn.
pub(crate) fn sample(number: usize) -> v1::RouteRequest {
    with_id(SAMPLES[number % SAMPLES.len()].body, &format!("T-{number}"))
}

/// A request with this text and id.
pub(crate) fn with_id(body: &str, id: &str) -> v1::RouteRequest {
    let mut request = route(body);
    request.ticket.as_mut().unwrap().id = id.to_owned();
    request
}

/// Checks that an outcome is the answer to the sample of this number.
pub(crate) fn assert_sample(outcome: &v1::RouteOutcome, number: usize) {
    assert_eq!(outcome.index, number as u64);
    assert_eq!(outcome.ticket_id, format!("T-{number}"));
    let topic = answer(outcome)
        .classification
        .as_ref()
        .unwrap()
        .topic
        .as_ref();
    assert_eq!(topic.unwrap().label, SAMPLES[number % SAMPLES.len()].topic);
}
