//! Reads what a case expects; every name is held against the policy, the roster and the model's labels.

use std::collections::{BTreeMap, BTreeSet};

use super::expect::{Expectation, Moment, STAGES, Wanted, stage_word};
use super::read_agents::{AgentNames, refuse_none_named, several_of};
use super::read_case::{Agents, NONE, Surroundings, known, known_name, time};
use super::read_label::{facet_labels, topic_label};
use super::read_ticket::texts;
use crate::classifier::AbstainReason;
use crate::routing::MAX_PROFICIENCY;
use crate::routing::document::{Node, NodeValue};
use crate::routing::fault::Faults;
use crate::routing::fields::{self, Fields};
use crate::ticket::Urgency;

/// The names of all that a case can expect.
pub const EXPECTATIONS: &[&str] = &[
    "queue",
    "not_queue",
    "rule",
    "not_rule",
    "stage",
    "step",
    "agent",
    "not_agent",
    "candidates",
    "candidates_include",
    "rejected",
    "preferred_agent",
    "priority",
    "tags",
    "article",
    "bot",
    "notes",
    "last_resort",
    "impact",
    "requires_human",
    "abstain_reason",
    "due",
    "resolution_due",
    "next_evaluation_at",
    "required_skills",
    "preferred_skills",
    "dropped_preferences",
    "topic",
    "urgency",
    "facets",
];

const REASONS: [AbstainReason; 8] = [
    AbstainReason::EmptyText,
    AbstainReason::LowConfidence,
    AbstainReason::Ambiguous,
    AbstainReason::OutOfScope,
    AbstainReason::UnsupportedLanguage,
    AbstainReason::AlwaysHuman,
    AbstainReason::NoRuleMatched,
    AbstainReason::NoEligibleAgent,
];

/// What a pinned classification says itself.
const PINNED: [&str; 3] = ["topic", "urgency", "facets"];

/// Reads the expectations of a case; `None` if there are none. `pins` says whether the case gives its classification.
pub(super) fn read_expectations(
    node: &Node,
    surroundings: &Surroundings<'_>,
    agents: &Agents,
    pins: bool,
    faults: &mut Faults,
) -> Option<Vec<Expectation>> {
    let fields = Fields::open(node, "what is expected", EXPECTATIONS, faults)?;
    let names = Names::new(surroundings, agents);
    let mut expectations = Vec::new();
    for &field in EXPECTATIONS {
        let Some(value) = fields.get(field) else {
            continue;
        };
        if pins && PINNED.contains(&field) {
            faults.add(
                value.position,
                format!(
                    "the case pins its classification, so expecting '{field}' cannot fail: leave it out, or let the \
                     model say it with 'ticket: {{body: …}}' and no classification"
                ),
            );
            continue;
        }
        if let Some(wanted) = names.read(field, value, &fields, faults) {
            expectations.push(Expectation {
                field,
                position: value.position,
                wanted,
            });
        }
    }
    // A field that is not known is told, and stands for something that was meant.
    if matches!(&node.value, NodeValue::Map(entries) if entries.iter().all(|(key, value)| {
        EXPECTATIONS.contains(&key.name.as_str()) && value.value == NodeValue::Null
    })) {
        faults.add(
            node.position,
            "the case expects nothing, so it cannot fail: say what must be so",
        );
        return None;
    }
    Some(expectations)
}

/// The names that an expectation may use.
struct Names<'a> {
    queues: BTreeSet<&'a str>,
    rules: BTreeSet<&'a str>,
    skills: BTreeSet<&'a str>,
    agents: AgentNames<'a>,
    surroundings: &'a Surroundings<'a>,
}

impl<'a> Names<'a> {
    fn new(surroundings: &'a Surroundings<'a>, agents: &'a Agents) -> Self {
        let policy = surroundings.policy;
        Self {
            queues: policy.queues().collect(),
            rules: policy.rule_ids().chain(["default"]).collect(),
            skills: policy.skills().collect(),
            agents: AgentNames::new(agents),
            surroundings,
        }
    }

