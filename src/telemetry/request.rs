//! The span of a request, and how it continues a caller's trace.

use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Whether traces are sent: without them, a request costs nothing here.
static TRACING: AtomicBool = AtomicBool::new(false);

/// Lets requests have traces from now on.
pub(super) fn trace_requests() {
    TRACING.store(true, Ordering::Relaxed);
}

/// The target of the spans of requests that ask for the server's health, which come every few seconds for ever.
pub(super) const HEALTH: &str = "triage::health";
/// How the paths of such requests begin.
const HEALTH_PATHS: &str = "/grpc.health.v1.Health/";

/// What every line of the log about a request carries, whatever level the log has. With traces, the span continues
/// the trace that a `traceparent` header names, and its lines carry the trace's id if it is sent. Requests for the server's health have
/// no traces.
#[must_use]
pub fn request_span(path: &str, request_id: &str, headers: &HeaderMap) -> Span {
    if path.starts_with(HEALTH_PATHS) {
        return tracing::error_span!(target: HEALTH, "request", method = path, request_id);
    }
    if !TRACING.load(Ordering::Relaxed) {
        return tracing::error_span!("request", method = path, request_id);
    }
    let method = path.trim_start_matches('/');
    let span = tracing::error_span!(
        "request",
        method = path,
        request_id,
        otel.name = method,
        otel.kind = "server",
        trace_id = tracing::field::Empty,
    );
    let caller = TraceContextPropagator::new().extract(&Headers(headers));
    if caller.span().span_context().is_valid() {
        // Fails only where the log's filter turned the span off.
        let _ = span.set_parent(caller);
    }
    let context = span.context();
    if context.span().span_context().is_sampled() {
        let trace = context.span().span_context().trace_id();
        span.record("trace_id", tracing::field::display(trace));
        span.set_attribute("rpc.system", "grpc");
    }
    span
}

/// Whether a span of a request is of one that asks for the server's health.
#[must_use]
pub fn is_health(span: &Span) -> bool {
    span.metadata().is_some_and(|what| what.target() == HEALTH)
}

/// Tells a request's trace what it was answered with.
pub fn end_request(span: &Span, code: Code) {
    if !TRACING.load(Ordering::Relaxed) {
        return;
    }
    span.set_attribute("rpc.grpc.status_code", i64::from(code as i32));
    if is_fault(code) {
        // Without the message of the status, which may quote the request.
        span.set_status(Status::error(code.description()));
    }
}

/// Whether a code says that the server, not the caller, has something to mend.
fn is_fault(code: Code) -> bool {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated => false,
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
