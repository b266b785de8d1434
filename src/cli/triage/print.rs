//! Answers for people.

use jiff::Timestamp;

use super::words::{strongest, word_sums};
use crate::cli::table::{percent, table, to_the_millisecond, to_the_second};
use crate::grpc::v1;
use crate::ticket::Ticket;

/// Words listed as the ones that decided.
const WORDS: usize = 6;

/// Prints a classification.
pub(super) fn classified(ticket: &Ticket, answer: &v1::ClassifyResponse) {
    if let Some(classification) = &answer.classification {
        print_classification(ticket, classification);
    }
    say!("\nmodel {}", answer.model_version);
}

/// Prints a classification and the decision that follows.
pub(super) fn routed(ticket: &Ticket, answer: &v1::RouteResponse) {
    if let Some(classification) = &answer.classification {
        print_classification(ticket, classification);
    }
    if let Some(decision) = &answer.decision {
        say!("");
        print_decision(decision);
    }
    say!(
        "\nmodel {}, policy {}",
        answer.model_version,
        answer.policy_version
    );
}

fn print_classification(ticket: &Ticket, classification: &v1::Classification) {
    let heads = [
        ("topic", &classification.topic),
        ("urgency", &classification.urgency),
    ];
    for (name, prediction) in heads {
        if let Some(prediction) = prediction {
            print_prediction(ticket, name, prediction);
        }
        if name == "topic"
            && let Some(area) = classification.area.as_ref().filter(|area| area.fallback)
        {
            let sure = percent(area.confidence.into());
            say!("{:<10} {} {sure}", "area", area.label);
        }
    }
    for (name, prediction) in &classification.facets {
        print_prediction(ticket, name, prediction);
    }
}

/// Prints what one head says, with the words that decided if the answer names them.
pub(super) fn print_prediction(ticket: &Ticket, name: &str, prediction: &v1::Prediction) {
    let others: Vec<String> = prediction
        .top
        .iter()
        .filter(|other| other.label != prediction.label)
        .map(|other| format!("{} {}", other.label, percent(other.probability.into())))
        .collect();
    let doubt = if prediction.made_prediction {
        String::new()
    } else {
        format!(
            " – a guess only: {}",
            short_name(prediction.abstain_reason().as_str_name(), "ABSTAIN_REASON_")
        )
    };
    say!(
        "{name:<10} {} {}{}{doubt}",
        prediction.label,
        percent(prediction.confidence.into()),
        moved(prediction)
    );
    if !others.is_empty() {
        say!("{:<10} not {}", "", others.join(", "));
    }
    let sums = word_sums(ticket, &prediction.evidence, |word| word.contribution);
    let words = strongest(&sums, 1.0, WORDS);
    if !words.is_empty() {
        say!("{:<10} because of {}", "", words.join(", "));
    }
}

/// Why the label is not the most probable one; nothing if it is.
fn moved(prediction: &v1::Prediction) -> String {
    let (moved, mistake) = match (prediction.raised_by_cost, prediction.lowered_by_cost) {
        (true, _) => ("raised", "low"),
        (_, true) => ("lowered", "high"),
        _ => return String::new(),
    };
    let from = prediction.top.first().map_or(String::new(), |best| {
        format!(" from {} {}", best.label, percent(best.probability.into()))
    });
    format!(" ({moved}{from}: calling it too {mistake} costs more)")
}

fn print_decision(decision: &v1::Decision) {
    say!("queue      {}", decision.queue);
    say!("rule       {}{}", decision.rule, stage(decision));
    say!("priority   {} of 100", decision.priority);
    if !decision.required_skills.is_empty() {
        say!("skills     {}", skills(&decision.required_skills));
    }
    if !decision.preferred_skills.is_empty() {
        say!("preferred  {}", skills(&decision.preferred_skills));
    }
    if !decision.self_service_article.is_empty() {
        say!("answer     article {}", decision.self_service_article);
    }
    if !decision.self_service_bot.is_empty() {
        say!("answer     bot {}", decision.self_service_bot);
    }
    if decision.requires_human {
        say!(
            "person     must decide: {}",
            short_name(decision.abstain_reason().as_str_name(), "ABSTAIN_REASON_")
        );
    }
    if !decision.tags.is_empty() {
        say!("tags       {}", decision.tags.join(", "));
    }
    if let Some(due) = &decision.first_response_due {
        say!("answer by  {}", told(due, to_the_second));
    }
    if let Some(due) = &decision.resolution_due {
        say!("solve by   {}", told(due, to_the_second));
    }
    for note in &decision.notes {
        say!("note       {note}");
    }
    if let Some(next) = &decision.next_evaluation_at {
        say!("route again at {}", told(next, to_the_millisecond));
    }
    print_agents(decision);
    for entry in &decision.trace {
        let value = if entry.error.is_empty() {
            entry.value.to_string()
        } else {
            format!("false ({})", entry.error)
        };
        say!("  {}: {} = {value}", entry.rule, entry.condition);
    }
    for entry in &decision.step_trace {
        let value = if entry.error.is_empty() {
            entry.value.to_string()
        } else {
            format!("false ({})", entry.error)
        };
        say!(
            "  skip step {} if {} = {value}",
            entry.step,
            entry.condition
        );
    }
}

fn print_agents(decision: &v1::Decision) {
    if !decision.self_service_article.is_empty() || !decision.self_service_bot.is_empty() {
        return;
    }
    if decision.candidates.is_empty() && decision.rejected.is_empty() {
        say!("agent      not chosen: there is no roster");
    } else if decision.candidates.is_empty() {
        say!("agent      nobody is eligible now");
    } else {
        let resort = if decision.last_resort {
            " (the queue's last resort)"
        } else {
            ""
        };
        say!("agent      {}{resort}", decision.agent_id);
        let mut candidates = table(&["candidate", "name", "skills", "load"], &[]);
        for candidate in decision.candidates.iter().take(5) {
            candidates.add_row([
                candidate.agent_id.clone(),
                candidate.name.clone(),
                skills(&candidate.proficiency),
                format!("{} of {}", candidate.load, candidate.capacity),
            ]);
        }
        say!("{candidates}");
    }
    for rejected in decision.rejected.iter().take(5) {
        say!("           not {}: {}", rejected.agent_id, rejected.detail);
    }
    let more = decision.rejected.len().saturating_sub(5) + decision.rejected_left_out as usize;
    if more > 0 {
        say!("           and {more} more who cannot take it");
    }
}

fn stage(decision: &v1::Decision) -> String {
    match decision.stage() {
        v1::Stage::Step => format!(", step {}", decision.step),
        v1::Stage::Otherwise => ", otherwise".to_owned(),
        v1::Stage::Overflow => ", overflow".to_owned(),
        v1::Stage::Default | v1::Stage::Unspecified => String::new(),
    }
}

/// Skills with their levels, such as `billing 4, refunds 2`.
pub(super) fn skills(levels: &std::collections::BTreeMap<String, u32>) -> String {
    let all: Vec<String> = levels
        .iter()
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    all.join(", ")
}

/// A time of the interface as `tell` writes it.
fn told(at: &prost_types::Timestamp, tell: fn(Timestamp) -> String) -> String {
    Timestamp::new(at.seconds, at.nanos).map_or_else(|_| "?".to_owned(), tell)
}

/// The name of an enum's value without its prefix.
pub(super) fn short_name<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}
