//! A body whose unfinished message counts while it waits for its sender.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower::BoxError;

use super::{Framing, Share};

/// A body as it is, until it waits for more and there is no room for what has come of its message: then it ends with a
/// status that says so. Whoever reads it must hold no more of it than the message that is unfinished.
#[derive(Debug)]
pub struct ArrivingBody<B> {
    inner: B,
    framing: Framing,
    share: Share,
}

impl<B> ArrivingBody<B> {
    pub(super) fn new(inner: B, framing: Framing, share: Share) -> Self {
        Self {
            inner,
            framing,
            share,
        }
    }
}

impl<B> Body for ArrivingBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Pending => match this.share.take(this.framing.held()) {
                Ok(()) => Poll::Pending,
                Err(full) => Poll::Ready(Some(Err(full.into()))),
            },
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    this.framing.read(data);
                    this.share.shrink(this.framing.held());
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(end) => {
                this.share.shrink(0);
                Poll::Ready(end.map(|end| end.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
