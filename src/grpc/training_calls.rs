//! The calls of `ModelService` that train: tickets come in, a job goes on, and who watches it is told.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use tokio_stream::wrappers::WatchStream;
use tonic::{Status, Streaming};
use tracing::Span;

use super::status::{internal, not_loaded, wrong};
use super::training_answer::{job, refused};
use super::training_request::{self, TrainingWish};
use super::training_tickets::SentTickets;
use super::v1;
use crate::access::Caller;
use crate::jobs::{JobData, Jobs};
use crate::live::Live;

/// How long a caller may take until the next message of tickets is there whole.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes the place of the one job, reads what it is to learn from, and begins it.
pub(super) async fn start(
    jobs: &Arc<Jobs>,
    live: &OnceLock<Arc<Live>>,
    mut requests: Streaming<v1::StartTrainingRequest>,
    caller: Option<&Caller>,
) -> Result<v1::StartTrainingResponse, Status> {
    let live = Arc::clone(live.get().ok_or_else(not_loaded)?);
    // Before the tickets are read: those of one call at a time are held in memory.
    let place = jobs.take_place().map_err(|error| *refused(&error))?;
    let first = next(jobs, &mut requests).await?;
    let limits = jobs.limits().clone();
    let caller = caller.cloned();
    let wish = blocking(move || training_request::options(first, caller.as_ref(), &limits)).await?;
    let TrainingWish {
        options,
        files,
        facets,
    } = wish;
    let data = match files {
        Some(files) => {
            if next(jobs, &mut requests).await?.is_some() {
                let message = "cannot be sent where options.files are named";
                return Err(*wrong("examples", message));
            }
            JobData::Files(files)
        }
        None => sent(jobs, requests, facets, options.asks_for_costs).await?,
    };
    let begun = blocking(move || {
        place
            .start(options, data, live)
            .map_err(|error| refused(&error))
    });
    let begun = begun.await?;
    Ok(v1::StartTrainingResponse {
        job: Some(job(&begun)),
    })
}

/// All tickets that are sent.
async fn sent(
    jobs: &Jobs,
    mut requests: Streaming<v1::StartTrainingRequest>,
    facets: Vec<String>,
    asks_for_costs: bool,
) -> Result<JobData, Status> {
    let mut tickets = SentTickets::new(facets).map_err(|status| *status)?;
    while let Some(request) = next(jobs, &mut requests).await? {
        let limits = jobs.limits().clone();
        tickets = blocking(move || {
            tickets.add(request, &limits)?;
            Ok(tickets)
        })
        .await?;
    }
    tickets.finish(asks_for_costs).map_err(|status| *status)
}

/// The next message; `None` after the last.
async fn next(
    jobs: &Jobs,
    requests: &mut Streaming<v1::StartTrainingRequest>,
) -> Result<Option<v1::StartTrainingRequest>, Status> {
    let message = async {
        tokio::select! {
            message = requests.message() => message,
            () = jobs.ending() => Err(Status::unavailable(
                "the server is ending: send the tickets again once it is back",
            )),
        }
    };
    match tokio::time::timeout(PATIENCE, message).await {
        Ok(message) => message,
        Err(_) => Err(Status::deadline_exceeded(format!(
            "no further tickets came whole for {} seconds: send fewer in a message if that is too short",
            PATIENCE.as_secs()
        ))),
    }
}

/// Does `work` on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Box<Status>> + Send + 'static,
) -> Result<T, Status> {
    let span = Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    match done {
        Ok(done) => done.map_err(|status| *status),
        // Its place is in the log already.
        Err(_panic) => Err(internal()),
    }
}

/// A job's states until it has ended, of which a slow reader gets the latest.
pub(super) fn watch(
    jobs: &Jobs,
    id: &str,
) -> Result<impl Stream<Item = Result<v1::WatchTrainingResponse, Status>> + use<>, Status> {
    let states = jobs.watch(id).map_err(|error| *refused(&error))?;
    Ok(WatchStream::new(states).map(|state| {
        Ok(v1::WatchTrainingResponse {
            job: Some(job(&state)),
        })
    }))
}

/// A job as it is now.
pub(super) fn get(jobs: &Jobs, id: &str) -> Result<v1::GetTrainingResponse, Status> {
    let state = jobs.watch(id).map_err(|error| *refused(&error))?;
    let now = job(&state.borrow());
    Ok(v1::GetTrainingResponse { job: Some(now) })
}

/// Calls a job off.
pub(super) fn cancel(jobs: &Jobs, id: &str) -> Result<v1::CancelTrainingResponse, Status> {
    let state = jobs.cancel(id).map_err(|error| *refused(&error))?;
    let now = job(&state.borrow());
    Ok(v1::CancelTrainingResponse { job: Some(now) })
}

/// All jobs that are known.
pub(super) fn list(jobs: &Jobs) -> v1::ListTrainingsResponse {
    let jobs = jobs.list();
    v1::ListTrainingsResponse {
        jobs: jobs.iter().map(|state| job(state)).collect(),
    }
}
