//! Threads that encode texts for asynchronous callers, so that a slow encoder never holds up theirs.
//!
//! What waits is bounded: a text beyond that is refused at once. Of short texts that wait, a thread
//! takes its share together, up to eight; it waits for none. A text whose caller has gone is passed over.

#[cfg(test)]
mod tests;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use crossbeam_channel::{Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use self::worker::{Encode, Job, Worker};
use super::{Encoder, EncoderError};

/// The threads and the queue of one encoder. Dropping it ends the threads and waits for them: for no
/// longer than the texts take that they are at.
pub struct EncoderPool {
    /// There until the pool is dropped.
    queue: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// Why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// As many texts wait as may.
    #[error(
        "{queue} texts are waiting for the sentence encoder already, and no more may: try again later"
    )]
    Overloaded {
        /// How many may wait.
        queue: usize,
    },
    /// The encoder failed on this text.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The encoder panicked on this text.
    #[error("the sentence encoder broke off at this text")]
    Panicked,
}

impl fmt::Debug for EncoderPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncoderPool")
            .field("threads", &self.threads.len())
            .field("queue", &self.queue_size())
            .finish_non_exhaustive()
    }
}

impl EncoderPool {
    /// Starts this many threads, or as many as there are processor cores, with room for `queue` texts to
    /// wait (at least one).
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(
        encoder: Arc<Encoder>,
        threads: Option<NonZeroUsize>,
        queue: usize,
    ) -> io::Result<Self> {
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::start(encoder, threads.unwrap_or_else(cores), queue)
    }

    fn start(encode: Arc<dyn Encode>, threads: NonZeroUsize, queue: usize) -> io::Result<Self> {
        let (sender, receiver) = bounded(queue.max(1));
        // Should a thread not start, those before it end: this is dropped.
        let mut pool = Self {
            queue: Some(sender),
            threads: Vec::with_capacity(threads.get()),
        };
        for _ in 0..threads.get() {
            let worker = Worker::new(Arc::clone(&encode), receiver.clone(), threads);
            let thread = thread::Builder::new().name("triage-encoder".to_owned());
            pool.threads.push(thread.spawn(move || worker.run())?);
        }
        Ok(pool)
    }

    /// The unit vector of `text`, with the bits that [`Encoder::encode_one`] gives. Dropping the future
    /// takes the text out of the queue.
    ///
    /// # Errors
    /// At once if too many texts wait; if the encoder fails on this text.
    pub async fn encode(&self, text: String) -> Result<Vec<f32>, PoolError> {
        let (reply, answer) = oneshot::channel();
        let sent = match &self.queue {
            Some(queue) => queue.try_send(Job { text, reply }),
            None => return Err(PoolError::Panicked),
        };
        match sent {
            // No answer comes only from a thread that panicked.
            Ok(()) => Ok(answer.await.map_err(|_| PoolError::Panicked)??),
            Err(TrySendError::Full(_)) => Err(PoolError::Overloaded {
                queue: self.queue_size(),
            }),
            Err(TrySendError::Disconnected(_)) => Err(PoolError::Panicked),
        }
    }

    /// How many texts wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }

    /// How many texts may wait.
    #[must_use]
    pub fn queue_size(&self) -> usize {
        self.queue.as_ref().and_then(Sender::capacity).unwrap_or(0)
    }
}

impl Drop for EncoderPool {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // Panics do not reach the end of a thread; if one did, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}