    fn read(
        &self,
        field: &'static str,
        node: &Node,
        fields: &Fields<'_>,
        faults: &mut Faults,
    ) -> Option<Wanted> {
        let owned = |text: &str| text.to_owned();
        let labels = self.surroundings.labels;
        Some(match field {
            "queue" => Wanted::Queue(known(node, "queue", &self.queues, faults).map(owned)?),
            "not_queue" => Wanted::NotQueue(several(node, "queue", &self.queues, faults)),
            "rule" => Wanted::Rule(known(node, "rule", &self.rules, faults).map(owned)?),
            "not_rule" => Wanted::NotRule(several(node, "rule", &self.rules, faults)),
            "stage" => {
                let words: BTreeSet<&str> = STAGES.iter().map(|&one| stage_word(one)).collect();
                let word = known(node, "stage", &words, faults)?;
                Wanted::Stage(STAGES.into_iter().find(|&one| stage_word(one) == word)?)
            }
            "step" => Wanted::Step(self.read_step(node, fields, faults)?),
            "agent" => Wanted::Agent(self.agents.read_or_none(node, faults)?),
            "not_agent" => Wanted::NotAgent(self.agents.read_several(node, faults)?),
            "candidates" => Wanted::Candidates(match is_none(node) {
                true => Vec::new(),
                false => self.agents.read_several(node, faults)?,
            }),
            "candidates_include" => {
                Wanted::CandidatesInclude(self.agents.read_several(node, faults)?)
            }
            "rejected" => Wanted::Rejected(self.agents.read_rejected(node, faults)?),
            "preferred_agent" => {
                // May name somebody who is not on the roster; that is what such a case is about.
                Wanted::PreferredAgent(text_or_none(node, field, faults)?)
            }
            "priority" => Wanted::Priority(fields.integer(field, 0..=100_u8, faults)?),
            "tags" => Wanted::Tags(texts_or_none(node, field, faults)),
            "article" => Wanted::Article(text_or_none(node, field, faults)?),
            "bot" => Wanted::Bot(text_or_none(node, field, faults)?),
            "notes" => Wanted::Notes(read_notes(node, faults)),
            "last_resort" => Wanted::LastResort(fields.flag(field, faults)?),
            "impact" => Wanted::Impact(text_or_none(node, field, faults)?),
            "requires_human" => Wanted::RequiresHuman(fields.flag(field, faults)?),
            "abstain_reason" => Wanted::AbstainReason(read_reason(node, faults)?),
            "due" => Wanted::Due(read_moment(node, field, faults)?),
            "resolution_due" => Wanted::ResolutionDue(read_moment(node, field, faults)?),
            "next_evaluation_at" => Wanted::NextEvaluationAt(read_moment(node, field, faults)?),
            "required_skills" => Wanted::RequiredSkills(self.read_levels(node, field, faults)),
            "preferred_skills" => Wanted::PreferredSkills(self.read_levels(node, field, faults)),
            "dropped_preferences" => Wanted::DroppedPreferences(match is_none(node) {
                true => Vec::new(),
                false => several(node, "skill", &self.skills, faults),
            }),
            "topic" => Wanted::Topic(topic_label(node, field, labels, faults).map(owned)?),
            "urgency" => {
                let words: BTreeSet<&str> = Urgency::ALL.iter().map(|one| one.as_str()).collect();
                Wanted::Urgency(known(node, "urgency", &words, faults)?.parse().ok()?)
            }
            "facets" => {
                let empty = matches!(&node.value, NodeValue::Map(entries) if entries.is_empty());
                refuse_none_named(empty, node, "facet", faults);
                Wanted::Facets(facet_labels(node, labels, faults))
            }
            _ => return None,
        })
    }

    /// A step; that the expected rule has it is checked where the case names one.
    fn read_step(&self, node: &Node, fields: &Fields<'_>, faults: &mut Faults) -> Option<usize> {
        let step = fields.integer("step", 1..=1_000_u32, faults)?;
        let step = usize::try_from(step).ok()?;
        let rule = fields.get("rule").and_then(|rule| match &rule.value {
            NodeValue::Text(id) => Some(id.as_str()),
            _ => None,
        });
        let steps = rule.and_then(|rule| self.surroundings.policy.steps_of(rule));
        if let (Some(rule), Some(steps)) = (rule, steps)
            && step > steps
        {
            faults.add(
                node.position,
                format!("rule '{rule}' has no step {step}: it has {steps}"),
            );
        }
        Some(step)
    }

    fn read_levels(&self, node: &Node, what: &str, faults: &mut Faults) -> BTreeMap<String, u8> {
        let mut levels = BTreeMap::new();
        if is_none(node) {
            return levels;
        }
        for (key, value) in fields::entries(node, what, faults).unwrap_or_default() {
            known_name(&key.name, key.position, "skill", &self.skills, faults);
            let what = format!("the level of '{}'", key.name);
            if let Some(level) = fields::integer(value, &what, 1..=MAX_PROFICIENCY, faults) {
                levels.insert(key.name.clone(), level);
            }
        }
        levels
    }
}

pub(super) fn is_none(node: &Node) -> bool {
    matches!(&node.value, NodeValue::Text(word) if word == NONE)
}

fn text_or_none(node: &Node, what: &str, faults: &mut Faults) -> Option<Option<String>> {
    let text = fields::label(node, what, faults)?;
    Some((text != NONE).then(|| text.to_owned()))
}

fn texts_or_none(node: &Node, what: &str, faults: &mut Faults) -> Vec<String> {
    match is_none(node) {
        true => Vec::new(),
        false => texts(node, what, faults),
    }
}

/// Texts that notes must have in them.
fn read_notes(node: &Node, faults: &mut Faults) -> Vec<String> {
    let parts = match &node.value {
        NodeValue::List(parts) => parts.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for (number, part) in (1..).zip(parts) {
        if matches!(&part.value, NodeValue::Text(text) if text.trim().is_empty()) {
            let message = format!(
                "text {number} of notes is empty, which any note has in it, so it cannot fail: say what must be in \
                 the notes"
            );
            faults.add(part.position, message);
        }
    }
    texts_or_none(node, "notes", faults)
}

/// One name or a list of them, each one of `names`.
fn several(node: &Node, what: &str, names: &BTreeSet<&str>, faults: &mut Faults) -> Vec<String> {
    several_of(node, what, faults, |name, at, faults| {
        known_name(name, at, what, names, faults)
    })
}

fn read_reason(node: &Node, faults: &mut Faults) -> Option<Option<AbstainReason>> {
    if is_none(node) {
        return Some(None);
    }
    let words: BTreeSet<&str> = REASONS.iter().map(|one| one.as_str()).collect();
    let word = known(node, "abstain_reason", &words, faults)?;
    Some(REASONS.into_iter().find(|one| one.as_str() == word))
}

/// A point in time: itself, how long after `now`, or `none`.
fn read_moment(node: &Node, what: &str, faults: &mut Faults) -> Option<Moment> {
    if is_none(node) {
        return Some(Moment::Never);
    }
    let mut silent = Faults::default();
    if let Some(after) = fields::duration(node, what, &mut silent) {
        return Some(Moment::In(after));
    }
    if let Some(at) = time(node, what, &mut silent) {
        return Some(Moment::At(at));
    }
    faults.add(
        node.position,
        format!("{what} must be a time such as 2026-03-02T09:30:00Z, a duration after now such as 15m, or '{NONE}'"),
    );
    None
}
