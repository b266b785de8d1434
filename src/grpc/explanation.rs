//! Reasons: the words that decided and the parts of logits as messages, and whether the model has the
//! labels that are to be explained.

use std::ops::Range;

use tonic::Status;

use super::request::{Explain, Wanted};
use super::status::Violations;
use super::v1;
use crate::classifier::{Classifier, Explainer, Explanation, Head, HeadKind, Prediction};
use crate::ticket::{TextField, Ticket};

/// Most words that an answer names for one label.
const MAX_EVIDENCE: usize = 500;
/// Names of labels in an error take at most so many bytes, since statuses travel in headers.
const MAX_NAMES_BYTES: usize = 1_500;

/// What the reasons of one head's answer follow from.
pub(super) struct Reasons<'a> {
    pub(super) explainer: &'a Explainer<'a>,
    pub(super) ticket: &'a Ticket,
    pub(super) kind: &'a HeadKind,
    pub(super) prediction: &'a Prediction,
}

/// A word with its parts in the logits of two labels.
struct Word {
    span: Range<usize>,
    contribution: f32,
    versus: f32,
}

impl Reasons<'_> {
    /// The words that spoke for or against the label chosen.
    pub(super) fn evidence(&self) -> Vec<v1::Evidence> {
        let explanation = self.explainer.explain(self.kind, &self.prediction.label);
        let words = explanation.map_or(Vec::new(), |explanation| explanation.words);
        self.strongest(words.into_iter().map(|word| Word {
            span: word.span,
            contribution: word.contribution,
            versus: 0.0,
        }))
    }

    /// The explanation asked for; `None` if this head has not what is named.
    pub(super) fn explain(&self, asked: &Explain) -> Option<v1::Explanation> {
        let other_head = |name: &String| name != self.kind.name();
        if asked.head.as_ref().is_some_and(other_head) {
            return None;
        }
        let label = asked.label.as_ref().unwrap_or(&self.prediction.label);
        let versus = match &asked.versus {
            Some(versus) if versus != label => versus,
            _ => self.explainer.runner_up(self.kind, label)?,
        };
        let label = self.explainer.explain(self.kind, label)?;
        let versus = self.explainer.explain(self.kind, versus)?;
        let pairs = label.words.iter().zip(&versus.words);
        let evidence = self.strongest(pairs.map(|(word, other)| Word {
            span: word.span.clone(),
            contribution: word.contribution,
            versus: other.contribution,
        }));
        Some(v1::Explanation {
            label: Some(parts(&label)),
            versus: Some(parts(&versus)),
            evidence,
        })
    }

    /// The words with the largest parts, at most [`MAX_EVIDENCE`], in text order.
    fn strongest(&self, words: impl Iterator<Item = Word>) -> Vec<v1::Evidence> {
        let strength = |word: &Word| word.contribution.abs().max(word.versus.abs());
        let mut kept: Vec<Word> = words.filter(|word| strength(word) > 0.0).collect();
        if kept.len() > MAX_EVIDENCE {
            kept.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
            kept.truncate(MAX_EVIDENCE);
            kept.sort_by_key(|word| word.span.start);
        }
        kept.into_iter()
            .filter_map(|word| to_evidence(word, self.ticket))
            .collect()
    }
}

fn to_evidence(word: Word, ticket: &Ticket) -> Option<v1::Evidence> {
    let (field, span) = ticket.locate(word.span)?;
    Some(v1::Evidence {
        field: match field {
            TextField::Subject => v1::TextField::Subject,
            TextField::Body => v1::TextField::Body,
        }
        .into(),
        start: u32::try_from(span.start).ok()?,
        end: u32::try_from(span.end).ok()?,
        contribution: word.contribution,
        versus_contribution: word.versus,
    })
}

fn parts(explanation: &Explanation) -> v1::LogitParts {
    v1::LogitParts {
        label: explanation.label.clone(),
        probability: explanation.probability,
        logit: explanation.logit(),
        constant: explanation.bias,
        sentence: explanation.sentence,
        words: explanation.words_sum(),
    }
}

/// Checks that a head of the model has what is to be explained.
///
/// # Errors
/// INVALID_ARGUMENT with what the model has in its place.
pub(super) fn check(wanted: &Wanted, classifier: &Classifier) -> Result<(), Box<Status>> {
    let Some(asked) = &wanted.explain else {
        return Ok(());
    };
    let mut violations = Violations::default();
    let all = classifier.heads();
    let heads: Vec<&Head> = match &asked.head {
        Some(name) => all.iter().filter(|head| head.kind.name() == name).collect(),
        None => all.iter().collect(),
    };
    if let (Some(name), []) = (&asked.head, heads.as_slice()) {
        let names: Vec<&str> = all.iter().map(|head| head.kind.name()).collect();
        let names = names.join(", ");
        violations.bad(
            "options.explain.head",
            format!("the model has no head '{name}': it has {names}"),
        );
        return violations.into_result();
    }
    let named = [
        ("options.explain.label", &asked.label),
        ("options.explain.versus_label", &asked.versus),
    ];
    let mut unknown = false;
    for (field, label) in named {
        let Some(label) = label else { continue };
        if !heads.iter().any(|head| head.labels.contains(label)) {
            unknown = true;
            let known = heads.iter().map(|head| (head.kind.name(), &*head.labels));
            let known = known_labels(&known.collect::<Vec<_>>(), label);
            violations.bad(field, format!("'{label}' is no label of {known}"));
        }
    }
    let has = |head: &Head, label: &Option<String>| {
        label
            .as_ref()
            .is_none_or(|label| head.labels.contains(label))
    };
    if !unknown
        && !heads
            .iter()
            .any(|head| named.iter().all(|(_, label)| has(head, label)))
    {
        violations.bad(
            "options.explain.versus_label",
            "is a label of another head than options.explain.label",
        );
    }
    violations.into_result()
}

/// Each head with its labels, those most like `label` first where not all of them can be listed.
fn known_labels(heads: &[(&str, &[String])], label: &str) -> String {
    let budget = MAX_NAMES_BYTES / heads.len().max(1);
    let described: Vec<String> = heads
        .iter()
        .map(|(head, labels)| {
            let mut names: Vec<&str> = labels.iter().map(String::as_str).collect();
            let separated = |name: &&str| name.len() + ", ".len();
            if names.iter().map(separated).sum::<usize>() > budget {
                let likeness = |name: &str| strsim::jaro_winkler(label, name);
                names.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
                let mut bytes = 0;
                names.retain(|name| {
                    bytes += separated(name);
                    bytes <= budget
                });
            }
            let more = match labels.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{head} ({}{more})", names.join(", "))
        })
        .collect();
    described.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_labels_are_listed_where_they_are_few() {
        let moods = ["glad", "sad"].map(str::to_owned);
        let levels = ["low", "high"].map(str::to_owned);
        assert_eq!(known_labels(&[("mood", &moods)], "mad"), "mood (glad, sad)");
        assert_eq!(
            known_labels(&[("mood", &moods), ("urgency", &levels)], "mad"),
            "mood (glad, sad) or urgency (low, high)"
        );
    }

    #[test]
    fn of_many_labels_those_most_like_what_was_asked_for_are_listed() {
        let topics: Vec<String> = (0..1_000).map(|n| format!("area/topic {n}")).collect();
        let known = known_labels(&[("topic", &topics)], "area/topic 777x");
        assert!(known.starts_with("topic (area/topic 777, "), "{known}");
        assert!(known.ends_with(" more)"), "{known}");
        assert!(known.len() < MAX_NAMES_BYTES + 50, "{}", known.len());
    }
}
