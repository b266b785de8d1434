//! Where what a case expects and what was decided part, in words: why the expected rule did not hold, which rule
//! took the ticket instead, which step is in force, why the expected agent is not chosen.

use super::case::CaseStep;
use super::expect::{Wanted, stage_word};
use crate::routing::{
    Decision, DecisionInput, Policy, RuleOutline, RuleSeen, Stage, TestSeen, TraceValue,
};

/// Most rules that lead to the expected queue of which it is told why they did not hold.
const MAX_RULES_TOLD: usize = 5;

/// The lines that tell it.
pub(super) fn part_ways(
    step: &CaseStep,
    input: &DecisionInput<'_>,
    decision: &Decision,
    seen: &[RuleSeen],
) -> Vec<String> {
    let mut lines = Vec::new();
    let expected_rule = step.expectations.iter().find_map(|one| match &one.wanted {
        Wanted::Rule(rule) if **rule != *decision.rule => Some(rule.as_str()),
        _ => None,
    });
    let expected_queue = step.expectations.iter().find_map(|one| match &one.wanted {
        Wanted::Queue(queue) if *queue != decision.queue => Some(queue.as_str()),
        _ => None,
    });
    if seen.is_empty() && !input.policy.outline().is_empty() {
        let reason = decision.abstain_reason.map_or("", |reason| reason.as_str());
        lines.push(format!(
            "no rule was tried: the topic is in doubt ({reason})"
        ));
    } else if let Some(expected) = expected_rule {
        lines.extend(tell_rules(expected, input, decision, seen));
    } else if let Some(taker) = taker(seen) {
        lines.extend(tell_taker(taker, ""));
    } else if let Some(queue) = expected_queue {
        lines.extend(tell_rules_to(queue, input.policy, seen));
        lines.push(tell_none(seen));
    }
    lines.push(tell_stage(input, decision));
    lines.extend(tell_agents(step, decision));
    lines
}

fn tell_rules(
    expected: &str,
    input: &DecisionInput<'_>,
    decision: &Decision,
    seen: &[RuleSeen],
) -> Vec<String> {
    let mut lines = Vec::new();
    let outline = input.policy.outline();
    let wanted = outline.iter().find(|rule| *rule.id == *expected);
    let tried = seen.iter().find(|one| *one.rule == *expected);
    if let Some(tried) = tried {
        let before = seen.iter().filter(|one| one.index < tried.index).count();
        if before > 0 {
            lines.push(format!("{} did not hold", rules(before)));
        }
        lines.extend(tell_failed(tried));
    }
    match taker(seen) {
        Some(taker) => {
            let earlier = wanted.filter(|_| tried.is_none());
            let behind = earlier.map_or(String::new(), |wanted| {
                format!(
                    " before '{expected}' (line {}) was tried",
                    wanted.position.line
                )
            });
            lines.extend(tell_taker(taker, &behind));
        }
        None => lines.push(tell_none(seen)),
    }
    if decision.rule.as_ref() == expected {
        lines.clear();
    }
    lines
}

/// Why none of the rules that lead to a queue holds.
fn tell_rules_to(queue: &str, policy: &Policy, seen: &[RuleSeen]) -> Vec<String> {
    let outline = policy.outline();
    let leading: Vec<&RuleSeen> = seen
        .iter()
        .filter(|one| {
            outline
                .get(one.index)
                .is_some_and(|rule| leads_to(rule, queue))
        })
        .collect();
    let mut lines = match leading.len() {
        0 => vec![format!("no rule leads to queue '{queue}'")],
        1 => vec![format!("1 rule leads to queue '{queue}':")],
        count => vec![format!("{count} rules lead to queue '{queue}':")],
    };
    let told = leading.iter().take(MAX_RULES_TOLD);
    lines.extend(told.flat_map(|rule| tell_failed(rule)));
    if let Some(more @ 1..) = leading.len().checked_sub(MAX_RULES_TOLD) {
        lines.push(format!("{} more did not hold", rules(more)));
    }
    lines
}

