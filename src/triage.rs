//! The whole serving path: a ticket in, a classification and a decision out.
//!
//! The server and the command line both call this, so a preview cannot drift from what is served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::classifier::{Classification, HeadKind, Workspace};
use crate::model::{Bundle, Registry, RegistryError};
use crate::routing::{
    Decision, DecisionInput, KnownLabels, Policy, PolicyErrors, Roster, RosterErrors, decide,
};
use crate::ticket::Ticket;

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
    bundle: Bundle,
    policy: Policy,
    roster: Option<Roster>,
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

impl Triage {
    /// Loads all parts and checks that they fit together.
    ///
    /// # Errors
    /// If a part is unusable or names a topic, skill or queue that another lacks.
    pub fn load(sources: &Sources) -> Result<Self, LoadError> {
        let bundle = Registry::new(&sources.models).load(sources.version.as_deref())?;
        let policy = Policy::load(&sources.policy)?;
        let roster = sources.roster.as_deref().map(Roster::load).transpose()?;
        Self::new(bundle, policy, roster)
    }

    /// Puts loaded parts together and checks that they fit.
    ///
    /// # Errors
    /// If one names a topic, skill or queue that another lacks.
    pub fn new(bundle: Bundle, policy: Policy, roster: Option<Roster>) -> Result<Self, LoadError> {
        let classifier = &bundle.classifier;
        let labels = |kind: &HeadKind| -> BTreeSet<String> {
            classifier.labels(kind).iter().cloned().collect()
        };
        let topics = labels(&HeadKind::Topic);
        if topics.is_empty() {
            return Err(LoadError::NoTopics {
                version: bundle.version,
            });
        }
        let facets: BTreeMap<String, BTreeSet<String>> = classifier
            .heads()
            .iter()
            .filter_map(|head| match &head.kind {
                HeadKind::Facet(name) => {
                    Some((name.clone(), head.labels.iter().cloned().collect()))
                }
                HeadKind::Topic | HeadKind::Urgency => None,
            })
            .collect();
        policy.check_labels(&KnownLabels {
            topics,
            urgencies: labels(&HeadKind::Urgency),
            facets,
        })?;
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
        self.route_classified(ticket, classification, now, waited)
    }

    /// Decides who should get a ticket that this model classified. `waited` is how long it has waited by
    /// `now`.
    #[must_use]
    pub fn route_classified(
        &self,
        ticket: &Ticket,
        classification: Classification,
        now: Timestamp,
        waited: SignedDuration,
    ) -> Routed {
        let decision = decide(&DecisionInput {
            ticket,
            classification: &classification,
            roster: self.roster.as_ref(),
            policy: &self.policy,
            now,
            waited,
        });
        Routed {
            classification,
            decision,
        }
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
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
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
