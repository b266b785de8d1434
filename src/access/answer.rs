//! The body of an answer whose end matters: until then the call counts as under way, and then it is logged.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::{Code, Status};

use super::call_log::Logged;
use super::limits::UnderWay;

pin_project! {
    /// A body as it is, but for its end: the trailers wait until the line of the log is on disk.
    #[derive(Debug)]
    pub(super) struct WatchedBody {
        #[pin]
        body: Body,
        under_way: Option<UnderWay>,
        logged: Option<Logged>,
        end: End,
    }
}

#[derive(Debug)]
enum End {
    /// It has not come.
    Ahead,
    /// The trailers wait.
    Held {
        trailers: Option<HeaderMap>,
        written: Option<oneshot::Receiver<()>>,
    },
    /// Everything was handed on.
    Over,
}

impl WatchedBody {
    pub(super) fn new(body: Body, under_way: Option<UnderWay>, logged: Option<Logged>) -> Self {
        Self {
            body,
            under_way,
            logged,
            end: End::Ahead,
        }
    }
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        loop {
            match this.end {
                End::Ahead => {
                    let (code, trailers) = match ready!(this.body.as_mut().poll_frame(context)) {
                        Some(Ok(frame)) => match frame.into_trailers() {
                            Ok(trailers) => (code_of(&trailers), Some(trailers)),
                            Err(data) => return Poll::Ready(Some(Ok(data))),
                        },
                        Some(Err(status)) => {
                            *this.under_way = None;
                            *this.end = End::Over;
                            let logged = this.logged.take();
                            drop(logged.and_then(|logged| logged.end(status.code())));
                            return Poll::Ready(Some(Err(status)));
                        }
                        None => (Code::Unknown, None),
                    };
                    *this.under_way = None;
                    let written = this.logged.take().and_then(|logged| logged.end(code));
                    *this.end = End::Held { trailers, written };
                }
                End::Held { trailers, written } => {
                    if let Some(written) = written {
                        // An error means that the log is gone; the answer is not.
                        let _ = ready!(Pin::new(written).poll(context));
                    }
                    let trailers = trailers.take();
                    *this.end = End::Over;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                End::Over => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.end {
            End::Ahead => self.logged.is_none() && self.body.is_end_stream(),
            End::Held { .. } => false,
            End::Over => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The code that trailers tell of.
fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
