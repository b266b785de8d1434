//! One thread of an encoder pool: takes what waits, encodes it, answers, and survives panics.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::Receiver;
use tokio::sync::oneshot;

use crate::features::{Encoder, EncoderError, EncoderWorkspace};

/// Most texts that are encoded together.
pub(super) const MAX_BATCH: usize = 8;
/// No further text is put to texts that have this many bytes together: only short ones gain from being
/// encoded together (of 16 tokens: a seventh), and all wait for the last.
pub(super) const FULL_BATCH_BYTES: usize = 512;

/// A text and who waits for its vector.
pub(super) struct Job {
    pub(super) text: String,
    pub(super) reply: oneshot::Sender<Result<Vec<f32>, EncoderError>>,
}

/// What encodes texts; tests have encoders of their own.
pub(super) trait Encode: Send + Sync + 'static {
    /// One vector a text.
    fn encode(
        &self,
        texts: &[&str],
        workspace: &mut EncoderWorkspace,
    ) -> Result<Vec<Vec<f32>>, EncoderError>;
}

impl Encode for Encoder {
    fn encode(
        &self,
        texts: &[&str],
        workspace: &mut EncoderWorkspace,
    ) -> Result<Vec<Vec<f32>>, EncoderError> {
        let vectors = self.encode_batch(texts, workspace)?;
        let vectors = vectors.chunks_exact(self.dimensions());
        Ok(vectors.map(<[f32]>::to_vec).collect())
    }
}

/// A thread's own things.
pub(super) struct Worker {
    encode: Arc<dyn Encode>,
    queue: Receiver<Job>,
    /// How many share the queue.
    threads: NonZeroUsize,
    workspace: EncoderWorkspace,
}

impl Worker {
    pub(super) fn new(
        encode: Arc<dyn Encode>,
        queue: Receiver<Job>,
        threads: NonZeroUsize,
    ) -> Self {
        Self {
            encode,
            queue,
            threads,
            workspace: EncoderWorkspace::default(),
        }
    }

    /// Answers until the pool is dropped and nothing waits.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.queue.recv() {
            // No more than its share, or other threads would have nothing to do.
            let share = MAX_BATCH.min(1 + self.queue.len() / self.threads);
            let waiting = std::iter::once(first).chain(self.queue.try_iter());
            let (mut jobs, mut bytes) = (Vec::with_capacity(share), 0);
            for job in waiting.filter(|job| !job.reply.is_closed()) {
                bytes += job.text.len();
                jobs.push(job);
                if jobs.len() == share || bytes >= FULL_BATCH_BYTES {
                    break;
                }
            }
            if !jobs.is_empty() {
                self.answer(jobs);
            }
        }
    }

    fn answer(&mut self, jobs: Vec<Job>) {
        let texts: Vec<&str> = jobs.iter().map(|job| job.text.as_str()).collect();
        let (encode, workspace) = (&self.encode, &mut self.workspace);
        // A workspace that a panic left half changed is not used again.
        let encoded = catch_unwind(AssertUnwindSafe(|| encode.encode(&texts, workspace)));
        if encoded.is_err() {
            self.workspace = EncoderWorkspace::default();
        }
        match encoded {
            Ok(Ok(vectors)) => {
                for (job, vector) in jobs.into_iter().zip(vectors) {
                    // An error means that the caller has gone.
                    let _ = job.reply.send(Ok(vector));
                }
            }
            // Only those texts fail that are at fault.
            _ if jobs.len() > 1 => jobs.into_iter().for_each(|job| self.answer(vec![job])),
            Ok(Err(error)) => {
                if let Some(job) = jobs.into_iter().next() {
                    let _ = job.reply.send(Err(error));
                }
            }
            // The caller notices that the reply was dropped.
            Err(_panic) => tracing::error!("the sentence encoder panicked"),
        }
    }
}
