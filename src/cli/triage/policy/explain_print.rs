//! What `triage policy explain` prints: the decision in words.

use crate::cli::printable::without_steering;
use crate::cli::table::{percent, to_the_millisecond, to_the_second};
use crate::policy_test::tell_test;
use crate::routing::{Decision, DecisionInput, RuleSeen, Stage, TraceValue};

/// Agents listed among candidates, and among the rejected.
const AGENTS: usize = 10;

/// Prints how a ticket is decided.
pub(super) fn print(input: &DecisionInput<'_>, decision: &Decision, seen: &[RuleSeen]) {
    print_said(input);
    say!("\nRules, in the order in which they are tried:");
    print_rules(input, decision, seen);
    say!("\nDecision:");
    print_destination(decision);
    print_people(decision);
    print_times(decision);
}

fn line(text: &str) {
    say!("  {}", without_steering(text).trim_end());
}

fn print_said(input: &DecisionInput<'_>) {
    say!("Ticket:");
    let said = input.classification;
    let heads = [("topic", &said.topic), ("urgency", &said.urgency)];
    let facets = said.facets.iter().map(|(name, said)| (name.as_str(), said));
    let heads = heads
        .into_iter()
        .filter_map(|(name, said)| Some((name, said.as_ref()?)));
    for (name, said) in heads.chain(facets) {
        let doubt = match said.abstain_reason {
            Some(reason) => format!(", in doubt: {reason}"),
            None => String::new(),
        };
        line(&format!(
            "{name} is {} ({}{doubt})",
            said.label,
            percent(said.confidence.into())
        ));
    }
    let ticket = input.ticket;
    let customer = [("tier", &ticket.customer.tier), ("id", &ticket.customer.id)];
    for (name, value) in customer {
        if !value.is_empty() {
            line(&format!("the customer's {name} is {value}"));
        }
    }
    if let Some(channel) = ticket.channel {
        line(&format!("it came by {channel}"));
    }
    if let Some(language) = &ticket.language {
        line(&format!("its language is {language}"));
    }
    if let Some(agent) = &ticket.last_agent_id {
        line(&format!("agent {agent} handled this customer last"));
    }
    if !input.waited.is_zero() {
        line(&format!("it has waited {:#}", input.waited));
    }
}

fn print_rules(input: &DecisionInput<'_>, decision: &Decision, seen: &[RuleSeen]) {
    let origin = input.policy.origin();
    if seen.is_empty() {
        match decision.abstain_reason {
            Some(reason) => line(&format!("none was tried: the topic is in doubt ({reason})")),
            None => line("the policy has none"),
        }
    }
    for destination in &decision.destinations {
        line(&format!(
            "as {} ({}) it would go to {}",
            destination.topic,
            percent(destination.probability.into()),
            destination.queue
        ));
    }
    for rule in seen {
        let word = match rule.value {
            TraceValue::True => "holds",
            TraceValue::False => "does not hold",
            TraceValue::Error(_) => "cannot be evaluated, so it does not hold",
        };
        line(&format!(
            "{} ({origin}:{}) {word}",
            rule.rule, rule.position.line
        ));
        for test in &rule.tests {
            line(&format!("    {}", tell_test(test)));
        }
        for skip in &rule.skips {
            let word = match skip.value {
                TraceValue::True => "is skipped",
                TraceValue::False | TraceValue::Error(_) => "is not skipped",
            };
            line(&format!("    step {} {word}:", skip.step));
            for test in &skip.tests {
                line(&format!("        {}", tell_test(test)));
            }
        }
    }
}

fn print_destination(decision: &Decision) {
    let by = match (decision.stage, decision.step) {
        (Stage::Step, Some(step)) => format!("step {step} of rule {}", decision.rule),
        (Stage::Step, None) | (Stage::Default, _) => "the default: no rule decides".to_owned(),
        (Stage::Otherwise, _) => format!("otherwise of rule {}", decision.rule),
        (Stage::Overflow, _) => format!("overflow of the last queue of rule {}", decision.rule),
    };
    line(&format!("queue {}, by {by}", decision.queue));
    line(&match &decision.impact {
        Some(impact) => format!(
            "priority {} (impact {impact}, urgency {})",
            decision.priority, decision.urgency
        ),
        None => format!(
            "priority {} (urgency {})",
            decision.priority, decision.urgency
        ),
    });
    for (what, value) in [
        ("article", &decision.self_service_article),
        ("bot", &decision.self_service_bot),
    ] {
        if let Some(value) = value {
            line(&format!("the {what} {value} answers instead of an agent"));
        }
    }
    if let Some(reason) = decision.abstain_reason {
        line(&format!("a person must look at it first: {reason}"));
    }
    if !decision.tags.is_empty() {
        line(&format!("tags {}", decision.tags.join(", ")));
    }
    for note in &decision.notes {
        line(&format!("note: {note}"));
    }
}

fn print_people(decision: &Decision) {
    let levels = |levels: &std::collections::BTreeMap<String, u8>| {
        let all: Vec<String> = levels
            .iter()
            .map(|(skill, level)| format!("{skill} {level}"))
            .collect();
        all.join(", ")
    };
    if !decision.required_skills.is_empty() {
        line(&format!("required: {}", levels(&decision.required_skills)));
    }
    if !decision.preferred_skills.is_empty() {
        line(&format!(
            "preferred: {}",
            levels(&decision.preferred_skills)
        ));
    }
    if let Some(agent) = &decision.preferred_agent {
        line(&format!("only {agent} is asked"));
    }
    match &decision.agent {
        Some(agent) => line(&format!("agent {agent} is chosen")),
        None => line("no agent is chosen"),
    }
    if decision.last_resort {
        line("nobody is eligible; these are the queue's last resort");
    }
    if !decision.dropped_preferences.is_empty() {
        line(&format!(
            "preferred and not found: {}",
            decision.dropped_preferences.join(", ")
        ));
    }
    for (number, candidate) in (1..).zip(&decision.candidates).take(AGENTS) {
        line(&format!(
            "  {number}. {}: {} of {} tickets{}",
            candidate.agent_id,
            candidate.load,
            candidate.capacity,
            match levels(&candidate.proficiency) {
                none if none.is_empty() => none,
                levels => format!(", {levels}"),
            }
        ));
    }
    for rejected in decision.rejected.iter().take(AGENTS) {
        line(&format!("  not {}: {}", rejected.agent_id, rejected.reason));
    }
    let more = decision.candidates.len().saturating_sub(AGENTS)
        + decision.candidates_left_out
        + decision.rejected.len().saturating_sub(AGENTS)
        + decision.rejected_left_out;
    if more > 0 {
        line(&format!("  and {more} more agents"));
    }
}

fn print_times(decision: &Decision) {
    for (what, at) in [
        ("the first answer is due", decision.first_response_due),
        ("it should be solved", decision.resolution_due),
    ] {
        if let Some(at) = at {
            line(&format!("{what} at {}", to_the_second(at)));
        }
    }
    if let Some(at) = decision.next_evaluation_at {
        line(&format!("it is decided anew at {}", to_the_millisecond(at)));
    }
}
