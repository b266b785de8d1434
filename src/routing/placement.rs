//! Which part of a rule is in force for a ticket that has waited so long, and so its queue and what it asks of an
//! agent.
//!
//! The steps follow one another as their timeouts run out. A step that no agent of the roster *could* take (the
//! skills, the queue, no leave, room for one ticket; whether there or busy just now does not matter) is skipped
//! and takes no time, as is a step whose `preferred_agent` names nobody and one whose `skip_if` holds. A step that
//! relaxes what it requires is as several steps, one for each level. When the last timeout has run out, the
//! rule's `otherwise` is in force. If no step could ever be taken, the ticket goes to `otherwise` or, without
//! one, along the overflow of the last step's queue; there the required skills no longer count, because nobody
//! has them. Without a roster every step counts as one that could be taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Context;
use jiff::SignedDuration;

use super::decision::{Stage, StepTraceEntry, TraceValue};
use super::eligibility::{Demand, could_take};
use super::policy::{Policy, Rule, Step};
use super::rank::OrderBy;
use super::roster::Roster;

/// Where a ticket waits, and for whom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placement<'a> {
    pub(super) queue: &'a str,
    pub(super) stage: Stage,
    /// From 1.
    pub(super) step: Option<usize>,
    /// Whether agents must serve the queue.
    pub(super) in_queue: bool,
    pub(super) required: BTreeMap<String, u8>,
    pub(super) preferred: BTreeMap<String, u8>,
    pub(super) order_by: &'a [OrderBy],
    /// The only agent asked for.
    pub(super) preferred_agent: Option<String>,
    /// How long a ticket has waited when this ends.
    pub(super) ends_after: Option<SignedDuration>,
    /// Whether somebody on the roster could ever take the ticket as the policy asks.
    pub(super) takeable: bool,
}

/// What a placement depends on besides the rule.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) policy: &'a Policy,
    pub(super) roster: Option<&'a Roster>,
    pub(super) waited: SignedDuration,
    /// The ticket's language, as a tag.
    pub(super) language: Option<&'a str>,
}

/// Places a ticket that `rule` matched, and tells the conditions of steps that were asked for it.
pub(super) fn place<'a>(
    situation: Situation<'a>,
    rule: &'a Rule,
    variables: &Context<'_, '_>,
) -> (Placement<'a>, Vec<StepTraceEntry>) {
    let mut trace = Vec::new();
    let placement = find_place(situation, rule, variables, &mut trace);
    (placement, trace)
}

fn find_place<'a>(
    situation: Situation<'a>,
    rule: &'a Rule,
    variables: &Context<'_, '_>,
    trace: &mut Vec<StepTraceEntry>,
) -> Placement<'a> {
    let mut ended = SignedDuration::ZERO;
    let mut last_takeable = None;
    let mut last_considered = None;
    for (index, step) in rule.steps.iter().enumerate() {
        if is_skipped(step, index, variables, trace) {
            continue;
        }
        last_considered = Some((index, step));
        let named = step
            .preferred_agent
            .as_ref()
            .map(|agent| agent.text_value(variables));
        for (required, lasts) in stages(step) {
            let takeable = match &named {
                Some(None) => false,
                Some(Some(agent)) => situation.named_could_take(step, required, agent),
                None => situation.anyone_could_take(Demand {
                    queue: Some(&step.destination),
                    required,
                }),
            };
            if !takeable {
                continue;
            }
            let ends_after = lasts.map(|lasts| ended.saturating_add(lasts));
            let named = named.clone().flatten();
            let placement = situation.at_step((index, step, required), named, ends_after);
            match ends_after {
                Some(end) if situation.waited >= end => {
                    ended = end;
                    last_takeable = Some(placement);
                }
                Some(_) | None => return placement,
            }
        }
    }
    let nobody_could = last_takeable.is_none() && last_considered.is_some();
    let takeable = situation.roster.is_none() || !nobody_could;
    if let Some(queue) = &rule.otherwise {
        return situation.beyond_steps(queue, Stage::Otherwise, takeable);
    }
    if let Some(placement) = last_takeable {
        return Placement {
            ends_after: None,
            ..placement
        };
    }
    let Some((index, step)) = last_considered else {
        return situation.at_default();
    };
    match situation.policy.overflow_chain(&step.destination).nth(1) {
        Some(overflow) => situation.beyond_steps(overflow, Stage::Overflow, takeable),
        None => Placement {
            takeable,
            ..situation.at_step((index, step, &step.required), None, None)
        },
    }
}

