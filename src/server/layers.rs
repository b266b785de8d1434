//! What every request passes through, in this order: a request id, a log line, a count, a net for panics, limits, and
//! the right code for requests that cannot be read.

use std::any::Any;
use std::convert::Infallible;

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::validate_request::ValidateRequestHeaderLayer;

use super::deadline::DeadlineLayer;
use super::in_flight::InFlightLayer;
use super::log::LogLayer;
use super::port::Stack;
use super::routes::Routes;
use super::shown::CertificateShown;
use super::unreadable::blame_the_caller;
use crate::access::AccessLayer;
use crate::checksum::hex_digits;
use crate::metrics::Metrics;

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
    pub(super) log: LogLayer,
    pub(super) metrics: Metrics,
    pub(super) in_flight: InFlightLayer,
    pub(super) certificate: CertificateShown,
    pub(super) access: AccessLayer,
    pub(super) deadline: DeadlineLayer,
}

impl Layers {
    /// Puts all layers around `routes`. From the outside: a request gets an id unless its caller gave it a fit one, its
    /// answer is logged under that id, which is sent back, and counted; a handler that panics is answered for; a request
    /// too many is refused, before anything is spent on it; so is a caller who has no certificate where one is required,
    /// or may not make the call, or not so often; one that takes too long is ended; unreadable ones are blamed on their
    /// callers.
    ///
    /// Each layer must be ready at any time and call what is inside within its own `call`: the connection does not
    /// ask whether they are, and a request counts as in flight from then on.
    pub(super) fn around(self, routes: Routes) -> Stack {
        let layered = ServiceBuilder::new()
            .map_request(without_unfit_id as OnRequest)
            .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestId))
            .layer(self.log)
            .layer(PropagateRequestIdLayer::new(REQUEST_ID))
            .layer(self.metrics.requests())
            .layer(CatchPanicLayer::custom(internal_error as OnPanic))
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

/// A panic in a handler: its place is in the log already, the caller gets a fixed text.
fn internal_error(_panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    Status::internal("internal error: see the server's log under this request's x-request-id")
        .into_http()
}
