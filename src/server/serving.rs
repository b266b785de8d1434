//! Accepting and serving as long as the server runs, and its end: nobody new is let in, requests in flight end, and what
//! is left when the time for that is over is cut off.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ServeError;
use super::listener::Acceptor;
use super::port::Port;
use super::workers::{Ends, Phase, Workers};
use crate::metrics::Metrics;
use crate::settings::ServerSettings;

/// How long threads may take to end that were told to end at once.
const LET_GO: Duration = Duration::from_millis(100);

/// What serves. Dropped, it ends as after a drain whose time is over.
#[derive(Debug)]
pub(super) struct Serving {
    phase: watch::Sender<Phase>,
    accepting: JoinSet<()>,
    workers: Ends,
}

impl Serving {
    /// Serves on these addresses from now on.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(super) fn start(
        ports: impl IntoIterator<Item = (TcpListener, Port)>,
        settings: &ServerSettings,
        metrics: Metrics,
    ) -> Result<Self, ServeError> {
        let (phase, phases) = watch::channel(Phase::Serving);
        let threads = match settings.threads {
            0 => available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let (threads, workers) = Workers::start(threads, &phases)?;
        let acceptor = Arc::new(Acceptor::new(threads, settings.max_connections, metrics));
        let mut accepting = JoinSet::new();
        for (listener, port) in ports {
            let (acceptor, mut phases) = (Arc::clone(&acceptor), phases.clone());
            accepting.spawn(async move {
                let port = Arc::new(port);
                // Its error means that the sender is gone: end as well.
                tokio::select! {
                    () = acceptor.accept(&listener, &port) => {}
                    _ = phases.wait_for(|phase| *phase >= Phase::Closing) => {}
                }
                acceptor.accept_last(listener, &port);
            });
        }
        Ok(Self {
            phase,
            accepting,
            workers,
        })
    }

    /// Resolves when something ends that should not.
    pub(super) async fn failed(&mut self) -> ServeError {
        tokio::select! {
            error = self.workers.unexpected() => error,
            Some(ended) = self.accepting.join_next() => match ended {
                Err(error) => ServeError::Interrupted(error),
                Ok(()) => ServeError::AcceptingEnded,
            },
        }
    }

    /// Lets nobody in any more and ends when all requests in flight have, at the latest after `time`.
    pub(super) async fn drain(mut self, time: Duration) {
        self.phase.send_replace(Phase::Closing);
        while self.accepting.join_next().await.is_some() {}
        self.phase.send_replace(Phase::Draining);
        if tokio::time::timeout(time, self.workers.all()).await.is_ok() {
            tracing::info!("drained");
            return;
        }
        let timeout_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(timeout_ms, "requests still in flight were cut off");
        self.phase.send_replace(Phase::Ending);
        // Who blocks a thread is not waited for.
        let _ = tokio::time::timeout(LET_GO, self.workers.all()).await;
    }
}
