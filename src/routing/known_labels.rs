//! Holds a policy against the labels of a model: a condition that names a topic which the model never gives can
//! never hold, and nobody would notice.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Expression, LabelUseKind, TopicAlone};
use super::fault::{Faults, PolicyErrors};
use super::note::Note;
use super::policy::{Policy, Rule};

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
        for expression in self.priorities.expressions() {
            check_labels("priorities", [expression], known, &mut faults);
        }
        check_notes("the policy", &self.notes, known, &mut faults);
        for rule in &self.rules {
            check_rule(rule, known, &mut faults);
        }
        Ok(faults.into_result(&self.origin)?)
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

fn check_rule(rule: &Rule, known: &KnownLabels, faults: &mut Faults) {
    let who = format!("rule '{}'", rule.id);
    let steps = rule.steps.iter();
    let expressions = steps.flat_map(|step| step.preferred_agent.iter().chain(&step.skip_if));
    check_labels(&who, expressions.chain([&rule.when]), known, faults);
    check_notes(
        &who,
        rule.notes.as_deref().unwrap_or_default(),
        known,
        faults,
    );
}

/// Notes each facet of a note that the model lacks; `who` has the note.
fn check_notes(who: &str, notes: &[Note], known: &KnownLabels, faults: &mut Faults) {
    for (position, facet) in notes.iter().flat_map(Note::facets) {
        if !known.facets.contains_key(facet) {
            let advice = faults.advice(facet, known.facets.keys().map(String::as_str));
            faults.add(
                *position,
                format!(
                    "a note of {who} shows the facet '{facet}', which the model lacks: {advice}"
                ),
            );
        }
    }
}

/// Notes each label of `expressions` that the model lacks; `who` has them.
fn check_labels<'e>(
    who: &str,
    expressions: impl IntoIterator<Item = &'e Expression>,
    known: &KnownLabels,
    faults: &mut Faults,
) {
    let topics = || known.topics.iter().map(String::as_str);
    let mut asks_urgency = false;
    for (position, kind) in expressions.into_iter().flat_map(|one| one.labels()) {
        match kind {
            LabelUseKind::Topic(topic) if !known.topics.contains(topic) => {
                let advice = faults.advice(topic, topics());
                faults.add(
                    *position,
                    format!("{who} names the topic '{topic}', which the model lacks: {advice}"),
                );
            }
            LabelUseKind::TopicPrefix(prefix)
                if !topics().any(|topic| topic.starts_with(prefix)) =>
            {
                let areas = areas(known);
                let advice = faults.advice(prefix.trim_end_matches('/'), areas.iter().copied());
                faults.add(
                    *position,
                    format!("{who} asks for topics that start with '{prefix}', and the model has none: {advice}"),
                );
            }
            LabelUseKind::Facet(facet) if !known.facets.contains_key(facet) => {
                let advice = faults.advice(facet, known.facets.keys().map(String::as_str));
                faults.add(
                    *position,
                    format!("{who} reads the facet '{facet}', which the model lacks: {advice}"),
                );
            }
            LabelUseKind::FacetLabel { facet, label } => {
                if let Some(labels) = known.facets.get(facet)
                    && !labels.contains(label)
                {
                    let advice = faults.advice(label, labels.iter().map(String::as_str));
                    faults.add(
                        *position,
                        format!("{who} names '{label}', which the facet '{facet}' of the model lacks: {advice}"),
                    );
                }
            }
            LabelUseKind::Urgency if known.urgencies.is_empty() && !asks_urgency => {
                asks_urgency = true;
                faults.add(
                    *position,
                    format!("{who} asks for the urgency, which the model does not give: train it with one or drop the condition"),
                );
            }
            LabelUseKind::Topic(_)
            | LabelUseKind::TopicPrefix(_)
            | LabelUseKind::Facet(_)
            | LabelUseKind::Channel(_)
            | LabelUseKind::Agent(_)
            | LabelUseKind::Urgency => {}
        }
    }
}
