//! From the rule that was found and the part of it in force to the draft of a decision: priority, due times, what
//! answers by itself and the notes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::check_rule::DEFAULT_RULE;
use super::condition::TopicGuess;
use super::decide::Case;
use super::decision::{Decision, Destination, StepTraceEntry, TraceEntry};
use super::draft::{Draft, earliest};
use super::note::Slot;
use super::placement::Placement;
use super::policy::Rule;
use super::sla::Target;
use crate::classifier::AbstainReason;

/// What trying the rules came to.
pub(super) struct Trial<'a> {
    pub(super) guess: TopicGuess<'a>,
    /// Whether it is about one topic, not about either of two.
    pub(super) alone: bool,
    /// Whether the policy leaves the topic to people, or another one that it could as well be.
    pub(super) always_human: bool,
    pub(super) rule: Option<&'a Rule>,
    pub(super) placement: Placement<'a>,
    pub(super) trace: Vec<TraceEntry>,
    pub(super) step_trace: Vec<StepTraceEntry>,
    /// When one of the conditions that were asked could next turn out differently.
    pub(super) turns_at: Option<Timestamp>,
}

/// Why a person should decide, besides what the rules say.
pub(super) struct Doubt {
    pub(super) reason: AbstainReason,
    pub(super) destinations: Vec<Destination>,
}

impl<'a> Case<'a> {
    pub(super) fn conclude(&self, trial: Trial<'a>, doubt: Option<Doubt>) -> Draft<'a> {
        let Self { input, urgency, .. } = *self;
        let policy = input.policy;
        let tier = input.ticket.customer.tier.as_str();
        let (reason, destinations) = match doubt {
            Some(Doubt {
                reason,
                destinations,
            }) => (Some(reason), destinations),
            None => (None, Vec::new()),
        };
        let abstain_reason = reason.or_else(|| self.abstain_reason(&trial));
        let answers = abstain_reason.is_none() && self.may_answer(&trial);
        let notes = self.notes(&trial, abstain_reason);
        let Trial {
            guess,
            rule,
            placement,
            trace,
            step_trace,
            mut turns_at,
            ..
        } = trial;
        let (priority, impact) = match rule.and_then(|rule| rule.priority) {
            Some(priority) => (priority, None),
            None => {
                let variables = self.variables.with_topic(guess);
                let found = policy.priorities.of(urgency, &variables);
                let impact_turns_at = policy.priorities.next_change(self.moment(), &variables);
                turns_at = earliest([turns_at, impact_turns_at]);
                (found.value, found.impact)
            }
        };
        let decision = Decision {
            queue: placement.queue.to_owned(),
            required_skills: BTreeMap::new(),
            preferred_skills: BTreeMap::new(),
            priority,
            impact,
            urgency,
            first_response_due: self.due(policy.sla.first_response(tier, urgency)),
            resolution_due: self.due(policy.sla.resolution(tier, urgency)),
            rule: rule.map_or_else(|| Arc::from(DEFAULT_RULE), |rule| Arc::clone(&rule.id)),
            stage: placement.stage,
            step: placement.step,
            agent: None,
            preferred_agent: None,
            last_resort: false,
            candidates: Vec::new(),
            candidates_left_out: 0,
            rejected: Vec::new(),
            rejected_left_out: 0,
            dropped_preferences: Vec::new(),
            tags: rule.map(|rule| rule.tags.clone()).unwrap_or_default(),
            notes,
            self_service_article: rule
                .filter(|_| answers)
                .and_then(|rule| rule.article.clone()),
            self_service_bot: rule.filter(|_| answers).and_then(|rule| rule.bot.clone()),
            requires_human: abstain_reason.is_some(),
            abstain_reason,
            next_evaluation_at: None,
            destinations,
            trace,
            step_trace,
        };
        Draft {
            decision,
            placement,
            answers,
            input,
            waited: self.situation.waited,
            turns_at,
        }
    }

    /// Why a person must decide although the topic is clear.
    fn abstain_reason(&self, trial: &Trial<'_>) -> Option<AbstainReason> {
        if !trial.placement.takeable {
            return Some(AbstainReason::NoEligibleAgent);
        }
        let Some(rule) = trial.rule else {
            return Some(AbstainReason::NoRuleMatched);
        };
        if trial.always_human {
            return Some(AbstainReason::AlwaysHuman);
        }
        // A rule that has nothing but an answer leaves to people what may not be answered by itself.
        let only_answers = rule.answers() && rule.steps.is_empty() && rule.otherwise.is_none();
        (only_answers && !self.may_answer(trial)).then_some(AbstainReason::LowConfidence)
    }

    /// Whether the rule's article or bot may stand in for an agent: only if the topic is one and may be acted on
    /// without a person.
    fn may_answer(&self, trial: &Trial<'_>) -> bool {
        let topic = self.input.classification.topic.as_ref();
        trial.alone
            && trial.rule.is_some_and(Rule::answers)
            && topic.is_some_and(|topic| topic.automate)
    }

    fn notes(&self, trial: &Trial<'_>, reason: Option<AbstainReason>) -> Vec<String> {
        let own = trial.rule.and_then(|rule| rule.notes.as_ref());
        let notes = own.unwrap_or(&self.situation.policy.notes);
        let fill = |slot: &Slot| self.slot(slot, trial, reason);
        notes.iter().filter_map(|note| note.fill(fill)).collect()
    }

    /// What a placeholder of a note stands for.
    fn slot(
        &self,
        slot: &Slot,
        trial: &Trial<'_>,
        reason: Option<AbstainReason>,
    ) -> Option<String> {
        let ticket = self.input.ticket;
        Some(match slot {
            Slot::Topic => trial.guess.topic.to_owned(),
            Slot::Confidence if trial.guess.topic.is_empty() => return None,
            Slot::Confidence => format!("{:.0} %", trial.guess.confidence * 100.0),
            Slot::Urgency => self.urgency.to_string(),
            Slot::Words => self.input.deciding_words.join(", "),
            Slot::Tier => ticket.customer.tier.clone(),
            Slot::Customer => ticket.customer.id.clone(),
            Slot::Language => ticket.language.clone()?,
            Slot::Channel => ticket.channel?.to_string(),
            Slot::Waited if self.situation.waited.is_zero() => return None,
            Slot::Waited => format!("{:#}", self.situation.waited),
            Slot::Queue => trial.placement.queue.to_owned(),
            Slot::Rule => trial.rule.map_or(DEFAULT_RULE, |rule| &rule.id).to_owned(),
            Slot::Reason => reason?.to_string(),
            Slot::Facet(name) => {
                let facets = &self.input.classification.facets;
                let (_, found) = facets.iter().find(|(known, _)| known == name)?;
                found.label.clone()
            }
        })
    }

    fn due(&self, target: Option<&Target>) -> Option<Timestamp> {
        target?.due(self.input.now, self.situation.waited)
    }
}
