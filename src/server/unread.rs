//! Answers that are not read. What is left of them takes memory, and no limit on requests counts them: a connection ends
//! when one has waited too long, which a long one that is read slowly has not.
//!
//! HTTP/2 lets callers close the window that answers go through, or open it by a byte, and an answer's body is long gone
//! when the last of its bytes are sent. So the bytes themselves are counted until they have been, and the connection, which
//! nobody wakes meanwhile, asks now and then.

use std::future::Future;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::Response;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tower::BoxError;

use super::farewell::Farewell;

/// Bytes of an answer that have to be read for it to count as one that is: it then waits anew. Who reads less in the time
/// that there is holds on to it.
const READ_BYTES: usize = 16 << 10;
/// Answers are told apart by when they began to wait, in spans of time of which so many are remembered. One has waited
/// too long after so many spans less one.
const SPANS: usize = 4;

/// The answers of one connection that have not been read.
#[derive(Debug, Clone, Default)]
pub(super) struct Unread(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// How many began in each of the spans, in a ring.
    since: [AtomicUsize; SPANS],
    /// The present span's place there.
    now: AtomicUsize,
}

impl Unread {
    /// An answer that has to be read from now on.
    fn wait(&self) -> Waiting {
        Waiting::within(self.0.now.load(Ordering::Relaxed), self)
    }

    fn any(&self) -> bool {
        self.0
            .since
            .iter()
            .any(|count| count.load(Ordering::Relaxed) > 0)
    }

    /// Begins another span; whether an answer has waited all of the others.
    fn next_span(&self) -> bool {
        let next = (self.0.now.load(Ordering::Relaxed) + 1) % SPANS;
        self.0.now.store(next, Ordering::Relaxed);
        let oldest = self.0.since.get(next);
        oldest.is_some_and(|count| count.load(Ordering::Relaxed) > 0)
    }
}

/// An answer, or a part of one, that has not been read yet; it has been when this is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    span: usize,
    /// Bytes that were read of it since.
    read: usize,
    unread: Unread,
}

impl Waiting {
    fn within(span: usize, unread: &Unread) -> Self {
        if let Some(count) = unread.0.since.get(span) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Self {
            span,
            read: 0,
            unread: unread.clone(),
        }
    }

    /// So many bytes more were read.
    fn read(&mut self, bytes: usize) {
        self.read += bytes;
        if self.read >= READ_BYTES {
            self.read = 0;
            if self.span != self.unread.0.now.load(Ordering::Relaxed) {
                *self = self.unread.wait();
            }
        }
    }
}

/// A part of the answer, which began to wait with it.
impl Clone for Waiting {
    fn clone(&self) -> Self {
        Self::within(self.span, &self.unread)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(count) = self.unread.0.since.get(self.span) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The future of an answer that waits to be read.
#[derive(Debug)]
pub(super) struct AnswerFuture<F> {
    pub(super) inner: F,
    /// `None` if the answer is one that is read as slowly as its caller likes.
    pub(super) unread: Option<Unread>,
    /// `None` for HTTP/2.
    pub(super) farewell: Option<Farewell>,
}

impl<F> Future for AnswerFuture<F>
where
    F: Future<Output = Result<Response<Body>, BoxError>> + Unpin,
{
    type Output = Result<Response<AnswerBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = ready!(Pin::new(&mut self.inner).poll(context))?;
        if let Some(farewell) = &self.farewell {
            farewell.say(&mut answer);
        }
        let waiting = self.unread.as_ref().map(Unread::wait);
        Poll::Ready(Ok(answer.map(|body| AnswerBody { body, waiting })))
    }
}

pin_project! {
    /// A body that waits to be read, and its bytes with it.
    #[derive(Debug)]
    pub(super) struct AnswerBody {
        #[pin]
        body: Body,
        waiting: Option<Waiting>,
    }
}

impl http_body::Body for AnswerBody {
    type Data = AnswerBytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<AnswerBytes>, Status>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| {
                    let part = this.waiting.clone();
                    if let Some(waiting) = this.waiting {
                        waiting.read(bytes.len());
                    }
                    AnswerBytes {
                        bytes,
                        waiting: part,
                    }
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer, which wait until they have been sent.
#[derive(Debug)]
pub(super) struct AnswerBytes {
    bytes: Bytes,
    waiting: Option<Waiting>,
}

impl Buf for AnswerBytes {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(waiting) = &mut self.waiting {
            waiting.read(count);
        }
    }
}

pin_project! {
    /// Serves a connection until it ends, or until an answer has waited too long.
    pub(super) struct Patient<F> {
        #[pin]
        served: F,
        unread: Unread,
        span: Duration,
        // Where all is read soon, there is hardly ever one.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F> Patient<F> {
    /// `within`: how long an answer may wait; it is noticed a third later at most.
    pub(super) fn new(served: F, unread: Unread, within: Duration) -> Self {
        Self {
            served,
            unread,
            span: within / (SPANS as u32 - 1),
            timer: None,
        }
    }

    /// What serves the connection.
    pub(super) fn served(self: Pin<&mut Self>) -> Pin<&mut F> {
        self.project().served
    }
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended<T> {
    /// By itself.
    Served(T),
    /// An answer had waited too long.
    Unread,
}

impl<F: Future> Future for Patient<F> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(ended) = this.served.poll(context) {
            return Poll::Ready(Ended::Served(ended));
        }
        loop {
            let Some(mut timer) = this.timer.as_mut().as_pin_mut() else {
                if !this.unread.any() {
                    return Poll::Pending;
                }
                this.timer.set(Some(sleep(*this.span)));
                continue;
            };
            ready!(timer.as_mut().poll(context));
            if this.unread.next_span() {
                return Poll::Ready(Ended::Unread);
            }
            match this.unread.any() {
                true => timer.reset(Instant::now() + *this.span),
                false => this.timer.set(None),
            }
        }
    }
}
