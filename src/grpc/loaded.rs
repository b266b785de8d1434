//! What a server answers with: model, policy and roster, and threads for the model's sentence encoder if
//! that is too slow for the threads that read requests.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tonic::Status;

use super::status::no_vector;
use crate::features::SentenceEncoder;
use crate::features::encoder_pool::{EncoderPool, PoolError};
use crate::ticket::Ticket;
use crate::triage::Triage;

/// Model, policy and roster, and the threads that they need.
#[derive(Debug)]
pub struct Loaded {
    triage: Triage,
    /// There if the model has a transformer encoder.
    pool: Option<EncoderPool>,
}

impl Loaded {
    /// Starts the encoder's threads, if the model has one: this many, or as many as there are processor
    /// cores, with room for `queue` texts to wait.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(triage: Triage, threads: Option<NonZeroUsize>, queue: usize) -> io::Result<Self> {
        let encoder = triage.bundle().classifier.sentence_encoder();
        let pool = match encoder {
            Some(SentenceEncoder::Encoder(encoder)) => {
                Some(EncoderPool::new(Arc::clone(encoder), threads, queue)?)
            }
            Some(SentenceEncoder::Embedding(_)) | None => None,
        };
        Ok(Self { triage, pool })
    }

    /// Model, policy and roster.
    #[must_use]
    pub fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The sentence vector of a ticket's text; `None` where it is made in passing, on the thread that
    /// classifies.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if too many texts wait already; INTERNAL if the encoder panicked.
    pub(super) async fn vector(&self, ticket: &Ticket) -> Result<Option<Vec<f32>>, Status> {
        let Some(pool) = &self.pool else {
            return Ok(None);
        };
        match pool.encode(ticket.text()).await {
            Ok(vector) => Ok(Some(vector)),
            Err(PoolError::Encoder(error)) => {
                // Weights are checked when an encoder is loaded; the n-grams answer alone.
                tracing::error!(%error, "a text got no sentence vector");
                Ok(Some(Vec::new()))
            }
            Err(error) => Err(no_vector(&error)),
        }
    }
}
