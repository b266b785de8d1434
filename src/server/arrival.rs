//! Whether all of a request's body has come. A request that waits for its sender is no load for the server.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tower::BoxError;

use crate::arriving::ArrivingBody;

/// Whether all of a request's body has come; it is in the extensions of each request that came on a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    pub(super) fn is_complete(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that tells when it has come to its end.
#[derive(Debug)]
pub(super) struct ToldBody {
    inner: ArrivingBody<Incoming>,
    arrival: Arrival,
}

impl ToldBody {
    pub(super) fn new(inner: ArrivingBody<Incoming>, arrival: Arrival) -> Self {
        let body = Self { inner, arrival };
        if body.inner.is_end_stream() {
            body.tell();
        }
        body
    }

    fn tell(&self) {
        self.arrival.0.store(true, Ordering::Relaxed);
    }
}

impl Body for ToldBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || self.inner.is_end_stream() {
            self.tell();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
