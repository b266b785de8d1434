//! Bodies as messages: one message of JSON, or a stream of them with one a line.
//!
//! A body is read when the method asks for its messages, so that a caller who may not call is refused before a byte of
//! it is looked at. What is wrong with it goes the way of a message and comes out as the call's status.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost_reflect::MessageDescriptor;
use tonic::Status;

use super::translate;

/// How a refusal of a body that is too long begins.
pub(super) const TOO_LONG: &str = "the body is too long: ";

/// The message that a body is, as bytes on the wire.
pub(super) fn whole(
    body: Body,
    max_bytes: usize,
    kind: MessageDescriptor,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    stream::once(async move {
        // Before the first byte is asked for, so that whoever waits for a word of consent keeps the rest.
        if body.size_hint().lower() > max_bytes as u64 {
            return Err(too_long(max_bytes));
        }
        let body = Limited::new(body, max_bytes).collect().await;
        let json = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => too_long(max_bytes),
            Err(error) => broken(&*error),
        })?;
        let json = json.to_bytes();
        if json.is_empty() {
            return Err(Status::invalid_argument(
                "the body is empty: send a JSON object, {} for a message without fields",
            ));
        }
        translate::read(&kind, json, 1).await
    })
}

/// The messages that the lines of a body are, as bytes on the wire. Lines without text are skipped.
pub(super) fn lines(
    body: Body,
    max_bytes: usize,
    kind: MessageDescriptor,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    let lines = Lines {
        body,
        read: BytesMut::new(),
        looked_at: 0,
        number: 0,
        max_bytes,
    };
    stream::try_unfold((lines, kind), async |(mut lines, kind)| {
        while let Some(line) = lines.next().await? {
            if !line.trim_ascii().is_empty() {
                let message = translate::read(&kind, line, lines.number).await?;
                return Ok(Some((message, (lines, kind))));
            }
        }
        Ok(None)
    })
}

/// The lines of a body.
struct Lines {
    body: Body,
    /// What has come and was not given out.
    read: BytesMut,
    /// How much of that has no end of a line.
    looked_at: usize,
    /// The number of the line given out last, from 1.
    number: usize,
    max_bytes: usize,
}

impl Lines {
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
            match self.body.frame().await {
                None if self.read.is_empty() => return Ok(None),
                None => return Ok(Some(self.give(length, 0))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(broken(&error)),
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

fn broken(error: &dyn std::error::Error) -> Status {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = error.to_string();
        cause = error.source();
    }
    Status::invalid_argument(format!("the body cannot be read: {told}"))
}
