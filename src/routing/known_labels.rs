//! Holds a policy against the labels of a model: a condition that names a topic which the model never gives can
//! never hold, and nobody would notice.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Alone, LabelUseKind, Subject, TopicAlone};
use super::fault::{Faults, PolicyErrors, Position};
use super::mention::{Mention, Mentioned};
use super::policy::Policy;

/// The labels that a model can give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownLabels {
    /// Topics; empty without that head.
    pub topics: BTreeSet<String>,
    /// Names of urgencies; empty without that head.
    pub urgencies: BTreeSet<String>,
    /// Labels of each further head by its name.
    pub facets: BTreeMap<String, BTreeSet<String>>,
}

impl Policy {
    /// Checks that every topic, facet and facet's label that the policy names is one that the model can give,
    /// and that the model has a head for all that the policy asks about.
    ///
    /// # Errors
    ///
    /// Every one that is not, with line, column and the nearest name.
    pub fn check_labels(&self, known: &KnownLabels) -> Result<(), PolicyErrors> {
        let mut faults = Faults::default();
        self.hold_against(known, &mut faults);
        Ok(faults.into_result(&self.origin)?)
    }

    /// Notes what [`check_labels`](Self::check_labels) refuses; the policy may be a part of one that is wrong.
    pub(super) fn hold_against(&self, known: &KnownLabels, faults: &mut Faults) {
        let topics = || known.topics.iter().map(String::as_str);
        for pattern in &self.always_human {
            if topics().any(|topic| pattern.matches(topic)) {
                continue;
            }
            let text = &pattern.pattern;
            let areas = areas(known).into_iter().map(|area| format!("{area}/*"));
            let names: Vec<String> = if text.contains('*') {
                areas.collect()
            } else {
                known.topics.iter().cloned().collect()
            };
            let advice = faults.advice(text, names.iter().map(String::as_str));
            faults.add(
                pattern.position,
                format!("always_human names the topic '{text}', which the model lacks: {advice}"),
            );
        }
        let mut ask_urgency = BTreeSet::new();
        for Mention {
            position,
            who,
            what,
        } in &self.mentions
        {
            match what {
                Mentioned::NoteFacet(facet) => {
                    let shows = format!("a note of {who} shows");
                    check_facet(&shows, facet, known, *position, faults);
                }
                Mentioned::Label(LabelUseKind::Urgency)
                    if known.urgencies.is_empty() && !ask_urgency.insert(who) => {}
                Mentioned::Label(LabelUseKind::Alone(alone)) => {
                    self.check_alone(who, alone, known, *position, faults);
                }
                Mentioned::Label(kind) => check_label(who, kind, known, *position, faults),
            }
        }
    }

    /// Notes a test of the topic or of a facet that is true of no label of the model.
    fn check_alone(
        &self,
        who: &str,
        alone: &Alone,
        known: &KnownLabels,
        at: Position,
        faults: &mut Faults,
    ) {
        let (labels, what, one) = match &alone.subject {
            Subject::Topic => (
                &known.topics,
                "the topic".to_owned(),
                "topic of the model".to_owned(),
            ),
            Subject::Facet(name) => match known.facets.get(name) {
                Some(labels) => (
                    labels,
                    format!("the facet '{name}'"),
                    format!("label that the model gives the facet '{name}'"),
                ),
                None => return,
            },
            Subject::Channel | Subject::LastAgent => return,
        };
        let texts = || labels.iter().map(String::as_str);
        let Some(idle) = alone.idle(texts(), &self.vocabulary.patterns) else {
            return;
        };
        let told = match &idle.does {
            Some(does) => format!("{who} asks whether {what} {does}, and no {one} does"),
            None if idle.of_all => format!("what {who} asks here is true of every {one}"),
            None => format!("what {who} asks here is true of no {one}"),
        };
        let is_unknown = |word: &&String| !texts().any(|label| label.contains(word.as_str()));
        let word = idle.words.iter().find(is_unknown).or(idle.words.first());
        let advice = match (word, &alone.subject) {
            (Some(word), _) => {
                let names: BTreeSet<&str> = texts().flat_map(|label| label.split('/')).collect();
                faults.advice(word, names.iter().copied())
            }
            (None, Subject::Facet(name)) => ask_for_facet(name),
            (None, _) => "drop it".to_owned(),
        };
        faults.add(at, format!("{told}: {advice}"));
    }

