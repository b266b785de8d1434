//! Bodies as messages: one message of JSON, or a stream of them with one a line.
//!
//! A body is read when the method asks for its messages, so that a caller who may not call is refused before a byte of
//! it is looked at. What is wrong with it goes the way of a message and comes out as the call's status.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use http_body::Body as _;
use http_body_util::BodyExt;
use prost_reflect::MessageDescriptor;
use tonic::Status;
use tower::BoxError;

use super::packed::Packed;
use super::translate;
use crate::arriving::ArrivingBody;
use crate::grpc::fairness::Pace;
use crate::grpc::{UnreadLines, decoded_size};

/// Bytes without text that are looked at before others have their turn.
const SKIPPED_AT_ONCE: usize = 64 << 10;
/// How a refusal of a body that is too long begins.
pub(super) const TOO_LONG: &str = "the body is too long: ";

/// The message that a body is, which may be `packed`, as bytes on the wire.
pub(super) fn whole(
    body: ArrivingBody<Body>,
    packed: Option<Packed>,
    max_bytes: usize,
    kind: MessageDescriptor,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    stream::once(async move {
        let mut json = collected(body, max_bytes).await?;
        if let Some(packed) = packed {
            json = translate::unpack(packed, json, max_bytes).await?;
        }
        if json.is_empty() {
            return Err(Status::invalid_argument(
                "the body is empty: send a JSON object, {} for a message without fields",
            ));
        }
        translate::read(&kind, json, 1).await
    })
}

/// All of a body.
async fn collected(mut body: ArrivingBody<Body>, max_bytes: usize) -> Result<Bytes, Status> {
    // Before the first byte is asked for, so that whoever waits for a word of consent keeps the rest.
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(too_long(max_bytes));
    }
    let mut pace = Pace::new();
    let mut all = BytesMut::new();
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if data.len() > max_bytes - all.len() {
            return Err(too_long(max_bytes));
        }
        match all.is_empty() {
            true => all = data.into(),
            false => all.extend_from_slice(&data),
        }
        pace.keep().await;
    }
    Ok(all.freeze())
}

/// The messages that the lines of a body are, as bytes on the wire. Lines without text are skipped. One that cannot be
/// read ends them; where there is somebody who answers it, `unread`, an empty message stands in its place.
pub(super) fn lines(
    body: ArrivingBody<Body>,
    max_bytes: usize,
    kind: MessageDescriptor,
    unread: Option<UnreadLines>,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    let lines = Lines {
        body,
        read: BytesMut::new(),
        looked_at: 0,
        number: 0,
        max_bytes,
        pace: Pace::new(),
    };
    stream::try_unfold((lines, 0), move |(mut lines, index)| {
        let (kind, unread) = (kind.clone(), unread.clone());
        async move {
            let Some(line) = lines.next_with_text().await? else {
                return Ok(None);
            };
            let read = translate::read(&kind, line.clone(), lines.number).await;
            // What would be refused as a whole, and the stream with it, is refused here.
            let read = read.and_then(|message| {
                let fits = decoded_size::check(kind.name(), &message);
                fits.map(|()| message).map_err(|status| *status)
            });
            let message = match (read, unread) {
                (Ok(message), _) => message,
                (Err(status), Some(unread)) => {
                    unread.note(index, translate::ticket_id(line).await, status);
                    Bytes::new()
                }
                (Err(status), None) => return Err(status),
            };
            Ok(Some((message, (lines, index + 1))))
        }
    })
}

/// The lines of a body.
struct Lines {
    body: ArrivingBody<Body>,
    /// What has come and was not given out.
    read: BytesMut,
    /// How much of that has no end of a line.
    looked_at: usize,
    /// The number of the line given out last, from 1.
    number: usize,
    max_bytes: usize,
    /// Little of a compressed body may be much, and many lines.
    pace: Pace,
}

impl Lines {
    /// The next line that has text, without its end; `None` after the last. What has none is no longer than a line may
    /// be, however many lines that are.
    async fn next_with_text(&mut self) -> Result<Option<Bytes>, Status> {
        let mut skipped = 0;
        loop {
            let mut blank = self.skip();
            if blank == 0 {
                let Some(line) = self.next().await? else {
                    return Ok(None);
                };
                if !line.trim_ascii().is_empty() {
                    self.pace.keep().await;
                    return Ok(Some(line));
                }
                blank = line.len() + 1;
            }
            self.pace.keep().await;
            skipped += blank;
            if skipped > self.max_bytes {
                return Err(too_long(self.max_bytes));
            }
        }
    }

    /// Takes lines without text away that are next and have come whole; how many bytes that were, `SKIPPED_AT_ONCE` at
    /// most. Of a body that was compressed there may be millions.
    fn skip(&mut self) -> usize {
        let next = self.read.get(..self.read.len().min(SKIPPED_AT_ONCE));
        let next = next.unwrap_or_default();
        let text = next.iter().position(|byte| !byte.is_ascii_whitespace());
        let blank = next.get(..text.unwrap_or(next.len())).unwrap_or_default();
        let end = blank.iter().rposition(|byte| *byte == b'\n');
        let length = end.map_or(0, |end| end + 1);
        self.number += blank.iter().filter(|byte| **byte == b'\n').count();
        let _ = self.read.split_to(length);
        self.looked_at = self.looked_at.saturating_sub(length);
        length
    }

    /// The next line without its end; `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            let new = self.read.get(self.looked_at..).unwrap_or_default();
            let end = new.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(self.read.len(), |end| self.looked_at + end);
            if length > self.max_bytes {
                return Err(too_long(self.max_bytes));
            }
            if end.is_some() {
                return Ok(Some(self.give(length, 1)));
            }
            self.looked_at = self.read.len();
            self.pace.keep().await;
            match self.body.frame().await {
                None if self.read.is_empty() => return Ok(None),
                None => return Ok(Some(self.give(length, 0))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(broken(error)),
            }
        }
    }

    fn give(&mut self, length: usize, end: usize) -> Bytes {
        let line = self.read.split_to(length).freeze();
        let _ = self.read.split_to(end);
        self.looked_at = 0;
        self.number += 1;
        line
    }
}

/// The refusal of a body or line that is longer than allowed.
pub(super) fn too_long(max_bytes: usize) -> Status {
    Status::resource_exhausted(format!(
        "{TOO_LONG}more than {max_bytes} bytes (the server's http.max_body_bytes)"
    ))
}

/// Why there is no more of a body.
fn broken(error: BoxError) -> Status {
    let error = match error.downcast::<Status>() {
        Ok(refused) => return *refused,
        Err(error) => error,
    };
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = error.to_string();
        cause = error.source();
    }
    Status::invalid_argument(format!("the body cannot be read: {told}"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::StreamExt;
    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::arriving::{Arriving, Framing};
    use crate::grpc::DESCRIPTORS;
    use crate::metrics::Metrics;

    #[tokio::test]
    async fn many_lines_let_others_have_their_turn() {
        const BYTES: usize = 48 << 20;
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let kind = pool.get_message_by_name("triage.v1.RouteRequest").unwrap();
        let arriving = Arriving::new(BYTES, Metrics::new(["/a"]).unwrap());
        let body = Body::from("\n".repeat(BYTES));
        let body = arriving.body(body, Framing::lines());
        let (turns, ended) = (Cell::new(0), Cell::new(false));
        let reading = async {
            let mut lines = std::pin::pin!(lines(body, BYTES, kind, None));
            assert!(lines.next().await.is_none());
            ended.set(true);
        };
        let others = async {
            while !ended.get() {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(reading, others);
        assert!(turns.get() > 10, "{}", turns.get());
    }
}
