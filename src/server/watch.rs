//! Looks at the files of policy and roster: now and then for changes, and at once when told to.
//!
//! What is looked at is when they were written, their lengths and which files they are, so that an edit, a rename
//! over them and a link that is turned elsewhere are all seen, on any file system. A change counts once two looks
//! in a row see the same, so that a file is not read while it is being written.

use std::convert::Infallible;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_stream::{Stream, StreamExt};

use crate::live::{Live, Reloaded};
use crate::triage::Sources;

/// What one look at a file sees; `None` where there is no file.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// The files to look at, and what was seen of them when they were read last.
#[derive(Debug)]
pub(super) struct Watch {
    files: Arc<[PathBuf]>,
    every: Option<Duration>,
    read: Vec<Stamp>,
}

impl Watch {
    /// Watches the files of policy and roster, which have not been read yet, for changes from now on.
    pub(super) fn new(sources: &Sources, every: Option<Duration>) -> Self {
        let files: Arc<[PathBuf]> = [&sources.policy]
            .into_iter()
            .chain(&sources.roster)
            .cloned()
            .collect();
        Self {
            read: look(&files),
            files,
            every,
        }
    }

    /// Takes changes over into `live` for ever; `reload` says when to read the files whether they look changed or
    /// not.
    pub(super) async fn run(
        mut self,
        live: Arc<Live>,
        reload: impl Stream<Item = ()>,
    ) -> Infallible {
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
                let live = Arc::clone(&live);
                let reloaded = tokio::task::spawn_blocking(move || live.reload_files()).await;
                match reloaded {
                    Ok(Ok(Reloaded::Changed)) => {}
                    Ok(Ok(Reloaded::Unchanged)) => tracing::info!("the files are as they were"),
                    Ok(Err(error)) => tracing::error!(
                        %error,
                        "the changed files are refused: policy and roster stay as they are"
                    ),
                    Err(error) => {
                        tracing::error!(%error, "the changed files could not be looked at")
                    }
                }
            }
        }
    }
}

/// Looks at each file. What is no file, such as a pipe, is none: reading it again would wait for ever.
fn look(files: &[PathBuf]) -> Vec<Stamp> {
    files
        .iter()
        .map(|path| {
            let seen = std::fs::metadata(path).ok().filter(|seen| seen.is_file())?;
            let written = (seen.mtime(), seen.mtime_nsec());
            Some((seen.dev(), seen.ino(), seen.len(), written.0, written.1))
        })
        .collect()
}
