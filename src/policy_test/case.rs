//! What a case is: a ticket, what the classifier says of it, the circumstances and what is expected.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::expect::Expectation;
use super::roster_change::AgentChange;
use super::tried::Classified;
use crate::routing::{Position, Roster};
use crate::ticket::Ticket;

/// One case of a file.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name, unique within the file.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// The agents; `None` decides without a roster.
    pub roster: Option<Arc<Roster>>,
    /// The tickets in their order; one unless the case is a sequence.
    pub steps: Vec<CaseStep>,
}

/// One ticket of a case.
#[derive(Debug, Clone)]
pub struct CaseStep {
    /// Where it stands.
    pub position: Position,
    /// The ticket.
    pub ticket: Ticket,
    /// Where its classification comes from.
    pub said: Said,
    /// What is different about single agents from here on.
    pub changes: Vec<AgentChange>,
    /// The present time.
    pub now: Timestamp,
    /// How long the ticket has waited.
    pub waited: SignedDuration,
    /// What must be so; never empty.
    pub expectations: Vec<Expectation>,
}

/// Where a classification comes from.
#[derive(Debug, Clone)]
pub enum Said {
    /// The case says it: the rules alone are tested.
    Pinned(Box<Classified>),
    /// The model says it: model and rules are tested together.
    ByModel,
}

impl Case {
    /// Whether any of its tickets needs a model.
    #[must_use]
    pub fn needs_model(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.said, Said::ByModel))
    }
}
