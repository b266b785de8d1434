//! The options that name files of past tickets and their columns, and what is said of each ticket: its own labels
//! or a model's.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::classifier::Classification;
use crate::cli::facet_option::facet_column;
use crate::cli::triage::parse_now;
use crate::dataset::{Columns, Format};
use crate::policy_test::{History, Model, PastTicket};

/// When tickets without a time of arrival are decided, the same each time: Monday, 2026-03-02, 09:30 UTC.
const USUAL_TIME: Timestamp = Timestamp::constant(1_772_443_800, 0);

/// Files of tickets and how their columns are used.
#[derive(Debug, Args)]
pub(super) struct TicketsArgs {
    /// File of tickets: CSV, TSV, JSON lines or Parquet (repeatable)
    #[arg(long = "tickets", value_name = "FILE", required = true, num_args = 1..)]
    tickets: Vec<PathBuf>,
    /// Take the labels of the file in place of what a model says
    #[arg(long)]
    pub(super) pinned: bool,
    /// Format of all files, if the extension does not tell: csv, tsv, jsonl, parquet, zendesk
    #[arg(long = "tickets-format", value_name = "FORMAT")]
    tickets_format: Option<Format>,
    /// Column of the text (repeatable: joined in order) [default: subject and body, or text]
    #[arg(long, value_name = "COLUMN")]
    text: Vec<String>,
    /// Column of the subject line [default: subject, if the text begins with it]
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// Column of the topic [default: topic, if there is one]
    #[arg(long, value_name = "COLUMN")]
    topic: Option<String>,
    /// Column of the urgency [default: urgency, if there is one]
    #[arg(long, value_name = "COLUMN")]
    urgency: Option<String>,
    /// Further label column, as NAME=COLUMN (repeatable)
    #[arg(long, value_name = "NAME=COLUMN", value_parser = facet_column)]
    facet: Vec<(String, String)>,
    /// Column of the ticket's id [default: id, if there is one]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Column of the time of arrival, such as 2026-03-02T09:30:00Z [default: arrived, in an export of Zendesk
    /// created_at, if there is one]
    #[arg(long, value_name = "COLUMN")]
    arrived: Option<String>,
    /// Column of the channel
    #[arg(long, value_name = "COLUMN")]
    channel: Option<String>,
    /// Column of the language tag
    #[arg(long, value_name = "COLUMN")]
    language: Option<String>,
    /// Column of the customer's tier
    #[arg(long, value_name = "COLUMN")]
    tier: Option<String>,
    /// The present time, or that at which tickets without a time of arrival are decided [default: in `backlog` the
    /// present, else 2026-03-02T09:30:00Z, a Monday]
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    now: Option<Timestamp>,
}

/// What there is to tell of tickets that something is missing of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    /// Tickets that are left out for want of a label for their topic.
    without_label: usize,
    /// Tickets that have no text, so that they are decided for people.
    without_text: usize,
}

impl TicketsArgs {
    /// Reads the tickets, those without a label left out where labels are asked for, and tells how many of them lack
    /// something.
    ///
    /// # Errors
    /// If a file cannot be used, or nothing is left.
    pub(super) fn read(&self) -> anyhow::Result<(Vec<PastTicket>, LeftOut)> {
        let history = History {
            files: self.tickets.clone(),
            format: self.tickets_format,
            columns: Columns {
                text: self.text.clone(),
                topic: self.topic.clone(),
                urgency: self.urgency.clone(),
                facets: self.facet.clone(),
                id: self.id.clone(),
                ..Columns::default()
            },
            subject: self.subject.clone(),
            arrived: self.arrived.clone(),
            channel: self.channel.clone(),
            language: self.language.clone(),
            tier: self.tier.clone(),
        };
        let mut tickets = history.read()?;
        let all = tickets.len();
        if self.pinned {
            tickets.retain(|ticket| ticket.labelled.is_some());
            let labelled = |ticket: &PastTicket| {
                let labelled = ticket.labelled.as_ref();
                labelled.is_some_and(|labelled| labelled.topic.is_some())
            };
            if !tickets.iter().any(labelled) {
                bail!(
                    "no ticket has a label for its topic: name the column with --topic, or leave out --pinned"
                );
            }
        }
        let without_text = tickets.iter().filter(|past| past.ticket.text().is_empty());
        let left_out = LeftOut {
            without_label: all - tickets.len(),
            without_text: without_text.count(),
        };
        Ok((tickets, left_out))
    }

    /// What is said of a ticket.
    pub(super) fn classify(
        &self,
        past: &PastTicket,
        model: Option<&mut Model<'_>>,
    ) -> Option<Classification> {
        match model {
            None => past.labelled.clone(),
            Some(model) => Some(model.classify(&past.ticket)),
        }
    }

    /// The time given as the present one.
    pub(super) const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// When a ticket is decided: as it arrives.
    pub(super) fn decided_at(&self, past: &PastTicket) -> Timestamp {
        past.arrived.or(self.now).unwrap_or(USUAL_TIME)
    }
}

/// Says how many tickets lack a label or a text.
pub(super) fn print_left_out(left_out: LeftOut) {
    match left_out.without_label {
        0 => {}
        1 => say!("1 ticket without a label for its topic is left out"),
        count => say!("{count} tickets without a label for their topic are left out"),
    }
    match left_out.without_text {
        0 => {}
        1 => say!("1 ticket has no text, so it is left to people"),
        count => say!("{count} tickets have no text, so they are left to people"),
    }
}
