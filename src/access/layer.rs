//! The layer around all services: it looks at the head of each request and lets it go on, or answers in its place.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::answer::WatchedBody;
use super::gate::{Access, Entry};
use crate::metrics::Metrics;

/// Puts [`AccessService`] around services.
#[derive(Debug, Clone)]
pub struct AccessLayer {
    access: Arc<Access>,
    metrics: Metrics,
}

impl AccessLayer {
    /// A layer that asks `access`, and counts in `metrics` what is refused to protect others.
    #[must_use]
    pub fn new(access: Arc<Access>, metrics: Metrics) -> Self {
        Self { access, metrics }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> AccessService<S> {
        AccessService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Calls the service within for requests that may go on, with the [`Caller`](super::Caller) in their extensions where
/// it is known.
#[derive(Debug, Clone)]
pub struct AccessService<S> {
    inner: S,
    layer: AccessLayer,
}

impl<S, B> Service<Request<B>> for AccessService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = AccessFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.layer.access.enter(&request) {
            Ok(mut entry) => {
                if let Some(caller) = entry.caller.take() {
                    request.extensions_mut().insert(caller);
                }
                AccessFuture {
                    step: Step::Called {
                        answer: self.inner.call(request),
                        entry: Some(entry),
                    },
                }
            }
            Err(refusal) => {
                if let Some(reason) = refusal.shed() {
                    self.layer.metrics.shed(reason);
                }
                AccessFuture {
                    step: Step::Answered {
                        answer: Some(refusal.answer()),
                        written: None,
                    },
                }
            }
        }
    }
}

pin_project! {
    /// The answer to a request.
    #[derive(Debug)]
    pub struct AccessFuture<F> {
        #[pin]
        step: Step<F>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<F> {
        // The service within was called.
        Called {
            #[pin]
            answer: F,
            entry: Option<Entry>,
        },
        // The answer is there; it may wait until the line of the log is on disk.
        Answered {
            answer: Option<Response<Body>>,
            written: Option<oneshot::Receiver<()>>,
        },
    }
}

impl<F: Future<Output = Result<Response<Body>, E>>, E> Future for AccessFuture<F> {
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            match step.as_mut().project() {
                StepProjection::Called { answer, entry } => {
                    let answer = ready!(answer.poll(context))?;
                    let (answer, written) = match entry.take() {
                        Some(entry) => watched(answer, entry),
                        None => (answer, None),
                    };
                    step.set(Step::Answered {
                        answer: Some(answer),
                        written,
                    });
                }
                StepProjection::Answered { answer, written } => {
                    if let Some(receiver) = written {
                        // An error means that the log is gone; the answer is not.
                        let _ = ready!(Pin::new(receiver).poll(context));
                        *written = None;
                    }
                    let gone = || Status::internal("asked again for an answer").into_http();
                    return Poll::Ready(Ok(answer.take().unwrap_or_else(gone)));
                }
            }
        }
    }
}

/// The answer, which takes the call's place along to its end. The call is logged now: what it did is done, and whoever
/// reads none of the answer cannot keep it out of the log.
fn watched(
    answer: Response<Body>,
    entry: Entry,
) -> (Response<Body>, Option<oneshot::Receiver<()>>) {
    let status = Status::from_header_map(answer.headers());
    let code = status.as_ref().map_or(Code::Ok, Status::code);
    let written = entry.logged.and_then(|logged| logged.end(code));
    let answer = match entry.under_way {
        // A status in the head is all there is to the answer.
        Some(under_way) if status.is_none() => {
            answer.map(|body| Body::new(WatchedBody::new(body, under_way)))
        }
        _ => answer,
    };
    (answer, written)
}
