//! Looks at files: now and then for changes, and at once when told to. A change counts once two looks in a row see the
//! same, so that a file is not read while it is being written. What could not be read for a reason that passes is read
//! again at the next look.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_stream::{Stream, StreamExt};

use crate::background;
use crate::live::{Live, Part, Reloaded, Stamp, look};

/// What came of reading the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// They were taken over, or refused for what they are.
    Done,
    /// They could not be read, which may pass without their changing.
    Later,
}

impl Read {
    /// What came of it where this is why they were refused.
    pub(super) fn failed(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if error.downcast_ref().is_some_and(may_pass) {
                return Self::Later;
            }
            next = error.source();
        }
        Self::Done
    }
}

/// Whether a file may be read later that cannot be now, as where too many are open. What is not there, may not be read or
/// is damaged has to be changed.
fn may_pass(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::UnexpectedEof
    )
}

/// The files to look at, and what was seen of them when they were read last.
#[derive(Debug)]
pub(super) struct Watch {
    files: Arc<[PathBuf]>,
    every: Option<Duration>,
    read: Vec<Stamp>,
}

impl Watch {
    /// Watches `files`, which have not been read yet, for changes from now on.
    pub(super) fn new(files: Vec<PathBuf>, every: Option<Duration>) -> Self {
        let files: Arc<[PathBuf]> = files.into();
        Self {
            read: look(&files),
            files,
            every,
        }
    }

    /// Calls `read`, on a thread that may block, for each change, for ever; `reload` says when to read the files whether
    /// they look changed or not.
    pub(super) async fn run(
        mut self,
        reload: impl Stream<Item = ()>,
        read: impl Fn() -> Read + Send + Sync + 'static,
    ) -> Infallible {
        let read = Arc::new(read);
        let told = reload.map(|()| true).chain(tokio_stream::pending());
        let ticks = self.every.map(|every| {
            let mut interval = tokio::time::interval(every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tokio_stream::wrappers::IntervalStream::new(interval).map(|_| false)
        });
        let ticks: std::pin::Pin<Box<dyn Stream<Item = bool> + Send>> = match ticks {
            Some(ticks) => Box::pin(ticks),
            None => Box::pin(tokio_stream::pending()),
        };
        let mut wake = pin!(told.merge(ticks));
        let mut before = self.read.clone();
        loop {
            let Some(told) = wake.next().await else {
                return std::future::pending().await;
            };
            let files = Arc::clone(&self.files);
            // A file system may hang.
            let Ok(seen) = tokio::task::spawn_blocking(move || look(&files)).await else {
                continue;
            };
            let settled = seen == before;
            before.clone_from(&seen);
            if told || settled && seen != self.read {
                self.read = seen;
                let read = Arc::clone(&read);
                match background::run(move || read()).await {
                    Ok(Read::Done) => {}
                    // Whatever is seen then is another.
                    Ok(Read::Later) => self.read.clear(),
                    Err(error) => {
                        tracing::error!(%error, "the changed files could not be looked at");
                    }
                }
            }
        }
    }
}

/// Takes what has changed of model, policy and roster over; logs what was refused, and that nothing was to be done.
pub(super) fn reload(live: &Live) -> Read {
    let Reloaded { model, files } = live.reload();
    let mut read = Read::Done;
    if let Part::Refused(error) = &model {
        tracing::error!(%error, "the active model is refused: the one that is served stays");
        read = Read::failed(error);
    }
    match (&files, &model) {
        (Part::Refused(error), _) => {
            tracing::error!(
                %error,
                "the changed files are refused: policy and roster stay as they are"
            );
            if read == Read::Done {
                read = Read::failed(error);
            }
        }
        (Part::Unchanged, Part::Unchanged) => tracing::info!("the files are as they were"),
        _ => {}
    }
    read
}
