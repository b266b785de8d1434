//! The routing decision: a pure function of ticket, classification, roster, policy, time and time waited. It
//! reads no clock, does no input or output, keeps no state and cannot fail; the same input gives the same answer
//! on every machine.

use std::sync::Arc;

use cel::Context;
use jiff::{SignedDuration, Timestamp};

use super::assignment::{Assignment, assign};
use super::check_rule::DEFAULT_RULE;
use super::condition::{Facts, Outcome, TopicGuess, Variables};
use super::decision::{Decision, Destination, TraceEntry, TraceValue};
use super::placement::{Placement, Situation, place};
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
}

/// Decides where a ticket goes and who could take it.
///
/// The first rule whose condition holds decides. Where the topic's prediction abstains, the two most probable
/// topics are tried: if their rules lead to the same queue and together they have a probability of
/// [`MIN_DESTINATION_PROBABILITY`], there is nothing to abstain from and the more probable one decides, without
/// its article; a person must look at it if the policy leaves either topic to people. Else, and where the ticket
/// has no text, it goes to the default queue, for a person to look at.
#[must_use]
pub fn decide(input: &DecisionInput<'_>) -> Decision {
    let case = Case::new(input);
    let best = best_guess(input.classification);
    match doubt(input) {
        None => case.conclude(case.try_rules(best), None),
        Some(reason) => case.decide_in_doubt(reason),
    }
}

/// The ticket's case, with all that does not depend on the topic.
struct Case<'a> {
    input: &'a DecisionInput<'a>,
    urgency: Urgency,
    situation: Situation<'a>,
    variables: Variables,
}

/// What trying the rules came to.
struct Trial<'a> {
    guess: TopicGuess<'a>,
    /// Whether the policy leaves the topic to people, or another one that it could as well be.
    always_human: bool,
    rule: Option<&'a Rule>,
    placement: Placement<'a>,
    trace: Vec<TraceEntry>,
}

/// Why a person should decide, besides what the rules say.
struct Doubt {
    reason: AbstainReason,
    destinations: Vec<Destination>,
}

