//! `triage policy diff`: which tickets a change of the policy or of the model would send elsewhere or treat otherwise.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::OutputFormat;
use super::diff_print::print;
use super::model::load;
use super::tickets::{LeftOut, TicketsArgs};
use crate::cli::exit;
use crate::cli::source_args::SourceArgs;
use crate::model::Bundle;
use crate::policy_test::{Difference, Model, Ratio};
use crate::routing::{Decision, DecisionInput, Policy, Roster, decide};
use crate::triage::known_labels;

/// Shows which tickets a change would send elsewhere, and what else it would change
///
/// Decides each ticket by the old and by the new policy, with the same model or with two of its versions. Exit
/// status 1 if more tickets move, or change in whether a person must look at them first, than --max-moved allows.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct DiffArgs {
    /// The policy as it is
    old: PathBuf,
    /// The policy as it would be [default: the same, to compare two versions of the model]
    new: Option<PathBuf>,
    #[command(flatten)]
    tickets: TicketsArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Version of the model as it is [default: the active one]
    #[arg(long, value_name = "VERSION", conflicts_with = "pinned")]
    model_old: Option<String>,
    /// Version of the model as it would be [default: the same]
    #[arg(long, value_name = "VERSION", conflicts_with = "pinned")]
    model_new: Option<String>,
    /// Fail if a larger share of the tickets moves, or changes in whether a person must look first, such as 2%, 0.02 or
    /// 1/50
    #[arg(long, value_name = "SHARE")]
    max_moved: Option<Ratio>,
    /// How to write the result
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,
}

impl DiffArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If a policy, the roster, a model or the tickets are unusable.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        if self.sources.names_policy() {
            bail!("the policies are given without an option: triage policy diff OLD NEW");
        }
        let sources = self.sources.settings(&[])?.sources();
        let roster = match sources.roster {
            Some(file) if self.sources.names_roster() => Some(Roster::load(&file)?),
            Some(_) | None => None,
        };
        let new_path = self.new.as_ref().unwrap_or(&self.old);
        let sides = match self.tickets.pinned {
            true => [None, None],
            false => {
                let old = load(&sources.models, self.model_old.as_deref())?;
                let version = self.model_new.as_deref().unwrap_or(&old.version);
                let new = match version == old.version {
                    true => None,
                    false => Some(load(&sources.models, Some(version))?),
                };
                [Some(old), new]
            }
        };
        if self.new.is_none() && sides.iter().flatten().count() < 2 {
            bail!("nothing to compare: give a second policy, or another version with --model-new");
        }
        let [old_bundle, new_bundle] = &sides;
        let old = Side::load(&self.old, old_bundle.as_ref(), roster.as_ref())?;
        let new = Side::load(
            new_path,
            new_bundle.as_ref().or(old_bundle.as_ref()),
            roster.as_ref(),
        )?;
        let (difference, left_out) = self.compare(&old, &new, new_bundle.is_some())?;
        match self.format {
            OutputFormat::Json => {
                let report = Report {
                    difference: &difference,
                    left_out,
                };
                say!("{}", serde_json::to_string_pretty(&report)?);
            }
            OutputFormat::Human => print(&difference, left_out, self.max_moved),
        }
        let too_many = self
            .max_moved
            .is_some_and(|most| difference.concerned_share() > most);
        Ok(match too_many {
            true => ExitCode::from(exit::FAILED),
            false => ExitCode::SUCCESS,
        })
    }

    fn compare(
        &self,
        old: &Side<'_>,
        new: &Side<'_>,
        two_models: bool,
    ) -> anyhow::Result<(Difference, LeftOut)> {
        let (tickets, left_out) = self.tickets.read()?;
        let mut difference = Difference::default();
        let [mut old_model, mut new_model] = [old, new].map(|side| side.bundle.map(Model::new));
        for past in &tickets {
            let Some(said) = self.tickets.classify(past, old_model.as_mut()) else {
                continue;
            };
            let input = |side: &Side<'_>, said: &_| -> Decision {
                decide(&DecisionInput {
                    ticket: &past.ticket,
                    classification: said,
                    roster: side.roster,
                    policy: &side.policy,
                    now: self.tickets.decided_at(past),
                    waited: SignedDuration::ZERO,
                    deciding_words: &[],
                })
            };
            let before = input(old, &said);
            let after = match two_models {
                true => match self.tickets.classify(past, new_model.as_mut()) {
                    Some(said) => input(new, &said),
                    None => continue,
                },
                false => input(new, &said),
            };
            difference.note(&past.ticket.id, &before, &after);
        }
        Ok((difference.sorted(), left_out))
    }
}

/// What is written as JSON.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    difference: &'a Difference,
    #[serde(flatten)]
    left_out: LeftOut,
}

/// One of the two ways to decide.
struct Side<'a> {
    policy: Policy,
    bundle: Option<&'a Bundle>,
    roster: Option<&'a Roster>,
}

impl<'a> Side<'a> {
    fn load(
        path: &Path,
        bundle: Option<&'a Bundle>,
        roster: Option<&'a Roster>,
    ) -> anyhow::Result<Self> {
        let policy = Policy::load(path)?;
        if let Some(bundle) = bundle {
            policy.check_labels(&known_labels(bundle))?;
        }
        if let Some(roster) = roster {
            roster.check_against(&policy)?;
        }
        Ok(Self {
            policy,
            bundle,
            roster,
        })
    }
}