    /// Those of `topics`, all that the model gives, which no rule asks for, so that they are left to the default
    /// and to rules for any topic.
    ///
    /// A rule asks for a topic if a test in its condition is true of this one and false of at least one other
    /// of `topics`, and the rest of the condition can hold as well. Only what says which topic it is counts as a
    /// test: `==`, `in`, `startsWith`, `endsWith`, `contains` and `matches`, joined by `&&` and `||`. What says
    /// which topic it is not (`!=`, anything after `!`) and what stands within `?:` or a loop does not.
    #[must_use]
    pub fn unhandled_topics(&self, topics: &BTreeSet<String>) -> Vec<String> {
        let all: Vec<TopicAlone> = topics.iter().map(|topic| TopicAlone::new(topic)).collect();
        let handled = |topic: &TopicAlone| {
            self.rules
                .iter()
                .any(|rule| rule.when.asks_for(topic, &all))
        };
        topics
            .iter()
            .zip(&all)
            .filter(|(_, alone)| !handled(alone))
            .map(|(topic, _)| topic.clone())
            .collect()
    }
}

/// The parts of the topics before their slash.
fn areas(known: &KnownLabels) -> BTreeSet<&str> {
    let split = known
        .topics
        .iter()
        .filter_map(|topic| topic.split_once('/'));
    split.map(|(area, _)| area).collect()
}

/// Notes a facet that the model lacks; `reads` says who does what with it.
fn check_facet(reads: &str, facet: &str, known: &KnownLabels, at: Position, faults: &mut Faults) {
    if !known.facets.contains_key(facet) {
        let advice = faults.advice(facet, known.facets.keys().map(String::as_str));
        faults.add(
            at,
            format!("{reads} the facet '{facet}', which the model lacks: {advice}"),
        );
    }
}

/// How a condition asks whether there is a facet.
fn ask_for_facet(name: &str) -> String {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word {
        format!("ask with has(facets.{name}) whether there is one")
    } else {
        format!("ask with \"{name}\" in facets whether there is one")
    }
}

/// Notes a label that the model lacks; `who` names it.
fn check_label(
    who: &str,
    kind: &LabelUseKind,
    known: &KnownLabels,
    at: Position,
    faults: &mut Faults,
) {
    let topics = || known.topics.iter().map(String::as_str);
    match kind {
        LabelUseKind::Topic(topic) if topic.is_empty() && !known.topics.is_empty() => faults.add(
            at,
            format!("{who} compares the topic with an empty text, and the model gives each ticket a topic: drop it"),
        ),
        LabelUseKind::Topic(topic) if !known.topics.contains(topic) => {
            let advice = faults.advice(topic, topics());
            faults.add(
                at,
                format!("{who} names the topic '{topic}', which the model lacks: {advice}"),
            );
        }
        LabelUseKind::TopicPrefix(prefix) if !topics().any(|topic| topic.starts_with(prefix)) => {
            let areas = areas(known);
            let advice = faults.advice(prefix.trim_end_matches('/'), areas.iter().copied());
            faults.add(
                at,
                format!("{who} asks whether the topic starts with '{prefix}', and no topic of the model does: {advice}"),
            );
        }
        LabelUseKind::Facet(facet) => {
            check_facet(&format!("{who} reads"), facet, known, at, faults);
        }
        LabelUseKind::FacetLabel { facet, label } => {
            if let Some(labels) = known.facets.get(facet)
                && !labels.contains(label)
            {
                let message = if label.is_empty() {
                    let advice = ask_for_facet(facet);
                    format!("{who} compares the facet '{facet}' with an empty text, which no label is: {advice}")
                } else {
                    let advice = faults.advice(label, labels.iter().map(String::as_str));
                    format!("{who} names '{label}', which the facet '{facet}' of the model lacks: {advice}")
                };
                faults.add(at, message);
            }
        }
        LabelUseKind::Urgency if known.urgencies.is_empty() => faults.add(
            at,
            format!("{who} asks for the urgency, which the model does not give: train it with one or drop the condition"),
        ),
        LabelUseKind::Topic(_)
        | LabelUseKind::TopicPrefix(_)
        | LabelUseKind::Channel(_)
        | LabelUseKind::Agent(_)
        | LabelUseKind::Urgency
        | LabelUseKind::Alone(_) => {}
    }
}
