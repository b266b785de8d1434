//! What a case expects of a decision, and whether the decision meets it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::classifier::{AbstainReason, Classification, HeadKind};
use crate::routing::{Decision, Position, RejectReason, Stage};
use crate::ticket::Urgency;

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The field of the case that asks for it.
    pub field: &'static str,
    /// Where it stands.
    pub position: Position,
    /// What is asked for.
    pub wanted: Wanted,
}

/// What must be so.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// The ticket waits in this queue.
    Queue(String),
    /// In none of these queues.
    NotQueue(Vec<String>),
    /// This rule decided; `default` where none did.
    Rule(String),
    /// None of these rules decided.
    NotRule(Vec<String>),
    /// This part of the rule is in force.
    Stage(Stage),
    /// This step is in force, from 1.
    Step(usize),
    /// This agent is chosen; `None` for nobody.
    Agent(Option<String>),
    /// None of these agents is chosen.
    NotAgent(Vec<String>),
    /// These agents could take it, in this order, and no others.
    Candidates(Vec<String>),
    /// These agents are among those who could take it.
    CandidatesInclude(Vec<String>),
    /// These agents cannot take it, for these reasons.
    Rejected(BTreeMap<String, String>),
    /// The agent whom the step asks for by name; `None` for no such step.
    PreferredAgent(Option<String>),
    /// The priority, 0 to 100.
    Priority(u8),
    /// Exactly these tags are set, in any order.
    Tags(Vec<String>),
    /// This article answers; `None` for none.
    Article(Option<String>),
    /// This bot answers; `None` for none.
    Bot(Option<String>),
    /// The notes to the agent have all of these texts in them; without any, there are no notes.
    Notes(Vec<String>),
    /// Whether the candidates are those of the queue's last resort.
    LastResort(bool),
    /// The row of the table of impact and urgency that the priority is from; `None` for none.
    Impact(Option<String>),
    /// Whether a person must look at it.
    RequiresHuman(bool),
    /// Why a person must; `None` for no reason.
    AbstainReason(Option<AbstainReason>),
    /// When the first answer is due.
    Due(Moment),
    /// When it should be solved.
    ResolutionDue(Moment),
    /// When another decision is due.
    NextEvaluationAt(Moment),
    /// The levels required.
    RequiredSkills(BTreeMap<String, u8>),
    /// The levels preferred.
    PreferredSkills(BTreeMap<String, u8>),
    /// The preferred skills that the chosen agent lacks.
    DroppedPreferences(Vec<String>),
    /// The model's topic.
    Topic(String),
    /// The urgency that was decided with.
    Urgency(Urgency),
    /// The model's labels of further heads.
    Facets(BTreeMap<String, String>),
}

/// A point in time, as a case gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// There is none.
    Never,
    /// Then.
    At(Timestamp),
    /// So long after the case's `now`.
    In(SignedDuration),
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The field of the case.
    pub field: &'static str,
    /// Where it stands.
    pub position: Position,
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words.
    pub got: String,
}

/// What an expectation is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came<'a> {
    pub(super) decision: &'a Decision,
    pub(super) classification: &'a Classification,
    pub(super) now: Timestamp,
}

impl Expectation {
    /// Why `came` does not meet it; `None` if it does.
    pub(super) fn mismatch(&self, came: Came<'_>) -> Option<Mismatch> {
        let (met, expected, got) = self.compare(came);
        (!met).then_some(Mismatch {
            field: self.field,
            position: self.position,
            expected,
            got,
        })
    }

