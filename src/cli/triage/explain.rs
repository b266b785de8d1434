//! `triage explain`: which words of a ticket spoke for a label and against it, marked in its text, and
//! how they add up with what else the label's logit is made of.

use std::io;
use std::ops::Range;

use anstream::{AutoStream, ColorChoice};
use clap::Args;

use super::TicketCommand;
use super::marks::{Marking, Pull};
use super::print::print_prediction;
use super::words::{WordSum, strongest, word_sums};
use crate::cli::table::{percent, table};
use crate::grpc::json::to_json;
use crate::grpc::v1;
use crate::ticket::Ticket;

/// Columns where there is no terminal.
const WIDTH: usize = 100;
/// Fewest columns that text is set in.
const LEAST_WIDTH: usize = 20;
const INDENT: &str = "  ";

/// Shows which words of a ticket spoke for a label and against it
///
/// Marks the words in the ticket's text, in colours on a terminal, and shows what the label's logit is
/// made of, beside that of the most probable other label. What decides between the two is the
/// difference of their logits.
#[derive(Debug, Args)]
pub(super) struct ExplainCommand {
    #[command(flatten)]
    ticket: TicketCommand,
    /// Explain this head only: topic, urgency or the name of a facet
    #[arg(long)]
    head: Option<String>,
    /// Explain this label and not the one chosen, by all heads that have it
    #[arg(long)]
    label: Option<String>,
    /// Set it against this label and not the most probable other one
    #[arg(long, value_name = "LABEL")]
    versus: Option<String>,
    /// Most words that are listed for and against
    #[arg(long, value_name = "N", default_value_t = 8)]
    top: usize,
}

/// Runs the command.
///
/// # Errors
/// If the input is unusable, the model lacks what is named, or a server does not answer.
pub(super) fn run(command: &ExplainCommand) -> anyhow::Result<()> {
    let ticket = command.ticket.ticket.read()?;
    let asked = v1::ExplainOptions {
        head: command.head.clone().unwrap_or_default(),
        label: command.label.clone().unwrap_or_default(),
        versus_label: command.versus.clone().unwrap_or_default(),
    };
    let answer = command.ticket.ask.explain(&ticket, asked)?;
    if command.ticket.json {
        say!("{}", to_json("ClassifyResponse", &answer)?);
        return Ok(());
    }
    let marking = Marking {
        strongest: 0.0,
        colours: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        width: width().saturating_sub(INDENT.len()).max(LEAST_WIDTH),
    };
    for (name, prediction) in heads(answer.classification.as_ref()) {
        if let Some(explanation) = &prediction.explanation {
            print_prediction(&ticket, name, prediction);
            print_explanation(&ticket, prediction, explanation, marking, command.top);
            say!("");
        }
    }
    say!("{}\nmodel {}", marking.legend(), answer.model_version);
    Ok(())
}

fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| width.0.into())
}

/// All heads with their names.
fn heads(
    classification: Option<&v1::Classification>,
) -> impl Iterator<Item = (&str, &v1::Prediction)> {
    classification.into_iter().flat_map(|classification| {
        let topic = classification.topic.iter().map(|p| ("topic", p));
        let urgency = classification.urgency.iter().map(|p| ("urgency", p));
        let facets = classification.facets.iter();
        topic
            .chain(urgency)
            .chain(facets.map(|(name, p)| (name.as_str(), p)))
    })
}

fn print_explanation(
    ticket: &Ticket,
    prediction: &v1::Prediction,
    explanation: &v1::Explanation,
    marking: Marking,
    top: usize,
) {
    let parts = |parts: &Option<v1::LogitParts>| parts.clone().unwrap_or_default();
    let (label, versus) = (parts(&explanation.label), parts(&explanation.versus));
    if label.label != prediction.label {
        let probability = percent(label.probability.into());
        say!("{:<10} explained: {} {probability}", "", label.label);
    }
    print_text(ticket, &explanation.evidence, marking);

    let own = word_sums(ticket, &explanation.evidence, |word| word.contribution);
    print_words(
        &own,
        ["for ", "against "].map(|side| side.to_owned() + &label.label),
        top,
    );
    let lead = word_sums(ticket, &explanation.evidence, |word| {
        word.contribution - word.versus_contribution
    });
    let sides = [
        format!("for it rather than {}", versus.label),
        format!("for {} rather than it", versus.label),
    ];
    print_words(&lead, sides, top);
    print_parts(&label, &versus);
}

/// Prints subject and body with the words marked.
fn print_text(ticket: &Ticket, evidence: &[v1::Evidence], marking: Marking) {
    let contributions = evidence.iter().map(|word| word.contribution.abs());
    let marking = Marking {
        strongest: contributions.fold(0.0, f32::max),
        ..marking
    };
    for (field, text) in [
        (v1::TextField::Subject, &ticket.subject),
        (v1::TextField::Body, &ticket.body),
    ] {
        let pulls: Vec<Pull> = evidence
            .iter()
            .filter(|word| word.field() == field)
            .map(|word| Pull {
                span: span(word),
                contribution: word.contribution,
            })
            .collect();
        let text = text.trim_end();
        if text.is_empty() {
            continue;
        }
        say!("");
        let lines = marking.mark(text, &pulls);
        for line in lines.iter().skip_while(|line| line.is_empty()) {
            say!("{}", format!("{INDENT}{line}").trim_end());
        }
    }
}

fn span(word: &v1::Evidence) -> Range<usize> {
    word.start as usize..word.end as usize
}

/// Prints the words that add to the sum beside those that take from it.
fn print_words(sums: &[WordSum], [adding, taking]: [String; 2], top: usize) {
    let adding_words = strongest(sums, 1.0, top);
    let taking_words = strongest(sums, -1.0, top);
    if adding_words.is_empty() && taking_words.is_empty() {
        return;
    }
    let mut words = table(&[&adding, &taking], &[]);
    for row in 0..adding_words.len().max(taking_words.len()) {
        let word = |side: &[String]| side.get(row).cloned().unwrap_or_default();
        words.add_row([word(&adding_words), word(&taking_words)]);
    }
    say!("\n{words}");
}

/// Prints what the logits are made of, and their difference.
fn print_parts(label: &v1::LogitParts, versus: &v1::LogitParts) {
    let header = ["", &label.label, &versus.label, "difference"];
    let mut parts = table(&header, &[1, 2, 3]);
    for (name, of) in [
        ("words", (|parts| parts.words) as fn(&v1::LogitParts) -> f32),
        ("sentence vector", |parts| parts.sentence),
        ("constant", |parts| parts.constant),
        ("logit", |parts| parts.logit),
    ] {
        let (own, other) = (of(label), of(versus));
        let numbers = [own, other, own - other].map(|number| format!("{number:+.2}"));
        let [own, other, difference] = numbers;
        parts.add_row([name.to_owned(), own, other, difference]);
    }
    let probability = |parts: &v1::LogitParts| percent(parts.probability.into());
    parts.add_row([
        "probability".to_owned(),
        probability(label),
        probability(versus),
        String::new(),
    ]);
    say!("\n{parts}");
}
