//! `triage policy check`: everything that is wrong with a policy, and what only looks like it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::OutputFormat;
use super::model::load;
use crate::cli::exit;
use crate::cli::printable::without_steering;
use crate::cli::source_args::SourceArgs;
use crate::routing::{
    FileErrors, Lint, Policy, PolicyAgainst, Roster, RosterErrors, read_policy_text,
};
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
        let origin = path.display().to_string();
        // Whatever is wrong with one part, the others are read too, so that everything is told at once.
        let mut wrong = Vec::new();
        let roster = sources
            .roster
            .filter(|_| configured || self.sources.names_roster())
            .and_then(|file| {
                let (roster, errors) = Roster::load_partly(&file);
                wrong.extend(errors.map(|RosterErrors(errors)| errors));
                roster
            });
        let labels = (configured || self.sources.names_models())
            .then(|| load(&sources.models, sources.version.as_deref()))
            .and_then(|loaded| {
                noting(
                    loaded.map_err(|error| of_model(&sources.models, &error)),
                    &mut wrong,
                )
            })
            .map(|bundle| known_labels(&bundle));
        let against = PolicyAgainst {
            roster: roster.as_ref(),
            labels: labels.as_ref(),
        };
        let text = noting(
            read_policy_text(&path).map_err(|errors| errors.0),
            &mut wrong,
        );
        let policy = text.and_then(|text| {
            let policy = Policy::parse_against(&text, &origin, against);
            Some((
                noting(
                    policy.map_err(|unfit| unfit.into_errors(&origin)),
                    &mut wrong,
                )?,
                text,
            ))
        });
        let (policy, text) = match policy {
            Some(read) if wrong.is_empty() => read,
            _ => return self.refuse(&origin, wrong),
        };
        let lints = policy.lint(&text, against);
        match self.format {
            OutputFormat::Json => say!(
                "{}",
                serde_json::to_string_pretty(&serde_json::json!({
                    "file": origin,
                    "version": policy.version(),
                    "rules": policy.rule_ids().count(),
                    "errors": [],
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
                        .map(|roster| counted(roster.agents().len(), "agent")),
                    labels
                        .as_ref()
                        .map(|labels| counted(labels.topics.len(), "topic")),
                ];
                let against: Vec<String> = against.into_iter().flatten().collect();
                say!(
                    "{origin}: {}{}: {}",
                    counted(policy.rule_ids().count(), "rule"),
                    match against.as_slice() {
                        [] => String::new(),
                        against => format!(" against {}", against.join(" and ")),
                    },
                    match lints.len() {
                        0 => "nothing to complain about".to_owned(),
                        count => counted(count, "warning"),
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

    /// Tells the errors, as JSON where that is asked for.
    fn refuse(&self, origin: &str, wrong: Vec<FileErrors>) -> anyhow::Result<ExitCode> {
        if self.format == OutputFormat::Human {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            anyhow::bail!(wrong.join("\n"));
        }
        let mut all = FileErrors {
            origin: origin.to_owned(),
            faults: Vec::new(),
        };
        for errors in wrong {
            all.append(errors);
        }
        say!(
            "{}",
            serde_json::to_string_pretty(&serde_json::json!({
                "file": origin,
                "errors": all.faults,
                "warnings": [],
            }))?
        );
        Ok(ExitCode::from(exit::UNUSABLE_INPUT))
    }
}

/// What is wrong with a folder of models.
fn of_model(folder: &Path, error: &anyhow::Error) -> FileErrors {
    FileErrors::single(&folder.display().to_string(), None, exit::message(error))
}

/// The value; errors are added to what is `wrong`.
fn noting<T>(result: Result<T, FileErrors>, wrong: &mut Vec<FileErrors>) -> Option<T> {
    result.map_err(|errors| wrong.push(errors)).ok()
}

/// So many of them.
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn describe(origin: &str, lint: &Lint) -> String {
    let at = lint.fault.place(origin);
    without_steering(&format!(
        "{at}: warning: {} [{}]",
        lint.fault.message, lint.kind
    ))
}
