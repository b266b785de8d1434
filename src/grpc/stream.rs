//! StreamRoute: tickets as they come, and outcomes as they are read.
//!
//! Nothing runs ahead of the caller: a ticket is read when the transport has room for outcomes, so a caller who reads
//! slowly or not at all costs the server no more than the transport's windows and a few tickets in flight.

use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;
use tonic::Status;

use super::fairness::Aside;
use super::outcomes::{Answering, outcomes};
use super::status::promised_code;
use super::unread::UnreadLines;
use super::v1;

/// How long the server, once it is shutting down, waits for the next ticket of a stream before it ends it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The outcomes of the tickets of a stream, each answered by what `by` gives at its time, or by what `unread`
/// tells of it. Where `draining` turns true
/// and no ticket comes for a while, the stream ends.
pub(super) fn answers(
    requests: impl Stream<Item = Result<v1::RouteRequest, Status>> + Send + Unpin + 'static,
    unread: Option<UnreadLines>,
    by: impl Fn() -> Result<Answering, Status> + Send + 'static,
    draining: watch::Receiver<bool>,
    aside: Aside,
) -> impl Stream<Item = Result<v1::RouteOutcome, Status>> + Send + 'static {
    let requests = requests.enumerate();
    let state = Some((requests, unread, draining));
    let requests = stream::unfold(state, async |state| {
        let (mut requests, unread, mut draining) = state?;
        tokio::select! {
            biased;
            request = requests.next() => {
                let (index, request) = request?;
                let asked = request.map_err(blame_the_caller).map(|request| {
                    match unread.as_ref().and_then(|unread| unread.take(index as u64)) {
                        Some(unread) => Err(unread),
                        None => Ok(request),
                    }
                });
                Some((asked, Some((requests, unread, draining))))
            }
            () = silence(&mut draining) => Some((Err(shutting_down()), None)),
        }
    });
    outcomes(requests, by, aside)
}

/// Resolves when the server has been shutting down for a while.
async fn silence(draining: &mut watch::Receiver<bool>) {
    if draining.wait_for(|draining| *draining).await.is_err() {
        // Nobody can shut the server down any more.
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(PATIENCE).await;
}

/// A message that cannot be read is not the server's fault.
fn blame_the_caller(status: Status) -> Status {
    match promised_code(status.code(), status.message()) {
        Some(code) => Status::new(code, status.message()),
        None => status,
    }
}

fn shutting_down() -> Status {
    Status::unavailable("the server is shutting down: open another stream for further tickets")
}
