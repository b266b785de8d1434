//! BatchRoute: many tickets in one call.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tonic::Status;

use super::fairness::Aside;
use super::outcomes::{Answering, outcomes};
use super::roster_edit::given_roster;
use super::status::too_much;
use super::v1;
use crate::live::Loaded;

/// Most tickets of a batch: as many as have answers that fit into the 4 MiB which clients read by default.
const MAX_BATCH: usize = 1_000;

/// Answers a batch, all of it by `loaded`.
///
/// # Errors
/// RESOURCE_EXHAUSTED for too many tickets; INVALID_ARGUMENT or RESOURCE_EXHAUSTED for the roster of all.
pub(super) async fn answer(
    request: v1::BatchRouteRequest,
    loaded: Arc<Loaded>,
    aside: Aside,
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
    while let Some(outcome) = outcomes.next().await {
        answer.outcomes.push(outcome?);
    }
    Ok(answer)
}
