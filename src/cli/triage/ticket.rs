//! The options that describe a ticket.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::routing::document;
use crate::ticket::{Channel, Customer, Ticket};

/// The id of a ticket that has none.
const PROMPT_ID: &str = "prompt";

/// A ticket: its text from one of three places, and what else is known of it.
#[derive(Debug, Args)]
pub(super) struct TicketArgs {
    /// The customer's words
    #[arg(long, conflicts_with_all = ["file", "stdin"])]
    text: Option<String>,
    /// File with the customer's words, or with a ticket as JSON if it ends in .json
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    file: Option<PathBuf>,
    /// '-' reads the customer's words from standard input
    #[arg(value_name = "-", value_parser = ["-"])]
    stdin: Option<String>,
    /// Subject line
    #[arg(long)]
    subject: Option<String>,
    /// How it arrived: email, chat, web_form, phone, social, sms, app_review
    #[arg(long)]
    channel: Option<Channel>,
    /// Language tag, such as de
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// The customer's tier, such as vip
    #[arg(long)]
    tier: Option<String>,
    /// The agent who handled this customer last
    #[arg(long, value_name = "AGENT")]
    last_agent: Option<String>,
}

impl TicketArgs {
    /// The ticket described.
    ///
    /// # Errors
    /// If its text is missing or cannot be read.
    pub(super) fn read(&self) -> anyhow::Result<Ticket> {
        Ok(self.with_fields(self.text()?))
    }

    /// The ticket described, without its text.
    pub(super) fn read_without_text(&self) -> Ticket {
        self.with_fields(Ticket {
            id: PROMPT_ID.to_owned(),
            ..Ticket::default()
        })
    }

    fn with_fields(&self, mut ticket: Ticket) -> Ticket {
        let fill = |field: &mut String, given: &Option<String>| {
            if let Some(given) = given {
                field.clone_from(given);
            }
        };
        fill(&mut ticket.subject, &self.subject);
        fill(&mut ticket.customer.tier, &self.tier);
        ticket.channel = self.channel.or(ticket.channel);
        ticket.language = self.language.clone().or(ticket.language);
        ticket.last_agent_id = self.last_agent.clone().or(ticket.last_agent_id);
        ticket
    }

    /// Whether an option gives the ticket's words.
    pub(super) fn names_text(&self) -> bool {
        self.text.is_some() || self.file.is_some() || self.stdin.is_some() || self.subject.is_some()
    }

    fn text(&self) -> anyhow::Result<Ticket> {
        let body = if let Some(text) = &self.text {
            text.clone()
        } else if let Some(path) = &self.file {
            let text = document::read(path, usize::MAX)?;
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                return serde_json::from_str(&text)
                    .with_context(|| format!("{}: not a ticket", path.display()));
            }
            text
        } else if self.stdin.is_some() {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("standard input")?;
            text
        } else if self.subject.is_some() {
            String::new()
        } else {
            bail!("no ticket: give its words with --text or --file, or pipe them in with -");
        };
        Ok(Ticket {
            id: PROMPT_ID.to_owned(),
            body,
            customer: Customer::default(),
            ..Ticket::default()
        })
    }
}
