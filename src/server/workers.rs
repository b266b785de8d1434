//! The threads that serve connections: each has a runtime of its own, so that a request is read, answered and sent
//! without leaving its thread.
//!
//! That takes less than half of the processor time which one runtime over all threads takes; the price is that
//! one connection has one core at most. A connection goes to the thread that has the fewest.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::ServeError;
use super::connection::{Accepted, serve};

/// What the threads are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Serve.
    Serving,
    /// Accept no more connections.
    Closing,
    /// Take no more requests, end those in flight, and end.
    Draining,
    /// End.
    Ending,
}

/// The threads that serve connections.
#[derive(Debug)]
pub(super) struct Workers {
    workers: Vec<Worker>,
    /// Where the search for the thread with the fewest connections begins, so that ties go round.
    next: AtomicUsize,
}

#[derive(Debug)]
struct Worker {
    connections: mpsc::UnboundedSender<(Accepted, OnWorker)>,
    open: Arc<AtomicUsize>,
}

/// Tells when threads end.
#[derive(Debug)]
pub(super) struct Ends {
    ended: mpsc::UnboundedReceiver<usize>,
    running: usize,
}

/// Counts a connection as one of its thread's.
struct OnWorker(Arc<AtomicUsize>);

impl OnWorker {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for OnWorker {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells that a thread has ended, however it did.
struct Ending {
    worker: usize,
    told: mpsc::UnboundedSender<usize>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Nobody listens any more where the server has ended.
        let _ = self.told.send(self.worker);
    }
}

impl Workers {
    /// Starts `threads` threads, at least one.
    ///
    /// # Errors
    /// If the operating system refuses one.
    pub(super) fn start(
        threads: usize,
        phase: &watch::Receiver<Phase>,
    ) -> Result<(Self, Ends), ServeError> {
        let (told, ended) = mpsc::unbounded_channel();
        let running = threads.max(1);
        let workers = (0..running)
            .map(|worker| {
                let ending = Ending {
                    worker,
                    told: told.clone(),
                };
                Worker::start(ending, phase.clone()).map_err(ServeError::StartWorker)
            })
            .collect::<Result<_, _>>()?;
        let workers = Self {
            workers,
            next: AtomicUsize::new(0),
        };
        Ok((workers, Ends { ended, running }))
    }

    /// Hands a connection to the thread that has the fewest.
    pub(super) fn take(&self, accepted: Accepted) {
        let from = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len();
        let (before, after) = self.workers.split_at(from);
        let fewest = after
            .iter()
            .chain(before)
            .min_by_key(|worker| worker.open.load(Ordering::Relaxed));
        if let Some(worker) = fewest {
            let on_worker = OnWorker::new(&worker.open);
            // A thread that has ended ends the server; its connections are closed.
            let _ = worker.connections.send((accepted, on_worker));
        }
    }
}

impl Ends {
    /// Resolves when a thread ends that was not told to.
    pub(super) async fn unexpected(&mut self) -> ServeError {
        match self.ended.recv().await {
            Some(worker) => {
                self.running -= 1;
                ServeError::WorkerEnded { worker }
            }
            // Each thread holds a sender while it runs.
            None => ServeError::WorkerEnded { worker: 0 },
        }
    }

    /// Resolves when all threads have ended.
    pub(super) async fn all(&mut self) {
        while self.running > 0 && self.ended.recv().await.is_some() {
            self.running -= 1;
        }
    }
}

impl Worker {
    fn start(ending: Ending, phase: watch::Receiver<Phase>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name(format!("worker-{}", ending.worker))
            .spawn(move || {
                let _ending = ending;
                work(runtime, receiver, phase);
            })?;
        Ok(Self {
            connections: sender,
            open: Arc::new(AtomicUsize::new(0)),
        })
    }
}

/// Serves connections until told to end.
fn work(
    runtime: Runtime,
    mut connections: mpsc::UnboundedReceiver<(Accepted, OnWorker)>,
    phase: watch::Receiver<Phase>,
) {
    let (mut draining, mut ending) = (phase.clone(), phase.clone());
    runtime.block_on(async {
        let mut served = JoinSet::new();
        let take_all = async {
            loop {
                tokio::select! {
                    next = connections.recv() => match next {
                        Some((accepted, on_worker)) => {
                            served.spawn(serve_counted(accepted, on_worker, phase.clone()));
                        }
                        None => return,
                    },
                    Some(ended) = served.join_next() => tell_of_panic(ended),
                }
            }
        };
        // Its error means that the sender is gone: end as well.
        tokio::select! {
            () = take_all => {}
            _ = draining.wait_for(|phase| *phase >= Phase::Draining) => {}
        }
        // Those that were accepted last may have sent a request.
        while let Ok((accepted, on_worker)) = connections.try_recv() {
            served.spawn(serve_counted(accepted, on_worker, phase.clone()));
        }
        let serve_rest = async {
            while let Some(ended) = served.join_next().await {
                tell_of_panic(ended);
            }
        };
        tokio::select! {
            () = serve_rest => {}
            _ = ending.wait_for(|phase| *phase >= Phase::Ending) => {}
        }
    });
    // What blocks a thread may go on until the program ends; nobody waits for it.
    runtime.shutdown_background();
}

async fn serve_counted(accepted: Accepted, on_worker: OnWorker, phase: watch::Receiver<Phase>) {
    serve(accepted, phase).await;
    drop(on_worker);
}

/// Panics of handlers are answered by a layer: what comes here is a fault of the transport.
fn tell_of_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection was given up");
    }
}