    /// Whether it is met, and both sides in words.
    fn compare(&self, came: Came<'_>) -> (bool, String, String) {
        let Came {
            decision,
            classification,
            now,
        } = came;
        match &self.wanted {
            Wanted::Queue(queue) => same(queue, &decision.queue),
            Wanted::NotQueue(queues) => none_of(queues, Some(&decision.queue)),
            Wanted::Rule(rule) => same(rule, &decision.rule),
            Wanted::NotRule(rules) => none_of(rules, Some(&decision.rule)),
            Wanted::Stage(stage) => same(stage_word(*stage), stage_word(decision.stage)),
            Wanted::Step(step) => {
                let got = match decision.step {
                    Some(step) => step.to_string(),
                    None => stage_word(decision.stage).to_owned(),
                };
                same(&step.to_string(), &got)
            }
            Wanted::Agent(agent) => same(
                or_none(agent.as_deref()),
                or_none(decision.agent.as_deref()),
            ),
            Wanted::NotAgent(agents) => none_of(agents, decision.agent.as_deref()),
            Wanted::Candidates(agents) => same(&list(agents), &list(&candidates(decision))),
            Wanted::CandidatesInclude(agents) => {
                let got = candidates(decision);
                let met = agents.iter().all(|agent| got.contains(agent));
                (met, format!("{} among them", list(agents)), list(&got))
            }
            Wanted::Rejected(wanted) => compare_rejected(wanted, decision),
            Wanted::PreferredAgent(agent) => same(
                or_none(agent.as_deref()),
                or_none(decision.preferred_agent.as_deref()),
            ),
            Wanted::Priority(priority) => {
                same(&priority.to_string(), &decision.priority.to_string())
            }
            Wanted::Tags(tags) => same(&sorted(tags), &sorted(&decision.tags)),
            Wanted::Article(article) => same(
                or_none(article.as_deref()),
                or_none(decision.self_service_article.as_deref()),
            ),
            Wanted::Bot(bot) => same(
                or_none(bot.as_deref()),
                or_none(decision.self_service_bot.as_deref()),
            ),
            Wanted::Notes(parts) => compare_notes(parts, decision),
            Wanted::LastResort(wanted) => {
                same(&wanted.to_string(), &decision.last_resort.to_string())
            }
            Wanted::Impact(impact) => same(
                or_none(impact.as_deref()),
                or_none(decision.impact.as_deref()),
            ),
            Wanted::RequiresHuman(wanted) => {
                same(&wanted.to_string(), &decision.requires_human.to_string())
            }
            Wanted::AbstainReason(reason) => same(
                or_none(reason.map(AbstainReason::as_str)),
                or_none(decision.abstain_reason.map(AbstainReason::as_str)),
            ),
            Wanted::Due(moment) => same_time(*moment, decision.first_response_due, now),
            Wanted::ResolutionDue(moment) => same_time(*moment, decision.resolution_due, now),
            Wanted::NextEvaluationAt(moment) => {
                same_time(*moment, decision.next_evaluation_at, now)
            }
            Wanted::RequiredSkills(levels) => {
                same(&skills(levels), &skills(&decision.required_skills))
            }
            Wanted::PreferredSkills(levels) => {
                same(&skills(levels), &skills(&decision.preferred_skills))
            }
            Wanted::DroppedPreferences(skills) => {
                same(&sorted(skills), &sorted(&decision.dropped_preferences))
            }
            Wanted::Topic(topic) => {
                let got = classification
                    .topic
                    .as_ref()
                    .map(|topic| topic.label.as_str());
                same(topic, or_none(got))
            }
            Wanted::Urgency(urgency) => same(urgency.as_str(), decision.urgency.as_str()),
            Wanted::Facets(wanted) => {
                let got: BTreeMap<String, String> = wanted
                    .keys()
                    .map(|name| {
                        let said = classification.head(&HeadKind::Facet(name.clone()));
                        (
                            name.clone(),
                            or_none(said.map(|said| said.label.as_str())).to_owned(),
                        )
                    })
                    .collect();
                same(&pairs(wanted), &pairs(&got))
            }
        }
    }
}

