//! The routing decision: a pure function of ticket, classification, roster, policy, time and time waited. It
//! reads no clock, does no input or output, keeps no state and cannot fail; the same input gives the same answer
//! on every machine.

use std::sync::Arc;

use cel::Context;
use jiff::{SignedDuration, Timestamp};

use super::assignment::assign;
use super::conclude::{Doubt, Trial};
use super::condition::{Facts, Moment, TopicGuess, Variables};
use super::decision::{Decision, Destination, StepTraceEntry, TraceEntry, TraceValue};
use super::draft::{Draft, earliest};
use super::placement::{Situation, place};
use super::policy::{Policy, Rule};
use super::roster::Roster;
use crate::classifier::{AbstainReason, Classification};
use crate::ticket::{Ticket, Urgency};

/// Two topics in doubt are routed by their common queue only if together they are at least this probable: more
/// probable than all that would lead elsewhere.
pub const MIN_DESTINATION_PROBABILITY: f32 = 0.5;

/// All that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct DecisionInput<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// What the classifier says of it.
    pub classification: &'a Classification,
    /// The agents; `None` decides queue and skills alone.
    pub roster: Option<&'a Roster>,
    /// The rules.
    pub policy: &'a Policy,
    /// The present time.
    pub now: Timestamp,
    /// How long the ticket has waited; less than nothing counts as nothing.
    pub waited: SignedDuration,
    /// The words that decided the topic, the strongest first, for notes; empty where they are not known. They
    /// decide nothing here.
    pub deciding_words: &'a [String],
}

/// Decides where a ticket goes and who could take it.
///
/// The first rule whose condition holds decides. Where the topic's prediction abstains, the two most probable
/// topics are tried: if their rules lead to the same queue and together they have a probability of
/// [`MIN_DESTINATION_PROBABILITY`], there is nothing to abstain from and the more probable one decides, without
/// its article or bot; a person must look at it if the policy leaves either topic to people. Else, and where the ticket
/// has no text, it goes to the default queue, for a person to look at.
#[must_use]
pub fn decide(input: &DecisionInput<'_>) -> Decision {
    decide_anew(input, None)
}

/// Decides as [`decide`] a ticket that an agent has already: that one comes first if still eligible. The roster must
/// not count the ticket.
pub(crate) fn decide_anew(input: &DecisionInput<'_>, holder: Option<&str>) -> Decision {
    draft(input).assign(|given| assign(given, holder))
}

/// Decides all but the agents.
pub(super) fn draft<'a>(input: &'a DecisionInput<'a>) -> Draft<'a> {
    let case = Case::new(input);
    let best = best_guess(input.classification);
    match doubt(input) {
        None => case.conclude(case.try_rules(best), None),
        Some(reason) => case.draft_in_doubt(reason),
    }
}

/// The ticket's case, with all that does not depend on the topic.
pub(super) struct Case<'a> {
    pub(super) input: &'a DecisionInput<'a>,
    pub(super) urgency: Urgency,
    pub(super) situation: Situation<'a>,
    pub(super) variables: Variables<'a>,
}

impl<'a> Case<'a> {
    pub(super) fn new(input: &'a DecisionInput<'a>) -> Self {
        let waited = input.waited.max(SignedDuration::ZERO);
        let urgency = input
            .classification
            .urgency_level()
            .unwrap_or(Urgency::Normal);
        Self {
            input,
            urgency,
            situation: Situation {
                policy: input.policy,
                roster: input.roster,
                waited,
                language: input.ticket.language.as_deref(),
            },
            variables: Variables::new(&Facts {
                ticket: input.ticket,
                classification: input.classification,
                urgency,
                now: input.now,
                waited,
                vocabulary: &input.policy.vocabulary,
            }),
        }
    }

