//! What a routing decision says: where the ticket goes, who could take it, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::condition::Outcome;
use super::eligibility::RejectReason;
use crate::classifier::AbstainReason;
use crate::ticket::Urgency;

/// Most candidates, and most rejected agents, that a decision lists.
pub const MAX_LISTED_AGENTS: usize = 50;

/// Where a ticket goes, how soon, who could take it, and the reasons for all of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The queue that the ticket waits in.
    pub queue: String,
    /// The level that an agent must have in each skill, 1 to 5.
    pub required_skills: BTreeMap<String, u8>,
    /// The level that an agent should have in each skill, 1 to 5.
    pub preferred_skills: BTreeMap<String, u8>,
    /// 0 to 100; higher goes first.
    pub priority: u8,
    /// The row of the policy's table of impact and urgency that the priority is from; `None` where it is from the
    /// rule or from the urgency alone.
    pub impact: Option<String>,
    /// The urgency that was decided with: the model's best guess, `normal` without that head.
    pub urgency: Urgency,
    /// When the first answer is due by the target for the urgency and the customer's tier, if there is one.
    pub first_response_due: Option<Timestamp>,
    /// When the ticket should be solved, likewise.
    pub resolution_due: Option<Timestamp>,
    /// The rule that decided, or `default`.
    #[serde(serialize_with = "as_str")]
    pub rule: Arc<str>,
    /// Which part of the rule is in force.
    pub stage: Stage,
    /// The step in force, from 1; `None` outside [`Stage::Step`].
    pub step: Option<usize>,
    /// The first candidate's id; `None` where nobody is eligible now, an article or a bot answers or no roster was
    /// given.
    pub agent: Option<String>,
    /// The agent whom the step in force asks for by name.
    pub preferred_agent: Option<String>,
    /// Whether nobody is eligible and the candidates are those of the queue's last resort.
    pub last_resort: bool,
    /// Eligible agents, the best first, at most [`MAX_LISTED_AGENTS`].
    pub candidates: Vec<Candidate>,
    /// How many further eligible agents there are.
    pub candidates_left_out: usize,
    /// Agents who are not eligible, the closest to it first, at most [`MAX_LISTED_AGENTS`].
    pub rejected: Vec<Rejected>,
    /// How many further agents are not eligible.
    pub rejected_left_out: usize,
    /// The preferred skills that the chosen agent lacks.
    pub dropped_preferences: Vec<String>,
    /// Tags to set on the ticket.
    pub tags: Vec<String>,
    /// Notes for whoever takes the ticket.
    pub notes: Vec<String>,
    /// The article to answer with instead of an agent. If it does not help, the ticket waits in the queue.
    pub self_service_article: Option<String>,
    /// The bot to answer with instead of an agent, likewise.
    pub self_service_bot: Option<String>,
    /// Whether a person must look at the ticket before anything is done by itself.
    pub requires_human: bool,
    /// Why a person must; set exactly where `requires_human` is.
    pub abstain_reason: Option<AbstainReason>,
    /// When another decision is due: the step in force ends, or a condition that was asked could turn because time
    /// passes; a minute ahead where that cannot be foreseen. Rounded up to the next millisecond. `None` where time changes
    /// neither rule nor step any more.
    pub next_evaluation_at: Option<Timestamp>,
    /// Where the two most probable topics lead; filled only where the model was in doubt between them.
    pub destinations: Vec<Destination>,
    /// The rules that were tried, in order, up to the one that matched.
    pub trace: Vec<TraceEntry>,
    /// The conditions on which steps of the rule are skipped, as far as they were asked, in order.
    pub step_trace: Vec<StepTraceEntry>,
}

/// Which part of a rule, or of the policy, decided the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A step of the rule.
    Step,
    /// The rule's `otherwise`.
    Otherwise,
    /// The overflow of the queue of the rule's last step.
    Overflow,
    /// The policy's default.
    Default,
}

/// An agent who may take the ticket now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The agent's id.
    pub agent_id: String,
    /// The agent's name; may be empty.
    pub name: String,
    /// The agent's level in each required skill, 1 to 5.
    pub proficiency: BTreeMap<String, u8>,
    /// The preferred skills that the agent has at their level.
    pub preferred_held: Vec<String>,
    /// Tickets held.
    pub load: u32,
    /// Tickets that may be held.
    pub capacity: u32,
    /// Since when without work, where known.
    pub idle_since: Option<Timestamp>,
    /// What would stand in the way, had the queue no last resort.
    pub despite: Option<RejectReason>,
}

/// An agent who cannot take the ticket now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The agent's id.
    pub agent_id: String,
    /// The first thing that is missing.
    #[serde(flatten)]
    pub reason: RejectReason,
}

/// Where a topic leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Destination {
    /// The topic.
    pub topic: String,
    /// Its probability, 0 to 1.
    pub probability: f32,
    /// The queue that its rule leads to.
    pub queue: String,
}

/// A condition that was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceEntry {
    /// The rule's id.
    #[serde(serialize_with = "as_str")]
    pub rule: Arc<str>,
    /// The condition as written.
    #[serde(serialize_with = "as_str")]
    pub condition: Arc<str>,
    /// What it gave.
    #[serde(flatten)]
    pub value: TraceValue,
}

/// A step's condition to be skipped that was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepTraceEntry {
    /// The step of the rule that matched, from 1.
    pub step: usize,
    /// The condition as written.
    #[serde(serialize_with = "as_str")]
    pub condition: Arc<str>,
    /// What it gave; where it holds, the step was skipped.
    #[serde(flatten)]
    pub value: TraceValue,
}

/// What a condition gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "value", content = "error", rename_all = "snake_case")]
pub enum TraceValue {
    /// It holds; no further rule is tried.
    True,
    /// It does not hold.
    False,
    /// It could not be evaluated, which counts as false; the text says why.
    Error(String),
}

impl From<Outcome> for TraceValue {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::True => Self::True,
            Outcome::False => Self::False,
            Outcome::Error(message) => Self::Error(message),
        }
    }
}

pub(super) fn as_str<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
