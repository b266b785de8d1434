//! `triage policy replay`: what a policy would have made of the tickets of the past.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::OutputFormat;
use super::model::{load_fitting, load_policy};
use super::replay_print::print;
use super::tickets::{LeftOut, TicketsArgs};
use crate::cli::source_args::SourceArgs;
use crate::policy_test::{Model, Replay, ShortSkill};
use crate::routing::{DecisionInput, decide};

/// Shows what a policy would have made of past tickets
///
/// The load of each queue and hour, the share that is automated, suggested and left to people, and the skills in
/// shortest supply.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct ReplayArgs {
    /// The policy's file [default: the configured one, with the configured roster]
    #[arg(value_name = "POLICY", conflicts_with = "policy")]
    file: Option<PathBuf>,
    #[command(flatten)]
    tickets: TicketsArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Time zone of the hours
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    timezone: String,
    /// How to write the result
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,
}

/// What is written as JSON.
#[derive(Serialize)]
struct Report {
    replay: Replay,
    left_to_people: u64,
    skills: Option<Vec<ShortSkill>>,
    #[serde(flatten)]
    left_out: LeftOut,
}

impl ReplayArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If the policy, the roster, the model or the tickets are unusable.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let sources = self.sources.settings(&[])?.sources();
        let zone = TimeZone::get(&self.timezone).with_context(|| {
            format!(
                "'{}' is no time zone: give one such as Europe/Berlin",
                self.timezone
            )
        })?;
        let configured = self.file.is_none();
        let file = self.file.as_ref().unwrap_or(&sources.policy);
        let roster = sources.roster.as_deref();
        let roster = roster.filter(|_| configured || self.sources.names_roster());
        let (policy, roster) = load_policy(file, roster)?;
        let bundle = match self.tickets.pinned {
            true => None,
            false => Some(load_fitting(&sources, &policy)?),
        };
        let (tickets, left_out) = self.tickets.read()?;
        let mut model = bundle.as_ref().map(Model::new);
        let mut replay = Replay::default();
        for past in &tickets {
            let Some(said) = self.tickets.classify(past, model.as_mut()) else {
                continue;
            };
            let decision = decide(&DecisionInput {
                ticket: &past.ticket,
                classification: &said,
                roster: roster.as_ref(),
                policy: &policy,
                now: self.tickets.decided_at(past),
                waited: SignedDuration::ZERO,
                deciding_words: &[],
            });
            replay.note(&said, &decision, past.arrived, &zone);
        }
        let skills = roster.as_ref().map(|roster| replay.short_skills(roster));
        match self.format {
            OutputFormat::Json => say!(
                "{}",
                serde_json::to_string_pretty(&Report {
                    left_to_people: replay.left_to_people(),
                    replay,
                    skills,
                    left_out,
                })?
            ),
            OutputFormat::Human => print(&replay, skills.as_deref(), left_out, &zone),
        }
        Ok(ExitCode::SUCCESS)
    }
}
