//! What stands in a policy and what one decision touched of it: rules, steps and the single tests of conditions.
//! For coverage, explanations and reports; takes no part in deciding.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::condition::Expression;
use super::decide::{Case, DecisionInput, best_guess};
use super::decision::{Decision, TraceValue, as_str};
use super::fault::Position;
use super::policy::{Policy, Rule};

/// A rule and its parts, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutline {
    /// The rule's id.
    pub id: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// The tests of its condition, from left to right.
    pub tests: Vec<TestOutline>,
    /// Its steps in order.
    pub steps: Vec<StepOutline>,
    /// Where tickets go when the last step has ended, if anywhere.
    pub otherwise: Option<String>,
    /// Where tickets overflow to when nobody could take any step; `None` with an `otherwise`.
    pub overflow: Option<String>,
    /// The article that it answers with, if any.
    pub article: Option<String>,
    /// The bot that it answers with, if any.
    pub bot: Option<String>,
}

/// A single test of a condition: what stands between `&&`, `||` and `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutline {
    /// Where it stands.
    pub position: Position,
    /// The test as written, on one line.
    pub text: String,
}

/// A step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutline {
    /// Where it stands.
    pub position: Position,
    /// The queue that tickets wait in.
    pub queue: String,
    /// The level that it asks for in each skill, 1 to 5.
    pub required: BTreeMap<String, u8>,
    /// The levels that it asks for later on, in order; empty unless it relaxes.
    pub relaxed: Vec<BTreeMap<String, u8>>,
    /// The tests of its `skip_if`, from left to right; empty without one.
    pub skip_if: Vec<TestOutline>,
}

/// A rule that a decision tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSeen {
    /// Its place among the policy's rules, from 0.
    pub index: usize,
    /// The rule's id.
    #[serde(serialize_with = "as_str")]
    pub rule: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// What its condition gave.
    pub value: TraceValue,
    /// The tests of the condition that were needed for that, from left to right.
    pub tests: Vec<TestSeen>,
    /// The steps' `skip_if` as far as the ticket got; empty unless the rule matched.
    pub skips: Vec<SkipSeen>,
}

/// A step's `skip_if` and what it gave for one ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SkipSeen {
    /// The step, from 1.
    pub step: usize,
    /// What it gave.
    pub value: TraceValue,
    /// Its tests that were needed for that, from left to right.
    pub tests: Vec<TestSeen>,
}

/// A test and what it gave for one ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestSeen {
    /// Its place among the condition's tests, from 0.
    pub index: usize,
    /// The test as written, on one line.
    pub text: String,
    /// Where it stands.
    pub position: Position,
    /// What it gave.
    pub value: TraceValue,
    /// The variables that it read, each with its value as a text.
    pub reads: Vec<(String, String)>,
}

impl Policy {
    /// The rules in the order in which they are tried.
    #[must_use]
    pub fn outline(&self) -> Vec<RuleOutline> {
        self.rules.iter().map(|rule| outline(self, rule)).collect()
    }

    /// How many steps a rule has; `None` without such a rule.
    #[must_use]
    pub fn steps_of(&self, rule: &str) -> Option<usize> {
        let found = self.rules.iter().find(|one| &*one.id == rule);
        found.map(|rule| rule.steps.len())
    }

    /// Whether the policy leaves any topic to people.
    #[must_use]
    pub fn has_always_human(&self) -> bool {
        !self.always_human.is_empty()
    }

    /// The file's path, or another name of where its text came from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The queue of tickets that no rule takes.
    #[must_use]
    pub fn default_queue(&self) -> &str {
        &self.default_queue
    }
}

/// The rules that led to `decision`, a decision on `input`, with the tests of their conditions; as its trace, but
/// in detail.
#[must_use]
pub fn inspect(input: &DecisionInput<'_>, decision: &Decision) -> Vec<RuleSeen> {
    let case = Case::new(input);
    let variables = case.variables.with_topic(best_guess(input.classification));
    let rules = input.policy.rules.iter().enumerate();
    rules
        .zip(&decision.trace)
        .map(|((index, rule), entry)| RuleSeen {
            index,
            rule: Arc::clone(&rule.id),
            position: rule.position,
            value: entry.value.clone(),
            tests: tests_seen(&rule.when, &variables),
            skips: match entry.value {
                TraceValue::True => skips_seen(rule, decision, &variables),
                TraceValue::False | TraceValue::Error(_) => Vec::new(),
            },
        })
        .collect()
}

fn outline(policy: &Policy, rule: &Rule) -> RuleOutline {
    RuleOutline {
        id: Arc::clone(&rule.id),
        position: rule.position,
        tests: tests(&rule.when),
        steps: rule
            .steps
            .iter()
            .map(|step| StepOutline {
                position: step.position,
                queue: step.destination.clone(),
                required: step.required.clone(),
                relaxed: step
                    .relaxed
                    .iter()
                    .map(|one| one.required.clone())
                    .collect(),
                skip_if: step.skip_if.as_ref().map(tests).unwrap_or_default(),
            })
            .collect(),
        otherwise: rule.otherwise.clone(),
        overflow: overflow(policy, rule).map(str::to_owned),
        article: rule.article.clone(),
        bot: rule.bot.clone(),
    }
}

/// Where tickets of a rule overflow to: from the queue of its last step, or of an earlier one where all that follow
/// may be skipped.
fn overflow<'p>(policy: &'p Policy, rule: &'p Rule) -> Option<&'p str> {
    if rule.otherwise.is_some() {
        return None;
    }
    let last = rule.steps.iter().rposition(|step| step.skip_if.is_none());
    let mut last_considered = rule.steps.iter().skip(last.unwrap_or(0)).rev();
    last_considered.find_map(|step| policy.overflow_chain(&step.destination).nth(1))
}

/// The `skip_if` that were asked.
fn skips_seen(rule: &Rule, decision: &Decision, variables: &cel::Context<'_, '_>) -> Vec<SkipSeen> {
    let asked = decision.step_trace.iter();
    asked
        .filter_map(|asked| {
            let step = rule.steps.get(asked.step.checked_sub(1)?)?;
            Some(SkipSeen {
                step: asked.step,
                value: asked.value.clone(),
                tests: tests_seen(step.skip_if.as_ref()?, variables),
            })
        })
        .collect()
}

fn tests(expression: &Expression) -> Vec<TestOutline> {
    let parts = expression.parts().iter();
    parts
        .map(|part| TestOutline {
            position: part.position,
            text: part.text.clone(),
        })
        .collect()
}

fn tests_seen(expression: &Expression, variables: &cel::Context<'_, '_>) -> Vec<TestSeen> {
    let parts = expression.parts();
    let values = expression.part_values(variables).into_iter();
    values
        .filter_map(|seen| {
            let part = parts.get(seen.index)?;
            Some(TestSeen {
                index: seen.index,
                text: part.text.clone(),
                position: part.position,
                value: seen.value,
                reads: seen.reads,
            })
        })
        .collect()
}
