//! Work for operators: it may wait for a disk or try thousands of cases, so it runs in the background.

use std::sync::{Arc, OnceLock};

use tonic::{Response, Status};
use tracing::Span;

use super::status::{internal, not_loaded};
use crate::background;
use crate::live::Live;

/// Does `work` in the background, within the request's span of the log.
///
/// # Errors
/// What `work` fails with; UNAVAILABLE while nothing is loaded; INTERNAL if it panics.
pub(super) async fn with_live<T: Send + 'static>(
    live: &OnceLock<Arc<Live>>,
    work: impl FnOnce(&Live) -> Result<T, Box<Status>> + Send + 'static,
) -> Result<Response<T>, Status> {
    let live = Arc::clone(live.get().ok_or_else(not_loaded)?);
    let span = Span::current();
    let done = background::run(move || span.in_scope(|| work(&live))).await;
    match done {
        Ok(Ok(answer)) => Ok(Response::new(answer)),
        Ok(Err(status)) => Err(*status),
        // Its place is in the log already.
        Err(_panic) => Err(internal()),
    }
}
