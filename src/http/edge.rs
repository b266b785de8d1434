//! What is decided before a request is a call: paths and methods that there are not, and pages that may not call.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use tonic::Code;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::call::TIMEOUT_MS;
use super::fault::Fault;
use crate::access::{Access, Connection};
use crate::metrics::{Metrics, Shed};
use crate::settings::AllowedOrigins;

/// How long a browser may remember what a page may do.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// Marks an answer that no call was made for, so that nothing else logs or counts it.
#[derive(Debug, Clone, Copy)]
struct Refused(Code);

/// What takes note of requests that are no calls.
#[derive(Debug)]
pub(super) struct Refusals {
    pub(super) metrics: Metrics,
    pub(super) access: Arc<Access>,
}

/// A panic becomes an answer.
pub(super) type OnPanic = fn(Box<dyn Any + Send + 'static>) -> Response;

/// A panic outside of the services: its place is in the log already, the caller gets a fixed text.
pub(super) fn internal_error(_panic: Box<dyn Any + Send + 'static>) -> Response {
    refused(Fault::new(
        Code::Internal,
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal error: see the server's log under this request's x-request-id",
    ))
}

/// Answers with `fault` in place of a call.
pub(super) fn refused(fault: Fault) -> Response {
    let code = fault.code();
    let mut response = fault.into_response();
    response.extensions_mut().insert(Refused(code));
    response
}

/// Counts and logs what was refused before it was a call. It counts against its address, so that nobody can ask for
/// what there is not more often than for what there is.
pub(super) async fn note_refusals(
    State(refusals): State<Arc<Refusals>>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let request_id = request.headers().get("x-request-id").cloned();
    let connection = request.extensions().get::<Connection>().copied();
    let mut response = next.run(request).await;
    let Some(Refused(mut code)) = response.extensions().get().copied() else {
        return response;
    };
    if code != Code::Internal
        && let Err(too_often) = refusals.access.count_address(connection.as_ref())
    {
        refusals.metrics.shed(Shed::RateLimit);
        code = too_often.code();
        response = Fault::of_call(&too_often).into_response();
    }
    refusals.metrics.refused(begun, code);
    let request_id = request_id.as_ref().and_then(|id| id.to_str().ok());
    let status = response.status().as_u16();
    tracing::info!(request_id, status, "refused");
    response
}

/// The answer to a path that there is not.
pub(super) async fn no_such_path(request: Request) -> Response {
    let path = request.uri().path();
    refused(Fault::new(
        Code::NotFound,
        StatusCode::NOT_FOUND,
        format!("there is no path {path:.100} here: /v1/openapi.json lists them"),
    ))
}

/// The answer to a path that is asked in another way than it can be.
pub(super) async fn no_such_method(request: Request) -> Response {
    let method = request.method();
    refused(Fault::new(
        Code::Unimplemented,
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method:.20} is not answered here: see the header allow"),
    ))
}

/// Refuses requests of pages that may not call. Browsers name the page wherever it could do harm; other callers name
/// none. That also keeps out pages which call a name of their own that leads to this address.
pub(super) async fn check_origin(
    State(allowed): State<Arc<AllowedOrigins>>,
    request: Request,
    next: Next,
) -> Response {
    match request.headers().get(ORIGIN) {
        Some(origin) if !allowed.allow(origin) => refused(Fault::new(
            Code::PermissionDenied,
            StatusCode::FORBIDDEN,
            "pages of this origin may not call: see the server's http.allowed_origins",
        )),
        Some(_) | None => next.run(request).await,
    }
}

/// Tells browsers which pages may call, and what they may send and read.
pub(super) fn cors(allowed: Arc<AllowedOrigins>) -> CorsLayer {
    let allow = move |origin: &http::HeaderValue, _: &http::request::Parts| allowed.allow(origin);
    let sent = ["x-request-id", "x-grpc-web", "x-user-agent", "grpc-timeout"];
    let read = [
        "x-request-id",
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "retry-after",
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allow))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(
            sent.map(HeaderName::from_static)
                .into_iter()
                .chain([AUTHORIZATION, CONTENT_TYPE, TIMEOUT_MS])
                .collect::<Vec<_>>(),
        )
        .expose_headers(read.map(HeaderName::from_static))
        .max_age(PREFLIGHT_AGE)
}

/// Whether a request is one of gRPC-Web.
pub(super) fn is_grpc_web(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    media_type.is_some_and(|name| name.starts_with(b"application/grpc-web"))
}