    /// The time that is decided for.
    pub(super) fn moment(&self) -> Moment<'a> {
        Moment {
            now: self.input.now,
            waited: self.situation.waited,
            calendars: &self.input.policy.vocabulary.calendars,
        }
    }

    fn try_rules(&self, guess: TopicGuess<'a>) -> Trial<'a> {
        let variables = self.variables.with_topic(guess);
        let moment = self.moment();
        let found = find_rule(&self.input.policy.rules, moment, &variables);
        let FoundRule { rule, trace, .. } = found;
        let (placement, step_trace) = match rule {
            Some(rule) => place(self.situation, rule, &variables),
            None => (self.situation.at_default(), Vec::new()),
        };
        let steps_turn_at =
            rule.and_then(|rule| steps_turn_at(rule, &step_trace, moment, &variables));
        Trial {
            turns_at: earliest([found.turns_at, steps_turn_at]),
            guess,
            alone: true,
            step_trace,
            always_human: self.input.policy.is_always_human(guess.topic),
            rule,
            placement,
            trace,
        }
    }

    fn draft_in_doubt(&self, reason: AbstainReason) -> Draft<'a> {
        let mut destinations = Vec::new();
        let mut turns_at = None;
        if let Some([first, second]) = two_guesses(reason, self.input.classification) {
            let (first, second) = (self.try_rules(first), self.try_rules(second));
            let together = first.guess.confidence + second.guess.confidence;
            let same = first.rule.is_some()
                && second.rule.is_some()
                && first.placement.queue == second.placement.queue;
            destinations = [&first, &second].map(describe_destination).to_vec();
            turns_at = earliest([first.turns_at, second.turns_at]);
            if same && together >= MIN_DESTINATION_PROBABILITY {
                let always_human = first.always_human || second.always_human;
                let either = Trial {
                    alone: false,
                    always_human,
                    turns_at,
                    ..first
                };
                let mut draft = self.conclude(either, None);
                draft.decision.destinations = destinations;
                return draft;
            }
        }
        let best = best_guess(self.input.classification);
        let nothing_tried = Trial {
            guess: best,
            alone: true,
            step_trace: Vec::new(),
            always_human: self.input.policy.is_always_human(best.topic),
            rule: None,
            placement: self.situation.at_default(),
            trace: Vec::new(),
            turns_at,
        };
        let doubt = Doubt {
            reason,
            destinations,
        };
        self.conclude(nothing_tried, Some(doubt))
    }
}

/// Why the topic is in doubt; `None` where it was predicted or the model has no such head.
fn doubt(input: &DecisionInput<'_>) -> Option<AbstainReason> {
    if input.ticket.text().is_empty() {
        return Some(AbstainReason::EmptyText);
    }
    input.classification.topic.as_ref()?.abstain_reason
}

pub(super) fn best_guess(classification: &Classification) -> TopicGuess<'_> {
    match &classification.topic {
        Some(topic) => TopicGuess {
            topic: &topic.label,
            confidence: topic.confidence,
        },
        None => TopicGuess {
            topic: "",
            confidence: 0.0,
        },
    }
}

/// The two most probable topics, where the doubt is about which of the known topics it is.
fn two_guesses(
    reason: AbstainReason,
    classification: &Classification,
) -> Option<[TopicGuess<'_>; 2]> {
    match reason {
        AbstainReason::LowConfidence | AbstainReason::Ambiguous => {}
        AbstainReason::EmptyText
        | AbstainReason::OutOfScope
        | AbstainReason::UnsupportedLanguage
        | AbstainReason::AlwaysHuman
        | AbstainReason::NoRuleMatched
        | AbstainReason::NoEligibleAgent => return None,
    }
    match *classification.topic.as_ref()?.ranked.top(2) {
        [first, second] => {
            Some([first, second].map(|(topic, confidence)| TopicGuess { topic, confidence }))
        }
        _ => None,
    }
}

/// What came of trying the rules.
struct FoundRule<'a> {
    rule: Option<&'a Rule>,
    trace: Vec<TraceEntry>,
    /// When one of the conditions that were asked could next turn out differently.
    turns_at: Option<Timestamp>,
}

fn find_rule<'a>(
    rules: &'a [Rule],
    moment: Moment<'_>,
    variables: &Context<'_, '_>,
) -> FoundRule<'a> {
    let mut trace = Vec::new();
    let mut turns_at = None;
    for rule in rules {
        let value = TraceValue::from(rule.when.holds(variables));
        let matched = value == TraceValue::True;
        turns_at = earliest([turns_at, rule.when.next_flip(moment, variables)]);
        trace.push(TraceEntry {
            rule: Arc::clone(&rule.id),
            condition: Arc::clone(rule.when.text()),
            value,
        });
        if matched {
            return FoundRule {
                rule: Some(rule),
                trace,
                turns_at,
            };
        }
    }
    FoundRule {
        rule: None,
        trace,
        turns_at,
    }
}

/// When one of the conditions of steps that were asked, or an agent who is asked for, could next be another.
fn steps_turn_at(
    rule: &Rule,
    asked: &[StepTraceEntry],
    moment: Moment<'_>,
    variables: &Context<'_, '_>,
) -> Option<Timestamp> {
    let skipped = asked.iter().filter_map(|asked| {
        let step = rule.steps.get(asked.step.checked_sub(1)?)?;
        step.skip_if.as_ref()?.next_flip(moment, variables)
    });
    let agents = rule.steps.iter().filter_map(|step| {
        let agent = step.preferred_agent.as_ref()?;
        agent.next_change(moment, variables)
    });
    skipped.chain(agents).min()
}

fn describe_destination(trial: &Trial<'_>) -> Destination {
    Destination {
        topic: trial.guess.topic.to_owned(),
        probability: trial.guess.confidence,
        queue: trial.placement.queue.to_owned(),
    }
}
