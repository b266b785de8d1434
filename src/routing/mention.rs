//! What a policy names that stands elsewhere: topics and facets of a model, agents of a roster. Collected while it is
//! read, whatever else is wrong with it, so that everything is told at once.

use std::cell::RefCell;

use super::condition::LabelUseKind;
use super::fault::Position;
use super::note::Note;

/// A name, where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    pub(super) position: Position,
    /// Who has it, for messages.
    pub(super) who: String,
    pub(super) what: Mentioned,
}

/// What is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mentioned {
    /// By an expression.
    Label(LabelUseKind),
    /// This facet is shown by a note.
    NoteFacet(String),
}

/// The names found so far.
#[derive(Debug, Default)]
pub(super) struct Mentions(RefCell<Vec<Mention>>);

impl Mentions {
    /// Adds what an expression names.
    pub(super) fn add_labels(&self, labels: impl IntoIterator<Item = (Position, LabelUseKind)>) {
        let mentions = labels.into_iter().map(|(position, kind)| Mention {
            position,
            who: String::new(),
            what: Mentioned::Label(kind),
        });
        self.0.borrow_mut().extend(mentions);
    }

    /// Adds what notes show.
    pub(super) fn add_notes(&self, notes: &[Note]) {
        let facets = notes.iter().flat_map(Note::facets);
        let mentions = facets.map(|(position, facet)| Mention {
            position: *position,
            who: String::new(),
            what: Mentioned::NoteFacet(facet.clone()),
        });
        self.0.borrow_mut().extend(mentions);
    }

    /// Says who has all that is nobody's as yet.
    pub(super) fn give_to(&self, who: &str) {
        let mut mentions = self.0.borrow_mut();
        let new = mentions.iter_mut().rev();
        for mention in new.take_while(|mention| mention.who.is_empty()) {
            who.clone_into(&mut mention.who);
        }
    }

    pub(super) fn into_inner(self) -> Vec<Mention> {
        self.0.into_inner()
    }
}
