//! What every request passes through: a request id, a log line, a net for panics, and the right code for
//! requests that cannot be read.

use std::any::Any;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_http::classify::{GrpcCode, GrpcErrorsAsFailures, GrpcFailureClass, SharedClassifier};
use tower_http::request_id::RequestId;
use tracing::Span;

/// The header that carries a request's id, from the caller or made here.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids of 32 hexadecimal digits. They tell requests apart; they are no secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct MakeRequestId;

impl tower_http::request_id::MakeRequestId for MakeRequestId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let id = format!("{:032x}", fastrand::u128(..));
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// A panic in a handler becomes an answer.
pub(super) type OnPanic = fn(Box<dyn Any + Send + 'static>) -> Response<Body>;

/// An answer is looked at once more.
pub(super) type OnAnswer = fn(Response<Body>) -> Response<Body>;

/// Gives each request an id unless its caller did, logs its answer under that id, sends the id back,
/// answers in place of a handler that panics, and blames unreadable requests on their callers.
macro_rules! layers {
    () => {
        tower::ServiceBuilder::new()
            .layer(tower_http::request_id::SetRequestIdLayer::new(
                layers::REQUEST_ID,
                layers::MakeRequestId,
            ))
            .layer(
                tower_http::trace::TraceLayer::new(layers::failures())
                    .make_span_with(layers::request_span)
                    .on_request(())
                    .on_response(layers::log_answer)
                    .on_failure(layers::log_failure),
            )
            .layer(tower_http::request_id::PropagateRequestIdLayer::new(
                layers::REQUEST_ID,
            ))
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(
                layers::internal_error as layers::OnPanic,
            ))
            .map_response(unreadable::blame_the_caller as layers::OnAnswer)
            .into_inner()
    };
}
pub(super) use layers;

/// What every line about a request carries, whatever level the log has.
pub(super) fn request_span<B>(request: &Request<B>) -> Span {
    let request_id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id: &HeaderValue| id.to_str().ok())
        .unwrap_or_default();
    tracing::error_span!("request", method = request.uri().path(), request_id)
}

pub(super) fn log_answer<B>(response: &Response<B>, latency: Duration, _span: &Span) {
    let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |s| s.code());
    tracing::info!(?code, latency_us = micros(latency), "answered");
}

/// What counts as a failure: not what the caller has to mend.
pub(super) fn failures() -> SharedClassifier<GrpcErrorsAsFailures> {
    let failures = GrpcErrorsAsFailures::new()
        .with_success(GrpcCode::InvalidArgument)
        .with_success(GrpcCode::NotFound)
        .with_success(GrpcCode::PermissionDenied)
        .with_success(GrpcCode::FailedPrecondition)
        .with_success(GrpcCode::Aborted)
        .with_success(GrpcCode::ResourceExhausted)
        .with_success(GrpcCode::Unimplemented);
    SharedClassifier::new(failures)
}

/// A failure by its code alone: the message of a status may quote the request.
pub(super) fn log_failure(failure: GrpcFailureClass, latency: Duration, _span: &Span) {
    let latency_us = micros(latency);
    match failure {
        GrpcFailureClass::Status(status) => {
            tracing::warn!(code = ?Code::from(status.code_raw()), latency_us, "failed");
        }
        GrpcFailureClass::Error(error) => tracing::warn!(error, latency_us, "failed"),
        _ => tracing::warn!(latency_us, "failed"),
    }
}

/// A number that the log writes as a number, which 128 bits are not.
fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
}

/// A panic in a handler: its place is in the log already, the caller gets a fixed text.
pub(super) fn internal_error(_panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    Status::internal("internal error: see the server's log under this request's x-request-id")
        .into_http()
}
