//! Answers: our own types as messages.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::explanation::Reasons;
use super::request::Wanted;
use super::v1;
use crate::classifier::{AbstainReason, Classification, Explainer, HeadKind, Prediction};
use crate::routing::{
    Candidate, Decision, Destination, RejectReason, Rejected, Stage, StepTraceEntry, TraceEntry,
    TraceValue,
};
use crate::ticket::{Ticket, Urgency};

/// A classification as a message, with as much of its reasons as is wanted and `explainer` has.
pub fn classification(
    classification: &Classification,
    ticket: &Ticket,
    wanted: &Wanted,
    explainer: Option<&Explainer<'_>>,
) -> v1::Classification {
    let area = classification.area.as_ref().map(|area| v1::Area {
        label: area.label.clone(),
        confidence: area.confidence,
        fallback: area.fallback,
    });
    let message = |kind: HeadKind, prediction: &Prediction| {
        let mut message = to_prediction(prediction, wanted.top);
        if let Some(explainer) = explainer {
            let reasons = Reasons {
                explainer,
                ticket,
                kind: &kind,
                prediction,
            };
            if wanted.evidence {
                message.evidence = reasons.evidence();
            }
            message.explanation = wanted
                .explain
                .as_ref()
                .and_then(|asked| reasons.explain(asked));
        }
        message
    };
    v1::Classification {
        topic: classification
            .topic
            .as_ref()
            .map(|p| message(HeadKind::Topic, p)),
        urgency: classification
            .urgency
            .as_ref()
            .map(|p| message(HeadKind::Urgency, p)),
        urgency_level: urgency(classification.urgency_level()).into(),
        facets: classification
            .facets
            .iter()
            .map(|(name, p)| (name.clone(), message(HeadKind::Facet(name.clone()), p)))
            .collect(),
        area,
    }
}

fn to_prediction(prediction: &Prediction, top: usize) -> v1::Prediction {
    v1::Prediction {
        label: prediction.label.clone(),
        confidence: prediction.confidence,
        margin: prediction.margin,
        made_prediction: prediction.made_prediction(),
        abstain_reason: abstain_reason(prediction.abstain_reason).into(),
        automate: prediction.automate,
        top: prediction
            .ranked
            .top(top)
            .into_iter()
            .map(|(label, probability)| v1::LabelProbability {
                label: label.to_owned(),
                probability,
            })
            .collect(),
        raised_by_cost: prediction.raised,
        lowered_by_cost: prediction.lowered,
        ..v1::Prediction::default()
    }
}

/// A decision as a message; with its trace if `trace`.
#[must_use]
pub fn decision(decision: Decision, trace: bool) -> v1::Decision {
    v1::Decision {
        queue: decision.queue,
        required_skills: levels(decision.required_skills),
        preferred_skills: levels(decision.preferred_skills),
        priority: u32::from(decision.priority),
        impact: decision.impact.unwrap_or_default(),
        urgency: urgency(Some(decision.urgency)).into(),
        first_response_due: decision.first_response_due.map(timestamp),
        resolution_due: decision.resolution_due.map(timestamp),
        rule: decision.rule.to_string(),
        stage: match decision.stage {
            Stage::Step => v1::Stage::Step,
            Stage::Otherwise => v1::Stage::Otherwise,
            Stage::Overflow => v1::Stage::Overflow,
            Stage::Default => v1::Stage::Default,
        }
        .into(),
        step: decision.step.map_or(0, saturate),
        agent_id: decision.agent.unwrap_or_default(),
        preferred_agent_id: decision.preferred_agent.unwrap_or_default(),
        last_resort: decision.last_resort,
        candidates: decision.candidates.into_iter().map(candidate).collect(),
        candidates_left_out: saturate(decision.candidates_left_out),
        rejected: decision.rejected.into_iter().map(rejected).collect(),
        rejected_left_out: saturate(decision.rejected_left_out),
        dropped_preferences: decision.dropped_preferences,
        tags: decision.tags,
        notes: decision.notes,
        self_service_article: decision.self_service_article.unwrap_or_default(),
        self_service_bot: decision.self_service_bot.unwrap_or_default(),
        requires_human: decision.requires_human,
        abstain_reason: abstain_reason(decision.abstain_reason).into(),
        next_evaluation_at: decision.next_evaluation_at.map(timestamp),
        destinations: decision.destinations.into_iter().map(destination).collect(),
        trace: if trace {
            decision.trace.into_iter().map(trace_entry).collect()
        } else {
            Vec::new()
        },
        step_trace: if trace {
            let entries = decision.step_trace.into_iter();
            entries.map(step_trace_entry).collect()
        } else {
            Vec::new()
        },
    }
}