impl<'a> Case<'a> {
    fn new(input: &'a DecisionInput<'a>) -> Self {
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
            }),
        }
    }

    fn try_rules(&self, guess: TopicGuess<'a>) -> Trial<'a> {
        let variables = self.variables.with_topic(guess);
        let (rule, trace) = find_rule(&self.input.policy.rules, &variables);
        let placement = match rule {
            Some(rule) => place(self.situation, rule, &variables),
            None => self.situation.at_default(),
        };
        Trial {
            guess,
            always_human: self.input.policy.is_always_human(guess.topic),
            rule,
            placement,
            trace,
        }
    }

    fn decide_in_doubt(&self, reason: AbstainReason) -> Decision {
        let mut destinations = Vec::new();
        if let Some([first, second]) = two_guesses(reason, self.input.classification) {
            let (first, second) = (self.try_rules(first), self.try_rules(second));
            let together = first.guess.confidence + second.guess.confidence;
            let same = first.rule.is_some()
                && second.rule.is_some()
                && first.placement.queue == second.placement.queue;
            destinations = [&first, &second].map(describe_destination).to_vec();
            if same && together >= MIN_DESTINATION_PROBABILITY {
                let always_human = first.always_human || second.always_human;
                let either = Trial {
                    always_human,
                    ..first
                };
                let mut decision = self.conclude(either, None);
                decision.self_service_article = None;
                decision.destinations = destinations;
                return decision;
            }
        }
        let best = best_guess(self.input.classification);
        let nothing_tried = Trial {
            guess: best,
            always_human: self.input.policy.is_always_human(best.topic),
            rule: None,
            placement: self.situation.at_default(),
            trace: Vec::new(),
        };
        let doubt = Doubt {
            reason,
            destinations,
        };
        self.conclude(nothing_tried, Some(doubt))
    }

    fn conclude(&self, trial: Trial<'a>, doubt: Option<Doubt>) -> Decision {
        let Trial {
            guess: _,
            always_human,
            rule,
            placement,
            trace,
        } = trial;
        let Self { input, urgency, .. } = *self;
        let policy = input.policy;
        let (reason, destinations) = match doubt {
            Some(Doubt {
                reason,
                destinations,
            }) => (Some(reason), destinations),
            None => (None, Vec::new()),
        };
        let abstain_reason = reason
            .or((!placement.takeable).then_some(AbstainReason::NoEligibleAgent))
            .or(rule.is_none().then_some(AbstainReason::NoRuleMatched))
            .or(always_human.then_some(AbstainReason::AlwaysHuman));
        let assignment = match input.roster {
            Some(roster) => assign(&placement, roster, &input.ticket.id),
            None => Assignment::default(),
        };
        let article = rule.and_then(|rule| rule.article.clone());
        Decision {
            queue: placement.queue.to_owned(),
            required_skills: placement.required,
            preferred_skills: placement.preferred,
            priority: rule
                .and_then(|rule| rule.priority)
                .unwrap_or(policy.priorities.of(urgency)),
            urgency,
            first_response_due: self.first_response_due(),
            rule: rule.map_or_else(|| Arc::from(DEFAULT_RULE), |rule| Arc::clone(&rule.id)),
            stage: placement.stage,
            step: placement.step,
            agent: assignment
                .candidates
                .first()
                .map(|first| first.agent_id.clone()),
            preferred_agent: placement.preferred_agent,
            candidates: assignment.candidates,
            candidates_left_out: assignment.candidates_left_out,
            rejected: assignment.rejected,
            rejected_left_out: assignment.rejected_left_out,
            dropped_preferences: assignment.dropped_preferences,
            tags: rule.map(|rule| rule.tags.clone()).unwrap_or_default(),
            self_service_article: article.filter(|_| abstain_reason.is_none()),
            requires_human: abstain_reason.is_some(),
            abstain_reason,
            next_evaluation_at: placement.ends_after.and_then(|end| self.moment(end)),
            destinations,
            trace,
        }
    }

    fn first_response_due(&self) -> Option<Timestamp> {
        self.moment(*self.input.policy.first_response.get(&self.urgency)?)
    }

    /// The time at which the ticket will have waited, or had waited, `waited`.
    fn moment(&self, waited: SignedDuration) -> Option<Timestamp> {
        let ahead = waited.checked_sub(self.situation.waited)?;
        self.input.now.checked_add(ahead).ok()
    }
}

/// Why the topic is in doubt; `None` where it was predicted or the model has no such head.
fn doubt(input: &DecisionInput<'_>) -> Option<AbstainReason> {
    if input.ticket.text().is_empty() {
        return Some(AbstainReason::EmptyText);
    }
    input.classification.topic.as_ref()?.abstain_reason
}

fn best_guess(classification: &Classification) -> TopicGuess<'_> {
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
    match classification.topic.as_ref()?.ranked.as_slice() {
        [first, second, ..] => Some([first, second].map(|one| TopicGuess {
            topic: &one.label,
            confidence: one.probability,
        })),
        [] | [_] => None,
    }
}

fn find_rule<'a>(
    rules: &'a [Rule],
    variables: &Context<'_, '_>,
) -> (Option<&'a Rule>, Vec<TraceEntry>) {
    let mut trace = Vec::new();
    for rule in rules {
        let value = match rule.when.holds(variables) {
            Outcome::True => TraceValue::True,
            Outcome::False => TraceValue::False,
            Outcome::Error(message) => TraceValue::Error(message),
        };
        let matched = value == TraceValue::True;
        trace.push(TraceEntry {
            rule: Arc::clone(&rule.id),
            condition: Arc::clone(rule.when.text()),
            value,
        });
        if matched {
            return (Some(rule), trace);
        }
    }
    (None, trace)
}

fn describe_destination(trial: &Trial<'_>) -> Destination {
    Destination {
        topic: trial.guess.topic.to_owned(),
        probability: trial.guess.confidence,
        queue: trial.placement.queue.to_owned(),
    }
}
