//! Which part of a rule is in force for a ticket that has waited so long, and so its queue and what it asks of an
//! agent.
//!
//! The steps follow one another as their timeouts run out. A step that no agent of the roster *could* take (the
//! skills, the queue, no leave, room for one ticket; whether there or busy just now does not matter) is skipped
//! and takes no time, as is a step whose `preferred_agent` names nobody. When the last timeout has run out, the
//! rule's `otherwise` is in force. If no step could ever be taken, the ticket goes to `otherwise` or, without
//! one, along the overflow of the last step's queue; there the required skills no longer count, because nobody
//! has them. Without a roster every step counts as one that could be taken.

use std::collections::BTreeMap;

use cel::Context;
use jiff::SignedDuration;

use super::decision::Stage;
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

/// Places a ticket that `rule` matched.
pub(super) fn place<'a>(
    situation: Situation<'a>,
    rule: &'a Rule,
    variables: &Context<'_, '_>,
) -> Placement<'a> {
    let mut ended = SignedDuration::ZERO;
    let mut last_takeable = None;
    for (index, step) in rule.steps.iter().enumerate() {
        let named = step
            .preferred_agent
            .as_ref()
            .map(|agent| agent.text_value(variables));
        let takeable = match &named {
            Some(None) => false,
            Some(Some(agent)) => situation.named_could_take(step, agent),
            None => situation.anyone_could_take(Demand {
                queue: Some(&step.destination),
                required: &step.required,
            }),
        };
        if !takeable {
            continue;
        }
        let ends_after = step.timeout.map(|timeout| ended.saturating_add(timeout));
        let placement = situation.at_step(step, index, named.flatten(), ends_after);
        match ends_after {
            Some(end) if situation.waited >= end => {
                ended = end;
                last_takeable = Some(placement);
            }
            Some(_) | None => return placement,
        }
    }
    let nobody_could = last_takeable.is_none() && !rule.steps.is_empty();
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
    let last_queue = rule.steps.last().map(|step| step.destination.as_str());
    match last_queue {
        None => situation.at_default(),
        Some(queue) => match situation.policy.overflow_chain(queue).nth(1) {
            Some(overflow) => situation.beyond_steps(overflow, Stage::Overflow, takeable),
            None => match rule.steps.iter().enumerate().next_back() {
                Some((index, step)) => Placement {
                    takeable,
                    ..situation.at_step(step, index, None, None)
                },
                None => situation.at_default(),
            },
        },
    }
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
        step: &'a Step,
        index: usize,
        preferred_agent: Option<String>,
        ends_after: Option<SignedDuration>,
    ) -> Placement<'a> {
        Placement {
            queue: &step.destination,
            stage: Stage::Step,
            step: Some(index + 1),
            in_queue: step.names_queue,
            required: step.required.clone(),
            preferred: self.with_language(&step.preferred, &step.required),
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

    fn named_could_take(self, step: &Step, agent: &str) -> bool {
        let demand = Demand {
            queue: step.names_queue.then_some(step.destination.as_str()),
            required: &step.required,
        };
        self.roster.is_none_or(|roster| {
            roster
                .agent(agent)
                .is_some_and(|agent| could_take(agent, demand))
        })
    }
}
