//! Answers that are streams: what they were answered with is known when they end, so that is when it is logged.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Span;

use super::layers::{log_abandoned, log_end};

/// In the extensions of an answer that is logged when it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndsLater;

/// Logs the ends of streams.
#[derive(Debug, Clone)]
pub(super) struct StreamLayer {
    paths: Arc<[String]>,
}

impl StreamLayer {
    /// `paths`: those of the calls that answer with a stream.
    pub(super) fn new(paths: Arc<[String]>) -> Self {
        Self { paths }
    }
}

impl<S> Layer<S> for StreamLayer {
    type Service = Streams<S>;

    fn layer(&self, inner: S) -> Streams<S> {
        Streams {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`StreamLayer`] makes.
#[derive(Debug, Clone)]
pub(super) struct Streams<S> {
    inner: S,
    layer: StreamLayer,
}

impl<S, B> Service<Request<B>> for Streams<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = StreamFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let is_stream = self.layer.paths.iter().any(|stream| stream == path);
        StreamFuture {
            inner: self.inner.call(request),
            begun: is_stream.then(Instant::now),
        }
    }
}

pin_project! {
    /// The future of [`Streams`].
    pub(super) struct StreamFuture<F> {
        #[pin]
        inner: F,
        // `None` if the answer is no stream.
        begun: Option<Instant>,
    }
}

impl<F, E> Future for StreamFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context))?;
        let Some(begun) = *this.begun else {
            return Poll::Ready(Ok(answer));
        };
        if Status::from_header_map(answer.headers()).is_some() {
            // It has ended already.
            return Poll::Ready(Ok(answer));
        }
        let span = Span::current();
        let mut answer = answer.map(|body| {
            Body::new(StreamBody {
                body,
                log: Log {
                    open: Some((begun, span)),
                },
            })
        });
        answer.extensions_mut().insert(EndsLater);
        Poll::Ready(Ok(answer))
    }
}

/// Logs how a stream ended, once.
struct Log {
    /// When it was asked for, and the request's span; `None` once it has ended.
    open: Option<(Instant, Span)>,
}

impl Log {
    fn end(&mut self, code: Code) {
        if let Some((begun, span)) = self.open.take() {
            span.in_scope(|| log_end(code, begun.elapsed(), &span));
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some((_, span)) = self.open.take() {
            log_abandoned(&span);
        }
    }
}

pin_project! {
    /// A body whose end is logged.
    struct StreamBody {
        #[pin]
        body: Body,
        log: Log,
    }
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let status = Status::from_header_map(trailers);
                    this.log
                        .end(status.map_or(Code::Ok, |status| status.code()));
                }
            }
            Some(Err(status)) => this.log.end(status.code()),
            None => this.log.end(Code::Ok),
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
