//! A candidate model that classifies the same tickets as the model that is served, unseen by callers: how often the two
//! agree, and how many tickets the same policy would send elsewhere.
//!
//! It has a thread of its own at the lowest priority. Tickets are handed to it after they were answered, through a
//! bounded queue; what finds no room there is dropped and counted, so that no answer waits. What is kept of tickets are
//! their ids and labels, never their words.

mod report;
mod share;
mod worker;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use arc_swap::ArcSwapOption;
use crossbeam_channel::{Sender, bounded};
use jiff::{SignedDuration, Timestamp};

pub use report::{Disagreement, Findings, HeadAgreement, HeadDifference};
pub use share::{NoShare, Share};

use crate::classifier::Classification;
use crate::metrics::{Metrics, Shadowed};
use crate::model::{Bundle, Registry, RegistryError};
use crate::ticket::Ticket;
use crate::triage::Triage;
use worker::Worker;

/// Most tickets that wait.
const MAX_WAITING: usize = 256;
/// Most bytes of text that wait.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// The shadow of a running server, if it has one.
#[derive(Debug)]
pub struct Shadow {
    running: ArcSwapOption<Running>,
    metrics: Metrics,
}

/// A ticket that was answered.
#[derive(Debug)]
pub struct Answered {
    /// The ticket.
    pub ticket: Ticket,
    /// What the model that is served said of it.
    pub classification: Classification,
    /// The time of its decision and how long it had waited by then; `None` where it was only classified.
    pub routed: Option<(Timestamp, SignedDuration)>,
}

/// What a shadow is, and what it found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its version.
    pub version: String,
    /// The share of tickets that it classifies.
    pub sample: Share,
    /// Tickets that found no room in the queue.
    pub dropped: u64,
    /// What it found; `None` before the first ticket.
    pub found: Option<Findings>,
}

/// Why a shadow cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// There is no such version, or it is unusable.
    #[error(transparent)]
    Model(#[from] RegistryError),
    /// Its thread cannot be started.
    #[error("cannot start the shadow's thread: {0}")]
    Thread(io::Error),
}

/// A shadow at work; its thread ends when this is dropped.
#[derive(Debug)]
struct Running {
    version: String,
    sample: Share,
    queue: Sender<Waiting>,
    shared: Arc<Shared>,
}

/// A ticket that waits, with what it was answered by.
struct Waiting {
    answered: Answered,
    triage: Arc<Triage>,
    bytes: usize,
}

/// What a shadow's thread shares with those who hand it tickets and ask what it found.
#[derive(Debug, Default)]
struct Shared {
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
    /// Set once nobody wants to know any more.
    ended: AtomicBool,
    found: Mutex<Option<Findings>>,
}

impl Shared {
    /// Counts are whole between any two statements that change them.
    fn found(&self) -> MutexGuard<'_, Option<Findings>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shadow {
    /// There is none yet. Tickets compared are counted in `metrics`.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self {
            running: ArcSwapOption::empty(),
            metrics,
        }
    }

    /// Hands a ticket that `triage` answered to the shadow. `answered` is asked for it only if there is a shadow, the
    /// ticket is in its share and there is room; this never waits.
    pub fn show(&self, triage: &Arc<Triage>, answered: impl FnOnce() -> Answered) {
        let running = self.running.load();
        let Some(running) = running.as_deref() else {
            return;
        };
        // While the candidate is served itself, there is nothing to compare.
        if triage.model_version() == running.version || !running.sample.draw() {
            return;
        }
        if running.queue.is_full() || !running.offer(answered(), triage) {
            running.shared.dropped.fetch_add(1, Ordering::Relaxed);
            self.metrics.shadowed(Shadowed::Skipped);
        }
    }

    /// Lets a version of the registry be the shadow, in place of the one so far, and returns what that one found.
    ///
    /// # Errors
    /// If there is no such version, it is unusable, or its thread cannot be started; the shadow so far stays.
    pub fn start(
        &self,
        registry: &Registry,
        version: &str,
        sample: Share,
    ) -> Result<Option<Report>, ShadowError> {
        let candidate = registry.load(Some(version))?;
        let running = Running::start(candidate, sample, self.metrics.clone())?;
        let before = self.running.swap(Some(Arc::new(running)));
        tracing::info!(
            version,
            sample = sample.get(),
            "a shadow classifies beside the model"
        );
        Ok(before.map(|running| running.report()))
    }

    /// Ends the shadow and returns what it found; `None` if there was none.
    pub fn stop(&self) -> Option<Report> {
        let running = self.running.swap(None)?;
        tracing::info!(version = running.version, "the shadow was stopped");
        Some(running.report())
    }

    /// What the shadow found as yet; `None` if there is none.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        Some(self.running.load_full()?.report())
    }
}

impl Running {
    fn start(candidate: Bundle, sample: Share, metrics: Metrics) -> Result<Self, ShadowError> {
        let (sender, receiver) = bounded(MAX_WAITING);
        let shared = Arc::new(Shared::default());
        let version = candidate.version.clone();
        let worker = Worker::new(candidate, receiver, Arc::clone(&shared), metrics);
        let thread = thread::Builder::new().name("triage-shadow".to_owned());
        thread
            .spawn(move || worker.run())
            .map_err(ShadowError::Thread)?;
        Ok(Self {
            version,
            sample,
            queue: sender,
            shared,
        })
    }

    /// Whether a ticket found room.
    fn offer(&self, answered: Answered, triage: &Arc<Triage>) -> bool {
        let bytes = answered.ticket.subject.len() + answered.ticket.body.len();
        let waiting = &self.shared.waiting_bytes;
        if waiting.fetch_add(bytes, Ordering::Relaxed) + bytes <= MAX_WAITING_BYTES {
            let waits = Waiting {
                answered,
                triage: Arc::clone(triage),
                bytes,
            };
            if self.queue.try_send(waits).is_ok() {
                return true;
            }
        }
        waiting.fetch_sub(bytes, Ordering::Relaxed);
        false
    }

    fn report(&self) -> Report {
        Report {
            version: self.version.clone(),
            sample: self.sample,
            dropped: self.shared.dropped.load(Ordering::Relaxed),
            found: self.shared.found().clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;

    /// Looks, at each line of the log, whether there is a shadow.
    struct Looks {
        shadow: Arc<Shadow>,
        seen: Arc<Mutex<Vec<bool>>>,
    }

    impl<S: Subscriber> Layer<S> for Looks {
        fn on_event(&self, _event: &Event<'_>, _context: Context<'_, S>) {
            let mut seen = self.seen.lock().unwrap();
            seen.push(self.shadow.report().is_some());
        }
    }

    #[test]
    fn the_log_tells_of_a_shadow_once_it_is_there_and_of_its_end_once_it_is_gone() {
        let registry = Registry::new("models");
        let version = registry.active().unwrap();
        let shadow = Arc::new(Shadow::new(Metrics::new(["Route"]).unwrap()));
        let seen = Arc::default();
        let looks = Looks {
            shadow: Arc::clone(&shadow),
            seen: Arc::clone(&seen),
        };
        let subscriber = tracing_subscriber::registry().with(looks);
        tracing::subscriber::with_default(subscriber, || {
            let before = shadow.start(&registry, &version, Share::ALL).unwrap();
            assert!(before.is_none());
            assert_eq!(shadow.stop().unwrap().version, version);
        });
        assert_eq!(*seen.lock().unwrap(), [true, false]);
    }
}
