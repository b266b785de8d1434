//! BatchRoute: many tickets in one call.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use prost::Message;
use tonic::Status;

use super::fairness::Aside;
use super::outcomes::{Answering, outcomes};
use super::roster_edit::given_roster;
use super::status::too_much;
use super::v1;
use crate::live::Loaded;

/// Bytes that an outcome takes in a message beside its own, at most.
const MAX_HEAD_BYTES: usize = 6;
/// Most tickets of a batch.
const MAX_BATCH: usize = 1_000;

/// Answers a batch, all of it by `loaded`, in a message of `max_bytes` at most.
///
/// # Errors
/// RESOURCE_EXHAUSTED for too many tickets or outcomes that are too long; INVALID_ARGUMENT or RESOURCE_EXHAUSTED for the
/// roster of all.
pub(super) async fn answer(
    request: v1::BatchRouteRequest,
    loaded: Arc<Loaded>,
    aside: Aside,
    max_bytes: usize,
) -> Result<v1::BatchRouteResponse, Status> {
    let count = request.requests.len();
    if count > MAX_BATCH {
        let problem = format!(
            "{count} tickets, at most {MAX_BATCH} are allowed: send several batches, or a stream"
        );
        return Err(*too_much("requests", &problem));
    }
    let roster = match request.roster {
        None => None,
        Some(roster) => {
            let loaded = Arc::clone(&loaded);
            let read = move || {
                given_roster(roster, loaded.triage())
                    .map(Arc::new)
                    .map_err(|status| *status)
            };
            Some(aside.run(read).await?)
        }
    };
    let by = move || {
        Ok(Answering {
            loaded: Arc::clone(&loaded),
            roster: roster.clone(),
        })
    };
    let requests = stream::iter(request.requests).map(|request| Ok(Ok(request)));
    let mut outcomes = std::pin::pin!(outcomes(requests, by, aside));
    let mut answer = v1::BatchRouteResponse {
        outcomes: Vec::with_capacity(count),
    };
    let mut left = max_bytes;
    while let Some(outcome) = outcomes.next().await {
        let outcome = outcome?;
        let Some(less) = left.checked_sub(MAX_HEAD_BYTES + outcome.encoded_len()) else {
            let problem = format!(
                "the outcomes take more than {max_bytes} bytes (the server's server.max_message_bytes): send fewer \
                 tickets, ask for less of each, or send a stream"
            );
            return Err(*too_much("requests", &problem));
        };
        left = less;
        answer.outcomes.push(outcome);
    }
    Ok(answer)
}
