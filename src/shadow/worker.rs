//! The shadow's thread: classifies what was answered once more, with the candidate, and compares.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::{Answered, Findings, Shared, Waiting};
use crate::classifier::{Classification, Workspace};
use crate::metrics::{Metrics, Shadowed};
use crate::model::Bundle;
use crate::policy_test::destination;
use crate::routing::{DecisionInput, Policy, decide};
use crate::triage::Triage;

/// How often the log tells what was found.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What the thread works with.
pub(super) struct Worker {
    candidate: Arc<Bundle>,
    queue: Receiver<Waiting>,
    shared: Arc<Shared>,
    metrics: Metrics,
    workspace: Workspace,
    /// The policy that the candidate was last held against, and whether it fits.
    checked: Option<(Arc<Policy>, bool)>,
}

impl Worker {
    pub(super) fn new(
        candidate: Bundle,
        queue: Receiver<Waiting>,
        shared: Arc<Shared>,
        metrics: Metrics,
    ) -> Self {
        Self {
            candidate: Arc::new(candidate),
            queue,
            shared,
            metrics,
            workspace: Workspace::default(),
            checked: None,
        }
    }

    /// Compares what comes until nobody wants to know any more.
    pub(super) fn run(mut self) {
        if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
            tracing::warn!(?error, "the shadow's thread has the priority of all others");
        }
        let mut told = Instant::now();
        while let Ok(waiting) = self.queue.recv() {
            if self.shared.ended.load(Ordering::Relaxed) {
                break;
            }
            let bytes = waiting.bytes;
            self.compare(waiting);
            self.shared
                .waiting_bytes
                .fetch_sub(bytes, Ordering::Relaxed);
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.tell();
            }
        }
        self.tell();
    }

    fn compare(&mut self, waiting: Waiting) {
        let Waiting {
            answered, triage, ..
        } = waiting;
        self.begin_anew(triage.model_version());
        let compared = catch_unwind(AssertUnwindSafe(|| self.both(&answered, &triage)));
        match compared {
            Ok((shadow, destinations)) => {
                let (ticket, served) = (&answered.ticket, &answered.classification);
                let mut found = self.shared.found();
                let agree = found
                    .as_mut()
                    .is_some_and(|found| found.note(&ticket.id, served, &shadow, destinations));
                drop(found);
                self.metrics.shadowed(match agree {
                    true => Shadowed::Agreed,
                    false => Shadowed::Disagreed,
                });
            }
            Err(_panic) => {
                // What a panic left half changed is not used again.
                self.workspace = Workspace::default();
                tracing::error!(version = self.candidate.version, "the shadow panicked");
                if let Some(found) = self.shared.found().as_mut() {
                    found.failed += 1;
                }
            }
        }
    }

    /// Counts for the model that is served now.
    fn begin_anew(&mut self, served: &str) {
        let counts_for = |found: &Findings| found.served_version == served;
        if self.shared.found().as_ref().is_some_and(counts_for) {
            return;
        }
        self.tell();
        self.checked = None;
        let before = self.shared.found().replace(Findings::new(served));
        if before.is_some() {
            self.shared.dropped.store(0, Ordering::Relaxed);
        }
    }

    /// What the candidate says, and where the policy sends the ticket by what was said and by that. Both decisions are
    /// made here, from the same roster at the same time, so that only the labels can make a difference.
    fn both(
        &mut self,
        answered: &Answered,
        triage: &Triage,
    ) -> (Classification, Option<(String, String)>) {
        let ticket = &answered.ticket;
        let classifier = &self.candidate.classifier;
        let shadow = classifier.classify(&ticket.text(), &mut self.workspace);
        let Some((now, waited)) = answered.routed.filter(|_| self.fits(triage.policy())) else {
            return (shadow, None);
        };
        let by = |classification: &Classification| {
            destination(&decide(&DecisionInput {
                ticket,
                classification,
                roster: triage.roster().map(Arc::as_ref),
                policy: triage.policy(),
                now,
                waited,
                deciding_words: &[],
            }))
        };
        let destinations = (by(&answered.classification), by(&shadow));
        (shadow, Some(destinations))
    }

    /// Whether the policy that decided could decide by the candidate's labels.
    fn fits(&mut self, policy: &Arc<Policy>) -> bool {
        if let Some((known, fits)) = &self.checked
            && Arc::ptr_eq(known, policy)
        {
            return *fits;
        }
        let fitted = Triage::new(Arc::clone(&self.candidate), Arc::clone(policy), None);
        let problem = fitted.err().map(|error| error.to_string());
        let fits = problem.is_none();
        if let Some(found) = self.shared.found().as_mut() {
            found.not_routed = problem;
        }
        self.checked = Some((Arc::clone(policy), fits));
        fits
    }

    fn tell(&self) {
        let found = self.shared.found();
        let Some(found) = found.as_ref().filter(|found| found.compared > 0) else {
            return;
        };
        let heads = found.heads.iter().map(|head| {
            let name = &head.name;
            format!("{name} {} of {}", head.agreed, found.compared)
        });
        tracing::info!(
            version = self.candidate.version,
            served_version = found.served_version,
            compared = found.compared,
            agreed = heads.collect::<Vec<_>>().join(", "),
            routed = found.routed,
            moved = found.moved,
            dropped = self.shared.dropped.load(Ordering::Relaxed),
            failed = found.failed,
            "the shadow compared"
        );
    }
}
