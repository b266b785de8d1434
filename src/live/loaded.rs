//! What a server answers with: model, policy and roster, and threads for the model's sentence encoder if
//! that is too slow for the threads that read requests. Immutable: a change makes a new one, and a request keeps
//! the one that it began with. Only the places reserved are shared by all of them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::served::ServedModel;
use crate::classifier::Classification;
use crate::features::encoder_pool::PoolError;
use crate::metrics::{self, Level};
use crate::policy_store::PolicyRecord;
use crate::routing::{Decision, Reservations};
use crate::shadow::{self, Shadow};
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
    triage: Arc<Triage>,
    policy: Arc<LivePolicy>,
    reservations: Arc<Reservations>,
    shadow: Arc<Shadow>,
    /// The model of `triage`. It is dropped last, so that whoever drops this never gives its memory back.
    model: Arc<ServedModel>,
}

impl Loaded {
    /// Puts what fits together; `model` is that of `triage`. `reservations` have no roster yet.
    pub(super) fn new(
        triage: Triage,
        model: ServedModel,
        policy: LivePolicy,
        reservations: Reservations,
        shadow: Arc<Shadow>,
    ) -> Self {
        if let Some(roster) = triage.roster() {
            reservations.put_roster(roster);
        }
        Self {
            triage: Arc::new(triage),
            policy: Arc::new(policy),
            reservations: Arc::new(reservations),
            shadow,
            model: Arc::new(model),
        }
    }

    /// The same with another policy, roster or model; `model` is given where it is another one.
    pub(super) fn with(
        &self,
        triage: Triage,
        policy: Arc<LivePolicy>,
        model: Option<ServedModel>,
    ) -> Self {
        Self {
            triage: Arc::new(triage),
            policy,
            reservations: Arc::clone(&self.reservations),
            shadow: Arc::clone(&self.shadow),
            model: model.map_or_else(|| Arc::clone(&self.model), Arc::new),
        }
    }

    /// Whether model and policy are those of `other`, so that what was tried with it holds here.
    pub(super) fn decides_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
            && self.policy.record.version == other.policy.record.version
    }

    /// Whether another model than that of `before` answers.
    pub(super) fn has_other_model(&self, before: &Self) -> bool {
        !Arc::ptr_eq(&self.model, &before.model)
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

    /// Takes note of a ticket that was answered: it is counted, and shown to the shadow if there is one. `routed` is
    /// its decision with the time of that and how long the ticket had waited by then, if one was made. Takes no longer
    /// than counting and, for the shadow, copying the ticket.
    pub fn note(
        &self,
        ticket: &Ticket,
        classification: &Classification,
        routed: Option<(&Decision, Timestamp, SignedDuration)>,
    ) {
        self.model.tickets().count(metrics::Answered {
            classification,
            decision: routed.map(|(decision, ..)| decision),
        });
        self.shadow.show(&self.triage, || shadow::Answered {
            ticket: ticket.clone(),
            classification: classification.clone(),
            routed: routed.map(|(_, now, waited)| (now, waited)),
        });
    }

    /// The texts that wait for the model's sentence encoder; `None` where none has to.
    #[must_use]
    pub fn encoder_queue(&self) -> Option<Level> {
        let pool = self.model.pool()?;
        Some(Level {
            now: pool.waiting(),
            most: pool.queue_size(),
        })
    }

    /// The sentence vector of a ticket's text; `None` where it is made in passing, on the thread that
    /// classifies.
    ///
    /// # Errors
    /// If too many texts wait already, or the encoder panicked.
    pub async fn vector(&self, ticket: &Ticket) -> Result<Option<Vec<f32>>, PoolError> {
        let Some(pool) = self.model.pool() else {
            return Ok(None);
        };
        match pool.encode(ticket.text()).await {
            Ok(vector) => Ok(Some(vector)),
            Err(PoolError::Encoder(error)) => {
                // Weights are checked when an encoder is loaded; the n-grams answer alone.
                tracing::error!(%error, "a text got no sentence vector");
                Ok(Some(Vec::new()))
            }
            Err(error) => {
                if matches!(error, PoolError::Overloaded { .. }) {
                    self.model.refuse();
                }
                Err(error)
            }
        }
    }
}