fn candidate(candidate: Candidate) -> v1::Candidate {
    v1::Candidate {
        agent_id: candidate.agent_id,
        name: candidate.name,
        proficiency: levels(candidate.proficiency),
        preferred_held: candidate.preferred_held,
        load: candidate.load,
        capacity: candidate.capacity,
        idle_since: candidate.idle_since.map(timestamp),
        despite: candidate
            .despite
            .as_ref()
            .map_or(v1::RejectReason::Unspecified, reject_reason)
            .into(),
        despite_detail: candidate
            .despite
            .map(|reason| reason.to_string())
            .unwrap_or_default(),
    }
}

fn rejected(rejected: Rejected) -> v1::Rejected {
    v1::Rejected {
        agent_id: rejected.agent_id,
        reason: reject_reason(&rejected.reason).into(),
        detail: rejected.reason.to_string(),
    }
}

const fn reject_reason(reason: &RejectReason) -> v1::RejectReason {
    match reason {
        RejectReason::NotOnRoster => v1::RejectReason::NotOnRoster,
        RejectReason::NotInQueue { .. } => v1::RejectReason::NotInQueue,
        RejectReason::MissingSkill { .. } => v1::RejectReason::MissingSkill,
        RejectReason::LowSkill { .. } => v1::RejectReason::LowSkill,
        RejectReason::OnLeave => v1::RejectReason::OnLeave,
        RejectReason::OffShift { .. } => v1::RejectReason::OffShift,
        RejectReason::NotAvailable { .. } => v1::RejectReason::NotAvailable,
        RejectReason::Full { .. } => v1::RejectReason::Full,
    }
}

fn destination(destination: Destination) -> v1::Destination {
    v1::Destination {
        topic: destination.topic,
        probability: destination.probability,
        queue: destination.queue,
    }
}

fn trace_entry(entry: TraceEntry) -> v1::TraceEntry {
    let (value, error) = trace_value(entry.value);
    v1::TraceEntry {
        rule: entry.rule.to_string(),
        condition: entry.condition.to_string(),
        value,
        error,
    }
}

fn step_trace_entry(entry: StepTraceEntry) -> v1::StepTraceEntry {
    let (value, error) = trace_value(entry.value);
    v1::StepTraceEntry {
        step: saturate(entry.step),
        condition: entry.condition.to_string(),
        value,
        error,
    }
}

/// Whether a condition holds, and the error that counts as false.
fn trace_value(value: TraceValue) -> (bool, String) {
    match value {
        TraceValue::True => (true, String::new()),
        TraceValue::False => (false, String::new()),
        TraceValue::Error(error) => (false, error),
    }
}

fn abstain_reason(reason: Option<AbstainReason>) -> v1::AbstainReason {
    match reason {
        None => v1::AbstainReason::Unspecified,
        Some(AbstainReason::EmptyText) => v1::AbstainReason::EmptyText,
        Some(AbstainReason::LowConfidence) => v1::AbstainReason::LowConfidence,
        Some(AbstainReason::Ambiguous) => v1::AbstainReason::Ambiguous,
        Some(AbstainReason::OutOfScope) => v1::AbstainReason::OutOfScope,
        Some(AbstainReason::UnsupportedLanguage) => v1::AbstainReason::UnsupportedLanguage,
        Some(AbstainReason::AlwaysHuman) => v1::AbstainReason::AlwaysHuman,
        Some(AbstainReason::NoRuleMatched) => v1::AbstainReason::NoRuleMatched,
        Some(AbstainReason::NoEligibleAgent) => v1::AbstainReason::NoEligibleAgent,
    }
}

fn urgency(level: Option<Urgency>) -> v1::Urgency {
    match level {
        None => v1::Urgency::Unspecified,
        Some(Urgency::Low) => v1::Urgency::Low,
        Some(Urgency::Normal) => v1::Urgency::Normal,
        Some(Urgency::High) => v1::Urgency::High,
        Some(Urgency::Urgent) => v1::Urgency::Urgent,
    }
}

pub(super) fn levels(skills: BTreeMap<String, u8>) -> BTreeMap<String, u32> {
    skills
        .into_iter()
        .map(|(skill, level)| (skill, u32::from(level)))
        .collect()
}

pub(super) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    // A jiff timestamp before 1970 may have negative nanoseconds; the wire counts them forward.
    let nanos = at.subsec_nanosecond();
    let carry = i64::from(nanos < 0);
    prost_types::Timestamp {
        seconds: at.as_second() - carry,
        nanos: if nanos < 0 {
            nanos + 1_000_000_000
        } else {
            nanos
        },
    }
}

pub(super) fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
