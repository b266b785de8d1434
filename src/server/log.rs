//! The log's lines about requests: what each was answered with, under the span that carries its method and id.
//!
//! A stream is logged when it ends, since what it was answered with is known only then; any other answer at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tower::{BoxError, Layer, Service};
use tracing::Span;

use super::layers::REQUEST_ID;
use crate::telemetry;

/// Logs requests.
#[derive(Debug, Clone)]
pub(super) struct LogLayer {
    streams: Arc<[String]>,
}

impl LogLayer {
    /// `streams`: the paths of the calls that answer with a stream.
    pub(super) fn new(streams: Arc<[String]>) -> Self {
        Self { streams }
    }
}

impl<S> Layer<S> for LogLayer {
    type Service = LogRequests<S>;

    fn layer(&self, inner: S) -> LogRequests<S> {
        LogRequests {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`LogLayer`] makes.
#[derive(Debug, Clone)]
pub(super) struct LogRequests<S> {
    inner: S,
    layer: LogLayer,
}

impl<S, B, A> Service<Request<B>> for LogRequests<S>
where
    S: Service<Request<B>, Response = Response<A>>,
    A: Body<Error = BoxError>,
{
    type Response = Response<LoggedBody<A>>;
    type Error = S::Error;
    type Future = LoggingFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let begun = Instant::now();
        let path = request.uri().path();
        let is_stream = self.layer.streams.iter().any(|stream| stream == path);
        let span = request_span(path, request.headers());
        LoggingFuture {
            inner: span.in_scope(|| self.inner.call(request)),
            open: Open { begun, span },
            is_stream,
        }
    }
}

/// What every line about a request carries, whatever level the log has.
fn request_span(path: &str, headers: &HeaderMap) -> Span {
    let request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    telemetry::request_span(path, request_id.unwrap_or_default(), headers)
}

/// A request that is not logged yet.
#[derive(Debug, Clone)]
struct Open {
    begun: Instant,
    span: Span,
}

impl Open {
    /// Logs with what it was answered; its span must be entered.
    fn answered(&self, code: Code) {
        let latency_us = micros(self.begun.elapsed());
        if telemetry::is_health(&self.span) {
            tracing::debug!(?code, latency_us, "answered");
        } else {
            telemetry::end_request(&self.span, code);
            tracing::info!(?code, latency_us, "answered");
        }
        if is_failure(code) {
            // By its code alone: the message of a status may quote the request.
            tracing::warn!(?code, latency_us, "failed");
        }
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

/// A number that the log writes as a number, which 128 bits are not.
fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
}

/// Whether a code is worth a warning: not what the caller has to mend.
fn is_failure(code: Code) -> bool {
    match code {
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unimplemented => false,
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => true,
    }
}

pin_project! {
    /// The future of [`LogRequests`].
    pub(super) struct LoggingFuture<F> {
        #[pin]
        inner: F,
        open: Open,
        is_stream: bool,
    }
}

impl<F, A, E> Future for LoggingFuture<F>
where
    F: Future<Output = Result<Response<A>, E>>,
    A: Body<Error = BoxError>,
{
    type Output = Result<Response<LoggedBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _within = this.open.span.enter();
        let answer = ready!(this.inner.poll(context))?;
        let status = Status::from_header_map(answer.headers());
        // A status in the head is all there is to an answer.
        let goes_on = *this.is_stream && status.is_none();
        if !goes_on {
            this.open
                .answered(status.map_or(Code::Ok, |status| status.code()));
        }
        let stream = goes_on.then(|| Stream {
            open: Some(this.open.clone()),
        });
        Poll::Ready(Ok(answer.map(|body| LoggedBody { body, stream })))
    }
}

/// A stream that is logged when it ends, or is dropped before.
#[derive(Debug)]
struct Stream {
    /// `None` once it was logged.
    open: Option<Open>,
}

impl Stream {
    fn end(&mut self, code: Code) {
        if let Some(open) = self.open.take() {
            open.span.in_scope(|| open.answered(code));
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            log_abandoned(&open.span);
        }
    }
}

pin_project! {
    /// A body whose end is logged if it is a stream.
    #[derive(Debug)]
    pub(super) struct LoggedBody<A> {
        #[pin]
        body: A,
        stream: Option<Stream>,
    }
}

impl<A: Body<Error = BoxError>> Body for LoggedBody<A> {
    type Data = A::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<A::Data>, BoxError>>> {
        let this = self.project();
        let Some(stream) = this.stream else {
            return this.body.poll_frame(context);
        };
        let within = stream.open.as_ref().map(|open| open.span.enter());
        let frame = ready!(this.body.poll_frame(context));
        drop(within);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let status = Status::from_header_map(trailers);
                    stream.end(status.map_or(Code::Ok, |status| status.code()));
                }
            }
            Some(Err(error)) => {
                let status = error.downcast_ref::<Status>();
                stream.end(status.map_or(Code::Unknown, Status::code));
            }
            None => stream.end(Code::Ok),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
