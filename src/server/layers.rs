//! What every request passes through, in this order: a request id, a log line, a count, a net for panics, limits, and
//! the right code for requests that cannot be read.

use std::any::Any;
use std::convert::Infallible;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::classify::{GrpcCode, GrpcErrorsAsFailures, GrpcFailureClass, SharedClassifier};
use tower_http::request_id::{PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;
use tracing::Span;

use super::deadline::DeadlineLayer;
use super::in_flight::InFlightLayer;
use super::port::Stack;
use super::routes::Routes;
use super::shown::CertificateShown;
use super::streams::{EndsLater, StreamLayer};
use super::unreadable::blame_the_caller;
use crate::access::AccessLayer;
use crate::checksum::hex_digits;
use crate::metrics::Metrics;

use crate::telemetry;

/// The header that carries a request's id, from the caller or made here.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids of 32 hexadecimal digits. They tell requests apart; they are no secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct MakeRequestId;

impl tower_http::request_id::MakeRequestId for MakeRequestId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let id = fastrand::u128(..).to_be_bytes().map(hex_digits);
        let mut id = HeaderValue::from_bytes(id.as_flattened()).ok()?;
        // None comes twice: that keeps it out of the connection's table of headers, where it would push out others.
        id.set_sensitive(true);
        Some(RequestId::new(id))
    }
}

/// Longest id that is taken from a caller, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// A request is looked at before all else.
pub(super) type OnRequest = fn(Request<Body>) -> Request<Body>;

/// Takes an id away that would not do in a log, so that the request gets another: it may be long, or hold what is
/// nobody's business.
pub(super) fn without_unfit_id(mut request: Request<Body>) -> Request<Body> {
    let id = request.headers().get(REQUEST_ID);
    if id.is_some_and(|id| !is_fit(id.as_bytes())) {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

fn is_fit(id: &[u8]) -> bool {
    let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:-".contains(byte);
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(is_fit)
}

/// A panic in a handler becomes an answer.
type OnPanic = fn(Box<dyn Any + Send + 'static>) -> Response<Body>;

/// An answer is looked at once more.
type OnAnswer = fn(Response<Body>) -> Response<Body>;

/// What is around all services.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) streams: StreamLayer,
    pub(super) metrics: Metrics,
    pub(super) in_flight: InFlightLayer,
    pub(super) certificate: CertificateShown,
    pub(super) access: AccessLayer,
    pub(super) deadline: DeadlineLayer,
}

impl Layers {
    /// Puts all layers around `routes`. From the outside: a request gets an id unless its caller gave it a fit one, its
    /// answer is logged under that id, which is sent back, and counted; a handler that panics is answered for; a stream
    /// is logged when it ends; a request too many is refused, before anything is spent on it; so is a caller who has no
    /// certificate where one is required, or may not make the call, or not so often; one that takes too long is ended;
    /// unreadable ones are blamed on their callers.
    ///
    /// Each layer must be ready at any time and call what is inside within its own `call`: the connection does not
    /// ask whether they are, and a request counts as in flight from then on.
    pub(super) fn around(self, routes: Routes) -> Stack {
        let layered = ServiceBuilder::new()
            .map_request(without_unfit_id as OnRequest)
            .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestId))
            .layer(
                TraceLayer::new(failures())
                    .make_span_with(request_span)
                    .on_request(())
                    .on_response(log_answer)
                    .on_failure(log_failure),
            )
            .layer(PropagateRequestIdLayer::new(REQUEST_ID))
            .layer(self.metrics.requests())
            .layer(CatchPanicLayer::custom(internal_error as OnPanic))
            .layer(self.streams)
            .layer(self.in_flight)
            .layer(ValidateRequestHeaderLayer::custom(self.certificate))
            .layer(self.access)
            .layer(self.deadline)
            .map_response(blame_the_caller as OnAnswer)
            .service(routes);
        Stack::new(
            layered
                .map_response(|answer| answer.map(Body::new))
                .map_err(|never: Infallible| match never {}),
        )
    }
}

/// What every line about a request carries, whatever level the log has.
fn request_span<B>(request: &Request<B>) -> Span {
    let request_id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id: &HeaderValue| id.to_str().ok())
        .unwrap_or_default();
    telemetry::request_span(request.uri().path(), request_id, request.headers())
}

fn log_answer<B>(response: &Response<B>, latency: Duration, span: &Span) {
    if response.extensions().get::<EndsLater>().is_none() {
        let status = Status::from_header_map(response.headers());
        let code = status.map_or(Code::Ok, |status| status.code());
        log_end(code, latency, span);
    }
}

/// Logs with what the request of a span, which must be entered, was answered.
pub(super) fn log_end(code: Code, latency: Duration, span: &Span) {
    let latency_us = micros(latency);
    if telemetry::is_health(span) {
        tracing::debug!(?code, latency_us, "answered");
    } else {
        telemetry::end_request(span, code);
        tracing::info!(?code, latency_us, "answered");
    }
}

/// Logs that nobody waits any more for the answer to the request of a span.
pub(super) fn log_abandoned(span: &Span) {
    let _within = span.enter();
    if telemetry::is_health(span) {
        tracing::debug!("abandoned");
    } else {
        tracing::info!("abandoned");
    }
}

/// What counts as a failure: not what the caller has to mend.
fn failures() -> SharedClassifier<GrpcErrorsAsFailures> {
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
fn log_failure(failure: GrpcFailureClass, latency: Duration, span: &Span) {
    let latency_us = micros(latency);
    match failure {
        GrpcFailureClass::Status(status) => {
            let code = Code::from(status.code_raw());
            telemetry::end_request(span, code);
            tracing::warn!(?code, latency_us, "failed");
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
fn internal_error(_panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    Status::internal("internal error: see the server's log under this request's x-request-id")
        .into_http()
}
