//! The layer that counts requests, whatever their service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Call, CountedBody, Metrics};

/// Counts and times every request; a request ends when its answer's last byte was taken or the answer was dropped.
#[derive(Debug, Clone)]
pub struct RequestLayer {
    metrics: Metrics,
}

impl RequestLayer {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = CountRequests<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CountRequests {
            inner,
            metrics: self.metrics.clone(),
        }
    }
}

/// The service that [`RequestLayer`] makes.
#[derive(Debug, Clone)]
pub struct CountRequests<S> {
    inner: S,
    metrics: Metrics,
}

impl<S, B, A> Service<Request<B>> for CountRequests<S>
where
    S: Service<Request<B>, Response = Response<A>>,
    A: http_body::Body,
{
    type Response = Response<CountedBody<A>>;
    type Error = S::Error;
    type Future = CountingFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = self.metrics.begin(request.uri().path());
        CountingFuture {
            inner: self.inner.call(request),
            call: Some(call),
        }
    }
}

pin_project! {
    /// The future of [`CountRequests`].
    pub struct CountingFuture<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
    }
}

impl<F, A, E> Future for CountingFuture<F>
where
    F: Future<Output = Result<Response<A>, E>>,
    A: http_body::Body,
{
    type Output = Result<Response<CountedBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        let mut call = this.call.take();
        Poll::Ready(match answer {
            Ok(answer) => {
                if let Some(call) = &mut call {
                    call.read_code(answer.headers());
                }
                Ok(answer.map(|body| CountedBody::new(body, call)))
            }
            Err(error) => {
                if let Some(call) = &mut call {
                    call.ended();
                }
                Err(error)
            }
        })
    }
}
