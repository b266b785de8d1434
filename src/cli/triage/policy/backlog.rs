//! `triage backlog`: who would get the tickets of a file if they were given out now, together.

use std::process::ExitCode;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::OutputFormat;
use super::model::{load_fitting, load_policy};
use super::tickets::{LeftOut, TicketsArgs, print_left_out};
use crate::cli::source_args::SourceArgs;
use crate::cli::table::table;
use crate::policy_test::{Model, PastTicket};
use crate::routing::{Assigned, Backlog, Waiting, assign_backlog};

/// Gives out many waiting tickets at once and shows who would get which
///
/// By priority, then by when the first answer is due, then by age, counting what each agent is given. Changes nothing.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct BacklogArgs {
    #[command(flatten)]
    tickets: TicketsArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// How to write the result
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,
}

impl BacklogArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If the policy, the roster, the model or the tickets are unusable.
    pub(in crate::cli::triage) fn run(&self) -> anyhow::Result<ExitCode> {
        let sources = self.sources.settings(&[])?.sources();
        let (policy, roster) = load_policy(&sources.policy, sources.roster.as_deref())?;
        let bundle = match self.tickets.pinned {
            true => None,
            false => Some(load_fitting(&sources, &policy)?),
        };
        let (tickets, left_out) = self.tickets.read()?;
        let mut model = bundle.as_ref().map(Model::new);
        let classified: Vec<_> = tickets
            .iter()
            .filter_map(|past| Some((past, self.tickets.classify(past, model.as_mut())?)))
            .collect();
        let now = self.tickets.now().unwrap_or_else(Timestamp::now);
        let waiting: Vec<Waiting<'_>> = classified
            .iter()
            .map(|(past, classification)| Waiting {
                ticket: &past.ticket,
                classification,
                waited: past
                    .arrived
                    .map_or(SignedDuration::ZERO, |arrived| now.duration_since(arrived)),
                deciding_words: &[],
                holder: None,
            })
            .collect();
        let assigned = assign_backlog(&Backlog {
            waiting: &waiting,
            roster: roster.as_ref(),
            policy: &policy,
            now,
        })?;
        let mut answers: Vec<(&PastTicket, Assigned)> = classified
            .iter()
            .map(|(past, _)| *past)
            .zip(assigned)
            .collect();
        answers.sort_by_key(|(_, assigned)| assigned.turn);
        match self.format {
            OutputFormat::Json => print_json(&answers, left_out)?,
            OutputFormat::Human => print(&answers, left_out),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What is written as JSON.
#[derive(Serialize)]
struct Report<'a> {
    tickets: Vec<Answer<'a>>,
    #[serde(flatten)]
    left_out: LeftOut,
}

#[derive(Serialize)]
struct Answer<'a> {
    ticket_id: &'a str,
    assigned: &'a Assigned,
}

fn print_json(answers: &[(&PastTicket, Assigned)], left_out: LeftOut) -> anyhow::Result<()> {
    let tickets = answers.iter().map(|(past, assigned)| Answer {
        ticket_id: &past.ticket.id,
        assigned,
    });
    let report = Report {
        tickets: tickets.collect(),
        left_out,
    };
    say!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

fn print(answers: &[(&PastTicket, Assigned)], left_out: LeftOut) {
    let mut rows = table(
        &["turn", "ticket", "priority", "due", "queue", "agent", ""],
        &[0, 2],
    );
    for (past, assigned) in answers {
        let decision = &assigned.decision;
        let due = decision.first_response_due;
        rows.add_row([
            assigned.turn.to_string(),
            past.ticket.id.clone(),
            assigned.aged_priority.to_string(),
            due.map(|due| due.to_string()).unwrap_or_default(),
            decision.queue.clone(),
            decision.agent.clone().unwrap_or_else(|| "-".to_owned()),
            remark(assigned),
        ]);
    }
    say!("{rows}");
    let given_out = answers
        .iter()
        .filter(|(_, assigned)| assigned.decision.agent.is_some())
        .count();
    match answers.len() {
        1 => say!("\n{given_out} of 1 ticket finds an agent"),
        count => say!("\n{given_out} of {count} tickets find an agent"),
    }
    print_left_out(left_out);
}

/// What there is to say of who got a ticket.
fn remark(assigned: &Assigned) -> String {
    let decision = &assigned.decision;
    let answered = decision
        .self_service_article
        .as_ref()
        .or(decision.self_service_bot.as_ref());
    match (answered, &decision.agent) {
        (Some(answer), _) => format!("answered by {answer}"),
        (None, Some(_)) if decision.last_resort => "last resort".to_owned(),
        (None, Some(_)) if assigned.made_room => "made room for another".to_owned(),
        (None, Some(_)) => String::new(),
        (None, None) if assigned.fitting_agents == 0 => "nobody fits".to_owned(),
        (None, None) => format!("{} would fit and are full", assigned.fitting_agents),
    }
}
