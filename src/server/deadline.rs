//! The time that a request may take: what the settings allow and what its caller allows, whichever is shorter.
//!
//! The settings' time ends with the head of the answer, so that streams may go on. The caller's time ends with the
//! answer. When it is over the work is dropped where it waits, and the answer is DEADLINE_EXCEEDED.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Span;

use super::log::log_abandoned;

/// The header by which a caller tells how long it waits.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Most digits that gRPC allows there.
const MAX_DIGITS: usize = 8;

/// Ends requests that take too long.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeadlineLayer {
    request_timeout: Duration,
    /// Paths of calls that the settings' time does not hold for.
    unlimited: &'static [&'static str],
}

impl DeadlineLayer {
    /// Gives each request `request_timeout`, but those to the paths of `unlimited`.
    pub(super) const fn new(request_timeout: Duration, unlimited: &'static [&'static str]) -> Self {
        Self {
            request_timeout,
            unlimited,
        }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline {
            inner,
            layer: *self,
        }
    }
}

/// The service that [`DeadlineLayer`] makes.
#[derive(Debug, Clone)]
pub(super) struct Deadline<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S, B> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let limited = !self.layer.unlimited.contains(&request.uri().path());
        let times = Times {
            begun: Instant::now(),
            server: limited.then_some(self.layer.request_timeout),
            caller: grpc_timeout(request.headers()),
        };
        DeadlineFuture {
            inner: self.inner.call(request),
            times,
            sleep: None,
            unanswered: Unanswered { span: None },
        }
    }
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
struct Times {
    begun: Instant,
    server: Option<Duration>,
    caller: Option<Duration>,
}

impl Times {
    /// When it is over, and why.
    fn over(&self) -> Option<(Instant, Status)> {
        let by_server = self
            .server
            .filter(|server| self.caller.is_none_or(|caller| *server < caller));
        let (time, status) = match (by_server, self.caller) {
            (Some(server), _) => (
                server,
                Status::deadline_exceeded(format!(
                    "the request took longer than the {} ms that the server allows (server.request_timeout_ms)",
                    server.as_millis()
                )),
            ),
            (None, Some(caller)) => (caller, callers_deadline()),
            (None, None) => return None,
        };
        Some((self.begun.checked_add(time)?, status))
    }
}

fn callers_deadline() -> Status {
    Status::deadline_exceeded("the request took longer than its caller allows (grpc-timeout)")
}

/// Logs that nobody waited for the answer to a request, if it is dropped before there is one.
struct Unanswered {
    /// The request's; `None` until it waits for anything, and once there is an answer.
    span: Option<Span>,
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(span) = &self.span {
            log_abandoned(span);
        }
    }
}

pin_project! {
    /// The future of [`Deadline`].
    pub(super) struct DeadlineFuture<F> {
        #[pin]
        inner: F,
        times: Times,
        // Most requests are answered before they wait for anything: they need no timer.
        #[pin]
        sleep: Option<Sleep>,
        unanswered: Unanswered,
    }
}

impl<F, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let answer = this.inner.poll(context);
        let answer = match answer {
            Poll::Ready(answer) => answer.map(|answer| until_deadline(answer, this.times)),
            Poll::Pending => {
                this.unanswered.span.get_or_insert_with(Span::current);
                let Some((at, status)) = this.times.over() else {
                    return Poll::Pending;
                };
                if this.sleep.is_none() {
                    this.sleep.set(Some(sleep_until(at)));
                }
                if let Some(sleep) = this.sleep.as_pin_mut() {
                    ready!(sleep.poll(context));
                }
                Ok(status.into_http())
            }
        };
        this.unanswered.span = None;
        Poll::Ready(answer)
    }
}

/// The answer, cut off when the caller's time is over.
fn until_deadline(answer: Response<Body>, times: &Times) -> Response<Body> {
    let deadline = times
        .caller
        .and_then(|caller| times.begun.checked_add(caller));
    match deadline {
        Some(at) => answer.map(|inner| {
            Body::new(DeadlineBody {
                inner: Some(inner),
                at,
                sleep: None,
            })
        }),
        None => answer,
    }
}

pin_project! {
    /// A body that ends with DEADLINE_EXCEEDED if it has not ended before.
    struct DeadlineBody {
        #[pin]
        inner: Option<Body>,
        at: Instant,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl http_body::Body for DeadlineBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = inner.poll_frame(context) {
            return Poll::Ready(frame);
        }
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep_until(*this.at)));
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(context));
        }
        // What makes the answer ends with it.
        this.inner.set(None);
        let mut trailers = HeaderMap::new();
        let added = callers_deadline().add_header(&mut trailers);
        Poll::Ready(Some(added.map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

/// How long the caller waits; `None` if it does not say, or says it in no way that gRPC knows.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let given = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = given.split_at_checked(given.len().checked_sub(1)?)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(given: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, HeaderValue::from_static(given));
        grpc_timeout(&headers)
    }

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        for (given, expected) in [
            ("1H", Duration::from_secs(3_600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("0S", Duration::ZERO),
            ("40m", Duration::from_millis(40)),
            ("50u", Duration::from_micros(50)),
            ("60n", Duration::from_nanos(60)),
            ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
        ] {
            assert_eq!(read(given), Some(expected), "{given}");
        }
        for given in [
            "",
            "S",
            "5",
            "5s",
            "-5S",
            "+5S",
            " 5S",
            "1.5S",
            "123456789S",
        ] {
            assert_eq!(read(given), None, "{given}");
        }
    }

    #[test]
    fn the_shorter_time_counts_and_is_named() {
        let times = |server: Option<u64>, caller: Option<u64>| Times {
            begun: Instant::now(),
            server: server.map(Duration::from_millis),
            caller: caller.map(Duration::from_millis),
        };
        for (server, caller, after, named) in [
            (Some(5), Some(7), 5, "request_timeout_ms"),
            (Some(5), None, 5, "request_timeout_ms"),
            (Some(7), Some(5), 5, "grpc-timeout"),
            (None, Some(5), 5, "grpc-timeout"),
        ] {
            let times = times(server, caller);
            let (at, status) = times.over().unwrap();
            assert_eq!(at, times.begun + Duration::from_millis(after));
            assert!(status.message().contains(named), "{}", status.message());
        }
        assert!(times(None, None).over().is_none());
    }
}
