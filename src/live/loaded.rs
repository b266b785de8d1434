//! What a server answers with: model, policy and roster, and threads for the model's sentence encoder if
//! that is too slow for the threads that read requests. Immutable: a change makes a new one, and a request keeps
//! the one that it began with. Only the places reserved are shared by all of them.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::features::SentenceEncoder;
use crate::features::encoder_pool::{EncoderPool, PoolError};
use crate::policy_store::PolicyRecord;
use crate::routing::Reservations;
use crate::ticket::Ticket;
use crate::triage::Triage;

/// The policy that decides, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePolicy {
    /// Its version and how it came.
    pub record: PolicyRecord,
    /// Its text.
    pub text: String,
    /// What can be gone back to, the latest first, each version once.
    pub earlier: Vec<PolicyRecord>,
}

/// Model, policy and roster, and the threads that they need.
#[derive(Debug)]
pub struct Loaded {
    triage: Triage,
    policy: Arc<LivePolicy>,
    /// There if the model has a transformer encoder.
    pool: Option<Arc<EncoderPool>>,
    reservations: Arc<Reservations>,
}

impl Loaded {
    /// Starts the encoder's threads, if the model has one: this many, or as many as there are processor
    /// cores, with room for `queue` texts to wait. `reservations` have no roster yet.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(
        triage: Triage,
        policy: LivePolicy,
        threads: Option<NonZeroUsize>,
        queue: usize,
        reservations: Reservations,
    ) -> io::Result<Self> {
        let encoder = triage.bundle().classifier.sentence_encoder();
        let pool = match encoder {
            Some(SentenceEncoder::Encoder(encoder)) => {
                let pool = EncoderPool::new(Arc::clone(encoder), threads, queue)?;
                Some(Arc::new(pool))
            }
            Some(SentenceEncoder::Embedding(_)) | None => None,
        };
        let policy = Arc::new(policy);
        if let Some(roster) = triage.roster() {
            reservations.put_roster(roster);
        }
        Ok(Self {
            triage,
            policy,
            pool,
            reservations: Arc::new(reservations),
        })
    }

    /// The same model with its threads, but another policy or roster.
    pub(super) fn with(&self, triage: Triage, policy: Arc<LivePolicy>) -> Self {
        Self {
            triage,
            policy,
            pool: self.pool.clone(),
            reservations: Arc::clone(&self.reservations),
        }
    }

    /// Model, policy and roster.
    #[must_use]
    pub fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The policy as it was written.
    #[must_use]
    pub fn policy(&self) -> &Arc<LivePolicy> {
        &self.policy
    }

    /// The places reserved with agents of the roster.
    #[must_use]
    pub fn reservations(&self) -> &Arc<Reservations> {
        &self.reservations
    }

    /// The sentence vector of a ticket's text; `None` where it is made in passing, on the thread that
    /// classifies.
    ///
    /// # Errors
    /// If too many texts wait already, or the encoder panicked.
    pub async fn vector(&self, ticket: &Ticket) -> Result<Option<Vec<f32>>, PoolError> {
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
            Err(error) => Err(error),
        }
    }
}
