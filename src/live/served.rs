//! A model ready to answer: in memory, with threads of its own if its sentence encoder is too slow for the threads
//! that read requests.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use crate::classifier::HeadKind;
use crate::features::SentenceEncoder;
use crate::features::encoder_pool::EncoderPool;
use crate::metrics::{Metrics, Shed, TicketCounters};
use crate::model::Bundle;

/// The threads that a model gets where it has a transformer encoder.
#[derive(Debug, Clone, Copy)]
pub struct EncoderThreads {
    /// How many; `None` for as many as there are processor cores.
    pub threads: Option<NonZeroUsize>,
    /// Texts that may wait for them, at least one.
    pub queue: usize,
}

/// A model with its threads. The last request that was answered with it does not wait while memory is given back and
/// threads end: that happens on a thread of its own.
pub(super) struct ServedModel {
    /// There until this is dropped.
    parts: Option<Parts>,
    /// Counts the tickets that it answers.
    tickets: TicketCounters,
    /// Counts those that it has no time for.
    metrics: Metrics,
}

struct Parts {
    /// Threads first, then what they work with.
    pool: Option<EncoderPool>,
    _bundle: Arc<Bundle>,
}

impl ServedModel {
    /// Starts the encoder's threads, if the model has one.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(super) fn start(
        bundle: &Arc<Bundle>,
        threads: EncoderThreads,
        metrics: &Metrics,
    ) -> io::Result<Self> {
        let pool = match bundle.classifier.sentence_encoder() {
            Some(SentenceEncoder::Encoder(encoder)) => {
                let EncoderThreads { threads, queue } = threads;
                Some(EncoderPool::new(Arc::clone(encoder), threads, queue)?)
            }
            Some(SentenceEncoder::Embedding(_)) | None => None,
        };
        Ok(Self {
            tickets: metrics.tickets(bundle.classifier.labels(&HeadKind::Topic)),
            metrics: metrics.clone(),
            parts: Some(Parts {
                pool,
                _bundle: Arc::clone(bundle),
            }),
        })
    }

    /// The encoder's threads; `None` where it is fast enough to need none.
    pub(super) fn pool(&self) -> Option<&EncoderPool> {
        self.parts.as_ref()?.pool.as_ref()
    }

    /// Counts a ticket that is refused because too many wait for the encoder.
    pub(super) fn refuse(&self) {
        self.metrics.shed(Shed::EncoderQueue);
    }

    /// Counts the tickets that the model answers.
    pub(super) fn tickets(&self) -> &TicketCounters {
        &self.tickets
    }
}

impl fmt::Debug for ServedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedModel")
            .field("pool", &self.pool())
            .finish_non_exhaustive()
    }
}

impl Drop for ServedModel {
    fn drop(&mut self) {
        let parts = self.parts.take();
        let retire = thread::Builder::new().name("triage-retire".to_owned());
        // Where no thread can be had, it is dropped here.
        let _ = retire.spawn(move || drop(parts));
    }
}
