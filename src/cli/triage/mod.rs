//! `triage`: classifies and routes tickets at the prompt, in process or by a running server.

mod ask;
mod connection;
mod demo;
mod explain;
mod layout;
mod marks;
mod policy;
mod print;
mod ticket;
mod words;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

use self::ask::Ask;
use self::ticket::TicketArgs;
use crate::grpc::json::to_json;
use crate::routing::fields;

/// Classifies help-desk tickets and shows who should get them, and why.
#[derive(Debug, Parser)]
#[command(name = "triage", version, max_term_width = 100)]
pub struct TriageCli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what a ticket is about and how urgent it is
    Classify(TicketCommand),
    /// Classifies a ticket and says who should get it
    Route(RouteCommand),
    Explain(explain::ExplainCommand),
    Demo(demo::DemoArgs),
    Backlog(Box<policy::backlog::BacklogArgs>),
    /// Checks and tests policies, and shows what a change would do
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
}

#[derive(Debug, Args)]
struct TicketCommand {
    #[command(flatten)]
    ticket: TicketArgs,
    #[command(flatten)]
    ask: Ask,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RouteCommand {
    #[command(flatten)]
    ticket: TicketCommand,
    /// How long the ticket has waited, such as 10m or 1h30m
    #[arg(long, value_name = "TIME", value_parser = parse_waited, allow_hyphen_values = true, default_value = "0s")]
    waited: SignedDuration,
    /// List the rules that were tried
    #[arg(long)]
    trace: bool,
}

fn parse_waited(argument: &str) -> Result<SignedDuration, String> {
    fields::parse_waited(argument).map_err(|wanted| format!("must be {wanted}"))
}

fn parse_now(argument: &str) -> Result<Timestamp, String> {
    let parsed = argument.parse();
    parsed.map_err(|_| {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        format!(
            "give a day and a time with its offset, such as 2026-03-02T09:30:00Z, from {first:.0} to {last:.0}"
        )
    })
}

impl TriageCli {
    /// Runs the command.
    ///
    /// # Errors
    /// If the input is unusable or a server does not answer; the message says why.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Classify(command) => {
                let ticket = command.ticket.read()?;
                let answer = command.ask.classify(&ticket)?;
                if command.json {
                    say!("{}", to_json("ClassifyResponse", &answer)?);
                } else {
                    print::classified(&ticket, &answer);
                }
            }
            Command::Route(RouteCommand {
                ticket: command,
                waited,
                trace,
            }) => {
                let ticket = command.ticket.read()?;
                let answer = command.ask.route(&ticket, waited, trace)?;
                if command.json {
                    say!("{}", to_json("RouteResponse", &answer)?);
                } else {
                    print::routed(&ticket, &answer);
                }
            }
            Command::Explain(command) => explain::run(&command)?,
            Command::Demo(args) => return demo::run(&args),
            Command::Backlog(args) => return args.run(),
            Command::Policy(command) => return command.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}
