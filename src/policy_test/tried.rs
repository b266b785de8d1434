//! One ticket through model and rules.

use crate::classifier::{Classification, Workspace};
use crate::model::Bundle;
use crate::policy_test::case::{CaseStep, Said};
use crate::routing::KnownLabels;
use crate::ticket::Ticket;
use crate::triage::{deciding_words, known_labels};

/// A loaded model that classifies one ticket after the other.
#[derive(Debug)]
pub struct Model<'b> {
    bundle: &'b Bundle,
    workspace: Workspace,
}

/// What is said of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// The labels.
    pub classification: Classification,
    /// The words that decided the topic, the strongest first; empty where they are not known.
    pub deciding_words: Vec<String>,
}

/// A ticket is to be classified and there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it gives a text, which only a model can classify: name a folder of models or pin a classification"
)]
pub struct MissingModel;

impl<'b> Model<'b> {
    /// Classifies with `bundle`.
    #[must_use]
    pub fn new(bundle: &'b Bundle) -> Self {
        Self {
            bundle,
            workspace: Workspace::default(),
        }
    }

    /// What the model says of a ticket.
    pub fn classify(&mut self, ticket: &Ticket) -> Classification {
        let text = ticket.text();
        self.bundle.classifier.classify(&text, &mut self.workspace)
    }

    /// What the model says of a ticket, and by which words.
    pub fn explain(&mut self, ticket: &Ticket) -> Classified {
        let classification = self.classify(ticket);
        let deciding_words = deciding_words(self.bundle, ticket, &classification, &self.workspace);
        Classified {
            classification,
            deciding_words,
        }
    }

    /// The labels that it can give.
    #[must_use]
    pub fn labels(&self) -> KnownLabels {
        known_labels(self.bundle)
    }
}

/// What is said of a step's ticket.
pub(super) fn classify(
    step: &CaseStep,
    model: Option<&mut Model<'_>>,
) -> Result<Classified, MissingModel> {
    match (&step.said, model) {
        (Said::Pinned(classified), _) => Ok((**classified).clone()),
        (Said::ByModel, Some(model)) => Ok(model.explain(&step.ticket)),
        (Said::ByModel, None) => Err(MissingModel),
    }
}