fn leads_to(rule: &RuleOutline, queue: &str) -> bool {
    let last = [&rule.otherwise, &rule.overflow].into_iter().flatten();
    let mut queues = rule.steps.iter().map(|step| &step.queue).chain(last);
    queues.any(|one| one == queue)
}

/// The rule that took the ticket.
fn taker(seen: &[RuleSeen]) -> Option<&RuleSeen> {
    seen.last().filter(|last| last.value == TraceValue::True)
}

fn tell_taker(taker: &RuleSeen, behind: &str) -> Vec<String> {
    let (rule, at) = (&taker.rule, taker.position.line);
    let mut lines = vec![format!("rule '{rule}' (line {at}) took it{behind}:")];
    lines.extend(tell_tests(taker));
    lines
}

fn tell_failed(failed: &RuleSeen) -> Vec<String> {
    let (rule, at) = (&failed.rule, failed.position.line);
    let mut lines = vec![match &failed.value {
        TraceValue::Error(error) => {
            format!("rule '{rule}' (line {at}) could not be evaluated: {error}")
        }
        TraceValue::True | TraceValue::False => {
            format!("rule '{rule}' (line {at}) did not hold:")
        }
    }];
    lines.extend(tell_tests(failed));
    lines
}

fn tell_none(seen: &[RuleSeen]) -> String {
    let tried = rules(seen.len());
    format!("none of the {tried} held, so the default took it")
}

fn rules(count: usize) -> String {
    match count {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    }
}

fn tell_tests(rule: &RuleSeen) -> Vec<String> {
    rule.tests
        .iter()
        .map(|test| format!("  {}", tell_test(test)))
        .collect()
}

/// A test with its value and what it read, in one line.
#[must_use]
pub fn tell_test(test: &TestSeen) -> String {
    let value = match &test.value {
        TraceValue::True => "true ",
        TraceValue::False => "false",
        TraceValue::Error(_) => "error",
    };
    let reads: Vec<String> = test
        .reads
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let reads = match reads.as_slice() {
        [] => String::new(),
        reads => format!("   with {}", reads.join(", ")),
    };
    let error = match &test.value {
        TraceValue::Error(error) => format!(" ({error})"),
        TraceValue::True | TraceValue::False => String::new(),
    };
    format!("{value} {}{reads}{error}", test.text)
}

fn tell_stage(input: &DecisionInput<'_>, decision: &Decision) -> String {
    let stage = match (decision.stage, decision.step) {
        (Stage::Step, Some(step)) => format!("step {step} of rule '{}'", decision.rule),
        (Stage::Default, _) => "the default".to_owned(),
        (stage, _) => format!("'{}' of rule '{}'", stage_word(stage), decision.rule),
    };
    let waited = match input.waited.is_zero() {
        true => "a ticket that has just come".to_owned(),
        false => format!("a ticket that has waited {:#}", input.waited),
    };
    format!(
        "{stage} is in force for {waited}: queue '{}'",
        decision.queue
    )
}

fn tell_agents(step: &CaseStep, decision: &Decision) -> Vec<String> {
    let mut asked: Vec<&str> = Vec::new();
    for expectation in &step.expectations {
        match &expectation.wanted {
            Wanted::Agent(Some(agent)) => asked.push(agent),
            Wanted::Candidates(agents) | Wanted::CandidatesInclude(agents) => {
                asked.extend(agents.iter().map(String::as_str));
            }
            Wanted::Rejected(agents) => asked.extend(agents.keys().map(String::as_str)),
            _ => {}
        }
    }
    asked.sort_unstable();
    asked.dedup();
    asked.retain(|agent| decision.agent.as_deref() != Some(agent));
    let tell = |agent: &&str| {
        let rejected = decision.rejected.iter().find(|one| one.agent_id == **agent);
        let place = decision
            .candidates
            .iter()
            .position(|one| one.agent_id == **agent);
        match (rejected, place) {
            (Some(rejected), _) => format!("agent '{agent}' {}", rejected.reason),
            (None, Some(place)) => format!("agent '{agent}' is candidate {}", place + 1),
            (None, None) => format!("agent '{agent}' was not considered"),
        }
    };
    asked.iter().map(tell).collect()
}
