//! The body of an answer, watched for its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::Call;

pin_project! {
    /// A body whose trailers hold the code of a [`Call`], which ends with it.
    pub struct CountedBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

impl<B: Body> CountedBody<B> {
    /// Counts `call` when `inner` has ended or is dropped.
    pub(super) fn new(inner: B, mut call: Option<Call>) -> Self {
        if inner.is_end_stream() {
            end(&mut call);
        }
        Self { inner, call }
    }
}

impl<B: Body> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(call) = this.call
                    && let Some(trailers) = frame.trailers_ref()
                {
                    call.read_code(trailers);
                    end(this.call);
                } else if this.inner.is_end_stream() {
                    end(this.call);
                }
            }
            Some(Err(_)) | None => end(this.call),
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

/// Counts a call whose answer has come to its end.
fn end(call: &mut Option<Call>) {
    if let Some(mut call) = call.take() {
        call.ended();
    }
}