/// Whether the policy passes over a step for this ticket.
fn is_skipped(
    step: &Step,
    index: usize,
    variables: &Context<'_, '_>,
    trace: &mut Vec<StepTraceEntry>,
) -> bool {
    let Some(skip_if) = &step.skip_if else {
        return false;
    };
    let value = TraceValue::from(skip_if.holds(variables));
    let skipped = value == TraceValue::True;
    trace.push(StepTraceEntry {
        step: index + 1,
        condition: Arc::clone(skip_if.text()),
        value,
    });
    skipped
}

/// What a step asks for from its beginning on, one after the other, and how long each lasts; `None` for ever.
fn stages(step: &Step) -> impl Iterator<Item = (&BTreeMap<String, u8>, Option<SignedDuration>)> {
    let begins =
        std::iter::once(SignedDuration::ZERO).chain(step.relaxed.iter().map(|one| one.after));
    let ends = step
        .relaxed
        .iter()
        .map(|one| Some(one.after))
        .chain([step.timeout]);
    let required =
        std::iter::once(&step.required).chain(step.relaxed.iter().map(|one| &one.required));
    let lasts = begins
        .zip(ends)
        .map(|(begin, end)| end.map(|end| end.saturating_sub(begin)));
    required.zip(lasts)
}

impl<'a> Situation<'a> {
    /// Places a ticket that no rule takes.
    pub(super) fn at_default(self) -> Placement<'a> {
        self.beyond_steps(&self.policy.default_queue, Stage::Default, true)
    }

    /// Places a ticket in `queue` without required skills, or further along its overflow if nobody serves it.
    fn beyond_steps(self, queue: &'a str, stage: Stage, takeable: bool) -> Placement<'a> {
        let required = BTreeMap::new();
        let served = self.policy.overflow_chain(queue).find(|queue| {
            self.anyone_could_take(Demand {
                queue: Some(queue),
                required: &required,
            })
        });
        Placement {
            queue: served.unwrap_or(queue),
            stage,
            step: None,
            in_queue: true,
            preferred: self.with_language(&required, &required),
            required,
            order_by: OrderBy::DEFAULT,
            preferred_agent: None,
            ends_after: None,
            takeable: takeable && served.is_some(),
        }
    }

    fn at_step(
        self,
        (index, step, required): (usize, &'a Step, &BTreeMap<String, u8>),
        preferred_agent: Option<String>,
        ends_after: Option<SignedDuration>,
    ) -> Placement<'a> {
        Placement {
            queue: &step.destination,
            stage: Stage::Step,
            step: Some(index + 1),
            in_queue: step.names_queue,
            required: required.clone(),
            preferred: self.with_language(&step.preferred, required),
            order_by: &step.order_by,
            preferred_agent,
            ends_after,
            takeable: true,
        }
    }

    /// The preferred skills with that of the ticket's language, unless the step says more about it itself.
    fn with_language(
        self,
        preferred: &BTreeMap<String, u8>,
        required: &BTreeMap<String, u8>,
    ) -> BTreeMap<String, u8> {
        let mut preferred = preferred.clone();
        if let Some(skill) = self
            .language
            .and_then(|tag| self.policy.language_skill(tag))
            && !required.contains_key(skill)
        {
            preferred.entry(skill.to_owned()).or_insert(1);
        }
        preferred
    }

    fn anyone_could_take(self, demand: Demand<'_>) -> bool {
        let agents = self.roster.map(Roster::agents);
        agents.is_none_or(|agents| agents.iter().any(|agent| could_take(agent, demand)))
    }

    fn named_could_take(self, step: &Step, required: &BTreeMap<String, u8>, agent: &str) -> bool {
        let demand = Demand {
            queue: step.names_queue.then_some(step.destination.as_str()),
            required,
        };
        self.roster.is_none_or(|roster| {
            roster
                .agent(agent)
                .is_some_and(|agent| could_take(agent, demand))
        })
    }
}
