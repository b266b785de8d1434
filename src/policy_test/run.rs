//! Tries cases: each ticket is decided, held against what is expected and, in a sequence, taken from the capacity
//! of its agent.

use jiff::Timestamp;

use super::case::{Case, CaseStep};
use super::expect::{Came, Mismatch};
use super::parting::part_ways;
use super::roster_change::LiveRoster;
use super::tried::{Classified, MissingModel, Model, classify};
use crate::classifier::Classification;
use crate::routing::{Decision, DecisionInput, Policy, Roster, RuleSeen, decide_anew, inspect};
use crate::ticket::Ticket;

/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Where it begins: its line, from 1.
    pub line: u32,
    /// What came of its tickets, in order.
    pub steps: Vec<StepResult>,
}

/// What came of one ticket of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// Where it begins: its line, from 1.
    pub line: u32,
    /// The ticket.
    pub ticket: Ticket,
    /// What was said of it.
    pub classification: Classification,
    /// What was decided.
    pub decision: Decision,
    /// When.
    pub now: Timestamp,
    /// The rules that were tried, with their tests.
    pub seen: Vec<RuleSeen>,
    /// The expectations that were not met.
    pub mismatches: Vec<Mismatch>,
    /// Where what was expected and what came part, in words; empty where all is met.
    pub parting: Vec<String>,
}

impl CaseResult {
    /// Whether all expectations are met.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.mismatches.is_empty())
    }
}

/// Tries one case.
///
/// # Errors
///
/// If it gives a text and there is no model.
pub fn run(
    case: &Case,
    policy: &Policy,
    mut model: Option<&mut Model<'_>>,
) -> Result<CaseResult, MissingModel> {
    let mut roster = case.roster.as_ref().map(LiveRoster::new);
    let mut steps = Vec::with_capacity(case.steps.len());
    for step in &case.steps {
        let said = classify(step, model.as_deref_mut())?;
        let ticket_id = &step.ticket.id;
        let mut holder = None;
        if let Some(roster) = &mut roster {
            for change in &step.changes {
                roster.change(change);
            }
            holder = roster.give_back(ticket_id);
        }
        let agents = roster.as_mut().map(LiveRoster::snapshot);
        let result = run_step(step, said, policy, agents.as_deref(), holder.as_deref());
        if let (Some(roster), Some(agent)) = (&mut roster, &result.decision.agent)
            && result.decision.self_service_article.is_none()
        {
            let kept = holder.as_ref() == Some(agent);
            roster.take(ticket_id, agent, kept, step.now);
        }
        steps.push(result);
    }
    Ok(CaseResult {
        name: case.name.clone(),
        line: case.position.line,
        steps,
    })
}

/// Decides one ticket of a case, which `holder` has already, and holds it against what is expected.
fn run_step(
    step: &CaseStep,
    said: Classified,
    policy: &Policy,
    roster: Option<&Roster>,
    holder: Option<&str>,
) -> StepResult {
    let Classified {
        classification,
        deciding_words,
    } = said;
    let input = DecisionInput {
        ticket: &step.ticket,
        classification: &classification,
        roster,
        policy,
        now: step.now,
        waited: step.waited,
        deciding_words: &deciding_words,
    };
    let decision = decide_anew(&input, holder);
    let seen = inspect(&input, &decision);
    let came = Came {
        decision: &decision,
        classification: &classification,
        now: step.now,
    };
    let mismatches: Vec<Mismatch> = step
        .expectations
        .iter()
        .filter_map(|expectation| expectation.mismatch(came))
        .collect();
    let parting = match mismatches.is_empty() {
        true => Vec::new(),
        false => part_ways(step, &input, &decision, &seen),
    };
    StepResult {
        line: step.position.line,
        ticket: step.ticket.clone(),
        now: step.now,
        seen,
        mismatches,
        parting,
        decision,
        classification,
    }
}
