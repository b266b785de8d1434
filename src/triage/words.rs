//! The words of a ticket that decided its topic, as notes for agents show them.

use crate::classifier::{Classification, HeadKind, Workspace};
use crate::model::Bundle;
use crate::ticket::Ticket;

/// Most words that notes show.
const MAX_DECIDING_WORDS: usize = 5;

/// The words that spoke most for the topic of what the model classified last with `workspace`, the strongest
/// first. Personal data among them is told by its kind: notes go further than tickets do.
#[must_use]
pub fn deciding_words(
    bundle: &Bundle,
    ticket: &Ticket,
    classification: &Classification,
    workspace: &Workspace,
) -> Vec<String> {
    let explainer = bundle.classifier.explainer(workspace);
    let topic = classification.topic.as_ref();
    let Some(explanation) =
        topic.and_then(|topic| explainer.explain(&HeadKind::Topic, &topic.label))
    else {
        return Vec::new();
    };
    let text = ticket.text();
    let mut evidence = explanation.words;
    evidence.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let mut words = Vec::with_capacity(MAX_DECIDING_WORDS);
    for one in evidence.into_iter().filter(|one| one.contribution > 0.0) {
        let word = match explainer.personal_data(&one.span) {
            Some(kind) => kind.placeholder().to_owned(),
            None => text.get(one.span).unwrap_or_default().to_lowercase(),
        };
        if word.chars().any(char::is_alphanumeric) && !words.contains(&word) {
            words.push(word);
        }
        if words.len() == MAX_DECIDING_WORDS {
            break;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Registry;

    #[test]
    fn personal_data_is_told_by_its_kind() {
        let bundle = Registry::new("models").load(None).unwrap();
        let mut workspace = Workspace::default();
        let mut told = |body: &str| {
            let ticket = Ticket {
                body: body.to_owned(),
                ..Ticket::default()
            };
            let found = bundle.classifier.classify(&ticket.text(), &mut workspace);
            deciding_words(&bundle, &ticket, &found, &workspace)
        };
        for (text, kind) in [
            ("refund 4111 1111 1111 1111", "card_number"),
            ("login jane.doe@example.com", "email_address"),
            ("charge GB82 WEST 1234 5698 7654 32", "bank_account"),
            ("please call 0770 090 0123", "phone_number"),
            ("where is Order 7123456", "reference_number"),
        ] {
            let words = told(text);
            assert!(words.iter().any(|word| word == kind), "{text}: {words:?}");
            let shows =
                |word: &String| word.contains('@') || word.contains(|c: char| c.is_ascii_digit());
            assert!(!words.iter().any(shows), "{text}: {words:?}");
        }
    }
}