fn compare_rejected(
    wanted: &BTreeMap<String, String>,
    decision: &Decision,
) -> (bool, String, String) {
    let got: BTreeMap<String, String> = wanted
        .keys()
        .map(|agent| {
            let rejected = decision.rejected.iter().find(|one| one.agent_id == *agent);
            let taken = decision.candidates.iter().any(|one| one.agent_id == *agent);
            let word = match rejected {
                Some(rejected) => reject_word(&rejected.reason),
                None if taken => "a candidate",
                None => "not considered",
            };
            (agent.clone(), word.to_owned())
        })
        .collect();
    same(&pairs(wanted), &pairs(&got))
}

fn compare_notes(parts: &[String], decision: &Decision) -> (bool, String, String) {
    let notes = decision.notes.join("\n");
    let met = match parts {
        [] => notes.is_empty(),
        parts => parts.iter().all(|part| notes.contains(part.as_str())),
    };
    let expected = match parts {
        [] => super::read_case::NONE.to_owned(),
        parts => format!("notes with {}", list(parts)),
    };
    let got = Some(notes.as_str()).filter(|notes| !notes.is_empty());
    (met, expected, or_none(got).to_owned())
}

fn same(expected: &str, got: &str) -> (bool, String, String) {
    (expected == got, expected.to_owned(), got.to_owned())
}

fn none_of(excluded: &[String], got: Option<&str>) -> (bool, String, String) {
    let met = got.is_none_or(|got| excluded.iter().all(|one| one != got));
    (
        met,
        format!("not {}", excluded.join(" or ")),
        or_none(got).to_owned(),
    )
}

fn same_time(wanted: Moment, got: Option<Timestamp>, now: Timestamp) -> (bool, String, String) {
    let wanted = match wanted {
        Moment::Never => None,
        Moment::At(at) => Some(at),
        Moment::In(after) => now.checked_add(after).ok(),
    };
    let word = |at: Option<Timestamp>| match at {
        Some(at) => at.to_string(),
        None => super::read_case::NONE.to_owned(),
    };
    (wanted == got, word(wanted), word(got))
}

pub(super) fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or(super::read_case::NONE)
}

fn candidates(decision: &Decision) -> Vec<String> {
    let candidates = decision.candidates.iter();
    candidates.map(|one| one.agent_id.clone()).collect()
}

fn list(items: &[String]) -> String {
    match items {
        [] => "nobody".to_owned(),
        items => items.join(", "),
    }
}

pub(super) fn sorted(items: &[String]) -> String {
    let mut items: Vec<&str> = items.iter().map(String::as_str).collect();
    items.sort_unstable();
    format!("[{}]", items.join(", "))
}

pub(super) fn skills(levels: &BTreeMap<String, u8>) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    format!("[{}]", levels.join(", "))
}

fn pairs(pairs: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    pairs.join(", ")
}

/// The stage's name in files.
pub(super) const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Step => "step",
        Stage::Otherwise => "otherwise",
        Stage::Overflow => "overflow",
        Stage::Default => "default",
    }
}

/// All stages.
pub(super) const STAGES: [Stage; 4] = [
    Stage::Step,
    Stage::Otherwise,
    Stage::Overflow,
    Stage::Default,
];

/// The names of all reasons to reject an agent.
pub(super) const REJECT_WORDS: [&str; 8] = [
    "NOT_ON_ROSTER",
    "NOT_IN_QUEUE",
    "MISSING_SKILL",
    "LOW_SKILL",
    "ON_LEAVE",
    "OFF_SHIFT",
    "NOT_AVAILABLE",
    "FULL",
];

/// The reason's name in files.
pub(super) const fn reject_word(reason: &RejectReason) -> &'static str {
    match reason {
        RejectReason::NotOnRoster => "NOT_ON_ROSTER",
        RejectReason::NotInQueue { .. } => "NOT_IN_QUEUE",
        RejectReason::MissingSkill { .. } => "MISSING_SKILL",
        RejectReason::LowSkill { .. } => "LOW_SKILL",
        RejectReason::OnLeave => "ON_LEAVE",
        RejectReason::OffShift { .. } => "OFF_SHIFT",
        RejectReason::NotAvailable { .. } => "NOT_AVAILABLE",
        RejectReason::Full { .. } => "FULL",
    }
}
