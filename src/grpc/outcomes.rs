//! Many tickets routed: one outcome a request, in order, whatever becomes of the others.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{self, Stream, StreamExt};
use prost::Message;
use tonic::Status;
use tonic_types::pb;

use super::fairness::{Aside, Pace};
use super::route::Prepared;
use super::status::internal;
use super::unread::Unread;
use super::v1;
use super::v1::route_outcome::Outcome;
use crate::live::Loaded;
use crate::routing::Roster;

/// Most requests of one call that are read and not answered yet. They wait for nothing but sentence vectors, where a
/// model has threads for those: these take up to eight texts together.
const MAX_IN_FLIGHT: usize = 16;

/// What a request is answered by.
pub(super) struct Answering {
    /// Model, policy and the server's roster.
    pub(super) loaded: Arc<Loaded>,
    /// The roster that a request without one of its own chooses from in place of the server's.
    pub(super) roster: Option<Arc<Roster>>,
}

/// A request, or what came in the place of one.
pub(super) type Asked = Result<v1::RouteRequest, Unread>;

/// A request that was read, or what is wrong with it.
struct Read {
    index: u64,
    ticket_id: String,
    prepared: Result<Prepared, Status>,
}

/// The outcomes of `requests`, which are read on only as outcomes are taken. `by` is asked anew for each request. The
/// first error among the requests comes in its turn and is the end.
pub(super) fn outcomes(
    requests: impl Stream<Item = Result<Asked, Status>> + Send + 'static,
    by: impl Fn() -> Result<Answering, Status> + Send + 'static,
    aside: Aside,
) -> impl Stream<Item = Result<v1::RouteOutcome, Status>> + Send + 'static {
    let reader = aside.clone();
    let reading = requests.enumerate().map(move |(index, request)| {
        let (by, aside) = (by(), reader.clone());
        async move {
            let request = match request? {
                Ok(request) => request,
                Err(unread) => {
                    return Ok(Read {
                        index: index as u64,
                        ticket_id: unread.ticket_id,
                        prepared: Err(unread.status),
                    });
                }
            };
            let ticket_id = request.ticket.as_ref().map(|ticket| ticket.id.clone());
            let prepared = async {
                let by = by?;
                Prepared::read(request, by.loaded, by.roster.as_ref(), &aside).await
            };
            Ok(Read {
                index: index as u64,
                ticket_id: ticket_id.unwrap_or_default(),
                prepared: survived(prepared).await,
            })
        }
    });
    let reading = Box::pin(reading.buffered(MAX_IN_FLIGHT));
    let state = (reading, Pace::new(), aside);
    stream::unfold(state, async |(mut reading, mut pace, aside)| {
        let outcome = match reading.next().await? {
            Ok(read) => {
                pace.keep().await;
                Ok(outcome(read, &aside).await)
            }
            Err(end) => Err(end),
        };
        Some((outcome, (reading, pace, aside)))
    })
}

async fn outcome(read: Read, aside: &Aside) -> v1::RouteOutcome {
    let answer = match read.prepared {
        Ok(prepared) => survived(prepared.answer(aside)).await,
        Err(status) => Err(status),
    };
    v1::RouteOutcome {
        index: read.index,
        ticket_id: read.ticket_id,
        outcome: Some(match answer {
            Ok(response) => Outcome::Response(response),
            Err(status) => Outcome::Error(message(&status)),
        }),
    }
}

/// What comes of one ticket; INTERNAL if it panics, so that the others are answered all the same.
async fn survived<T>(work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    // Nothing that a panic left half changed is used again: buffers are put back only after their use.
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_panic| Err(internal()))
}

/// A status as a message, with its details.
fn message(status: &Status) -> pb::Status {
    let full = pb::Status::decode(status.details()).unwrap_or_default();
    pb::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: full.details,
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::grpc::status::Violations;

    #[tokio::test]
    async fn a_panic_is_the_outcome_of_one_ticket() {
        let broken = survived::<()>(async { panic!("on purpose") }).await;
        assert_eq!(broken.unwrap_err().code(), Code::Internal);
        assert_eq!(survived(async { Ok(7) }).await.unwrap(), 7);
    }

    #[test]
    fn details_stay_with_an_error() {
        let mut violations = Violations::default();
        violations.bad("ticket.body", "is empty");
        let status = violations.into_result().unwrap_err();
        let message = message(&status);
        assert_eq!(message.code, i32::from(Code::InvalidArgument));
        let detail = &message.details[0];
        assert_eq!(detail.type_url, "type.googleapis.com/google.rpc.BadRequest");
        let bad = pb::BadRequest::decode(detail.value.as_slice()).unwrap();
        assert_eq!(bad.field_violations[0].field, "ticket.body");
        let plain = super::message(&Status::not_found("gone"));
        assert!(plain.details.is_empty() && plain.message == "gone");
    }
}
