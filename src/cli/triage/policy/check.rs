//! `triage policy check`: everything that is wrong with a policy, and what only looks like it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::OutputFormat;
use super::model::load;
use crate::cli::exit;
use crate::cli::printable::without_steering;
use crate::cli::source_args::SourceArgs;
use crate::routing::{Lint, LintAgainst, Policy, Roster, read_policy_text};
use crate::triage::known_labels;

/// Checks a policy: errors, and warnings of what looks like a mistake
///
/// With a roster, also whether somebody holds the skills that are required; with a folder of models, also whether
/// the topics and facets that it names exist and which topics no rule asks for. Without POLICY, the configured
/// policy, roster and model are checked together.
#[derive(Debug, Args)]
pub(in crate::cli::triage) struct CheckArgs {
    /// The policy's file [default: the configured one]
    #[arg(value_name = "POLICY", conflicts_with = "policy")]
    file: Option<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
    /// End with exit status 1 if there is any warning
    #[arg(long)]
    deny_warnings: bool,
    /// How to write what was found
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,
}

impl CheckArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// If the policy, the roster or the model is unusable.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let sources = self.sources.settings(&[])?.sources();
        let configured = self.file.is_none();
        let path = self.file.clone().unwrap_or(sources.policy);
        let text = read_policy_text(&path)?;
        let policy = Policy::parse(&text, &path.display().to_string())?;
        let roster = match sources.roster {
            Some(file) if configured || self.sources.names_roster() => Some(Roster::load(&file)?),
            Some(_) | None => None,
        };
        if let Some(roster) = &roster {
            roster.check_against(&policy)?;
        }
        let labels = match configured || self.sources.names_models() {
            true => Some(known_labels(&load(
                &sources.models,
                sources.version.as_deref(),
            )?)),
            false => None,
        };
        if let Some(labels) = &labels {
            policy.check_labels(labels)?;
        }
        let lints = policy.lint(
            &text,
            LintAgainst {
                roster: roster.as_ref(),
                labels: labels.as_ref(),
            },
        );
        let origin = path.display().to_string();
        match self.format {
            OutputFormat::Json => say!(
                "{}",
                serde_json::to_string_pretty(&serde_json::json!({
                    "file": origin,
                    "version": policy.version(),
                    "rules": policy.rule_ids().count(),
                    "warnings": lints,
                }))?
            ),
            OutputFormat::Human => {
                for lint in &lints {
                    say!("{}", describe(&origin, lint));
                }
                let against = [
                    roster
                        .as_ref()
                        .map(|roster| format!("{} agents", roster.agents().len())),
                    labels
                        .as_ref()
                        .map(|labels| format!("{} topics", labels.topics.len())),
                ];
                let against: Vec<String> = against.into_iter().flatten().collect();
                say!(
                    "{origin}: {} rules{}: {}",
                    policy.rule_ids().count(),
                    match against.as_slice() {
                        [] => String::new(),
                        against => format!(" against {}", against.join(" and ")),
                    },
                    match lints.len() {
                        0 => "nothing to complain about".to_owned(),
                        1 => "1 warning".to_owned(),
                        count => format!("{count} warnings"),
                    }
                );
            }
        }
        let denied = self.deny_warnings && !lints.is_empty();
        Ok(match denied {
            true => ExitCode::from(exit::FAILED),
            false => ExitCode::SUCCESS,
        })
    }
}

fn describe(origin: &str, lint: &Lint) -> String {
    let at = match lint.fault.position {
        Some(at) => format!("{origin}:{}:{}", at.line, at.column),
        None => origin.to_owned(),
    };
    without_steering(&format!(
        "{at}: warning: {} [{}]",
        lint.fault.message, lint.kind
    ))
}
