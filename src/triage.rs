//! The whole serving path: a ticket in, a classification and a decision out.
//!
//! The server and the command line both call this, so a preview cannot drift from what is served.

mod words;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::classifier::{Classification, HeadKind, Workspace};
use crate::model::{Bundle, Registry, RegistryError};
use crate::routing::{
    Decision, DecisionInput, KnownLabels, Policy, PolicyAgainst, PolicyErrors, Roster,
    RosterErrors, Unfit, decide, read_policy_text,
};
use crate::ticket::Ticket;
pub use words::deciding_words;

/// Where a model, a policy and a roster are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Folder of models.
    pub models: PathBuf,
    /// Version of the model; `None` for the active one.
    pub version: Option<String>,
    /// The policy's file.
    pub policy: PathBuf,
    /// The roster's file; without one, decisions name queue and skills but no agent.
    pub roster: Option<PathBuf>,
}

/// A model, a policy and a roster that fit together. Immutable; share it between threads.
#[derive(Debug)]
pub struct Triage {
    bundle: Arc<Bundle>,
    policy: Arc<Policy>,
    roster: Option<Arc<Roster>>,
}

/// A ticket's classification and decision.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Routed {
    /// What the model says.
    pub classification: Classification,
    /// What the policy makes of it.
    pub decision: Decision,
}

/// Why model, policy and roster cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No usable model.
    #[error(transparent)]
    Model(#[from] RegistryError),
    /// No usable policy.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// No usable roster.
    #[error(transparent)]
    Roster(#[from] RosterErrors),
    /// The model has no head for topics, so no rule could be tried.
    #[error(
        "model {version} was trained without topics: train one with a topic column to route tickets"
    )]
    NoTopics {
        /// The model's version.
        version: String,
    },
}

impl From<Unfit> for LoadError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Policy(errors) => Self::Policy(errors),
            Unfit::Roster(errors) => Self::Roster(errors),
        }
    }
}

impl Triage {
    /// Loads all parts and checks that they fit together.
    ///
    /// # Errors
    /// If a part is unusable or names a topic, skill or queue that another lacks.
    pub fn load(sources: &Sources) -> Result<Self, LoadError> {
        let bundle = Registry::new(&sources.models).load(sources.version.as_deref())?;
        let text = read_policy_text(&sources.policy)?;
        let origin = sources.policy.display().to_string();
        let roster = sources.roster.as_deref().map(Roster::load).transpose()?;
        Self::read(Arc::new(bundle), (&text, &origin), roster.map(Arc::new))
    }

    /// Reads a policy, given with its origin for messages, and puts it together with model and roster.
    ///
    /// # Errors
    /// If the policy is wrong, or one names a topic, skill or queue that another lacks: all of it at once.
    pub fn read(
        bundle: Arc<Bundle>,
        (text, origin): (&str, &str),
        roster: Option<Arc<Roster>>,
    ) -> Result<Self, LoadError> {
        let labels = known_labels(&bundle);
        let against = PolicyAgainst {
            roster: roster.as_deref(),
            // Without topics nothing would fit, which is told in one sentence.
            labels: Some(&labels).filter(|labels| !labels.topics.is_empty()),
        };
        let policy = Policy::parse_against(text, origin, against)?;
        Self::new(bundle, Arc::new(policy), roster)
    }

    /// Puts loaded parts together and checks that they fit.
    ///
    /// # Errors
    /// If one names a topic, skill or queue that another lacks.
    pub fn new(
        bundle: Arc<Bundle>,
        policy: Arc<Policy>,
        roster: Option<Arc<Roster>>,
    ) -> Result<Self, LoadError> {
        let known = known_labels(&bundle);
        if known.topics.is_empty() {
            return Err(LoadError::NoTopics {
                version: bundle.version.clone(),
            });
        }
        policy.check_labels(&known)?;
        if let Some(roster) = &roster {
            roster.check_against(&policy)?;
        }
        Ok(Self {
            bundle,
            policy,
            roster,
        })
    }

    /// Classifies a ticket and decides who should get it. `waited` is how long it has waited by
    /// `now`.
    pub fn route(
        &self,
        ticket: &Ticket,
        now: Timestamp,
        waited: SignedDuration,
        workspace: &mut Workspace,
    ) -> Routed {
        let classification = self.bundle.classifier.classify(&ticket.text(), workspace);
        self.route_classified(ticket, classification, now, waited, workspace)
    }

    /// Decides who should get a ticket that this model classified, with `workspace` last. `waited` is how long it
    /// has waited by `now`.
    #[must_use]
    pub fn route_classified(
        &self,
        ticket: &Ticket,
        classification: Classification,
        now: Timestamp,
        waited: SignedDuration,
        workspace: &Workspace,
    ) -> Routed {
        let decision = self.decide_by(ticket, &classification, (now, waited), workspace, decide);
        Routed {
            classification,
            decision,
        }
    }

    /// What `decide` makes of a ticket that this model classified, with `workspace` last. It is given all that a
    /// decision depends on, with the roster that this was loaded with. The times are the present one and how long the
    /// ticket has waited by then.
    pub fn decide_by<T>(
        &self,
        ticket: &Ticket,
        classification: &Classification,
        (now, waited): (Timestamp, SignedDuration),
        workspace: &Workspace,
        decide: impl FnOnce(&DecisionInput<'_>) -> T,
    ) -> T {
        let deciding_words = if self.policy.shows_deciding_words() {
            deciding_words(&self.bundle, ticket, classification, workspace)
        } else {
            Vec::new()
        };
        decide(&DecisionInput {
            ticket,
            classification,
            roster: self.roster.as_deref(),
            policy: &self.policy,
            now,
            waited,
            deciding_words: &deciding_words,
        })
    }

    /// The model's topics that no rule of the policy asks for; see [`Policy::unhandled_topics`].
    #[must_use]
    pub fn unhandled_topics(&self) -> Vec<String> {
        let topics = self.bundle.classifier.labels(&HeadKind::Topic);
        self.policy
            .unhandled_topics(&topics.iter().cloned().collect())
    }

    /// The model.
    #[must_use]
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The roster; `None` where decisions name no agents.
    #[must_use]
    pub fn roster(&self) -> Option<&Arc<Roster>> {
        self.roster.as_ref()
    }

    /// The model's version.
    #[must_use]
    pub fn model_version(&self) -> &str {
        &self.bundle.version
    }

    /// The policy's version: the first 12 digits of its SHA-256.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        self.policy.version()
    }
}

/// The labels that a model can give.
#[must_use]
pub fn known_labels(bundle: &Bundle) -> KnownLabels {
    let mut known = KnownLabels::default();
    for head in bundle.classifier.heads() {
        let labels = head.labels.iter().cloned().collect();
        match &head.kind {
            HeadKind::Topic => known.topics = labels,
            HeadKind::Urgency => known.urgencies = labels,
            HeadKind::Facet(name) => {
                known.facets.insert(name.clone(), labels);
            }
        }
    }
    known
}
