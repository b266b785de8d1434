//! What every request passes through: a request id, a log line, and a net for panics.

use std::any::Any;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower_http::classify::GrpcFailureClass;
use tracing::Span;

/// The header that carries a request's id, from the caller or made here.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A panic in a handler becomes an answer.
pub(super) type OnPanic = fn(Box<dyn Any + Send + 'static>) -> Response<Body>;

/// Gives each request an id unless its caller did, logs its answer under that id, sends the id back,
/// and answers in place of a handler that panics.
macro_rules! layers {
    () => {
        tower::ServiceBuilder::new()
            .layer(tower_http::request_id::SetRequestIdLayer::new(
                layers::REQUEST_ID,
                tower_http::request_id::MakeRequestUuid,
            ))
            .layer(
                tower_http::trace::TraceLayer::new_for_grpc()
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
            .into_inner()
    };
}
pub(super) use layers;

pub(super) fn request_span<B>(request: &Request<B>) -> Span {
    let request_id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id: &HeaderValue| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = request.uri().path(), request_id)
}

pub(super) fn log_answer<B>(response: &Response<B>, latency: Duration, _span: &Span) {
    let code = Status::from_header_map(response.headers()).map_or(tonic::Code::Ok, |s| s.code());
    tracing::info!(?code, latency_us = latency.as_micros(), "answered");
}

pub(super) fn log_failure(failure: GrpcFailureClass, latency: Duration, _span: &Span) {
    tracing::warn!(%failure, latency_us = latency.as_micros(), "failed");
}

/// A panic in a handler: the cause goes to the log, the caller gets a fixed text.
pub(super) fn internal_error(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let cause = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned());
    tracing::error!(cause, "panicked");
    Status::internal("internal error: see the server's log under this request's x-request-id")
        .into_http()
}
